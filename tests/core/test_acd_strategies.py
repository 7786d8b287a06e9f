"""Who is rung, and which queue is joined, held against references that count everything afresh: 10,000 random snapshots each.

The references share no code with the engine. They are told what happened on the floor (who was in which state from when on, whom each
queue rang last) and work the strategies out as docs/distributor.md defines them.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from hashlib import blake2b
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any

import pytest
from acd_shell import Shell, site

from engine.core import acd
from engine.core.audit import check_invariants
from engine.core.ranking import CHOOSERS, Candidate, pick
from engine.core.site import AgentRule, GroupRule, QueueRule
from engine.core.strategies import STRATEGIES, Call, Standing, ranked

ROOT = Path(__file__).parents[2]
WEIGHTS = (1, 1, 2, 5, 10)


class Floor(Shell):
    """Ten agents in two queues with one strategy, and a diary of what they did."""

    def __init__(self, strategy: str, chance: random.Random) -> None:
        queues = [QueueRule(n, strategy=strategy, wrap_up=10, cool_down=40, rona="ready") for n in ("a", "b")]
        rules = [
            AgentRule(
                f"x{i}",
                chance.choice((("a",), ("b",), ("a", "b"))),
                skills=frozenset(chance.sample(("ar", "fa"), chance.randint(0, 2))),
                weight=chance.choice(WEIGHTS),
            )
            for i in range(10)
        ]
        super().__init__(site(queues, rules))
        self.chance = chance
        self.count = 0
        self.order = {rule.name: i for i, rule in enumerate(rules)}
        self.did: dict[str, deque[tuple[float, str]]] = defaultdict(deque)  # since they signed in
        self.rang: dict[str, str] = {}

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        commands = super().tell(fact)
        for command in commands:
            match command:
                case acd.AgentChanged(agent, state):
                    self.note(agent, state)
                case acd.Offer(_, _, agent, queue):
                    self.rang[queue] = agent
        return commands

    def _event(self, *_: object, **__: object) -> None:
        """Nothing is written down: the diary is enough."""

    def note(self, agent: str, state: str) -> None:
        if state == "logged_out":
            self.did[agent].clear()
        else:
            self.did[agent].append((self.now, state))

    def live(self) -> None:
        """Let something happen, so that about half of the agents are ready when the next caller comes."""
        chance, state = self.chance, self.state
        self.pass_time(self.now + chance.choice((0.0, 1.0, 9.0, 40.0, 300.0)))
        for offer in list(state.offers):
            if chance.random() < 0.8:
                self.tell(acd.Connected(offer))
            else:
                self.tell(acd.OfferFailed(offer, "rejected"))
        for contact in list(state.talks):
            if chance.random() < 0.4:
                self.tell(acd.TalkEnded(contact))
        if chance.random() < 0.2:
            wish = chance.choice(("ready", "ready", "ready", "paused", "logged_out"))
            self.tell(acd.AgentSet(f"x{chance.randrange(10)}", wish))
        for agent in state.agents.values():
            if agent.state in ("logged_out", "paused") and chance.random() < 0.1:
                self.tell(acd.AgentSet(agent.name, "ready"))

    def next_caller(self) -> acd.Arrived:
        self.count += 1
        skills = frozenset(self.chance.sample(("ar", "fa"), self.chance.choice((0, 0, 0, 1))))
        return acd.Arrived(f"c{self.count}", (self.chance.choice("ab"),), skills=skills, max_wait=100.0)

    def able(self, fact: acd.Arrived) -> list[acd.AgentChanged | Any]:
        queue = fact.queues[0]
        return [
            a
            for a in self.state.agents.values()
            if a.state == "ready" and queue in a.rule.queues and fact.skills <= a.rule.skills
        ]

    def occupied(self, name: str) -> float:
        did, first = self.did[name], self.now - 3600.0
        while len(did) > 1 and did[1][0] <= first:  # what ended before counts no more, and time only goes on
            did.popleft()
        spent: dict[str, float] = dict.fromkeys(("ready", "reserved", "talking", "wrap_up", "paused"), 0.0)
        for (began, state), (ended, _) in pairwise([*did, (self.now, "")]):
            spent[state] += max(0.0, ended - max(began, first))
        busy = spent["reserved"] + spent["talking"] + spent["wrap_up"]
        return busy / (busy + spent["ready"]) if busy + spent["ready"] else 0.0


Key = Callable[[Floor, Any, acd.Arrived], Any]


def behind(floor: Floor, agent: Any, fact: acd.Arrived) -> int:
    """How far down the list an agent is found by somebody who begins behind the last one, round and round."""
    names = list(floor.order)
    last = floor.rang.get(fact.queues[0])
    begin = 0 if last is None else floor.order[last] + 1
    return (names[begin:] + names[:begin]).index(agent.name)


def luck(floor: Floor, agent: Any, fact: acd.Arrived) -> float:
    text = f"{fact.contact} {agent.name} {floor.now:.6f}".encode()
    share = (int.from_bytes(blake2b(text, digest_size=8).digest(), "big") + 0.5) / 2.0**64
    return -(share ** (1.0 / agent.rule.weight))


REFERENCES: dict[str, Key] = {
    "longest_idle": lambda floor, agent, fact: (),
    "least_occupied": lambda floor, agent, fact: floor.occupied(agent.name),
    "round_robin": behind,
    "linear": lambda floor, agent, fact: floor.order[agent.name],
    "weighted_random": luck,
}


def test_every_strategy_that_rings_one_agent_has_a_reference() -> None:
    assert REFERENCES.keys() == {name for name, rule in STRATEGIES.items() if not rule.all_at_once}


@pytest.mark.parametrize("strategy", REFERENCES)
def test_the_agent_rung_equals_a_brute_force_reference_on_10_000_random_snapshots(strategy: str) -> None:
    chosen = compared = 0
    for seed in range(10):
        floor = Floor(strategy, random.Random(seed))
        for name in floor.order:
            floor.tell(acd.AgentSet(name, "ready"))
        for _ in range(1000):
            floor.live()
            fact = floor.next_caller()
            able = floor.able(fact)
            key = REFERENCES[strategy]
            expected = min(
                able,
                key=lambda a: (key(floor, a, fact), a.idle_since, floor.order[a.name]),
                default=None,
            )
            offers = [c for c in floor.tell(fact) if isinstance(c, acd.Offer)]
            assert [o.agent for o in offers] == ([] if expected is None else [expected.name])
            compared += 1
            chosen += len(able) > 1
    assert compared == 10_000
    assert chosen > 3000


def test_all_who_are_rung_at_once_equal_a_brute_force_reference_on_10_000_random_snapshots() -> None:
    most, several = QueueRule("a").ring_all_max, 0
    for seed in range(10):
        floor = Floor("ring_all", random.Random(seed))
        for name in floor.order:
            floor.tell(acd.AgentSet(name, "ready"))
        for _ in range(1000):
            floor.live()
            fact = floor.next_caller()
            able = sorted(floor.able(fact), key=lambda a: (a.idle_since, floor.order[a.name]))
            offers = [c for c in floor.tell(fact) if isinstance(c, acd.Offer)]
            assert [o.agent for o in offers] == [a.name for a in able[:most]]
            several += len(offers) > 1
    assert several > 1500


@pytest.mark.parametrize("strategy", REFERENCES)
def test_who_has_just_failed_this_caller_is_not_rung_before_the_others(strategy: str) -> None:
    floor = Floor(strategy, random.Random(4))
    for name in floor.order:
        floor.tell(acd.AgentSet(name, "ready"))
    floor.tell(acd.Arrived("c", ("a",)))
    rung = []
    for _ in [*floor.able(acd.Arrived("c", ("a",))), None]:
        (offer,) = floor.state.offers
        rung.append(floor.state.offers[offer].agent.name)
        floor.tell(acd.OfferFailed(offer, "rejected"))
    assert len(set(rung)) == len(rung) > 3
    assert not floor.state.offers
    check_invariants(floor.state, floor.now)


def test_by_lot_everybody_wins_as_often_as_their_weight_says() -> None:
    weights = {"anna": 1, "boris": 2, "chen": 5}
    standing = [Standing(name, 0.0, i, 0.0, w) for i, (name, w) in enumerate(weights.items())]
    rule = STRATEGIES["weighted_random"]
    wins = Counter(ranked(rule, standing, Call(f"c{i}", 1e9 + i, -1, 3))[0][1].agent for i in range(10_000))
    for name, weight in weights.items():
        assert wins[name] == pytest.approx(10_000 * weight / 8, rel=0.06)


def test_somebody_who_has_just_signed_in_is_not_flooded_until_counts_are_level() -> None:
    """Least occupied goes by shares since login: an agent back from a long absence gets no more than their turn."""
    floor = Shell(
        site(
            [QueueRule("a", strategy="least_occupied", wrap_up=0)],
            [AgentRule("old", ("a",)), AgentRule("new", ("a",))],
        )
    )
    floor.tell(acd.AgentSet("old", "ready"))
    served: Counter[str] = Counter()
    for i in range(60):
        if i == 20:
            floor.tell(acd.AgentSet("new", "ready"))
        floor.pass_time(floor.now + 60.0)
        (_, offer, *_) = [
            c for c in floor.tell(acd.Arrived(f"c{i}", ("a",))) if not isinstance(c, acd.AgentChanged)
        ]
        served[offer.agent] += i >= 20
        floor.tell(acd.Connected(offer.offer))
        floor.pass_time(floor.now + 60.0)
        floor.tell(acd.TalkEnded(offer.contact))
    assert abs(served["old"] - served["new"]) <= 12


# --- which queue ---------------------------------------------------------------------------------


def reference_queue(rule: str, able: list[tuple[int, Candidate]]) -> str:
    """The queue that each of the rules for comparison chooses among the candidates that are left."""
    figure: dict[str, Callable[[Candidate], float]] = {
        "fewest_waiting": lambda c: c.waiting,
        "waiting_per_agent": lambda c: (c.waiting + 1) / c.active if c.active else inf,
        "longest_wait": lambda c: c.head_wait,
    }
    best = sorted(able, key=lambda pc: (figure[rule](pc[1]), -pc[1].ready, pc[1].last_chosen or 0.0, pc[0]))
    return best[0][1].queue


def random_candidate(chance: random.Random, name: str) -> Candidate:
    waiting = chance.choice((0, 0, 1, 2, 5))
    return Candidate(
        name,
        open=chance.random() < 0.9,
        staffed=chance.random() < 0.9,
        capacity=5,
        held=chance.choice((waiting, waiting + 1)),
        waiting=waiting,
        ready=chance.choice((0, 0, 1, 2, 3)),
        active=chance.choice((0.0, 0.5, 1.0, 2.0, 3.0)),
        place=waiting + 1,
        wait=chance.choice((None, 0.0, 30.0, 90.0)),
        adjust=chance.choice((0.0, -30.0)),
        idle_since=None,
        last_chosen=chance.choice((None, 50.0, 60.0)),
        head_wait=chance.choice((0.0, 10.0, 20.0)) if waiting else 0.0,
    )


@pytest.mark.parametrize("rule", sorted(CHOOSERS.keys() - {"least_busy"}))
def test_the_rules_for_comparison_equal_a_brute_force_reference_on_10_000_random_tables(rule: str) -> None:
    chance, chosen = random.Random(rule), 0
    for _ in range(10_000):
        found = [random_candidate(chance, name) for name in chance.sample("abcd", chance.randint(1, 4))]
        able = [(i, c) for i, c in enumerate(found) if c.open and c.staffed and c.held < c.capacity]
        choice = pick(found, 1.0, rule)
        assert (choice.candidate and choice.candidate.queue) == (
            reference_queue(rule, able) if able else None
        )
        chosen += len(able) > 1
        assert choice.decision["rule"] == (rule if able else "none")
    assert chosen > 3000


@pytest.mark.parametrize("rule", sorted(CHOOSERS))
def test_a_group_chooses_by_its_own_rule(rule: str) -> None:
    """Three queues of which each rule but one likes a different one."""
    queues = [
        QueueRule("crowd", handle_time=10),
        QueueRule("slow", handle_time=900),
        QueueRule("fresh", handle_time=300),
    ]
    agents = [AgentRule(f"c{i}", ("crowd",)) for i in range(6)]
    agents += [AgentRule("s", ("slow",)), AgentRule("f1", ("fresh",)), AgentRule("f2", ("fresh",))]
    floor = Shell(site(queues, agents, [GroupRule("all", ("crowd", "slow", "fresh"), choose=rule)]))
    for agent in agents:
        floor.tell(acd.AgentSet(agent.name, "ready"))
    for i in range(9):
        queue = ("crowd",) if i < 6 else ("slow",) if i < 7 else ("fresh",)
        floor.tell(acd.Arrived(f"t{i}", queue))
    for queue, after, callers in (("slow", 0.0, 1), ("crowd", 50.0, 3), ("fresh", 5.0, 2)):
        floor.now += after
        for i in range(callers):
            floor.tell(acd.Arrived(f"{queue}{i}", (queue,)))
    queued = floor.tell(acd.Arrived("me", ("crowd", "slow", "fresh"), group="all"))[0]
    assert isinstance(queued, acd.Queued)
    by = {
        "least_busy": "crowd",
        "waiting_per_agent": "crowd",
        "fewest_waiting": "slow",
        "longest_wait": "fresh",
    }
    assert queued.queue == by[rule]


# --- one registry --------------------------------------------------------------------------------

WITH_ANOTHER = '''
import dataclasses, json, sys
from pathlib import Path
from engine.core import strategies

@strategies.strategy("who has the longest name", "letters", ("order",))
def longest_name(agent, call):
    """Nobody wants this."""
    return -len(agent.agent)

from engine.config.generated import tables
from engine.config.schema import site_schema
from engine.config import load_files
from engine.core import acd

site = load_files(Path(sys.argv[1])).snapshot.settings
state = acd.State(site)
for name in site.agents:
    acd.decide(state, acd.AgentSet(name, "ready"), 1.0)
offers = [c for c in acd.decide(state, acd.Arrived("c", ("desk",)), 2.0) if isinstance(c, acd.Offer)]
schema = site_schema()["properties"]["queues"]["additionalProperties"]
print(json.dumps({
    "rung": [o.agent for o in offers],
    "docs": "or longest_name" in tables(),
    "schema": "longest_name" in json.dumps(schema),
}))
'''

SITE = """\
languages: [en]
prompts: ../prompts
numbers: { "100": desk }
queues:
  desk: { strategy: longest_name }
agents:
  "1": { queues: [desk], contact: "sip:1@127.0.0.1:17001" }
  "300": { queues: [desk], contact: "sip:300@127.0.0.1:17003" }
  "22": { queues: [desk], contact: "sip:22@127.0.0.1:17002" }
"""
FLOW = """\
flow: desk
languages: [en]
steps:
  start:
    - queue: desk
      on_timeout: bye
    - hangup
  bye:
    - hangup
"""


def test_a_strategy_is_one_function_and_checker_schema_docs_and_distributor_know_it(tmp_path: Path) -> None:
    """One is registered in a fresh process, and nothing else is told of it."""
    flows = tmp_path / "ivr_flows"
    flows.mkdir()
    (flows / "site.yaml").write_text(SITE)
    (flows / "desk.yaml").write_text(FLOW)
    (tmp_path / "prompts").symlink_to(ROOT / "prompts")
    ran = subprocess.run(
        [sys.executable, "-c", WITH_ANOTHER, str(flows)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert ran.stdout == '{"rung": ["300"], "docs": true, "schema": true}\n', ran.stderr
