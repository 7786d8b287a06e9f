"""What the store remembers, told without an engine."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from cli_kit import Quietline, arrived

from engine.cli.records import moment
from engine.core.contact import FIELDS
from engine.core.event import Event
from engine.errors import SetupError
from engine.store.ledger import open_ledger

ARRIVED = 1_900_000_000.0
FLOW = "flow: greet\ntitle: Greeting\nsteps:\n  hello:\n    - say: welcome\n    - hangup: goodbye\n"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A store with one call that left while the greeting played, and one still in progress."""

    async def write() -> None:
        async with open_ledger(tmp_path / "quietline.db", durable=False) as ledger:
            events = [
                arrived("c1", at=ARRIVED),
                Event("answered", ARRIVED + 0.1, "c1"),
                Event("ended", ARRIVED + 2, "c1", data={"cause": "caller"}),
            ]
            await ledger.append(*events)
            await ledger.append(arrived("c2", at=ARRIVED + 60))

    asyncio.run(write())
    return tmp_path


def test_contacts_lists_every_call_the_oldest_first(quietline: Quietline, state: Path) -> None:
    lines = quietline("contacts", "--state", state).out.splitlines()
    assert [line.split()[0] for line in lines] == ["contact", "c1", "c2"]
    assert "ivr_hangup" in lines[1] and "in progress" in lines[2]


def test_a_caller_s_number_cannot_command_the_terminal(quietline: Quietline, tmp_path: Path) -> None:
    async def write() -> None:
        async with open_ledger(tmp_path / "quietline.db", durable=False) as ledger:
            event = arrived("c1", at=ARRIVED)
            await ledger.append(replace(event, data={**event.data, "from_number": "\x1b[2J"}))

    asyncio.run(write())
    printed = quietline("contacts", "--state", tmp_path).out
    assert "\x1b" not in printed and r"\x1b[2J" in printed


def test_contacts_as_json_is_one_documented_object_a_line(quietline: Quietline, state: Path) -> None:
    records = [
        json.loads(line) for line in quietline("contacts", "--json", "--state", state).out.splitlines()
    ]
    assert [tuple(record) for record in records] == [(*FIELDS, "recordings", "voice")] * 2
    assert records[0]["arrived_at"] == ARRIVED and records[1]["ended_at"] is None


SPOKEN = {"reports": 3, "lost": 6, "loss_percent": 0.8, "jitter_ms": 6.0, "mos": 4.28}
VOICE = {"leg": "1.0", "kind": "caller", "who": "7001", "codec": "g711", "spoken": SPOKEN, "heard": None}


def test_how_a_leg_was_heard_stands_in_its_json_and_trace(quietline: Quietline, state: Path) -> None:
    voice = {**VOICE, "round_trip_ms": None, "round_trip_ms_max": None}
    other = {**voice, "kind": "agent", "who": "2001", "codec": None, "heard": SPOKEN}
    other["round_trip_ms"] = 38.0

    async def write() -> None:
        async with open_ledger(state / "quietline.db", durable=False) as ledger:
            late = [Event("voice", ARRIVED + 3 + n, "c1", data=data) for n, data in enumerate((voice, other))]
            await ledger.append(*late)  # both after the contact has ended

    asyncio.run(write())
    first, second = quietline("contacts", "--json", "--state", state).out.splitlines()
    assert json.loads(first)["voice"] == [voice, other] and json.loads(second)["voice"] == []
    told = quietline("trace", "c1", "--state", state).out
    assert "♬ the caller: their voice arrived MOS 4.3 (loss 0.8 %, jitter 6 ms)\n" in told
    assert "♬ agent 2001: their voice arrived MOS 4.3 (loss 0.8 %, jitter 6 ms), they heard MOS 4.3" in told
    assert told.endswith("round trip 38 ms, as if by G.711: the codec is not known\n")


def test_a_store_that_an_older_version_has_written_is_told_as_such(quietline: Quietline, state: Path) -> None:
    with closing(sqlite3.connect(state / "quietline.db")) as db:
        db.execute("DROP TABLE voice")
    said = quietline("contacts", "--json", "--state", state)
    assert said.status == 1 and "is as an older Quietline left it: `quietline up`" in said.sentence


def test_contacts_can_be_narrowed_by_time_and_outcome(quietline: Quietline, state: Path) -> None:
    def ids(*words: object) -> list[str]:
        printed = quietline("contacts", "--json", "--state", state, *words).out
        return [json.loads(line)["id"] for line in printed.splitlines()]

    assert ids("--since", ARRIVED + 1) == ["c2"]
    assert ids("--outcome", "ivr_hangup") == ["c1"]
    assert ids("--outcome", "answered") == []


def test_a_state_without_calls_says_so(quietline: Quietline, state: Path) -> None:
    assert quietline("contacts", "--outcome", "failed", "--state", state).out == "No calls.\n"


def test_an_unknown_outcome_or_time_is_one_sentence(quietline: Quietline, state: Path) -> None:
    sentence = quietline("contacts", "--outcome", "won", "--state", state).sentence
    assert sentence.startswith("no call ends as 'won': choose among answered, transferred, ")
    assert "--since 'soon' is no time" in quietline("contacts", "--since", "soon", "--state", state).sentence


def test_moments_are_read_as_people_write_them() -> None:
    now = time.time()
    assert moment("30m", now) == now - 1800
    assert moment("7d", now) == now - 7 * 86400
    assert moment("1900000000.5", now) == 1900000000.5
    assert moment("2027-03-01", now) == datetime(2027, 3, 1).timestamp()
    assert moment("2027-03-01T14:30+00:00", now) == 1803911400
    with pytest.raises(SetupError):
        moment("half past", now)


def test_trace_tells_the_call_line_by_line(quietline: Quietline, state: Path) -> None:
    lines = quietline("trace", "c1", "--state", state).out.splitlines()
    assert lines[0].split() == ["0:00.0", "☏", "7001", "calls", "100:", "flow", "greet,", "version", "abc"]
    assert lines[-1].endswith("✕ the caller hung up: ivr_hangup")


def test_the_beginning_of_an_id_names_a_call_where_it_is_of_one_alone(
    quietline: Quietline, state: Path
) -> None:
    ids = [
        json.loads(line)["id"] for line in quietline("contacts", "--json", "--state", state).out.splitlines()
    ]
    assert len(ids) > 1 and all(one.startswith("c") for one in ids)
    assert f"{len(ids)} contacts begin with 'c'" in quietline("trace", "c", "--state", state).sentence


def test_trace_as_json_is_one_event_a_line(quietline: Quietline, state: Path) -> None:
    events = [
        json.loads(line) for line in quietline("trace", "c1", "--json", "--state", state).out.splitlines()
    ]
    assert [event["kind"] for event in events] == ["arrived", "answered", "ended"]
    assert {"seq", "at", "kind", "data", "line"} <= events[0].keys()


def test_trace_knows_the_flow_version_the_call_began_with(quietline: Quietline, state: Path) -> None:
    async def keep_flow() -> None:
        async with open_ledger(state / "quietline.db", durable=False) as ledger:
            await ledger.put_flow("abc", "greet", FLOW, ARRIVED)

    asyncio.run(keep_flow())
    lines = quietline("trace", "c1", "--state", state).out.splitlines()
    assert any("hello" in line and "♪ Welcome to the service desk." in line for line in lines)


def test_an_unknown_contact_is_one_sentence(quietline: Quietline, state: Path) -> None:
    assert "no contact 'c9'" in quietline("trace", "c9", "--state", state).sentence


def test_explain_tells_every_choice_made_for_a_call(quietline: Quietline, state: Path) -> None:
    async def write() -> None:
        row = {"agent": "2001", "score": ARRIVED - 60, "idle_since": ARRIVED - 60}
        decision = {
            "of": "agent",
            "strategy": "longest_idle",
            "at": ARRIVED + 61,
            "chosen": "2001",
            "ready": 1,
        }
        decision |= {"resting": [], "candidates": [row]}
        data = {
            "offer": "o1",
            "agent": "2001",
            "queue": "desk",
            "leg": "l",
            "ring": 20.0,
            "decision": decision,
        }
        async with open_ledger(state / "quietline.db", durable=False) as ledger:
            await ledger.append(Event("offered", ARRIVED + 61, "c2", "2001", data))

    asyncio.run(write())
    lines = quietline("explain", "c2", "--state", state).out.splitlines()
    assert lines[0].endswith("Agent 2001 in queue desk: who has waited longest for a contact")
    assert lines[1] == "  → 2001: last contact 2 min 01 s ago, idle for 2 min 01 s"
    told = json.loads(quietline("explain", "c2", "--state", state, "--json").out)
    assert (told["contact"], told["choice"], told["chosen"], told["rule"]) == (
        "c2",
        "agent",
        "2001",
        "longest_idle",
    )
    assert told["candidates"] == [{"agent": "2001", "score": ARRIVED - 60, "idle_since": ARRIVED - 60}]
    assert "Nothing was chosen for c1" in quietline("explain", "c1", "--state", state).out
    assert "There is no contact 'c9'" in quietline("explain", "c9", "--state", state).sentence
