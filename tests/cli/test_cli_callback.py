"""`quietline callback`: who is to be rung back, and who no longer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli_kit import FakeEngine, Quietline

WAITING: dict[str, Any] = {
    "contact": "1795524605-0-back",
    "asked_by": "1795524605-0",
    "number": "+359888000001",
    "queue": "support_sofia",
    "position": 3,
    "enqueued_at": 1_780_304_100.0,
    "until_at": 1_780_390_800.0,
    "tries": 1,
    "attempts": 3,
    "again_at": None,
    "now": "waits",
}


def test_who_is_to_be_rung_back_is_shown_and_called_off(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.callbacks = [dict(WAITING)]
    shown = quietline("callback", "list", "--state", tmp_path).out
    for word in ("1795524605-0-back", "+359888000001", "support_sofia", "1 of 3", "waits"):
        assert word in shown
    assert json.loads(quietline("callback", "list", "--json", "--state", tmp_path).out) == WAITING
    said = quietline(
        "callback", "cancel", "1795524605-0-back", "--why", "came by & left", "--state", tmp_path
    )
    assert said.out == "1795524605-0-back is rung back no longer.\n"
    ((contact, by, why),) = engine.called_off
    assert (contact, why) == ("1795524605-0-back", "came by & left") and by
    assert quietline("callback", "list", "--state", tmp_path).out == "Nobody is to be rung back.\n"


@pytest.mark.parametrize(
    ("contact", "sentence"),
    [("17-back", "nobody waits to be rung back as '17-back'"), ("..", "'..' is no contact")],
)
def test_nobody_can_be_called_off_who_does_not_wait(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path, contact: str, sentence: str
) -> None:
    said = quietline("callback", "cancel", contact, "--state", tmp_path)
    assert (said.status, said.err.count("\n")) == (1, 1)
    assert sentence in said.err


def test_a_word_that_is_not_on_disk_yet_is_said_to_be_so(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.callbacks, engine.disk_takes, engine.trouble = [dict(WAITING)], 4.0, "the disk is full"
    said = quietline("callback", "cancel", WAITING["contact"], "--state", tmp_path).out
    assert said == "1795524605-0-back is rung back no longer; it is not on disk yet: the disk is full.\n"


def test_a_reason_of_several_lines_is_refused(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.callbacks = [dict(WAITING)]
    said = quietline("callback", "cancel", WAITING["contact"], "--why", "a\nb", "--state", tmp_path)
    assert (said.sentence, engine.called_off) == ("`why` is one line of at most 200 letters", [])
