"""What people do with requests and work orders, over the control socket.

POST /requests/NUMBER {state, by, why}       open, working, waiting or resolved; for a request that hangs on no work order
POST /requests/NUMBER {owner, by, why}       the agent whose it is from now on; empty: nobody's
POST /work-orders/NUMBER {state, by, why}    the same for a work order, and with it for all its requests; resolved is its end
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from engine.errors import SetupError, StoreError
from engine.web.answers import answer, asked, in_time, taken, wrong

_EXAMPLE = 'an object is expected here, like {"state": "working", "by": "anna"}'

Move = Callable[[int, Mapping[str, Any]], Awaitable[dict[str, Any]]]


def request_routes(requests: Move, orders: Move, trouble: Callable[[], str]) -> list[web.RouteDef]:
    """The routes; both moves raise SetupError with a sentence, and are done when that is on disk."""

    def moving(move: Move) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def moved(request: web.Request) -> web.Response:
            wanted = await asked(request)
            if wanted is None:
                return wrong(_EXAMPLE)
            return await _moved(move, int(request.match_info["number"]), wanted, trouble)

        return moved

    number = r"{number:[0-9]{1,15}}"
    return [
        web.post(f"/requests/{number}", moving(requests)),
        web.post(f"/work-orders/{number}", moving(orders)),
    ]


async def _moved(
    move: Move, number: int, wanted: Mapping[str, Any], trouble: Callable[[], str]
) -> web.Response:
    done = await in_time(move(number, wanted))
    if not done.done():
        return taken({"number": number, "state": wanted.get("state")}, trouble)
    try:
        return answer(await done)
    except (SetupError, StoreError) as error:
        return wrong(str(error))
