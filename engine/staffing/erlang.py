"""Erlang C and Erlang A, exactly: n agents, calls at random at one rate, talk times without memory, first come first served.

λ calls a second, H seconds of handling, n agents. Erlang C: nobody gives up. Erlang A: everybody does at the rate θ while they wait.

C is a closed formula. A is a birth-death chain (λ up; n/H + j·θ down with j waiting), solved by its balance equations, cut where less
than 1e-13 of the time is spent. A caller who finds j ahead of them moves up at the rate n/H + j·θ and gives up at θ: the wait of who is
served follows from the first step, and its distribution at T by uniformization, cut where less than 1e-12 is left. Nothing here is
approximate beyond that.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf


@dataclass(frozen=True, slots=True)
class Steady:
    """A queue in its steady state: shares of all callers, and seconds."""

    answered: float
    abandoned: float
    asa: float  # mean wait of the answered
    in_t: float  # answered within T
    occupancy: float


def erlang_b(load: float, agents: int) -> float:
    """The share of callers who find all agents busy where nobody can wait; `load` in Erlang."""
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = load * blocked / (n + load * blocked)
    return blocked


def erlang_c(rate: float, handle: float, agents: int, within: float) -> Steady | None:
    """Where nobody gives up; None where the agents cannot do the work, and the line grows for ever."""
    load = rate * handle
    if load >= agents:
        return None
    blocked = erlang_b(load, agents)
    waits = blocked / (1.0 - load / agents * (1.0 - blocked))
    spare = (agents - load) / handle
    return Steady(1.0, 0.0, waits / spare, 1.0 - waits * exp(-spare * within), load / agents)


def erlang_a(rate: float, handle: float, theta: float, agents: int, within: float) -> Steady:
    """Where everybody who waits gives up at the rate θ, per second and above 0; `rate` is above 0, too."""
    states = occupied(rate, handle, theta, agents)
    ahead = states[agents:]  # how likely a caller finds so many ahead of them, all agents being busy
    free = sum(states[:agents])
    served, waited = first_steps(len(ahead), handle, theta, agents)
    answered = free + sum(p * s for p, s in zip(ahead, served, strict=True))
    seconds = sum(p * w for p, w in zip(ahead, waited, strict=True))
    in_t = free + served_within(ahead, handle, theta, agents, within)
    busy = sum(min(n, agents) * p for n, p in enumerate(states))
    asa = seconds / answered if answered > 0 else inf
    return Steady(answered, 1.0 - answered, asa, in_t, busy / agents if agents else 0.0)


def occupied(rate: float, handle: float, theta: float, agents: int) -> list[float]:
    """The share of time in which so many calls are there: the balance of ups and downs."""
    weights, n, total = [1.0], 0, 1.0
    while True:
        n += 1
        weight = weights[-1] * rate / (min(n, agents) / handle + max(0, n - agents) * theta)
        weights.append(weight)
        total += weight
        if weight > 1e250:
            weights, total = [w / weight for w in weights], total / weight
        falling = rate < min(n, agents) / handle + max(0, n - agents) * theta
        if n > agents and falling and weights[-1] < 1e-13 * total:
            return [w / total for w in weights]


def first_steps(places: int, handle: float, theta: float, agents: int) -> tuple[list[float], list[float]]:
    """By how many are ahead: the chance to be served, and the mean wait of who is, times that chance."""
    served: list[float] = []
    waited: list[float] = []
    chance, seconds = 1.0, 0.0
    for j in range(places):
        up = agents / handle + j * theta
        step = 1.0 / (up + theta)
        seconds = up * step * (chance * step + seconds)
        chance *= up * step
        served.append(chance)
        waited.append(seconds)
    return served, waited


def served_within(ahead: list[float], handle: float, theta: float, agents: int, within: float) -> float:
    """The share of all callers who wait, and are served within T: the chain of places, uniformized."""
    ups = [agents / handle + j * theta for j in range(len(ahead))]
    fastest = ups[-1] + theta if ups else 0.0
    if fastest <= 0.0 or within <= 0.0:
        return 0.0
    spans = max(1, int(fastest * within / 200.0) + 1)  # exp(-200) is still a number
    here, served = list(ahead), 0.0
    for _ in range(spans):
        here, more = _pass(here, ups, theta, fastest, within / spans)
        served += more
    return served


def _pass(
    here: list[float], ups: list[float], theta: float, fastest: float, seconds: float
) -> tuple[list[float], float]:
    """The places after so many seconds, and how many have been served meanwhile."""
    weight, left = exp(-fastest * seconds), 1.0
    now, gone, step = here, 0.0, 0
    after = [weight * p for p in now]
    served = 0.0
    left -= weight
    while left > 1e-12 and step < 10_000:
        step += 1
        gone += now[0] * ups[0] / fastest
        moved = [
            p * (1.0 - (up + theta) / fastest)
            + (now[j + 1] * ups[j + 1] / fastest if j + 1 < len(now) else 0.0)
            for j, (p, up) in enumerate(zip(now, ups, strict=True))
        ]
        now = moved
        weight *= fastest * seconds / step
        after = [a + weight * p for a, p in zip(after, now, strict=True)]
        served += weight * gone
        left -= weight
    return after, served
