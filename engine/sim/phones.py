"""Which phones can be reached, told to the engine as a real Asterisk would: the fake behind the second seam."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable

from engine.ami.port import PhoneReport, PhonesUnknown, PhonesUp, PhoneUp


class SimPhones:
    """Phones that a test switches on and off."""

    def __init__(self, endpoints: Iterable[str]) -> None:
        self.up = frozenset(endpoints)
        #: Endpoints that were to be asked at once.
        self.asked: list[str] = []
        self._news: asyncio.Queue[PhoneReport] = asyncio.Queue()
        self._news.put_nowait(PhonesUp(self.up))

    async def reports(self) -> AsyncGenerator[PhoneReport, None]:
        """What is known, and every change."""
        while True:
            yield await self._news.get()

    def look(self, endpoint: str) -> None:
        """Answer at once whether that phone is there."""
        self.asked.append(endpoint)
        if endpoint in self.up:
            self._news.put_nowait(PhoneUp(endpoint))

    def switch(self, endpoint: str, on: bool) -> None:
        """Switch a phone on or off, and have Asterisk notice."""
        self.up = self.up | {endpoint} if on else self.up - {endpoint}
        self._news.put_nowait(PhonesUp(self.up))

    def lose(self) -> None:
        """Let the link to Asterisk's manager be lost."""
        self._news.put_nowait(PhonesUnknown())
