"""The overrides of opening hours over HTTP; for the control socket, and for a page.

GET  /overrides                                       every schedule as it stands, and the overrides that count
POST /overrides {schedule, set, until, by, why}       open, closed, emergency or none; until as people write it: 18:00, 2h, a date
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from engine.errors import SetupError
from engine.web.answers import answer, asked, in_time, taken, wrong

_EXAMPLE = 'an object is expected here, like {"schedule": "office", "set": "closed", "until": "18:00"}'


def override_routes(
    overview: Callable[[], dict[str, Any]],
    override: Callable[[dict[str, Any]], tuple[dict[str, Any], Awaitable[None]]],
    trouble: Callable[[], str],
) -> list[web.RouteDef]:
    """The routes; `override` tells what was said and when it is on disk, or raises SetupError."""

    async def listed(_: web.Request) -> web.Response:
        return answer(overview())

    async def said(request: web.Request) -> web.Response:
        wanted = await asked(request)
        if wanted is None:
            return wrong(_EXAMPLE)
        try:
            told, written = override(wanted)
        except SetupError as error:
            return wrong(str(error))
        on_disk = (await in_time(written)).done()
        return answer(told) if on_disk else taken(told, trouble)

    return [web.get("/overrides", listed), web.post("/overrides", said)]
