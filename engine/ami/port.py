"""The second seam to Asterisk: who tells which phones can be reached.

One thing implements it for a real Asterisk (`engine.ami.phones`), one for the simulated one (`engine.sim.phones`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PhonesUp:
    """The endpoints that can be reached now; all others cannot."""

    endpoints: frozenset[str]


@dataclass(frozen=True, slots=True)
class PhoneUp:
    """This endpoint can be reached."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class PhonesUnknown:
    """Nobody can tell (any more) which phones can be reached."""


PhoneReport = PhonesUp | PhoneUp | PhonesUnknown


class PhoneFeed(Protocol):
    """Tells which phones can be reached; calls go on without it."""

    def reports(self) -> AsyncGenerator[PhoneReport, None]:
        """What is known, and every change, until cancelled; one consumer."""
        ...

    def look(self, endpoint: str) -> None:
        """Ask that phone now instead of in its turn; the answer comes as a report."""
        ...
