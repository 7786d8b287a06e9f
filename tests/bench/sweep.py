"""The distributor against a design that sweeps tables: `python -m tests.bench.sweep` (or `python -m tests.bench --only sweep`).

The design is that of FreeSWITCH's mod_callcenter, made anew here in SQLite: callers, agents and who serves which queue are three tables
without an index, as there. One thread sleeps 100 ms and sweeps: all waiting callers by their score (how long they wait, with a bonus);
for each of them all agents of their queue who are available, longest idle first; the first one who is really free is reserved. It knows no
skills, so this floor has none: 20 queues, every agent in two of them, everybody talks and n callers wait. The tables are in memory,
the rows go to Python through the same cursor a C program would use, and what is not needed for the choice (threads, channels,
events) costs it nothing.

Timed is what one agent becoming free leads to, until it is known who gets them. For the sweep that is its work until the reservation;
the whole sweep, which it goes on with; and the wait until it begins, 50 ms on average. Beside it a full scan: every caller in
order against every agent until two fit, in plain Python. All three must bring the same two together.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from dataclasses import dataclass, replace
from random import Random
from statistics import median

from rich.console import Console
from rich.table import Table

from engine.core import acd
from engine.core.site import AgentRule, QueueRule, Settings

QUEUES = [f"q{i:02}" for i in range(20)]
SIZES = [(100, 10), (1_000, 100), (10_000, 1_000)]  # callers waiting, agents
#: Agents who become free, one after the other; the same but by the sweep, whose work grows with callers times agents.
FREED = 200
SWEPT = {100: 40, 1_000: 10, 10_000: 1}
#: Milliseconds the sweep sleeps; how often the tables' design and the full scan must be beaten.
SLEEP_MS = 100.0
FASTER, FASTER_THAN_SCAN = 50.0, 10_000.0

TABLES = """
CREATE TABLE callers (uuid TEXT, queue TEXT, state TEXT, joined REAL, bonus INTEGER, agent TEXT);
CREATE TABLE agents (name TEXT, status TEXT, state TEXT, last_offered REAL, last_bridge_end REAL, wrap_up REAL, ready_at REAL);
CREATE TABLE served (queue TEXT, agent TEXT, state TEXT, level INTEGER, position INTEGER);
"""
CALLERS = """
SELECT uuid, queue, joined, (? - joined) + bonus AS score FROM callers WHERE state = 'waiting' OR state = 'abandoned' ORDER BY score DESC
"""
AGENTS = """
SELECT name, served.state, agents.state, last_bridge_end, wrap_up, ready_at, level, position
FROM agents LEFT JOIN served ON agents.name = served.agent
WHERE served.queue = ? AND (status = 'available' OR status = 'on break' OR status = 'on demand')
ORDER BY level, last_offered, position
"""
RESERVE = "UPDATE callers SET agent = ?, state = 'trying' WHERE state = 'waiting' AND uuid = ?"


class Swept:
    """The tables of a floor, and a sweep through them."""

    def __init__(self, state: acd.State) -> None:
        self._db = sqlite3.connect(":memory:", isolation_level=None)
        self._db.executescript(TABLES)
        callers = [
            (c.contact, c.lane.queue.name, "waiting", c.enqueued_at, 0, "") for c in state.callers.values()
        ]
        self._db.executemany("INSERT INTO callers VALUES (?, ?, ?, ?, ?, ?)", callers)
        agents = [(name, "available", "talking", 0.0, 0.0, 0.0, 0.0) for name in state.agents]
        self._db.executemany("INSERT INTO agents VALUES (?, ?, ?, ?, ?, ?, ?)", agents)
        served = [
            (queue, name, "ready", 1, 1) for name, one in state.agents.items() for queue in one.rule.queues
        ]
        self._db.executemany("INSERT INTO served VALUES (?, ?, ?, ?, ?)", served)

    def free(self, agent: str) -> None:
        """This agent's conversation has ended."""
        self._db.execute("UPDATE agents SET state = 'waiting' WHERE name = ?", (agent,))

    def sweep(self, now: float) -> tuple[tuple[str, str] | None, float, float]:
        """Who is brought together with whom, the milliseconds until then, and those of the whole sweep."""
        begun, found, known = time.perf_counter(), None, 0.0
        for caller, queue, _joined, _score in self._db.execute(CALLERS, (now,)).fetchall():
            for name, serves, state, ended, wrap_up, ready_at, _level, _position in self._db.execute(
                AGENTS, (queue,)
            ):
                if serves != "ready" or state != "waiting" or ended >= now - wrap_up or ready_at > now:
                    continue
                self._db.execute(RESERVE, (name, caller))
                self._db.execute("UPDATE agents SET state = 'receiving' WHERE name = ?", (name,))
                found, known = found or (caller, name), known or time.perf_counter()
                break
        over = time.perf_counter()
        return found, ((known or over) - begun) * 1e3, (over - begun) * 1e3


@dataclass(slots=True)
class Times:
    """Milliseconds at one size: our decision, the sweep until it has reserved and to its end, the full scan with and without a match."""

    ours: list[float]
    found: list[float]
    swept: list[float]
    scanned: list[float]
    in_vain: list[float]


def floor(waiting: int, agents: int, chance: Random) -> tuple[acd.State, float]:
    """Everybody talks and callers wait; the state, and what time it is."""
    rules = {
        name: AgentRule(name, tuple(chance.sample(QUEUES, 2))) for name in (f"a{i:04}" for i in range(agents))
    }
    queues = {name: QueueRule(name, capacity=10**6, wrap_up=0.0) for name in QUEUES}
    state, now = acd.State(Settings(("en",), {}, {}, {}, queues, {}, rules, {})), 1e9
    for i, rule in enumerate(rules.values()):
        now += 0.01
        acd.decide(state, acd.AgentSet(rule.name, "ready"), now)
        fact = acd.Arrived(f"t{i}", rule.queues, queue=rule.queues[0])
        offer = offered(acd.decide(state, fact, now))
        assert offer is not None
        acd.decide(state, acd.Connected(offer.offer), now)
    for i in range(waiting):
        now += 0.01
        queue = chance.choice(chance.choice(list(rules.values())).queues)
        acd.decide(state, replace(acd.Arrived(f"c{i}", (queue,), max_wait=1e6), queue=queue), now)
    return state, now


def offered(commands: list[acd.Command]) -> acd.Offer | None:
    """The offer a turn has made."""
    return next((one for one in commands if isinstance(one, acd.Offer)), None)


def scan(state: acd.State, free: frozenset[str]) -> tuple[str, str] | None:
    """Every caller, who has waited longest first, against every agent."""
    agents = list(state.agents.values())
    for caller in sorted(state.callers.values(), key=lambda c: c.key):
        if caller.offers:
            continue
        queue = caller.lane.queue.name
        for agent in agents:
            if agent.name in free and queue in agent.rule.queues:
                return caller.contact, agent.name
    return None


def measure(waiting: int, agents: int) -> Times:
    """Free agents one after the other and take the times."""
    chance = Random(f"{waiting} {agents}")
    state, now = floor(waiting, agents, chance)
    swept, times = Swept(state), Times([], [], [], [], [])
    for i in range(FREED):
        contact = chance.choice(sorted(state.talks))
        name = state.talks[contact].name
        now += 1.0
        if by_tables := i < SWEPT[waiting]:
            begun = time.perf_counter()
            seen = scan(state, frozenset({name}))
            times.scanned.append((time.perf_counter() - begun) * 1e3)
            swept.free(name)
            reserved, found, whole = swept.sweep(now)
            times.found.append(found)
            times.swept.append(whole)
        if i < 2:
            begun = time.perf_counter()
            scan(state, frozenset())
            times.in_vain.append((time.perf_counter() - begun) * 1e3)
        begun = time.perf_counter()
        offer = offered(acd.decide(state, acd.TalkEnded(contact), now))
        if offer is None:
            now += 1e-6
            offer = offered(acd.decide(state, acd.Tick(), now))
        times.ours.append((time.perf_counter() - begun) * 1e3)
        ours = offer and (offer.contact, offer.agent)
        if by_tables and not ours == seen == reserved:
            raise AssertionError(f"{name} is free: we say {ours}, a scan {seen}, the sweep {reserved}")
        if offer is not None:
            acd.decide(state, acd.Connected(offer.offer), now)
        else:  # nobody waits for this agent: they talk with somebody new
            fact = acd.Arrived(f"n{i}", state.agents[name].rule.queues[:1])
            offer = offered(acd.decide(state, fact, now))
            assert offer is not None
            acd.decide(state, acd.Connected(offer.offer), now)
            swept.free("nobody")
    return times


def main() -> int:
    """Measure and print the table; 1 when a target is missed at the largest size."""
    console, met = Console(width=150), True
    table = Table(
        "callers × agents",
        "ours, ms",
        "sweep until it reserves, ms",
        "whole sweep, ms",
        "with its sleep",
        "full scan, ms",
        "full scan, nobody free, ms",
    )
    for waiting, agents in SIZES:
        times = measure(waiting, agents)
        ours = median(times.ours)
        until = SLEEP_MS / 2 + median(times.found)
        met = until / ours >= FASTER and median(times.in_vain) / ours >= FASTER_THAN_SCAN
        cells = [cell(values, ours) for values in (times.found, times.swept)]
        table.add_row(
            f"{waiting:,} × {agents:,}",
            f"{ours:.4f}",
            *cells,
            f"{until:.0f} ({until / ours:,.0f} ×)",
            cell(times.scanned, ours),
            cell(times.in_vain, ours),
        )
    console.print("An agent becomes free: medians, and how many times as long as ours.")
    console.print(table)
    console.print(
        f"Targets at the largest size: with its sleep ≥ {FASTER:,.0f} ×, full scan ≥ {FASTER_THAN_SCAN:,.0f} ×"
    )
    return 0 if met else 1


def cell(values: list[float], ours: float) -> str:
    """A median, and its ratio to ours."""
    return f"{median(values):,.3g} ({median(values) / ours:,.0f} ×)"


if __name__ == "__main__":
    sys.exit(main())
