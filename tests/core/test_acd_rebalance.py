"""Rebalancing: a caller who waits is taken to a queue of their group that has become much quicker, once, with the time they came."""

from __future__ import annotations

import pytest
from acd_shell import Shell, site

from engine.core import acd
from engine.core.audit import check_invariants
from engine.core.ranking import REBALANCED, Candidate, shorter
from engine.core.site import AgentRule, GroupRule, QueueRule


def floor(rebalance: bool = True) -> Shell:
    """Two desks of one agent each, who both talk; at each of them a call takes two minutes."""
    queues = [QueueRule("sofia", handle_time=120, wrap_up=0), QueueRule("dubai", handle_time=120, wrap_up=0)]
    agents = [AgentRule("s", ("sofia",)), AgentRule("d1", ("dubai",)), AgentRule("d2", ("dubai",))]
    group = GroupRule("desk", ("sofia", "dubai"), rebalance=rebalance)
    made = Shell(site(queues, agents, [group]))
    for name, queue in (("s", "sofia"), ("d1", "dubai")):
        made.tell(acd.AgentSet(name, "ready"))
        made.tell(acd.Arrived(f"with_{name}", (queue,)))
        made.tell(acd.Connected(*made.state.offers))
    return made


def come(shell: Shell, contact: str) -> str:
    queued = shell.tell(acd.Arrived(contact, ("sofia", "dubai"), group="desk"))[0]
    assert isinstance(queued, acd.Queued)
    return queued.queue


def moves(commands: list[acd.Command]) -> list[tuple[str, str, str | None]]:
    return [(c.contact, c.queue, c.moved_from) for c in commands if isinstance(c, acd.Queued)]


def test_a_caller_goes_where_they_are_served_much_sooner_and_keeps_the_time_they_came() -> None:
    shell = floor()
    came = shell.now
    assert [come(shell, f"c{i}") for i in range(4)] == ["sofia", "dubai", "sofia", "dubai"]
    shell.now += 5.0
    shell.tell(acd.AgentSet("d2", "ready"))  # takes the first in Dubai; one is left there, with two agents
    shell.tell(acd.Connected(*shell.state.offers))
    told = shell.pass_time(came + 30.0)
    assert moves(told) == [("c0", "dubai", "sofia")]  # 120 s in Sofia; 60 s in Dubai, before who came later
    (queued,) = [c for c in told if isinstance(c, acd.Queued)]
    assert queued.enqueued_at == came
    assert queued.decision["rule"] == REBALANCED
    assert [row["queue"] for row in queued.decision["candidates"]] == ["sofia", "dubai"]
    assert (queued.position, queued.estimate) == (1, 60.0)
    check_invariants(shell.state, shell.now)
    assert acd.summary(shell.rebuilt(), shell.now) == acd.summary(shell.state, shell.now)


def test_nobody_is_taken_over_twice_and_nobody_of_a_group_without_it() -> None:
    shell = floor()
    for i in range(4):
        come(shell, f"c{i}")
    shell.tell(acd.AgentSet("d2", "ready"))
    shell.tell(acd.Connected(*shell.state.offers))
    assert moves(shell.pass_time(shell.now + 30.0)) == [("c0", "dubai", "sofia")]
    shell.tell(acd.AgentSet("d1", "logged_out"))  # when their call is over; Sofia is quicker again
    shell.tell(acd.AgentSet("d2", "logged_out"))
    for contact in ("c2", "with_s"):
        shell.tell(acd.Left(contact, "abandoned"))
    assert all(contact != "c0" for contact, _, _ in moves(shell.pass_time(shell.now + 300.0)))
    still = floor(rebalance=False)
    for i in range(4):
        come(still, f"c{i}")
    still.tell(acd.AgentSet("d2", "ready"))
    still.tell(acd.Connected(*still.state.offers))
    assert moves(still.pass_time(still.now + 300.0)) == []


@pytest.mark.parametrize(
    ("here", "there", "goes"),
    [
        (150.0, 90.0, True),  # a minute, and exactly 40 %
        (150.0, 91.0, False),  # not quite a minute
        (300.0, 181.0, False),  # two minutes, but not 40 %
        (300.0, 180.0, True),
        (None, 500.0, True),  # nobody is there any more
        (500.0, None, False),
    ],
)
def test_a_move_saves_at_least_a_minute_and_two_fifths(
    here: float | None, there: float | None, goes: bool
) -> None:
    found = [
        Candidate(name, True, True, 9, 3, 3, 0, 1.0, 3, wait, 0.0, None, None)
        for name, wait in (("a", here), ("b", there))
    ]
    assert (shorter(found, 1.0, "a") is not None) == goes


def test_a_full_or_closed_queue_takes_nobody_over() -> None:
    here = Candidate("a", True, True, 9, 3, 3, 0, 1.0, 3, 900.0, 0.0, None, None)
    full = Candidate("b", True, True, 3, 3, 3, 0, 1.0, 3, 10.0, 0.0, None, None)
    assert shorter([here, full], 1.0, "a") is None
    assert shorter([here, full._replace(capacity=9, open=False)], 1.0, "a") is None
    assert shorter([here, full._replace(capacity=9)], 1.0, "a") is not None
