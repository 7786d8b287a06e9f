"""A queue that rings everybody at once: who is rung, who has the caller, and what becomes of all others."""

from __future__ import annotations

import pytest
from acd_shell import Shell, site

from engine.core import acd
from engine.core.acd import (
    AgentSet,
    Arrived,
    Cancel,
    Connected,
    Left,
    Offer,
    OfferFailed,
    PickedUp,
    TalkEnded,
)
from engine.core.audit import check_invariants
from engine.core.board import overview
from engine.core.site import AgentRule, QueueRule

RING, COOL_DOWN = 20.0, 40.0


class Floor(Shell):
    """Agents a, b, c, … are ready, in this order; promises, and a floor rebuilt from the log, are checked after every fact."""

    def __init__(self, agents: str = "abc", most: int = 10, **options: object) -> None:
        common = {"ring": RING, "wrap_up": 5.0, "cool_down": COOL_DOWN, **options}
        front = QueueRule("front", strategy="ring_all", ring_all_max=most, **common)  # type: ignore[arg-type]
        rules = [AgentRule(name, ("front", "side")) for name in agents]
        super().__init__(site([front, QueueRule("side", wrap_up=5.0)], rules))
        for name in agents:
            self.now += 1.0
            self.tell(AgentSet(name, "ready"))
        self.now += 1.0

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        commands = super().tell(fact)
        check_invariants(self.state, self.now)
        assert acd.summary(self.rebuilt(), self.now) == acd.summary(self.state, self.now)
        return commands

    def call(self, contact: str, queue: str = "front", **more: object) -> list[acd.Command]:
        return self.tell(Arrived(contact, (queue,), **more))  # type: ignore[arg-type]

    def offer(self, agent: str) -> str:
        name = self.state.agents[agent].offer
        assert name is not None, f"{agent} is not rung"
        return name

    def rung(self, contact: str) -> str:
        """Who is rung for a contact, in the order in which they were."""
        return "".join(r.agent.name for r in self.state.callers[contact].offers)

    def states(self) -> dict[str, str]:
        return {name: str(agent.state) for name, agent in self.state.agents.items()}


def cancelled(commands: list[acd.Command]) -> dict[str, str]:
    return {c.agent: c.why for c in commands if isinstance(c, Cancel)}


def rings(commands: list[acd.Command]) -> list[tuple[str, str]]:
    return [(c.agent, c.contact) for c in commands if isinstance(c, Offer)]


def test_all_who_are_ready_are_rung_at_once_the_longest_idle_first_and_each_is_reserved() -> None:
    f = Floor()
    commands = f.call("x")
    assert rings(commands) == [("a", "x"), ("b", "x"), ("c", "x")]
    assert len({c.offer for c in commands if isinstance(c, Offer)}) == 3
    assert set(f.states().values()) == {"reserved"}


def test_no_more_phones_ring_than_the_queue_allows_and_the_others_stay_ready() -> None:
    f = Floor("abcd", most=2)
    f.call("x")
    assert f.rung("x") == "ab"
    assert f.states() == {"a": "reserved", "b": "reserved", "c": "ready", "d": "ready"}


def test_whoever_picks_up_first_has_the_caller_and_the_others_are_free_at_once_without_penalty() -> None:
    f = Floor()
    idle = {name: agent.idle_since for name, agent in f.state.agents.items()}
    f.call("x")
    f.now += 4.0
    assert cancelled(f.tell(PickedUp(f.offer("b")))) == {"a": "taken", "c": "taken"}
    assert f.states() == {"a": "ready", "b": "reserved", "c": "ready"}
    assert all(f.state.agents[name].idle_since == idle[name] for name in "ac")
    assert not any(f.state.agents[name].cooling for name in "ac")
    f.tell(Connected(f.offer("b")))
    assert f.state.talks["x"].name == "b"


def test_a_second_phone_that_is_picked_up_in_the_same_instant_changes_nothing() -> None:
    f = Floor()
    f.call("x")
    first, second = f.offer("b"), f.offer("c")
    f.tell(PickedUp(first))
    assert f.tell(PickedUp(second)) == []
    assert f.tell(Connected(second)) == []
    f.tell(Connected(first))
    assert f.states() == {"a": "ready", "b": "talking", "c": "ready"}


def test_one_who_is_connected_without_having_been_seen_to_pick_up_wins_as_well() -> None:
    f = Floor()
    f.call("x")
    assert cancelled(f.tell(Connected(f.offer("c")))) == {"a": "taken", "b": "taken"}
    assert f.states() == {"a": "ready", "b": "ready", "c": "talking"}


def test_those_who_are_released_get_the_next_caller_all_together() -> None:
    f = Floor()
    f.call("x")
    f.call("y")
    assert acd.position(f.state, "y") == 1
    f.tell(PickedUp(f.offer("a")))
    assert f.rung("y") == "bc"
    f.tell(PickedUp(f.offer("c")))
    assert f.states() == {"a": "reserved", "b": "ready", "c": "reserved"}


def test_agents_are_shared_by_order_in_line() -> None:
    f = Floor("abc", most=2)
    f.call("x")
    f.call("y")
    assert (f.rung("x"), f.rung("y")) == ("ab", "c")


def test_one_who_rejects_leaves_the_others_ringing_and_makes_room_for_the_next() -> None:
    f = Floor("abcd", most=2)
    f.call("x")
    assert rings(f.tell(OfferFailed(f.offer("a"), "rejected"))) == [("c", "x")]
    assert f.rung("x") == "bc"
    assert f.states()["a"] == "ready"  # at their desk, but not for this caller
    assert f.state.agents["a"].idle_since == f.now


def test_when_nobody_has_picked_up_the_caller_stands_in_line_until_they_have_cooled_down() -> None:
    f = Floor(rona="ready")
    f.call("x")
    for name in "abc":
        f.now += 1.0
        f.tell(OfferFailed(f.offer(name), "no_answer"))
    assert f.states() == dict.fromkeys("abc", "ready")
    assert acd.position(f.state, "x") == 1 and not f.state.callers["x"].offers
    f.pass_time(f.now + COOL_DOWN - 1.5)
    assert f.rung("x") == "a"
    f.pass_time(f.now + 1.5)
    assert f.rung("x") == "abc"  # the next round: whoever has rested rings along


@pytest.mark.parametrize("reason", ["abandoned", "key", "failed"])
def test_a_caller_who_leaves_stops_every_phone(reason: str) -> None:
    f = Floor()
    f.call("x")
    assert cancelled(f.tell(Left("x", reason))) == dict.fromkeys("abc", reason)
    assert set(f.states().values()) == {"ready"}


def test_when_the_longest_wait_is_over_phones_that_ring_may_still_be_answered_but_no_other_is_rung() -> None:
    f = Floor("abc", most=2, rona="ready")
    f.call("x", max_wait=10.0)
    f.pass_time(f.now + 12.0)
    assert f.rung("x") == "ab"
    f.tell(OfferFailed(f.offer("a"), "rejected"))
    assert f.rung("x") == "b"
    f.tell(OfferFailed(f.offer("b"), "rejected"))
    assert f.fate["x"] == "timed_out"


def test_an_agent_who_becomes_ready_rings_along_unless_somebody_is_in_line_for_them() -> None:
    f = Floor()
    f.tell(AgentSet("c", "paused", "lunch"))
    f.call("x")
    assert f.rung("x") == "ab"
    assert rings(f.tell(AgentSet("c", "ready"))) == [("c", "x")]
    f.tell(AgentSet("c", "paused", "lunch"))
    assert f.rung("x") == "ab"
    f.call("y", "side")
    assert rings(f.tell(AgentSet("c", "ready"))) == [("c", "y")]


def test_nobody_rings_along_for_a_caller_whose_phone_was_picked_up() -> None:
    f = Floor()
    f.tell(AgentSet("c", "paused", "lunch"))
    f.call("x")
    f.tell(PickedUp(f.offer("a")))
    assert rings(f.tell(AgentSet("c", "ready"))) == []


def test_one_who_hangs_up_before_they_are_brought_together_gives_the_caller_back_to_all_others() -> None:
    f = Floor()
    f.call("x")
    f.tell(PickedUp(f.offer("b")))
    f.tell(OfferFailed(f.offer("b"), "rejected"))
    assert f.rung("x") == "ac"


def test_one_who_pauses_stops_ringing_and_the_others_ring_on() -> None:
    f = Floor()
    f.call("x")
    assert cancelled(f.tell(AgentSet("a", "paused", "lunch"))) == {"a": "paused"}
    assert f.rung("x") == "bc"


def test_skills_that_widen_let_more_phones_ring() -> None:
    f = Floor()
    f.call("x", skills=frozenset({"ar"}), widen=((10.0, frozenset()),))
    assert f.rung("x") == ""
    f.pass_time(f.now + 10.0)
    assert f.rung("x") == "abc"


def test_a_callback_reserves_one_agent_as_in_any_queue() -> None:
    f = Floor()
    f.call("x", kind=acd.CALLBACK, dial=30.0)
    assert f.rung("x") == "a"
    assert f.states() == {"a": "reserved", "b": "ready", "c": "ready"}


def test_after_a_restart_all_ring_on_and_one_wins() -> None:
    f = Floor()
    f.call("x")
    f.state = f.rebuilt()
    f.tell(acd.Tick())
    assert f.rung("x") == "abc"
    f.tell(PickedUp(f.offer("c")))
    f.state = f.rebuilt()
    f.tell(acd.Tick())
    assert f.rung("x") == "c" and f.states()["a"] == "ready"
    f.tell(Connected(f.offer("c")))
    f.tell(TalkEnded("x"))
    assert f.states()["c"] == "wrap_up"


def test_the_floor_shows_one_caller_for_whom_several_phones_ring() -> None:
    f = Floor()
    f.call("x")
    (shown,) = overview(f.state, f.now)["queues"]["front"]["being_offered"]
    assert (shown["contact"], len(shown["offers"])) == ("x", 3)
