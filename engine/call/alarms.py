"""Who is turned away by Asterisk: wrong passwords, unknown names, addresses that may not come.

Every one is counted, by its kind and service. In the log stand the first few of a minute, one line each, and of all others of that minute
one line with their number and the address most of them came from: a scan of thousands a second fills no disk. What strangers write is
cut short and has no control characters.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

import structlog

from engine.ami.port import Alarm
from engine.ami.reading import ALARMS
from engine.core.watched import clean
from engine.counters import Counters

log = structlog.get_logger()

#: So many of a minute have a line each.
LOGGED: Final = 10
MINUTE: Final = 60.0
#: Addresses that are told apart among the others of a minute.
APART: Final = 1000
SERVICES: Final = ("PJSIP", "AMI", "ARI", "HTTP")
OTHER: Final = "other"


class Alarms:
    """Counts and logs those who are turned away."""

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._logged = 0
        self._others: Counter[str] = Counter()
        self._minute: asyncio.TimerHandle | None = None

    def take(self, alarm: Alarm) -> None:
        """One more."""
        kind = alarm.kind if alarm.kind in ALARMS else OTHER
        service = alarm.service if alarm.service in SERVICES else OTHER
        self._counters.security_events.labels(kind, service).inc()
        if self._minute is None:
            self._minute = asyncio.get_running_loop().call_later(MINUTE, self._over)
        if self._logged < LOGGED:
            self._logged += 1
            account, address = clean(alarm.account), clean(alarm.address)
            log.warning("turned away", why=kind, service=service, account=account, address=address)
        else:
            self._more(clean(alarm.address))

    def _more(self, address: str) -> None:
        self._counters.security_unlogged.inc()
        known = address in self._others or len(self._others) < APART
        self._others[address if known else OTHER] += 1

    def _over(self) -> None:
        """The minute is over: tell of those who had no line."""
        if self._others:
            ((address, times),) = self._others.most_common(1)
            log.warning(
                "turned away, more in the last minute",
                times=self._others.total(),
                addresses=len(self._others),
                most_from=address,
                of_these=times,
            )
        self._logged, self._minute = 0, None
        self._others.clear()
