"""Which queue is least busy, and which agent is next: the two rules as pure functions on plain figures.

**Least busy** picks one queue for a caller who may go to several. A queue is a candidate if it is open, not full, and somebody
who could take this caller is signed in and not paused. Then:

1. *Agent surplus*: some candidate has more fitting ready agents R than waiting contacts U. The largest (R − U)/A wins, A being its
   active agents: the largest idle share is the quietest. Ties: the agent who has been idle longest, then list order.
2. *Call surplus*: no candidate has. The smallest estimated wait + `adjust` wins, at the place this caller would get. All within
   5 s of the smallest are level: then the smaller (U + 1)/A, then the one chosen least recently, then list order.

A queue whose A is 0 (its ready agents have served only other queues of late) counts as endlessly idle in 1, and as an endless wait in 2.

**Longest idle** picks the agent inside a queue: the one who has waited longest for a contact, then the order of the site's file. A failed
offer starts an agent's wait anew, so one who never answers is not rung first for ever.

Every choice comes with its whole table of candidates, so that it can be explained later.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple

LEVEL = 5.0  # seconds of estimated wait that make no difference

#: The rule by which a callback is placed where nobody is signed in: it can wait until somebody is.
FIRST_OPEN = "first_open"
#: What a caller who fits nowhere is told: the first of these that holds for any queue.
REFUSALS = ("full", "unstaffed", "closed")


class Candidate(NamedTuple):
    """One queue as this caller finds it, at one moment."""

    queue: str
    open: bool
    staffed: bool
    capacity: int
    held: int  # callers in the queue, those being offered included: what capacity limits
    waiting: int  # U: contacts not being offered
    ready: int  # R: ready agents with the caller's skills
    active: float  # A: agents, weighted with the share of their time this queue gets
    place: int  # P: the place this caller would get, from 1
    wait: float | None  # estimated wait at P in seconds; None if it cannot be told
    adjust: float  # seconds
    idle_since: float | None  # of the fitting ready agent who has waited longest
    last_chosen: float | None


class Choice(NamedTuple):
    """The candidate chosen, or None and why not (full, unstaffed, closed); `decision` is the table, JSON values only."""

    candidate: Candidate | None
    refusal: str
    decision: dict[str, Any]


def excluded(c: Candidate, moving: bool = False) -> str | None:
    """Why a queue is no candidate, or None if it is one; who is moved there has waited already, and finds room."""
    if not c.open:
        return "closed"
    if not c.staffed:
        return "unstaffed"
    if c.held >= c.capacity and not moving:
        return "full"
    return None


def surplus(c: Candidate) -> float:
    """Idle share (R − U)/A of a queue with more ready agents than waiting contacts."""
    return (c.ready - c.waiting) / c.active if c.active > 0.0 else inf


def cost(c: Candidate) -> float:
    """Estimated wait plus adjustment, seconds; endless where it cannot be told."""
    return inf if c.wait is None else c.wait + c.adjust


def least_busy(candidates: Sequence[Candidate], now: float, moving: bool = False) -> Choice:
    """Choose by the rule above; the candidates come in list order. `moving`: for a caller whose queue has closed."""
    able, table = [], []
    for c in candidates:
        why = excluded(c, moving)
        table.append(_row(c, why))
        if why is None:
            able.append(c)
    decision = {"rule": "none", "chosen": None, "at": now, "candidates": table}
    if not able:
        return Choice(None, _refusal(table), decision)
    idle = [c for c in able if c.ready > c.waiting]
    chosen = _quietest(idle) if idle else _shortest(able)
    decision["rule"] = "agent_surplus" if idle else "call_surplus"
    decision["chosen"] = chosen.queue
    return Choice(chosen, "", decision)


def for_callback(candidates: Sequence[Candidate], now: float) -> Choice:
    """Choose for somebody who is to be rung back: they need no room, and where nobody is there the first open queue takes them."""
    choice = least_busy(candidates, now, moving=True)
    if choice.candidate is not None:
        return choice
    found = next((c for c in candidates if c.open), None)
    if found is None:
        return choice
    return Choice(found, "", {**choice.decision, "rule": FIRST_OPEN, "chosen": found.queue})


def _quietest(idle: Sequence[Candidate]) -> Candidate:
    # min() keeps the first of equals: list order is the last tie-break.
    if len(idle) == 1:
        return idle[0]
    return min(idle, key=lambda c: (-surplus(c), c.idle_since if c.idle_since is not None else inf))


def _shortest(able: Sequence[Candidate]) -> Candidate:
    if len(able) == 1:
        return able[0]
    level = min(map(cost, able)) + LEVEL
    return min((c for c in able if cost(c) <= level), key=_crowding)


def _crowding(c: Candidate) -> tuple[float, float]:
    return (
        (c.waiting + 1) / c.active if c.active > 0.0 else inf,
        -inf if c.last_chosen is None else c.last_chosen,
    )


def _refusal(table: Sequence[dict[str, Any]]) -> str:
    reasons = {row["excluded"] for row in table}
    return next((refusal for refusal in REFUSALS if refusal in reasons), "closed")


def _row(c: Candidate, why: str | None) -> dict[str, Any]:
    return {
        "queue": c.queue,
        "excluded": why,
        "ready": c.ready,
        "waiting": c.waiting,
        "held": c.held,
        "capacity": c.capacity,
        "active": c.active,
        "place": c.place,
        "wait": c.wait,
        "adjust": c.adjust,
        "idle_since": c.idle_since,
        "last_chosen": c.last_chosen,
    }


def idle_key(idle_since: float, order: int) -> tuple[float, int]:
    """What ready agents are sorted by, the next one first: who has waited longest for a contact, then the site's order."""
    return (idle_since, order)
