"""Reports against logs that chance makes, against a whole day of a site, and against a recount that folds nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from acd_shell import site
from hypothesis import given
from report_logs import QUEUES, Log, logs

from engine.core.estimates import scores
from engine.core.event import Event
from engine.core.first_contact import WINDOW, Asked, resolved_contacts
from engine.core.intervals import Grid, grid
from engine.core.owing import FOR
from engine.core.reports import Report, Wanted, report, site_of_agent, site_of_queue
from engine.core.site import AgentRule, QueueRule, ScheduleRule, Settings, Site
from engine.core.stays import Books
from engine.core.tally import OUTCOMES, Row, Terms

UTC = ZoneInfo("UTC")
TERMS = Terms()
SETTINGS = site([QueueRule(name) for name in QUEUES], [AgentRule("2001", QUEUES)])


def made(
    log: Log, about: str = "queues", terms: Terms = TERMS, interval: str = "total", **chosen: frozenset[str]
) -> Report:
    grids = grid(1_000_000.0, log.now, interval, UTC)
    return report(Books().take_all(log.events), (), SETTINGS, Wanted(about, grids, terms, **chosen), log.now)


def counts(row: Row) -> dict[str, object]:
    return {name: row[name] for name in (*OUTCOMES, "waiting") if row[name]}


@given(logs())
def test_every_contact_of_a_whole_log_is_counted_in_exactly_one_way(log: Log) -> None:
    told = made(log)
    assert told.conservation_error == 0
    rows = {name: row for name, _, row in told.lines}
    assert {queue: counts(row) for queue, row in rows.items()} == {
        queue: dict(truth) for queue, truth in log.truth.items() if truth
    }
    for queue, row in rows.items():
        assert row["offered"] == log.truth[queue].total()


@given(logs())
def test_the_intervals_of_a_report_add_up_to_the_whole(log: Log) -> None:
    whole, parts = made(log).total, made(log, interval="15m")
    for name in ("offered", *OUTCOMES, "waiting", "handled", "answered_in_t", "undetermined"):
        assert sum(int(row[name] or 0) for _, _, row in parts.lines) == whole[name], name
    assert parts.conservation_error == 0


@given(logs())
def test_calls_are_counted_by_flow_and_none_is_lost(log: Log) -> None:
    told = made(log, "calls")
    assert told.conservation_error == 0
    ended = {event.contact for event in log.events if event.kind == "ended"}
    assert told.total["arrivals"] == log.contacts
    assert told.total["in_progress"] == log.contacts - len(ended)


@pytest.mark.parametrize("lost", ["queued", "left_queue"])
def test_a_log_that_lacks_an_event_does_not_balance(lost: str) -> None:
    log = Log()
    for contact in ("a", "b"):
        log.write("queued", contact, queue="sales", enqueued_at=log.now, moved_from=None)
        log.now += 7.0
        log.write("left_queue", contact, queue="sales", outcome="abandoned")
        log.now += 1.0
        log.write("queued", contact, queue="support", enqueued_at=log.now, moved_from=None)
    whole = made(log)
    assert whole.conservation_error == 0
    log.events.remove(next(event for event in log.events if event.kind == lost))
    assert made(log).conservation_error == 1


# --- terms changed afterwards ------------------------------------------------------------------------


def waits(*seconds: float, outcome: str = "abandoned") -> Log:
    log = Log()
    for i, wait in enumerate(seconds):
        log.write("queued", f"w{i}", queue="sales", enqueued_at=log.now, moved_from=None)
        log.now += wait
        log.write("left_queue", f"w{i}", queue="sales", outcome=outcome)
    log.now += 1.0
    return log


@pytest.mark.parametrize(("short", "expected"), [(0.0, 0), (3.0, 1), (5.0, 2), (60.0, 4)])
def test_what_a_short_abandon_is_can_be_said_afterwards(short: float, expected: int) -> None:
    row = made(waits(2.0, 4.9, 5.0, 30.0), terms=Terms(short=short)).total
    assert (row["short_abandoned"], row["abandoned"]) == (expected, 4 - expected)
    assert row["abandonment_rate_raw"] == 1.0
    assert row["abandonment_rate"] == (4 - expected) / 4


def answered(log: Log, contact: str, wait: float) -> None:
    log.write("queued", contact, queue="sales", enqueued_at=log.now, moved_from=None)
    log.now += wait
    log.write("connected", contact, "2001", offer=f"o-{contact}", agent="2001", queue="sales", leg="x")
    log.write("left_queue", contact, queue="sales", outcome="answered")


def test_t_can_be_said_afterwards_and_its_border_is_in_time() -> None:
    log = Log()
    for i, wait in enumerate((10.0, 20.0, 20.001, 60.0)):
        answered(log, f"a{i}", wait)
    log.now += 1.0
    for within, share in ((10.0, 0.25), (20.0, 0.5), (60.0, 1.0)):
        assert made(log, terms=Terms(within=within)).total["sl_offered"] == share
    row = made(log).total
    assert (row["asa_s"], row["wait_median_s"], row["wait_p90_s"]) == (pytest.approx(27.50025), 20.0, 60.0)


def test_who_waits_below_t_is_in_no_service_level_and_who_waits_longer_counts_against_it() -> None:
    log = Log()
    answered(log, "a", 5.0)
    log.write("queued", "below", queue="sales", enqueued_at=log.now, moved_from=None)
    log.now += 15.0
    row = made(log).total
    assert (row["undetermined"], row["overdue"], row["sl_offered"]) == (1, 0, 1.0)
    log.now += 10.0
    row = made(log).total
    assert (row["undetermined"], row["overdue"], row["sl_offered"]) == (0, 1, 0.5)
    assert row["sl_answered_only"] == 1.0
    assert row["longest_waiting_now_s"] == 25.0


def test_an_interval_in_which_nobody_was_served_has_no_service_level() -> None:
    row = made(waits(30.0, outcome="timed_out")).total
    assert row["offered"] == 1
    assert [row[name] for name in ("sl_offered", "sl_answered_only", "asa_s", "aht_s", "fcr")] == [None] * 5


# --- agents ------------------------------------------------------------------------------------------


def state(log: Log, name: str, reason: str = "") -> None:
    log.write("agent_state", None, "2001", state=name, reason=reason)


def an_hour_of_work() -> Log:
    """50 min ready, 30 s ringing, 5 min talking, 1 min wrap-up, and paused for the rest, from 13:46:40 on."""
    log = Log()
    state(log, "ready")
    log.write("queued", "a", queue="sales", enqueued_at=log.now + 2990.0, moved_from=None)
    log.now += 3000.0
    state(log, "reserved")
    log.write("offered", "a", "2001", offer="o1", agent="2001", queue="sales", leg="x", ring=20)
    log.now += 30.0
    log.write("connected", "a", "2001", offer="o1", agent="2001", queue="sales", leg="x")
    log.write("left_queue", "a", queue="sales", outcome="answered")
    state(log, "talking")
    log.now += 300.0
    log.write("talk_ended", "a", "2001", by="caller", agent="2001")
    state(log, "wrap_up")
    log.now += 60.0
    state(log, "paused", "lunch")
    log.now += 210.0
    return log


def test_an_agents_time_is_told_state_by_state_with_both_utilisations() -> None:
    row = made(an_hour_of_work(), "agents").total
    seconds = {name: row[f"{name}_s"] for name in ("ready", "reserved", "talking", "wrap_up", "paused")}
    assert seconds == {"ready": 3000.0, "reserved": 30.0, "talking": 300.0, "wrap_up": 60.0, "paused": 210.0}
    assert row["signed_in_s"] == 3600.0
    assert row["occupancy"] == pytest.approx(390 / 3390)
    assert row["utilisation_handling"] == pytest.approx(360 / 3600)
    assert row["utilisation_available"] == pytest.approx(3360 / 3600)
    assert (row["handled"], row["handled_talk_s"], row["aht_s"]) == (1, 300.0, 360.0)
    assert (row["offers"], row["taken"]) == (1, 1)


def test_an_agents_time_is_cut_at_the_borders_of_intervals() -> None:
    told = made(an_hour_of_work(), "agents", interval="15m")
    signed_in = [row["signed_in_s"] for _, _, row in told.lines]
    assert signed_in == [800.0, 900.0, 900.0, 900.0, 100.0]
    assert sum(float(row["talking_s"] or 0) for _, _, row in told.lines) == 300.0
    assert [row["handled"] for _, _, row in told.lines] == [0, 0, 0, 1, 0]


def test_offers_that_were_not_taken_are_told_by_agent_and_why() -> None:
    log = Log()
    for i, why in enumerate(("no_answer", "no_answer", "rejected", "busy", "unreachable", "abandoned")):
        log.write("offered", f"c{i}", "2001", offer=f"o{i}", agent="2001", queue="sales", leg="x", ring=20)
        log.now += 5.0
        log.write("offer_ended", f"c{i}", "2001", offer=f"o{i}", agent="2001", why=why, rest_until=None)
    row = made(log, "agents").total
    assert (row["offers"], row["taken"], row["no_answer_rate"]) == (6, 0, 2 / 6)
    assert (row["no_answer"], row["rejected"], row["busy"], row["unreachable"]) == (2, 1, 1, 1)


def test_a_caller_who_queues_again_or_is_transferred_after_an_answer_counts_for_that_agent() -> None:
    log = Log()
    for contact in ("a", "b", "c", "d"):
        log.write("arrived", contact, flow="support", from_number="1")
        answered(log, contact, 1.0)
        log.now += 10.0
        log.write("talk_ended", contact, "2001", by="agent", agent="2001")
    log.write("queued", "a", queue="support", enqueued_at=log.now, moved_from=None)
    log.write("transfer_connected", "b", to="+359", leg="x")
    log.now += 1.0
    row = made(log, "agents").total
    assert (row["transfer_rate"], row["requeue_rate"]) == (0.25, 0.25)


def sent_on(log: Log, kind: str, to: str) -> None:
    data = {"kind": kind, "to": to, "from": "2001", "how": "attended", "leg": "y", "queue": "sales"}
    log.write("transferred", "a", to if kind == "agent" else None, **data)


def a_conversation(log: Log) -> None:
    """A caller waits 4 s, is spoken with for 10 s, hears music for 20 s, and is spoken with for 5 s more."""
    log.write("arrived", "a", flow="support", from_number="1")
    answered(log, "a", 4.0)
    log.write("agent_state", None, "2001", state="talking")
    for seconds, event in ((10.0, "held"), (20.0, "resumed"), (5.0, "")):
        log.now += seconds
        if event:
            log.write(event, "a", by="phone")


def test_hold_is_inside_talk_and_told_apart() -> None:
    log = Log()
    a_conversation(log)
    log.write("talk_ended", "a", "2001", by="caller", agent="2001")
    log.write("agent_state", None, "2001", state="wrap_up")
    log.now += 7.0
    log.write("agent_state", None, "2001", state="ready")
    row = made(log).total
    assert (row["handled"], row["handled_talk_s"], row["handled_hold_s"]) == (1, 35.0, 20.0)
    assert (row["handled_wrap_up_s"], row["aht_s"]) == (7.0, 42.0)


def test_an_agent_who_is_joined_with_a_colleagues_caller_has_one_wrap_up_for_both_contacts() -> None:
    log = Log()
    a_conversation(log)
    log.write("arrived", "b", flow="support", from_number="2001")
    log.write("queued", "b", queue="support", enqueued_at=log.now, moved_from=None)
    log.now += 3.0
    offer = {"offer": "ob", "agent": "2002", "queue": "support"}
    log.write("offered", "b", "2002", ring=20.0, **offer)
    log.write("connected", "b", "2002", leg="y", **offer)
    log.write("left_queue", "b", queue="support", outcome="answered")
    log.write("agent_state", None, "2002", state="talking")
    log.now += 6.0
    log.write("joined", "b", "2002", contact="a")
    to = {"kind": "agent", "to": "2002", "leg": "y", "how": "joined", "queue": "support", "joined": "b"}
    log.write("transferred", "a", "2002", **to, **{"from": "2001"})
    log.write("agent_state", None, "2001", state="wrap_up")
    log.write("agent_state", None, "2002", state="talking")
    log.write("ended", "b", cause="joined")
    log.now += 60.0
    log.write("talk_ended", "a", "2002", by="caller", agent="2002")
    log.write("agent_state", None, "2002", state="wrap_up")
    log.now += 7.0
    for agent in ("2001", "2002"):
        log.write("agent_state", None, agent, state="ready")
    log.write("ended", "a", cause="flow")
    log.now += 1.0
    agents, queues, calls = (made(log, about) for about in ("agents", "queues", "calls"))
    rows = {name: row for name, _, row in agents.lines}
    first, second = rows["2001"], rows["2002"]
    assert (first["handled"], first["handled_talk_s"], first["handled_wrap_up_s"]) == (1, 44.0, 67.0)
    assert (second["handled"], second["handled_talk_s"], second["handled_wrap_up_s"]) == (2, 66.0, 7.0)
    assert first["transfer_rate"] == 1.0 and second["transfer_rate"] == 0.0
    lines = {name: (row["offered"], row["answered"], row["handled"]) for name, _, row in queues.lines}
    assert lines == {"sales": (1, 1, 1), "support": (1, 1, 2)}
    assert (calls.total["arrivals"], calls.total["answered"], calls.total["in_progress"]) == (2, 2, 0)
    assert [made.conservation_error for made in (queues, calls)] == [0, 0]


def test_a_caller_who_is_sent_on_to_another_agent_is_handled_by_both_and_offered_once() -> None:
    log = Log()
    a_conversation(log)
    log.write("agent_state", None, "2002", state="talking")
    sent_on(log, "agent", "2002")
    log.write("agent_state", None, "2001", state="wrap_up")
    log.now += 60.0
    log.write("talk_ended", "a", "2002", by="caller", agent="2002")
    log.write("agent_state", None, "2001", state="ready")
    log.write("agent_state", None, "2002", state="ready")
    log.now += 1.0
    told = made(log, "agents")
    rows = {name: row for name, _, row in told.lines}
    assert (rows["2001"]["handled_talk_s"], rows["2001"]["transfer_rate"]) == (35.0, 1.0)
    assert (rows["2002"]["handled_talk_s"], rows["2002"]["transfer_rate"]) == (60.0, 0.0)
    assert (rows["2001"]["handled_wrap_up_s"], rows["2002"]["handled_wrap_up_s"]) == (60.0, 0.0)
    queues = made(log)
    assert (queues.total["offered"], queues.total["answered"], queues.total["handled"]) == (1, 1, 2)
    assert queues.conservation_error == 0


def test_a_caller_who_is_sent_back_into_a_queue_waits_there_since_then() -> None:
    log = Log()
    a_conversation(log)
    first = log.now - 39.0
    sent_on(log, "queue", "support")
    log.write("queued", "a", queue="support", enqueued_at=first, entered_at=log.now, moved_from=None)
    log.now += 9.0
    log.write("left_queue", "a", queue="support", outcome="abandoned")
    log.now += 1.0
    rows = {name: row for name, _, row in made(log).lines}
    assert (rows["sales"]["answered"], rows["sales"]["transfer_rate"], rows["sales"]["requeue_rate"]) == (
        1,
        1.0,
        1.0,
    )
    assert (rows["support"]["offered"], rows["support"]["abandoned_in_t"]) == (1, 1)  # 9 s, not 48


def test_music_after_an_agent_has_sent_the_caller_on_is_no_hold_of_theirs() -> None:
    log = Log()
    a_conversation(log)
    log.write("released", "a", "2001", why="parked")
    log.write("agent_state", None, "2001", state="wrap_up")
    log.now += 50.0
    sent_on(log, "number", "+359")
    log.write("held", "a", by="phone")
    log.now += 30.0
    log.write("resumed", "a", by="phone")
    log.write("talk_ended", "a", None, by="target", agent=None)
    row = made(log, "agents").total
    assert (row["handled_talk_s"], row["handled_hold_s"]) == (35.0, 20.0)


def test_the_agent_who_sends_a_caller_back_is_the_one_whose_caller_queues_again() -> None:
    log = Log()
    a_conversation(log)
    sent_on(log, "agent", "2002")
    log.now += 60.0
    sent_on(log, "queue", "support")
    log.write("queued", "a", queue="support", enqueued_at=log.now, moved_from=None)
    log.now += 1.0
    rows = {name: row for name, _, row in made(log, "agents").lines}
    assert (rows["2001"]["requeue_rate"], rows["2002"]["requeue_rate"]) == (0.0, 1.0)


def test_an_agents_own_calls_are_time_signed_in_and_nobodys_handling() -> None:
    log = Log()
    for name, seconds in (("ready", 300.0), ("own_call", 100.0), ("logged_out", 50.0)):
        state(log, name)
        log.now += seconds
    row = made(log, "agents").total
    assert (row["own_call_s"], row["signed_in_s"], row["occupancy"]) == (100.0, 400.0, 0.0)


def test_what_callers_were_told_of_their_wait_is_judged_as_in_the_report_of_estimates() -> None:
    log = Log()
    for contact, wait in (("a", 50.0), ("b", 70.0)):
        log.write("arrived", contact, flow="support", from_number="1")
        log.write("queued", contact, queue="sales", enqueued_at=log.now, moved_from=None)
        log.write("announced", contact, queue="sales", mean=40.0, sd=10.0, told=True, minutes=1, position=1)
        log.now += wait
        log.write("connected", contact, "2001", offer=contact, agent="2001", queue="sales", leg="x")
        log.write("left_queue", contact, queue="sales", outcome="answered")
    log.now += 1.0
    row = made(log).total
    assert (row["promises_judged"], row["kept_promise_rate"], row["told_wait_mae_s"]) == (2, 0.5, 10.0)
    truth = scores(log.events, 0.0, log.now)["sales"]
    assert (truth.judged, truth.kept_rate, truth.mae) == (2, 0.5, 10.0)


# --- callbacks ---------------------------------------------------------------------------------------


def test_what_became_of_callbacks_adds_up_to_those_that_were_requested() -> None:
    log = Log()
    for name, left, cause in (
        ("a", "unreached", "flow"),
        ("b", "timed_out", "flow"),
        ("c", "", "failed"),
        ("d", "", ""),
    ):
        log.write("arrived", name, flow="support", from_number="1", callback={"of": "c1"})
        log.write("queued", name, queue="sales", enqueued_at=log.now, moved_from=None, kind="callback")
        log.now += 60.0
        if left:
            log.write("left_queue", name, queue="sales", outcome=left)
        if cause:
            log.write("ended", name, cause=cause)
    row = made(log).total
    parts = [row[f"callbacks_{name}"] for name in ("requested", "reached", "unreached", "cancelled", "open")]
    assert parts == [4, 0, 3, 0, 1]


def test_a_callback_is_told_apart_and_waits_in_no_service_level() -> None:
    log = Log()
    for name, end in (("x", "unreached"), ("y", "answered")):
        log.write("arrived", name, flow="support", from_number="1", callback={"of": "c1"})
        log.write(
            "queued", name, queue="sales", enqueued_at=log.now - 500.0, moved_from=None, kind="callback"
        )
        log.write("dialled", name, channel="c", number="1")
        log.now += 60.0
        if end == "answered":
            log.write("connected", name, "2001", offer="o", agent="2001", queue="sales", leg="x")
        log.write("left_queue", name, queue="sales", outcome=end)
        log.write("ended", name, cause="flow")
    log.now += 1.0
    row = made(log).total
    assert (row["offered"], row["answered"], row["sl_offered"], row["handled"]) == (0, 0, None, 1)
    assert (row["callbacks_requested"], row["callbacks_reached"], row["callbacks_unreached"]) == (2, 1, 1)
    assert (row["callback_success"], row["callback_attempts"], row["callback_delay_s"]) == (0.5, 2, 60.0)


# --- first contact resolution ------------------------------------------------------------------------

DAY = 86_400.0


RESOLVED = Asked("", "17", "1", "paper_jam", None, 0.0, "resolved")


def asked(contact: str, at: float, **other: Any) -> Asked:
    return replace(RESOLVED, contact=contact, opened_at=at, **other)


@pytest.mark.parametrize(
    ("later", "alone"),
    [
        (asked("b", 6 * DAY), False),
        (asked("b", 8 * DAY), True),
        (asked("b", DAY, customer="18"), True),
        (asked("b", DAY, code="no_power"), True),
        (asked("b", DAY, code="no_power", work_order=4), False),
        (asked("a", DAY), True),
    ],
)
def test_a_contact_was_the_only_one_when_nobody_asked_again_within_seven_days(
    later: Asked, alone: bool
) -> None:
    first = asked("a", 0.0, work_order=4)
    found = {contact: told for contact, *told in resolved_contacts([first, later], 30 * DAY)}
    assert found["a"][0] is alone


def test_first_contact_resolution_is_provisional_for_seven_days_and_of_resolved_contacts_only() -> None:
    one, still_open = asked("a", 0.0), asked("b", 0.0, customer="9", state="working")
    assert list(resolved_contacts([one, still_open], WINDOW - 1)) == [("a", True, True)]
    assert list(resolved_contacts([one, still_open], WINDOW)) == [("a", True, False)]


# --- whether the matter is resolved, as agents and callers say it ------------------------------------

#: What was said, in order: by an agent with a code (their name), or by the caller (empty); and the counts (marked, yes) of
#: queue sales, agents 2001 and 2002; answered, yes.
SAID = [
    ([], (0, 0), (0, 0), (0, 0), (0, 0)),
    ([("2001", True)], (1, 1), (1, 1), (0, 0), (0, 0)),
    ([("2001", False)], (1, 0), (1, 0), (0, 0), (0, 0)),
    ([("2001", None)], (0, 0), (0, 0), (0, 0), (0, 0)),
    ([("2001", False), ("2001", True)], (1, 1), (1, 1), (0, 0), (0, 0)),
    ([("2001", True), ("2001", None)], (0, 0), (0, 0), (0, 0), (0, 0)),
    ([("2001", False), ("2002", True)], (1, 1), (1, 0), (1, 1), (0, 0)),
    ([("2002", True), ("2001", False)], (1, 0), (1, 0), (1, 1), (0, 0)),
    ([("2001", False), ("2002", None)], (1, 0), (1, 0), (0, 0), (0, 0)),
    ([("2003", True)], (0, 0), (0, 0), (0, 0), (0, 0)),
    ([("", True)], (0, 0), (0, 0), (0, 0), (1, 1)),
    ([("", True), ("2001", False), ("", False)], (1, 0), (1, 0), (0, 0), (1, 0)),
]


def handed_over(said: list[tuple[str, bool | None]]) -> Log:
    """A caller speaks with 2001, is handed over to 2002, and then this is said of it."""
    log = Log()
    a_conversation(log)
    sent_on(log, "agent", "2002")
    log.now += 60.0
    log.write("talk_ended", "a", "2002", by="agent", agent="2002")
    for who, resolved in said:
        what = {} if resolved is None else {"resolved": resolved}
        if who:
            log.write("wrap_up_code", "a", who, code="x", queue="sales", note="", by="", **what)
        else:
            log.write("survey", "a", survey="s", question="q", answer=1, **what)
    log.write("ended", "a", cause="caller")
    log.now += 1.0
    return log


def said_in(row: Row, who: str) -> tuple[object, object]:
    return row[f"fcr_{who}_{'marked' if who == 'agent' else 'answered'}"], row[f"fcr_{who}_yes"]


@pytest.mark.parametrize(("said", "queue", "first", "second", "caller"), SAID)
def test_the_last_word_about_a_contact_counts_once_and_each_agents_own_for_them(
    said: list[tuple[str, bool | None]],
    queue: tuple[int, int],
    first: tuple[int, int],
    second: tuple[int, int],
    caller: tuple[int, int],
) -> None:
    log = handed_over(said)
    for about in ("queues", "sites", "calls"):
        row = made(log, about).total
        assert (said_in(row, "agent"), said_in(row, "survey")) == (queue, caller), about
        assert row["fcr_agent"] == (queue[1] / queue[0] if queue[0] else None)
        assert row["fcr_survey"] == (caller[1] / caller[0] if caller[0] else None)
    agents = {name: row for name, _, row in made(log, "agents").lines}
    assert [said_in(agents[name], "agent") for name in ("2001", "2002")] == [first, second]
    assert [said_in(agents[name], "survey") for name in ("2001", "2002")] == [(0, 0), caller]
    assert said_in(made(log, agents=frozenset({"2001"})).total, "survey") == (0, 0)


def test_what_is_said_late_counts_where_the_conversation_does() -> None:
    log = Log()
    log.write("arrived", "a", flow="support", from_number="1")
    answered(log, "a", 4.0)
    state(log, "talking")
    log.now += 100.0
    log.write("talk_ended", "a", "2001", by="caller", agent="2001")
    state(log, "ready")
    log.write("ended", "a", cause="caller")
    noon = log.now
    log.now += 7200.0
    assert not Books().take_all(log.events).settled(noon)
    log.write("wrap_up_code", "a", "2001", code="x", queue="sales", note="", by="", resolved=True)
    for about in ("queues", "agents", "calls"):
        marked = [row["fcr_agent_marked"] for _, _, row in made(log, about, interval="hour").lines]
        assert marked[0] == 1 == sum(map(int, marked)), about
    assert not Books().take_all(log.events).settled(noon), "it may have been a slip"
    log.write("wrap_up_code", "a", "2001", code="y", queue="sales", note="", by="", resolved=False)
    assert (made(log).total["fcr_agent"], made(log).total["fcr_agent_marked"]) == (0.0, 1)
    log.now += FOR
    state(log, "paused")
    assert Books().take_all(log.events).settled(noon)


def test_nothing_is_settled_before_the_day_is_over_in_which_a_code_may_come_and_the_calls_have_ended() -> (
    None
):
    log = Log()
    log.write("arrived", "a", flow="support", from_number="1")
    answered(log, "a", 4.0)
    began = log.now
    state(log, "talking")
    log.now += 60.0
    log.write("talk_ended", "a", "2001", by="agent", agent="2001")
    state(log, "ready")
    until = log.now
    log.now = began + FOR - 1.0
    log.write("ended", "a", cause="caller")
    state(log, "paused")
    assert not Books().take_all(log.events).settled(until)
    log.now += 1.0
    state(log, "ready")
    assert Books().take_all(log.events).settled(until)
    log.events = [event for event in log.events if event.kind != "ended"]
    assert not Books().take_all(log.events).settled(until)


# --- sites -------------------------------------------------------------------------------------------


def test_a_queue_belongs_to_its_site_or_to_the_only_one_of_its_schedule() -> None:
    queues = [
        QueueRule("by_name", site="dubai", schedule="sofia"),
        QueueRule("by_site", schedule="sofia"),
        QueueRule("by_schedule", schedule="one"),
        QueueRule("of_both", schedule="both"),
        QueueRule("always"),
    ]
    agents = [AgentRule("1", ("always", "by_name", "by_site")), AgentRule("2", ("always",))]
    known = site(queues, agents)
    places = {name: Site(name, "UTC", ()) for name in ("sofia", "dubai")}
    schedules = {
        "one": ScheduleRule("one", ("sofia",)),
        "both": ScheduleRule("both", ("sofia", "dubai")),
    }
    settings = Settings(
        ("en",), {}, places, schedules, known.queues, known.groups, known.agents, known.trunks
    )
    assert [site_of_queue(settings, queue.name) for queue in queues] == ["dubai", "sofia", "sofia", "-", "-"]
    assert site_of_queue(settings, "gone") == "-"
    assert [site_of_agent(settings, name) for name in ("1", "2", "gone")] == ["dubai", "-", "-"]


def test_a_contact_that_began_before_the_report_is_not_counted_in_it() -> None:
    log = Log()
    log.write("queued", "early", queue="sales", enqueued_at=log.now, moved_from=None)
    log.now += 100.0
    later = log.now
    answered(log, "late", 1.0)
    log.write("left_queue", "early", queue="sales", outcome="abandoned")
    log.now += 1.0
    wanted = Wanted("queues", Grid((later,), log.now))
    told = report(Books().take_all(log.events), (), SETTINGS, wanted, log.now)
    assert (told.total["offered"], told.total["answered"], told.conservation_error) == (1, 1, 0)


def test_events_nobody_knows_change_nothing() -> None:
    log = waits(6.0)
    before = made(log).total
    log.events.insert(1, Event("weather", 1_000_001.0, "w0", None, {"sun": True}))
    assert made(log).total == before
    assert Counter(event.kind for event in log.events)["weather"] == 1
