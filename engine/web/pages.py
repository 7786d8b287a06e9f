"""The pages: for now one that shows the live floor, its JSON, and the health check that containers ask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from engine.web.answers import answer

TEMPLATES = Path(__file__).parent / "templates"
#: Nothing is loaded from elsewhere and no script runs; what callers send is text and stays text.
POLICY = "default-src 'none'; style-src 'self' 'unsafe-inline'"


def pages_app(status: Callable[[], dict[str, Any]]) -> web.Application:
    """The application behind the pages' port; `status` is what the control socket answers."""
    templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)

    async def floor(_: web.Request) -> web.Response:
        html = templates.get_template("floor.html").render(status=status())
        return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": POLICY})

    async def floor_json(_: web.Request) -> web.Response:
        return answer(status())

    async def health(_: web.Request) -> web.Response:
        told = status()
        ready = bool(told["ready"])
        return web.Response(text="ok\n" if ready else f"{told['trouble']}\n", status=200 if ready else 503)

    app = web.Application()
    app.add_routes([web.get("/", floor), web.get("/status.json", floor_json), web.get("/healthz", health)])
    return app
