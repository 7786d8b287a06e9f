"""What Asterisk tells over AMI, by one supervisor of one connection: which phones can be reached, how sound arrives, who is turned away.

Asterisk asks every phone in its turn (qualify, pjsip.conf) and tells when the answer has changed. What it tells is only why we look: a list
of all phones, which answers a question of ours, is what counts, since strangers can write into events (link.py). A phone that comes back is
looked at at once, and again a moment later, when Asterisk has had time to count it. One that goes is asked once more, and looked at a
moment later: a phone that registers anew at another address goes and comes within milliseconds, and one that was switched on while a
question was on its way is told as gone when that runs out.
When we are let in, phones that Asterisk has not asked yet are asked by us, so that nobody counts as gone whose turn has not come.

A connection that is lost is opened again after longer and longer pauses. A password that is refused is not tried again for minutes: nobody
else's mistake shall fill Asterisk's log, or have us shut out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from panoramisk.message import Message

from engine.ami.link import Access, Link, opened
from engine.ami.port import Alarm, PhonesUnknown, PhonesUp, Report
from engine.ami.reading import ALARMS, RTCP, alarm, rtp_report
from engine.core.quality import RtpReport
from engine.errors import PbxUnreachable, SetupError

log = structlog.get_logger()

#: Seconds before a connection that was lost is opened again; doubled each time.
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
#: Seconds before a password that was refused is tried again.
REFUSED_PAUSE: Final = 300.0
#: Seconds after which all phones are listed again, which also tells whether the connection still is one.
LISTED_EVERY: Final = 30.0
#: Seconds after which a phone that has come is looked at, and one that has gone; and within which one that was asked has answered.
SOON: Final = 0.02
SETTLED: Final = 0.3
ASKED: Final = 3.5
#: How a contact is called that cannot be reached.
GONE: Final = ("Unreachable", "Removed")
#: States of a phone that cannot be reached, and of one that is in use.
AWAY: Final = ("UNAVAILABLE", "INVALID")
IN_USE: Final = ("INUSE", "RINGING", "RINGINUSE", "BUSY", "ONHOLD")
#: How Asterisk calls a phone among its devices.
DEVICE: Final = "PJSIP/"


@dataclass(frozen=True, slots=True)
class _Contact:
    """What Asterisk tells of an endpoint's contact."""

    endpoint: str
    gone: bool


@dataclass(frozen=True, slots=True)
class _Look:
    """An endpoint that is to be asked now."""

    endpoint: str


class _Used:
    """Some device is in use, or no longer."""


class _Ended:
    """The connection has ended."""


_News = _Contact | _Look | _Used | _Ended | RtpReport | Alarm


class AmiFeed:
    """Listens to one Asterisk, for as long as `reports` is consumed; `calls`: also to which phones are in use."""

    def __init__(
        self,
        access: Access,
        *,
        calls: bool = False,
        first_pause: float = FIRST_PAUSE,
        refused_pause: float = REFUSED_PAUSE,
    ) -> None:
        self._access, self._calls = access, calls
        self._first_pause, self._refused_pause = first_pause, refused_pause
        self._news: asyncio.Queue[_News] = asyncio.Queue()

    def look(self, endpoint: str) -> None:
        """Have a phone asked now."""
        self._news.put_nowait(_Look(endpoint))

    async def reports(self) -> AsyncGenerator[Report, None]:
        """What is known of the phones, and every change, until cancelled."""
        pause = self._first_pause
        while True:
            wait = pause
            try:
                async with opened(self._access, self._calls) as link:
                    async for report in self._watch(link):
                        wait = pause = self._first_pause
                        yield report
            except PbxUnreachable as lost:
                if pause == self._first_pause:
                    log.warning("phones and sound are not watched until AMI answers again", why=str(lost))
                pause = min(2 * pause, LONGEST_PAUSE)
            except SetupError as refused:
                wait = self._refused_pause
                log.error("phones and sound are not watched", why=str(refused), again_in_s=wait)
            yield PhonesUnknown(refused=wait == self._refused_pause)
            await asyncio.sleep(wait)

    async def _watch(self, link: Link) -> AsyncGenerator[Report, None]:
        """What a connection tells; first which phones there are, once those that Asterisk has not asked yet have been."""
        loop = asyncio.get_running_loop()
        self._news = asyncio.Queue()
        self._hear(link)
        known = await devices(link)
        silent = [endpoint for endpoint, state in known.items() if state in AWAY]
        for endpoint in silent:
            await ask(link, endpoint)
        first = loop.time() + (ASKED if silent else 0.0)
        due, settled, listed = first, 0.0, 0.0
        while True:
            match await self._next(due):
                case None:
                    known = await devices(link)
                    yield self._listed(known)
                    listed = loop.time()
                    due = settled if settled > listed else listed + LISTED_EVERY
                case _Ended():
                    raise PbxUnreachable("AMI is closed")
                case _Look(endpoint):
                    await ask(link, endpoint)
                case _Contact(endpoint, gone):
                    if (
                        gone and endpoint in known
                    ):  # a question from before it was there may have been counted as unanswered
                        await ask(link, endpoint)
                    if gone or known.get(endpoint, AWAY[0]) in AWAY:
                        settled = loop.time() + SETTLED
                        soon = max(loop.time() + SOON, listed + SETTLED)
                        due = max(first, min(due, settled if gone else soon))
                case _Used():
                    due = max(first, min(due, max(loop.time() + SOON, listed + SETTLED)))
                case (RtpReport() | Alarm()) as told:
                    yield told

    def _listed(self, known: Mapping[str, str]) -> PhonesUp:
        used = (
            frozenset(name for name, state in known.items() if state in IN_USE)
            if self._calls
            else frozenset()
        )
        return PhonesUp(frozenset(name for name, state in known.items() if state not in AWAY), used)

    def _hear(self, link: Link) -> None:
        """Have everything that is told put among the news."""
        link.hear("ContactStatus", self._heard)
        if self._calls:
            link.hear("DeviceStateChange", lambda _: self._news.put_nowait(_Used()))
        for kind in RTCP:
            link.hear(kind, self._sounds)
        for kind in ALARMS:
            link.hear(kind, lambda event: self._news.put_nowait(alarm(event)))
        link.at_the_end(lambda: self._news.put_nowait(_Ended()))

    async def _next(self, due: float) -> _News | None:
        """The next thing, or None when it is time to list all phones."""
        try:
            async with asyncio.timeout_at(due):
                return await self._news.get()
        except TimeoutError:
            return None

    def _heard(self, event: Message) -> None:
        self._news.put_nowait(_Contact(str(event.endpointname), event.contactstatus in GONE))

    def _sounds(self, event: Message) -> None:
        if (report := rtp_report(event)) is not None:
            self._news.put_nowait(report)


async def devices(link: Link) -> dict[str, str]:
    """Every SIP endpoint, and its state."""
    listed = await link.ask("DeviceStateList")
    return {
        one.device.removeprefix(DEVICE): str(one.state) for one in listed if one.device.startswith(DEVICE)
    }


async def ask(link: Link, endpoint: str) -> None:
    """Have Asterisk ask a phone now; one that it does not know cannot be asked."""
    with suppress(SetupError):
        await link.ask("PJSIPQualify", Endpoint=endpoint)
