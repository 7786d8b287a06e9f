"""Figures of many days with their intervals, and two runs compared day by day.

A day's figures are the row that `quietline report queues` makes of it: the same folds, the same formulas. What is told of all days together
is their mean for a count, and for a share or a time their mean by what it is a share or a mean of (a service level by the calls that are
decided, an ASA by those answered): so it is what one report over all days would say. A median or a p90 is the mean of the days', by those
answered.

Beside it stands an interval of 95 % (Student's t over the days, which are independent; a ratio's by its linear part): of a hundred such
runs with other seeds, about 95 would have the true value in their interval. It says how well such days are known in the mean. It does
not say how far a single day may lie from it (`sd` does), nor whether the staffing file describes your callers.

A what-if meets the same callers as the base run, day by day. So the interval of a difference is made of the differences of pairs of days:
much narrower than that of either run. Days on which a figure is of nothing (no calls, no agents) weigh nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sin, sqrt, tan
from statistics import stdev
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

#: Whose number a figure is a share or a mean of, as columns that are added or taken off; all others count by the day.
_DECIDED = (("answered", 1), ("abandoned", 1), ("short_abandoned", 1), ("overdue", 1), ("counted_out", 1))
_ANSWERED, _OFFERED, _JUDGED = (("answered", 1),), (("offered", 1),), (("promises_judged", 1),)
WEIGHTS: Mapping[str, Sequence[tuple[str, int]]] = {
    **dict.fromkeys(("asa_s", "wait_median_s", "wait_p90_s", "sl_answered_only"), _ANSWERED),
    **dict.fromkeys(("sl_offered", "sl_abn_positive"), _DECIDED),
    "sl_excl_short": (*_DECIDED, ("short_abandoned", -1)),
    "sl_excl_abn_in_t": (*_DECIDED, ("abandoned_in_t", -1)),
    **dict.fromkeys(("abandonment_rate", "abandonment_rate_raw"), _OFFERED),
    "aht_s": (("handled", 1),),
    "occupancy": (("reserved_s", 1), ("talking_s", 1), ("wrap_up_s", 1), ("ready_s", 1)),
    **dict.fromkeys(("kept_promise_rate", "told_wait_mae_s"), _JUDGED),
}
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
    rows = {**{line.name: line.row for line in made.lines}, ALL: made.total}
    return {
        name: {**row, "counted_out": row["flow_out"] if terms.flow_outs else 0} for name, row in rows.items()
    }


def means(days: Sequence[Day], queues: Iterable[str]) -> Means:
    """Every figure of every queue, and of all of them."""
    return {name: {f: mean_of(_points(days, name, f)) for f in FIGURES} for name in (*queues, ALL)}


def differences(base: Sequence[Day], changed: Sequence[Day], queues: Iterable[str]) -> Means:
    """The changed run less the base run, by pairs of days."""
    return {
        name: {f: difference_of(_points(base, name, f), _points(changed, name, f)) for f in FIGURES}
        for name in (*queues, ALL)
    }


#: A day's figure and what it weighs; a weight of 0: it is of nothing.
Point = tuple[float, float]


def _points(days: Sequence[Day], name: str, figure: str) -> list[Point]:
    return [_point(day.get(name), figure) for day in days]


def _point(row: Row | None, figure: str) -> Point:
    """One figure; a queue without a row had nobody in it."""
    if row is None:
        return 0.0, 1.0 if figure in COUNTS else 0.0
    value = row[figure]
    if value is None:
        return 0.0, 0.0
    weights = WEIGHTS.get(figure)
    weight = 1.0 if weights is None else sum(sign * float(row[part] or 0.0) for part, sign in weights)
    return float(value), weight


def mean_of(points: Sequence[Point]) -> Mean | None:
    """The mean by weight; None where nothing has any."""
    known = [value for value, weight in points if weight > 0]
    if not known:
        return None
    mean, parts = _linear(points)
    half = _half(parts) if len(known) > 1 else None
    return Mean(mean, half, stdev(known) if len(known) > 1 else None, len(known))


def difference_of(base: Sequence[Point], changed: Sequence[Point]) -> Mean | None:
    """The difference of both means; None where one of them is of nothing."""
    pairs = [(one, other) for one, other in zip(base, changed, strict=True) if one[1] > 0 and other[1] > 0]
    if not pairs:
        return None
    (first, one), (second, other) = _linear(base), _linear(changed)
    sizes = [b[0] - a[0] for a, b in pairs]
    half = _half([b - a for a, b in zip(one, other, strict=True)]) if len(pairs) > 1 else None
    return Mean(second - first, half, stdev(sizes) if len(pairs) > 1 else None, len(pairs))


def _linear(points: Sequence[Point]) -> tuple[float, list[float]]:
    """The mean by weight, and how far each day moves it: together they have the mean 0."""
    whole = sum(weight for _, weight in points)
    mean = sum(value * weight for value, weight in points) / whole
    return mean, [weight * (value - mean) * len(points) / whole for value, weight in points]


def _half(parts: Sequence[float]) -> float:
    """Half of the interval of a mean that these parts move."""
    return t_quantile(len(parts) - 1) * stdev(parts) / sqrt(len(parts))


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
