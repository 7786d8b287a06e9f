"""One ordered inbox with one reader; a deadline costs one timer, not a task."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")
Kind = TypeVar("Kind")


class Inbox(Generic[T]):
    """Things that happened, in order. `get` waits for the next one until a deadline on the loop's clock."""

    __slots__ = ("_items", "_waiter")

    def __init__(self) -> None:
        self._items: deque[T] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def put(self, item: T) -> None:
        """Add one thing; never waits."""
        self._items.append(item)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    @property
    def first(self) -> T | None:
        """What `get` returns next, if it is there already."""
        return self._items[0] if self._items else None

    def keep(self, wanted: Callable[[T], bool]) -> None:
        """Drop what is not wanted (any more)."""
        self._items = deque(item for item in self._items if wanted(item))

    def split(self, wanted: Callable[[T], bool]) -> list[T]:
        """Take out what is wanted, in order."""
        taken = [item for item in self._items if wanted(item)]
        self.keep(lambda item: not wanted(item))
        return taken

    def take_out(self, kind: type[Kind]) -> list[Kind]:
        """Take out everything of a kind, in order."""
        taken = [item for item in self._items if isinstance(item, kind)]
        self.keep(lambda item: not isinstance(item, kind))
        return taken

    async def get(self, until: float | None = None) -> T | None:
        """The next thing, or None once the loop's clock has passed `until`."""
        if self._items:
            return self._items.popleft()
        loop = asyncio.get_running_loop()
        if until is not None and loop.time() >= until:
            return None
        self._waiter = loop.create_future()
        timer = loop.call_at(until, _wake, self._waiter) if until is not None else None
        try:
            await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()
        return self._items.popleft() if self._items else None


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
