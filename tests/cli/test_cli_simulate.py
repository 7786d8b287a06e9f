"""`quietline simulate` on the shipped site: a staffing file, and a day of the log."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cli_kit import Quietline

from engine.cli.simulated import bar
from engine.core.event import Event
from engine.store.ledger import open_ledger

WEEKDAY = "ivr_flows/staffing/weekday.yaml"
#: Thursday, 26 November 2026, midnight in Sofia.
MIDNIGHT = datetime(2026, 11, 26, tzinfo=ZoneInfo("Europe/Sofia")).timestamp()
SMALL = """
calls:
  desk: { queue: sales, an_hour: { "09:00": 30, "12:00": 0 }, talk: exponential 3m, patience: exponential 2m }
shifts:
  crew: { count: 2, queues: [sales], from: "08:00", until: "13:00" }
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL)
    return path


def told(quietline: Quietline, *words: object) -> dict[str, Any]:
    said = quietline("simulate", *words, "--json")
    assert (said.status, said.err) == (0, "")
    return dict(json.loads(said.out))


def test_a_staffing_file_is_told_in_tables_beside_the_formulas(quietline: Quietline, tmp_path: Path) -> None:
    said = quietline("simulate", WEEKDAY, "--days", 2, "--agents", "sales+1", "--state", tmp_path)
    assert (said.status, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == (
        f"{WEEKDAY}: 2 days, seed 1; counted are calls from 2026-11-30T08:00:00+02:00 to 2026-11-30T18:00:00+02:00"
    )
    assert (
        "Counts are of a mean day, all else is of all days together; ± is where it lies for such days, at 95 %."
        in said.out
    )
    assert "The formulas say nothing of support_sofia: its callers may also go to support_dubai." in lines
    assert "What if --agents sales+1:" in lines
    assert [line.split()[0] for line in lines[-4:]] == ["support_sofia", "support_dubai", "sales", "all"]
    assert "the same" in lines[-4]
    assert "−" in lines[-2]


def test_the_same_seed_prints_the_same_bytes_and_csv_and_json_tell_the_same(
    quietline: Quietline, small: Path, tmp_path: Path
) -> None:
    words = ("simulate", small, "--days", 3, "--agents", "+1", "--state", tmp_path)
    once, again = quietline(*words, "--json"), quietline(*words, "--json")
    assert once == again
    assert quietline(*words, "--json", "--seed", "b").out != once.out
    made = json.loads(once.out)
    rows = list(csv.DictReader(io.StringIO(quietline(*words, "--csv").out)))
    for run, figures in (("base", made["base"]["figures"]), ("difference", made["difference"])):
        mine = [row for row in rows if (row["run"], row["queue"], row["figure"]) == (run, "sales", "asa_s")]
        assert [float(row["mean"]) for row in mine] == [figures["sales"]["asa_s"]["mean"]]
    assert {row["run"] for row in rows} == {"base", "what_if", "difference", "erlang_c", "erlang_a"}
    assert made["base"]["formulas"]["sales"]["erlang_a"]["sl_offered"] > 0.5


def test_a_change_of_the_site_counts_for_the_what_if_alone(
    quietline: Quietline, small: Path, tmp_path: Path
) -> None:
    made = told(
        quietline,
        *(small, "--days", 3, "--state", tmp_path),
        *("--set", "queues.sales.wrap_up=2m", "--set", "queues.sales.strategy=round_robin"),
    )
    assert made["what_if"] == ["--set queues.sales.wrap_up=2m", "--set queues.sales.strategy=round_robin"]
    assert made["difference"]["sales"]["aht_s"]["mean"] > 90.0
    assert made["difference"]["sales"]["offered"]["mean"] == 0.0


def a_day() -> list[Event]:
    """Thirty callers of sales from nine on; one agent, who talks for three minutes; every fifth caller finds them busy and gives up."""
    nine = MIDNIGHT + 9 * 3600
    about = {"contact": None, "until": None, "then": "", "then_reason": "", "reason": ""}

    def state(at: float, word: str) -> Event:
        return Event("agent_state", at, None, "2001", {"state": word, "since": at, "idle_since": at, **about})

    events = [state(nine - 60, "ready")]
    for i in range(30):
        at, contact = nine + 240.0 * i, f"c{i:02}"
        if i % 5 == 4:
            at -= 180.0  # while the agent speaks with the one before
        asked = {"group": None, "priority": 5, "skills": [], "max_wait": 600.0, "enqueued_at": at}
        arrived = {
            "flow": "sales",
            "flow_hash": "",
            "from_number": "7001",
            "to_number": "103",
            "language": "en",
        }
        events += [
            Event("arrived", at, contact, data={**arrived, "channel": contact, "via": "sip"}),
            Event("queued", at, contact, data={"queue": "sales", **asked, "position": 1, "decision": {}}),
        ]
        leg = {"offer": f"o{i}", "agent": "2001", "queue": "sales"}
        if i % 5 == 4:
            left = {"queue": "sales", "outcome": "abandoned"}
            events.append(Event("left_queue", at + 15, contact, data=left))
        else:
            events += [
                Event("offered", at + 1, contact, "2001", {**leg, "ring": 20.0, "leg": "x"}),
                state(at + 1, "reserved"),
                Event("connected", at + 4, contact, "2001", {**leg, "leg": "x"}),
                Event("left_queue", at + 4, contact, data={"queue": "sales", "outcome": "answered"}),
                state(at + 4, "talking"),
                Event("talk_ended", at + 184, contact, "2001", {"by": "caller", "agent": "2001"}),
                state(at + 184, "wrap_up"),
                state(at + 194, "ready"),
            ]
        events.append(Event("ended", at + 200, contact, data={"cause": "caller"}))
    return sorted([*events, state(nine + 8000, "logged_out")], key=lambda event: event.at)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    async def write() -> None:
        async with open_ledger(tmp_path / "quietline.db", durable=False) as ledger:
            await ledger.append(*a_day())

    asyncio.run(write())
    return tmp_path


def test_a_day_of_the_log_is_lived_again_beside_how_it_really_was(quietline: Quietline, state: Path) -> None:
    made = told(quietline, "--from-day", "2026-11-26", "--days", 3, "--state", state)
    figures, really = made["base"]["figures"]["sales"], made["really"]["sales"]
    assert (figures["offered"]["mean"], really["offered"]) == (30.0, 30)
    assert (figures["answered"]["mean"], figures["abandoned"]["mean"]) == (24.0, 6.0)
    assert figures["aht_s"]["mean"] == pytest.approx(really["aht_s"])
    assert figures["occupancy"]["mean"] == pytest.approx(really["occupancy"], abs=0.01)
    assert "sales: patience by one rate of giving up, 6 gave up, 24 censored" in made["notes"]
    said = quietline("simulate", "--from-day", "2026-11-26", "--days", 2, "--state", state).out
    assert "  really" in said
    assert "Of other days it says nothing: --vary does." in said


def test_days_like_one_of_the_log_have_other_callers_each(quietline: Quietline, state: Path) -> None:
    made = told(quietline, "--from-day", "2026-11-26", "--vary", "--days", 4, "--state", state)
    offered = made["base"]["figures"]["sales"]["offered"]
    assert offered["sd"] > 1.0
    assert offered["mean"] == pytest.approx(30.0, abs=12.0)
    assert made["source"] == "the log of 2026-11-26, varied"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "say what is simulated: a staffing file, --from-day 2026-11-27, or --yesterday"),
        ((WEEKDAY, "--yesterday"), "say one of them: a staffing file, --from-day 2026-11-27, or --yesterday"),
        (("--from-day", "2026-11-27", "--yesterday"), "say one of them: a staffing file"),
        ((WEEKDAY, "--vary"), "--vary belongs to --from-day and --yesterday: days of a staffing file differ anyway"),
        ((WEEKDAY, "--timezone", "UTC"), "a staffing file names its own timezone: leave --timezone out"),
        ((WEEKDAY, "--json", "--csv"), "--csv and --json are two forms of the same: choose one"),
        ((WEEKDAY, "--days", "0"), "--days 0 cannot be lived: write a number from 1 to 1000"),
        ((WEEKDAY, "--seed", "a b"), "--seed 'a b' cannot be a seed: write letters and digits, at most 40"),
        ((WEEKDAY, "--agents", "two"), "--agents 'two' does not say how many more: write +2, sales+2 or sales/arabic-1"),
        ((WEEKDAY, "--agents", "sels+2"), "--agents: there is no queue 'sels': did you mean 'sales'?"),
        ((WEEKDAY, "--set", "queues.sales"), "--set 'queues.sales' changes nothing: write it like queues.sales.wrap_up=20s"),
        ((WEEKDAY, "--set", "queues.sels.ring=9s"), "queues has no 'sels' with options: did you mean 'sales'?"),
        (
            (WEEKDAY, "--set", "queues.sales.strategy=idle"),
            "--set queues.sales.strategy=idle:1:23: error[bad-value]: 'idle' is not one of longest_idle, ",
        ),
        (
            (WEEKDAY, "--set", "groups.support.queues=[support_sofia, nowhere]"),
            "--set groups.support.queues=[support_sofia, nowhere]:1:39: error[unknown-queue]: there is no queue 'nowhere'",
        ),
        (("nowhere.yaml",), "nowhere.yaml:1:1: error[cannot-read]: the file cannot be read: no such file"),
        (("--from-day", "yesterday"), "--from-day 'yesterday' is no day: write it like 2026-11-27"),
        (("--from-day", "2100-01-01"), "--from-day 2100-01-01 is not over yet: name a day before "),
        (("--from-day", "2026-11-20"), "nobody came to a queue on 2026-11-20: name another day with --from-day"),
        (("--from-day", "2026-11-26", "--timezone", "Sofia"), "--timezone 'Sofia' is no time zone"),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_one_clear_sentence(
    quietline: Quietline, state: Path, words: tuple[str, ...], sentence: str
) -> None:
    said = quietline("simulate", *words, "--state", state)
    assert (said.status, said.out) == (1, "")
    assert sentence in said.err


def test_without_a_log_there_is_no_yesterday(quietline: Quietline, tmp_path: Path) -> None:
    said = quietline("simulate", "--yesterday", "--state", tmp_path)
    assert said.status == 1
    assert said.err.startswith("quietline: ")
    assert "quietline.db" in said.err


class Terminal(io.StringIO):
    """A stderr that somebody looks at."""

    def isatty(self) -> bool:
        """They do."""
        return True


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()], ids=["terminal", "pipe"])
def test_days_that_are_lived_are_told_on_a_terminal_and_nowhere_else(
    monkeypatch: pytest.MonkeyPatch, stream: io.StringIO
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.stderr", stream)
    with bar(3) as lived_one:
        for _ in range(3):
            lived_one()
    assert ("3/3" in stream.getvalue()) is stream.isatty()
    assert stream.isatty() or stream.getvalue() == ""
