"""The page of the opening hours, asked as a browser asks it; behind it doors as the engine has them, and a clock that tests move."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from html.parser import HTMLParser
from typing import Any

from aiohttp import ClientResponse
from aiohttp import test_utils as http

from engine.call.hours_told import hours_told
from engine.call.overriding import override_event
from engine.config.opening import weekly
from engine.core.doors import Doors
from engine.core.event import Event
from engine.core.site import Override, ScheduleRule, Settings, Site
from engine.web.hours import Hours
from engine.web.pages import pages_app

PIN = "471188"
#: Monday, 1 June 2026, 12:00 in Sofia, 13:00 in Dubai.
NOON = 1_780_304_400.0

_SITES = {
    "sofia": Site("sofia", "Europe/Sofia", weekly("Mon-Fri 08:00-18:00")),
    "dubai": Site(
        "dubai", "Asia/Dubai", weekly("Mon-Fri 08:00-18:00"), holidays={date(2026, 6, 1): "Flag Day"}
    ),
}
_SCHEDULES = {
    "office": ScheduleRule("office", ("sofia", "dubai")),
    "stock": ScheduleRule("stock", ("sofia",), Override.CLOSED),
}
SETTINGS = replace(Settings(("en",), {}, _SITES, _SCHEDULES, {}, {}, {}, {}), override_pin=PIN)


@dataclass
class House:
    """What the page reaches: doors, a clock, and what it wrote down."""

    doors: Doors = field(default_factory=lambda: Doors(SETTINGS))
    now: float = NOON
    written: list[Event] = field(default_factory=list)
    paused: list[float] = field(default_factory=list)

    def override(self, asked: dict[str, Any]) -> tuple[dict[str, Any], Awaitable[None]]:
        """Take it in as the engine does."""
        event = override_event(asked, self.doors.settings, self.now)
        self.written.append(event)
        self.doors.take(event)
        return {"said": event.data}, self.disk()

    def disk(self) -> asyncio.Future[None]:
        """A disk that has taken it already."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    async def pause(self, seconds: float) -> None:
        """Note that an answer was held back."""
        self.paused.append(seconds)

    def hours(self) -> Hours:
        """For the page."""
        return Hours(
            told=lambda: hours_told(self.doors, self.now),
            override=self.override,
            pin=lambda: self.doors.settings.override_pin,
            now=lambda: self.now,
            pause=self.pause,
        )


@dataclass
class Browser:
    """One browser; it sends what browsers send."""

    client: http.TestClient[Any, Any]

    @property
    def origin(self) -> str:
        """The address of the page."""
        return str(self.client.make_url("")).rstrip("/")

    async def look(self, query: str = "", **headers: str) -> str:
        """The page."""
        answer = await self.client.get(f"/hours{query}", headers=headers)
        assert answer.status == 200
        return await answer.text()

    async def send(
        self, typed: dict[str, str], query: str = "", headers: dict[str, str | None] | None = None
    ) -> ClientResponse:
        """Look at the page, and send its form with these fields; a header of None is left out."""
        token = re.findall(r'name="token" value="(\w+)"', await self.look())
        form = {
            "token": token[0] if token else "",
            "name": "Anna",
            "pin": PIN,
            "until": "",
            "why": "",
            **typed,
        }
        sent = {"Origin": self.origin, "Sec-Fetch-Site": "same-origin", **(headers or {})}
        kept = {name: value for name, value in sent.items() if value is not None}
        return await self.client.post(f"/hours{query}", data=form, headers=kept, allow_redirects=False)


@asynccontextmanager
async def browsing(hours: Hours) -> AsyncIterator[Browser]:
    """A browser before the pages of an engine."""
    async with http.TestClient(
        http.TestServer(pages_app(dict, hours, "token", names=["pbx.example"]))
    ) as client:
        yield Browser(client)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(page: str) -> tuple[list[tuple[str, dict[str, str | None]]], str]:
    """A page's tags with their attributes, and its text, as a browser reads them."""
    reader = _Reader()
    reader.feed(page)
    return reader.tags, " ".join(" ".join(reader.text).split())
