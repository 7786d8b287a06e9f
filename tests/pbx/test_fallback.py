"""No engine is connected: what a caller leaves behind, on a real Asterisk."""

from __future__ import annotations

import time
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path

import pytest
from pbx_site import Pbx

from engine.agi.spool import SpooledCall, done, pending

pytestmark = pytest.mark.asterisk


def loudness(path: Path) -> float:
    """Mean distance of a recording's samples from silence, 0 to 32767."""
    with wave.open(str(path)) as recording:
        assert (recording.getframerate(), recording.getsampwidth(), recording.getnchannels()) == (8000, 2, 1)
        samples = array("h", recording.readframes(recording.getnframes()))
    return sum(map(abs, samples)) / max(1, len(samples))


@pytest.fixture(autouse=True)
def emptied(pbx: Pbx) -> Iterator[None]:
    for call in pending(pbx.layout.spool, time.time()):
        done(call)
    yield


def the_entry(pbx: Pbx) -> SpooledCall:
    """The one call in the spool; its script needs a moment after the hang-up."""
    end = time.monotonic() + 10
    while not (found := pending(pbx.layout.spool, time.time())):
        assert time.monotonic() < end, "no entry appeared in the spool"
        time.sleep(0.05)
    assert len(found) == 1
    return found[0]


def test_a_caller_without_an_engine_leaves_a_message_with_sound_in_it(pbx: Pbx) -> None:
    call = pbx.sipp("uac-ends-with-pound", "100")
    assert call.returncode == 0, call.stdout + call.stderr
    entry = the_entry(pbx)
    assert (entry.from_number, entry.to_number, entry.ended_by) == ("+15550199", "100", "key")
    assert entry.recording is not None
    assert 1.5 < entry.duration < 4.0
    assert entry.started_at < entry.ended_at <= time.time()
    assert loudness(entry.recording) > 100


def test_a_message_cut_off_by_the_callers_hang_up_is_kept(pbx: Pbx) -> None:
    call = pbx.sipp("uac-talks-and-hangs-up", "+441632960100")
    assert call.returncode == 0, call.stdout + call.stderr
    entry = the_entry(pbx)
    assert (entry.to_number, entry.ended_by) == ("+441632960100", "hangup")
    assert entry.recording is not None
    assert loudness(entry.recording) > 100


def test_a_caller_who_hangs_up_before_the_tone_is_still_one_call(pbx: Pbx) -> None:
    call = pbx.sipp("uac-hangs-up-at-once", "support")
    assert call.returncode == 0, call.stdout + call.stderr
    entry = the_entry(pbx)
    assert (entry.to_number, entry.recording, entry.duration) == ("support", None, 0.0)


def test_a_spool_that_cannot_be_written_ends_the_call_with_a_word_and_without_an_entry(pbx: Pbx) -> None:
    pbx.layout.spool.rename(pbx.layout.spool.with_name("away"))
    try:
        call = pbx.sipp("uac-until-bye", "100")
    finally:
        pbx.layout.spool.with_name("away").rename(pbx.layout.spool)
    assert call.returncode == 0, call.stdout + call.stderr
    assert pending(pbx.layout.spool, time.time() + 10_000) == []
    assert "can leave no message" in (pbx.layout.asterisk / "log" / "console").read_text()
