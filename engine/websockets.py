"""Opening a websocket to Asterisk: what is given up while it is being opened is closed, and nothing of it stays behind."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from picows import WSListener, WSParsedURL, ws_connect

L = TypeVar("L", bound=WSListener)


async def open_websocket(
    cls: type[L], make: Callable[[], L], url: str, headers: Mapping[str, str], largest: int
) -> L:
    """Connect, without end: whoever opens it is not patient for ever. `largest`: bytes of a frame that is read at all.

    Raises what picows and the operating system raise.
    """
    ours: list[socket.socket] = []

    async def connect(address: WSParsedURL) -> socket.socket:
        ours.append(await connected(address.host, address.port))
        return ours[0]

    try:
        _, listener = await ws_connect(
            make,
            url,
            extra_headers=headers,
            websocket_handshake_timeout=None,
            max_frame_size=largest,
            max_redirects=0,
            socket_factory=connect,
            use_aiofastnet=False,
        )
    except BaseException:
        # picows keeps a connection of which nothing came in time, and nobody else knows it
        with suppress(OSError):
            for one in ours:
                one.shutdown(socket.SHUT_RDWR)
        raise
    if not isinstance(listener, cls):  # picows calls that a success, with nobody to hear it
        raise ConnectionResetError("the connection was closed before it was a websocket")
    return listener


async def connected(host: str, port: int) -> socket.socket:
    """A socket connected to the first of a host's addresses that takes it. Raises OSError."""
    loop, refused = asyncio.get_running_loop(), OSError(f"{host} has no address")
    for family, kind, protocol, _, address in await addresses(host, port):
        one = socket.socket(family, kind, protocol)
        one.setblocking(False)
        try:
            await loop.sock_connect(one, address)
        except OSError as error:
            one.close()
            refused = error
        except BaseException:
            one.close()
            raise
        else:
            return one
    raise refused


async def addresses(host: str, port: int) -> list[tuple[Any, ...]]:
    """Where a host is, as getaddrinfo tells it; what is an address already is looked up nowhere."""
    try:
        return [*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)]
    except socket.gaierror:
        return [*await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)]
