"""The wait that callers are told: by the agents who can take them, and those in any line whom these take first."""

from __future__ import annotations

import pytest
from acd_shell import Shell, site

from engine.core import acd
from engine.core.site import AgentRule, QueueRule
from engine.core.waiting import estimate

H = 180.0


def floor(*agents: AgentRule) -> Shell:
    """Two queues whose agents are all in a conversation of the second one."""
    shell = Shell(site([QueueRule("sales"), QueueRule("support")], agents))
    for agent in agents:
        shell.tell(acd.AgentSet(agent.name, "ready"))
    for i, agent in enumerate(agents):
        skills = agent.skills
        busy = acd.Arrived(f"busy{i}", agent.queues[-1:], skills=skills)
        offers = [c for c in shell.tell(busy) if isinstance(c, acd.Offer)]
        shell.tell(acd.Connected(offers[0].offer))
    return shell


def comes(
    shell: Shell, contact: str, queue: str, priority: int = 5, skills: frozenset[str] = frozenset()
) -> None:
    shell.now += 1.0
    shell.tell(acd.Arrived(contact, (queue,), priority=priority, skills=skills))


def told(shell: Shell, contact: str) -> float:
    found = acd.estimate(shell.state, contact, shell.now)
    assert found is not None
    return found.mean


BOTH = ("sales", "support")


def test_an_agent_of_two_queues_counts_whole_where_nobody_waits_in_the_other() -> None:
    shell = floor(AgentRule("a", BOTH), AgentRule("b", BOTH))
    comes(shell, "c", "sales")
    assert told(shell, "c") == pytest.approx(H / 2)


def test_whoever_came_first_in_the_agents_other_queue_is_ahead_and_who_came_later_is_not() -> None:
    shell = floor(AgentRule("a", BOTH), AgentRule("b", BOTH))
    comes(shell, "first", "support")
    comes(shell, "c", "sales")
    assert told(shell, "c") == pytest.approx(2 * H / 2)
    comes(shell, "later", "support")
    assert told(shell, "c") == pytest.approx(2 * H / 2)
    comes(shell, "urgent", "support", priority=9)
    assert told(shell, "c") == pytest.approx(3 * H / 2)
    assert acd.position(shell.state, "c") == 1  # the place that is told is that of the queue


def test_of_those_ahead_elsewhere_as_many_count_as_these_agents_will_take() -> None:
    shell = floor(AgentRule("a", BOTH), AgentRule("own", ("support",)))
    comes(shell, "first", "support")
    comes(shell, "c", "sales")
    one, two = (estimate(place, 1.0, H, 0.0) for place in (1.0, 2.0))
    assert one is not None and two is not None
    assert told(shell, "c") == pytest.approx((one.mean + two.mean) / 2)


def test_only_agents_with_the_callers_skills_are_reckoned_with() -> None:
    arabic = frozenset({"ar"})
    shell = floor(
        AgentRule("a", ("sales",), skills=arabic), AgentRule("b", ("sales",)), AgentRule("d", ("sales",))
    )
    comes(shell, "anybody", "sales")
    comes(shell, "c", "sales", skills=arabic)
    assert told(shell, "anybody") == pytest.approx(H / 3)
    assert told(shell, "c") == pytest.approx(H * (1 + 1 / 3))


def test_what_a_queue_would_cost_a_caller_now_is_reckoned_by_the_same_line() -> None:
    shell = floor(AgentRule("a", BOTH), AgentRule("b", BOTH))
    comes(shell, "first", "support")
    assert acd.expected(shell.state, "sales") == pytest.approx(2 * H / 2)
    shell.tell(acd.AgentSet("a", "logged_out"))
    shell.tell(acd.AgentSet("b", "logged_out"))
    assert acd.expected(shell.state, "sales") is None
