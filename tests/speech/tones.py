"""A language of tones, for tests of the processes that recognise: each word is a frequency, and some do harm.

As a program it is a holder like `engine.speech.worker`, with a model of this language: `python tones.py FOLDER FD`. The folder `broken`
holds a model that cannot be read.
"""

from __future__ import annotations

import math
import os
import socket
import sys
import time
from array import array
from collections.abc import Sequence
from pathlib import Path

from engine.core.heard import UNKNOWN, Word, word
from engine.speech.port import RATE
from engine.speech.worker import hold

HERTZ = {"low": 300, "middle": 600, "high": 900}
#: Ends its process as a fault in native code would; takes 30 s to be heard; is no frame of ours.
CRASH, SLOW = 1_500, 2_000


def tone(hertz: float, seconds: float = 0.5, decibels: float = -20.0) -> bytes:
    """A tone as slin16; its RMS is so far below full scale."""
    height = 32768 * 10 ** (decibels / 20) * math.sqrt(2)
    turn = 2 * math.pi * hertz / RATE
    return array("h", [round(height * math.sin(turn * n)) for n in range(round(RATE * seconds))]).tobytes()


def silence(seconds: float) -> bytes:
    """Nothing."""
    return bytes(round(RATE * seconds) * 2)


class Tones:
    """The language's model."""

    def decoder(self, phrases: Sequence[str]) -> ToneDecoder:
        """Who hears these words."""
        return ToneDecoder(phrases)

    def knows(self, one: str) -> bool:
        """Is this a word of the language?"""
        return one in HERTZ


class ToneDecoder:
    """Counts how often the sound crosses zero."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self._phrases = phrases
        self._sound = array("h")

    def accept(self, sound: bytes) -> bool:
        """The next stretch; some tones do harm at once."""
        self._sound.frombytes(sound)
        if _near(_hertz(array("h", sound)), CRASH):
            os.abort()
        if _near(_hertz(array("h", sound)), SLOW):
            time.sleep(30)
        return False

    def partial(self) -> tuple[Word, ...]:
        """The word so far."""
        return self._word()

    def final(self) -> tuple[Word, ...]:
        """The word, and nothing is left of it."""
        said = self._word()
        self._sound = array("h")
        return said

    def _word(self) -> tuple[Word, ...]:
        seconds = len(self._sound) / RATE
        hertz = _hertz(self._sound)
        found = [name for name, one in HERTZ.items() if _near(hertz, one) and name in self._phrases]
        return (word(found[0] if found else UNKNOWN, 0.9, 0.0, seconds),) if seconds > 0.2 else ()


def _hertz(sound: array[int]) -> float:
    """The frequency of the loud part of a sound."""
    top = max(map(abs, sound), default=0)
    loud = [n for n in range(1, len(sound)) if sound[n - 1] < 0 <= sound[n] and abs(sound[n - 4]) > top / 4]
    return RATE * (len(loud) - 1) / (loud[-1] - loud[0]) if len(loud) > 2 else 0.0


def _near(hertz: float, wanted: float) -> bool:
    return abs(hertz - wanted) < wanted / 8


if __name__ == "__main__":
    if Path(sys.argv[1]).name == "broken":
        sys.exit("no model")
    with socket.socket(fileno=int(sys.argv[2])) as engine:
        hold(Tones(), engine)
