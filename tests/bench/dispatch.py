"""How long the distributor takes to decide, against a full scan of everybody: `python -m tests.bench.dispatch`.

A floor of 20 queues and 50 skills; every agent serves 2 queues and has 5 skills; three callers in four need one skill. Timed
through `decide()`, everything included (place, estimate, table of candidates, reservation, measures, commands):

- *agent free*: wrap-up ends while n callers wait and everybody else talks; the caller whose turn it is gets offered.
- *caller, idle agents*: a caller for a group of 3 queues arrives while all agents are ready and n others wait for skills nobody has;
  the least busy queue is chosen, and in it the agent who has been idle longest.
- *caller, all busy*: the same while everybody talks; the caller joins the line.

The naive search does only the finding (best caller for an agent, or longest idle agent for a caller) by looking at everybody, in
the same run, turn about; the ratio is its median to that of our whole decision.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import median

from engine.core import acd
from engine.core.site import AgentRule, QueueRule, Settings

QUEUES = [f"q{i:02}" for i in range(20)]
SKILLS = [f"s{i:02}" for i in range(50)]
SIZES = [(100, 10), (1_000, 100), (10_000, 1_000), (10_000, 10), (100, 1_000)]
ROUNDS = 4000
NAIVE_EVERY = 20


def site(agents: int, chance: random.Random) -> Settings:
    """A site with everybody in two queues and with five skills."""
    rules = {}
    for i in range(agents):
        skills = frozenset(chance.sample(SKILLS, 5))
        rules[f"a{i:04}"] = AgentRule(f"a{i:04}", tuple(chance.sample(QUEUES, 2)), skills=skills)
    queues = {name: QueueRule(name, capacity=10**6) for name in QUEUES}
    return Settings(("en",), {}, {}, {}, queues, {}, rules, {})


class Floor:
    """A floor with n callers waiting on a virtual clock; only `timed` looks at a real one."""

    def __init__(self, waiting: int, agents: int, needs: list[str]) -> None:
        self.chance = random.Random(f"{waiting} {agents}")
        self.settings = site(agents, self.chance)
        self.state = acd.State(self.settings)
        self.now = 1e9
        self.count = 0
        self.waiting = waiting
        self.needs = needs
        for queue in self.state.queues.values():  # as after a morning's calls: every skill has been asked for
            for skill in SKILLS:
                self.state.lane(queue, frozenset({skill}))

    def fill(self) -> None:
        """Let callers wait until there are n; placed as after a recovery, so nobody is refused."""
        while len(self.state.callers) < self.waiting:
            fact = self.caller(self.needs, 1)
            self.tell(replace(fact, queue=fact.queues[0]))

    def caller(self, needs: list[str], queues: int) -> acd.Arrived:
        self.count += 1
        chance = self.chance
        skills = (
            frozenset({chance.choice(needs)}) if needs[0][0] == "x" or chance.random() < 0.75 else frozenset()
        )
        names = tuple(chance.sample(QUEUES, queues))
        return acd.Arrived(
            f"c{self.count}", names, skills=skills, priority=chance.choice((5, 5, 5, 7)), max_wait=1e6
        )

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        self.now += 0.01
        return acd.decide(self.state, fact, self.now)

    def timed(self, fact: acd.Fact) -> tuple[float, list[acd.Command]]:
        self.now += 0.01
        begun = time.perf_counter()
        commands = acd.decide(self.state, fact, self.now)
        return time.perf_counter() - begun, commands

    def occupy_everybody(self) -> None:
        """Give every agent a conversation."""
        for name, rule in self.settings.agents.items():
            self.tell(acd.AgentSet(name, "ready"))
            self.count += 1
            commands = self.tell(acd.Arrived(f"t{self.count}", rule.queues[:1], queue=rule.queues[0]))
            self.tell(acd.Connected(offer_of(commands).offer))


def offer_of(commands: list[acd.Command]) -> acd.Offer:
    """The offer a turn has made."""
    return next(c for c in commands if isinstance(c, acd.Offer))


Round = Callable[[bool], tuple[float, float | None]]


def agent_free(waiting: int, agents: int) -> Round:
    """Wrap-up ends while n wait."""
    floor = Floor(waiting, agents, SKILLS)
    floor.occupy_everybody()
    floor.fill()

    def once(naively: bool) -> tuple[float, float | None]:
        contact = floor.chance.choice(list(floor.state.talks))
        name = floor.state.talks[contact].name
        floor.tell(acd.TalkEnded(contact))
        begun = time.perf_counter()
        expected = naive_caller(floor.state, name) if naively else None
        naive = time.perf_counter() - begun if naively else None
        took, commands = floor.timed(acd.AgentSet(name, "ready"))
        offers = [c for c in commands if isinstance(c, acd.Offer)]
        if naively and [o.contact for o in offers] != ([expected] if expected else []):
            raise AssertionError(f"{name}: offered {offers}, a full scan says {expected}")
        for offer in offers:
            floor.tell(acd.Connected(offer.offer))
        if not offers:
            floor.tell(acd.Arrived(f"t{floor.count}-{floor.now}", (floor.settings.agents[name].queues[0],)))
            floor.tell(acd.Connected(next(iter(floor.state.offers))))
        floor.fill()
        return took, naive

    return once


def caller_with_idle_agents(waiting: int, agents: int, queues: int = 1) -> Round:
    """A caller arrives while everybody is ready."""
    floor = Floor(waiting, agents, ["x" + s for s in SKILLS])
    for name in floor.settings.agents:
        floor.tell(acd.AgentSet(name, "ready"))
    floor.fill()

    def once(naively: bool) -> tuple[float, float | None]:
        fact = floor.caller(SKILLS, queues)
        took, commands = floor.timed(fact)
        naive = None
        if naively:
            begun = time.perf_counter()
            naive_agent(floor.state, fact.queues, fact.skills)
            naive = time.perf_counter() - begun
        for offer in [c for c in commands if isinstance(c, acd.Offer)]:
            floor.tell(acd.Connected(offer.offer))
            floor.tell(acd.TalkEnded(fact.contact))
            floor.tell(acd.AgentSet(offer.agent, "ready"))
        if fact.contact in floor.state.callers:
            floor.tell(acd.Left(fact.contact, "key"))
        return took, naive

    return once


def caller_with_all_busy(waiting: int, agents: int, queues: int = 1) -> Round:
    """A caller arrives while everybody talks."""
    floor = Floor(waiting, agents, SKILLS)
    floor.occupy_everybody()
    floor.fill()

    def once(naively: bool) -> tuple[float, float | None]:
        fact = floor.caller(SKILLS, queues)
        took, _ = floor.timed(fact)
        naive = None
        if naively:
            begun = time.perf_counter()
            naive_agent(floor.state, fact.queues, fact.skills)
            naive = time.perf_counter() - begun
        floor.tell(acd.Left(fact.contact, "key"))
        return took, naive

    return once


def naive_caller(state: acd.State, name: str) -> str | None:
    """The waiting contact an agent should get, by looking at all of them."""
    rule = state.agents[name].rule
    best = None
    for c in state.callers.values():
        fits = c.offer is None and c.lane.queue.name in rule.queues and c.lane.skills <= rule.skills
        if fits and (best is None or c.key < best):
            best = c.key
    return None if best is None else best[2]


def naive_agent(state: acd.State, queues: tuple[str, ...], skills: frozenset[str]) -> str | None:
    """The ready agent a caller should get, by looking at all of them."""
    best, found = None, None
    for a in state.agents.values():
        fits = a.standing and skills <= a.rule.skills and any(q in a.rule.queues for q in queues)
        if fits and (best is None or (a.idle_since, a.order) < best):
            best, found = (a.idle_since, a.order), a.name
    return found


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


SCENES = {
    "agent free": agent_free,
    "caller, idle agents": caller_with_idle_agents,
    "caller, all busy": caller_with_all_busy,
    "caller, 3 queues, idle": partial(caller_with_idle_agents, queues=3),
    "caller, 3 queues, busy": partial(caller_with_all_busy, queues=3),
}


def main() -> None:
    """Run all scenes and sizes turn about and print the table; times in microseconds."""
    rounds = {(scene, size): make(*size) for scene, make in SCENES.items() for size in SIZES}
    took: dict[tuple[str, tuple[int, int]], list[float]] = {key: [] for key in rounds}
    naive: dict[tuple[str, tuple[int, int]], list[float]] = {key: [] for key in rounds}
    for i in range(-200, ROUNDS):
        for key, once in rounds.items():
            ours, theirs = once(i % NAIVE_EVERY == 0)
            if i >= 0:
                took[key].append(ours * 1e6)
            if i >= 0 and theirs is not None:
                naive[key].append(theirs * 1e6)
    print(
        f"{'decision':22}{'waiting':>9}{'agents':>8}{'p50 µs':>9}{'p99 µs':>9}{'naive p50':>11}{'ratio':>8}"
    )
    for (scene, (waiting, agents)), times in took.items():
        scan, p50 = median(naive[scene, (waiting, agents)]), median(times)
        p99 = percentile(times, 0.99)
        print(f"{scene:22}{waiting:>9,}{agents:>8,}{p50:>9.1f}{p99:>9.1f}{scan:>11.1f}{scan / p50:>7.1f}x")


if __name__ == "__main__":
    main()
