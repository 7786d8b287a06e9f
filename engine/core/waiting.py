"""How long a caller still waits, what is said about it, and when.

**Estimated wait.** A caller at place P waits until P contacts ahead of and including them have left the line. With A active
agents, mean handle time H and abandon rate θ, the line moves at rate r_i = A/H + i·θ while i contacts stand behind the one
being taken (Whitt's pure-death model):

    mean(P) = Σ_{i<P} 1/r_i        var(P) = Σ_{i<P} 1/r_i²        spoken = round_up(mean + 0.5·sd)

A = 0 gives no estimate at all: with nobody there, every figure would mislead. The sums are exact for short lines and
continue by the Euler–Maclaurin formula (relative error below 1e-6) for long ones, so place 10,000 costs what place 20 costs.

**Speaking.** The first announcement comes `announce_first` after entry, then one every `announce_every` (never within 20 s of
the last), and only if the place has improved or 90 s have passed. Minutes are spoken in buckets, rounded up. A later figure
never exceeds the last one less the time gone by; if the wait has grown by more than half of that, the caller first hears
that it takes longer than expected. Buckets serve small teams too: below four active agents no finer figure would be honest.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log1p, sqrt

from engine.core.site import QueueRule

BUCKETS = (1, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60)  # minutes
MINIMUM_GAP = 20.0
REPEAT_ANYWAY = 90.0
LOOK_AGAIN = 10.0  # how often to look whether the place has improved, once an announcement would be due
GROWN = 1.5
DIRECT = 4  # terms added one by one before the formula takes over


@dataclass(frozen=True, slots=True)
class Estimate:
    """The wait of a caller at `place`: mean and standard deviation in seconds, `active` agents it was reckoned with."""

    place: int
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
    place: int, active: float, handle_time: float, theta: float, free: bool = False
) -> Estimate | None:
    """The estimate at `place`; `free` says a fitting agent is ready: then the next in line waits for nothing."""
    if free and place == 1:
        return Estimate(place, 0.0, 0.0, active)
    mean = mean_wait(place, active, handle_time, theta)
    if mean is None:
        return None
    return Estimate(place, mean, sqrt(variance(place, active, handle_time, theta)), active)


def bucket(seconds: float) -> int | None:
    """Round seconds up to the minutes that are spoken; None is more than an hour."""
    return next((minutes for minutes in BUCKETS if seconds <= minutes * 60.0), None)


@dataclass(frozen=True, slots=True)
class Announcement:
    """What to say. `position` None: not said. `minutes` None: no time, unless `more_than_an_hour`."""

    position: int | None
    minutes: int | None = None
    more_than_an_hour: bool = False
    longer_than_expected: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """The last announcement: when it was made, the caller's place then, and the minutes spoken (None: no time, or over an hour)."""

    at: float
    place: int
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """What to say now (None: nothing) and when to ask again (None: never, this queue announces nothing)."""

    say: Announcement | None
    ask_at: float | None


def next_announcement(
    rule: QueueRule,
    enqueued_at: float,
    last: Said | None,
    position: int,
    estimate: Estimate | None,
    now: float,
) -> Due:
    """Decide what a waiting caller hears now; call it only while no offer to this caller is pending.

    `position` counts from 1 (0: no longer waiting, nothing is said). After speaking, pass `Said(now, position, minutes)` as `last`.
    """
    if position < 1 or not (rule.announce_position or rule.announce_wait):
        return Due(None, None)
    gap = max(rule.announce_every, MINIMUM_GAP)
    due = enqueued_at + rule.announce_first if last is None else last.at + gap
    if now < due:
        return Due(None, due)
    if last is not None and position >= last.place and now < last.at + REPEAT_ANYWAY:
        return Due(None, min(last.at + REPEAT_ANYWAY, now + LOOK_AGAIN))
    said = _announcement(rule, last, position, estimate, now)
    return Due(said, now + gap)


def _announcement(
    rule: QueueRule, last: Said | None, position: int, estimate: Estimate | None, now: float
) -> Announcement | None:
    place = position if rule.announce_position else None
    if estimate is None or not rule.announce_wait:
        return Announcement(place) if place else None
    minutes, longer = _minutes(last, estimate.seconds, now)
    return Announcement(place, minutes, more_than_an_hour=minutes is None, longer_than_expected=longer)


def _minutes(last: Said | None, seconds: float, now: float) -> tuple[int | None, bool]:
    """The bucket to speak and whether it is longer than was promised."""
    if last is None or last.minutes is None:
        return bucket(seconds), False
    left = last.minutes * 60.0 - (now - last.at)
    if seconds > GROWN * left:
        return bucket(seconds), True
    fresh = bucket(seconds)
    promised = _at_most(left)
    return (promised if fresh is None else min(fresh, promised)), False


def _at_most(seconds: float) -> int:
    """The largest bucket that does not exceed `seconds`; one minute is the least that can be said."""
    return max((minutes for minutes in BUCKETS if minutes * 60.0 <= seconds), default=BUCKETS[0])
