"""Where speech begins and ends in sound, by its level, and how much louder or softer a recogniser should hear it.

Sound is looked at in frames of 20 ms. How it works, in dB below full scale:

    line        the levels of the tenths of a second that end in the last 1.5 s, each at least -65
    threshold   14 above the softest of them or 8 above seven tenths of them, whichever is lower, between -45 and -26; -32 before there
                are ten. Steady noise stays below the second, people in the background below the first, and a caller who speaks from the
                beginning comes above it at the first gap between their words
    begin       3 frames of the last 4 above the threshold; the 240 ms before belong to the speech
    end         0.3 s below the threshold, or 10 below the loudest of this speech, whichever is higher; or 15 s of it
    gain        the loudest frames of speech come to -18, so that speech as a whole comes to about -23; between -20 and +30,
                and it changes by 1 a frame at most while somebody speaks

Between end and begin nothing needs to be recognised. A constant (a direct current on the line) is no sound.
"""

from __future__ import annotations

import sys
from array import array
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from math import log10
from operator import mul
from typing import Final

from engine.speech.port import RATE

SAMPLES: Final = RATE // 50
FRAME_BYTES: Final = 2 * SAMPLES
SECONDS: Final = SAMPLES / RATE

SILENCE: Final = -65.0
ABOVE_SOFTEST, ABOVE_MOST, MOST = 14.0, 8.0, 0.7
LOWEST, HIGHEST, FIRST = -45.0, -26.0, -32.0
ENOUGH: Final = 10
ABOVE, OF = 3, 4
SMOOTHED: Final = 5
WINDOW: Final = 75
BEFORE: Final = 12
BELOW_PEAK: Final = 10.0
HANG: Final = 15
LONGEST: Final = 750
TARGET: Final = -18.0
MOST_DOWN, MOST_UP = -20.0, 30.0
SLEW: Final = 1.0
FADING: Final = 0.05
_FULL: Final = 32768.0**2


@dataclass(frozen=True, slots=True)
class Begins:
    """Speech begins `at` seconds; `since`: where the sound that belongs to it begins."""

    at: float
    since: float


@dataclass(frozen=True, slots=True)
class Ends:
    """Speech has ended, as was clear `at` seconds."""

    at: float


Found = Begins | Ends | bytes


def level(samples: array[int]) -> float:
    """The level of some sound, without what is constant in it, in dB below full scale."""
    count = len(samples)
    mean = sum(samples) / count
    return 10 * log10(max(1.0, sum(map(mul, samples, samples)) / count - mean * mean) / _FULL)


def louder(samples: array[int], decibels: float) -> bytes:
    """The same sound, so much louder; what is too loud is clipped."""
    by = 10 ** (decibels / 20)
    if by * max(max(samples), -min(samples)) < 32767:
        return _bytes(array("h", map(int, map(by.__mul__, samples))))
    return _bytes(array("h", [max(-32768, min(32767, int(sample * by))) for sample in samples]))


def _bytes(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


class Levels:
    """Takes sound in pieces of any length; gives what begins and ends in it, and the speech between, at the right level."""

    def __init__(self) -> None:
        self._rest = b""
        self._frames = 0
        self._levels: deque[float] = deque(maxlen=SMOOTHED)
        self._smooth: deque[float] = deque(maxlen=WINDOW)
        self._held: deque[array[int]] = deque(maxlen=BEFORE)
        self._speaks = 0
        self._below = 0
        self._peak = SILENCE
        self._gain = 0.0

    @property
    def at(self) -> float:
        """Seconds of sound so far."""
        return round(self._frames * SECONDS, 2)

    @property
    def speaking(self) -> bool:
        """Has speech begun, and not ended?"""
        return self._speaks > 0

    @property
    def threshold(self) -> float:
        """Above which sound may be speech."""
        if len(self._smooth) < ENOUGH:
            return FIRST
        ordered = sorted(self._smooth)
        softest, most = ordered[0], ordered[int(len(ordered) * MOST)]
        wanted = min(max(SILENCE, softest) + ABOVE_SOFTEST, max(SILENCE, most) + ABOVE_MOST)
        return max(LOWEST, min(HIGHEST, wanted))

    def push(self, sound: bytes) -> Iterator[Found]:
        """The next stretch of sound; half a sample waits for its other half."""
        sound = self._rest + sound
        whole = len(sound) - len(sound) % FRAME_BYTES
        self._rest = sound[whole:]
        for start in range(0, whole, FRAME_BYTES):
            samples = array("h", sound[start : start + FRAME_BYTES])
            if sys.byteorder == "big":
                samples.byteswap()
            yield from self._frame(samples)

    def _frame(self, samples: array[int]) -> Iterator[Found]:
        self._frames += 1
        now = level(samples)
        self._levels.append(now)
        self._smooth.append(sum(self._levels) / len(self._levels))
        if self._speaks:
            yield from self._goes_on(samples, now)
        else:
            self._held.append(samples)
            if self._begins():
                yield from self._begin()

    def _begins(self) -> bool:
        threshold = self.threshold
        return sum(one > threshold for one in list(self._levels)[-OF:]) >= ABOVE

    def _begin(self) -> Iterator[Found]:
        self._speaks, self._below = 1, 0
        self._peak = max(self._levels)
        self._gain = self._wanted
        yield Begins(self.at, round(self.at - len(self._held) * SECONDS, 2))
        for samples in self._held:
            yield louder(samples, self._gain)
        self._held.clear()

    def _goes_on(self, samples: array[int], now: float) -> Iterator[Found]:
        self._speaks += 1
        self._peak = max(self._peak - FADING, now)
        self._gain += max(-SLEW, min(SLEW, self._wanted - self._gain))
        yield louder(samples, self._gain)
        self._below = 0 if now > max(self.threshold, self._peak - BELOW_PEAK) else self._below + 1
        if self._below >= HANG or self._speaks >= LONGEST:
            self._speaks = 0
            self._levels.clear()
            yield Ends(self.at)

    @property
    def _wanted(self) -> float:
        return max(MOST_DOWN, min(MOST_UP, TARGET - self._peak))
