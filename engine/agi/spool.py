"""Messages taken while no engine answered, waiting to become contacts.

The engine, when it is back, does for each of `pending()`: copy the recording, commit the contact under the entry's
`contact` id, then call `done()`. The id is always the same for the same entry, so after a crash between the two the engine
finds a contact that exists already: nothing is lost and nothing comes twice.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: A script that was killed leaves its folder behind; no call in the fallback lasts this long.
GIVEN_UP = 900.0


@dataclass(frozen=True, slots=True)
class SpooledCall:
    """One call that met no engine. Times are seconds since 1970 in UTC; `recording` is a WAV file, None when nothing was said."""

    id: str
    folder: Path
    from_number: str
    to_number: str
    channel: str
    uniqueid: str
    started_at: float
    ended_at: float
    duration: float
    ended_by: str
    recording: Path | None

    @property
    def contact(self) -> str:
        """The id of the contact this call becomes."""
        return f"fallback-{self.id}"


def pending(spool: Path, now: float) -> list[SpooledCall]:
    """Every call that waits, the oldest first; calls still being taken are left alone until `now` is 15 minutes past them."""
    if not spool.is_dir():
        return []
    return sorted(
        (read(folder) for folder in spool.iterdir() if ready(folder, now)), key=lambda call: call.started_at
    )


def ready(folder: Path, now: float) -> bool:
    """Is this folder an entry that nobody writes in any more?"""
    if folder.name.startswith(".taking-"):
        return now - folder.stat().st_mtime > GIVEN_UP
    return folder.is_dir() and not folder.name.startswith(".")


def read(folder: Path) -> SpooledCall:
    """One entry; what its call.json does not tell is taken from the files themselves, a message is never given up."""
    told = facts(folder)
    recording = folder / "message.wav"
    written = folder.stat().st_mtime
    return SpooledCall(
        id=folder.name.removeprefix(".taking-"),
        folder=folder,
        from_number=str(told.get("from_number", "")),
        to_number=str(told.get("to_number", "")),
        channel=str(told.get("channel", "")),
        uniqueid=str(told.get("uniqueid", "")),
        started_at=float(told.get("started_at") or written),
        ended_at=float(told.get("ended_at") or written),
        duration=float(told.get("duration") or 0.0),
        ended_by=str(told.get("ended_by", "hangup")),
        recording=recording if recording.exists() else None,
    )


def facts(folder: Path) -> dict[str, Any]:
    """What call.json says; nothing when it cannot be read."""
    try:
        told = json.loads((folder / "call.json").read_text())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def done(call: SpooledCall) -> None:
    """Forget an entry that has become a contact; doing so twice is harmless."""
    gone = call.folder.with_name(f".done-{call.id}")
    if call.folder.exists():
        call.folder.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)
