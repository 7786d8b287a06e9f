"""`quietline coverage` and `quietline route`: looked through beforehand, on a site of three places round the globe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_kit import FakeEngine, Quietline
from short_prompts import short_prompts

from engine.core import do

SHIPPED = Path(__file__).parents[2] / "ivr_flows"

SITE = """
languages: [en]
prompts: ../prompts
numbers: { "100": support }
sites:
  sofia: { timezone: Europe/Sofia, open: "daily 08:00-16:00", exceptions: { 2026-12-25: closed } }
  vancouver: { timezone: America/Vancouver, open: "daily 06:00-14:00" }
  night: { timezone: Europe/Sofia, open: "daily 22:00-06:00" }
queues:
  sofia_desk: { schedule: sofia }
  vancouver_desk: { schedule: vancouver }
  night_desk: {}
groups:
  day: { queues: [sofia_desk, vancouver_desk] }
  all: { queues: [sofia_desk, night_desk] }
agents:
  "2001": { queues: [sofia_desk, vancouver_desk, night_desk], password: long-enough-2001 }
"""
FLOW = """
flow: support
steps:
  start:
    - hours: night
      on_closed: desk
    - queue: all
      on_timeout: bye
    - hangup
  desk:
    - queue: day
      on_closed: bye
      on_timeout: bye
    - hangup
  bye:
    - hangup: goodbye
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    short_prompts(tmp_path / "prompts")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "site.yaml").write_text(SITE)
    (tmp_path / "site" / "support.yaml").write_text(FLOW)
    return tmp_path / "site"


def test_every_gap_is_told_in_utc_and_in_each_sites_own_time(quietline: Quietline, folder: Path) -> None:
    said = quietline("coverage", "day", "--site", folder, "--from", "2026-03-28", "--days", "2")
    assert said.status == 1
    assert said.out.splitlines() == [
        "2026-03-28 00:00 – 2026-03-28 06:00 UTC    6 h 00 min   sofia Sat 28 Mar 02:00 – Sat 28 Mar 08:00"
        "   vancouver Fri 27 Mar 17:00 – Fri 27 Mar 23:00",
        "2026-03-28 21:00 – 2026-03-29 05:00 UTC    8 h 00 min   sofia Sat 28 Mar 23:00 – Sun 29 Mar 08:00"
        "   vancouver Sat 28 Mar 14:00 – Sat 28 Mar 22:00",
        "2026-03-29 21:00 – 2026-03-30 00:00 UTC    3 h 00 min   sofia Mon 30 Mar 00:00 – Mon 30 Mar 03:00"
        "   vancouver Sun 29 Mar 14:00 – Sun 29 Mar 17:00",
        "day: 3 gaps, 17 h 00 min of 2 days.",
    ]


def test_gaps_as_json_are_instants_and_local_times(quietline: Quietline, folder: Path) -> None:
    said = quietline("coverage", "day", "--site", folder, "--from", "2026-03-29", "--days", "1", "--json")
    first = json.loads(said.out)["gaps"][0]
    assert first["minutes"] == 300.0
    assert first["local"]["sofia"] == ["2026-03-29T02:00:00+02:00", "2026-03-29T08:00:00+03:00"]


def test_a_group_that_always_has_an_open_queue_is_told_so_and_all_is_well(
    quietline: Quietline, folder: Path
) -> None:
    said = quietline("coverage", "all", "--site", folder)
    assert (said.status, said.out) == (0, "all: some queue is open at every minute of the 400 days.\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("coverage", "days"), "there is no group or queue 'days': did you mean 'day'?"),
        (("coverage", "day", "--days", "0"), "--days 0 cannot be looked through: from 1 to 730"),
        (("coverage", "day", "--from", "soon"), "--from 'soon' is no date: write it like 2026-12-24"),
        (("route", "200"), "number '200' leads nowhere: did you mean '100'?"),
        (("route", "100", "--at", "noon"), "'noon' is no moment: write it like 2026-10-25T03:30 Europe/Sofia"),
        (("route", "100", "--at", "2026-02-30 10:00"), "'2026-02-30 10:00' names a day that no calendar has"),
        (("route", "100", "--at", "2026-02-20 25:00"), "'2026-02-20 25:00' names a time that no clock shows"),
        (("route", "100", "--at", "2026-02-20 10:00 Sofia"), "no time zone is called 'Sofia': write it like Europe/Sofia"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_through_is_one_sentence(
    quietline: Quietline, folder: Path, words: tuple[str, ...], sentence: str
) -> None:
    assert quietline(*words, "--site", folder).sentence == sentence


def test_a_route_tells_every_door_and_why(quietline: Quietline, folder: Path) -> None:
    said = quietline("route", "100", "--site", folder, "--at", "2026-12-25 10:00 Europe/Sofia")
    assert said.out.splitlines() == [
        "100 on Friday 2026-12-25 10:00 Europe/Sofia (UTC+0200): flow support",
        "start  ? hours night → closed",
        "         night: closed, until 22:00 Europe/Sofia",
        "desk   ⏳ queue day (sofia_desk, vancouver_desk), priority 5 → closed",
        "         sofia_desk: closed by sofia, until 2026-12-26 08:00 Europe/Sofia",
        "         vancouver_desk: closed by vancouver, until 16:00 Europe/Sofia",
        "bye    ♪ Thank you for calling. Goodbye.  ✕",
    ]


def test_a_route_has_no_line_for_what_nobody_hears_of(quietline: Quietline) -> None:
    said = quietline("route", "104", "--site", SHIPPED, "--at", "2026-11-27 10:00 Europe/Sofia").out
    assert "? hours desk_hours → open" in said
    assert not [line for line in said.splitlines() if line.strip() in do.DOES]


def test_an_hour_that_comes_twice_is_told_with_both_its_readings(quietline: Quietline, folder: Path) -> None:
    out = quietline(
        "route", "100", "--site", folder, "--at", "2026-10-25T03:30 Europe/Sofia"
    ).out.splitlines()
    assert (
        out[0]
        == "2026-10-25 03:30 Europe/Sofia comes twice: clocks are set back that night. Both readings follow."
    )
    heads = [line for line in out if line.startswith("100 on")]
    assert [head.partition("(")[2] for head in heads] == [
        "UTC+0300): flow support",
        "UTC+0200): flow support",
    ]
    assert out.count("         night: open, at night, until 06:00 Europe/Sofia") == 2


def test_an_hour_that_no_clock_shows_is_told_as_such(quietline: Quietline, folder: Path) -> None:
    said = quietline("route", "100", "--site", folder, "--at", "2026-03-29 03:30")
    assert said.status == 1
    assert (
        said.out == "2026-03-29 03:30 Europe/Sofia does not exist: clocks go from 03:00 to 04:00 that night\n"
    )


def test_a_route_heeds_the_overrides_of_a_running_engine(
    quietline: Quietline, folder: Path, engine: FakeEngine, tmp_path: Path
) -> None:
    quietline("override", "everything", "emergency", "--why", "fire", "--state", tmp_path)
    said = quietline("route", "100", "--site", folder, "--state", tmp_path, "--at", "2026-12-24 10:00")
    assert "night: closed (emergency), said by" in said.out
    assert "fire" in said.out
