"""Callbacks over the control socket.

GET    /callbacks       everybody who is to be rung back, who has waited longest first
DELETE /callbacks/ID    ring them back no longer; ?by and ?why stand in the record
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web


@dataclass(frozen=True, slots=True)
class Callbacks:
    """What can be asked about them: the list, and to call one (its contact, by whom, why) off; False where there is none."""

    listed: Callable[[], list[dict[str, Any]]]
    call_off: Callable[[str, str, str], bool]


def callback_routes(callbacks: Callbacks) -> list[web.RouteDef]:
    """The routes of the control socket."""

    async def listed(_: web.Request) -> web.Response:
        return _answer(callbacks.listed())

    async def call_off(request: web.Request) -> web.Response:
        contact = request.match_info["contact"]
        if callbacks.call_off(contact, request.query.get("by", ""), request.query.get("why", "")):
            return _answer({"cancelled": contact})
        why = f"nobody waits to be rung back as {contact!r}: `quietline callback list` shows who does"
        return _answer({"error": why}, 404)

    return [web.get("/callbacks", listed), web.delete("/callbacks/{contact}", call_off)]


def _answer(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json", status=status)
