"""The second seam to Asterisk: what its manager tells. Calls do not need any of it.

One thing implements it for a real Asterisk (`engine.ami.feed`), one for the simulated one (`engine.sim.phones`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from engine.core.quality import RtpReport


@dataclass(frozen=True, slots=True)
class PhonesUp:
    """The endpoints that can be reached now; all others cannot. `in_use`: those that ring or are in a call, where anybody wants to know."""

    endpoints: frozenset[str]
    in_use: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PhonesUnknown:
    """Nobody can tell (any more) which phones can be reached: the connection is lost, or we are `refused`."""

    refused: bool = False


@dataclass(frozen=True, slots=True)
class Alarm:
    """Asterisk has turned somebody away: `kind` by its own name, at which service (PJSIP, AMI …), who they said they are, from where.

    `account` and `address` are foreign text.
    """

    kind: str
    service: str
    account: str
    address: str


Report = PhonesUp | PhonesUnknown | RtpReport | Alarm


class Feed(Protocol):
    """Tells which phones can be reached, how sound arrives, and who is turned away; calls go on without it."""

    def reports(self) -> AsyncGenerator[Report, None]:
        """What is known, and every change, until cancelled; one consumer."""
        ...

    def look(self, endpoint: str) -> None:
        """Ask that phone now instead of in its turn; the answer comes as a report."""
        ...
