"""What Asterisk's manager tells, handed to whom it concerns. Calls go on without any of it."""

from __future__ import annotations

from contextlib import aclosing

from engine.ami.port import Alarm, Feed, PhonesUnknown, PhonesUp, Report
from engine.call.alarms import Alarms
from engine.call.hearing import Hearing
from engine.call.phones import Phones
from engine.core.quality import RtpReport
from engine.counters import Counters


class Lookout:
    """Follows one feed; `run` lives as long as the engine."""

    def __init__(self, feed: Feed, phones: Phones, hearing: Hearing, counters: Counters) -> None:
        self._feed, self._phones, self._hearing = feed, phones, hearing
        self._counters, self._alarms = counters, Alarms(counters)
        self._began = False

    async def run(self) -> None:
        """Follow the feed until cancelled; where that begins anew, nobody knows of the phones until it tells."""
        if self._began:
            self._take(PhonesUnknown())
        self._began = True
        async with aclosing(self._feed.reports()) as reports:
            async for report in reports:
                self._take(report)

    def _take(self, report: Report) -> None:
        match report:
            case RtpReport():
                self._hearing.take(report)
            case Alarm():
                self._alarms.take(report)
            case PhonesUnknown(refused):
                self._counters.ami_up.set(0)
                self._counters.ami_lost.labels("refused" if refused else "lost").inc()
                self._phones.take(report)
            case PhonesUp():
                self._counters.ami_up.set(1)
                self._phones.take(report)
