"""The overrides of opening hours over HTTP; for the control socket, and for a page.

GET  /overrides                                       every schedule as it stands, and the overrides that count
POST /overrides {schedule, set, until, by, why}       open, closed, emergency or none; until as people write it: 18:00, 2h, a date
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web

from engine.errors import SetupError

#: Seconds after which a question is answered although the disk has not.
WRITTEN_WITHIN = 3.0
_EXAMPLE = 'an object is expected here, like {"schedule": "office", "set": "closed", "until": "18:00"}'


def override_routes(
    overview: Callable[[], dict[str, Any]],
    override: Callable[[dict[str, Any]], tuple[dict[str, Any], Awaitable[None]]],
) -> list[web.RouteDef]:
    """The routes; `override` tells what was said and when it is on disk, or raises SetupError."""

    async def listed(_: web.Request) -> web.Response:
        return _answer(overview())

    async def said(request: web.Request) -> web.Response:
        try:
            asked = dict(await request.json())
        except (ValueError, TypeError):
            return _answer({"error": _EXAMPLE}, 400)
        try:
            told, written = override(asked)
        except SetupError as error:
            return _answer({"error": str(error)}, 400)
        on_disk, _ = await asyncio.wait({asyncio.ensure_future(written)}, timeout=WRITTEN_WITHIN)
        return _answer(told, 200 if on_disk else 202)

    return [web.get("/overrides", listed), web.post("/overrides", said)]


def _answer(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json", status=status)
