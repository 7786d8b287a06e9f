"""How long things take: distributions, each drawn from one number between 0 and 1.

One number makes one length (the inverse of the distribution), so that a what-if which changes a distribution leaves everybody's luck as
it was: who talks long talks long in both runs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, log1p, sqrt
from statistics import NormalDist, fmean
from typing import Protocol

_NORMAL = NormalDist()


class Length(Protocol):
    """Seconds that something takes."""

    def draw(self, u: float) -> float:
        """The length that belongs to `u`, which is at least 0 and below 1."""
        ...

    @property
    def mean(self) -> float:
        """The mean, seconds; inf where it never ends."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Always the same."""

    seconds: float

    def draw(self, u: float) -> float:
        """The same for every `u`."""
        return self.seconds

    @property
    def mean(self) -> float:
        """It itself."""
        return self.seconds


#: What does not happen: the patience of somebody who never hangs up.
NEVER = Fixed(inf)


@dataclass(frozen=True, slots=True)
class Exponential:
    """Without memory: however long it has lasted, it lasts `mean` more in the mean."""

    mean: float

    def draw(self, u: float) -> float:
        """-mean · ln(1 - u)."""
        return inf if self.mean == inf else -self.mean * log1p(-u)


@dataclass(frozen=True, slots=True)
class Lognormal:
    """Its logarithm is normal; `mean` and `sd` are those of the length itself, seconds."""

    mean: float
    sd: float

    def draw(self, u: float) -> float:
        """exp(m + s · z), with m and s from mean and sd."""
        s = sqrt(log1p((self.sd / self.mean) ** 2))
        return exp(log(self.mean) - s * s / 2.0 + s * _NORMAL.inv_cdf(min(max(u, 1e-12), 1.0 - 1e-12)))


@dataclass(frozen=True, slots=True)
class Observed:
    """One of the lengths that were seen, each as likely as the other; at least one, in rising order."""

    values: Sequence[float]

    def draw(self, u: float) -> float:
        """The value at this share of them."""
        return self.values[int(u * len(self.values))]

    @property
    def mean(self) -> float:
        """Their mean."""
        return fmean(self.values)


@dataclass(frozen=True, slots=True)
class Surviving:
    """A curve of survival: `shares[i]` last longer than `times[i]`, seconds; beyond the last, `tail` more, without memory."""

    times: Sequence[float]
    shares: Sequence[float]
    tail: Exponential

    def draw(self, u: float) -> float:
        """The first time that no more than 1 - u of all outlast."""
        return self.beyond(0.0, u)

    def beyond(self, lasted: float, u: float) -> float:
        """A length of one that has lasted so long already."""
        wanted = self.share(lasted) * (1.0 - u)
        index = bisect_left(self.shares, -wanted, key=lambda share: -share)
        if index < len(self.times):
            return max(lasted, self.times[index])
        last = self.shares[-1] if self.shares else 1.0
        return max([lasted, *self.times[-1:]]) + self.tail.draw(1.0 - wanted / last)

    def share(self, at: float) -> float:
        """How many last longer than this."""
        index = bisect_left(self.times, at + 1e-9)
        return self.shares[index - 1] if index else 1.0

    @property
    def mean(self) -> float:
        """The area under the curve, its tail included."""
        starts = [0.0, *self.times]
        heights = [1.0, *self.shares]
        area = sum(h * (b - a) for a, b, h in zip(starts, self.times, heights, strict=False))
        return area + (heights[-1] * self.tail.mean if heights[-1] > 0 else 0.0)
