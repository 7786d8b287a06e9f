"""Conversations over HTTP: the same function behind the control socket and the interface for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import test_utils as http
from aiohttp import web

from engine.errors import BadWord, SetupError
from engine.web.api import BELOW
from engine.web.calls import Conversations, call_routes
from engine.web.forms import MOST_BYTES

TALK = {"contact": "17-0", "with": {"kind": "agent", "name": "2001", "there": True}, "now": "talking"}


async def order(who: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
    """One conversation, of 2001, which cannot be parked now, and never in a mailbox."""
    if asked.get("to") == "mailbox":
        raise BadWord("'mailbox' is no agent", "to")
    if asked.get("do") == "park":
        raise SetupError(f"{who}: the caller is on hold already")
    return TALK | {"asked": dict(asked)} if who == "2001" else None


def client(below: str) -> http.TestClient[web.Request, web.Application]:
    app = web.Application(client_max_size=MOST_BYTES)
    app.add_routes(call_routes(Conversations(lambda: [TALK], order), below))
    return http.TestClient(http.TestServer(app))


async def test_programs_and_commands_ask_for_the_same() -> None:
    for below in ("", BELOW):
        async with client(below) as asks:
            assert await (await asks.get(f"{below}/calls")).json() == [TALK]
            wanted = {"do": "transfer", "to": "agent 2002"}
            told = await asks.post(f"{below}/calls/2001", json=wanted)
            assert (told.status, await told.json()) == (200, TALK | {"asked": wanted})


BODIES = {
    "nested without end": (b"[" * 15_000, "application/json"),
    "in no known letters": (b"{\xfe}", "application/json; charset=klingon"),
    "no UTF-8": (b'{"do": "\xff"}', "application/json"),
    "longer than anything it can mean": (b'{"do": "' + b"x" * 20_000 + b'"}', "application/json"),
    "a list": (b'[["do", "hold"]]', "application/json"),
    "nothing": (b"", "application/json"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_whatever_is_sent_is_refused_in_our_own_words(body: tuple[bytes, str]) -> None:
    async with client(BELOW) as asks:
        sent, kind = body
        told = await asks.post(f"{BELOW}/calls/2001", data=sent, headers={"Content-Type": kind})
        assert (told.status, await told.json()) == (
            400,
            {"error": 'an object is expected here, like {"do": "hold"}'},
        )


async def test_what_cannot_be_done_is_said_in_a_sentence() -> None:
    async with client(BELOW) as asks:
        for who, body, status, sentence in (
            ("2001", {"do": "park", "to": "mailbox"}, 400, "'mailbox' is no agent"),
            ("2001", {"do": "park"}, 409, "2001: the caller is on hold already"),
            (
                "2009",
                {"do": "hold"},
                404,
                "'2009' is in no conversation: `quietline call list` shows them all",
            ),
            (
                "2001",
                {"do": "hold", "prio": 3},
                400,
                "a conversation is not asked 'prio': it takes do, to, priority, by",
            ),
            ("2001", None, 400, 'an object is expected here, like {"do": "hold"}'),
        ):
            told = await asks.post(f"{BELOW}/calls/{who}", json=body)
            assert (told.status, await told.json()) == (status, {"error": sentence})
