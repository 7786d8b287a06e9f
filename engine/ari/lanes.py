"""Which contact's requests travel on which socket.

Asterisk serves one websocket with one serial worker: a command that waits for its channel's thread (answering,
bridging, setting a variable while a prompt plays) makes everything behind it on that socket wait too, for seconds.
So a socket carries **one contact at a time**:

1. A contact's requests form a lane. A lane whose first request finds a free socket takes it and keeps it while any of
   its requests is unanswered; its further requests follow on the same socket at once, in their order.
2. When the last one is answered the lane is gone and the socket takes the lane that has waited longest.
3. Nothing is ever put behind another contact's request, so a blocked channel delays nobody else, as long as one
   socket is left. Where lanes wait for long, or sockets are stuck, the pool opens more of them.

This module keeps the books and moves no bytes: a socket is anything with a `send`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from engine.ari.transport import Response
from engine.errors import PbxUnreachable


class Carrier(Protocol):
    """A socket, as far as lanes care."""

    def send(self, call: Call) -> None:
        """Put the request on its way; never waits."""


@dataclass(slots=True, eq=False)
class Call:
    """One request on its way; `since` and `due` are the loop's times of its start (waiting, later sent) and end."""

    number: str
    frame: bytes
    since: float
    due: float
    answer: asyncio.Future[Response]
    lane: Lane

    def fail(self, why: str) -> None:
        """End the request without an answer."""
        if not self.answer.done():
            self.answer.set_exception(PbxUnreachable(why))


@dataclass(slots=True, eq=False)
class Lane:
    """One contact's requests that are not answered yet: `unsent` ones wait for a socket, `flying` counts the others."""

    shard: str
    unsent: deque[Call] = field(default_factory=deque)
    flying: int = 0
    carrier: Carrier | None = None


class Lanes:
    """The books: contacts with unanswered requests, free sockets, and lanes waiting for one in their order."""

    __slots__ = ("_free", "_lanes", "_waiting")

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}
        self._free: deque[Carrier] = deque()
        self._waiting: deque[Lane] = deque()

    @property
    def waiting(self) -> int:
        """How many contacts wait for a socket."""
        return len(self._waiting)

    def waits_since(self, now: float) -> float:
        """When the contact that waits longest began to; `now` when none waits."""
        return self._waiting[0].unsent[0].since if self._waiting else now

    def lane(self, shard: str) -> Lane:
        """The contact's lane, a new one if nothing of its is on its way."""
        found = self._lanes.get(shard)
        if found is None:
            found = self._lanes[shard] = Lane(shard)
        return found

    def submit(self, call: Call) -> None:
        """Send a request if its contact holds a socket or one is free; else it waits."""
        lane = call.lane
        if lane.carrier is None and self._free and not lane.unsent:
            lane.carrier = self._free.popleft()
        if lane.carrier is not None:
            lane.flying += 1
            lane.carrier.send(call)
            return
        if not lane.unsent:
            self._waiting.append(lane)
        lane.unsent.append(call)

    def opened(self, carrier: Carrier) -> None:
        """A socket is ready: it takes the lane that has waited longest, or waits itself."""
        while self._waiting:
            lane = self._waiting.popleft()
            live = [call for call in lane.unsent if not call.answer.done()]
            lane.unsent.clear()
            if not live:
                self._forget(lane)
                continue
            lane.carrier = carrier
            lane.flying = len(live)
            for call in live:
                carrier.send(call)
            return
        self._free.append(carrier)

    def answered(self, call: Call) -> None:
        """A request that was sent is over; with its lane's last one the socket is free again."""
        lane = call.lane
        lane.flying -= 1
        if lane.flying == 0 and lane.carrier is not None:
            carrier, lane.carrier = lane.carrier, None
            self._forget(lane)
            self.opened(carrier)

    def lost(self, carrier: Carrier, unanswered: list[Call], why: str) -> None:
        """A socket is gone: what was on it fails at once."""
        if carrier in self._free:
            self._free.remove(carrier)
        for call in unanswered:
            call.lane.carrier = None
            call.lane.flying = 0
            self._forget(call.lane)
            call.fail(why)

    def expired(self, now: float) -> Iterator[Call]:
        """Waiting requests whose time is over."""
        for lane in self._waiting:
            yield from (call for call in lane.unsent if call.due <= now)

    def fail_waiting(self, why: str) -> None:
        """No socket is left: nobody waits for one."""
        while self._waiting:
            lane = self._waiting.popleft()
            self._forget(lane)
            for call in lane.unsent:
                call.fail(why)
            lane.unsent.clear()

    def _forget(self, lane: Lane) -> None:
        if self._lanes.get(lane.shard) is lane:
            del self._lanes[lane.shard]
