"""A PIN that all share who know it: compared in constant time, and guessed at five times in ten minutes at most, by all together."""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Callable
from enum import StrEnum

GUESSES = 5
#: Seconds.
WITHIN = 600.0
#: Seconds by which the answer to a wrong PIN is held back.
PAUSE = 0.5


class Tried(StrEnum):
    """What came of a try."""

    RIGHT = "right"
    WRONG = "wrong"
    #: Too many were wrong: this one was not even looked at.
    LOCKED = "locked"


class PinGate:
    """Counts wrong PINs; `now` is in seconds. What it knows does not outlive the engine."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._wrong: deque[float] = deque(maxlen=GUESSES)

    def held(self) -> float:
        """Seconds until a PIN is looked at again; 0 where one would be now."""
        if len(self._wrong) < GUESSES:
            return 0.0
        return max(0.0, self._wrong[0] + WITHIN - self._now())

    def tried(self, given: str, pin: str | None) -> Tried:
        """Hold what was typed against the PIN; a wrong one counts before anybody waits for the answer. Where there is no PIN all are."""
        if self.held():
            return Tried.LOCKED
        if pin is not None and hmac.compare_digest(_digest(given), _digest(pin)):
            return Tried.RIGHT
        self._wrong.append(self._now())
        return Tried.WRONG


def _digest(text: str) -> bytes:
    """Of one length, whatever was typed."""
    return hashlib.sha256(text.encode()).digest()
