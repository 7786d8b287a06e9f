"""A whole day of a site with 20 agents, reported, beside a recount that goes through the log contact by contact."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from acd_shell import site
from test_acd_day import AGENTS, GROUPS, HOUR, MIDNIGHT, QUEUES, Day

from engine.core import acd
from engine.core.event import Event
from engine.core.intervals import grid
from engine.core.reports import Report, Wanted, report
from engine.core.stays import Books
from engine.core.tally import OUTCOMES, Row, Terms

END = MIDNIGHT + 30 * HOUR
TERMS = Terms()


class ReportedDay(Day):
    """The same day with what the shell of calls writes around it: arrivals, refusals at the door, ends."""

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        if isinstance(fact, acd.Arrived):
            self._event("arrived", fact.contact, flow="support", from_number="7001")
        return super().tell(fact)

    def _write_command(self, command: acd.Command) -> None:
        super()._write_command(command)
        match command:
            case acd.Refused(contact, why, decision, None):
                self._event("left_queue", contact, queue=None, outcome="refused", why=why, decision=decision)
                self._event("ended", contact, cause="flow")
            case acd.Refused() | acd.TimedOut():
                self._event("ended", command.contact, cause="flow")

    def _write_fact(self, fact: acd.Fact) -> None:
        super()._write_fact(fact)
        match fact:
            case acd.Left() if fact.contact in self.callers_before or fact.contact in self.talks_before:
                self._event("ended", fact.contact, cause="caller")
            case acd.TalkEnded() if fact.contact in self.talks_before:
                self._event("ended", fact.contact, cause="flow")

    def take_stock(self) -> None:
        """The books are balanced by the reports here."""


@cache  # other tests look at the same day
def days_log() -> tuple[Event, ...]:
    """All that is written on the day."""
    day = ReportedDay(seed=2026)
    day.live()
    return tuple(day.log)


@pytest.fixture(scope="module")
def log() -> list[Event]:
    return list(days_log())


@pytest.fixture(scope="module")
def books(log: list[Event]) -> Books:
    return Books().take_all(log)


def told(books: Books, about: str, interval: str = "total", terms: Terms = TERMS) -> Report:
    wanted = Wanted(about, grid(MIDNIGHT, END, interval, ZoneInfo("UTC")), terms)
    return report(books, (), site(QUEUES, AGENTS, GROUPS), wanted, END)


# --- the recount: no fold, one contact after the other ------------------------------------------------


def by_contact(log: list[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in log:
        if event.contact is not None:
            found[event.contact].append(event)
    return found


def stays_of(events: list[Event]) -> list[tuple[str, float, str, float]]:
    """Every stay of one contact: queue, since, how it ended, seconds waited."""
    found = []
    for i, event in enumerate(events):
        if event.kind == "queued":
            end = next(e for e in events[i + 1 :] if e.kind in ("left_queue", "queued"))
            how = "flow_out" if end.kind == "queued" else str(end.data["outcome"])
            since = event.data["enqueued_at"]
            found.append((event.data["queue"], since, how, round(end.at - since, 3)))
        elif event.kind == "left_queue" and event.data.get("queue") is None and "decision" in event.data:
            found.append((event.data["decision"]["candidates"][0]["queue"], event.at, "refused", 0.0))
    return found


def named(how: str, waited: float, short: float) -> str:
    if how in ("abandoned", "short_abandoned"):
        return "short_abandoned" if waited < short else "abandoned"
    return how


def recount(log: list[Event], start: float, end: float, terms: Terms) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for events in by_contact(log).values():
        for queue, since, how, waited in stays_of(events):
            if start <= since < end:
                counts[queue]["offered"] += 1
                counts[queue][named(how, waited, terms.short)] += 1
                counts[queue]["answered_in_t"] += how == "answered" and waited <= terms.within
                counts[queue]["abandoned_in_t"] += how.endswith("abandoned") and waited <= terms.within
    return counts


def recounted_levels(counts: Counter[str]) -> dict[str, float | None]:
    """The five formulas as the page writes them, with counts of the recount."""
    a, a_t = counts["answered"], counts["answered_in_t"]
    b, b_t, b_s = (
        counts["abandoned"] + counts["short_abandoned"],
        counts["abandoned_in_t"],
        counts["short_abandoned"],
    )
    parts = {
        "sl_offered": (a_t, a + b),
        "sl_excl_short": (a_t, a + b - b_s),
        "sl_excl_abn_in_t": (a_t, a + b - b_t),
        "sl_abn_positive": (a_t + b_t, a + b),
        "sl_answered_only": (a_t, a),
    }
    return {name: part / whole if whole else None for name, (part, whole) in parts.items()}


# --- what is promised ----------------------------------------------------------------------------------


@pytest.mark.parametrize("terms", [Terms(), Terms(within=60.0, short=10.0), Terms(within=0.0, short=0.0)])
def test_a_day_of_queues_by_the_quarter_equals_the_recount(
    log: list[Event], books: Books, terms: Terms
) -> None:
    found = told(books, "queues", "15m", terms)
    assert found.conservation_error == 0
    rows: dict[tuple[int, str], Row] = {(i, name): row for name, i, row in found.lines}
    seen = 0
    for i in range(len(found.wanted.grid.starts)):
        counts = recount(log, *found.wanted.grid.borders(i), terms)
        for queue, truth in counts.items():
            row = rows[i, queue]
            names = ("offered", *OUTCOMES, "answered_in_t", "abandoned_in_t")
            assert {name: row[name] for name in names} == {name: truth[name] for name in names}
            levels = recounted_levels(truth)
            assert {name: row[name] for name in levels} == levels
            seen += truth["offered"]
    assert seen == found.total["offered"]
    assert seen > 2400


def test_the_day_has_every_outcome_and_nobody_waits_at_its_end(books: Books) -> None:
    total = told(books, "queues").total
    outcomes: dict[str, Any] = {name: total[name] for name in OUTCOMES}
    assert [name for name, count in outcomes.items() if not count] == ["callback_taken", "failed"]
    assert total["offered"] == sum(outcomes.values())
    assert (total["waiting"], total["conservation_error"], total["longest_waiting_now_s"]) == (0, 0, None)


def test_agents_seconds_add_up_to_the_time_between_their_log_in_and_their_log_out(
    log: list[Event], books: Books
) -> None:
    found = told(books, "agents", "30m")
    states: dict[str, list[Event]] = defaultdict(list)
    for event in log:
        if event.kind == "agent_state":
            states[str(event.agent)].append(event)
    for name, events in states.items():
        pairs = pairwise(events)
        truth = sum(b.at - a.at for a, b in pairs if a.data["state"] != "logged_out")
        rows = [row for agent, _, row in found.lines if agent == name]
        assert sum(float(row["signed_in_s"] or 0) for row in rows) == pytest.approx(truth, abs=0.1)
    assert len(states) == len(AGENTS)


def test_agents_conversations_are_the_queues_conversations(log: list[Event], books: Books) -> None:
    agents, queues = told(books, "agents").total, told(books, "queues").total
    begun = {e.contact: e.at for e in log if e.kind == "connected"}
    talked = sum(e.at - begun[e.contact] for e in log if e.kind == "talk_ended")
    assert agents["handled"] == queues["answered"] == len(begun)
    assert float(agents["handled_talk_s"] or 0) == pytest.approx(talked, abs=2.0)
    assert agents["handled_talk_s"] == queues["handled_talk_s"]
    handling = float(agents["talking_s"] or 0) + float(agents["wrap_up_s"] or 0)
    assert float(agents["aht_s"] or 0) * len(begun) == pytest.approx(handling, abs=2.0)
    offered = Counter(e.kind for e in log)["offered"]
    assert (agents["offers"], agents["taken"]) == (offered, len(begun))


def test_calls_of_the_day_end_by_what_became_of_them_in_the_queue(log: list[Event], books: Books) -> None:
    found = told(books, "calls").total
    ends = Counter[str]()
    for events in by_contact(log).values():
        *_, (_, _, how, waited) = stays_of(events)
        ends["ivr_hangup" if how == "flow_out" else named(how, waited, TERMS.short)] += 1
    assert found["arrivals"] == ends.total()
    assert {name: found[name] for name in ends} == dict(ends)
    assert (found["in_progress"], found["conservation_error"]) == (0, 0)
