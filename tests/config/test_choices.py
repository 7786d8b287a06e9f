"""Every choice made for a contact, in words: the floor's own events, told."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "core"))
from acd_shell import Shell, site

from engine.config.choices import choices
from engine.core import acd
from engine.core.event import Event
from engine.core.site import AgentRule, GroupRule, QueueRule
from engine.core.strategies import STRATEGIES


def floor(strategy: str = "longest_idle", agents: int = 3, wrap_up: float = 0.0) -> Shell:
    queues = [
        QueueRule("sofia", strategy=strategy, cool_down=40, wrap_up=wrap_up),
        QueueRule("dubai", handle_time=100),
    ]
    rules = [AgentRule(f"s{i}", ("sofia",), weight=i + 1) for i in range(agents)]
    shell = Shell(site(queues, [*rules, AgentRule("d", ("dubai",))], [GroupRule("desk", ("sofia", "dubai"))]))
    for rule in rules:
        shell.tell(acd.AgentSet(rule.name, "ready"))
        shell.now += 60.0
    return shell


def told(shell: Shell, contact: str) -> list[list[str]]:
    events = [Event(e.kind, e.at, e.contact, e.agent, e.data) for e in shell.log if e.contact == contact]
    json.dumps([event.data for event in events])  # it goes through the log
    return [[choice.lines[0].split("  ", 1)[1], *choice.lines[1:]] for choice in choices(events)]


def test_queue_and_agent_are_told_with_all_candidates_and_the_winner() -> None:
    shell = floor()
    shell.tell(acd.Arrived("c", ("sofia", "dubai"), group="desk"))
    queue, agent = told(shell, "c")
    assert queue == [
        "Queue sofia of group desk: largest share of its agents free",
        "  → sofia: idle share 1, 3 ready, 0 waiting, staff 3, place 1, estimated wait 0 s",
        "    dubai: left out, nobody is there who could take this caller",
    ]
    assert agent == [
        "Agent s0 in queue sofia: who has waited longest for a contact",
        "  → s0: last contact 3 min 00 s ago, idle for 3 min 00 s",
        "    s1: last contact 2 min 00 s ago, idle for 2 min 00 s",
        "    s2: last contact 60 s ago, idle for 60 s",
    ]


def test_all_who_are_rung_at_once_are_told_as_one_choice_and_who_rings_along_as_another() -> None:
    shell = floor("ring_all", agents=4)
    shell.tell(acd.AgentSet("s3", "paused"))
    shell.tell(acd.Arrived("c", ("sofia",)))
    shell.tell(acd.AgentSet("s3", "ready"))
    _, agents, along = told(shell, "c")
    about = "everybody who is ready at once, up to ring_all_max, and whoever picks up first has the caller"
    assert agents == [
        f"Agents s0, s1, s2 in queue sofia: {about}",
        "  → s0: last contact 4 min 00 s ago, idle for 4 min 00 s",
        "  → s1: last contact 3 min 00 s ago, idle for 3 min 00 s",
        "  → s2: last contact 2 min 00 s ago, idle for 2 min 00 s",
    ]
    assert along == [
        "Agent s3 in queue sofia: became free, and rings along: nobody was in line for them, and 3 rang for this caller",
        "  → this caller: queue sofia, priority 5, waiting for 0 s",
    ]


def test_who_did_not_take_the_caller_a_moment_ago_is_told_as_left_out() -> None:
    shell = floor()
    shell.tell(acd.Arrived("c", ("sofia",)))
    shell.tell(acd.OfferFailed(*shell.state.offers, "rejected"))
    *_, second = told(shell, "c")
    assert second == [
        "Agent s1 in queue sofia: who has waited longest for a contact",
        "  → s1: last contact 2 min 00 s ago, idle for 2 min 00 s",
        "    s2: last contact 60 s ago, idle for 60 s",
        "    left out: s0, who did not take this caller a moment ago",
    ]


def test_a_caller_in_line_is_told_beside_those_who_waited_with_them() -> None:
    shell = floor(agents=1)
    for contact in ("busy", "first", "second"):
        shell.tell(acd.Arrived(contact, ("sofia",), priority=7 if contact == "second" else 5))
        shell.now += 30.0
    shell.tell(acd.Connected(*shell.state.offers))
    shell.tell(acd.TalkEnded("busy"))
    _, choice = told(shell, "second")
    assert choice == [
        "Agent s0 in queue sofia: became free, and of 2 in their lines it was this caller's turn",
        "  → this caller: queue sofia, priority 7, waiting for 30 s",
        "    first: queue sofia, priority 5, waiting for 60 s",
    ]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_tells_its_figures_and_its_ties(strategy: str) -> None:
    shell = floor(strategy)
    for agent in shell.state.agents.values():
        if agent.standing:  # all alike, as far as that can be
            shell.tell(acd.AgentSet(agent.name, "paused"))
    for name in ("s2", "s1", "s0"):
        shell.tell(acd.AgentSet(name, "ready"))
    shell.tell(acd.Arrived("c", ("sofia",)))
    _, lines = told(shell, "c")
    assert lines[0].endswith(STRATEGIES[strategy].about)
    rung = 3 if STRATEGIES[strategy].all_at_once else 1
    assert [line[:4] for line in lines[1:4]] == ["  → "] * rung + ["    "] * (3 - rung)
    assert all(STRATEGIES[strategy].figure in line for line in lines[1:4])
    level = [line for line in lines if line.startswith("    level: ")]
    assert bool(level) == (strategy in ("longest_idle", "least_occupied"))


def test_a_big_floor_is_told_by_its_first_ten_and_a_count_in_the_right_order() -> None:
    """The ten are found without sorting: they must be the ten longest idle, stale entries and all."""
    chance = random.Random(3)
    shell = floor(agents=60)
    for _ in range(300):
        shell.now += 1.0
        name = f"s{chance.randrange(60)}"
        shell.tell(acd.AgentSet(name, chance.choice(("paused", "ready", "ready"))))
    ready = [a for a in shell.state.agents.values() if a.standing]
    longest = [a.name for a in sorted(ready, key=lambda a: (a.idle_since, a.order))]
    shell.tell(acd.Arrived("c", ("sofia",)))
    (offered,) = [e for e in shell.log if e.kind == "offered"]
    assert [row["agent"] for row in offered.data["decision"]["candidates"]] == longest[:10]
    assert offered.data["decision"]["ready"] == len(ready)
    (choice,) = [lines for lines in told(shell, "c") if lines[0].startswith("Agent")]
    assert choice[-1] == f"    and {len(ready) - 10} more, who come after them"


def test_an_agent_who_is_waited_for_and_priority_that_grew_are_told() -> None:
    shell = Shell(
        site([QueueRule("a", ageing=60.0, wrap_up=0)], [AgentRule("x", ("a",)), AgentRule("y", ("a",))])
    )
    for name in ("x", "y"):
        shell.tell(acd.AgentSet(name, "ready"))
    shell.tell(acd.Arrived("c", ("a",), prefer=("y",), patience=30.0))
    _, lines = told(shell, "c")
    assert lines[1] == "    this caller waits for y, and for nobody else yet"
    assert lines[2].startswith("  → y: ")
    shell.tell(acd.Arrived("d", ("a",)))
    shell.tell(acd.Arrived("e", ("a",)))
    for offer in list(shell.state.offers):
        shell.tell(acd.Connected(offer))
    shell.pass_time(shell.now + 90.0)
    shell.tell(acd.TalkEnded("c"))
    _, choice = told(shell, "e")
    assert choice[1] == "  → this caller: queue a, priority 5, 6.5 by now, waiting for 90 s"


def test_two_offers_of_one_moment_are_each_told_as_it_was_then() -> None:
    """The second choice of a turn must not change what is told of the first."""
    shell = floor(agents=4, wrap_up=10.0)
    shell.tell(acd.Arrived("a", ("sofia",)))
    shell.tell(acd.Arrived("b", ("sofia",)))
    for offer in list(shell.state.offers):
        shell.tell(acd.Connected(offer))
    for name in ("s2", "s3"):
        shell.tell(acd.AgentSet(name, "paused"))
    for contact in ("x", "y"):
        shell.tell(acd.Arrived(contact, ("sofia",)))
    shell.tell(acd.TalkEnded("a"))
    shell.tell(acd.TalkEnded("b"))
    shell.now += 10.0
    shell.tell(acd.Tick())
    offers = [e for e in shell.log if e.kind == "offered" and e.contact in ("x", "y")]
    assert [e.data["decision"]["waiting"] for e in offers] == [2, 1]


def test_queues_that_are_level_are_told_with_what_decided_among_them() -> None:
    shell = Shell(
        site(
            [QueueRule("a"), QueueRule("b")],
            [AgentRule("x", ("a",)), AgentRule("y", ("b",))],
            [GroupRule("g", ("a", "b"), choose="fewest_waiting")],
        )
    )
    for name in ("x", "y"):
        shell.tell(acd.AgentSet(name, "ready"))
    shell.tell(acd.Arrived("c", ("a", "b"), group="g"))
    queue, _ = told(shell, "c")
    assert queue[0] == "Queue a of group g: fewest waiting"
    assert queue[-1].startswith("    level: a, b; decided by more agents ready, then")
