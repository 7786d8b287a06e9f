"""The event stream on the pages' port: who may look at the pages may watch, and no page of another address may.

GET /events               server-sent events; `Last-Event-ID` (or ?after=SEQ) goes on where a cut was
GET /events/ws            the same messages over a websocket; ?after=SEQ
GET /events.schema.json   what a message is
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from aiohttp import WSCloseCode, WSMsgType, web

from engine.store.stream import Mailbox, Told, TooMany
from engine.web.answers import wrong
from engine.web.forms import foreign

SCHEMA = Path(__file__).parent / "stream.schema.json"
#: Seconds after which silence is filled, and after which a reader that takes nothing is cut off.
KEEP_ALIVE, PATIENCE = 15.0, 30.0
#: Milliseconds after which a browser that was cut off comes back.
COMES_BACK = 2000
HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
    "X-Content-Type-Options": "nosniff",
}


class Source(Protocol):
    """Where listeners join."""

    async def join(self, after: int | None = None) -> Mailbox:
        """Listen. Raises TooMany."""
        ...

    def leave(self, mailbox: Mailbox) -> None:
        """Listen no longer."""
        ...


class StreamPages:
    """Both ways to listen."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._schema = SCHEMA.read_bytes()

    async def schema(self, _: web.Request) -> web.Response:
        """What a message is."""
        return web.Response(body=self._schema, content_type="application/schema+json")

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events until the reader leaves, or takes nothing for too long."""
        mailbox = await self._joined(request)
        if isinstance(mailbox, web.Response):
            return mailbox
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream; charset=utf-8"})
        try:
            await response.prepare(request)
            await response.write(f"retry: {COMES_BACK}\n\n".encode())
            while (piece := await self._next(mailbox)) is not None:
                await asyncio.wait_for(response.write(piece), PATIENCE)
        except (TimeoutError, ConnectionError):
            if request.transport is not None:
                request.transport.abort()
        finally:
            self._source.leave(mailbox)
        return response

    async def _next(self, mailbox: Mailbox) -> bytes | None:
        """The next event, or a comment that keeps the line open."""
        try:
            told = await asyncio.wait_for(mailbox.get(), KEEP_ALIVE)
        except TimeoutError:
            return b": still here\n\n"
        return None if told is None else as_event(told)

    async def websocket(self, request: web.Request) -> web.StreamResponse:
        """The same over a websocket; what the reader sends means nothing."""
        mailbox = await self._joined(request)
        if isinstance(mailbox, web.Response):
            return mailbox
        socket = web.WebSocketResponse(heartbeat=KEEP_ALIVE, max_msg_size=1024)
        sender: asyncio.Task[None] | None = None
        try:
            await socket.prepare(request)
            sender = asyncio.create_task(self._send(socket, mailbox, request))
            async for message in socket:
                if message.type is WSMsgType.ERROR:
                    break
        finally:
            self._source.leave(mailbox)
            if sender is not None:
                sender.cancel()
                with suppress(asyncio.CancelledError):
                    await sender
        return socket

    async def _send(self, socket: web.WebSocketResponse, mailbox: Mailbox, request: web.Request) -> None:
        try:
            while (told := await mailbox.get()) is not None:
                await asyncio.wait_for(socket.send_str(told.text.decode()), PATIENCE)
            await socket.close(code=WSCloseCode.GOING_AWAY)
        except (TimeoutError, ConnectionError):
            if request.transport is not None:
                request.transport.abort()

    async def _joined(self, request: web.Request) -> Mailbox | web.Response:
        """A mailbox, or why there is none."""
        if foreign(request):
            return wrong("a page of another address listens here: its own server may ask instead", 403)
        try:
            return await self._source.join(after_of(request))
        except TooMany:
            return wrong("too many listen already: end one of them", 503)
        except ValueError:
            return wrong("Last-Event-ID and after are the number of an event")


def after_of(request: web.Request) -> int | None:
    """After which event a reader goes on; None for one who begins. Raises ValueError."""
    said = request.headers.get("Last-Event-ID") or request.query.get("after") or ""
    if said and not (said.isascii() and said.isdecimal() and len(said) <= 18):
        raise ValueError(said)
    return int(said) if said else None


def as_event(told: Told) -> bytes:
    """A message as a server-sent event."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (told.seq, str(told.message["type"]).encode(), told.text)


def stream_routes(source: Source) -> list[web.RouteDef]:
    """The routes of the event stream."""
    pages = StreamPages(source)
    return [
        web.get("/events", pages.events, allow_head=False),
        web.get("/events/ws", pages.websocket, allow_head=False),
        web.get("/events.schema.json", pages.schema),
    ]
