"""Small floors for simulated days: one queue, agents all alike, and whatever calls."""

from __future__ import annotations

from dataclasses import replace

from engine.core.facts import Arrived
from engine.core.site import AgentRule, GroupRule, QueueRule, Settings
from engine.core.tally import Terms
from engine.staffing.draws import NEVER, Exponential, Fixed, Length
from engine.staffing.experiment import Experiment, experiment
from engine.staffing.filed import Calls, Shift, Staffing, planned
from engine.staffing.plan import Phones, Plan

EMPTY = Settings(("en",), {}, {}, {}, {}, {}, {}, {})
#: Answered at the first ring, as the formulas would have it.
AT_ONCE = Phones(Fixed(0.0))


def site(*queues: QueueRule, groups: tuple[GroupRule, ...] = ()) -> Settings:
    """A site of these queues."""
    return replace(EMPTY, queues={q.name: q for q in queues}, groups={g.name: g for g in groups})


def line(name: str = "line", wrap_up: float = 0.0, capacity: int = 10_000) -> QueueRule:
    """A queue without anything that the formulas do not know."""
    return QueueRule(name, wrap_up=wrap_up, capacity=capacity)


def calls(
    an_hour: float,
    talk: Length,
    patience: Length = NEVER,
    *,
    name: str = "calls",
    queues: tuple[str, ...] = ("line",),
    group: str | None = None,
    max_wait: float = 86_400.0,
    skills: frozenset[str] = frozenset(),
    until: int = 1440,
) -> Calls:
    """Calls at one rate all day."""
    asked = Arrived("", queues, group=group, max_wait=max_wait, skills=skills)
    return Calls(name, asked, {0: an_hour, **({until: 0.0} if until < 1440 else {})}, talk, patience)


def crew(count: int, queues: tuple[str, ...] = ("line",), skills: frozenset[str] = frozenset()) -> Shift:
    """So many agents, all day."""
    rules = tuple(AgentRule(f"{queues[0]}-{n:02}", queues, skills=skills) for n in range(count))
    return Shift(f"crew_{queues[0]}", rules, 0, 1440, {})


def plan(
    settings: Settings,
    calls: Calls | tuple[Calls, ...],
    *shifts: Shift,
    ends: int = 1440,
    phones: Phones = AT_ONCE,
) -> Plan:
    """A day of these calls; what is counted begins after an hour, when the floor has filled."""
    each = calls if isinstance(calls, tuple) else (calls,)
    return planned(Staffing(each, shifts, begins=60, ends=ends, phones=phones), settings)


def lived(
    base: Plan, days: int, changed: Plan | None = None, seed: str = "1", within: float = 20.0
) -> Experiment:
    """Live them."""
    return experiment(base, changed, days, seed, Terms(within))


__all__ = ["AT_ONCE", "EMPTY", "Exponential", "calls", "crew", "line", "lived", "plan", "site"]
