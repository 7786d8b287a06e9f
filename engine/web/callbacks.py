"""Callbacks over the control socket.

GET    /callbacks       everybody who is to be rung back, who has waited longest first
DELETE /callbacks/ID    ring them back no longer; ?by and ?why stand in the record; 202 with `unwritten` where that is not on disk yet
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from engine.errors import SetupError
from engine.web.answers import answer, in_time, taken, wrong


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What can be asked about them: the list, and to call one (its contact; by whom and why) off; False where there is none.

    To call off is done when it is on disk, and raises SetupError with a sentence.
    """

    listed: Callable[[], list[dict[str, Any]]]
    call_off: Callable[[str, Mapping[str, Any]], Awaitable[bool]]


def callback_routes(callbacks: Callbacks, trouble: Callable[[], str]) -> list[web.RouteDef]:
    """The routes of the control socket."""

    async def listed(_: web.Request) -> web.Response:
        return answer(callbacks.listed())

    async def call_off(request: web.Request) -> web.Response:
        contact = request.match_info["contact"]
        done = await in_time(callbacks.call_off(contact, request.query))
        if not done.done():
            return taken({"cancelled": contact}, trouble)
        try:
            found = await done
        except SetupError as error:
            return wrong(str(error))
        if not found:
            why = f"nobody waits to be rung back as {contact!r}: `quietline callback list` shows who does"
            return wrong(why, 404)
        return answer({"cancelled": contact})

    return [web.get("/callbacks", listed), web.delete("/callbacks/{contact}", call_off)]
