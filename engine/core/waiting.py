"""How long a caller still waits; what is said about it, and when, stands in `engine.core.announcing`.

**Estimated wait.** A caller at place P waits until P contacts ahead of and including them have left the line. With A active
agents, mean handle time H and abandon rate θ, the line moves at rate r_i = A/H + i·θ while i contacts stand behind the one
being taken (Whitt's pure-death model):

    mean(P) = Σ_{i<P} 1/r_i        var(P) = Σ_{i<P} 1/r_i²        spoken = round_up(mean + 0.5·sd)

A = 0 gives no estimate at all: with nobody there, every figure would mislead. The sums are exact for short lines and
continue by the Euler–Maclaurin formula (relative error below 1e-6) for long ones, so place 10,000 costs what place 20 costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log1p, sqrt

BUCKETS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60)  # minutes
DIRECT = 4  # terms added one by one before the formula takes over


@dataclass(frozen=True, slots=True)
class Estimate:
    """The wait of a caller at `place`: mean and standard deviation in seconds, `active` agents it was reckoned with."""

    place: float
    mean: float
    sd: float
    active: float

    @property
    def seconds(self) -> float:
        """The seconds to round up and speak: mean + half a standard deviation."""
        return self.mean + 0.5 * self.sd

    @property
    def minutes(self) -> int | None:
        """The bucket to speak, in minutes; None is more than an hour."""
        return bucket(self.seconds)


def mean_wait(place: int, active: float, handle_time: float, theta: float) -> float | None:
    """Mean wait in seconds at `place` (from 1); None if nobody is active."""
    if active <= 0.0:
        return None
    rate = active / handle_time
    if theta <= 0.0:
        return place / rate
    head = min(place, DIRECT)
    total = 0.0
    for i in range(head):
        total += 1.0 / (rate + i * theta)
    if place > head:
        low, high = 1.0 / (rate + head * theta), 1.0 / (rate + place * theta)
        total += log1p((place - head) * theta * low) / theta + (low - high) / 2.0
        total += theta * (low**2 - high**2) / 12.0 - theta**3 * (low**4 - high**4) / 120.0
    return total


def variance(place: int, active: float, handle_time: float, theta: float) -> float:
    """Variance of the wait in seconds² at `place`; `active` must be above zero."""
    rate = active / handle_time
    if theta <= 0.0:
        return place / (rate * rate)
    head = min(place, DIRECT)
    total = sum((rate + i * theta) ** -2 for i in range(head))
    if place > head:
        low, high = 1.0 / (rate + head * theta), 1.0 / (rate + place * theta)
        total += (place - head) * low * high  # (low - high)/θ without its cancellation
        total += (low**2 - high**2) / 2.0
        total += theta * (low**3 - high**3) / 6.0 - theta**3 * (low**5 - high**5) / 30.0
    return total


def estimate(
    place: float, active: float, handle_time: float, theta: float, free: bool = False
) -> Estimate | None:
    """The estimate at `place`, which may lie between two; `free`: a fitting agent is ready, and the next in line waits for nothing."""
    if free and place <= 1.0:
        return Estimate(place, 0.0, 0.0, active)
    if active <= 0.0:
        return None
    low, part = int(place), place % 1.0
    means = [mean_wait(n, active, handle_time, theta) or 0.0 for n in (low, low + 1)]
    spreads = [variance(n, active, handle_time, theta) for n in (low, low + 1)]
    mean, spread = ((1.0 - part) * one + part * other for one, other in (means, spreads))
    return Estimate(place, mean, sqrt(spread), active)


def bucket(seconds: float) -> int | None:
    """Round seconds up to the minutes that are spoken; None is more than an hour."""
    return next((minutes for minutes in BUCKETS if seconds <= minutes * 60.0), None)
