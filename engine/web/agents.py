"""What is asked of agents over HTTP; on the control socket below /agents, for programs below /api/agents (engine/web/api.py).

GET  /agents         every agent as they stand: state, reason, since, until, phone, contact, code, queues …
GET  /agents/ID      one of them
POST /agents/ID      {state, reason, phone, code, note, resolved, by}, all of them texts: engine/call/agents.py tells what each means;
                     `by` is on record, and of a program that does not say who it is only that it was one (http). The answer is
                     what the agent is then; 202 with `unwritten` where it is not on disk yet; 400 and why where it is not done
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from engine.errors import BadWord
from engine.web.answers import answer, asked, in_time, swallowed, taken, wrong

#: What an agent can be asked.
FIELDS = ("state", "reason", "phone", "code", "note", "resolved", "by")
_EXAMPLE = 'an object is expected here, like {"state": "paused", "reason": "lunch"}'


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes reach: all agents, and how to ask one for something."""

    told: Callable[[], dict[str, Any]]
    ask: Callable[[str, dict[str, Any]], tuple[dict[str, Any], Awaitable[object]]]
    trouble: Callable[[], str]


def agent_routes(desk: Desk, below: str = "") -> list[web.RouteDef]:
    """The routes, below an address."""

    async def listed(_: web.Request) -> web.Response:
        return answer(desk.told())

    async def one(request: web.Request) -> web.Response:
        known, name = desk.told(), request.match_info["name"]
        if name not in known:
            return wrong(f"there is no agent {name[:60]!r}: this site has {', '.join(known)}", 404)
        return answer(known[name])

    async def ask(request: web.Request) -> web.Response:
        wanted = await asked(request)
        if wanted is None:
            return wrong(_EXAMPLE)
        if odd := swallowed(wanted, FIELDS, "an agent"):
            return wrong(odd)
        if below and not wanted.get("by"):
            wanted["by"] = "http"
        try:
            told, written = desk.ask(request.match_info["name"], wanted)
        except BadWord as error:
            return wrong(str(error), 404 if error.about == "agent" else 400)
        on_disk = await in_time(written)
        if not on_disk.done():
            return taken(told, desk.trouble)
        await on_disk
        return answer(told)

    return [
        web.get(f"{below}/agents", listed),
        web.get(f"{below}/agents/{{name}}", one),
        web.post(f"{below}/agents/{{name}}", ask),
    ]
