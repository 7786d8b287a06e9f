"""Least busy, held against a reference that counts everything afresh: 10,000 random snapshots.

The reference shares no code with the engine. It is told what happened on the floor (who handled what for how long, who left when) and looks
at who stands where, and works the figures and the rule out as docs/distributor.md defines them.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass, field
from math import inf
from typing import Any

import pytest
from acd_shell import Shell, site

from engine.core import acd
from engine.core.parties import Agent
from engine.core.ranking import Candidate, pick
from engine.core.site import AgentRule, QueueRule

UNIT = 2**40  # shares are rounded down to whole parts of it
NAMES = ("sofia", "dubai", "tehran", "online")
SKILLS = ("ar", "fa")


# --- the rule on plain figures -------------------------------------------------------------------


def reference_rule(candidates: list[Candidate]) -> tuple[str | None, str]:
    """The queue chosen and the rule that chose it, or None and the refusal."""
    reasons, fit = set(), []
    for place, c in enumerate(candidates):
        if not c.open:
            reasons.add("closed")
        elif not c.staffed:
            reasons.add("unstaffed")
        elif c.held >= c.capacity:
            reasons.add("full")
        else:
            fit.append((place, c))
    if not fit:
        return None, "full" if "full" in reasons else "unstaffed" if "unstaffed" in reasons else "closed"
    surplus = [
        ((c.ready - c.waiting) / c.active if c.active else inf, -(c.idle_since or inf), -place, c.queue)
        for place, c in fit
        if c.ready > c.waiting
    ]
    if surplus:
        return max(surplus)[3], "agent_surplus"
    cost = {c.queue: inf if c.wait is None else c.wait + c.adjust for _, c in fit}
    level = [(place, c) for place, c in fit if cost[c.queue] <= min(cost.values()) + 5.0]
    crowded = [
        ((c.waiting + 1) / c.active if c.active else inf, c.last_chosen or 0.0, place, c.queue)
        for place, c in level
    ]
    return min(crowded)[3], "call_surplus"


def random_candidate(chance: random.Random, name: str) -> Candidate:
    """A queue as it could be found; few different values, so that ties are common."""
    ready, waiting = chance.choice((0, 0, 1, 2, 3)), chance.choice((0, 0, 1, 2, 5))
    active = chance.choice((0.0, 0.5, 1.0, 2.0, 3.0))
    return Candidate(
        name,
        open=chance.random() < 0.9,
        staffed=chance.random() < 0.9,
        capacity=5,
        held=chance.choice((waiting, waiting + 1)),
        waiting=waiting,
        ready=ready,
        active=active,
        place=waiting + 1,
        wait=None if active == 0.0 else chance.choice((0.0, 30.0, 33.0, 36.0, 90.0)),
        adjust=chance.choice((0.0, 0.0, -30.0, 3.0)),
        idle_since=chance.choice((100.0, 200.0)) if ready else None,
        last_chosen=chance.choice((None, 50.0, 60.0)),
    )


def test_the_rule_equals_a_brute_force_reference_on_10_000_random_tables() -> None:
    chance = random.Random(1)
    rules = defaultdict(int)
    for _ in range(10_000):
        candidates = [random_candidate(chance, name) for name in chance.sample(NAMES, chance.randint(1, 4))]
        choice = pick(candidates, 1.0)
        found = choice.candidate and choice.candidate.queue
        assert (found, choice.refusal or choice.decision["rule"]) == reference_rule(candidates), candidates
        assert choice.decision["chosen"] == found
        assert [row["queue"] for row in choice.decision["candidates"]] == [c.queue for c in candidates]
        rules[choice.refusal or choice.decision["rule"]] += 1
    assert min(rules.values()) > 100
    assert len(rules) == 5


@pytest.mark.parametrize(
    ("table", "chosen"),
    [
        # the largest idle share wins, not the largest number of idle agents
        ([("a", 2, 0, 4.0, 0.0, 0.0), ("b", 1, 0, 1.0, 0.0, 0.0)], "b"),
        # an agent free beats any wait, and any adjustment
        ([("a", 0, 0, 9.0, 1.0, -600.0), ("b", 1, 0, 9.0, 0.0, 0.0)], "b"),
        # no agent free: the shortest wait
        ([("a", 0, 1, 1.0, 90.0, 0.0), ("b", 0, 9, 9.0, 60.0, 0.0)], "b"),
        # home site first, as far as adjust reaches
        ([("a", 0, 1, 1.0, 90.0, -40.0), ("b", 0, 9, 9.0, 60.0, 0.0)], "a"),
        # within 5 s waits are level, and the smaller crowd for each agent wins
        ([("a", 0, 3, 2.0, 60.0, 0.0), ("b", 0, 3, 4.0, 65.0, 0.0)], "b"),
        ([("a", 0, 3, 2.0, 60.0, 0.0), ("b", 0, 3, 4.0, 65.1, 0.0)], "a"),
        # more callers than agents are ready for: it is a wait, not a surplus
        ([("a", 1, 1, 1.0, 30.0, 0.0), ("b", 0, 0, 1.0, 20.0, 0.0)], "b"),
    ],
)
def test_the_quietest_queue_in_plain_cases(table: list[tuple[Any, ...]], chosen: str) -> None:
    candidates = [
        Candidate(name, True, True, 40, waiting, waiting, ready, active, waiting + 1, wait, adjust, 1.0, None)
        for name, ready, waiting, active, wait, adjust in table
    ]
    found = pick(candidates, 1.0).candidate
    assert found is not None
    assert found.queue == chosen


# --- the figures it is fed with ------------------------------------------------------------------


@dataclass
class Diary:
    """What happened on a floor, as a bystander would note it: who handled what until when and how long, who left after how long."""

    of_agent: dict[str, list[tuple[str, float, float]]] = field(default_factory=lambda: defaultdict(list))
    of_queue: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))  # seconds
    waits: dict[str, list[tuple[float, bool]]] = field(default_factory=lambda: defaultdict(list))
    chosen: dict[str, float] = field(default_factory=dict)


class Floor(Shell):
    """A floor with a diary, kept from facts and commands alone."""

    def __init__(self, chance: random.Random) -> None:
        self.queues = {
            "sofia": QueueRule("sofia", capacity=3, wrap_up=20, handle_time=100),
            "dubai": QueueRule("dubai", capacity=2, wrap_up=0, handle_time=150, adjust=-20),
            "tehran": QueueRule("tehran", capacity=2, wrap_up=10, handle_time=80, count_paused=True),
            "online": QueueRule("online", capacity=4, wrap_up=5, handle_time=60, adjust=10),
        }
        rules = []
        for i in range(9):
            skills = frozenset(chance.sample(SKILLS, chance.randint(0, 2)))
            rules.append(AgentRule(f"a{i}", tuple(chance.sample(NAMES, chance.randint(1, 3))), skills=skills))
        super().__init__(site(self.queues.values(), rules))
        self.chance = chance
        self.diary = Diary()
        self.count = 0

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        busy = {a.name: (a.queue, a.connected_at) for a in self.state.agents.values() if a.queue}
        in_queue = {c.contact: (c.lane.queue.name, c.enqueued_at) for c in self.state.callers.values()}
        commands = super().tell(fact)
        for name, (queue, since) in busy.items():
            if self.state.agents[name].queue is None:
                self.diary.of_agent[name].append((queue.name, self.now, self.now - since))
                self.diary.of_queue[queue.name].append(self.now - since)
        for contact, (queue, since) in in_queue.items():
            if contact not in self.state.callers:
                gave_up = (
                    isinstance(fact, acd.Left) and fact.contact == contact and fact.reason == "abandoned"
                )
                self.diary.waits[queue].append((self.now - since, gave_up))
        return commands

    def live(self) -> None:
        """Let something happen."""
        chance, state = self.chance, self.state
        self.pass_time(
            self.now + chance.choice((0.0, 1.0, 7.0, 40.0)) * (20 if chance.random() < 0.01 else 1)
        )
        for offer in list(state.offers):
            if chance.random() < 0.5:
                self.tell(
                    acd.Connected(offer) if chance.random() < 0.9 else acd.OfferFailed(offer, "rejected")
                )
        for contact in list(state.talks):
            if chance.random() < 0.3:
                self.tell(acd.TalkEnded(contact))
        for contact in list(state.callers):
            if chance.random() < 0.05:
                self.tell(acd.Left(contact, "abandoned"))
        for name in state.agents:
            if chance.random() < 0.1:
                wish = chance.choice(("ready", "ready", "ready", "ready", "paused", "logged_out"))
                self.tell(acd.AgentSet(name, wish))

    def next_caller(self) -> acd.Arrived:
        """Somebody who may go to several queues."""
        self.count += 1
        chance = self.chance
        return acd.Arrived(
            f"c{self.count}",
            tuple(chance.sample(NAMES, chance.randint(2, 4))),
            closed=frozenset(n for n in NAMES if chance.random() < 0.05),
            priority=chance.choice((5, 5, 5, 7)),
            skills=frozenset(chance.sample(SKILLS, chance.choice((0, 0, 0, 1)))),
            max_wait=chance.choice((60.0, 600.0)),
        )

    # --- the reference's figures, all counted afresh ---

    def table(self, fact: acd.Arrived) -> list[Candidate]:
        return [self.figures(name, fact) for name in fact.queues]

    def figures(self, name: str, fact: acd.Arrived) -> Candidate:
        rule, people = self.queues[name], [a for a in self.state.agents.values() if name in a.rule.queues]
        able = [a for a in people if fact.skills <= a.rule.skills]
        here = [a for a in able if self.present(a) or (rule.count_paused and self.signed_in(a))]
        held = [c for c in self.state.callers.values() if c.lane.queue.name == name]
        waiting = [c for c in held if not c.offers]
        ready = [a for a in able if a.state == "ready"]
        key = (-fact.priority, self.now, fact.contact)
        place = 1 + sum((-c.priority, c.enqueued_at, c.contact) < key for c in waiting)
        active = sum(self.share(a, name) for a in people if self.present(a)) / UNIT
        return Candidate(
            name,
            name not in fact.closed,
            bool(here),
            rule.capacity,
            len(held),
            len(waiting),
            len(ready),
            active,
            place,
            0.0 if ready and place == 1 else self.wait(name, place, active),
            rule.adjust,
            min((a.idle_since for a in ready), default=None),
            self.diary.chosen.get(name),
            next((self.now - c.enqueued_at for c in sorted(waiting, key=lambda c: c.key)), 0.0),
        )

    def present(self, agent: Agent) -> bool:
        return agent.state in ("ready", "reserved", "talking", "wrap_up") and not agent.then

    def signed_in(self, agent: Agent) -> bool:
        return "logged_out" not in (agent.state, agent.then)

    def share(self, agent: Agent, name: str) -> int:
        recent = [h for h in self.diary.of_agent[agent.name] if h[1] > self.now - 7200.0]
        if len(recent) < 20:
            return UNIT // len(agent.rule.queues)
        spent = [(queue, round(seconds * 1e6)) for queue, _, seconds in recent]
        return sum(s for queue, s in spent if queue == name) * UNIT // sum(s for _, s in spent)

    def wait(self, name: str, place: int, active: float) -> float | None:
        if active == 0.0:
            return None
        times = self.diary.of_queue[name][-100:]
        handle_time = (5 * self.queues[name].handle_time + sum(times)) / (5 + len(times))
        waits = self.diary.waits[name][-200:]
        total = sum(seconds for seconds, _ in waits)
        theta = sum(gave_up for _, gave_up in waits) / total if len(waits) >= 20 and total else 0.0
        return sum(1 / (active / handle_time + i * theta) for i in range(place))


def test_the_choice_equals_a_brute_force_reference_on_10_000_random_snapshots() -> None:
    rules = defaultdict(int)
    for seed in range(20):
        floor = Floor(random.Random(seed))
        for _ in range(500):
            floor.live()
            rules[ask_and_compare(floor)] += 1
    assert sum(rules.values()) == 10_000
    assert min(rules[rule] for rule in ("agent_surplus", "call_surplus", "full", "unstaffed")) > 100, rules


def ask_and_compare(floor: Floor) -> str:
    """Let a caller arrive; their queue and the whole table must be the reference's. Returns the rule that chose."""
    fact = floor.next_caller()
    expected = floor.table(fact)
    queue, rule = reference_rule(expected)
    first = floor.tell(fact)[0]
    assert isinstance(first, acd.Queued | acd.Refused)
    rows = first.decision["candidates"]
    for c, row in zip(expected, rows, strict=True):
        wait = None if c.wait is None else pytest.approx(c.wait, rel=1e-6)
        del row["excluded"]
        assert row == {**{name: getattr(c, name) for name in row}, "wait": wait}
    if isinstance(first, acd.Refused):
        assert (queue, rule) == (None, first.outcome)
    else:
        assert (queue, rule) == (first.queue, first.decision["rule"])
        floor.diary.chosen[first.queue] = floor.now
    return rule
