"""The engine's end of a listener's socket: which callers it hears, and how far behind it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from engine.core.heard import Began, Heard, Hypothesis, Lost, hypothesis
from engine.speech import wire
from engine.speech.port import RATE, Hear, Vocabulary
from engine.speech.wire import Frame, Unpacker, packed

log = structlog.get_logger()

#: Seconds of one caller's sound that may wait to be heard.
BEHIND: Final = 2.0
_SECOND: Final = RATE * 2
_NUMBERS: Final = 1 << 32


class LinkedUtterance:
    """One caller, heard by a listener."""

    def __init__(self, number: int, link: Link, hear: Hear) -> None:
        self.number = number
        self.sent = 0.0
        self.heard = 0.0
        self.over = False
        self._link = link
        self._hear = hear

    def feed(self, sound: bytes) -> None:
        """Send the sound; who is too far behind is lost."""
        if self.over:
            return
        self._link.send(packed(wire.SOUND, self.number, bytes(sound)))
        self.sent += len(sound) / _SECOND
        if self.sent - self.heard > BEHIND:
            self._link.lose(self, "slow")

    def finish(self) -> None:
        """Ask for what there is."""
        if not self.over:
            self._link.send(packed(wire.FINISH, self.number))

    def close(self) -> None:
        """Leave."""
        if not self.over:
            self.over = True
            self._link.leave(self)

    def tell(self, heard: Heard) -> None:
        """Something is told, unless nothing is wanted any more."""
        if not self.over:
            self.over = isinstance(heard, Lost)
            self._hear(heard)


class Link(asyncio.Protocol):
    """A listener's socket. `ready` ends when it speaks our version, and is cancelled when it never does; `closed` when it has ended."""

    def __init__(self, gone: Callable[[Link], None]) -> None:
        loop = asyncio.get_running_loop()
        self.utterances: dict[int, LinkedUtterance] = {}
        self.ready: asyncio.Future[None] = loop.create_future()
        self.closed: asyncio.Future[None] = loop.create_future()
        self._asked: dict[int, asyncio.Future[list[str]]] = {}
        self._soon = loop.call_soon
        self._future = loop.create_future
        self._gone = gone
        self._last = 0
        self._unpacker = Unpacker()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is ours."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Frames have come; who speaks otherwise is ended."""
        try:
            for frame in self._unpacker.push(data):
                self._on(frame)
        except (ValueError, KeyError, TypeError) as error:
            log.error("a recogniser's process does not speak as it should and is ended", error=str(error))
            self.end()

    def connection_lost(self, error: Exception | None) -> None:
        """The listener has ended: nobody hears its callers any more."""
        self.ready.cancel()
        for waiting in self._asked.values():
            waiting.cancel()
        for utterance in list(self.utterances.values()):
            self.lose(utterance, "dead")
        self.closed.set_result(None)
        self._gone(self)

    def open(self, vocabulary: Vocabulary, hear: Hear) -> LinkedUtterance:
        """Hear one more caller."""
        utterance = LinkedUtterance(self._number(), self, hear)
        self.utterances[utterance.number] = utterance
        self.send(packed(wire.OPEN, utterance.number, list(vocabulary.phrases)))
        return utterance

    def ask(self, words: Sequence[str]) -> asyncio.Future[list[str]]:
        """Which of these words the model does not know."""
        number = self._number()
        self._asked[number] = answer = self._future()
        self.send(packed(wire.KNOWN, number, list(words)))
        return answer

    def send(self, data: bytes) -> None:
        """Write, unless the listener has gone. What waits to be written is bounded by what callers may be behind."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def leave(self, utterance: LinkedUtterance) -> None:
        """Hear this one no more."""
        if self.utterances.pop(utterance.number, None) is not None:
            self.send(packed(wire.CLOSE, utterance.number))

    def lose(self, utterance: LinkedUtterance, why: str) -> None:
        """This one is not heard any more; it is told in a moment, not from within what it does now."""
        if utterance.number in self.utterances:
            self.leave(utterance)
            self._soon(utterance.tell, Lost(why))

    def end(self) -> None:
        """Close the socket: the listener ends."""
        if self._transport is not None:
            self._transport.abort()

    def _number(self) -> int:
        self._last = self._last % (_NUMBERS - 1) + 1
        return self._last

    def _on(self, frame: Frame) -> None:
        match frame.kind:
            case wire.HELLO:
                wire.agree(frame)
                self.ready.set_result(None)
            case wire.UNKNOWN if answer := self._asked.pop(frame.utterance, None):
                answer.set_result(frame.json())
            case _ if utterance := self.utterances.get(frame.utterance):
                self._tell(utterance, frame)

    def _tell(self, utterance: LinkedUtterance, frame: Frame) -> None:
        match frame.kind:
            case wire.ACK:
                utterance.heard = frame.json()
            case wire.BEGAN:
                utterance.tell(Began(frame.json()))
            case wire.HYPOTHESIS:
                self._hypothesis(utterance, hypothesis(frame.json()))
            case wire.DONE:
                utterance.over = True
                self.utterances.pop(utterance.number, None)

    def _hypothesis(self, utterance: LinkedUtterance, told: Hypothesis) -> None:
        utterance.heard = max(utterance.heard, told.at)
        utterance.tell(told)
