"""One websocket that carries requests: a writer that empties its outbox, a reader that matches the answers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import ClientError, WSMsgType

from engine.ari import wire
from engine.ari.connection import Websocket
from engine.ari.lanes import Call

log = structlog.get_logger()

#: How a websocket may end, beside what `closing_words` finds: another engine took it over; no pong came.
REPLACED: Final = "replaced"
SILENT: Final = "silent: no pong"


class CommandSocket:
    """Requests go out in the order of `send`; `answered` hears of each one that is over."""

    __slots__ = ("_answered", "_loop", "_outbox", "_wake", "_websocket", "name", "unanswered")

    def __init__(self, name: str, websocket: Websocket, answered: Callable[[Call], None]) -> None:
        self.name = name
        #: Sent requests by number, the oldest first.
        self.unanswered: dict[str, Call] = {}
        self._websocket = websocket
        self._answered = answered
        self._loop = asyncio.get_running_loop()
        self._outbox: deque[bytes] = deque()
        self._wake = asyncio.Event()

    def send(self, call: Call) -> None:
        """Queue a request for the writer."""
        call.since = self._loop.time()
        self.unanswered[call.number] = call
        self._outbox.append(call.frame)
        self._wake.set()

    @property
    def oldest(self) -> Call | None:
        """The request that has waited longest for its answer."""
        return next(iter(self.unanswered.values()), None)

    async def write(self) -> None:
        """Send what comes into the outbox until the socket is gone."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._outbox:
                    await self._websocket.send_frame(self._outbox.popleft(), WSMsgType.TEXT)
        except (ClientError, OSError) as error:  # the reader sees the same end and reports it
            log.debug("command socket cannot write", socket=self.name, error=str(error))

    async def read(self) -> str:
        """Match answers with requests until the socket is gone; returns how it went."""
        while True:
            message = await self._websocket.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return closing_words(self._websocket)
            answer = wire.decode(message.data)
            if answer is None or not self._take(answer):
                if answer is not None and answer.get("type") == "ApplicationReplaced":
                    return REPLACED
                log.warning("frame without meaning", socket=self.name, frame=message.data[:80])

    async def close(self) -> None:
        """Close the websocket politely, without waiting long for the other side."""
        await self._websocket.close()

    def _take(self, answer: dict[str, object]) -> bool:
        if answer.get("type") != "RESTResponse":
            return False
        call = self.unanswered.pop(str(answer.get("request_id")), None)
        if call is None:
            return False
        if not call.answer.done():
            call.answer.set_result(wire.response(answer))
        self._answered(call)
        return True


def closing_words(websocket: Websocket) -> str:
    """How a websocket ended, in words for a log."""
    error = websocket.exception()
    if error is None:
        return "closed by Asterisk"
    return SILENT if isinstance(error, TimeoutError) else f"lost ({error or type(error).__name__})"
