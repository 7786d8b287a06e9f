"""Conversations over HTTP: on the control socket below /calls, for programs below /api/calls (engine/web/api.py).

GET  /calls                       every conversation in progress, the oldest first
POST /calls/WHO {do, to, by}      do something to the conversation of an agent, by their name, or of a contact. `do`: hold, resume,
                                  consult, complete, cancel, conference, transfer, park, retrieve, record; `to`, for those that need it:
                                  agent NAME, queue NAME (with `priority`, 1 to 10), number NUMBER, or what any of them is called; on, off,
                                  pause, resume for record. And listen, whisper, barge with a supervisor's phone in `to`, and leave. 400 and
                                  why for what can never be done, 409 for what cannot be done now, 404 where nobody talks, 202 with
                                  `unwritten` where the store cannot write: it is done when it can
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from engine.errors import BadWord, SetupError
from engine.web.answers import answer, asked, swallowed, wrong

#: What a conversation can be asked.
FIELDS = ("do", "to", "priority", "by")


@dataclass(frozen=True, slots=True)
class Conversations:
    """What can be asked about them: the list, and to do something to one, of an agent or a contact.

    It gives None where nobody talks there, and raises BadWord or SetupError with a sentence: never, or not now. What it
    gives holds `unwritten` where the store cannot write, and says why.
    """

    listed: Callable[[], list[dict[str, Any]]]
    order: Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any] | None]]


def call_routes(conversations: Conversations, below: str = "") -> list[web.RouteDef]:
    """The routes, below a path."""

    async def listed(_: web.Request) -> web.Response:
        return answer(conversations.listed())

    async def order(request: web.Request) -> web.Response:
        wanted = await asked(request)
        if wanted is None:
            return wrong('an object is expected here, like {"do": "hold"}')
        if odd := swallowed(wanted, FIELDS, "a conversation"):
            return wrong(odd)
        who = request.match_info["who"]
        try:
            told = await conversations.order(who, wanted)
        except BadWord as error:
            return wrong(str(error))
        except SetupError as error:
            return wrong(str(error), 409)
        if told is None:
            return wrong(f"{who!r} is in no conversation: `quietline call list` shows them all", 404)
        return answer(told, 202 if "unwritten" in told else 200)

    return [web.get(f"{below}/calls", listed), web.post(f"{below}/calls/{{who}}", order)]
