"""From a prompt id to what Asterisk plays: media URIs, and how long they last (for the watchdog)."""

from __future__ import annotations

import wave
from collections.abc import Mapping
from pathlib import Path

from engine.config.prompts import Catalog
from engine.core.say import RECORDING, expand, wording

#: Seconds assumed for a sound whose length is not known (Asterisk's own).
UNKNOWN_LENGTH = 3.0
#: Where the recordings lie among Asterisk's sounds that are no release's.
FOLDER = "quietline"


class Sounds:
    """A catalog of prompts and the lengths of its recordings; `languages` in the order a missing one falls back to.

    `folder` is where its recordings lie among Asterisk's sounds.
    """

    def __init__(self, catalog: Catalog, languages: tuple[str, ...], folder: str = FOLDER) -> None:
        self.catalog = catalog
        self._prefix = f"sound:{folder}/"
        self.languages = languages
        self._lengths = {
            f"{language}/{sound}": wav_seconds(catalog.folder / language / f"{sound}.wav")
            for language in languages
            for sound in catalog.sounds(language)
        }

    def media(self, prompt: str, variables: Mapping[str, object], language: str) -> tuple[str, ...]:
        """Media URIs that speak a prompt, in order; empty when no language has it."""
        spoken = self._language(prompt, language)
        parts = self.catalog.parts(spoken, prompt)
        sounds = expand(parts, variables, spoken)
        return tuple(s if s.startswith(RECORDING) else f"{self._prefix}{s}" for s in sounds)

    def words(self, prompt: str, variables: Mapping[str, object], language: str) -> str:
        """What the caller hears, as text for traces."""
        spoken = self._language(prompt, language)
        return wording(self.catalog.parts(spoken, prompt), variables, spoken)

    def seconds(self, media: tuple[str, ...]) -> float:
        """How long these media last, in seconds."""
        return sum(self._seconds(uri.removeprefix(self._prefix)) for uri in media)

    def _language(self, prompt: str, language: str) -> str:
        for name in (language, *self.languages):
            if self.catalog.parts(name, prompt):
                return name
        return language

    def _seconds(self, sound: str) -> float:
        return self._lengths.get(sound, UNKNOWN_LENGTH)


def wav_seconds(path: Path) -> float:
    """A WAV's length in seconds; UNKNOWN_LENGTH when it cannot be read."""
    try:
        with wave.open(str(path)) as file:
            return float(file.getnframes() / file.getframerate())
    except (OSError, EOFError, wave.Error):
        return UNKNOWN_LENGTH
