"""How long the distributor takes to decide: `python -m tests.bench.dispatch` (or `python -m tests.bench --only dispatch`).

A floor of 20 queues and 50 skills; every agent serves 2 queues and has 5 skills, three callers in four need one of them. Timed is
`decide()` with all it does: measures, places, estimates, the table of candidates, reservation, commands.

On the *busy* floor everybody talks and n callers wait. A conversation ends, the agent's wrap-up ends and they are offered the caller
whose turn it is, one offer in eight is rejected, the last one is answered, new callers take the places of those who got through
or hung up. On the *idle* floor every agent is ready, n callers wait for skills that nobody has, and each caller who comes gets the
agent who has been idle longest.

Sizes take turns, run by run, each on a floor of its own; figures are medians over the runs. "Cold" is the largest size with 2 MB of
other memory read before every decision, as if the engine had done something else meanwhile. A full scan (looking at everybody to
find the same caller or agent, and doing nothing about it) runs beside the two searches and must find the same.
"""

from __future__ import annotations

import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from math import log
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from engine.core import acd
from engine.core.site import AgentRule, QueueRule, Settings

QUEUES = [f"q{i:02}" for i in range(20)]
SKILLS = [f"s{i:02}" for i in range(50)]
SIZES = [(100, 10), (1_000, 100), (10_000, 1_000)]  # callers waiting, agents
LARGEST = SIZES[-1]
RUNS, CYCLES, WARM_UP = 5, 1500, 300
COLD_CYCLES = 1000
SCAN_EVERY = 10
P50, P99 = 10.0, 100.0  # µs
GROWTH = log(LARGEST[0]) / log(SIZES[0][0])

NEXT_DUE = "(asked after each: what is due next)"

#: Every kind of decision; those that bring a caller and an agent together have a target.
KINDS = {
    "wrap-up ends, next caller offered": True,
    "caller arrives, agent idle": True,
    "caller arrives, all busy": False,
    "offer rejected, next caller offered": False,
    "caller arrives for 3 queues, agents idle": False,
    "caller arrives for 3 queues, all busy": False,
    "agent answers": False,
    "conversation ends": False,
    "caller in line hangs up": False,
    NEXT_DUE: False,
}


#: A full scan: the contact and the agent to bring together, or None.
Scan = Callable[[], tuple[str, str] | None]


@dataclass(slots=True)
class Times:
    """Microseconds by kind of decision."""

    decide: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    scan: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


class Floor:
    """A floor on a virtual clock; only `timed` looks at a real one. `before` runs before every decision that is timed."""

    def __init__(self, waiting: int, agents: int, times: Times, before: Callable[[], object]) -> None:
        self.chance = random.Random(f"{waiting} {agents}")
        self.settings = site(agents, self.chance)
        self.rules = list(self.settings.agents.values())
        self.state = acd.State(self.settings)
        self.waiting = waiting
        self.times = times
        self.before = before
        self.now = 1e9
        self.count = 0
        for queue in self.state.queues.values():  # as after a morning's calls: every skill has been asked for
            for skill in SKILLS:
                self.state.lane(queue, frozenset({skill}))

    def caller(self, queues: int = 1, absent: bool = False) -> acd.Arrived:
        """Somebody who calls a queue that can help them, and others beside it; `absent`: for a skill that nobody has."""
        self.count += 1
        chance = self.chance
        helper = chance.choice(self.rules)
        first = chance.choice(helper.queues)
        others = chance.sample([name for name in QUEUES if name != first], queues - 1)
        needs = {chance.choice(sorted(helper.skills))} if chance.random() < 0.75 else set()
        return acd.Arrived(
            f"c{self.count}",
            (first, *others),
            skills=frozenset({"nobody's"} if absent else needs),
            priority=chance.choice((5, 5, 5, 7)),
            max_wait=1e6,
        )

    def fill(self, absent: bool = False) -> None:
        """Let callers wait until there are n; placed as after a recovery, so nobody is refused."""
        while len(self.state.callers) < self.waiting:
            fact = self.caller(absent=absent)
            self.tell(replace(fact, queue=fact.queues[0]))

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        """Decide without looking at the clock."""
        self.now += 0.01
        commands = acd.decide(self.state, fact, self.now)
        acd.next_due(self.state)
        return commands

    def timed(self, kind: str, fact: acd.Fact, scan: Scan | None = None) -> acd.Offer | None:
        """Decide, and note the time it took; with `scan`, also how long that takes to find the same."""
        expected = self._timed(self.times.scan[kind], scan) if scan else None
        self.now += 0.01
        commands = self._timed(self.times.decide[kind], partial(acd.decide, self.state, fact, self.now))
        self._timed(self.times.decide[NEXT_DUE], partial(acd.next_due, self.state))
        offer = offer_of(commands)
        if scan and expected != (offer and (offer.contact, offer.agent)):
            raise AssertionError(f"{kind}: {offer}, but a full scan says {expected}")
        return offer

    def _timed(self, times: list[float], work: Callable[[], Any]) -> Any:
        self.before()
        begun = time.perf_counter()
        result = work()
        times.append((time.perf_counter() - begun) * 1e6)
        return result

    def serve(self, offer: acd.Offer) -> None:
        """The agent answers, talks and is free again."""
        self.tell(acd.Connected(offer.offer))
        self.tell(acd.TalkEnded(offer.contact))
        self.tell(acd.AgentSet(offer.agent, "ready"))


def site(agents: int, chance: random.Random) -> Settings:
    """A site with everybody in two queues and with five skills."""
    rules = {}
    for i in range(agents):
        skills = frozenset(chance.sample(SKILLS, 5))
        rules[f"a{i:04}"] = AgentRule(f"a{i:04}", tuple(chance.sample(QUEUES, 2)), skills=skills)
    queues = {name: QueueRule(name, capacity=10**6, cool_down=5) for name in QUEUES}
    return Settings(("en",), {}, {}, {}, queues, {}, rules, {})


def offer_of(commands: list[acd.Command]) -> acd.Offer | None:
    """The offer a turn has made."""
    return next((c for c in commands if isinstance(c, acd.Offer)), None)


# --- the busy floor ------------------------------------------------------------------------------


def everybody_talks(floor: Floor) -> None:
    """Give every agent a conversation and let n callers wait."""
    for name in floor.settings.agents:
        floor.tell(acd.AgentSet(name, "ready"))
        occupy(floor, name)
    floor.fill()


def occupy(floor: Floor, name: str) -> None:
    """Give a ready agent a conversation."""
    floor.count += 1
    queue = floor.settings.agents[name].queues[0]
    offer = offer_of(floor.tell(acd.Arrived(f"t{floor.count}", (queue,), queue=queue)))
    assert offer is not None
    floor.tell(acd.Connected(offer.offer))


def busy_cycle(floor: Floor, i: int) -> None:
    """One conversation ends and the next begins; callers come and go."""
    contact = floor.chance.choice(list(floor.state.talks))
    agent = floor.state.talks[contact]
    floor.timed("conversation ends", acd.TalkEnded(contact))
    assert agent.until is not None
    floor.now = agent.until
    scan = partial(scan_callers, floor.state, agent.name) if i % SCAN_EVERY == 0 else None
    offer = floor.timed("wrap-up ends, next caller offered", acd.Tick(), scan)
    if offer is not None and i % 8 == 0:
        offer = floor.timed("offer rejected, next caller offered", acd.OfferFailed(offer.offer, "rejected"))
    if offer is not None:
        floor.timed("agent answers", acd.Connected(offer.offer))
    else:
        occupy(floor, agent.name)
    callers_come(floor, i)


def callers_come(floor: Floor, i: int) -> None:
    """Callers come, some to one queue and some to a group; those who are too many hang up."""
    floor.timed("caller arrives, all busy", floor.caller())
    if i % 2:
        floor.timed("caller arrives for 3 queues, all busy", floor.caller(queues=3))
    while len(floor.state.callers) > floor.waiting:
        somebody = floor.chance.choice(list(floor.state.callers))
        floor.timed("caller in line hangs up", acd.Left(somebody, "abandoned"))


def scan_callers(state: acd.State, name: str) -> tuple[str, str] | None:
    """The waiting contact an agent should get, by looking at all of them."""
    rule = state.agents[name].rule
    best = None
    for c in state.callers.values():
        fits = not c.offers and c.lane.queue.name in rule.queues and c.lane.skills <= rule.skills
        if fits and (best is None or c.key < best):
            best = c.key
    return None if best is None else (best[2], name)


# --- the idle floor ------------------------------------------------------------------------------


def everybody_is_ready(floor: Floor) -> None:
    """Let all agents be ready while n callers wait for somebody else."""
    for name in floor.settings.agents:
        floor.tell(acd.AgentSet(name, "ready"))
    floor.fill(absent=True)


def idle_cycle(floor: Floor, i: int) -> None:
    """A caller comes, to one queue or to a group of three."""
    if i % 2:
        fact = floor.caller()
        scan = partial(scan_agents, floor.state, fact) if i % SCAN_EVERY == 1 else None
        offer = floor.timed("caller arrives, agent idle", fact, scan)
    else:
        offer = floor.timed("caller arrives for 3 queues, agents idle", floor.caller(queues=3))
    assert offer is not None
    floor.serve(offer)


def scan_agents(state: acd.State, fact: acd.Arrived) -> tuple[str, str] | None:
    """The ready agent a caller should get, by looking at all of them."""
    best, found = None, None
    for a in state.agents.values():
        fits = a.standing and fact.skills <= a.rule.skills and fact.queues[0] in a.rule.queues
        if fits and (best is None or (a.idle_since, a.order) < best):
            best, found = (a.idle_since, a.order), a.name
    return None if found is None else (fact.contact, found)


# --- measuring -----------------------------------------------------------------------------------

FLOORS = [(everybody_talks, busy_cycle), (everybody_is_ready, idle_cycle)]


def measure(size: tuple[int, int], cycles: int, before: Callable[[], object] = int) -> Times:
    """One run of both floors."""
    times = Times()
    for begin, cycle in FLOORS:
        floor = Floor(*size, Times(), before=int)
        begin(floor)
        for i in range(WARM_UP):
            cycle(floor, i)
        floor.times, floor.before = times, before
        for i in range(cycles):
            cycle(floor, i)
    return times


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def main() -> int:
    """Measure and print the table, times in microseconds; 1 when a target is missed."""
    runs = {size: [] for size in SIZES}
    for _ in range(RUNS):
        for size in SIZES:
            runs[size].append(measure(size, CYCLES))
    other = bytearray(2 << 20)
    cold = measure(LARGEST, COLD_CYCLES, lambda: other.count(1))
    console = Console(width=150)
    table = Table("decision", *(f"{w:,} × {a:,}" for w, a in SIZES), "growth", "p99", "cold", "full scan", "")
    verdicts = [add_row(table, kind, targeted, runs, cold) for kind, targeted in KINDS.items()]
    console.print(
        f"µs, p50 by callers waiting × agents. Targets: p50 ≤ {P50:g}, p99 ≤ {P99:g}, growth ≤ {GROWTH:g} (log n)"
    )
    console.print(table)
    return 0 if all(verdicts) else 1


def add_row(
    table: Table, kind: str, targeted: bool, runs: dict[tuple[int, int], list[Times]], cold: Times
) -> bool:
    """Add one kind of decision; False when it has a target and misses it."""
    p50 = [median(median(run.decide[kind]) for run in runs[size]) for size in SIZES]
    p99 = median(percentile(run.decide[kind], 0.99) for run in runs[LARGEST])
    growth = p50[-1] / p50[0]
    met = p50[-1] <= P50 and p99 <= P99 and growth <= GROWTH
    scans = [median(run.scan[kind]) for run in runs[LARGEST] if run.scan[kind]]
    scan = f"{median(scans):.0f} ({median(scans) / p50[-1]:.0f}×)" if scans else ""
    verdict = ("[green]met[/green]" if met else "[red]missed[/red]") if targeted else ""
    cells = [f"{value:.1f}" for value in (*p50, growth, p99, median(cold.decide[kind]))]
    table.add_row(kind, *cells, scan, verdict)
    return met or not targeted


if __name__ == "__main__":
    sys.exit(main())
