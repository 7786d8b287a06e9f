"""The intervals of a report: 15 or 30 minutes, an hour, a day, or all of it in one.

Borders are on the clock of one time zone, counted from each local midnight, so a day is one even where it has 23 hours. The first and the
last interval are cut where the report begins and ends. A moment belongs to the interval that begins with it or before.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

TOTAL, DAY = "total", "day"
#: Seconds by name; a day is what the calendar says, and a total has no borders.
LENGTHS = {"15m": 900.0, "30m": 1800.0, "hour": 3600.0}
INTERVALS = (*LENGTHS, DAY, TOTAL)
#: More intervals than anybody reads.
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Grid:
    """The beginnings of a report's intervals, seconds since the epoch in order, and its end."""

    starts: Sequence[float]
    end: float

    @property
    def start(self) -> float:
        """When the report begins."""
        return self.starts[0]

    def index(self, at: float) -> int | None:
        """The interval a moment belongs to; None outside the report."""
        return bisect_right(self.starts, at) - 1 if self.start <= at < self.end else None

    def borders(self, index: int) -> tuple[float, float]:
        """When an interval begins and ends."""
        last = index + 1 >= len(self.starts)
        return self.starts[index], self.end if last else self.starts[index + 1]

    def parts(self, start: float, end: float) -> Iterator[tuple[int, float]]:
        """The intervals a stretch of time lies in, with its seconds in each."""
        start, end = max(start, self.start), min(end, self.end)
        index = self.index(start) if start < end else None
        while index is not None and index < len(self.starts) and start < end:
            border = min(end, self.borders(index)[1])
            yield index, border - start
            start, index = border, index + 1


def grid(start: float, end: float, interval: str, zone: tzinfo) -> Grid:
    """The intervals from a moment to a later one. Raises ValueError, with a sentence, where there would be too many."""
    if interval == TOTAL:
        return Grid((start,), end)
    length = LENGTHS.get(interval)
    if (end - start) / (length or 86_400.0) > MOST:
        raise ValueError(f"more than {MOST} intervals: choose a longer interval, or a shorter time")
    cut = [border for border in _borders(start, end, length, zone) if start < border < end]
    return Grid((start, *cut), end)


def _borders(start: float, end: float, length: float | None, zone: tzinfo) -> Iterator[float]:
    """Every border of the days that touch the stretch."""
    midnight = datetime.fromtimestamp(start, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    while (at := midnight.timestamp()) < end:
        midnight += timedelta(days=1)
        tomorrow = midnight.timestamp()
        step = length or tomorrow - at
        yield from (at + i * step for i in range(max(1, int((tomorrow - at) // step))))
