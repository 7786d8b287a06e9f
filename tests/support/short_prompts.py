"""Prompts for tests: the repository's texts and what only the scenarios' site says, all lasting a second, so that nothing takes long."""

from __future__ import annotations

import re
import wave
from functools import cache
from io import BytesIO
from pathlib import Path

from engine.config.prompts import load_catalog
from engine.config.report import Report
from engine.pbx.render import REPOSITORY

RATE = 8000

#: What flows of the scenarios' site say, and no shipped flow.
MORE = """
please_hold: Please hold the line.
connecting: One moment, please. I am connecting you.
still_waiting: Thank you for waiting.
closed: We are closed now.
whose_call: A call for you.
"""
#: What callers may say for steps that no shipped flow has; `words` is the last thing in a file of prompts.
WORDS = "  desks: [office, desks, middle]\n"
#: A value in a prompt's text.
SLOT = re.compile(r"\{\{.*?\}\}")
#: Seconds every prompt of a copied prompts folder lasts; fragments (numbers, units) last a third of it.
PROMPT = 1.0


def short_prompts(target: Path) -> Path:
    """The repository's English texts with recordings that all last a second, and the same without numbers as another language."""
    target.mkdir(parents=True)
    english = MORE + (REPOSITORY / "prompts" / "en.yaml").read_text() + WORDS
    (target / "en.yaml").write_text(english)
    (target / "bg.yaml").write_text(SLOT.sub("some", english))
    catalog = load_catalog(target, Report())
    for language in catalog.languages:
        for sound in catalog.sounds(language):
            write_silence(target / language / f"{sound}.wav", PROMPT / 3 if "/" in sound else PROMPT)
    return target


def write_silence(path: Path, seconds: float) -> None:
    """A recording of silence."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(silence(seconds))


@cache
def silence(seconds: float) -> bytes:
    """A WAV of silence: hundreds of recordings are the same."""
    written = BytesIO()
    with wave.open(written, "wb") as out:
        out.setparams((1, 2, RATE, 0, "NONE", ""))
        out.writeframes(bytes(2 * int(RATE * seconds)))
    return written.getvalue()
