"""One websocket to Asterisk: each message is handed over in the moment in which it is read, and what is sent leaves at once.

A call with an agent is some eighteen messages each way: a queue and a task between the socket and whoever waits for a message would cost
more than reading it. So nothing here waits for anybody, and whoever takes a message only sorts it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from engine.websockets import open_websocket

#: A list of all channels of a busy Asterisk is one frame of some megabytes.
LARGEST: Final = 64 * 1024 * 1024
#: How a websocket ends of which no pong comes.
SILENT: Final = "silent: no pong"

#: Is given a message; says why the websocket is over with it, or nothing.
Take = Callable[[bytes], str | None]


class Websocket(WSListener):
    """A websocket. `over` is done when it has ended, with how that went in words for a log."""

    def __init__(self, take: Take, opened: Callable[[], None], heartbeat: float | None) -> None:
        """`take` is called with every message, `opened` before the first one.

        After `heartbeat` seconds in which nothing came it is pinged, and dies without a pong within half of that.
        """
        self._take = take
        self._opened = opened
        self._heartbeat = heartbeat
        self._loop = asyncio.get_running_loop()
        self.over: asyncio.Future[str] = self._loop.create_future()
        self._pieces: list[bytes] = []
        self._heard_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._transport: WSTransport | None = None

    @classmethod
    async def open(
        cls,
        url: str,
        headers: Mapping[str, str],
        take: Take,
        opened: Callable[[], None] = lambda: None,
        heartbeat: float | None = None,
    ) -> Websocket:
        """Connect. Raises what picows and the operating system raise."""
        return await open_websocket(cls, lambda: cls(take, opened, heartbeat), url, headers, LARGEST)

    def send(self, frame: bytes) -> None:
        """Send a text message; of one that is gone nobody hears."""
        if self._transport is not None and not self.over.done():
            self._transport.send(WSMsgType.TEXT, frame)

    def close(self) -> None:
        """End it politely, without waiting for the other side."""
        self._end("closed")
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect()

    # --- what picows calls --------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """It is open."""
        self._transport = transport
        self._heard_at = self._loop.time()
        self._opened()
        if self._heartbeat is not None:
            self._timer = self._loop.call_later(self._heartbeat, self._ping)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Something has come."""
        if self._heartbeat is not None:
            self._heard_at = self._loop.time()
        match frame.msg_type:
            case WSMsgType.TEXT | WSMsgType.BINARY | WSMsgType.CONTINUATION:
                self._read(frame.get_payload_as_bytes(), frame.fin)
            case WSMsgType.CLOSE:
                self._end("closed by Asterisk")
                transport.send_close(WSCloseCode.OK)
                transport.disconnect()

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """It is gone."""
        if self._timer is not None:
            self._timer.cancel()
        self._end("lost (the connection is gone)")

    # --- within -------------------------------------------------------------------------------

    def _end(self, why: str) -> None:
        if not self.over.done():
            self.over.set_result(why)

    def _read(self, payload: bytes, last: bool) -> None:
        if not last or self._pieces:
            self._pieces.append(payload)
            if not last:
                return
            payload, self._pieces = b"".join(self._pieces), []
        if not self.over.done() and (why := self._take(payload)) is not None:
            self._end(why)

    def _ping(self) -> None:
        """Ping it if nothing has come for so long; else look again when that will be."""
        assert self._transport is not None and self._heartbeat is not None
        due = self._heard_at + self._heartbeat
        if self._loop.time() < due:
            self._timer = self._loop.call_at(due, self._ping)
            return
        self._transport.send_ping()
        self._timer = self._loop.call_later(self._heartbeat / 2, self._pong, self._heard_at)

    def _pong(self, heard_at: float) -> None:
        """Nothing since the ping: it is dead."""
        assert self._transport is not None and self._heartbeat is not None
        if self._heard_at > heard_at:
            self._timer = self._loop.call_at(self._heard_at + self._heartbeat, self._ping)
            return
        self._end(SILENT)
        self._transport.disconnect(graceful=False)
