"""What people do with requests and work orders, over the control socket.

POST /requests/NUMBER {state, by, why}       open, working, waiting or resolved; for a request that hangs on no work order
POST /work-orders/NUMBER {state, by, why}    the same for a work order, and with it for all its requests; resolved is its end
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

from engine.errors import SetupError, StoreError

#: Seconds after which a question is answered although the disk has not.
WRITTEN_WITHIN = 3.0
_EXAMPLE = 'an object is expected here, like {"state": "working", "by": "anna"}'

Move = Callable[[int, Mapping[str, Any]], Awaitable[dict[str, Any]]]


def request_routes(requests: Move, orders: Move, trouble: Callable[[], str]) -> list[web.RouteDef]:
    """The routes; both moves raise SetupError with a sentence, and are done when that is on disk."""

    def moving(move: Move) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def moved(request: web.Request) -> web.Response:
            try:
                asked = dict(await request.json())
            except (ValueError, TypeError):
                return _answer({"error": _EXAMPLE}, 400)
            return await _moved(move, int(request.match_info["number"]), asked, trouble)

        return moved

    number = r"{number:[0-9]{1,15}}"
    return [
        web.post(f"/requests/{number}", moving(requests)),
        web.post(f"/work-orders/{number}", moving(orders)),
    ]


async def _moved(
    move: Move, number: int, asked: Mapping[str, Any], trouble: Callable[[], str]
) -> web.Response:
    done = asyncio.ensure_future(move(number, asked))
    await asyncio.wait({done}, timeout=WRITTEN_WITHIN)
    if not done.done():
        why = trouble() or f"the store has not answered for {WRITTEN_WITHIN:g} s"
        return _answer({"number": number, "state": asked.get("state"), "unwritten": why}, 202)
    try:
        return _answer(await done)
    except (SetupError, StoreError) as error:
        return _answer({"error": str(error)}, 400)


def _answer(value: object, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json", status=status)
