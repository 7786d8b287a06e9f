"""Figures of many days as means with their intervals, and two runs compared day by day.

A day's figures are the row that `quietline report queues` makes of it: the same folds, the same formulas. What is told here is their
mean over the days, with an interval of 95 % (Student's t): of a hundred such runs with other seeds, about 95 would have the true mean in
their interval. It says how well the mean of such days is known. It does not say how far a single day may lie from it (`sd` does), nor
whether the staffing file describes your callers.

A what-if meets the same callers as the base run, day by day. So the difference of each pair of days is taken first, and the interval is of
the mean of these: much narrower than that of either run. Days on which a figure is of nothing (no calls, no agents) count for neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sin, sqrt, tan
from statistics import fmean, stdev
from typing import cast
from zoneinfo import ZoneInfo

from engine.core.intervals import grid
from engine.core.kpi import SERVICE_LEVELS
from engine.core.reports import QUEUES, Report, Wanted, report
from engine.core.site import Settings
from engine.core.stays import Books
from engine.core.tally import OUTCOMES, Row, Terms
from engine.errors import EngineError

#: What is told of each queue and of all of them, by its name in reports.
COUNTS = ("offered", *OUTCOMES, "waiting")
FIGURES = (
    *COUNTS,
    *("asa_s", "wait_median_s", "wait_p90_s"),
    *SERVICE_LEVELS,
    *("abandonment_rate", "abandonment_rate_raw", "aht_s", "occupancy"),
    *("promises_judged", "kept_promise_rate", "told_wait_mae_s"),
)
CONFIDENCE = 0.95
#: The row of everything.
ALL = "all"

#: A day's figures by queue, and of all.
Day = Mapping[str, Row]


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean over `days` days with its interval, and how far days lie apart; None where one day is too few for either."""

    mean: float
    half: float | None
    sd: float | None
    days: int

    @property
    def low(self) -> float | None:
        """Where the interval begins."""
        return None if self.half is None else self.mean - self.half

    @property
    def high(self) -> float | None:
        """Where it ends."""
        return None if self.half is None else self.mean + self.half

    @property
    def clear(self) -> bool:
        """Of a difference: it is not nothing."""
        return self.half is not None and abs(self.mean) > self.half


Means = Mapping[str, Mapping[str, Mean | None]]


def day_of(books: Books, settings: Settings, start: float, end: float, terms: Terms) -> Day:
    """The rows of a day's report. Raises EngineError where the books do not balance."""
    wanted = Wanted(QUEUES, grid(start, end, "total", ZoneInfo("UTC")), terms)
    made: Report = report(books, (), settings, wanted, max(books.at, end))
    if made.conservation_error:
        raise EngineError(f"the books of a simulated day do not balance by {made.conservation_error}")
    return {**{line.name: line.row for line in made.lines}, ALL: made.total}


def means(days: Sequence[Day], queues: Iterable[str]) -> Means:
    """Every figure of every queue, and of all of them."""
    return {name: {f: mean_of(_values(days, name, f)) for f in FIGURES} for name in (*queues, ALL)}


def differences(base: Sequence[Day], changed: Sequence[Day], queues: Iterable[str]) -> Means:
    """The changed run less the base run, pair by pair of days."""
    return {
        name: {f: mean_of(_paired(_values(base, name, f), _values(changed, name, f))) for f in FIGURES}
        for name in (*queues, ALL)
    }


def _values(days: Sequence[Day], name: str, figure: str) -> list[float | None]:
    return [_value(day.get(name), figure) for day in days]


def _value(row: Row | None, figure: str) -> float | None:
    """One figure; a queue without a row had nobody in it."""
    if row is None:
        return 0.0 if figure in COUNTS else None
    return cast("float | None", row[figure])


def _paired(base: list[float | None], changed: list[float | None]) -> list[float | None]:
    return [None if a is None or b is None else b - a for a, b in zip(base, changed, strict=True)]


def mean_of(values: Iterable[float | None]) -> Mean | None:
    """The mean of the days that have the figure; None where none has."""
    known = [float(value) for value in values if value is not None]
    if not known:
        return None
    if len(known) < 2:
        return Mean(known[0], None, None, 1)
    sd = stdev(known)
    return Mean(fmean(known), t_quantile(len(known) - 1) * sd / sqrt(len(known)), sd, len(known))


def t_quantile(freedom: int, confidence: float = CONFIDENCE) -> float:
    """Within how many standard errors the mean lies, by Student's t: its distribution is a finite sum for whole degrees of freedom."""
    low, high = 0.0, pi / 2.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _within(middle, freedom) < confidence else (low, middle)
    return sqrt(freedom) * tan((low + high) / 2.0)


def _within(angle: float, freedom: int) -> float:
    """The chance that |t| is at most √freedom · tan(angle): Abramowitz and Stegun, 26.7.3 and 26.7.4."""
    square, term, total = cos(angle) ** 2, 1.0, 0.0
    if freedom % 2 == 0:
        for k in range(freedom // 2):
            total += term
            term *= (2 * k + 1) / (2 * k + 2) * square
        return sin(angle) * total
    for k in range((freedom - 1) // 2):
        total += term
        term *= (2 * k + 2) / (2 * k + 3) * square
    return 2.0 / pi * (angle + sin(angle) * cos(angle) * total)
