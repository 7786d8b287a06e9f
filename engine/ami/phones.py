"""Which phones can be reached, as Asterisk tells over AMI: one supervisor of one connection.

Asterisk asks every phone in its turn (qualify, pjsip.conf) and tells when the answer has changed. A phone that comes back is reported at
once. One that goes is asked once more, and looked at again a moment later: a phone that registers anew at another address goes and comes
within milliseconds, and one that was switched on while a question was on its way is told as gone when that runs out.
When we are let in, phones that Asterisk has not asked yet are asked by us, so that nobody counts as gone whose turn has not come.

A connection that is lost is opened again after longer and longer pauses. A password that is refused is not tried again for minutes: nobody
else's mistake shall fill Asterisk's log, or have us shut out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog
from panoramisk.message import Message

from engine.ami.link import Access, Link, opened
from engine.ami.port import PhoneReport, PhonesUnknown, PhonesUp, PhoneUp
from engine.errors import PbxUnreachable, SetupError

log = structlog.get_logger()

#: Seconds before a connection that was lost is opened again; doubled each time.
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
#: Seconds before a password that was refused is tried again.
REFUSED_PAUSE: Final = 300.0
#: Seconds after which all phones are listed again, which also tells whether the connection still is one.
LISTED_EVERY: Final = 30.0
#: Seconds after which a phone that has gone is looked at again, and within which one that was asked has answered.
SETTLED: Final = 0.3
ASKED: Final = 3.5
#: How a contact is called that cannot be reached.
GONE: Final = ("Unreachable", "Removed")
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


class _Ended:
    """The connection has ended."""


class AmiPhones:
    """Asks one Asterisk about its phones, for as long as `reports` is consumed."""

    def __init__(
        self, access: Access, *, first_pause: float = FIRST_PAUSE, refused_pause: float = REFUSED_PAUSE
    ) -> None:
        self._access = access
        self._first_pause, self._refused_pause = first_pause, refused_pause
        self._news: asyncio.Queue[_Contact | _Look | _Ended] = asyncio.Queue()

    def look(self, endpoint: str) -> None:
        """Have a phone asked now."""
        self._news.put_nowait(_Look(endpoint))

    async def reports(self) -> AsyncGenerator[PhoneReport, None]:
        """What is known of the phones, and every change, until cancelled."""
        pause = self._first_pause
        while True:
            wait = pause
            try:
                async with opened(self._access) as link:
                    async for report in self._watch(link):
                        wait = pause = self._first_pause
                        yield report
            except PbxUnreachable as lost:
                if pause == self._first_pause:
                    log.warning("phones are not watched until AMI answers again", why=str(lost))
                pause = min(2 * pause, LONGEST_PAUSE)
            except SetupError as refused:
                wait = self._refused_pause
                log.error("phones are not watched", why=str(refused), again_in_s=wait)
            yield PhonesUnknown()
            await asyncio.sleep(wait)

    async def _watch(self, link: Link) -> AsyncGenerator[PhoneReport, None]:
        """What a connection tells; first which phones there are, once those that Asterisk has not asked yet have been."""
        loop = asyncio.get_running_loop()
        self._news = asyncio.Queue()
        link.hear("ContactStatus", self._heard)
        link.at_the_end(lambda: self._news.put_nowait(_Ended()))
        asked_until = loop.time()
        for endpoint, up in (await devices(link)).items():
            if not up:
                await ask(link, endpoint)
                asked_until = loop.time() + ASKED
        due = asked_until
        while True:
            match await self._next(due):
                case None:
                    yield PhonesUp(frozenset(name for name, up in (await devices(link)).items() if up))
                    due = loop.time() + LISTED_EVERY
                case _Ended():
                    raise PbxUnreachable("AMI is closed")
                case _Look(endpoint):
                    await ask(link, endpoint)
                case _Contact(endpoint, gone=True):
                    await ask(
                        link, endpoint
                    )  # a question from before it was there may have been counted as unanswered
                    due = min(due, max(asked_until, loop.time() + SETTLED))
                case _Contact(endpoint):
                    yield PhoneUp(endpoint)

    async def _next(self, due: float) -> _Contact | _Look | _Ended | None:
        """The next thing, or None when it is time to list all phones."""
        try:
            async with asyncio.timeout_at(due):
                return await self._news.get()
        except TimeoutError:
            return None

    def _heard(self, event: Message) -> None:
        self._news.put_nowait(_Contact(event.endpointname, event.contactstatus in GONE))


async def devices(link: Link) -> dict[str, bool]:
    """Every SIP endpoint, and whether it can be reached."""
    listed = await link.ask("DeviceStateList")
    return {
        one.device.removeprefix(DEVICE): one.state not in ("UNAVAILABLE", "INVALID")
        for one in listed
        if one.device.startswith(DEVICE)
    }


async def ask(link: Link, endpoint: str) -> None:
    """Have Asterisk ask a phone now; one that it does not know cannot be asked."""
    with suppress(SetupError):
        await link.ask("PJSIPQualify", Endpoint=endpoint)
