"""What is told of the floor: whole, clean, and nothing that a caller keyed in."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from acd_shell import site
from hypothesis import given
from hypothesis import strategies as st
from test_acd_day import AGENTS, GROUPS, QUEUES, Day

from engine.core.event import Event
from engine.core.watched import LONGEST, MOST_NAMED, Watched, clean, happened

SETTINGS = site(QUEUES, AGENTS, GROUPS)


def watched(*events: Event) -> Watched:
    return Watched(lambda: SETTINGS, lambda queue: 60.0).take_all(events)


def queued(contact: str, at: float, queue: str = "sales", priority: int = 5, seq: int = 0) -> Event:
    data = {"queue": queue, "enqueued_at": at, "priority": priority}
    return Event("queued", at, contact, data=data, seq=seq)


class WatchedDay(Day):
    """A day on which, every quarter of an hour, the floor that is told is held against the distributor's own."""

    def __init__(self, seed: int) -> None:
        self.floor, self.told = watched(), 0
        super().__init__(seed)

    def take_stock(self) -> None:
        self.floor.take_all(self.log[self.told :])
        self.told = len(self.log)
        snapshot = self.floor.snapshot(self.now)
        for name, queue in self.state.queues.items():
            here = snapshot["queues"][name]
            assert [c["contact"] for c in here["callers"] if c["position"]] == [key[2] for key in queue.line]
            assert here["being_offered"] == queue.held - queue.line.count
            assert here["talking"] == sum(agent.queue is queue for agent in self.state.talks.values())
            assert here["ready"] == sum(str(agent.state) == "ready" for agent in queue.agents)
            assert here["open"] == (queue.drains_at is None)
        for name, agent in self.state.agents.items():
            assert snapshot["agents"][name]["state"] == str(agent.state)
            assert snapshot["agents"][name]["contact"] == agent.contact


def test_the_floor_that_is_told_is_the_distributors_own_all_day_long() -> None:
    day = WatchedDay(seed=7)
    day.live()
    assert day.told > 10_000


def test_places_go_by_priority_and_time_and_who_is_being_offered_has_none() -> None:
    floor = watched(queued("a", 10.0), queued("b", 20.0), queued("c", 30.0, priority=8))
    floor.take(Event("offered", 31.0, "b", "agent00", {"offer": "o", "agent": "agent00", "queue": "sales"}))
    queue = floor.queue("sales", 40.0)
    assert [(c["contact"], c["position"]) for c in queue["callers"]] == [("b", 0), ("c", 1), ("a", 2)]
    assert (queue["waiting"], queue["being_offered"], queue["longest_wait_s"]) == (2, 1, 30.0)
    floor.take(Event("offer_ended", 50.0, "b", "agent00", {"offer": "o", "why": "no_answer"}))
    assert [c["contact"] for c in floor.queue("sales", 50.0)["callers"]] == ["c", "a", "b"]


def test_who_keeps_an_earlier_place_waits_since_they_came() -> None:
    kept = {"queue": "sales", "enqueued_at": 10.0, "entered_at": 50.0, "priority": 5}
    floor = watched(queued("a", 20.0), Event("queued", 50.0, "b", data=kept))
    callers = floor.queue("sales", 60.0)["callers"]
    assert [(c["contact"], c["waited_s"]) for c in callers] == [("b", 10.0), ("a", 40.0)]


def test_where_priority_grows_the_wait_and_the_priority_told_are_those_they_came_with() -> None:
    sales = replace(SETTINGS.queues["sales"], ageing=30.0)
    settings = replace(SETTINGS, queues={**SETTINGS.queues, "sales": sales})
    events = (queued("a", 10.0), queued("b", 20.0, priority=8))
    floor = Watched(lambda: settings, lambda queue: None).take_all(events)
    queue = floor.queue("sales", 40.0)
    told = [(c["contact"], c["position"], c["priority"], c["waited_s"]) for c in queue["callers"]]
    assert told == [("b", 1, 8, 20.0), ("a", 2, 5, 30.0)]
    assert queue["longest_wait_s"] == 30.0


def test_an_agent_to_whom_a_caller_is_sent_on_is_in_that_queues_conversations() -> None:
    to = {"kind": "agent", "to": "agent01", "from": "agent00", "how": "blind", "leg": "l", "queue": "sales"}
    floor = watched(
        queued("a", 1.0),
        Event("connected", 2.0, "a", "agent00", {"offer": "o", "agent": "agent00", "queue": "sales"}),
        Event("transferred", 3.0, "a", "agent01", to),
        Event("agent_state", 3.0, None, "agent01", {"state": "talking", "contact": "a"}),
        Event("agent_state", 3.0, None, "agent00", {"state": "wrap_up", "contact": "a"}),
    )
    assert floor.talks == {"agent01": ("sales", "a")}
    assert floor.queue("sales", 4.0)["talking"] == 1


def test_who_asked_for_an_agents_last_change_is_told_as_plain_text() -> None:
    floor = watched(Event("agent_state", 3.0, None, "agent01", {"state": "paused", "by": "user \x1banna"}))
    assert floor.agent("agent01")["by"] == "user anna"
    floor.take(Event("agent_state", 4.0, None, "agent01", {"state": "reserved"}))
    assert floor.agent("agent01")["by"] == ""


def test_a_long_queue_is_counted_whole_and_named_in_part() -> None:
    floor = watched(*(queued(f"c{i:03}", float(i)) for i in range(300)))
    queue = floor.queue("sales", 300.0)
    assert (queue["waiting"], len(queue["callers"])) == (300, MOST_NAMED)


def test_only_what_an_event_changes_is_told_again() -> None:
    floor = watched(queued("a", 1.0))
    assert list(floor.changed) == [("queue", "sales")]
    floor.changed.clear()
    floor.take(Event("agent_state", 2.0, None, "agent02", {"state": "ready"}))  # agent02 serves support alone
    assert list(floor.changed) == [("agent", "agent02"), ("queue", "support")]
    floor.changed.clear()
    floor.take(Event("announced", 3.0, "a", data={"position": 1}))
    assert not floor.changed


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("\x1b[31m7001\x07", "[31m7001"),
        ("a\r\nevent: forged\n\n", "aevent: forged"),
        ("\u202e1007\u200f\u2028", "1007"),
        ("\ud800x", "x"),
        ("9" * 500, "9" * LONGEST),
        ("Мила Петрова", "Мила Петрова"),
        (None, None),
        (3.5, 3.5),
        ({"a": 1}, None),
    ],
)
def test_what_comes_from_outside_is_cleaned(said: Any, kept: Any) -> None:
    assert clean(said) == kept


@given(st.text(max_size=400))
def test_no_text_whatever_it_holds_breaks_a_message(text: str) -> None:
    event = Event("arrived", 1.0, text, data={"from_number": text, "flow": text, "via": text}, seq=1)
    message = happened(event)
    assert message is not None
    for line in (message["contact"], *message["data"].values()):
        assert len(line) <= LONGEST
        assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in line)
    assert "\n" not in json.dumps(message)


@pytest.mark.parametrize("do", ["Collect", "Entitle", "Post", "Look", "Capture", "Rule", "Note"])
def test_what_callers_key_in_is_in_no_message(do: str) -> None:
    data = {"step": "s", "index": 0, "do": do, "outcome": "471188", "secret": True, "into": "pin"}
    message = happened(Event("step", 1.0, "c", data=data, seq=1))
    assert message is not None
    assert "471188" not in json.dumps(message)
    assert message["data"] == {"step": "s", "index": 0, "do": do}


@pytest.mark.parametrize("outcome", ["refused", "blocked", "again"])
def test_who_signs_in_is_told_once_they_are_let_in_and_never_what_was_keyed_in(outcome: str) -> None:
    keyed = {"account": "471188", "caller": "471188", "source": "agents", "failed_pin": True}
    tried = {**keyed, "by": "pin", "why": "wrong pin", "phone": None, "outcome": outcome}
    message = happened(Event("agent_sign_in", 1.0, "c", "471188", tried, seq=1))
    assert message is not None
    assert message["data"] == {"outcome": outcome, "by": "pin", "why": "wrong pin", "phone": None}
    known = happened(Event("agent_sign_in", 1.0, "c", "2001", {**tried, "outcome": "let_in"}, seq=1))
    assert known is not None
    assert known["data"]["agent"] == "2001" and "471188" not in json.dumps(known)


@pytest.mark.parametrize(
    ("kind", "told", "kept_back"),
    [
        ("recording_started", {"recording": "c-r0", "by": "mila", "queue": "sales"}, {}),
        ("recording_kept", {"recording": "c-r0", "seconds": 4.2, "until": None}, {"file": "c-r0.wav"}),
        ("recording_deleted", {"recording": "c-r0", "why": "kept long enough"}, {"file": "c-r0.wav"}),
        ("consent", {"given": False}, {}),
        (
            "supervision_asked",
            {"mode": "listen", "phone": "2010", "agent": "2001", "by": "mila"},
            {"leg": "c~1", "target": "c~2"},
        ),
        ("supervision_ended", {"phone": "2010", "why": "left"}, {}),
    ],
)
def test_supervisors_see_what_is_recorded_and_who_listens(
    kind: str, told: dict[str, Any], kept_back: dict[str, Any]
) -> None:
    message = happened(Event(kind, 1.0, "c", "2001", {**told, **kept_back}, seq=1))
    assert message is not None and message["data"] == told


def test_of_a_legs_sound_the_opinions_are_told_and_what_is_unknown_is_null() -> None:
    data = {"leg": "c~1", "kind": "agent", "who": "2001", "spoken": {"mos": 4.2, "lost": 3}, "heard": None}
    message = happened(Event("voice", 1.0, "c", data={**data, "round_trip_ms": 38.0}, seq=1))
    assert message is not None
    assert message["data"] == {
        "kind": "agent",
        "who": "2001",
        "round_trip_ms": 38.0,
        "mos_spoken": 4.2,
        "mos_heard": None,
    }


def test_a_menus_key_and_the_ways_out_of_a_queue_are_told() -> None:
    message = happened(Event("step", 1.0, "c", data={"step": "s", "do": "Choose", "outcome": "2"}, seq=1))
    assert message is not None
    assert message["data"]["outcome"] == "2"


def test_an_event_of_a_kind_nobody_knows_yet_is_told_without_its_data() -> None:
    message = happened(Event("held", 1.0, "c", "2001", {"secret": "471188"}, seq=9))
    assert message == {"type": "contact", "seq": 9, "at": 1.0, "contact": "c", "event": "held", "data": {}}
    assert happened(Event("bulletin", 1.0, data={"name": "x"}, seq=9)) is None
