"""The log as it grows, told to those who listen: read again from the disk after each commit, so nothing is told that is not on it.

One task reads, folds the floor (`core/watched.py`) and puts messages into the listeners' mailboxes. Queues and agents are told at most
every EVERY seconds, the newest state; what happens to contacts and offers is told whole. A mailbox that nobody empties is bounded: what
was in it is lost, the listener is told so, and gets a snapshot. While nobody listens nothing is read and nothing is folded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import orjson
import structlog

from engine.core.site import Settings
from engine.core.watched import FLOOR_KINDS, Key, Message, Watched, happened, missed
from engine.errors import StoreError
from engine.store.archive import Archive
from engine.store.ledger import Ledger

log = structlog.get_logger()

#: Seconds between two states of the same queue or agent, and between two looks at the log.
EVERY, LOOK = 0.25, 0.05
#: Messages that a listener may be behind, and events that are told again to one who comes back.
MOST_BEHIND = 2000
#: Events read in one go.
PIECE = 500
MOST_LISTENERS = 64


class TooMany(Exception):
    """There are as many listeners as can be, or nothing is told at the moment."""


@dataclass(frozen=True)
class Told:
    """One message; `seq` is where a listener who was cut off goes on."""

    seq: int
    message: Message

    @cached_property
    def text(self) -> bytes:
        """JSON on one line, in which no sign means anything to HTML."""
        text = orjson.dumps(self.message)
        return text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


class Mailbox:
    """What one listener has not had yet."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._waiting: dict[Key | int, Told] = {}
        self._serial = 0
        self._lost = 0
        self._wake = asyncio.Event()
        self._over = False

    def put(self, told: Told, key: Key | None = None) -> None:
        """Take a message; an older state of the same thing that was not fetched yet is dropped."""
        if key is not None:
            self._waiting.pop(key, None)
        self._serial += 1
        self._waiting[self._serial if key is None else key] = told
        if len(self._waiting) > MOST_BEHIND:
            self.lose(len(self._waiting))
        self._wake.set()

    def lose(self, count: int) -> None:
        """So many are lost, and whatever waits here with them."""
        self._waiting.clear()
        self._lost += count
        self._wake.set()

    def end(self) -> None:
        """Nothing more comes."""
        self._over = True
        self._wake.set()

    async def get(self) -> Told | None:
        """The next message, in order; None when the stream has ended."""
        while not self._over:
            if self._lost:
                count, self._lost = self._lost, 0
                snapshot = self._stream.snapshot()
                self._waiting = {0: snapshot, **self._waiting}
                return Told(snapshot.seq, missed(count, snapshot.seq, self._stream.now()))
            if self._waiting:
                return self._waiting.pop(next(iter(self._waiting)))
            self._wake.clear()
            await self._wake.wait()
        return None


class Stream:
    """Owns the mailboxes and the floor they are told of."""

    def __init__(
        self,
        ledger: Ledger,
        archive: Archive,
        settings: Callable[[], Settings],
        expected: Callable[[str], float | None],
        now: Callable[[], float],
    ) -> None:
        self._archive, self._settings, self._expected = archive, settings, expected
        self.now = now
        self._wake = asyncio.Event()
        self._mailboxes: dict[Mailbox, None] = {}
        self._joining: list[tuple[int | None, asyncio.Future[Mailbox]]] = []
        self._watched: Watched | None = None
        #: When each queue or agent was told last, on the loop's clock.
        self._told_at: dict[Key, float] = {}
        self._over = False
        ledger.on_written = self._written

    @property
    def listeners(self) -> int:
        """How many listen, or are about to."""
        return len(self._mailboxes) + len(self._joining)

    async def join(self, after: int | None = None) -> Mailbox:
        """Listen: a snapshot comes first, then what happens; with `after` also what happened since that event. Raises TooMany."""
        if self.listeners >= MOST_LISTENERS or self._over:
            raise TooMany
        future: asyncio.Future[Mailbox] = asyncio.get_running_loop().create_future()
        self._joining.append((after, future))
        self._wake.set()
        return await future

    def leave(self, mailbox: Mailbox) -> None:
        """Listen no longer."""
        self._mailboxes.pop(mailbox, None)
        if not self.listeners:
            self._watched = None  # what is read after that is read anew
            self._told_at.clear()

    def snapshot(self) -> Told:
        """Everything as it is."""
        assert self._watched is not None, "whoever has a mailbox has the floor folded"
        return self._as_it_is(self._watched)

    def _as_it_is(self, watched: Watched) -> Told:
        return Told(watched.seq, watched.snapshot(self.now()))

    async def run(self) -> None:
        """Tell what is written until cancelled."""
        self._over = False
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                if self.listeners:
                    await self._look()
                    await asyncio.sleep(LOOK)
        finally:
            self.end()

    def end(self) -> None:
        """Nothing more is told to anybody, until it runs again."""
        self._over, self._watched = True, None
        for mailbox in self._mailboxes:
            mailbox.end()
        for _, future in self._joining:
            if not future.done():
                future.set_exception(TooMany())
        self._mailboxes.clear()
        self._joining.clear()

    def _written(self) -> None:
        if self.listeners:
            self._wake.set()

    async def _look(self) -> None:
        """Read what is new, tell it, and let in who wants to listen; a store that cannot be read is asked again."""
        try:
            watched = self._watched or await self._begin()
            await self._catch_up(watched)
            for after, future in self._joining[:]:
                mailbox = await self._welcome(watched, after)
                self._joining.remove((after, future))
                if not future.done():
                    self._mailboxes[mailbox] = None
                    future.set_result(mailbox)
        except StoreError as error:
            log.warning("the event stream waits for the store", error=str(error))
            asyncio.get_running_loop().call_later(1.0, self._wake.set)

    async def _begin(self) -> Watched:
        """The floor as it is on disk now."""
        seq = await self._archive.last_seq()
        events = await self._archive.floor(seq, FLOOR_KINDS)
        watched = Watched(self._settings, self._expected).take_all(events)
        watched.seq = seq
        watched.changed.clear()
        self._watched = watched
        return watched

    async def _catch_up(self, watched: Watched) -> None:
        """One piece; what is left is read at the next look, so that readers and calls get their turn between."""
        events = await self._archive.events_after(watched.seq, PIECE)
        for event in events:
            watched.take(event)
            if (message := happened(event)) is not None:
                self._put(Told(event.seq, message))
        if len(events) == PIECE:
            self._wake.set()
        self._tell_states(watched)

    def _tell_states(self, watched: Watched) -> None:
        """Tell what has changed and was not told a moment ago; the rest is told when its time has come."""
        loop, now = asyncio.get_running_loop(), self.now()
        later: float | None = None
        for key in list(watched.changed):
            due = self._told_at.get(key, -EVERY) + EVERY
            if due <= loop.time():
                del watched.changed[key]
                self._told_at[key] = loop.time()
                self._put(Told(watched.seq, watched.state(key, now)), key)
            else:
                later = due if later is None else min(later, due)
        if later is not None:
            loop.call_at(later, self._wake.set)

    def _put(self, told: Told, key: Key | None = None) -> None:
        for mailbox in self._mailboxes:
            mailbox.put(told, key)

    async def _welcome(self, watched: Watched, after: int | None) -> Mailbox:
        """A mailbox with a snapshot, and what somebody who comes back has not had."""
        mailbox = Mailbox(self)
        if after is None or not 0 <= after <= watched.seq:
            mailbox.put(self._as_it_is(watched))
            return mailbox
        if watched.seq - after > MOST_BEHIND // 2:
            mailbox.lose(watched.seq - after)
            return mailbox
        mailbox.put(Told(after, self._as_it_is(watched).message))
        for event in await self._archive.events_after(after, MOST_BEHIND):
            if event.seq <= watched.seq and (message := happened(event)) is not None:
                mailbox.put(Told(event.seq, message))
        return mailbox
