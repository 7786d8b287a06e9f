"""The interface for programs, at the pages' port below /api: JSON in, JSON out, for programs of this machine that know the token.

The token stands in STATE/api-token, made at the first start and readable by the engine's user only. It goes into a header,
`Authorization: Bearer TOKEN`. Nothing here is for browsers: no cookie is a proof, and a request from another machine is refused whatever it
knows (a proxy on this machine is this machine: let it ask for a proof of its own).
"""

from __future__ import annotations

import hmac
import ipaddress
import os
import secrets
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Middleware

from engine.errors import SetupError
from engine.web.answers import wrong

BELOW = "/api"
FILE = "api-token"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def api_token(state: Path) -> str:
    """This state's token; the first call makes it. Raises SetupError where it cannot be read."""
    path = state / FILE
    try:
        made = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return _read(path)
    except OSError as error:
        raise SetupError(
            f"{path} cannot be written ({error.strerror}): choose another place with --state"
        ) from error
    token = secrets.token_urlsafe(30)
    with os.fdopen(made, "w") as file:
        file.write(f"{token}\n")
    return token


def _read(path: Path) -> str:
    try:
        token = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise SetupError(f"{path} cannot be read: remove it, a new one is made at the next start") from error
    if len(token) < 20:
        raise SetupError(f"{path} is damaged: remove it, a new one is made at the next start")
    return token


def guarded(token: str) -> Middleware:
    """The middleware that lets nobody below /api who is elsewhere, or does not know the token."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path != BELOW and not request.path.startswith(f"{BELOW}/"):
            return await handler(request)
        if not _here(request.remote):
            return wrong("this interface is for programs of the engine's own machine", 403)
        given = request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(errors="replace"), f"Bearer {token}".encode()):
            return wrong("send the header `Authorization: Bearer …` with the token of STATE/api-token", 401)
        try:
            return await handler(request)
        except web.HTTPMethodNotAllowed as error:
            return _other_way(request, sorted(error.allowed_methods))
        except web.HTTPNotFound:
            return wrong(
                f"there is nothing at {request.path[:60]!r}: {BELOW}/agents and {BELOW}/calls are here", 404
            )

    return guard


def _other_way(request: web.Request, methods: Sequence[str]) -> web.Response:
    """What is here is asked for in another way."""
    told = wrong(f"{request.path[:60]!r} takes {', '.join(methods)}, not {request.method[:20]}", 405)
    told.headers["Allow"] = ", ".join(methods)
    return told


def _here(remote: str | None) -> bool:
    try:
        address = ipaddress.ip_address(remote or "")
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return bool((mapped or address).is_loopback)
