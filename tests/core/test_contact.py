"""A contact as the fold of its events: exact at every moment, closed once, its record as documented."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.contact import FIELDS, Contact, Outcome, Stage, apply, fold, record
from engine.core.event import Event

#: What the issue of the first call promises, in its order.
PROMISED = [
    *("id", "from_number", "to_number", "flow", "flow_hash", "language", "arrived_at", "answered_at"),
    *("enqueued_at", "connected_at", "ended_at", "outcome", "queue", "agent", "position_at_entry"),
    *(
        "wait_s",
        "talk_s",
        "entitlement",
        "transferred_to",
        "callback_of",
        "wrap_up_code",
        "hold_s",
        "legs",
        "joined",
    ),
]

ARRIVED = {
    "from_number": "+359888000001",
    "to_number": "100",
    "channel": "1772442000.1",
    "flow": "support",
    "flow_hash": "ab" * 32,
    "language": "en",
    "via": "sip",
}


@dataclass
class Story:
    """A call being lived through: its events, and what a person with a stop-watch would note down."""

    chance: Random
    now: float = 1_772_442_000.0
    events: list[Event] = field(default_factory=list)
    waited: float | None = None
    talked: float | None = None
    first: dict[str, Any] = field(default_factory=dict)
    talks: int = 0
    messages: int = 0
    left: str = ""
    offers: int = 0
    outside: str | None = None

    def pass_time(self, most: float = 90.0) -> float:
        """Let some time go by, in whole milliseconds; returns how much."""
        seconds = self.chance.randrange(0, int(most * 1000)) / 1000
        self.now = round(self.now + seconds, 3)
        return seconds

    def tell(self, kind: str, **data: Any) -> None:
        self.events.append(Event(kind, self.now, "c-1", data.get("agent"), data, len(self.events) + 1))

    def ask(self) -> None:
        self.pass_time(10)
        self.tell("step", do="Choose", outcome=self.chance.choice(["1", None]), language="en")

    def message(self) -> None:
        self.tell("recording", recording=f"c-1-v{self.messages}", mailbox="office")
        self.pass_time(30)
        if self.chance.random() < 0.5:
            self.tell("message", mailbox="office", file=f"c-1-v{self.messages}.wav", seconds=3.0)
            self.messages += 1
        else:
            self.tell("no_message", recording=f"c-1-v{self.messages}")

    def refused(self) -> None:
        self.tell("left_queue", queue=None, outcome="refused", why="full", decision={})
        self.left = "refused"
        self.ask()

    def queue(self) -> bool:
        """A stay in a queue; True when the caller has hung up in it."""
        entered, queue, place = self.now, self.chance.choice(["sales", "desk"]), self.chance.randint(1, 9)
        data = {"queue": queue, "position": place, "enqueued_at": entered, "priority": 5, "skills": []}
        self.tell("queued", **data)
        self.first = self.first or {"enqueued_at": entered, "position_at_entry": place}
        for _ in range(self.chance.randrange(3)):
            self.offer(queue)
            self.tell("offer_ended", offer=self.offer_id, agent=self.agent, why="no_answer")
        match self.chance.choice(["answered", "abandoned", "timed_out", "flow_out"]):
            case "answered":
                return self.talk(queue, entered)
            case left:
                self.pass_time()
                self.waited = (self.waited or 0.0) + self.now - entered
                self.left = "short_abandoned" if left == "abandoned" and self.now - entered < 5 else left
                if left == "flow_out":
                    self.tell("pressed", key="1")
                self.tell("left_queue", queue=queue, outcome=self.left)
                if left != "abandoned":
                    self.ask()
                return left == "abandoned"

    def transfer(self) -> bool:
        """Somebody outside is rung; True when the caller has hung up over it."""
        to, leg = self.chance.choice(["+35929990000", "112"]), "c-1~t1"
        if self.chance.random() < 0.2:
            self.tell("transfer_ended", to=to, why="not_allowed")
            self.ask()
            return False
        self.tell("transferring", to=to, trunk="provider", shown="", leg=leg, ring=30.0)
        self.pass_time(30)
        why = self.chance.choice(["busy", "key", "abandoned", "answered"])
        if why == "answered":
            self.tell("transfer_answered", to=to, leg=leg)
            self.pass_time(3)
            self.tell("transfer_connected", to=to, leg=leg)
            self.outside = to
            self.talked = (self.talked or 0.0) + self.pass_time()
            by = self.chance.choice(["caller", "target"])
            self.tell("transfer_ended", to=to, by=by)
        else:
            by = "caller" if why == "abandoned" else why
            self.tell("transfer_ended", to=to, why=why)
        if by != "caller":
            self.ask()
        return by == "caller"

    def offer(self, queue: str) -> None:
        self.pass_time(20)
        self.offers += 1
        self.offer_id, self.agent = f"o-{self.offers}", self.chance.choice(["2001", "2002"])
        self.tell("offered", offer=self.offer_id, agent=self.agent, queue=queue, ring=20.0)
        self.pass_time(20)

    def talk(self, queue: str, entered: float) -> bool:
        self.offer(queue)
        self.tell("picked_up", agent=self.agent, offer=self.offer_id, leg="leg")
        self.pass_time(0.2)
        self.waited = (self.waited or 0.0) + self.now - entered
        self.first.setdefault("connected_at", self.now)
        self.first["agent"], self.left = self.agent, "answered"
        self.talks += 1
        self.tell("connected", offer=self.offer_id, agent=self.agent, queue=queue, leg="leg")
        self.tell("left_queue", queue=queue, outcome="answered")
        self.talked = (self.talked or 0.0) + self.pass_time()
        by = self.chance.choice(["caller", "agent"])
        self.tell("talk_ended", by=by, agent=self.agent)
        if by == "agent":
            self.ask()
        return by == "caller"


def live(chance: Random) -> Story:
    """A random call from its arrival to its end."""
    story = Story(chance)
    story.tell("arrived", **ARRIVED)
    story.pass_time(0.1)
    if chance.random() < 0.95:
        story.tell("answered")
        acts: list[Callable[[], bool | None]] = [story.ask, story.message, story.refused, story.queue]
        acts.append(story.transfer)
        for _ in range(chance.randrange(6)):
            if chance.choice(acts)():
                break
    story.pass_time(5)
    story.tell("ended", cause=chance.choice(["caller", "flow", "lost", "failed"]))
    return story


def expected(story: Story) -> Outcome:
    """The outcome by the list at the head of contact.py, told from the story and not from the fold."""
    cause = story.events[-1].data["cause"]
    if cause == "failed":
        return Outcome.FAILED
    if story.talks:
        return Outcome.ANSWERED
    if story.outside:
        return Outcome.TRANSFERRED
    if story.messages:
        return Outcome.VOICEMAIL
    if story.left in ("abandoned", "short_abandoned", "timed_out", "refused"):
        return Outcome(story.left)
    return Outcome.COMPLETED if cause == "flow" else Outcome.IVR_HANGUP


stories = st.randoms(use_true_random=False).map(live)
several = settings(deadline=None, max_examples=150)

#: Once known these never change, whatever happens later.
FIXED = (
    *("channel", "from_number", "to_number", "flow", "flow_hash", "via"),
    *("arrived_at", "answered_at", "enqueued_at", "connected_at", "position_at_entry"),
)


def test_the_record_has_the_fields_that_are_promised_in_their_order() -> None:
    assert list(record(Contact("x"))) == list(FIELDS) == PROMISED


@several
@given(stories)
def test_every_moment_of_a_contact_is_consistent(story: Story) -> None:
    before = Contact("c-1")
    for n, event in enumerate(story.events, 1):
        now = apply(before, event)
        assert now == fold("c-1", story.events[:n])
        for name in FIXED:
            assert getattr(before, name) in (getattr(now, name), None, "", 0.0, "sip")
        for name in ("wait_s", "talk_s"):
            assert (getattr(before, name) or 0.0) <= (getattr(now, name) or 0.0)
        assert (now.stage is Stage.ENDED) == (now.ended_at is not None) == (now.outcome is not None)
        talking = now.transfer is not None and now.transfer.kind == "transfer_connected"
        assert (now.stage is Stage.TALKING or talking) == (now.talk_from is not None)
        assert (now.stage is Stage.TRANSFER) == (now.transfer is not None) or now.ended_at is not None
        if now.stage in (Stage.OFFERED, Stage.PICKED_UP):
            assert now.offered and now.queued is not None
        before = now


@several
@given(stories)
def test_a_record_is_what_a_person_with_a_stop_watch_would_note(story: Story) -> None:
    told = record(fold("c-1", story.events))
    assert told["outcome"] == expected(story)
    for name in ("enqueued_at", "connected_at", "position_at_entry", "agent"):
        assert told[name] == story.first.get(name)
    for name, seconds in (("wait_s", story.waited), ("talk_s", story.talked)):
        assert told[name] == (None if seconds is None else pytest.approx(seconds, abs=0.01))
    assert told["transferred_to"] == story.outside
    times = [told[name] for name in ("arrived_at", "answered_at", "ended_at") if told[name] is not None]
    assert times == sorted(times) and times[-1] == story.now
    assert json.loads(json.dumps(told)) == told


@several
@given(stories)
def test_a_contact_folded_from_the_stored_log_is_the_one_that_was_lived(story: Story) -> None:
    stored = [
        Event(e.kind, e.at, e.contact, e.agent, json.loads(json.dumps(e.data)), e.seq) for e in story.events
    ]
    assert fold("c-1", stored) == fold("c-1", story.events)


@several
@given(stories, st.randoms(use_true_random=False))
def test_a_contact_is_closed_once_and_late_reports_change_nothing(story: Story, chance: Random) -> None:
    closed = fold("c-1", story.events)
    late = [Event(e.kind, e.at + 60, "c-1", e.agent, e.data) for e in story.events[1:]]
    chance.shuffle(late)
    assert fold("c-1", [*story.events, *late]) == closed


ROOT = Path(__file__).parents[2]


def test_every_kind_of_event_that_the_engine_writes_is_in_the_architecture_and_no_other() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = page.split("## Events")[1].split("`do` of a `step`")[0]
    documented = set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE))
    written = {
        call.args[0].value
        for path in (ROOT / "engine").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Event"
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    assert documented == written


def told(*events: tuple[str, float, dict[str, Any]]) -> Contact:
    """A contact that arrived at 0, with these events after it."""
    return fold("c-1", [Event("arrived", 0.0, "c-1", None, ARRIVED), *(_event(*e) for e in events)])


def _event(kind: str, at: float, data: dict[str, Any]) -> Event:
    return Event(kind, at, "c-1", data.get("agent"), data)


QUEUED = {"queue": "sales", "position": 3, "enqueued_at": 10.0}


def test_who_keeps_their_place_keeps_the_time_they_came() -> None:
    again = told(("queued", 10.0, QUEUED), ("queued", 50.0, QUEUED | {"position": 1}))
    assert (again.enqueued_at, again.position_at_entry) == (10.0, 3)
    left = apply(again, _event("left_queue", 70.0, {"queue": "sales", "outcome": "timed_out"}))
    assert left.wait_s == 60.0


def test_the_end_of_an_offer_that_is_over_does_not_end_the_next_one() -> None:
    offered = {"offer": "o-1", "agent": "2001", "queue": "sales"}
    now = told(("queued", 10.0, QUEUED), ("offered", 11.0, offered | {"offer": "o-2"}))
    assert apply(now, _event("offer_ended", 12.0, offered | {"why": "no_answer"})) == now


def test_an_unknown_kind_changes_nothing() -> None:
    now = told(("queued", 10.0, QUEUED))
    assert apply(now, Event("something_new", 11.0, "c-1")) == now


def test_a_number_that_leads_nowhere_is_a_failed_contact() -> None:
    assert told(("ended", 1.0, {"cause": "unknown_number"})).outcome == Outcome.FAILED


@pytest.mark.parametrize(
    ("left", "cause", "outcome"),
    [
        ("abandoned", "caller", "abandoned"),
        ("short_abandoned", "caller", "short_abandoned"),
        ("timed_out", "flow", "timed_out"),
        ("timed_out", "caller", "timed_out"),
        ("refused", "flow", "refused"),
        ("flow_out", "flow", "completed"),
        ("flow_out", "caller", "ivr_hangup"),
        ("failed", "failed", "failed"),
    ],
)
def test_how_a_caller_left_the_queue_shows_in_the_outcome(left: str, cause: str, outcome: str) -> None:
    now = told(
        ("queued", 10.0, QUEUED),
        ("left_queue", 40.0, {"queue": "sales", "outcome": left}),
        ("ended", 50.0, {"cause": cause}),
    )
    assert (now.outcome, now.wait_s) == (outcome, 30.0)


def test_time_that_nobody_saw_is_neither_talk_nor_wait() -> None:
    lost = {"cause": "lost", "seen": 60.0}
    talked = told(
        ("queued", 10.0, QUEUED),
        ("connected", 20.0, {"offer": "o-1", "queue": "sales"}),
        ("talk_ended", 9_000.0, {"by": "lost", "seen": 60.0}),
        ("ended", 9_000.0, lost),
    )
    assert (talked.talk_s, talked.ended_at, talked.outcome) == (40.0, 60.0, "answered")
    waited = told(
        ("queued", 10.0, QUEUED),
        ("left_queue", 9_000.0, {"queue": "sales", "outcome": "abandoned", "seen": 60.0}),
        ("ended", 9_000.0, lost),
    )
    assert (waited.wait_s, waited.ended_at, waited.outcome) == (50.0, 60.0, "abandoned")


def test_a_transfer_that_nobody_saw_end_lasted_until_it_was_last_seen() -> None:
    leg = {"to": "112", "leg": "c-1~t1"}
    lost = {"to": "112", "by": "lost", "seen": 60.0}
    now = told(
        ("transferring", 10.0, {**leg, "ring": 30.0}),
        ("transfer_answered", 20.0, leg),
        ("transfer_connected", 22.0, leg),
        ("transfer_ended", 9_000.0, lost),
        ("ended", 9_000.0, {"cause": "lost", "seen": 60.0}),
    )
    assert (now.talk_s, now.ended_at, now.outcome, now.transferred_to) == (38.0, 60.0, "transferred", "112")


def test_who_has_spoken_with_an_agent_is_answered_wherever_they_are_transferred() -> None:
    now = told(
        ("queued", 10.0, QUEUED),
        ("connected", 20.0, {"offer": "o-1", "queue": "sales"}),
        ("talk_ended", 30.0, {"by": "agent"}),
        ("transfer_connected", 40.0, {"to": "112", "leg": "c-1~t2"}),
        ("transfer_ended", 45.0, {"to": "112", "by": "target"}),
        ("ended", 50.0, {"cause": "flow"}),
    )
    assert (now.outcome, now.transferred_to, now.talk_s) == ("answered", "112", 15.0)


def test_a_call_that_was_last_seen_before_its_own_events_ends_with_the_last_of_them() -> None:
    now = told(
        ("answered", 5.0, {}), ("queued", 10.0, QUEUED), ("ended", 9_000.0, {"cause": "lost", "seen": 0.0})
    )
    assert now.ended_at == 10.0


@pytest.mark.parametrize(
    ("before", "outcome"),
    [
        ([], "failed"),
        ([("connected", 20.0, {"offer": "o-1", "queue": "sales"})], "answered"),
        ([("message", 20.0, {})], "voicemail"),
    ],
)
def test_what_a_caller_had_of_a_call_stays_when_it_is_stopped(before: list[Any], outcome: str) -> None:
    assert told(*before, ("ended", 30.0, {"cause": "stopped"})).outcome == outcome


def test_a_place_is_used_up_when_an_agent_answers() -> None:
    waits = told(("queued", 10.0, QUEUED))
    assert waits.place is not None
    assert apply(waits, _event("connected", 20.0, {"offer": "o-1", "queue": "sales"})).place is None
