"""What a caller hears when no engine answers: an apology, a tone, and room for a message.

Asterisk runs this file as a classic AGI process (`fallback.py SPOOL SOUNDS`); it needs the standard library and pyst2, nothing
of the engine, because the engine is what is missing. How a call becomes an entry:

    SPOOL/.taking-ID/   made before the call is answered: call.json, then message.wav as Asterisk records it
    SPOOL/ID/           the same folder, renamed when the call is over; the engine takes only these (engine/agi/spool.py)

A caller who hangs up in the middle leaves what was recorded until then; one who hangs up before the tone leaves an entry without a
recording, because that was a call too. Where no entry can be made (disk full), the caller is asked to call again.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from asterisk.agi import AGI, AGIAppError, AGIException, AGIHangup

MOST_SECONDS = 180
SILENCE_SECONDS = 8
ENOUGH_DISK = 20_000_000
WAV_HEADER = 44
BYTES_A_SECOND = 16_000  # 8 kHz, 16 bit, mono
#: What talking to a channel raises once it has gone: pyst2's errors, a closed pipe, an empty line from a dead Asterisk.
GONE = (AGIException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Call:
    """One entry's call.json; times are seconds since 1970 in UTC, `duration` is the recording's."""

    id: str
    from_number: str
    to_number: str
    channel: str
    uniqueid: str
    sounds: str
    started_at: float
    ended_at: float | None = None
    duration: float = 0.0
    ended_by: str = "hangup"


def main() -> int:
    """Take one call; the exit status is always 0, because the dialplan goes on with hanging up either way."""
    spool, sounds = Path(sys.argv[1]), sys.argv[2]
    with Path(os.devnull).open("w") as nowhere:
        agi = AGI(stderr=nowhere)
        call = arriving(agi.env, sounds)
        try:
            folder = open_entry(spool, call)
        except OSError as error:
            print(f"fallback: {call.channel} can leave no message: {error}", file=sys.stderr, flush=True)
            turn_away(agi, call)
            return 0
        ended_by = take_message(agi, call, folder)
        close_entry(spool, folder, call, ended_by)
        if ended_by != "hangup":
            say(agi, call, "fallback_thanks")
    return 0


def turn_away(agi: AGI, call: Call) -> None:
    """Ask the caller to call again."""
    answer(agi)
    say(agi, call, "fallback_goodbye")


def arriving(told: dict[str, str], sounds: str) -> Call:
    """The call as Asterisk tells it; its id is unique for ever: the moment and Asterisk's own number of the channel."""
    now = time.time()
    uniqueid = plain(told.get("agi_uniqueid", "")).replace("/", "") or str(os.getpid())
    return Call(
        id=f"{int(now * 1000)}-{uniqueid}",
        from_number=plain(told.get("agi_callerid", "")),
        to_number=plain(told.get("agi_dnid", "")),
        channel=plain(told.get("agi_channel", "")),
        uniqueid=uniqueid,
        sounds=sounds,
        started_at=now,
    )


def plain(text: str) -> str:
    """Caller text without what could mean something in a path or a log; "unknown" is Asterisk's word for nothing."""
    kept = "".join(letter for letter in text if letter.isalnum() or letter in "+*#._-@/")[:80]
    return "" if kept == "unknown" else kept.replace("..", "")


def open_entry(spool: Path, call: Call) -> Path:
    """Make the entry's folder with its call.json. Raises OSError when the disk is full or may not be written."""
    if shutil.disk_usage(spool).free < ENOUGH_DISK:
        raise OSError(f"less than {ENOUGH_DISK // 1_000_000} MB free at {spool}")
    folder = spool / f".taking-{call.id}"
    folder.mkdir()
    write_durably(folder / "call.json", call)
    return folder


def take_message(agi: AGI, call: Call, folder: Path) -> str:
    """Apologise and record; returns what ended it: key, silence (or the longest time), or hangup."""
    try:
        answer(agi)
        say(agi, call, "fallback_apology")
        pressed = agi.record_file(
            str(folder / "message"), "wav", "#", MOST_SECONDS * 1000, 0, "beep", SILENCE_SECONDS
        )
    except GONE:
        return "hangup"
    return "key" if pressed else "silence"


def answer(agi: AGI) -> None:
    """Answer, and give the voice path a moment: the first word shall not be cut off."""
    agi.appexec("Answer", "200")


def say(agi: AGI, call: Call, prompt: str) -> None:
    """Play a prompt; # cuts it short. A prompt that is missing is no reason to lose the message."""
    try:
        agi.stream_file(f"{call.sounds}/{prompt}", "#")
    except AGIHangup:
        raise
    except AGIAppError:
        agi.test_hangup()


def close_entry(spool: Path, folder: Path, call: Call, ended_by: str) -> None:
    """Complete the entry and rename it, durably: from here on the engine may take it."""
    message = folder / "message.wav"
    duration = mend_wav(message) if message.exists() else 0.0
    if duration == 0.0:
        message.unlink(missing_ok=True)
    try:
        write_durably(
            folder / "call.json", replace(call, ended_at=time.time(), duration=duration, ended_by=ended_by)
        )
    except OSError as error:
        # The first call.json is still there and whole; the recording counts more than its length.
        print(f"fallback: {folder.name} stays without its end: {error}", file=sys.stderr, flush=True)
    folder.rename(spool / call.id)
    sync_folder(spool)


def mend_wav(path: Path) -> float:
    """Seconds of sound in a recording; corrects the sizes in its header where Asterisk could not close the file."""
    size = path.stat().st_size
    if size <= WAV_HEADER:
        return 0.0
    with path.open("r+b") as recording:
        recording.seek(4)
        recording.write(struct.pack("<I", size - 8))
        recording.seek(40)
        recording.write(struct.pack("<I", size - WAV_HEADER))
        recording.flush()
        os.fsync(recording.fileno())
    return round((size - WAV_HEADER) / BYTES_A_SECOND, 2)


def write_durably(path: Path, call: Call) -> None:
    """Write call.json whole or not at all."""
    draft = path.with_suffix(".new")
    with draft.open("w") as file:
        json.dump(asdict(call), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the disk know a folder's names."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except GONE:
        raise SystemExit(0) from None
