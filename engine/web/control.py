"""How commands reach a running engine: JSON over a Unix socket in the state folder; who may open the socket may command.

GET  /status                       addresses, queues, callers, agents, whether calls can come in
GET, POST /agents                  what agents are and shall be: engine/web/agents.py
GET, POST /overrides               opening hours overridden by people: engine/web/overrides.py
POST /publish {hash, from, by, why, site, back_to}   make a version that is kept in the state live; 409 and why when that cannot be:
                                   `from` is the release it was compared with, `site` the folder it was taken from
GET, POST /bulletins               known outages: engine/web/bulletins.py
POST /requests/N, /work-orders/N   what people do with them: engine/web/requests.py
GET, POST /calls                   conversations, and what is done with them: engine/web/calls.py
GET, DELETE /callbacks             who is to be rung back: engine/web/callbacks.py
POST /stop                         end the engine; calls stay in Asterisk and are taken up at the next start
POST /stop {"calls": "end"}        hang up every call and write that down, then end the engine; "open" says how many were left
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from engine.errors import SiteError
from engine.web.agents import Desk, agent_routes
from engine.web.answers import answer, asked, wrong
from engine.web.bulletins import Board, bulletin_routes
from engine.web.callbacks import Callbacks, callback_routes
from engine.web.calls import Conversations, call_routes
from engine.web.hours import Hours
from engine.web.overrides import override_routes
from engine.web.requests import Move, request_routes

#: What is told of a release that shall be live.
PUBLISHED = ("hash", "from", "by", "why", "site", "back_to")


@dataclass(frozen=True, slots=True)
class Controls:
    """What the outside may ask of the engine."""

    status: Callable[[], dict[str, Any]]
    desk: Desk
    trouble: Callable[[], str]
    overrides: Callable[[], dict[str, Any]]
    override: Callable[[dict[str, Any]], tuple[dict[str, Any], Awaitable[None]]]
    publish: Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
    move_request: Move
    move_order: Move
    board: Board
    callbacks: Callbacks
    conversations: Conversations
    hours: Hours
    stop: Callable[[], None]
    end_calls: Callable[[], Awaitable[int]]


def control_app(controls: Controls) -> web.Application:
    """The application behind the control socket."""

    async def status(_: web.Request) -> web.Response:
        return answer(controls.status())

    async def publish(request: web.Request) -> web.Response:
        wanted = await asked(request) or {}
        if lacking := [name for name in PUBLISHED if name not in wanted]:
            return wrong(f"an object with {', '.join(lacking)} is expected here")
        try:
            return answer(await controls.publish(wanted))
        except SiteError as error:
            return wrong(str(error), 409)

    async def stop(request: web.Request) -> web.Response:
        ends = b'"end"' in await request.read()
        left = await controls.end_calls() if ends else 0
        asyncio.get_running_loop().call_later(0.05, controls.stop)
        return answer({"stopping": True, "open": left})

    app = web.Application()
    app.add_routes(
        [
            web.get("/status", status),
            *agent_routes(controls.desk),
            *override_routes(controls.overrides, controls.override, controls.trouble),
            web.post("/publish", publish),
            web.post("/stop", stop),
            *bulletin_routes(controls.board),
            *request_routes(controls.move_request, controls.move_order, controls.trouble),
            *callback_routes(controls.callbacks, controls.trouble),
            *call_routes(controls.conversations),
        ]
    )
    return app
