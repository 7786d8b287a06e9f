"""When callers give up, from a log in which most of them did not.

A caller who was answered after 8 s would have waited at least 8 s; how much longer nobody knows. Such a wait is *censored*. To take only
the waits of those who hung up would make callers look far less patient than they are, and to take all waits alike would, too. So:

- Few gave up (below `ENOUGH`): they are taken to be without memory. The rate that makes the log most likely is hang-ups ÷ seconds waited
  by everybody, hung up or not. Nobody gave up: nobody does.
- Else the curve of Kaplan and Meier: at each moment t at which somebody gave up, of those who still waited then as many go on as did. After
  the last such moment the log knows nothing, and the rate above goes on.

A key that ends the wait is a second way to go, and censors the first; each has its own curve, as if the two had nothing to do with each
other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from engine.staffing.draws import Exponential, Surviving

ENOUGH = 20


class Wait(NamedTuple):
    """Seconds somebody waited; `gave_up`: until they went of their own accord, else until something else ended it."""

    seconds: float
    gave_up: bool


@dataclass(frozen=True, slots=True)
class Patience:
    """What was learnt: the curve, its mean (inf: nobody gave up), and of how many waits, ended by the caller or by something else."""

    curve: Surviving
    mean: float
    gave_up: int
    censored: int

    @property
    def method(self) -> str:
        """How it was estimated, in words."""
        if not self.gave_up:
            return f"nobody of {self.censored} gave up: nobody does"
        kind = "Kaplan-Meier" if self.gave_up >= ENOUGH else "one rate of giving up"
        return f"{kind}, {self.gave_up} gave up, {self.censored} censored"


def rate(waits: Iterable[Wait]) -> float:
    """Giving up per second waited: the most likely rate of an exponential patience of which most is censored."""
    seconds, gone = 0.0, 0
    for wait in waits:
        seconds += wait.seconds
        gone += wait.gave_up
    return gone / seconds if seconds > 0 else 0.0


def estimated(waits: Sequence[Wait]) -> Patience:
    """The patience of callers, from how long each waited."""
    theta, gone = rate(waits), sum(wait.gave_up for wait in waits)
    tail = Exponential(1.0 / theta if theta > 0 else inf)
    curve = kaplan_meier(waits, tail) if gone >= ENOUGH else Surviving((), (), tail)
    return Patience(curve, curve.mean, gone, len(waits) - gone)


def kaplan_meier(waits: Sequence[Wait], tail: Exponential) -> Surviving:
    """The share that outlasts each moment at which somebody gave up."""
    ordered = sorted(waits, key=lambda wait: (wait.seconds, not wait.gave_up))
    times: list[float] = []
    shares: list[float] = []
    share, at_risk = 1.0, len(ordered)
    for seconds, gave_up in ordered:
        if gave_up:
            share *= 1.0 - 1.0 / at_risk
            if times and times[-1] == seconds:
                shares[-1] = share
            else:
                times.append(seconds)
                shares.append(share)
        at_risk -= 1
    return Surviving(tuple(times), tuple(shares), tail)
