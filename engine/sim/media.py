"""How long a thing plays, and what becomes of it.

    sound:NAME            a WAV under one of the folders, or an absolute path without ".wav"; unknown: started, then failed
    tone:NAME             plays until it is stopped
    digits: number: characters:   cannot be stopped; a bad number is started and never finishes
    recording:NAME        a stored recording; a missing one is started and never finishes
    anything else         started and never finishes

Measured on Asterisk 22.10.1. "Never finishes" means that no PlaybackFinished is sent although the channel is free again.
"""

from __future__ import annotations

import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

#: Seconds a sound plays, or None when there is no such sound.
Lengths = Callable[[str], float | None]


@dataclass(frozen=True, slots=True)
class Sound:
    """How one piece of media behaves. `seconds` None plays until stopped."""

    seconds: float | None
    found: bool = True
    finishes: bool = True
    stoppable: bool = True


SILENT_END = Sound(0.0, finishes=False)


def one_second(_: str) -> float:
    """Every sound exists and lasts a second."""
    return 1.0


def wav_lengths(folders: Mapping[str, Path]) -> Lengths:
    """Lengths of real WAV files. `folders` maps the beginning of a sound's name to where it lies: {"quietline/": prompts, "": sounds}.

    The first beginning that fits counts; an absolute path is itself.
    """

    @cache
    def seconds(name: str) -> float | None:
        places = {"/": Path("/"), **folders}
        start = next((start for start in places if name.startswith(start)), None)
        if start is None:
            return None
        path = places[start] / f"{name.removeprefix(start)}.wav"
        return wav_seconds(path) if path.is_file() else None

    return seconds


def wav_seconds(path: Path) -> float:
    """The length of a WAV file."""
    with wave.open(str(path)) as file:
        frames, rate = file.getnframes(), file.getframerate()
    return float(frames / rate)


def sound_of(uri: str, lengths: Lengths, recordings: Callable[[str], float | None]) -> Sound:
    """What playing `uri` does; `recordings` tells the length of a stored one."""
    scheme, _, name = uri.partition(":")
    match scheme:
        case "sound":
            seconds = lengths(name)
            return Sound(seconds or 0.0, found=seconds is not None)
        case "tone":
            return Sound(None)
        case "digits" | "characters":
            return Sound(0.5 * len(name), stoppable=False)
        case "number":
            return Sound(0.7 * len(name), stoppable=False) if name.isdigit() else SILENT_END
        case "recording":
            seconds = recordings(name)
            return SILENT_END if seconds is None else Sound(seconds)
    return SILENT_END
