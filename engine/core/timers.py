"""What becomes due when: ends of wrap-ups and timed pauses, cool-downs, offers nobody reports about, closed queues that are to be
empty, looks at quicker queues, skills that widen, longest waits.

A timer is never taken back: when its moment comes, `State.is_live` says whether it still means anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush

#: due (seconds since the epoch), kind, agent or contact or offer or queue, contact (of a cool-down, else empty)
Timer = tuple[float, int, str, str]

#: The kinds, in the order in which they happen at equal times: agents become free before a caller's time is up.
WRAP_UP_ENDS, COOLED, LOOK_AGAIN, OFFER_OVERDUE, DRAINED, REBALANCE, WIDENS, MAX_WAIT = range(8)

#: Seconds that what an agent hears before the caller may take at most.
LONGEST_WHISPER = 15.0
OVERDUE = 10.0  # seconds after its ring time at which an offer without a report is given up
REBALANCE_EVERY = (
    30.0  # seconds between two looks at whether a caller would be served sooner in another queue
)


class Timers:
    """All timers, stale ones included; iterating gives them in no order."""

    __slots__ = ("_heap",)

    def __init__(self) -> None:
        self._heap: list[Timer] = []

    def __iter__(self) -> Iterator[Timer]:
        return iter(self._heap)

    def set(self, due: float, kind: int, name: str, contact: str = "") -> None:
        """Note what is due at a moment."""
        heappush(self._heap, (due, kind, name, contact))

    def take(self, now: float) -> Timer | None:
        """Take out the earliest timer whose moment has come, be it stale; None if there is none."""
        return heappop(self._heap) if self._heap and self._heap[0][0] <= now else None

    def first(self, is_live: Callable[[Timer], bool]) -> Timer | None:
        """The earliest live timer, which stays; stale ones before it are dropped."""
        while self._heap and not is_live(self._heap[0]):
            heappop(self._heap)
        return self._heap[0] if self._heap else None
