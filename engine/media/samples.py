"""Sound as a websocket brings it -> whole samples.

Asterisk opens with a text message (MEDIA_START …) and then sends 20 ms of slin16 at a time: 640 bytes, 16-bit little-endian, mono, also
while nobody speaks. Nothing is trusted to be so: a message may be of any size, even an odd number of bytes, come in bursts or not at all,
and the stream may end anywhere. A text message, whatever it says, is no sound. Fifty messages a second of each caller who is listened to
are read here, so each costs no more than its bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport

from engine.websockets import open_websocket

#: Bytes of a sample.
SAMPLE: Final = 2
#: Bytes of the largest frame that is taken: two seconds. What sends a larger one is no Asterisk, and is cut off.
LARGEST: Final = 64_000
#: Bytes of a frame that is read at all.
MOST: Final = 64 * 1024 * 1024
#: Stretches that may wait for whoever reads them; where there are more, nobody does.
UNREAD: Final = 1_000


class Samples(WSListener):
    """A websocket that brings sound: iterate over its stretches, each of whole samples, until either side ends it."""

    def __init__(self) -> None:
        self._stretches: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._odd = b""
        self._is_text = False
        self._over = False
        self._transport: WSTransport | None = None

    @classmethod
    async def open(cls, url: str, headers: Mapping[str, str]) -> Samples:
        """Connect. Raises what picows and the operating system raise."""
        return await open_websocket(cls, cls, url, {**headers, "Sec-WebSocket-Protocol": "media"}, MOST)

    async def stretches(self) -> AsyncIterator[bytes]:
        """The sound as it comes."""
        while (sound := await self._stretches.get()) is not None:
            yield sound

    def close(self) -> None:
        """End it politely, without waiting for the other side."""
        self._end()
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send_close(WSCloseCode.OK)
            self._transport.disconnect()

    # --- what picows calls --------------------------------------------------------------------

    def on_ws_connected(self, transport: WSTransport) -> None:
        """It is open."""
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Something has come; a message in several frames is the same sound as one in one."""
        kind = frame.msg_type
        if kind is not WSMsgType.CONTINUATION:
            self._is_text = kind is WSMsgType.TEXT
        if kind is WSMsgType.CLOSE:
            self.close()
        elif kind in (WSMsgType.BINARY, WSMsgType.CONTINUATION) and not self._is_text:
            self._take(frame.get_payload_as_bytes())

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """It is gone."""
        self._end()

    # --- within -------------------------------------------------------------------------------

    def _take(self, sound: bytes) -> None:
        if len(sound) > LARGEST or self._stretches.qsize() >= UNREAD:
            self.close()
            return
        if self._odd or len(sound) % SAMPLE:
            sound = self._odd + sound
            whole = len(sound) // SAMPLE * SAMPLE
            sound, self._odd = sound[:whole], sound[whole:]
        if sound:
            self._stretches.put_nowait(sound)

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._stretches.put_nowait(None)
