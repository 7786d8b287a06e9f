"""Until when the calls were seen: while Asterisk reports, until now; else until the link was lost, or the engine's last sign of life.

A call whose end nobody saw ends on record at that moment. So the engine leaves a sign of life on disk every few seconds, but only while
Asterisk reports: it is the modification time of an empty file, which costs no write and survives `kill -9`.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

#: Seconds between two signs of life: so much of a call may be missing from its record after a crash.
EVERY = 2.0


class Watch:
    """Knows since when nobody has seen what becomes of the calls. Times are seconds since the epoch."""

    def __init__(self, sign: Path, now: Callable[[], float]) -> None:
        self._sign = sign
        self._now = now
        #: None while Asterisk reports.
        self.blind_since: float | None = last_sign(sign)

    def seen(self) -> float:
        """The last moment at which a call that is gone by now would have been seen to go on."""
        return self._now() if self.blind_since is None else self.blind_since

    def lost(self) -> None:
        """Asterisk reports no more."""
        if self.blind_since is None:
            self._leave_sign()
            self.blind_since = self._now()

    def restored(self) -> None:
        """Asterisk reports again, and everything has been compared with what it holds."""
        self.blind_since = None
        self._leave_sign()

    async def keep(self) -> None:
        """Leave signs of life until cancelled, and a last one then."""
        try:
            while True:
                self._leave_sign()
                await asyncio.sleep(EVERY)
        finally:
            self._leave_sign()

    def _leave_sign(self) -> None:
        if self.blind_since is None:
            with suppress(OSError):  # a full disk; the newest sign there is must do
                self._sign.touch(mode=0o600)
                os.utime(self._sign, (self._now(), self._now()))


def last_sign(sign: Path) -> float:
    """When an engine last saw the calls; 0 where none ever did."""
    try:
        return sign.stat().st_mtime
    except OSError:
        return 0.0
