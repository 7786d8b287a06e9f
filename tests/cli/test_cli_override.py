"""`quietline override` and what the control socket says of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cli_kit import FakeEngine, Quietline

from engine.cli.ask import ask
from engine.core.hours import Door
from engine.errors import SetupError


def door(engine: FakeEngine, name: str = "office") -> Door:
    return engine.doors.state(name, engine.now).state


def test_an_override_is_said_listed_and_taken_back(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    said = quietline(
        "override", "office", "closed", "--until", "18:00", "--why", "a burst pipe", "--state", tmp_path
    )
    assert said.out.startswith("office is closed until 2026-06-01 18:00 Europe/Sofia")
    assert said.out.endswith(": a burst pipe\n")
    assert door(engine) is Door.OVERRIDE
    listed = quietline("override", "list", "--state", tmp_path).out
    assert "a burst pipe" in listed and "sofia" in listed
    assert ["office", "closed", "(override)"] in [line.split() for line in listed.splitlines()]
    told = json.loads(quietline("override", "list", "--json", "--state", tmp_path).out)
    assert told["schedules"] == {"office": "override", "sofia": "open"}
    assert told["overrides"][0]["until"] == engine.now + 6 * 3600
    assert (
        quietline("override", "clear", "office", "--state", tmp_path).out
        == "office follows its calendar again: it is open.\n"
    )
    assert door(engine) is Door.OPEN
    assert "No override is in force." in quietline("override", "list", "--state", tmp_path).out


def test_an_emergency_of_everything_closes_every_schedule(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    said = quietline("override", "everything", "emergency", "--until", "2h", "--state", tmp_path)
    assert said.out.startswith("everything is in an emergency until 2026-06-01 14:00 Europe/Sofia")
    assert (door(engine), door(engine, "sofia")) == (Door.EMERGENCY, Door.EMERGENCY)
    engine.now += 7200
    assert door(engine) is Door.OPEN


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("offce", "closed"), "there is no schedule or site 'offce': this site has office, sofia, everything"),
        (("office", "closed", "--until", "tomorrow"), "'tomorrow' is no moment: write it like 18:00, 2h or 2026-12-24 18:00"),
        (("office", "closed", "--until", "2026-06-01 11:59"),
         "'2026-06-01 11:59' is over already: write it like 18:00, 2h or 2026-12-24 18:00"),
        (("everything", "open"), "everything can only be in an emergency, or no longer: name a schedule or a site"),
        (("office", "open", "--why", "x" * 201), "`why` is one line of at most 200 letters"),
    ],
)  # fmt: skip
def test_what_cannot_be_overridden_is_one_sentence(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    assert quietline("override", *words, "--state", tmp_path).sentence == sentence
    assert not engine.doors.rulings


def test_an_override_of_a_schedule_that_the_site_has_lost_is_still_listed(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    quietline("override", "office", "closed", "--why", "moved out", "--state", tmp_path)
    engine.doors.settings = replace(engine.doors.settings, schedules={})
    assert "moved out" in quietline("override", "list", "--state", tmp_path).out


def test_a_page_gets_a_sentence_for_what_is_no_object_and_for_an_unknown_word(
    engine: FakeEngine, tmp_path: Path
) -> None:
    with pytest.raises(SetupError, match="an object is expected here"):
        ask(tmp_path, "POST", "/overrides")
    with pytest.raises(
        SetupError, match="'shut' cannot be said of a schedule: open, closed, emergency, none"
    ):
        ask(tmp_path, "POST", "/overrides", {"schedule": "office", "set": "shut"})


def test_an_override_whose_disk_is_slow_is_taken_all_the_same(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.disk_takes = 3.3
    assert quietline("override", "office", "closed", "--state", tmp_path).status == 0
    assert door(engine) is Door.OVERRIDE
