"""The pages: the live floor, the opening hours, their JSON, the interface for programs, and the health check that containers ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import web

from engine.web.answers import answer
from engine.web.api import guarded
from engine.web.forms import MOST_BYTES
from engine.web.hosts import HEALTH, asked_by_name
from engine.web.hours import Hours, hours_routes
from engine.web.html import html, templates


def pages_app(
    status: Callable[[], dict[str, Any]],
    hours: Hours,
    token: str,
    more: Iterable[web.RouteDef] = (),
    names: Iterable[str] = (),
) -> web.Application:
    """The application behind the pages' port.

    `status` is what the control socket answers, `token` what programs prove themselves with, `more` are routes of other rooms,
    `names` those the pages have beside the machine's own.
    """
    environment = templates()

    async def floor(_: web.Request) -> web.Response:
        return html(environment.get_template("floor.html").render(status=status()))

    async def floor_json(_: web.Request) -> web.Response:
        return answer(status())

    async def health(_: web.Request) -> web.Response:
        told = status()
        ready = bool(told["ready"])
        return web.Response(text="ok\n" if ready else f"{told['trouble']}\n", status=200 if ready else 503)

    app = web.Application(client_max_size=MOST_BYTES, middlewares=[asked_by_name(names), guarded(token)])
    app.add_routes([web.get("/", floor), web.get("/status.json", floor_json), web.get(HEALTH, health)])
    app.add_routes(hours_routes(hours, environment))
    app.add_routes(more)
    return app
