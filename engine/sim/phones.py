"""What Asterisk's manager tells, told to the engine as a real Asterisk would: the fake behind the second seam."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable

from engine.ami.port import PhonesUnknown, PhonesUp, Report


class SimPhones:
    """Phones that a test switches on and off, with what else the manager may tell."""

    def __init__(self, endpoints: Iterable[str]) -> None:
        self.up = frozenset(endpoints)
        #: Endpoints that were to be asked at once.
        self.asked: list[str] = []
        self._news: asyncio.Queue[Report] = asyncio.Queue()
        self._news.put_nowait(PhonesUp(self.up))

    async def reports(self) -> AsyncGenerator[Report, None]:
        """What is known, and every change."""
        while True:
            yield await self._news.get()

    def look(self, endpoint: str) -> None:
        """Answer at once whether that phone is there."""
        self.asked.append(endpoint)
        if endpoint in self.up:
            self._news.put_nowait(PhonesUp(self.up))

    def switch(self, endpoint: str, on: bool) -> None:
        """Switch a phone on or off, and have Asterisk notice."""
        self.up = self.up | {endpoint} if on else self.up - {endpoint}
        self._news.put_nowait(PhonesUp(self.up))

    def use(self, *endpoints: str) -> None:
        """Have Asterisk tell that these phones are in use, and no others."""
        self._news.put_nowait(PhonesUp(self.up, frozenset(endpoints)))

    def lose(self) -> None:
        """Let the link to Asterisk's manager be lost."""
        self._news.put_nowait(PhonesUnknown())

    def tell(self, *reports: Report) -> None:
        """Tell something else: how sound arrives, who is turned away."""
        for report in reports:
            self._news.put_nowait(report)
