"""For whom callers wait: priority that grows, skills with levels that widen, the agent they know; and who of several queues comes first."""

from __future__ import annotations

import random
from typing import Any

import pytest
from acd_shell import Shell, site

from engine.core import acd
from engine.core.audit import check_invariants
from engine.core.site import AgentRule, QueueRule
from engine.core.skills import held, levels, told, wanted


class Floor(Shell):
    """A floor whose promises are checked after every fact, and which equals itself rebuilt."""

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        commands = super().tell(fact)
        check_invariants(self.state, self.now)
        assert acd.summary(self.rebuilt(), self.now) == acd.summary(self.state, self.now)
        return commands

    def ready(self, *names: str) -> None:
        for name in names:
            self.now += 1.0
            self.tell(acd.AgentSet(name, "ready"))

    def come(self, contact: str, queue: str = "a", **more: Any) -> list[acd.Command]:
        return self.tell(acd.Arrived(contact, (queue,), **more))

    def rung(self) -> dict[str, str]:
        return {r.caller.contact: r.agent.name for r in self.state.offers.values()}

    def serve(self) -> str:
        """Whoever is rung answers, and is done: the contact."""
        (ringing,) = self.state.offers.values()
        self.tell(acd.Connected(ringing.id))
        self.tell(acd.TalkEnded(ringing.caller.contact))
        return ringing.caller.contact


def floor(agents: list[AgentRule], **options: Any) -> Floor:
    queues = [QueueRule("a", wrap_up=0, **options), QueueRule("b", wrap_up=0)]
    return Floor(site(queues, agents))


# --- priority that grows -------------------------------------------------------------------------


@pytest.mark.parametrize("ageing", [0.0, 20.0, 60.0, 600.0])
def test_the_next_caller_equals_a_brute_force_reference_on_10_000_random_snapshots(ageing: float) -> None:
    """An agent of two queues, one ageing and one at a rate of its own, against the priorities everybody has reached by then."""
    rates = {"a": ageing, "b": 45.0}
    queues = [QueueRule(name, ageing=rate, capacity=99, wrap_up=0) for name, rate in rates.items()]
    chance, compared = random.Random(ageing), 0
    shell = Shell(site(queues, [AgentRule("x", ("a", "b"))]))
    shell.tell(acd.AgentSet("x", "ready"))
    shell._event = lambda *_, **__: None  # nothing is written down
    waiting: dict[str, tuple[int, float, float]] = {}
    while compared < 2500:
        shell.now += chance.choice((0.0, chance.random(), 13.0 * chance.random()))
        for _ in range(chance.choice((0, 1, 1, 2))):
            name, priority = f"c{len(shell.asked):05}", chance.choice((3, 5, 5, 9))
            queue = chance.choice("ab")
            shell.tell(acd.Arrived(name, (queue,), priority=priority, max_wait=1e9))
            waiting[name] = (priority, shell.now, rates[queue])
        for ringing in list(shell.state.offers.values()):
            waiting.pop(ringing.caller.contact, None)
            shell.tell(acd.Connected(ringing.id))
            offers = [
                c for c in shell.tell(acd.TalkEnded(ringing.caller.contact)) if isinstance(c, acd.Offer)
            ]
            reached = {
                name: (-(p + (shell.now - at) / rate if rate else p), at, name)
                for name, (p, at, rate) in waiting.items()
            }
            assert [o.contact for o in offers] == ([min(reached, key=reached.__getitem__)] if reached else [])
            compared += len(reached) > 1


def test_whoever_has_waited_long_enough_comes_before_a_higher_priority() -> None:
    shell = floor([AgentRule("x", ("a",))], ageing=60.0)
    shell.ready("x")
    shell.come("busy")
    shell.come("patient", priority=5)
    shell.tell(acd.Connected(*shell.state.offers))
    shell.now += 61.0
    shell.come("important", priority=6)
    shell.come("very important", priority=7)
    shell.tell(acd.TalkEnded("busy"))
    order = [shell.serve() for _ in range(3)]
    assert order == ["very important", "patient", "important"]


def test_of_callers_in_several_queues_the_one_who_came_first_gets_the_agent() -> None:
    shell = floor([AgentRule("x", ("a", "b"))])
    shell.ready("x")
    shell.come("busy")
    for i, queue in enumerate("babba"):
        shell.now += 1.0
        shell.come(f"c{i}", queue)
    assert [shell.serve() for _ in range(6)] == ["busy", "c0", "c1", "c2", "c3", "c4"]


# --- skills --------------------------------------------------------------------------------------


def test_levels_are_sets_within_each_other() -> None:
    has = held({"ar": 3, "fa": 1})
    assert {need for need in range(1, 10) if frozenset(wanted({"ar": need})) <= has} == {1, 2, 3}
    assert not frozenset(wanted({"fa": 2})) <= has
    assert levels(has) == {"ar": 3, "fa": 1}
    assert told(has) == ["ar:3", "fa"]


def test_a_level_is_wanted_until_it_widens_and_then_no_skill_at_all() -> None:
    agents = [AgentRule("none", ("a",)), AgentRule("some", ("a",), skills=held({"ar": 1}))]
    shell = floor(agents)
    shell.ready("none")
    steps = ((30.0, frozenset(wanted({"ar": 1}))), (60.0, frozenset()))
    shell.come("c", skills=frozenset(wanted({"ar": 2})), widen=steps, max_wait=300.0)
    shell.pass_time(shell.now + 29.0)
    assert not shell.rung()
    (widened,) = [c for c in shell.pass_time(shell.now + 2.0) if isinstance(c, acd.Widened)]
    assert widened == acd.Widened("c", ("ar",), ())
    assert not shell.rung()
    shell.pass_time(shell.now + 30.0)
    assert shell.rung() == {"c": "none"}


def test_widening_reaches_whoever_is_ready_by_then() -> None:
    shell = floor([AgentRule("none", ("a",)), AgentRule("some", ("a",), skills=held({"ar": 1}))])
    shell.ready("none", "some")
    shell.come("c", skills=frozenset(wanted({"ar": 2})), widen=((30.0, frozenset({"ar"})),), max_wait=300.0)
    shell.pass_time(shell.now + 30.0)
    assert shell.rung() == {"c": "some"}


# --- the agent they know -------------------------------------------------------------------------

KNOWN = {"prefer": ("anna",), "patience": 30.0, "max_wait": 300.0}


def both() -> Floor:
    shell = floor([AgentRule("boris", ("a",)), AgentRule("anna", ("a",))], cool_down=40)
    shell.ready("boris", "anna")
    return shell


def test_a_preferred_agent_who_is_ready_is_rung_whoever_else_has_been_idle_longer() -> None:
    shell = both()
    shell.come("c", **KNOWN)
    assert shell.rung() == {"c": "anna"}


def test_a_preferred_agent_who_speaks_is_waited_for_and_nobody_longer_than_the_patience() -> None:
    shell = both()
    shell.come("first", **KNOWN)
    shell.tell(acd.Connected(*shell.state.offers))
    shell.come("c", **KNOWN)
    assert not shell.rung()
    shell.pass_time(shell.now + 29.0)
    assert not shell.rung()
    shell.pass_time(shell.now + 1.0)
    assert shell.rung() == {"c": "boris"}


def test_a_preferred_agent_who_becomes_free_in_time_gets_the_caller() -> None:
    shell = both()
    shell.come("first", **KNOWN)
    shell.tell(acd.Connected(*shell.state.offers))
    shell.come("c", **KNOWN)
    shell.pass_time(shell.now + 20.0)
    shell.tell(acd.TalkEnded("first"))
    assert shell.rung() == {"c": "anna"}


@pytest.mark.parametrize("wish", ["paused", "logged_out"])
def test_nobody_waits_for_somebody_who_has_gone(wish: str) -> None:
    shell = both()
    shell.come("first", **KNOWN)
    shell.tell(acd.Connected(*shell.state.offers))
    shell.come("c", **KNOWN)
    shell.tell(acd.AgentSet("anna", wish))
    assert shell.rung() == {"c": "boris"}
    shell.come("later", **KNOWN)
    assert shell.state.callers["later"].lane.only == frozenset()


def test_a_preferred_agent_who_does_not_take_the_caller_is_waited_for_no_longer() -> None:
    shell = both()
    shell.come("c", **KNOWN)
    shell.tell(acd.OfferFailed(*shell.state.offers, "rejected"))
    assert shell.rung() == {"c": "boris"}


def test_of_two_preferred_agents_either_will_do() -> None:
    shell = both()
    shell.come("one", prefer=("boris", "anna"), patience=30.0)
    shell.come("two", prefer=("boris", "anna"), patience=30.0)
    assert sorted(shell.rung().values()) == ["anna", "boris"]


def test_a_group_sends_the_caller_where_their_agent_is() -> None:
    agents = [AgentRule("x", ("a",)), AgentRule("y", ("a",)), AgentRule("anna", ("b",))]
    shell = floor(agents)
    shell.ready("x", "y", "anna")
    queued, *_ = shell.tell(acd.Arrived("c", ("a", "b"), prefer=("anna",), patience=20.0))
    assert isinstance(queued, acd.Queued)
    assert queued.queue == "b"
    assert [row["excluded"] for row in queued.decision["candidates"]] == ["without_preferred", None]
    assert shell.rung() == {"c": "anna"}


def test_a_callback_waits_for_the_agent_they_know_where_no_room_is_left_for_callers() -> None:
    queues = [QueueRule("a", capacity=1, wrap_up=0), QueueRule("b", wrap_up=0)]
    shell = Floor(site(queues, [AgentRule("anna", ("a",)), AgentRule("y", ("b",))]))
    shell.ready("anna", "y")
    shell.come("busy")
    shell.tell(acd.Connected(*shell.state.offers))
    shell.come("fills it")
    known = {"prefer": ("anna",), "patience": 20.0}
    callback, *_ = shell.tell(acd.Arrived("back", ("a", "b"), kind=acd.CALLBACK, **known))
    caller, *_ = shell.tell(acd.Arrived("caller", ("a", "b"), **known))
    assert isinstance(callback, acd.Queued) and isinstance(caller, acd.Queued)
    assert (callback.queue, caller.queue) == ("a", "b")


class Reference:
    """Who would be brought together, from nothing but who waits, for whom and until when, and who is idle since when."""

    def __init__(self) -> None:
        self.idle: dict[str, float] = {}
        self.waiting: dict[str, tuple[tuple[int, float, str], frozenset[str], float]] = {}

    def will_do(self, agent: str, contact: str, now: float) -> bool:
        _, only, until = self.waiting[contact]
        return not only or agent in only or now >= until

    def meet(self, contact: str, agent: str) -> tuple[str, str]:
        del self.waiting[contact], self.idle[agent]
        return contact, agent

    def looked_for(self, contact: str, now: float) -> tuple[str, str] | None:
        """The agent who has been idle longest of those who will do."""
        fit = [agent for agent in self.idle if self.will_do(agent, contact, now)]
        return self.meet(contact, min(fit, key=self.idle.__getitem__)) if fit else None

    def free(self, agent: str, now: float) -> tuple[str, str] | None:
        """The caller who comes first of those this agent will do for."""
        self.idle[agent] = now
        fit = [contact for contact in self.waiting if self.will_do(agent, contact, now)]
        return self.meet(min(fit, key=lambda one: self.waiting[one][0]), agent) if fit else None


def test_callers_and_callbacks_who_wait_for_agents_equal_a_brute_force_reference_on_2_500_choices() -> None:
    chance, names, chosen = random.Random(7), ("anna", "boris", "chen", "dora"), 0
    shell = Shell(
        site([QueueRule("a", capacity=999, wrap_up=0)], [AgentRule(name, ("a",)) for name in names])
    )
    shell._event = lambda *_, **__: None  # nothing is written down
    for name in names:
        shell.now += 1.0
        shell.tell(acd.AgentSet(name, "ready"))
    known, talks = Reference(), dict[str, str]()
    known.idle = {name: agent.idle_since for name, agent in shell.state.agents.items()}

    def told(fact: acd.Fact) -> list[tuple[str, str]]:
        offers = [c for c in shell.tell(fact) if isinstance(c, acd.Offer)]
        for offer in offers:
            shell.tell(acd.Connected(offer.offer))
            talks[offer.agent] = offer.contact
        return [(offer.contact, offer.agent) for offer in offers]

    while chosen < 2_500:
        at = shell.now + 9.0 * chance.random()
        ends = sorted((until, key, one) for one, (key, only, until) in known.waiting.items() if only)
        for until, _, contact in ends:
            if shell.now < until <= at and contact in known.waiting:
                shell.now = until
                met = known.looked_for(contact, until)
                assert told(acd.Tick()) == ([met] if met else [])
                chosen += len(known.waiting) > 0
        shell.now = at
        if talks and chance.random() < (0.7 if len(known.waiting) > 6 else 0.45):
            agent = chance.choice(sorted(talks))
            met = known.free(agent, at)
            assert told(acd.TalkEnded(talks.pop(agent))) == ([met] if met else [])
            chosen += met is not None
            continue
        contact, kind = f"c{len(shell.asked):06}", chance.choice((acd.CALLER, acd.CALLBACK))
        since = at - (chance.choice((0.0, 5.0, 60.0)) if kind == acd.CALLBACK else 0.0)
        only = frozenset(chance.sample(names, chance.choice((0, 0, 1, 2))))
        until = at + chance.choice((1.0, 12.0, 40.0)) if only else at
        priority = chance.choice((5, 5, 8))
        known.waiting[contact] = (-priority, since, contact), only, until
        met = known.looked_for(contact, at)
        fact = acd.Arrived(
            *(contact, ("a",)),
            kind=kind,
            priority=priority,
            max_wait=1e9,
            enqueued_at=since,
            prefer=tuple(only),
            patience=until - since,
        )
        assert told(fact) == ([met] if met else [])
        chosen += met is not None
