"""One websocket that carries requests, and matches the answers with them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from engine.ari import wire
from engine.ari.lanes import Call
from engine.ari.websocket import Websocket

log = structlog.get_logger()

#: How a websocket ends that another engine has taken over.
REPLACED: Final = "replaced"


class CommandSocket:
    """Requests go out in the order of `send`; `answered` hears of each one that is over."""

    __slots__ = ("_answered", "_loop", "name", "unanswered", "websocket")

    def __init__(self, name: str, answered: Callable[[Call], None]) -> None:
        """`websocket` is to be set before anything is sent; `take` is what takes its messages."""
        self.name = name
        #: Sent requests by number, the oldest first.
        self.unanswered: dict[str, Call] = {}
        self.websocket: Websocket
        self._answered = answered
        self._loop = asyncio.get_running_loop()

    def send(self, call: Call) -> None:
        """Send a request."""
        call.since = self._loop.time()
        self.unanswered[call.number] = call
        self.websocket.send(call.frame)

    @property
    def oldest(self) -> Call | None:
        """The request that has waited longest for its answer."""
        return next(iter(self.unanswered.values()), None)

    def take(self, frame: bytes) -> str | None:
        """Match an answer with its request; says why the socket is over, if it is."""
        answer = wire.decode(frame)
        if answer is None or not self._match(answer):
            if answer is not None and answer.get("type") == "ApplicationReplaced":
                return REPLACED
            log.warning("frame without meaning", socket=self.name, frame=frame[:80])
        return None

    async def life(self) -> str:
        """Until the socket is gone; returns how it went."""
        return await asyncio.shield(self.websocket.over)

    def close(self) -> None:
        """Close the websocket politely, without waiting for the other side."""
        self.websocket.close()

    def _match(self, answer: dict[str, object]) -> bool:
        if answer.get("type") != "RESTResponse":
            return False
        call = self.unanswered.pop(str(answer.get("request_id")), None)
        if call is None:
            return False
        if not call.answer.done():
            call.answer.set_result(wire.response(answer))
        self._answered(call)
        return True
