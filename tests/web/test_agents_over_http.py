"""Agents over HTTP: who asks stands in what is asked, on the control socket and for programs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import pytest
from aiohttp import test_utils as http
from aiohttp import web

from engine.web.agents import Desk, agent_routes
from engine.web.api import BELOW, guarded
from engine.web.calls import Conversations, call_routes


@pytest.mark.parametrize(
    ("below", "said", "by"),
    [
        ("", {"by": "user anna"}, "user anna"),
        (BELOW, {"by": "desk application"}, "desk application"),
        (BELOW, {}, "http"),
        (BELOW, {"by": ""}, "http"),
    ],
)
async def test_a_program_that_does_not_say_who_it_is_is_on_record_as_one(
    below: str, said: dict[str, str], by: str
) -> None:
    def ask(name: str, wanted: dict[str, Any]) -> tuple[dict[str, Any], Awaitable[object]]:
        return {"agent": name, "by": wanted["by"]}, asyncio.sleep(0)

    app = web.Application()
    app.add_routes(agent_routes(Desk(dict, ask, str), below))
    async with http.TestClient(http.TestServer(app)) as client:
        told = await client.post(f"{below}/agents/2001", json={"state": "ready", **said})
        assert await told.json() == {"agent": "2001", "by": by}


async def test_a_field_that_means_nothing_is_refused_and_nothing_is_done() -> None:
    def ask(name: str, wanted: dict[str, Any]) -> tuple[dict[str, Any], Awaitable[object]]:
        raise AssertionError(f"{name} was asked {wanted}")

    known = "it takes state, reason, phone, code, note, resolved, by"
    app = web.Application()
    app.add_routes(agent_routes(Desk(dict, ask, str), BELOW))
    async with http.TestClient(http.TestServer(app)) as client:
        told = await client.post(f"{BELOW}/agents/2001", json={"code": "printer", "resolvd": "yes"})
        assert (told.status, await told.json()) == (
            400,
            {"error": f"an agent is not asked 'resolvd': {known}"},
        )


@pytest.mark.parametrize(
    ("method", "path", "status", "sentence", "allow"),
    [
        ("GET", "/api/calls/9999", 405, "'/api/calls/9999' takes POST, not GET", "POST"),
        (
            "DELETE",
            "/api/agents/1",
            405,
            "'/api/agents/1' takes GET, HEAD, POST, not DELETE",
            "GET, HEAD, POST",
        ),
        ("PUT", "/api/agents", 405, "'/api/agents' takes GET, HEAD, not PUT", "GET, HEAD"),
        (
            "GET",
            "/api/nothing",
            404,
            "there is nothing at '/api/nothing': /api/agents and /api/calls are here",
            None,
        ),
        ("GET", "/api", 404, "there is nothing at '/api': /api/agents and /api/calls are here", None),
    ],
)
async def test_what_is_not_here_is_said_in_a_sentence_as_all_else_is(
    method: str, path: str, status: int, sentence: str, allow: str | None
) -> None:
    async def order(who: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        raise AssertionError(f"{who} was asked {asked}")

    def ask(name: str, wanted: dict[str, Any]) -> tuple[dict[str, Any], Awaitable[object]]:
        raise AssertionError(f"{name} was asked {wanted}")

    app = web.Application(middlewares=[guarded("token")])
    app.add_routes(agent_routes(Desk(dict, ask, str), BELOW))
    app.add_routes(call_routes(Conversations(list, order), BELOW))
    async with http.TestClient(http.TestServer(app)) as client:
        told = await client.request(method, path, headers={"Authorization": "Bearer token"})
        assert (told.status, await told.json()) == (status, {"error": sentence})
        assert told.headers.get("Allow") == allow
        assert (await client.request(method, path)).status == 401
