"""A caller's line: their channel, their ordered inbox, the keys they pressed, and what is playing to them.

Everything a call waits for comes through `wait`: keys go into the buffer (type-ahead), the end of the caller's channel unwinds the call as
CallerGone, a restored link unwinds to the last thing that was asked as Reconnected; the rest is returned to whoever waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from engine.ari.calls import Calls, HangupReason
from engine.ari.client import AriClient
from engine.ari.outcome import outcome
from engine.ari.transport import Response
from engine.call.inbox import Inbox
from engine.call.ordering import Claim, Order
from engine.core import heard as h
from engine.core.acd import Command, Doors
from engine.errors import CallerGone, CallerLost, EngineError, Gone, PbxUnreachable

log = structlog.get_logger()

AriEvent = dict[str, Any]

#: Stands between a contact's id and the name of what it made in Asterisk; no id of Asterisk's own holds it.
MADE = "~"
#: Seconds after which a playback that has not reported its end is taken as ended.
WATCHDOG = 4.0
#: Seconds after which an end is not written as if it were now.
HEEDED = 1.0
#: The key that ends digits.
END = "#"
#: Playback ids of one call go round: at most one plays at a time, and after a crash all of them can be stopped.
PLAYBACKS = 4


@dataclass(frozen=True, slots=True)
class Relink:
    """The link to Asterisk is back. `channels` are those it holds now, id -> state; what happened since `seen` was not reported.

    `crashed`: this is another Asterisk than the one that was seen then, which has taken all its calls with it.
    """

    channels: Mapping[str, str]
    seen: float
    crashed: bool = False

    @classmethod
    async def of(
        cls, channels: Iterable[Mapping[str, Any]], seen: float, callers: Iterable[str], client: AriClient
    ) -> Relink:
        """From what Asterisk lists; where a caller's channel is gone, it is asked when it began."""
        held = {channel["id"]: channel["state"] for channel in channels}
        gone = any(caller and caller not in held for caller in callers)
        return cls(held, seen, gone and await client.started() > seen > 0.0)

    @property
    def why_gone(self) -> str:
        """Why a caller who is not here any more has left, in the distributor's words."""
        return "crashed" if self.crashed else "abandoned"

    def lost(self, channel: str) -> CallerLost:
        """What is raised where the caller's channel is gone."""
        return CallerLost(channel, self.seen, self.crashed)

    def held(self, channel: str) -> None:
        """Raise CallerLost unless Asterisk still holds this channel."""
        if channel not in self.channels:
            raise self.lost(channel)


class SentOn(Exception):
    """Unwinds to the flow, which another one takes the place of: the caller was sent to a number of the house's. It is on record."""


class Reconnected(Exception):
    """Unwinds to the last thing that was asked, which then picks up what Asterisk still holds."""

    def __init__(self, relink: Relink) -> None:
        super().__init__()
        self.relink = relink


@dataclass(frozen=True, slots=True)
class CalledOff:
    """People want somebody rung back no longer: it stands in the contact already."""


@dataclass(frozen=True, slots=True)
class News:
    """A bulletin has begun, which may concern a caller who waits."""


class Hears(Protocol):
    """Whoever is told of a caller's speech while a step listens."""

    def take(self, heard: h.Heard) -> None:
        """Take in what the recogniser tells."""
        ...


@dataclass(frozen=True, slots=True)
class Speech:
    """The recogniser tells something of what the caller says, `to` the step that listens."""

    to: Hears
    heard: h.Heard


#: What a call hears: what Asterisk reports, the distributor's words, that queues have opened or closed, what people say,
#: what a recogniser tells.
Heard = AriEvent | Command | Doors | CalledOff | Order | Claim | News | Speech
Item = Heard | Relink

_ENDS = frozenset({"StasisEnd", "ChannelDestroyed", "ChannelHangupRequest"})


class Line:
    """One caller's channel. `calls` are Asterisk's commands, in this contact's order."""

    def __init__(self, contact: str, channel: str, calls: Calls, now: Callable[[], float]) -> None:
        self._now = now
        #: When Asterisk said that it plays what was asked last (seconds since the epoch); None until it does.
        self.playing_at: float | None = None
        self.contact = contact
        self.channel = channel
        self.calls = calls
        self.inbox: Inbox[Item] = Inbox()
        self.keys: deque[str] = deque()
        #: The caller speaks, and is listened to: a prompt gives way.
        self.talking = False
        self._playbacks = 0
        self._no_answer_until = 0.0
        #: The caller's channel has ended; and, before that, we have ended it as Quietline is taken down.
        self.gone = self.stopped = False
        #: When Asterisk told that the caller's channel ends, seconds since the epoch; None: it has not.
        self._ended_at: float | None = None

    def told(self, event: AriEvent) -> None:
        """Take in what Asterisk reports of this call; the moment of the caller's end is kept, however long it takes to heed it."""
        if event["type"] in _ENDS and channel_of(event) == self.channel and self._ended_at is None:
            self._ended_at = self._now()
        self.inbox.put(event)

    @property
    def went_at(self) -> float | None:
        """When the caller went, where that can be written down only now; None: just now, if at all."""
        late = self._ended_at is not None and self._now() - self._ended_at > HEEDED
        return self._ended_at if late else None

    @property
    def why_gone(self) -> str:
        """Why a caller whose channel has ended is no longer there, in the distributor's words."""
        return "stopped" if self.stopped else "abandoned"

    async def wait(self, until: float | None = None) -> Heard | None:
        """The next thing that concerns this call, or None at the deadline (on the loop's clock).

        Raises CallerGone when the caller's channel ends, Reconnected when the link was lost and is back.
        """
        item = await self.inbox.get(until)
        match item:
            case Relink():
                raise Reconnected(item)
            case Speech(to, heard):
                to.take(heard)
            case {"type": "PlaybackStarted"} if self.playing_at is None:
                self.playing_at = self._now()
            case dict() if item.get("channel", {}).get("id") == self.channel:
                kind = item["type"]
                if kind == "ChannelDtmfReceived":
                    self._press(item["digit"])
                elif kind in _ENDS:
                    self.gone = True
                    raise CallerGone(self.channel)
        return item

    def left(self) -> None:
        """Nobody is on it any more; somebody may be rung anew."""
        self.channel, self.gone, self._ended_at = "", False, None

    def expect_end(self, seconds: float) -> None:
        """The caller need not press # any more, but many do out of habit: within so long it is no answer to what comes next."""
        if self.keys and self.keys[0] == END:
            self.keys.popleft()
        elif not self.keys:
            self._no_answer_until = asyncio.get_running_loop().time() + seconds

    def _press(self, key: str) -> None:
        habit = key == END and asyncio.get_running_loop().time() < self._no_answer_until
        self._no_answer_until = 0.0
        if not habit:
            self.keys.append(key)

    def forget_commands(self) -> None:
        """Drop the distributor's words about a stay in a queue that is over."""
        self.inbox.keep(lambda item: isinstance(item, (dict, Relink)))

    async def relinked(self, until: float) -> Relink | None:
        """Wait for the link to come back, until a time of the loop's clock; whether the caller still is there, it tells."""
        while True:
            try:
                if await self.wait(until) is None:
                    return None
            except CallerGone:
                continue
            except Reconnected as back:
                return back.relink

    async def play(self, media: tuple[str, ...], seconds: float, interrupt: bool = True) -> None:
        """Play to the end, or until a key is pressed or the caller speaks if `interrupt`; a key already waiting skips it."""
        if not media or (interrupt and self.keys):
            return
        playback = await self.start(media)
        until = asyncio.get_running_loop().time() + seconds + WATCHDOG
        while (item := await self.wait(until)) is not None:
            if finished(item, playback):
                return
            if interrupt and (self.keys or self.talking):
                break
        await self.stop(playback)

    async def start(self, media: tuple[str, ...]) -> str:
        """Start playing; returns the playback's id. Raises CallerGone."""
        self._playbacks = (self._playbacks + 1) % PLAYBACKS
        playback = f"{self.contact}{MADE}p{self._playbacks}"
        try:
            await self.calls.play(self.channel, media, playback)
        except Gone as gone:
            raise CallerGone(self.channel) from gone
        return playback

    async def stop(self, playback: str) -> None:
        """Stop a playback; one that has ended already is fine."""
        await self.calls.stop_playback(playback)

    async def quiet(self) -> None:
        """Stop whatever a former life of this call may still be playing."""
        for number in range(PLAYBACKS):
            await self.stop(f"{self.contact}{MADE}p{number}")

    async def key(self, until: float) -> str | None:
        """The next key, from the buffer or pressed until the deadline."""
        while not self.keys:
            if await self.wait(until) is None:
                return None
        return self.keys.popleft()

    async def try_hangup(self, channel: str, reason: HangupReason = "normal") -> None:
        """Hang up a channel that may not be there (any more), or cannot be reached (recovery will find it)."""
        if not channel:
            return
        await self._try(self.calls.hangup(channel, reason))

    def unbridge(self, bridge: str) -> None:
        """Take down a bridge that may not be there, or cannot be reached; without waiting: what a call asks is done in its order."""
        with suppress(PbxUnreachable):
            self.calls.ask_unbridge(bridge).add_done_callback(self._unbridged)

    def _unbridged(self, answer: asyncio.Future[Response]) -> None:
        try:
            outcome(answer.result(), "take down a bridge")
        except (PbxUnreachable, Gone):
            pass
        except EngineError as error:
            self._refused(error)

    async def _try(self, asked: Awaitable[bool]) -> None:
        """A refusal must not keep the end of a call from being written down."""
        try:
            await asked
        except PbxUnreachable:
            pass
        except EngineError as error:
            self._refused(error)

    def _refused(self, error: EngineError) -> None:
        log.error("Asterisk does not let go of what a call held", contact=self.contact, error=str(error))


def finished(item: object, playback: str) -> bool:
    """True when this is the end of that playback."""
    return (
        isinstance(item, dict) and item["type"] == "PlaybackFinished" and item["playback"]["id"] == playback
    )


def contact_of_channel(channel: str) -> str:
    """The id of the contact that a caller's channel begins; the same channel always gives the same contact."""
    return channel.replace(".", "-")


def two_calls(event: AriEvent) -> tuple[str, str]:
    """The channel whose phone asks for a transfer, and that of its other call where it wants to be replaced in it (else empty)."""
    other = event["refer_to"].get("destination_channel", {})
    return str(event["referred_by"]["source_channel"]["id"]), str(other.get("id", ""))


def channel_of(item: object) -> str:
    """The channel an event of Asterisk's is about, or nothing."""
    return str(item.get("channel", {}).get("id", "")) if isinstance(item, dict) else ""
