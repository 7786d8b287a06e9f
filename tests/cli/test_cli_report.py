"""`quietline report` on a store that lies there, without an engine."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cli_kit import Quietline, arrived

from engine.config import load_files
from engine.core.event import Event
from engine.pbx.render import REPOSITORY
from engine.store.archive import open_archive
from engine.store.books import books_of
from engine.store.ledger import open_ledger

#: Thursday, 26 November 2026, 09:10 in Sofia.
MORNING = datetime(2026, 11, 26, 9, 10, tzinfo=ZoneInfo("Europe/Sofia")).timestamp()
DAY = ("--since", "2026-11-26", "--until", "2026-11-27")


def queued(contact: str, at: float, queue: str = "desk_sofia") -> Event:
    data = {"queue": queue, "group": None, "priority": 5, "skills": [], "max_wait": 600.0, "enqueued_at": at}
    return Event("queued", at, contact, data={**data, "position": 1, "estimate": None, "decision": {}})


def left(contact: str, at: float, outcome: str, queue: str = "desk_sofia") -> Event:
    return Event("left_queue", at, contact, data={"queue": queue, "outcome": outcome})


def agent(at: float, state: str) -> Event:
    about = {"contact": None, "until": None, "since": at, "idle_since": at, "then": "", "then_reason": ""}
    return Event("agent_state", at, None, "2001", {"state": state, "reason": "", **about})


def a_morning() -> list[Event]:
    """One caller answered after 12 s, one who gave up after 3 s, one after 40 s, one hung up in the menu; 2001 worked for an hour."""
    at = MORNING
    leg = {"offer": "o1", "agent": "2001", "queue": "desk_sofia", "leg": "c1~1ao1"}
    return [
        agent(at - 600, "ready"),
        arrived("c1", at=at),
        queued("c1", at + 5),
        Event("offered", at + 7, "c1", "2001", {**leg, "ring": 20.0}),
        agent(at + 7, "reserved"),
        Event("connected", at + 17, "c1", "2001", leg),
        left("c1", at + 17, "answered"),
        agent(at + 17, "talking"),
        Event("talk_ended", at + 137, "c1", "2001", {"by": "caller", "agent": "2001"}),
        agent(at + 137, "wrap_up"),
        Event("ended", at + 137, "c1", data={"cause": "caller"}),
        agent(at + 147, "ready"),
        arrived("c2", at=at + 400),
        queued("c2", at + 400),
        left("c2", at + 403, "short_abandoned"),
        Event("ended", at + 403, "c2", data={"cause": "caller"}),
        arrived("c3", at=at + 1000),
        queued("c3", at + 1000),
        left("c3", at + 1040, "abandoned"),
        Event("ended", at + 1040, "c3", data={"cause": "caller"}),
        arrived("c4", at=at + 1100),
        Event("ended", at + 1105, "c4", data={"cause": "caller"}),
        agent(at + 3000, "logged_out"),
    ]


def store(state: Path, events: list[Event]) -> Path:
    async def write() -> None:
        async with open_ledger(state / "quietline.db", durable=False) as ledger:
            await ledger.append(*events)

    asyncio.run(write())
    return state


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return store(tmp_path, a_morning())


def asked(quietline: Quietline, state: Path, *words: object) -> dict[str, Any]:
    said = quietline("report", *words, "--json", "--state", state)
    assert said.status == 0, said.err
    return dict(json.loads(said.out))


def test_a_day_of_a_queue_is_told_in_tables_and_its_books_balance(quietline: Quietline, state: Path) -> None:
    said = quietline("report", "queues", *DAY, "--state", state)
    assert said.status == 0
    assert said.out.startswith("queues, 2026-11-26T00:00:00+02:00 to 2026-11-27T00:00:00+02:00\n")
    assert "service levels within 20 s, short abandons below 5 s:" in said.out
    assert said.out.endswith(
        "offered 3 = 1 answered + 1 abandoned + 1 short abandoned + 0 flow out + 0 callback taken + 0 timed out "
        "+ 0 refused + 0 failed + 0 waiting, difference 0.\n"
    )
    level = next(line for line in said.out.splitlines() if "33.3%" in line)
    assert level.split()[:6] == ["desk_sofia", "33.3%", "50.0%", "50.0%", "66.7%", "100.0%"]


def test_a_report_as_json_says_what_was_asked_and_tells_rows_and_the_whole(
    quietline: Quietline, state: Path
) -> None:
    told = asked(quietline, state, "queues", *DAY, "--interval", "15m", "--queue", "desk_sofia")
    assert (told["within_s"], told["short_s"], told["conservation_error"]) == (20.0, 5.0, 0)
    busy = [(row["from"], row["offered"]) for row in told["rows"] if row["offered"]]
    assert busy == [("2026-11-26T09:00:00+02:00", 1), ("2026-11-26T09:15:00+02:00", 2)]
    assert told["total"]["asa_s"] == 12.0
    later = asked(quietline, state, "queues", *DAY, "--short", "2s", "--within", "10s")
    assert (later["total"]["short_abandoned"], later["total"]["answered_in_t"]) == (0, 0)


def test_csv_has_the_same_rows_and_nothing_where_there_is_no_figure(
    quietline: Quietline, state: Path
) -> None:
    said = quietline("report", "queues", *DAY, "--csv", "--state", state)
    rows = {row["queue"]: row for row in csv.DictReader(io.StringIO(said.out))}
    told = asked(quietline, state, "queues", *DAY)
    assert list(rows["desk_sofia"]) == list(told["rows"][0])
    assert rows["desk_sofia"]["offered"] == "3"
    assert (rows["sales"]["offered"], rows["sales"]["sl_offered"]) == ("0", "")
    assert rows["sales"]["occupancy"] != ""  # its agent was there


def test_agents_sites_and_calls_are_told_too(quietline: Quietline, state: Path) -> None:
    (row,) = asked(quietline, state, "agents", *DAY)["rows"]
    assert (row["agent"], row["signed_in_s"], row["talking_s"], row["wrap_up_s"]) == (
        "2001",
        3600.0,
        120.0,
        10.0,
    )
    assert (row["handled"], row["aht_s"], row["offers"], row["taken"]) == (1, 130.0, 1, 1)
    (row,) = asked(quietline, state, "sites", *DAY)["rows"]
    assert (row["site"], row["offered"], row["signed_in_s"]) == ("sofia", 3, 3600.0)
    (row,) = asked(quietline, state, "calls", *DAY)["rows"]
    assert (row["arrivals"], row["answered"], row["abandoned"], row["ivr_hangup"]) == (4, 1, 1, 1)
    assert row["ivr_hangup_rate"] == 0.25


def test_whether_matters_were_resolved_is_told_by_agents_and_callers_once_somebody_has_said_it(
    quietline: Quietline, tmp_path: Path, state: Path
) -> None:
    assert "resolved:" not in quietline("report", "queues", *DAY, "--state", state).out
    code = {"code": "solved", "queue": "desk_sofia", "note": "", "by": "", "resolved": True}
    answer = {"survey": "afterwards", "question": "solved", "answer": 2, "resolved": False}
    *before, last = a_morning()
    ended = next(i for i, event in enumerate(before) if event.kind == "ended")
    said = [
        *before[:ended],
        Event("survey", MORNING + 137, "c1", data=answer),
        *before[ended:],
        Event("wrap_up_code", MORNING + 2900, "c1", "2001", code),
        last,
    ]
    (tmp_path / "said").mkdir()
    told = store(tmp_path / "said", said)
    for about, name in (
        ("queues", "desk_sofia"),
        ("agents", "2001"),
        ("sites", "sofia"),
        ("calls", "greet"),
    ):
        tables = quietline("report", about, *DAY, "--state", told).out
        line = next(x for x in tables.partition("resolved:")[2].splitlines() if x.startswith(name))
        assert line.split() == [name, "–", "100.0%", "1", "0.0%", "1"], about
    (row,) = csv.DictReader(io.StringIO(quietline("report", "agents", *DAY, "--csv", "--state", told).out))
    said_of_it = [row[f"fcr_{name}"] for name in ("agent", "agent_yes", "survey", "survey_yes")]
    assert said_of_it == ["1.0", "1", "0.0", "0"]


def promises() -> list[Event]:
    """Two callers of one queue who were told two minutes: one was answered after one, one after three."""
    events = []
    for contact, waited in (("p1", 60.0), ("p2", 180.0)):
        estimate = {"mean": 90.0, "sd": 30.0, "active": 2.0}
        data = {
            "queue": "sales",
            "place": 2,
            "position": 2,
            "minutes": 2,
            "told": True,
            "prompts": [],
            **estimate,
        }
        events += [
            arrived(contact, at=MORNING),
            queued(contact, MORNING, "sales"),
            Event("announced", MORNING + 5.0, contact, data=data),
            Event("connected", MORNING + 5.0 + waited, contact, "2001", {"offer": contact, "agent": "2001", "queue": "sales", "leg": "x"}),
            left(contact, MORNING + 5.0 + waited, "answered", "sales"),
            Event("ended", MORNING + 300.0, contact, data={"cause": "caller"}),
        ]  # fmt: skip
    return events


def test_what_callers_were_told_is_held_against_what_they_waited(
    quietline: Quietline, tmp_path: Path
) -> None:
    state = store(tmp_path, promises())
    words = ("report", "estimates", "--since", "2026-11-26", "--state", state)
    told = quietline(*words).out
    assert re.search(r"^sales +2 +0 +2 +50% +2 +\+0 s +60 s +60 s +50%", told, re.M), told
    score = json.loads(quietline(*words, "--json").out)
    assert (score["queue"], score["judged"], score["kept"], score["kept_rate"]) == ("sales", 2, 1, 0.5)
    (row,) = csv.DictReader(io.StringIO(quietline(*words, "--csv", "--queue", "sales").out))
    assert (row["queue"], row["told"], row["mae"]) == ("sales", "2", "60.0")
    assert "nothing was estimated in queue 'desk'" in quietline(*words, "--queue", "desk").sentence
    assert "choose one" in quietline(*words, "--csv", "--json").sentence
    later = ("report", "estimates", "--since", "2026-11-28", "--state", state)
    assert quietline(*later).out == "Nothing was estimated.\n"
    assert quietline(*later, "--csv").out == ""


def test_a_time_without_calls_says_so(quietline: Quietline, state: Path) -> None:
    said = quietline("report", "queues", "--since", "2026-11-20", "--until", "2026-11-21", "--state", state)
    assert (said.status, said.out.splitlines()[-1]) == (0, "Nothing happened in this time.")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--queue", "slaes"), "there is no queue 'slaes': did you mean 'sales'?"),
        (("--agent", "9"), "there is no agent '9': known: 2001, 2002, 2003, 2004, 2010"),
        (("--since", "soon"), "--since 'soon' is no time"),
        (("--until", "soon"), "--until 'soon' is no time"),
        (("--since", "2026-11-26", "--until", "2026-11-26"), "--since 2026-11-26 is not before"),
        (("--since", "0", "--interval", "15m"), "--interval 15m makes more than 20000 intervals"),
        (("--within=-1s",), "--within '-1s' is no length"),
        (("--short", "5 minutes"), "--short '5 minutes' is no length"),
        (("--short", "nan"), "--short 'nan' is no length"),
        (("--timezone", "Sofia"), "--timezone 'Sofia' is no time zone"),
        (("--csv", "--json"), "--csv and --json are two forms of the same"),
    ],
)
def test_what_no_report_can_be_asked_gets_one_sentence(
    quietline: Quietline, state: Path, words: tuple[str, ...], sentence: str
) -> None:
    assert quietline("report", "queues", *words, "--state", state).sentence.startswith(sentence)


def test_books_that_do_not_balance_are_told_and_the_exit_status_is_1(
    quietline: Quietline, tmp_path: Path
) -> None:
    events = a_morning()
    del events[1 + next(i for i, event in enumerate(events) if event.contact == "c3")]  # its `queued`
    said = quietline("report", "queues", *DAY, "--state", store(tmp_path, events))
    assert said.status == 1
    assert "difference 1." in said.out


def test_a_report_in_the_middle_of_calls_knows_what_was_under_way(state: Path) -> None:
    async def books() -> tuple[int, int]:
        async with open_archive(state / "quietline.db") as archive:
            # c1 talks: it was offered before, so it counts neither as offered nor as a stranger.
            found = await books_of(archive, MORNING + 60, MORNING + 500)
            return len([stay for stay in found.stays if stay.since >= MORNING + 60]), sum(
                not stay.began for stay in found.stays
            )

    assert asyncio.run(books()) == (2, 0)


def test_the_times_a_report_is_asked_for_are_on_the_clocks_of_its_zone(
    quietline: Quietline, state: Path
) -> None:
    told = asked(quietline, state, "queues", *DAY, "--timezone", "Asia/Dubai")
    assert told["from"] == "2026-11-26T00:00:00+04:00"
    today = asked(quietline, state, "queues", "--timezone", "Asia/Kathmandu")
    midnight = datetime.now(ZoneInfo("Asia/Kathmandu")).replace(hour=0, minute=0, second=0, microsecond=0)
    assert today["from"] == midnight.isoformat(timespec="seconds")
    assert datetime.fromisoformat(today["until"]).timestamp() == pytest.approx(time.time(), abs=60)


def test_the_shipped_queues_belong_to_the_sites_they_say() -> None:
    from engine.core.reports import site_of_queue

    settings = load_files(REPOSITORY / "ivr_flows").snapshot.settings
    places = {name: site_of_queue(settings, name) for name in settings.queues}
    assert places["support_sofia"] == places["desk_sofia"] == "sofia"
    assert places["support_dubai"] == places["desk_dubai"] == "dubai"
    assert places["sales"] == "-"
