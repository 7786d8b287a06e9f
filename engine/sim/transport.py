"""AriTransport to a simulated Asterisk: requests travel, are held to the description, and are answered in a contact's order.

As on a real pool of sockets, one contact's requests are served one after the other, so one that waits for a channel's thread
holds up those behind it; other contacts go on. A request that was sent is carried out even if nobody waits for its answer
any more. `cut()` and `restore()` play a lost link (events of the gap are lost, calls go on), `close()` an engine that is gone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.ari.pool import UNREAD, TakenOver
from engine.ari.transport import LinkDown, LinkUp, Report, Response
from engine.ari.validate import check_request, check_response
from engine.errors import PbxUnreachable
from engine.sim.operations import perform

if TYPE_CHECKING:
    from engine.sim.asterisk import SimulatedAsterisk
    from engine.sim.bridge import App
    from engine.sim.fetched import Fetched


@dataclass(slots=True, eq=False)
class _Call:
    """One request on its way."""

    shard: str
    method: str
    path: str
    query: Mapping[str, str] | None
    body: Mapping[str, Any] | None
    answer: asyncio.Future[Response]


class SimTransport:
    """One engine's link to one simulated Asterisk."""

    def __init__(self, pbx: SimulatedAsterisk, app: App) -> None:
        self._pbx = pbx
        self._app = app
        self._loop = asyncio.get_running_loop()
        self._lanes: dict[str, deque[_Call]] = {}
        self._reports: asyncio.Queue[Report | Exception | None] = asyncio.Queue()
        self._why_down = ""
        self._closed = False
        self._event_due = 0.0
        self._late: deque[dict[str, Any]] = deque()
        self._fetched: list[Fetched] = []
        if app.transport is not None:
            app.transport.taken_over()
        self._up(first=True)

    # --- what the seam promises ----------------------------------------------------------------

    def request(
        self,
        shard: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> asyncio.Future[Response]:
        """Send one request; its answer is awaited with what is returned. Raises NotAri when Asterisk has no such request."""
        self._pbx.hold_to_description(check_request(method, path, query, body))
        if self._why_down:
            raise PbxUnreachable(f"{method} {path}: {self._why_down}")
        call = _Call(shard, method, path, query, body, self._loop.create_future())
        lane = self._lanes.get(shard)
        if lane is None:
            self._lanes[shard] = deque([call])
            self._loop.call_later(self._delay(), self._serve, call)
        else:
            lane.append(call)
        return call.answer

    async def download(self, path: str) -> bytes:
        """Fetch a stored recording's file."""
        if self._why_down:
            raise PbxUnreachable(f"GET {path}: {self._why_down}")
        self._pbx.hold_to_description(check_request("GET", path))
        await asyncio.sleep(self._delay())
        answer = perform(self._pbx, self._app, "GET", path, {}, None)
        assert isinstance(answer, Response), "a download never waits for a channel"
        if answer.status == 404:
            raise FileNotFoundError(f"Asterisk has no {path}")
        assert isinstance(answer.body, bytes), f"{path} is not a binary thing"
        return answer.body

    @asynccontextmanager
    async def media(self, connection: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """Fetch the sound of an external media channel; it ends with the link."""
        if self._why_down:
            raise PbxUnreachable(f"media/{connection}: {self._why_down}")
        await asyncio.sleep(self._delay())
        channels = self._pbx.channels.values()
        found = [one.media for one in channels if one.media and one.media.connection == connection]
        if not found:
            raise PbxUnreachable(f"media/{connection}: answers 404")
        self._fetched.append(found[0])
        async with found[0].stream() as sound:
            try:
                yield sound
            finally:
                self._fetched.remove(found[0])

    async def reports(self) -> AsyncIterator[Report]:
        """Events and changes of the link, until this transport is closed; raises TakenOver when another one took over."""
        while True:
            report = await self._reports.get()
            if report is None:
                return
            if isinstance(report, Exception):
                raise report
            yield report

    # --- what tests do to the link -------------------------------------------------------------

    def cut(self, why: str = "the event socket is lost") -> None:
        """Lose the link: what is on its way fails, events are lost, calls go on."""
        if not self._why_down:
            self._down(why)
            self._reports.put_nowait(LinkDown(why))

    def restore(self) -> None:
        """Get the link back; what happened in between is not told."""
        if self._why_down and not self._closed:
            self._why_down = ""
            self._up(first=False)

    def close(self) -> None:
        """The engine is gone: nothing more is reported, nothing is answered; the calls stay."""
        self._down("the transport is closed")
        self._closed = True
        self._reports.put_nowait(None)

    def taken_over(self) -> None:
        """Another engine has registered the same application."""
        why = f"another engine has taken over {self._app.name!r}; this one has stopped."
        self._down(why)
        self._closed = True
        self._reports.put_nowait(LinkDown(why))
        self._reports.put_nowait(TakenOver(why))

    # --- inside --------------------------------------------------------------------------------

    def deliver(self, event: dict[str, Any]) -> None:
        """Hand an event to the engine, in order; with chance, some milliseconds late."""
        if self._pbx.chance is None:
            self._reports.put_nowait(event)
            return
        self._event_due = max(self._event_due, self._loop.time() + self._delay())
        self._late.append(event)
        self._loop.call_at(self._event_due, self._arrive)

    def _arrive(self) -> None:
        """The oldest late event is there; timers of the same instant fire in any order, so the timer does not carry it."""
        if self._late:
            self._reports.put_nowait(self._late.popleft())

    def _up(self, *, first: bool) -> None:
        self._app.transport = self
        self._app.filter([], [{"type": kind} for kind in UNREAD])
        self._reports.put_nowait(LinkUp(first))

    def _down(self, why: str) -> None:
        self._why_down = self._why_down or why
        if self._app.transport is self:
            self._app.transport = None
        self._late.clear()
        for one in self._fetched:
            one.lose()
        lanes, self._lanes = self._lanes, {}
        for lane in lanes.values():
            for call in lane:
                if not call.answer.done():
                    call.answer.set_exception(PbxUnreachable(f"{call.method} {call.path}: {why}"))

    def _serve(self, call: _Call) -> None:
        """The request has arrived at Asterisk."""
        lane = self._lanes.get(call.shard)
        if lane is None or lane[0] is not call:
            return  # the link was lost while it travelled
        self._pbx.requests += 1
        try:
            answer = perform(self._pbx, self._app, call.method, call.path, call.query or {}, call.body)
        except AssertionError as error:
            self._finish(call, error)
            return
        if isinstance(answer, Response):
            self._finish(call, answer)
        else:
            answer.add_done_callback(lambda future: self._finish(call, future.result()))

    def _finish(self, call: _Call, outcome: Response | AssertionError) -> None:
        """Answer the request, then go on with the next one of the same contact."""
        lane = self._lanes.get(call.shard)
        if lane is not None and lane and lane[0] is call:
            lane.popleft()
            if lane:
                self._loop.call_later(self._delay(), self._serve, lane[0])
            else:
                del self._lanes[call.shard]
        if call.answer.done():
            return
        if isinstance(outcome, Response):
            faults = check_response(call.method, call.path, outcome.status, outcome.body)
            self._pbx.faults += faults
            if not faults:
                call.answer.set_result(outcome)
                return
            outcome = AssertionError("; ".join(faults))
        call.answer.set_exception(outcome)

    def _delay(self) -> float:
        """Seconds a message travels."""
        chance = self._pbx.chance
        return self._pbx.latency if chance is None else chance.uniform(0.2, 3.0) * self._pbx.latency
