"""Which queue of a group a caller joins: the rules as pure functions on plain figures, each of them data and one function.

A queue is a candidate if it is open, not full, and somebody who could take this caller is signed in and not paused.

**Least busy**, the default:

1. *Agent surplus*: some candidate has more fitting ready agents R than waiting contacts U. The largest (R − U)/A wins, A being its
   active agents: the largest idle share is the quietest. Ties: the agent who has been idle longest, then list order.
2. *Call surplus*: no candidate has. The smallest estimated wait + `adjust` wins, at the place this caller would get. All within
   5 s of the smallest are level: then the smaller (U + 1)/A, then the one chosen least recently, then list order.

A queue whose A is 0 (its ready agents have served only other queues of late) counts as endlessly idle in 1, and as an endless wait in 2.

The others are there to be compared with it. Whoever adds one adds a function here: the checker, the editor's schema, the tables of the docs
and `explain` read the registry.

**Rebalancing** takes a caller who waits to another queue of their group, at most once, and only where that saves at least 60 s and
40 % of the estimated wait.

Every choice comes with its whole table of candidates, so that it can be explained later.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any, NamedTuple

LEVEL = 5.0  # seconds of estimated wait that make no difference
SAVED, SAVED_SHARE = 60.0, 0.4  # what a move to another queue must save: seconds, and part of the wait

#: The rule of those who choose among queues without a group.
LEAST_BUSY = "least_busy"

#: The rule by which a caller is taken to another queue of their group while they wait.
REBALANCED = "rebalanced"

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
    head_wait: float = 0.0  # of the contact whose turn is next, seconds; 0 where nobody waits
    wanted: bool = True  # False: a preferred agent is in another one


#: Among candidates in list order, at least one: the one chosen, and the word for why.
Choose = Callable[[Sequence[Candidate]], tuple[Candidate, str]]


@dataclass(frozen=True, slots=True)
class Chooser:
    """A rule that chooses a queue; `about` says which one."""

    name: str
    about: str
    choose: Choose


@dataclass(frozen=True, slots=True)
class Figure:
    """What a choice went by, for people: its name, how it is told (seconds or plain), what it is of a row of the table, and what decided
    among candidates that are level (within `level` of the best)."""

    name: str
    unit: str
    score: Callable[[Mapping[str, Any]], float]
    tie: str
    largest: bool = False
    level: float = 0.0


CHOOSERS: dict[str, Chooser] = {}
#: By the word that a rule gives for its choice.
FIGURES: dict[str, Figure] = {}


#: What a decision's rule says, in words; the registered ones add theirs.
WORDS: dict[str, str] = {
    FIRST_OPEN: "nobody is there yet: the first one that is open",
    REBALANCED: "they are served much sooner there",
    "none": "no queue can take the call",
}


def chooser(about: str, **words: tuple[str, Figure]) -> Callable[[Choose], Choose]:
    """Register a function as the rule of its name; `words` are what it says of a choice and goes by, by the word it gives for it."""

    def register(choose: Choose) -> Choose:
        CHOOSERS[choose.__name__] = Chooser(choose.__name__, about, choose)
        WORDS.update({word: said for word, (said, _) in words.items()})
        FIGURES.update({word: figure for word, (_, figure) in words.items()})
        return choose

    return register


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
    if not c.wanted:
        return "without_preferred"
    return None


def surplus(c: Candidate) -> float:
    """Idle share (R − U)/A of a queue with more ready agents than waiting contacts."""
    return (c.ready - c.waiting) / c.active if c.active > 0.0 else inf


def cost(c: Candidate) -> float:
    """Estimated wait plus adjustment, seconds; endless where it cannot be told."""
    return inf if c.wait is None else c.wait + c.adjust


def pick(candidates: Sequence[Candidate], now: float, rule: str = LEAST_BUSY, moving: bool = False) -> Choice:
    """Choose by a rule; the candidates come in list order. `moving`: for a caller whose queue has closed."""
    able, table = [], []
    for c in candidates:
        why = excluded(c, moving)
        table.append(_row(c, why))
        if why is None:
            able.append(c)
    decision = {"rule": "none", "chosen": None, "at": now, "candidates": table}
    if not able:
        return Choice(None, _refusal(table), decision)
    chosen, decision["rule"] = CHOOSERS[rule].choose(able)
    decision["chosen"] = chosen.queue
    return Choice(chosen, "", decision)


def for_callback(candidates: Sequence[Candidate], now: float, rule: str = LEAST_BUSY) -> Choice:
    """Choose for somebody who is to be rung back: they need no room, and where nobody is there the first open queue takes them."""
    choice = pick(candidates, now, rule, moving=True)
    if choice.candidate is not None:
        return choice
    found = next((c for c in candidates if c.open), None)
    if found is None:
        return choice
    return Choice(found, "", {**choice.decision, "rule": FIRST_OPEN, "chosen": found.queue})


def shorter(candidates: Sequence[Candidate], now: float, queue: str) -> Choice | None:
    """A queue in which a caller who waits in `queue` would be served so much sooner that they are taken there; None: they stay."""
    here = next(c for c in candidates if c.queue == queue)
    saving = [c for c in candidates if c is not here and excluded(c) is None and _saves(c, here)]
    if not saving:
        return None
    chosen = min(saving, key=cost)
    table = [_row(c, None if c is here else excluded(c)) for c in candidates]
    return Choice(chosen, "", {"rule": REBALANCED, "chosen": chosen.queue, "at": now, "candidates": table})


def _saves(there: Candidate, here: Candidate) -> bool:
    if there.wait is None:
        return False
    return here.wait is None or here.wait - there.wait >= max(SAVED, SAVED_SHARE * here.wait)


EVEN = "more agents ready, then the one chosen least recently, then the order of the list"


def _surplus_of(row: Mapping[str, Any]) -> float:
    return float((row["ready"] - row["waiting"]) / row["active"]) if row["active"] else inf


def _cost_of(row: Mapping[str, Any]) -> float:
    return inf if row["wait"] is None else float(row["wait"] + row["adjust"])


def _crowd_of(row: Mapping[str, Any]) -> float:
    return float((row["waiting"] + 1) / row["active"]) if row["active"] else inf


@chooser(
    "the largest share of agents free, or the shortest estimated wait",
    agent_surplus=(
        "largest share of its agents free",
        Figure(
            "idle share",
            "plain",
            _surplus_of,
            "whose agent has been idle longest, then the order of the list",
            largest=True,
        ),
    ),
    call_surplus=(
        "shortest wait",
        Figure(
            "wait to compare",
            "seconds",
            _cost_of,
            "fewer callers for each agent, then the one chosen least recently, then the order of the list",
            level=LEVEL,
        ),
    ),
)
def least_busy(able: Sequence[Candidate]) -> tuple[Candidate, str]:
    """The quietest queue with agents to spare, or the quickest one."""
    idle = [c for c in able if c.ready > c.waiting]
    return (_quietest(idle), "agent_surplus") if idle else (_shortest(able), "call_surplus")


@chooser(
    "the fewest callers in line; of equals the one with more agents free",
    fewest_waiting=("fewest waiting", Figure("waiting", "plain", lambda row: float(row["waiting"]), EVEN)),
)
def fewest_waiting(able: Sequence[Candidate]) -> tuple[Candidate, str]:
    """The smallest U."""
    return min(able, key=lambda c: (c.waiting, *_even(c))), "fewest_waiting"


@chooser(
    "the fewest callers for each agent, this one counted",
    waiting_per_agent=(
        "fewest waiting for each agent",
        Figure("callers for each agent", "plain", _crowd_of, EVEN),
    ),
)
def waiting_per_agent(able: Sequence[Candidate]) -> tuple[Candidate, str]:
    """The smallest (U + 1)/A."""
    return min(able, key=lambda c: (_crowd(c), *_even(c))), "waiting_per_agent"


@chooser(
    "where the caller whose turn is next has waited least",
    longest_wait=(
        "next caller has waited least",
        Figure("wait of the next caller", "seconds", lambda row: float(row["head_wait"]), EVEN),
    ),
)
def longest_wait(able: Sequence[Candidate]) -> tuple[Candidate, str]:
    """The smallest wait of who stands first in line."""
    return min(able, key=lambda c: (c.head_wait, *_even(c))), "longest_wait"


def _even(c: Candidate) -> tuple[int, float]:
    """Of equals: more agents free, then chosen least recently; min() keeps the first in list order."""
    return (-c.ready, -inf if c.last_chosen is None else c.last_chosen)


def _crowd(c: Candidate) -> float:
    return (c.waiting + 1) / c.active if c.active > 0.0 else inf


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
    return (_crowd(c), -inf if c.last_chosen is None else c.last_chosen)


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
        "head_wait": c.head_wait,
    }


def idle_key(idle_since: float, order: int) -> tuple[float, int]:
    """What ready agents are sorted by, the next one first: who has waited longest for a contact, then the site's order."""
    return (idle_since, order)
