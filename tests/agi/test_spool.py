"""Messages taken without an engine become contacts: none lost, none twice."""

from __future__ import annotations

import json
import os
from pathlib import Path

from engine.agi.spool import GIVEN_UP, done, pending

NOW = 2_000_000_000.0


def entry(spool: Path, name: str, started_at: float = NOW, recording: bytes | None = b"RIFF") -> Path:
    folder = spool / name
    folder.mkdir()
    told = {
        "id": name,
        "from_number": "+1",
        "to_number": "100",
        "started_at": started_at,
        "ended_at": started_at + 5,
    }
    (folder / "call.json").write_text(json.dumps(told))
    if recording is not None:
        (folder / "message.wav").write_bytes(recording)
    return folder


def test_calls_come_oldest_first_with_their_recordings(tmp_path: Path) -> None:
    entry(tmp_path, "b", NOW + 1)
    entry(tmp_path, "a", NOW + 2, recording=None)
    first, second = pending(tmp_path, NOW)
    assert (first.id, first.recording) == ("b", tmp_path / "b" / "message.wav")
    assert (second.id, second.recording, second.to_number) == ("a", None, "100")


def test_an_entry_becomes_the_same_contact_however_often_it_is_read(tmp_path: Path) -> None:
    entry(tmp_path, "1700000000000-1700000000.5")
    before = pending(tmp_path, NOW)
    assert [call.contact for call in before] == ["fallback-1700000000000-1700000000.5"]
    assert pending(tmp_path, NOW) == before


def test_an_entry_that_is_done_never_comes_again_and_done_twice_is_harmless(tmp_path: Path) -> None:
    entry(tmp_path, "a")
    (call,) = pending(tmp_path, NOW)
    done(call)
    done(call)
    assert pending(tmp_path, NOW) == []
    assert list(tmp_path.iterdir()) == []


def test_an_engine_killed_while_it_forgets_an_entry_does_not_see_it_again(tmp_path: Path) -> None:
    entry(tmp_path, ".done-a")
    assert pending(tmp_path, NOW) == []


def test_a_call_being_taken_is_left_alone_until_its_script_must_be_dead(tmp_path: Path) -> None:
    folder = entry(tmp_path, ".taking-a")
    os.utime(folder, (NOW, NOW))
    assert pending(tmp_path, NOW + GIVEN_UP) == []
    (call,) = pending(tmp_path, NOW + GIVEN_UP + 1)
    assert (call.id, call.recording) == ("a", folder / "message.wav")
    done(call)
    assert pending(tmp_path, NOW + GIVEN_UP + 1) == []


def test_a_damaged_call_file_does_not_lose_the_message(tmp_path: Path) -> None:
    for name, text in (("a", "{"), ("b", "[]"), ("c", '{"started_at": null}')):
        folder = entry(tmp_path, name)
        (folder / "call.json").write_text(text)
    calls = pending(tmp_path, NOW)
    assert [call.recording is not None for call in calls] == [True, True, True]
    assert all(call.started_at > 0 for call in calls)


def test_no_spool_means_no_calls(tmp_path: Path) -> None:
    assert pending(tmp_path / "none", NOW) == []
