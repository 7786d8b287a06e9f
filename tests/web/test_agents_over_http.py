"""Agents over HTTP: who asks stands in what is asked, on the control socket and for programs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from aiohttp import test_utils as http
from aiohttp import web

from engine.web.agents import Desk, agent_routes
from engine.web.api import BELOW


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
