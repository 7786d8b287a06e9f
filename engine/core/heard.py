"""What a recogniser tells of a caller's speech: plain data, which decisions are made from and events can hold.

One utterance is what is heard while one step listens. Of it come, in this order and any number of times:

    Began         sound that is loud enough to be speech: time to stop a prompt
    Hypothesis    partial: the words so far, which may change; final: they stay, and their confidences count
    Lost          no more is heard of this utterance: slow, dead (its process ended) or full (too many are listened to); keys go on

A Began is followed by a final hypothesis, unless the utterance is closed or lost before. A final one without words: there was
sound, and nothing of it was understood. Times are rounded to hundredths of a second and confidences to three places where a
recogniser tells them, so that what is decided from them is decided again from what is written down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

#: Stands for a word that is none of the listed ones.
UNKNOWN: Final = "[unk]"


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its confidence from 0 to 1, and where it is in the sound, in seconds since the utterance was opened.

    In a partial hypothesis a recogniser that knows neither yet says 0.
    """

    text: str
    confidence: float
    start: float
    end: float


def word(text: str, confidence: float, start: float, end: float) -> Word:
    """A word with its figures rounded."""
    return Word(text, round(confidence, 3), round(start, 2), round(end, 2))


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What is believed to have been said since the last final hypothesis, when `at` seconds of sound had been heard.

    `steady`: for how many seconds of sound a partial one has had these same words; while words last, it is told again and again.
    """

    words: tuple[Word, ...]
    final: bool
    at: float
    steady: float = 0.0

    @property
    def text(self) -> str:
        """The words with a space between them; empty: nothing understood."""
        return " ".join(word.text for word in self.words)

    def told(self) -> dict[str, Any]:
        """As JSON values, for an event: words as [text, confidence, start, end]."""
        words = [[word.text, word.confidence, word.start, word.end] for word in self.words]
        return {"words": words, "final": self.final, "at": self.at, "steady": self.steady}


@dataclass(frozen=True, slots=True)
class Began:
    """Sound that may be speech began `at` seconds into the utterance."""

    at: float


@dataclass(frozen=True, slots=True)
class Lost:
    """The recogniser hears no more of this utterance."""

    why: str


Heard = Began | Hypothesis | Lost


def hypothesis(told: dict[str, Any]) -> Hypothesis:
    """A hypothesis as `Hypothesis.told` wrote it."""
    return Hypothesis(tuple(Word(*word) for word in told["words"]), told["final"], told["at"], told["steady"])
