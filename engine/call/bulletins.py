"""The bulletins of the running engine: told to callers, begun and ended by people; each change is an event first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from engine.core import bulletins
from engine.core.bulletins import Bulletin
from engine.core.event import Event
from engine.store.ledger import Ledger


class Bulletins:
    """What is told now, and was told or will be."""

    def __init__(self, ledger: Ledger, events: Iterable[Event] = ()) -> None:
        self._ledger = ledger
        self.known = bulletins.folded(events)
        #: Who wants to hear that one has begun, by contact.
        self.listeners: dict[str, Callable[[], None]] = {}

    def told(self, at: float) -> list[Bulletin]:
        """Those told at a moment, the newest first."""
        return [bulletin for bulletin in reversed(self.known.values()) if bulletin.tells(at)]

    def coming(self, at: float) -> float | None:
        """When the next one begins after a moment; None where none is to come."""
        return min((b.from_at for b in self.known.values() if b.from_at > at), default=None)

    def begin(self, bulletin: Bulletin, at: float) -> asyncio.Future[None]:
        """Tell it from now on (or its own `from_at`); done when that is on disk."""
        return self._take(bulletin.event(at))

    def end(self, name: str, by: str, at: float) -> asyncio.Future[None]:
        """Tell it no longer; done when that is on disk."""
        return self._take(bulletins.ended(name, by, at))

    def _take(self, event: Event) -> asyncio.Future[None]:
        self.known = bulletins.taken(self.known, event)
        written = self._ledger.append(event)
        for hear in list(self.listeners.values()):
            hear()
        return written
