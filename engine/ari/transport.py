"""The one telephony seam: requests go in, responses and events come out.

Two things stand behind it: `engine.ari.pool.WebsocketTransport` (a real Asterisk) and `engine.sim` (a simulated
one). Nothing above this line knows which.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Response:
    """What Asterisk answered. `body` is the parsed JSON, or None where there is none."""

    status: int
    body: Any = None


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The event socket is (again) connected.

    Events of the gap before it, if any, are lost: compare the log with what Asterisk holds.
    """

    first: bool


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The event socket is lost; `why` says how (closed, no pong, taken over by another engine)."""

    why: str


#: What the transport reports: Asterisk's own event as a dict (it has "type"), or a change of the link.
Report = dict[str, Any] | LinkUp | LinkDown


class AriTransport(Protocol):
    """Requests to and reports from one Asterisk for one application."""

    def request(
        self,
        shard: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> asyncio.Future[Response]:
        """Send one request; whoever awaits what is returned waits for its answer. So requests that belong together can leave at once.

        Requests with the same `shard` (a contact's id) keep their order; a shard that blocks delays no other one.
        Raises PbxUnreachable when no answer comes (link lost, deadline passed); HTTP error codes are answers, not exceptions.
        """
        ...

    async def download(self, path: str) -> bytes:
        """Fetch a binary body (a stored recording) over HTTP. Raises PbxUnreachable, or FileNotFoundError on 404."""
        ...

    def media(self, connection: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Fetch the sound of an external media channel that waits for it: slin16 as it comes, until either side ends it.

        `connection` is what the channel is known by there (MEDIA_WEBSOCKET_CONNECTION_ID). Leaving the block ends the channel, too. Raises
        PbxUnreachable where it cannot be had, or no more.
        """
        ...

    def reports(self) -> AsyncIterator[Report]:
        """Everything Asterisk reports, in its order; one consumer. It must never wait for a handler."""
        ...
