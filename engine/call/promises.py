"""Which queues keep what they promise callers of their wait, in the running engine; a queue that does not is told about in the log."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import structlog

from engine.core.estimates import LEAST, Keeping, Record
from engine.core.event import Event

log = structlog.get_logger()


class Promises:
    """Knows, as events come, whether a queue may tell times; `events` are those of the last days that it is learned from."""

    def __init__(self, now: Callable[[], float], events: Iterable[Event] = ()) -> None:
        self._now = now
        self._keeping = Keeping(events)
        self._mute: set[str] = set()
        for queue in self._keeping.queues:
            self._look(queue)

    def take(self, event: Event) -> None:
        """After one more event; most change nothing."""
        for queue in self._keeping.take(event):
            self._look(queue)

    def tells_times(self, queue: str) -> bool:
        """Are enough of this queue's promises kept for it to go on promising?"""
        return self._look(queue).tells_times

    def shown(self, queue: str) -> dict[str, Any]:
        """A queue's record as people see it."""
        record = self._look(queue)
        return {"judged": record.judged, "kept": record.kept, "tells_times": record.tells_times}

    def _look(self, queue: str) -> Record:
        record = self._keeping.of(queue, self._now())
        if record.tells_times == (queue in self._mute):
            self._say(queue, record)
        return record

    def _say(self, queue: str, record: Record) -> None:
        kept = f"{record.kept} of {record.judged}"
        if record.tells_times:
            self._mute.discard(queue)
            log.info("a queue tells times again", queue=queue, promises_kept=kept)
            return
        self._mute.add(queue)
        why = f"under {LEAST:.0%} of its promises of the last 7 days were kept; it tells the place alone"
        log.warning("a queue tells no times any more", queue=queue, promises_kept=kept, why=why)
