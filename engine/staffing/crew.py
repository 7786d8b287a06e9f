"""More agents, or fewer: `--agents +2`, `sales+2`, `sales/arabic-1`.

An agent more is one like those who are there: the same queues, skills and hours as one of them, taken evenly from those who are meant, so
that a crew keeps its shape. An agent less is one of them, taken evenly as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from engine.config.report import guess
from engine.core.facts import AgentSet, OwnCall
from engine.core.site import AgentRule
from engine.errors import SetupError
from engine.staffing.plan import Move, Plan

MOST = 1000


@dataclass(frozen=True, slots=True)
class Crew:
    """So many more (or fewer) of those who serve a queue and have a skill; None: whichever."""

    by: int
    queue: str | None = None
    skill: str | None = None


def crew_of(text: str) -> Crew:
    """Read a word of `--agents`. Raises SetupError."""
    found = re.fullmatch(r"(?:([A-Za-z_][A-Za-z0-9_-]*?))?(?:/([A-Za-z0-9_:-]+?))?([+-][0-9]{1,4})", text)
    if found is None or not 0 < abs(int(found[3])) <= MOST:
        raise SetupError(
            f"--agents {text[:60]!r} does not say how many more: write +2, sales+2 or sales/arabic-1, at most {MOST}"
        )
    return Crew(int(found[3]), found[1], found[2])


def with_crew(plan: Plan, crew: Crew) -> Plan:
    """The plan with so many more or fewer. Raises SetupError where nobody is like that."""
    like = _meant(plan, crew)
    return _more(plan, like, crew.by) if crew.by > 0 else _fewer(plan, like, -crew.by, crew)


def _meant(plan: Plan, crew: Crew) -> list[AgentRule]:
    settings = plan.settings
    here = [agent for agent in settings.agents.values() if plan.hours.get(agent.name)]
    if crew.queue is not None and crew.queue not in settings.queues:
        hint = guess(crew.queue, settings.queues)
        raise SetupError(f"--agents: there is no queue {crew.queue!r}{f': {hint}' if hint else ''}")
    known = {skill for agent in here for skill in agent.skills}
    if crew.skill is not None and crew.skill not in known:
        hint = guess(crew.skill, known)
        raise SetupError(f"--agents: nobody has the skill {crew.skill!r}{f': {hint}' if hint else ''}")
    found = [
        agent
        for agent in here
        if (crew.queue is None or crew.queue in agent.queues)
        and (crew.skill is None or crew.skill in agent.skills)
    ]
    if not found:
        who = f"serves {crew.queue}" if crew.queue else "is there"
        raise SetupError(
            f"--agents: nobody {who}{' with that skill' if crew.skill else ''}, so nobody is like that"
        )
    return found


def _evenly(like: list[AgentRule], count: int) -> list[AgentRule]:
    return [
        like[(i * len(like)) // count % len(like)] if count < len(like) else like[i % len(like)]
        for i in range(count)
    ]


def _more(plan: Plan, like: list[AgentRule], count: int) -> Plan:
    agents, hours = dict(plan.settings.agents), dict(plan.hours)
    for model in _evenly(like, count):
        number = next(n for n in range(1, 10_000) if f"{model.name}+{n}" not in agents)
        name = f"{model.name}+{number}"
        agents[name] = replace(model, name=name, password=None, contact=None, trunk=None, number=None)
        hours[name] = tuple(_for(move, name) for move in plan.hours[model.name])
    return replace(plan, settings=replace(plan.settings, agents=agents), hours=hours)


def _for(move: Move, name: str) -> Move:
    at, fact = move
    assert isinstance(fact, AgentSet | OwnCall)
    return at, replace(fact, agent=name)


def _fewer(plan: Plan, like: list[AgentRule], count: int, crew: Crew) -> Plan:
    if count >= len(like):
        whose = f" in {crew.queue}" if crew.queue else ""
        raise SetupError(f"--agents {-count}: there are {len(like)}{whose}, and one has to stay")
    gone = {agent.name for agent in _evenly(like, count)}
    hours = {name: moves for name, moves in plan.hours.items() if name not in gone}
    agents = {name: rule for name, rule in plan.settings.agents.items() if name not in gone}
    return replace(plan, settings=replace(plan.settings, agents=agents), hours=hours)
