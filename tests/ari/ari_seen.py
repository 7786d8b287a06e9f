"""What a transport reports, kept so that a test can wait for it; and a transport held to Asterisk's description."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from engine.ari.transport import AriTransport, LinkDown, LinkUp, Report, Response
from engine.ari.validate import check_event, check_request, check_response


class Seen:
    """All reports so far; `wait` finds one or waits for it."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.faults: list[str] = []
        self._news = asyncio.Event()

    async def follow(self, transport: AriTransport) -> None:
        """Take over the transport's reports."""
        async for report in transport.reports():
            if isinstance(report, dict):
                self.faults += check_event(report)
            self.reports.append(report)
            self._news.set()

    async def wait(self, fits: Callable[[Report], bool], start: int = 0) -> Any:
        """The first report from number `start` on that fits."""
        while True:
            for report in self.reports[start:]:
                if fits(report):
                    return report
            self._news.clear()
            await self._news.wait()

    async def event(self, kind: str, thing: str, start: int = 0) -> dict[str, Any]:
        """The first event of a type about a thing: a channel's, bridge's, playback's id or recording's name."""

        def fits(report: Report) -> bool:
            if not isinstance(report, dict) or report["type"] != kind:
                return False
            about = (report.get(key, {}) for key in ("channel", "bridge", "playback", "recording", "peer"))
            return any(thing in (part.get("id"), part.get("name")) for part in about)

        found: dict[str, Any] = await self.wait(fits, start)
        return found

    async def link(self, kind: type[LinkUp] | type[LinkDown], start: int = 0) -> Any:
        """The first change of the link of a kind."""
        return await self.wait(lambda report: isinstance(report, kind), start)


@asynccontextmanager
async def seen_on(transport: AriTransport) -> AsyncIterator[Seen]:
    """Follow a transport's reports until the block ends; the link is up when it begins."""
    seen = Seen()
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(seen.follow(transport))
        await seen.link(LinkUp)
        yield seen
        following.cancel()


class Held:
    """A transport whose requests and answers are held to the description; `faults` says what was not in it."""

    def __init__(self, transport: AriTransport) -> None:
        self._transport = transport
        self.faults: list[str] = []

    def request(
        self,
        shard: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> asyncio.Future[Response]:
        self.faults += check_request(method, path, query, body)
        answer = self._transport.request(shard, method, path, query, body)
        answer.add_done_callback(lambda future: self._check(method, path, future))
        return answer

    def _check(self, method: str, path: str, future: asyncio.Future[Response]) -> None:
        if not future.cancelled() and future.exception() is None:
            answer = future.result()
            self.faults += check_response(method, path, answer.status, answer.body)

    async def download(self, path: str) -> bytes:
        return await self._transport.download(path)

    def reports(self) -> AsyncIterator[Report]:
        return self._transport.reports()
