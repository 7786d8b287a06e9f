"""A day of the log, simulated: what is known of it comes out again."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import pytest
from acd_shell import site
from test_acd_day import AGENTS, GROUPS, HOUR, MIDNIGHT, QUEUES
from test_reports_day import days_log

from engine.core.event import Event
from engine.core.facts import AgentSet
from engine.core.stays import Books
from engine.core.tally import Terms
from engine.staffing.crew import crew_of, with_crew
from engine.staffing.experiment import Experiment, experiment
from engine.staffing.figures import ALL, Day, day_of
from engine.staffing.past import planned
from engine.staffing.plan import Plan

END = MIDNIGHT + 30 * HOUR
SETTINGS = site(QUEUES, AGENTS, GROUPS)


@pytest.fixture(scope="module")
def log() -> list[Event]:
    return list(days_log())


@pytest.fixture(scope="module")
def really(log: list[Event]) -> Day:
    return day_of(Books().take_all(log), SETTINGS, MIDNIGHT, END, Terms())


def plan_of(log: list[Event], vary: bool = False) -> Plan:
    return planned((), log, SETTINGS, MIDNIGHT, END, vary=vary)


@pytest.fixture(scope="module")
def four_more(log: list[Event]) -> Experiment:
    """The day as it was, lived twice, beside the same with four agents more."""
    base = plan_of(log)
    return experiment(base, with_crew(base, crew_of("+4")), 2, "1", Terms())


def value(day: Day, figure: str) -> float:
    return float(day[ALL][figure] or 0.0)


def test_yesterday_lived_again_is_as_it_was_as_far_as_it_is_known(four_more: Experiment, really: Day) -> None:
    assert len(four_more.base.days) == 2
    for day in four_more.base.days:
        assert value(day, "offered") == pytest.approx(value(really, "offered"), abs=2)
        for figure, within in {
            "answered": 0.05,
            "aht_s": 0.05,
            "occupancy": 0.06,
            "sl_offered": 0.12,
        }.items():
            assert value(day, figure) == pytest.approx(value(really, figure), rel=within), figure
        assert value(day, "asa_s") == pytest.approx(value(really, "asa_s"), rel=0.25)
        for figure in ("abandoned", "flow_out", "timed_out", "refused", "no_answer"):
            assert value(day, figure) == pytest.approx(value(really, figure), rel=0.45, abs=20), figure


def test_days_like_yesterday_have_as_many_callers_but_not_the_same(log: list[Event], really: Day) -> None:
    once, again = experiment(plan_of(log, vary=True), None, 2, "1", Terms()).base.days
    assert value(once, "offered") != value(again, "offered")
    for day in (once, again):
        assert value(day, "offered") == pytest.approx(value(really, "offered"), rel=0.08)
        assert value(day, "aht_s") == pytest.approx(value(really, "aht_s"), rel=0.08)


def test_four_more_agents_would_have_made_yesterdays_waits_shorter(four_more: Experiment) -> None:
    assert four_more.changed is not None
    for day, changed in zip(four_more.base.days, four_more.changed.days, strict=True):
        assert value(changed, "offered") == pytest.approx(value(day, "offered"), rel=0.02)
        assert value(changed, "asa_s") < value(day, "asa_s") - 2.0
        assert value(changed, "sl_offered") > value(day, "sl_offered") + 0.02


def test_agents_who_did_not_hear_their_phone_and_never_came_back_do_not_come_back_when_the_day_is_lived_again() -> (
    None
):
    def state(at: float, word: str, reason: str = "") -> Event:
        about = {"since": at, "idle_since": at, "then": "", "then_reason": "", "contact": None, "until": None}
        return Event(
            "agent_state", MIDNIGHT + at, None, "agent00", {"state": word, "reason": reason, **about}
        )

    asked = {
        "queue": "sales",
        "group": None,
        "priority": 5,
        "skills": [],
        "max_wait": 600.0,
        "enqueued_at": MIDNIGHT + 50,
    }
    offer = {"offer": "o1", "agent": "agent00", "queue": "sales"}
    gone = [
        state(0.0, "ready"),
        Event("queued", MIDNIGHT + 50, "c1", data=asked),
        Event("offered", MIDNIGHT + 50, "c1", "agent00", {**offer, "ring": 20.0}),
        state(50.0, "reserved"),
        Event("offer_ended", MIDNIGHT + 70, "c1", "agent00", {**offer, "why": "no_answer"}),
        state(70.0, "paused", "no_answer"),
        Event("left_queue", MIDNIGHT + 90, "c1", data={"queue": "sales", "outcome": "abandoned"}),
    ]
    made = planned((), gone, SETTINGS, MIDNIGHT, END)
    assert made.phones.back_after.mean == inf
    assert made.hours["agent00"] == ((MIDNIGHT, AgentSet("agent00", "ready")),)
    back = planned((), [*gone, state(190.0, "ready")], SETTINGS, MIDNIGHT, END)
    assert back.phones.back_after.mean == pytest.approx(120.0)
    assert back.hours == made.hours


def test_the_notes_say_how_patience_was_estimated_and_who_is_left_out(log: list[Event]) -> None:
    some = replace(SETTINGS, agents={a.name: a for a in AGENTS[1:]})
    notes = planned((), log, some, MIDNIGHT, END).notes
    assert any(note.startswith("sales: patience by Kaplan-Meier, ") for note in notes)
    assert "agents the site has no more: agent00" in notes
