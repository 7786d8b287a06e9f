"""A breaker: a source that failed several times in a row is left alone for a while, and then tried by one question alone.

closed --(failures in a row)--> open --(pause is over)--> one tries: closed if it is answered, else open again
"""

from __future__ import annotations


class Breaker:
    """Whether a source may be asked. Times are seconds of one clock that goes on steadily."""

    def __init__(self, failures: int, pause: float) -> None:
        self._most, self._pause = failures, pause
        self._failures = 0
        self._opened_at: float | None = None
        self._trying = False

    def takes(self, now: float) -> bool:
        """May a question go through? Where it is the one that tries, others may not until it has told what came of it."""
        if self._opened_at is None:
            return True
        if self._trying or now < self._opened_at + self._pause:
            return False
        self._trying = True
        return True

    def worked(self) -> None:
        """A question was answered."""
        self._failures, self._opened_at, self._trying = 0, None, False

    def failed(self, now: float) -> bool:
        """A question was not answered; returns whether that has opened the breaker."""
        self._failures += 1
        opens = self._trying or (self._opened_at is None and self._failures >= self._most)
        if opens:
            self._opened_at = now
        self._trying = False
        return opens

    def left(self) -> None:
        """A question was given up before anything came of it: whoever comes next may try."""
        self._trying = False
