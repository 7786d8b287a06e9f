"""The script itself, spoken to as Asterisk speaks to it: what is left when the other end stops in the middle."""

from __future__ import annotations

import struct
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.agi.fallback import mend_wav, plain
from engine.agi.spool import SpooledCall, pending

SCRIPT = Path(__file__).parents[2] / "engine" / "agi" / "fallback.py"
TOLD = {
    "agi_request": "quietline-fallback",
    "agi_channel": "PJSIP/trunk-local-00000001",
    "agi_uniqueid": "1700000000.7",
    "agi_callerid": "+15550199",
    "agi_calleridname": "x",
    "agi_dnid": "100",
}


class Asterisk:
    """The other end of an AGI script, as far as a test wants it."""

    def __init__(self, spool: Path) -> None:
        self.script = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(spool), "quietline/en"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def send(self, text: str) -> None:
        assert self.script.stdin is not None
        self.script.stdin.write(text)
        self.script.stdin.flush()

    def introduce(self, **changed: str) -> None:
        self.send("".join(f"{key}: {value}\n" for key, value in (TOLD | changed).items()) + "\n")

    def hears(self) -> str:
        assert self.script.stdout is not None
        return self.script.stdout.readline().strip()

    def vanish(self) -> str:
        """Close the line and wait for the script's end; returns what it complained of."""
        _, complaint = self.script.communicate(timeout=20)
        assert self.script.returncode == 0, complaint
        return complaint


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    """Where the script finds room for messages; a test that wants none says so."""
    return tmp_path


@pytest.fixture
def asterisk(spool: Path) -> Iterator[Asterisk]:
    other = Asterisk(spool)
    with other.script:
        yield other
        other.script.kill()


def the_call(spool: Path) -> SpooledCall:
    (call,) = pending(spool, time.time())
    return call


def to_the_tone(asterisk: Asterisk) -> Path:
    """Lead a call up to its recording; returns the file Asterisk is asked to write, without its ending."""
    asterisk.introduce()
    assert asterisk.hears() == 'EXEC Answer "200"'
    asterisk.send("200 result=0\n")
    assert asterisk.hears() == 'STREAM FILE quietline/en/fallback_apology "#" 0'
    asterisk.send("200 result=0 endpos=8000\n")
    order = asterisk.hears()
    assert order.startswith('RECORD FILE "')
    assert order.endswith('" wav "#" 180000 0 beep s=8')
    return Path(order.split('"')[1])


def write_recording(path: Path, samples: int) -> None:
    """A recording as Asterisk leaves it when it dies: sound in it, sizes in its header still zero."""
    header = (
        b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
    )
    path.with_suffix(".wav").write_bytes(header + b"data" + struct.pack("<I", 0) + b"\x10\x20" * samples)


def test_the_call_is_on_disk_before_it_is_answered(asterisk: Asterisk, tmp_path: Path) -> None:
    asterisk.introduce()
    assert asterisk.hears() == 'EXEC Answer "200"'
    (taking,) = tmp_path.iterdir()
    assert taking.name.startswith(".taking-")
    assert (taking / "call.json").exists()


def test_an_asterisk_that_dies_while_recording_leaves_a_message_that_can_be_heard(
    asterisk: Asterisk, tmp_path: Path
) -> None:
    write_recording(to_the_tone(asterisk), samples=12_000)
    asterisk.vanish()
    call = the_call(tmp_path)
    assert (call.duration, call.ended_by, call.from_number) == (1.5, "hangup", "+15550199")
    assert call.recording is not None
    with wave.open(str(call.recording)) as recording:
        assert recording.getnframes() == 12_000


def test_a_missing_prompt_is_no_reason_to_lose_the_message(asterisk: Asterisk, tmp_path: Path) -> None:
    asterisk.introduce()
    asterisk.hears()
    asterisk.send("200 result=0\n")
    asterisk.hears()
    asterisk.send("200 result=-1 endpos=0\n")
    order = asterisk.hears()
    assert order.startswith("RECORD FILE")
    write_recording(Path(order.split('"')[1]), samples=8000)
    asterisk.send("200 result=35 (dtmf) endpos=8000\n")
    assert asterisk.hears() == 'STREAM FILE quietline/en/fallback_thanks "#" 0'
    asterisk.send("200 result=0 endpos=8000\n")
    asterisk.vanish()
    assert (the_call(tmp_path).ended_by, the_call(tmp_path).duration) == ("key", 1.0)


def test_nothing_said_is_a_call_without_a_recording(asterisk: Asterisk, tmp_path: Path) -> None:
    write_recording(to_the_tone(asterisk), samples=0)
    asterisk.vanish()
    assert (the_call(tmp_path).recording, the_call(tmp_path).duration) == (None, 0.0)


@pytest.mark.parametrize("spool", [Path("/dev/null/none")])
def test_a_spool_that_cannot_be_written_is_told_and_the_caller_asked_to_call_again(
    asterisk: Asterisk,
) -> None:
    asterisk.introduce()
    assert asterisk.hears() == 'EXEC Answer "200"'
    asterisk.send("200 result=0\n")
    assert asterisk.hears() == 'STREAM FILE quietline/en/fallback_goodbye "#" 0'
    asterisk.send("200 result=0 endpos=1\n")
    assert "can leave no message" in asterisk.vanish()


def test_a_callers_text_cannot_leave_the_spool_or_the_line(asterisk: Asterisk, tmp_path: Path) -> None:
    asterisk.introduce(agi_uniqueid="../../evil/..", agi_callerid='"; rm -rf "', agi_dnid="unknown")
    asterisk.hears()
    asterisk.vanish()
    call = the_call(tmp_path)
    assert call.folder.parent == tmp_path
    assert (call.from_number, call.to_number) == ("rm-rf", "")


def test_plain_text_keeps_numbers_and_channel_names() -> None:
    assert plain("+15550199") == "+15550199"
    assert plain("PJSIP/trunk-local-00000001") == "PJSIP/trunk-local-00000001"
    assert plain("a\nb ${X} $[1] `c`") == "abX1c"


def test_mending_a_recording_twice_changes_nothing(tmp_path: Path) -> None:
    write_recording(tmp_path / "m", samples=4000)
    assert mend_wav(tmp_path / "m.wav") == mend_wav(tmp_path / "m.wav") == 0.5
