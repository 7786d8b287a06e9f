"""The distributor's rules, one by one: what happens to whom, in the order in which it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from acd_shell import Shell, site

from engine.core import acd
from engine.core.acd import (
    Arrived,
    Cancel,
    Connected,
    Left,
    Offer,
    OfferFailed,
    PhoneReachable,
    Queued,
    Refused,
    TalkEnded,
    Tick,
)
from engine.core.agent import diagram
from engine.core.audit import check_invariants
from engine.core.site import AgentRule, GroupRule, QueueRule, Settings

RING, WRAP_UP, COOL_DOWN = 20.0, 30.0, 40.0


def queue(name: str = "sales", **options: object) -> QueueRule:
    return QueueRule(name, **{"ring": RING, "wrap_up": WRAP_UP, "cool_down": COOL_DOWN, **options})  # type: ignore[arg-type]


def agent(name: str, *queues: str, skills: str = "", ready: bool = False) -> AgentRule:
    return AgentRule(name, queues or ("sales",), skills=frozenset(skills.split()), ready=ready)


class Floor(Shell):
    """A floor whose promises are checked after every fact."""

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        commands = super().tell(fact)
        check_invariants(self.state, self.now)
        return commands

    def ready(self, *names: str) -> None:
        for name in names:
            self.now += 1.0
            self.tell(acd.AgentSet(name, "ready"))

    def ask(self, name: str, state: str, reason: str = "") -> list[acd.Command]:
        return self.tell(acd.AgentSet(name, state, reason))

    def call(self, contact: str, *queues: str, needs: str = "", **more: object) -> list[acd.Command]:
        skills = frozenset(needs.split())
        return self.tell(Arrived(contact, queues or ("sales",), skills=skills, **more))  # type: ignore[arg-type]

    def offer_for(self, contact: str) -> str:
        (ringing,) = self.state.callers[contact].offers
        return ringing.id

    def ringing(self, contact: str) -> str:
        return self.state.offers[self.offer_for(contact)].agent.name

    def connect(self, contact: str) -> None:
        self.tell(Connected(self.offer_for(contact)))

    def fail(self, contact: str, why: str) -> list[acd.Command]:
        return self.tell(OfferFailed(self.offer_for(contact), why))

    def wait(self, seconds: float) -> list[acd.Command]:
        return self.pass_time(self.now + seconds)

    def state_of(self, name: str) -> tuple[str, str]:
        agent = self.state.agents[name]
        return str(agent.state), agent.reason

    def reload(self, settings: Settings) -> list[acd.Command]:
        commands = acd.reload(self.state, settings, self.now)
        for command in commands:
            self._write_command(command)
        check_invariants(self.state, self.now)
        return commands


def floor(*agents: AgentRule, queues: tuple[QueueRule, ...] = (queue(),)) -> Floor:
    return Floor(site(queues, agents))


def offers(commands: list[acd.Command]) -> list[tuple[str, str]]:
    """Who is rung for whom."""
    return [(c.agent, c.contact) for c in commands if isinstance(c, Offer)]


def kinds(commands: list[acd.Command], *wanted: type[acd.Command]) -> list[acd.Command]:
    """The commands of these kinds."""
    return [c for c in commands if isinstance(c, wanted)]


# --- arriving ------------------------------------------------------------------------------------


def test_a_caller_who_arrives_gets_the_agent_who_has_been_idle_longest() -> None:
    f = floor(agent("anna"), agent("boris"), agent("chen"))
    f.ready("chen", "anna", "boris")
    assert offers(f.call("c1")) == [("chen", "c1")]
    assert offers(f.call("c2")) == [("anna", "c2")]


def test_agents_idle_equally_long_are_taken_in_the_order_of_the_file() -> None:
    f = floor(agent("zoe"), agent("anna"))
    f.ask("anna", "ready")
    f.ask("zoe", "ready")
    assert offers(f.call("c1")) == [("zoe", "c1")]


def test_two_callers_of_one_moment_never_both_get_the_single_idle_agent() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    assert offers(f.call("c1")) == [("anna", "c1")]
    assert offers(f.call("c2")) == []
    assert acd.position(f.state, "c2") == 1  # the one being offered is not counted


def test_an_agent_takes_a_caller_only_with_every_skill_the_caller_needs() -> None:
    f = floor(agent("anna", skills="ar"), agent("boris", skills="ar fa"))
    f.ready("anna", "boris")
    assert offers(f.call("c1", needs="ar fa")) == [("boris", "c1")]
    assert offers(f.call("c2", needs="fa")) == []
    assert offers(f.call("c3", needs="ar")) == [("anna", "c3")]


@pytest.mark.parametrize(
    ("rule", "agents_state", "closed", "outcome"),
    [
        (queue(capacity=1), "paused", frozenset(), "unstaffed"),
        (queue(capacity=0), "ready", frozenset(), "full"),
        (queue(), "ready", frozenset({"sales"}), "closed"),
        (queue(), "logged_out", frozenset(), "unstaffed"),
        (queue(count_paused=True, capacity=0), "paused", frozenset(), "full"),
    ],
)
def test_a_caller_who_fits_nowhere_is_told_why(
    rule: QueueRule, agents_state: str, closed: frozenset[str], outcome: str
) -> None:
    f = floor(agent("anna"), queues=(rule,))
    f.ready("anna")
    f.ask("anna", agents_state)
    (refused,) = f.call("c1", closed=closed)
    assert isinstance(refused, Refused)
    assert (refused.outcome, refused.decision["candidates"][0]["excluded"]) == (outcome, outcome)
    assert not f.state.callers


def test_a_queue_the_site_does_not_have_is_closed() -> None:
    f = floor(agent("anna"))
    (refused,) = f.call("c1", "no-such-queue")
    assert isinstance(refused, Refused)
    assert refused.outcome == "closed"


def test_a_queue_is_unstaffed_for_a_skill_that_nobody_signed_in_has() -> None:
    f = floor(agent("anna", skills="ar"), agent("boris", skills="fa"))
    f.ready("anna")
    assert f.call("c1", needs="fa")[0][:2] == ("c1", "unstaffed")
    f.ready("boris")
    assert offers(f.call("c2", needs="fa")) == [("boris", "c2")]


def test_where_paused_agents_count_a_caller_waits_for_them() -> None:
    f = floor(agent("anna"), queues=(queue(count_paused=True),))
    f.ask("anna", "paused", "lunch")
    (queued,) = f.call("c1")
    assert isinstance(queued, Queued)
    assert (queued.position, queued.estimate) == (1, None)  # nobody active: no time can be told
    assert offers(f.ask("anna", "ready")) == [("anna", "c1")]


def test_capacity_counts_callers_whose_offer_rings() -> None:
    f = floor(agent("anna"), queues=(queue(capacity=1),))
    f.ready("anna")
    f.call("c1")
    assert f.call("c2")[0][:2] == ("c2", "full")
    f.connect("c1")
    assert isinstance(f.call("c3")[0], Queued)


def test_a_caller_who_keeps_an_earlier_place_stands_before_those_who_came_meanwhile() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("talking")
    f.connect("talking")
    f.wait(10.0)
    f.call("c1")
    (queued,) = f.call("c2", enqueued_at=f.now - 5.0)
    assert isinstance(queued, Queued)
    assert (queued.position, acd.position(f.state, "c1")) == (1, 2)


def test_recovery_neither_chooses_a_queue_nor_refuses() -> None:
    f = floor(agent("anna"), queues=(queue(capacity=0),))
    (queued,) = f.call("c1", queue="sales", enqueued_at=f.now - 60.0, closed=frozenset({"sales"}))
    assert isinstance(queued, Queued)
    assert (queued.queue, queued.enqueued_at, queued.decision) == ("sales", f.now - 60.0, {})


def test_a_caller_who_asks_twice_is_told_their_place_again() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    for contact in ("talking", "c1", "c2"):
        f.call(contact)
    f.connect("talking")
    before = acd.summary(f.state, f.now)
    (again,) = acd.decide(f.state, Arrived("c2", ("sales",)), f.now)
    assert isinstance(again, Queued)
    assert again.position == 2
    assert acd.summary(f.state, f.now) == before


# --- the line ------------------------------------------------------------------------------------


def test_the_line_goes_by_priority_then_time_then_name() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("talking")
    f.connect("talking")
    f.call("b", priority=5)
    f.call("a", priority=5)
    f.wait(1.0)
    f.call("vip", priority=9)
    f.call("late", priority=5)
    f.call("low", priority=1)
    assert [acd.position(f.state, c) for c in ("vip", "a", "b", "late", "low")] == [1, 2, 3, 4, 5]
    f.tell(TalkEnded("talking"))
    assert offers(f.wait(WRAP_UP)) == [("anna", "vip")]


def test_a_caller_who_hangs_up_while_ringing_frees_the_agent_for_the_next() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.call("c2")
    commands = f.tell(Left("c1", "abandoned"))
    assert [(c.contact, c.why) for c in kinds(commands, Cancel)] == [("c1", "abandoned")]
    assert offers(commands) == [("anna", "c2")]


def test_a_caller_who_hangs_up_in_line_moves_everybody_behind_up() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    for contact in ("ringing", "c1", "c2", "c3"):
        f.call(contact)
    f.tell(Left("c2", "key"))
    assert [acd.position(f.state, c) for c in ("c1", "c2", "c3")] == [1, 0, 2]


def test_a_caller_times_out_after_their_longest_wait() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("talking")
    f.connect("talking")
    f.call("c1", max_wait=60.0)
    assert f.wait(59.9) == []
    assert f.wait(0.2) == [acd.TimedOut("c1")]


def test_a_phone_that_rings_when_time_is_up_may_still_be_answered() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1", max_wait=5.0)
    assert f.wait(10.0) == []
    f.connect("c1")
    assert f.fate["c1"] == "answered"


def test_a_caller_whose_time_was_up_while_ringing_has_timed_out_when_the_offer_fails() -> None:
    f = floor(agent("anna"), agent("boris"))
    f.ready("anna", "boris")
    f.call("c1", max_wait=5.0)
    f.wait(10.0)
    assert f.fail("c1", "rejected")[0] == acd.TimedOut("c1")


# --- offers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "rona", "after"),
    [
        ("no_answer", "pause", ("paused", "no_answer")),
        ("no_answer", "ready", ("ready", "")),
        ("rejected", "pause", ("ready", "")),
        ("busy", "pause", ("paused", "busy")),
        ("unreachable", "ready", ("paused", "unreachable")),
    ],
)
def test_what_a_failed_offer_does_to_the_agent(why: str, rona: str, after: tuple[str, str]) -> None:
    f = floor(agent("anna"), queues=(queue(rona=rona),))
    f.ready("anna")
    f.call("c1")
    f.fail("c1", why)
    assert f.state_of("anna") == after


@pytest.mark.parametrize("why", ["busy", "unreachable"])
def test_a_phone_that_comes_back_needs_nobodys_help(why: str) -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.fail("c1", why)
    assert offers(f.wait(COOL_DOWN - 0.1)) == []
    assert offers(f.wait(0.2)) == [("anna", "c1")]


def test_nobody_who_did_not_answer_is_rung_again_until_they_say_so() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.fail("c1", "no_answer")
    assert offers(f.wait(300.0)) == []
    assert offers(f.ask("anna", "ready")) == [("anna", "c1")]


def test_a_failed_offer_goes_to_somebody_else_and_keeps_the_callers_place() -> None:
    f = floor(agent("anna"), agent("boris"))
    f.ready("anna", "boris")
    f.call("c1")
    f.call("talking")
    f.connect("talking")
    f.wait(1.0)
    f.call("c2")
    f.fail("c1", "no_answer")
    assert (acd.position(f.state, "c1"), acd.position(f.state, "c2")) == (1, 2)
    f.tell(TalkEnded("talking"))
    assert offers(f.wait(WRAP_UP)) == [("boris", "c1")]


def test_an_agent_who_said_no_gets_the_next_caller_and_not_the_same_one_until_cooled_down() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    assert offers(f.fail("c1", "rejected")) == []
    assert offers(f.call("c2")) == [("anna", "c2")]
    f.connect("c2")
    f.tell(TalkEnded("c2"))
    assert offers(f.wait(WRAP_UP)) == []  # c1 is still first in line
    assert offers(f.wait(COOL_DOWN - WRAP_UP)) == [("anna", "c1")]


def test_when_everybody_has_said_no_nobody_is_rung_until_somebody_has_cooled_down() -> None:
    f = floor(agent("anna"), agent("boris"))
    f.ready("anna", "boris")
    f.call("c1")
    assert offers(f.fail("c1", "rejected")) == [("boris", "c1")]
    f.wait(3.0)
    assert offers(f.fail("c1", "rejected")) == []
    assert offers(f.wait(COOL_DOWN - 3.1)) == []
    assert offers(f.wait(0.2)) == [("anna", "c1")]


def test_a_failed_offer_puts_the_agent_behind_those_who_have_waited_less() -> None:
    f = floor(agent("anna"), agent("boris"))
    f.ready("anna", "boris")
    f.call("c1")
    assert offers(f.fail("c1", "rejected")) == [("boris", "c1")]
    f.connect("c1")
    f.tell(TalkEnded("c1"))
    f.ask("boris", "ready")
    assert offers(f.call("c2")) == [("anna", "c2")]


def test_a_cool_down_of_nothing_still_keeps_a_phone_from_being_rung_in_a_circle() -> None:
    f = floor(agent("anna"), queues=(queue(cool_down=0.0),))
    f.ready("anna")
    f.call("c1")
    assert offers(f.fail("c1", "rejected")) == []
    assert offers(f.wait(1.0)) == [("anna", "c1")]


def test_an_offer_nobody_reports_about_is_given_up() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    offer = offers(f.call("c1")) and f.offer_for("c1")
    assert f.wait(RING + 9.9) == []
    commands = f.wait(0.2)
    assert kinds(commands, Cancel) == [Cancel(str(offer), "c1", "anna", "unreachable")]
    assert f.state_of("anna") == ("paused", "unreachable")


def test_a_report_about_an_offer_that_has_ended_changes_nothing() -> None:
    f = floor(agent("anna"), agent("boris"))
    f.ready("anna", "boris")
    f.call("c1")
    late = f.offer_for("c1")
    f.fail("c1", "no_answer")
    for fact in (Connected(late), OfferFailed(late, "busy"), OfferFailed("never-made", "busy")):
        assert f.tell(fact) == []
    assert f.ringing("c1") == "boris"


# --- agents --------------------------------------------------------------------------------------


def test_wrap_up_comes_after_the_conversation_and_the_next_caller_after_wrap_up() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.connect("c1")
    f.call("c2")
    f.tell(TalkEnded("c1"))
    assert f.state_of("anna")[0] == "wrap_up"
    assert offers(f.wait(WRAP_UP - 0.1)) == []
    assert offers(f.wait(0.2)) == [("anna", "c2")]


def test_asking_for_ready_ends_wrap_up() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.connect("c1")
    f.call("c2")
    f.tell(TalkEnded("c1"))
    assert offers(f.ask("anna", "ready")) == [("anna", "c2")]


@pytest.mark.parametrize(("wish", "reason"), [("paused", "lunch"), ("logged_out", "home")])
def test_nobody_is_torn_out_of_a_conversation(wish: str, reason: str) -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.connect("c1")
    (changed,) = f.ask("anna", wish, reason)
    assert isinstance(changed, acd.AgentChanged)
    assert (changed.state, changed.then, changed.then_reason) == ("talking", wish, reason)
    assert isinstance(f.call("c2")[0], Refused)  # she counts as gone for those who come now
    f.tell(TalkEnded("c1"))
    f.wait(WRAP_UP)
    assert f.state_of("anna") == (wish, reason)


def test_a_pause_asked_for_while_talking_can_be_taken_back() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.connect("c1")
    f.ask("anna", "paused", "lunch")
    f.ask("anna", "ready")
    f.tell(TalkEnded("c1"))
    f.wait(WRAP_UP)
    assert f.state_of("anna") == ("ready", "")


@pytest.mark.parametrize("ended", [False, True])
@pytest.mark.parametrize(
    ("asked", "then"),
    [("logged_out", ("ready", "")), ("paused", ("paused", "lunch"))],
)
def test_who_signs_in_again_before_their_log_out_has_come_stays_and_a_pause_stands(
    asked: str, then: tuple[str, str], ended: bool
) -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.connect("c1")
    f.ask("anna", asked, "lunch")
    if ended:
        f.tell(TalkEnded("c1"))
    f.ask("anna", "logged_in")
    if not ended:
        f.tell(TalkEnded("c1"))
    assert f.state_of("anna")[0] == "wrap_up"
    f.wait(WRAP_UP)
    assert f.state_of("anna") == then


def test_who_signs_in_again_at_a_phone_somebody_has_taken_has_it_alone() -> None:
    f = floor(agent("anna"), agent("boris"))
    f.tell(acd.AgentSet("anna", "ready", phone="desk"))
    f.call("c1")
    f.connect("c1")
    f.tell(acd.AgentSet("boris", "ready", phone="desk"))
    assert f.state.agents["anna"].then == "logged_out"
    f.tell(acd.AgentSet("anna", "logged_in"))
    assert (f.state.agents["anna"].then, f.state_of("boris")) == ("", ("logged_out", "phone_taken"))


@pytest.mark.parametrize("wish", ["paused", "logged_out"])
def test_an_agent_who_goes_while_their_phone_rings_loses_the_offer_to_somebody_else(wish: str) -> None:
    f = floor(agent("anna"), agent("boris"))
    f.ready("anna", "boris")
    f.call("c1")
    commands = f.ask("anna", wish)
    assert [(c.agent, c.why) for c in kinds(commands, Cancel)] == [("anna", wish)]
    assert offers(commands) == [("boris", "c1")]


def test_an_agent_whose_phone_is_gone_is_not_rung_until_it_is_back() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.tell(PhoneReachable("anna", False))
    assert f.state_of("anna") == ("paused", "unreachable")
    assert f.tell(PhoneReachable("anna", False)) == []
    f.tell(PhoneReachable("anna", True))
    assert f.state_of("anna") == ("ready", "")


def test_a_phone_that_is_gone_while_it_rings_gives_the_caller_to_somebody_else() -> None:
    f = floor(agent("anna"), agent("boris"))
    f.ready("anna", "boris")
    f.call("c1")
    commands = f.tell(PhoneReachable("anna", False))
    assert [(c.agent, c.why) for c in kinds(commands, Cancel)] == [("anna", "unreachable")]
    assert offers(commands) == [("boris", "c1")]
    assert f.state_of("anna") == ("paused", "unreachable")


def test_whoever_waits_is_offered_to_the_agent_whose_phone_comes_back() -> None:
    f = floor(agent("anna"), queues=(queue(count_paused=True),))
    f.ready("anna")
    f.tell(PhoneReachable("anna", False))
    f.call("c1")
    assert offers(f.tell(PhoneReachable("anna", True))) == [("anna", "c1")]


@pytest.mark.parametrize("before", ["logged_out", "paused"])
def test_an_agent_who_asks_for_ready_without_a_phone_is_ready_once_it_is_there(before: str) -> None:
    f = floor(agent("anna"))
    f.ask("anna", before, "lunch")
    f.tell(PhoneReachable("anna", False))
    assert f.state_of("anna")[0] == before
    f.ask("anna", "ready")
    assert f.state_of("anna") == ("paused", "unreachable")
    f.tell(PhoneReachable("anna", True))
    assert f.state_of("anna") == ("ready", "")


def test_a_phone_that_comes_back_ends_no_pause_of_its_agent() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.tell(PhoneReachable("anna", False))
    f.ask("anna", "paused", "lunch")
    f.tell(PhoneReachable("anna", True))
    assert f.state_of("anna") == ("paused", "lunch")


def test_a_phone_that_is_gone_tears_nobody_out_of_a_conversation() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.connect("c1")
    f.tell(PhoneReachable("anna", False))
    assert f.state_of("anna")[0] == "talking"
    f.tell(TalkEnded("c1"))
    f.wait(WRAP_UP + 1.0)
    assert f.state_of("anna") == ("paused", "unreachable")


def test_where_nobody_watches_the_phones_any_more_an_agents_own_word_counts() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.tell(PhoneReachable("anna", False))
    f.tell(PhoneReachable("anna", None))
    assert f.state_of("anna") == ("paused", "unreachable")
    f.ask("anna", "ready")
    assert f.state_of("anna") == ("ready", "")


def test_a_phone_that_is_there_again_ends_the_pause_that_a_failed_offer_began() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.fail("c1", "unreachable")
    f.tell(PhoneReachable("anna", False))
    f.wait(COOL_DOWN + 1.0)
    assert f.state_of("anna") == ("paused", "unreachable")
    f.tell(PhoneReachable("anna", True))
    assert f.state_of("anna")[0] != "paused"


def test_a_state_nobody_can_ask_for_is_refused_in_one_sentence() -> None:
    f = floor(agent("anna"))
    with pytest.raises(
        ValueError,
        match="agent anna: 'talking' cannot be asked for; ask for ready, paused, logged_in or logged_out",
    ):
        f.ask("anna", "talking")


def test_the_manuals_picture_of_an_agents_states_is_the_table() -> None:
    manual = Path(__file__).parents[2] / "docs" / "distributor.md"
    assert f"```mermaid\n{diagram()}\n```" in manual.read_text()


def test_hanging_up_ends_the_conversation_of_an_answered_caller() -> None:
    f = floor(agent("anna"), queues=(queue(wrap_up=0.0),))
    f.ready("anna")
    f.call("c1")
    f.connect("c1")
    f.tell(Left("c1", "abandoned"))
    assert f.state_of("anna")[0] == "ready"
    assert f.fate["c1"] == "answered"


# --- questions -----------------------------------------------------------------------------------


def test_the_overview_shows_everybody_once_as_json() -> None:
    f = floor(agent("anna"), agent("boris"), queues=(queue(handle_time=100.0),))
    f.ready("anna", "boris")
    for contact in ("talking", "ringing", "c1"):
        f.call(contact)
        if contact == "talking":
            f.connect(contact)
    f.wait(5.0)
    seen = json.loads(json.dumps(acd.overview(f.state, f.now)))
    sales = seen["queues"]["sales"]
    assert [(c["contact"], c["position"], c["waited"]) for c in sales["waiting"]] == [("c1", 1, 5.0)]
    assert [c["contact"] for c in sales["being_offered"]] == ["ringing"]
    assert (sales["talking"], sales["ready"], sales["signed_in"], sales["active"]) == (1, 0, 2, 2.0)
    assert [(o["agent"], o["contact"]) for o in seen["offers"]] == [("boris", "ringing")]
    assert {name: a["state"] for name, a in seen["agents"].items()} == {
        "anna": "talking",
        "boris": "reserved",
    }


def test_the_estimate_of_a_waiting_caller_follows_the_figures_of_their_queue() -> None:
    f = floor(agent("anna"), agent("boris"), queues=(queue(handle_time=100.0),))
    f.ready("anna", "boris")
    for contact in ("a", "b", "c1", "c2"):
        f.call(contact)
    waits = [acd.estimate(f.state, contact, f.now) for contact in ("c1", "c2")]
    assert [wait and wait.mean for wait in waits] == [50.0, 100.0]
    assert acd.estimate(f.state, "nobody", f.now) is None


# --- a changed site ------------------------------------------------------------------------------


def test_a_queue_that_is_taken_away_serves_whom_it_has_and_takes_nobody_new() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.connect("c1")
    f.call("c2")
    f.reload(site([queue("other")], [agent("anna", "other")]))
    assert isinstance(f.call("c3")[0], Refused)
    f.tell(TalkEnded("c1"))
    assert offers(f.wait(WRAP_UP)) == [("anna", "c2")]
    f.connect("c2")
    f.reload(site([queue("other")], [agent("anna", "other")]))
    assert list(acd.overview(f.state, f.now)["queues"]) == ["other"]


def test_an_agent_who_is_taken_away_finishes_their_conversation_first() -> None:
    f = floor(agent("anna"), agent("boris"))
    f.ready("anna", "boris")
    f.call("c1")
    f.connect("c1")
    f.reload(site([queue()], [agent("boris")]))
    assert f.state_of("anna")[0] == "talking"
    f.tell(TalkEnded("c1"))
    f.wait(WRAP_UP)
    assert "anna" not in f.state.agents


def test_an_agent_who_is_taken_away_while_ringing_hands_the_caller_on() -> None:
    f = floor(agent("anna"), agent("boris"))
    f.ready("anna", "boris")
    f.call("c1")
    assert offers(f.reload(site([queue()], [agent("boris")]))) == [("boris", "c1")]
    assert "anna" not in f.state.agents


def test_a_new_agent_marked_ready_takes_whoever_waits() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.connect("c1")
    f.call("c2")
    assert offers(f.reload(site([queue()], [agent("anna"), agent("boris", ready=True)]))) == [("boris", "c2")]


def test_an_agent_who_learns_a_skill_takes_whoever_waits_for_it() -> None:
    f = floor(agent("anna", skills="fa"), agent("boris"))
    f.ready("anna", "boris")
    f.call("c1")
    f.connect("c1")
    f.call("c2", needs="fa")
    changed = site([queue()], [agent("anna", skills="fa"), agent("boris", skills="fa")])
    assert offers(f.reload(changed)) == [("boris", "c2")]


@pytest.mark.parametrize("gone", range(8))
def test_any_of_many_agents_idle_equally_long_can_be_taken_away(gone: int) -> None:
    everybody = [agent(f"a{i}") for i in range(8)]
    f = floor(*everybody)
    for one in everybody:
        f.ask(one.name, "ready")
    f.call("c1")
    f.state = f.rebuilt()
    f.reload(site([queue()], [one for one in everybody if one.name != f"a{gone}"]))
    assert len(f.state.agents) == 7
    assert f.state.callers["c1"].offers


# --- coming back ---------------------------------------------------------------------------------


def restored(settings: Settings, rows: acd.Rows, now: float) -> Floor:
    f = Floor(settings)
    f.now = now
    f.state = acd.restore(settings, rows, now)
    f.asked = {row.contact: row for row in rows.waiting}
    return f


@pytest.mark.parametrize("state", ["reserved", "talking", "wrap_up"])
def test_an_agent_busy_with_something_that_is_not_in_the_log_is_free_at_the_first_tick(state: str) -> None:
    rows = acd.Rows(agents=(acd.AgentChanged("anna", state, contact="c0", since=1.0),))
    f = restored(site([queue()], [agent("anna")]), rows, 1000.0)
    f.tell(Tick())
    assert f.state_of("anna")[0] == "ready"


def test_a_caller_who_waits_beside_a_ready_agent_in_the_log_gets_them_at_the_first_tick() -> None:
    rows = acd.Rows(
        agents=(acd.AgentChanged("anna", "ready"),),
        waiting=(Arrived("c1", ("sales",), enqueued_at=900.0, queue="sales"),),
    )
    f = restored(site([queue()], [agent("anna")]), rows, 1000.0)
    assert offers(f.tell(Tick())) == [("anna", "c1")]


def test_what_became_due_while_nobody_was_there_happens_at_the_first_tick() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.connect("c1")
    f.call("c2", max_wait=10.0)
    f.tell(TalkEnded("c1"))
    f.now += 3600.0
    f.state = f.rebuilt()
    commands = f.tell(Tick())
    assert [type(c).__name__ for c in commands] == ["TimedOut", "AgentChanged"]
    assert f.state_of("anna")[0] == "ready"


def test_a_cool_down_lasts_as_long_as_was_said_when_it_began_whatever_the_site_says_after_a_restart() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.fail("c1", "rejected")
    f.settings = site([queue(cool_down=1.0)], [agent("anna")])
    f.state = f.rebuilt()
    assert offers(f.wait(COOL_DOWN - 0.1)) == []
    assert offers(f.wait(0.2)) == [("anna", "c1")]


def test_an_agent_whose_contact_has_ended_in_the_log_without_a_word_about_them_is_free_again() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("c1")
    f.connect("c1")
    f._event("ended", "c1", cause="failed")
    f.state = f.rebuilt()
    f.tell(Tick())
    assert f.state_of("anna")[0] == "ready"


def test_rows_about_people_and_queues_the_site_no_longer_has_strand_nobody() -> None:
    rows = acd.Rows(
        agents=(acd.AgentChanged("gone", "ready"),),
        waiting=(Arrived("c1", ("closed-down",), enqueued_at=900.0, queue="closed-down", max_wait=120.0),),
        offers=((Offer("o1", "c1", "gone", "closed-down", 20.0), 990.0),),
        talks=(acd.Talk("c0", "gone", "sales", 950.0),),
    )
    f = restored(site([queue()], [agent("anna")]), rows, 1000.0)
    assert f.wait(30.0) == [acd.TimedOut("c1")]


def test_time_that_nobody_saw_teaches_the_distributor_nothing() -> None:
    f = floor(agent("anna"))
    f.ready("anna")
    f.call("talks")
    f.connect("talks")
    f.call("waits")
    seen = f.now + 60.0
    f.now += 30_000.0
    f.tell(Left("waits", "abandoned", seen))
    f.tell(Left("talks", "abandoned", seen))
    f.wait(WRAP_UP)
    (learned,) = acd.summary(f.state, f.now)["queues"].values()
    assert (learned["handled"], learned["waited"][-1]) == (
        [round((60.0 + WRAP_UP) * 1e6)],
        (60_000_000, True),
    )
    assert acd.summary(f.rebuilt(), f.now) == acd.summary(f.state, f.now)


# --- callbacks: a place kept for somebody who has hung up ---------------------------------------------


def test_a_callback_keeps_its_place_and_is_counted_in_everybody_elses() -> None:
    f = Floor(site([queue()], [agent("anna")]))
    f.ready("anna")
    f.call("c1")
    f.call("c2")
    f.wait(5.0)
    f.call("c3", kind=acd.CALLBACK, enqueued_at=f.now - 60.0, dial=25.0)
    assert [acd.position(f.state, c) for c in ("c3", "c2")] == [1, 2]


def test_a_callback_takes_no_room() -> None:
    f = Floor(site([queue(capacity=1)], [agent("anna"), agent("boris", "other")]))
    f.ask("anna", "ready")
    f.call("talking")
    f.connect("talking")
    f.call("c1", kind=acd.CALLBACK)
    (taken,) = f.call("c2")
    assert isinstance(taken, Queued)
    (refused,) = f.call("c3")
    assert isinstance(refused, Refused) and refused.outcome == "full"


def test_a_callback_waits_where_nobody_is_signed_in_and_is_offered_to_the_first_who_comes() -> None:
    f = Floor(site([queue()], [agent("anna")]))
    (queued,) = f.call("c1", kind=acd.CALLBACK, max_wait=3600.0)
    assert isinstance(queued, Queued) and queued.decision["rule"] == "first_open"
    f.wait(1800.0)
    f.ready("anna")
    assert f.ringing("c1") == "anna"


def test_nothing_is_open_for_a_callback_either() -> None:
    f = Floor(site([queue()], [agent("anna")]))
    (refused,) = f.call("c1", kind=acd.CALLBACK, closed=frozenset({"sales"}))
    assert isinstance(refused, Refused) and refused.outcome == "closed"


def test_an_agent_is_free_again_at_once_when_somebody_to_be_rung_back_does_not_answer() -> None:
    f = Floor(site([queue()], [agent("anna")]))
    f.ready("anna")
    f.call("c1", kind=acd.CALLBACK)
    f.call("c2")
    f.tell(Left("c1", "unreached"))
    assert f.ringing("c2") == "anna"


def test_an_offer_of_a_callback_lasts_as_long_as_both_phones_may_ring() -> None:
    f = Floor(site([queue()], [agent("anna")]))
    f.ready("anna")
    f.call("c1", kind=acd.CALLBACK, dial=25.0)
    f.wait(RING + 25.0 + 9.0)
    assert f.ringing("c1") == "anna"
    f.wait(2.0)
    assert f.state_of("anna") == ("paused", "unreachable")


def test_never_are_more_callbacks_in_the_air_than_agents_who_were_ready_for_them() -> None:
    f = Floor(site([queue()], [agent("anna"), agent("boris")]))
    for n in range(5):
        f.call(f"c{n}", kind=acd.CALLBACK)
    f.ready("anna", "boris")
    assert sorted(r.caller.contact for r in f.state.offers.values()) == ["c0", "c1"]


def test_nobody_learns_patience_from_a_callback() -> None:
    f = Floor(site([queue()], [agent("anna")]))
    f.call("c1", kind=acd.CALLBACK)
    f.wait(500.0)
    f.tell(Left("c1", "abandoned"))
    assert f.state.queues["sales"].measures.theta == 0.0
    assert acd.summary(f.rebuilt(), f.now) == acd.summary(f.state, f.now)


def test_a_callback_moves_to_an_open_queue_of_its_group_when_its_own_has_drained() -> None:
    groups = [GroupRule("all", ("sales", "night"))]
    f = Floor(site([queue(), queue("night")], [agent("anna", "sales"), agent("nora", "night")], groups))
    f.ready("anna", "nora")
    f.call("talk-a")
    f.connect("talk-a")
    f.call("talk-n", "night")
    f.connect("talk-n")
    f.call("c1", "sales", "night", group="all", kind=acd.CALLBACK, closed=frozenset({"night"}))
    moved = [c for c in f.tell(acd.Doors({"sales": f.now})) if isinstance(c, Queued)]
    assert [(c.queue, c.moved_from) for c in moved] == [("night", "sales")]
