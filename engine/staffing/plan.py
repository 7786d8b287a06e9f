"""A day to be lived: who calls and how long they would wait and talk, when agents are there, when queues are closed.

Plans come from a staffing file (planfile.py) or from the log of a day (past.py). Everything that chance decides about a caller is decided
before the day begins and belongs to the caller, so that a what-if meets the same callers: the same arrivals, the same patience, the same
talk. That is what makes the difference between two runs clear where each of them alone is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random

from engine.core.doors import Doors
from engine.core.facts import AgentSet, Arrived, Fact
from engine.core.facts import Doors as Closed
from engine.core.rebuild import Rows
from engine.core.site import Settings
from engine.staffing.draws import Fixed, Length

#: How long a phone rings, and how long an agent is away who did not hear it, where nobody has said or seen it.
PICK_UP, BACK_AFTER = Fixed(2.0), Fixed(120.0)
#: Something that happens at a moment, seconds since the epoch.
Move = tuple[float, Fact]
#: Those of AgentSet's states in which an agent is there for callers.
THERE = frozenset({"ready", "logged_in"})


@dataclass(frozen=True, slots=True)
class Caller:
    """One stay in a queue, before it is known how it goes; times are seconds from their coming to the queue.

    `arrived` is what the distributor is told. They talk for `talk`; they hang up after `patience`, or go for another `reason` after
    `goes_after` (a key, or a fault that happened). `wrap` is when the agent asks for ready; None: wrap-up ends by itself. `pick_up` is
    what the first phone takes; `luck` seeds what further ones do. Their place is `kept` seconds older than their coming. `then` is where
    the call goes next, after `gap`, where it ends as `ends`.
    """

    at: float
    arrived: Arrived
    talk: float
    patience: float = inf
    goes_after: float = inf
    reason: str = "key"
    wrap: float | None = None
    pick_up: float | None = None
    luck: int = 0
    kept: float = 0.0
    ends: str = ""
    gap: float = 0.0
    then: Caller | None = None


@dataclass(frozen=True, slots=True)
class Phones:
    """How agents' phones are answered: after how long, how often not (by the reason), and when who did not hear it is back."""

    pick_up: Length = PICK_UP
    failed: Mapping[str, float] = field(default_factory=dict)
    back_after: Length = BACK_AFTER


@dataclass(frozen=True, slots=True)
class Stream:
    """Calls of one kind as the formulas know them: which queues they may go to, and steps of (from, until, calls a second)."""

    queues: tuple[str, ...]
    plain: bool  # no skills, no preferred agents, no callbacks among them
    steps: tuple[tuple[float, float, float], ...]
    talk: float  # mean, seconds
    patience: float  # mean, seconds; inf: nobody gives up
    name: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A day as it is known before anybody calls.

    What is counted are calls that come from `start` on and before `end`; the day is lived from `opens` on, until the last of its callers
    is gone. `hours` says when each agent comes and goes. `doors` is what a log says of closing; None: the site's hours say it.
    `callers` makes a day's callers from its number and the seed; `same_day`: all of them are the same, but for what nobody knows of them.
    """

    settings: Settings
    opens: float
    start: float
    end: float
    hours: Mapping[str, tuple[Move, ...]]
    callers: Callable[[str], list[Caller]]
    streams: tuple[Stream, ...]
    phones: Phones = field(default_factory=Phones)
    doors: tuple[Move, ...] | None = ()
    rows: Rows = field(default_factory=Rows)
    notes: tuple[str, ...] = ()
    same_day: bool = False

    def moves(self) -> list[Move]:
        """Doors and agents' hours, in order."""
        doors = self.doors if self.doors is not None else by_hours(self.settings, self.opens, self.end)
        agents = (move for name in self.settings.agents for move in self.hours.get(name, ()))
        return sorted([*doors, *agents], key=lambda move: move[0])


def by_hours(settings: Settings, start: float, end: float) -> tuple[Move, ...]:
    """When the site's calendars open and close its queues, as the engine looks at them."""
    doors, found, at = Doors(settings), list[Move](), start
    closed: dict[str, float] = {}
    while at < end:
        now, again = doors.look(at, closed)
        if now != closed:
            found.append((at, Closed(now)))
        closed, at = now, max(again, at + 1.0)
    return tuple(found)


def staffed(hours: Mapping[str, Sequence[Move]], names: Iterable[str]) -> list[tuple[float, int]]:
    """How many of these agents are there, as steps: from when on, how many."""
    changes: list[tuple[float, int]] = []
    for name in names:
        there = False
        for at, fact in hours.get(name, ()):
            now = isinstance(fact, AgentSet) and fact.state in THERE
            if now != there:
                changes.append((at, 1 if now else -1))
            there = now
    count, steps = 0, list[tuple[float, int]]()
    for at, change in sorted(changes):
        count += change
        if steps and steps[-1][0] == at:
            steps[-1] = (at, count)
        else:
            steps.append((at, count))
    return steps


def chance(*parts: object) -> Random:
    """Chance that is the same for the same parts, on every machine."""
    return Random("/".join(map(str, parts)))
