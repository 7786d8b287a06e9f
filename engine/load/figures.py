"""Percentiles, by nearest rank: the smallest value that at least p percent of the values do not exceed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """How a set of measurements lies, in the unit of its values; `count` 0 means nothing was measured."""

    count: int = 0
    p50: float = math.nan
    p90: float = math.nan
    p99: float = math.nan
    most: float = math.nan


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of sorted, non-empty values."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def spread(values: Iterable[float]) -> Spread:
    """The spread of any number of values."""
    ordered = sorted(values)
    if not ordered:
        return Spread()
    p50, p90, p99 = (percentile(ordered, percent) for percent in (50, 90, 99))
    return Spread(len(ordered), p50, p90, p99, ordered[-1])
