"""Recordings whose words are known: a model that hears none of them is not believed to hear callers.

A model fed at a rate that it refuses, or one of another language, raises nothing and hears nothing.
"""

from __future__ import annotations

import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: By language: the words of `proofs/<language>.wav` (16 kHz, 16 bit, one channel), and what else could have been said.
PROOFS: Final = {
    "en": ("four seven nine", ("sales", "support", "zero", "one", "two", "three", "five", "six", "eight"))
}
_FOLDER: Final = Path(__file__).with_name("proofs")


@dataclass(frozen=True, slots=True)
class Proof:
    """A recording (slin16) of these words, and what else could have been said."""

    sound: bytes
    words: str
    others: tuple[str, ...]

    def passed(self, heard: str) -> bool:
        """Was one of its words heard? How well a model hears is no question of whether it works."""
        return bool(set(heard.split()) & set(self.words.split()))


def proof_of(language: str) -> Proof | None:
    """The recording of a language; None where there is none, and its model is believed."""
    if language not in PROOFS:
        return None
    words, others = PROOFS[language]
    with wave.open(str(_FOLDER / f"{language}.wav")) as recording:
        return Proof(recording.readframes(recording.getnframes()), words, others)
