"""The names under which the pages are asked for: addresses, this machine's own names, and those given at the start.

A page elsewhere can have its own name lead to this machine (DNS rebinding), and browsers take what we answer then for that page's own.
But a browser says which name it has asked for, and that one is none of ours. Nobody else's page can be at a bare address.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable

from aiohttp import web
from aiohttp.typedefs import Middleware

from engine.web.answers import wrong

LOOPBACK = "localhost"
#: What anybody may ask: it tells that calls are taken, or why not, and nothing of calls.
HEALTH = "/healthz"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def asked_by_name(names: Iterable[str]) -> Middleware:
    """The middleware that answers nobody who asks for a name that is none of these and none of this machine's."""
    known = {name.lower().rstrip(".") for name in (LOOPBACK, socket.gethostname(), *names)}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        said = request.headers.getall("Host", [])  # none: no browser
        if request.path == HEALTH or all(_is_address(host) or host in known for host in map(host_of, said)):
            return await handler(request)
        return wrong(
            "these pages are not known by this name: open them by the machine's address, "
            "or give the name to `quietline up` with --pages-name",
            421,
        )

    return check


def host_of(said: str) -> str:
    """The name or address in a Host header, without the port."""
    if said.startswith("["):
        return said[1:].partition("]")[0]
    return said.partition(":")[0].lower().rstrip(".")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
