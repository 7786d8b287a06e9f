"""The recordings of a language: which belong to their text, which are a person's, which cannot be played.

`manifest.json` beside the WAVs remembers, for each, the text it says, the SHA-256 of the file and who spoke it.

1. A WAV whose bytes are not those the manifest knows was brought by a person and says the text as it is now.
2. A person's recording is never overwritten. If its text changes later it is stale, and only a person can mend it:
   by a new recording, or by deleting it, which gives the place back to the voice.
3. The voice's recording is stale when its text, or the way recordings are made, has changed.
"""

from __future__ import annotations

import hashlib
import json
import struct
import wave
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from engine.config.prompts import Catalog
from engine.errors import SetupError

#: Who spoke a recording that no recipe of ours made.
PERSON = "person"
#: What a WAV of 8000 Hz, one channel and 16 bit begins with, but for its lengths: from the 9th byte to the 40th.
_PLAYABLE = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16) + b"data"


class Condition(StrEnum):
    """What there is for a text."""

    FRESH = "fresh"
    MISSING = "missing"
    STALE = "stale"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the manifest knows of one WAV; `by` is PERSON or the recipe the voice made it by."""

    text: str
    sha256: str
    by: str


#: What was recorded, by sound (`welcome`, `num/4`).
Manifest = dict[str, Entry]


def read_manifest(folder: Path) -> Manifest:
    """The manifest of one language's folder; an empty one where there is none. Raises SetupError if it is broken."""
    path = folder / "manifest.json"
    if not path.exists():
        return {}
    try:
        data = json.loads(path.read_text("utf-8"))
        return {name: Entry(str(e["text"]), str(e["sha256"]), str(e["by"])) for name, e in data.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise SetupError(
            f"{path} cannot be read; restore it, or delete it together with the recordings the voice made "
            "and run `quietline prompts render`"
        ) from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, wholly or not at all."""
    entries = {name: asdict(entry) for name, entry in sorted(manifest.items())}
    partial = folder / "manifest.json.part"
    partial.write_text(json.dumps(entries, ensure_ascii=False, indent=1) + "\n", "utf-8")
    partial.replace(folder / "manifest.json")


def condition(entry: Entry | None, text: str, path: Path, recipe: str | None = None) -> Condition:
    """Whether the WAV at `path` says `text`; with a recipe, also whether the voice's was made by it."""
    if not path.is_file():
        return Condition.MISSING
    if entry is None or entry.sha256 != digest(path):
        return Condition.FRESH
    remade = recipe is not None and entry.by not in (PERSON, recipe)
    return Condition.STALE if entry.text != text or remade else Condition.FRESH


def recording_problems(catalog: Catalog, language: str) -> list[str]:
    """One sentence for each recording that is missing, out of date or unplayable, saying what to do."""
    folder = catalog.folder / language
    manifest = read_manifest(folder)
    problems: list[str] = []
    missing: list[str] = []
    for sound, text in catalog.sounds(language).items():
        path = folder / f"{sound}.wav"
        match condition(manifest.get(sound), text, path):
            case Condition.MISSING:
                missing.append(sound)
                continue
            case Condition.STALE:
                problems.append(_stale(path, manifest[sound]))
        if why := unplayable(path):
            problems.append(why)
    if missing:
        problems.insert(0, _missing(language, missing))
    return problems


def unplayable(path: Path) -> str:
    """Why Asterisk cannot play this file as it is, and what to do; empty when it can."""
    match flaw(path):
        case "":
            return ""
        case "holds no sound" as why:
            return f"{path} {why}; record it again, or delete it and run `quietline prompts render`"
        case why:
            return f"{path} {why}; make it 8000 Hz, 1, 16: sox {path.name} -r 8000 -c 1 -b 16 out.wav"


def flaw(path: Path) -> str:
    """What keeps Asterisk from playing this file, by its header; empty when nothing does."""
    try:
        with path.open("rb") as file:
            head = file.read(44)
        if head[:4] == b"RIFF" and head[8:40] == _PLAYABLE and int.from_bytes(head[40:], "little") > 1:
            return ""  # as nearly all are; whatever looks different is looked at in full
        with wave.open(str(path)) as sound:
            shape = (sound.getframerate(), sound.getnchannels(), 8 * sound.getsampwidth())
            frames = sound.getnframes()
    except PermissionError:
        return "cannot be read (permission denied)"
    except (OSError, EOFError, ValueError, wave.Error):
        return "is not a WAV of plain samples"
    if shape != (8000, 1, 16):
        return f"has {shape[0]} Hz, {shape[1]} channel(s), {shape[2]} bit"
    return "" if frames else "holds no sound"


def brought(manifest: Manifest, texts: Mapping[str, str], folder: Path) -> Manifest:
    """Entries for the recordings people brought since the manifest was written (rule 1)."""
    entries: Manifest = {}
    for sound, text in texts.items():
        path = folder / f"{sound}.wav"
        known = manifest.get(sound)
        if path.is_file() and (known is None or known.sha256 != digest(path)):
            entries[sound] = Entry(text, digest(path), PERSON)
    return entries


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _stale(path: Path, entry: Entry) -> str:
    mend = "record it again, or delete it and run" if entry.by == PERSON else "run"
    return f"{path} is older than its text (it says {entry.text!r}); {mend} `quietline prompts render`"


def _missing(language: str, sounds: list[str]) -> str:
    named = ", ".join(sounds[:5]) + (f" and {len(sounds) - 5} more" if len(sounds) > 5 else "")
    return f"language '{language}' lacks {len(sounds)} recording(s): {named}; run `quietline prompts render`"
