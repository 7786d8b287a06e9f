"""A simulated Asterisk, in this process and in the loop's own time.

It holds channels, bridges, playbacks and recordings, does what ARI asks of them (`engine.sim.operations`) and reports what
happens through a transport (`engine.sim.transport`). What it does, and in which order it says so, was measured on Asterisk
22.10.1; docs/simulator.md lists the measurements and what is left out.

Both directions are held to Asterisk's own description of ARI. Whatever departs from it raises NotAri at once and stays in
`faults`, so that a test fails even if somebody swallowed the exception; `verify()` asks for that and for leftovers.

Calls go on without an engine: a transport may be cut, restored or closed at any time, and a new one connects to the same
Asterisk. A call that arrives while no engine is connected goes to the dialplan's fallback, and is noted there.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from engine.ari.validate import check_event
from engine.sim.bridge import App, Bridge
from engine.sim.channel import Channel, Done
from engine.sim.clock import MONDAY_MORNING
from engine.sim.line import Line
from engine.sim.media import Lengths, one_second
from engine.sim.playing import Playback
from engine.sim.recording import Recording, Stored
from engine.sim.transport import SimTransport

#: What a phone does when it is called: it gets the line and acts on it, now or later.
Phone = Callable[[Line], None]

#: Seconds between `dial` and the INVITE at the phone, and between a request and its arrival.
SIP_DELAY: Final = 0.002


class NotAri(AssertionError):
    """A request, an answer or an event is not one Asterisk describes; the text says what is wrong with it."""


def unplugged(_: Line) -> None:
    """A phone at a known address that never answers anything."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """A call that found no engine: what the dialplan's fallback took."""

    at: float
    channel: str
    from_number: str
    to_number: str
    why: str


class SimulatedAsterisk:
    """One Asterisk. `lengths` tells how long sounds play; `chance` makes the network's delays vary, with a seed of the test's.

    `phones` maps an endpoint's name (PJSIP/2001 -> "2001") to what its phone does; an endpoint that is missing there cannot
    even be created, as one without any registered contact.
    """

    def __init__(
        self,
        *,
        lengths: Lengths = one_second,
        phones: dict[str, Phone] | None = None,
        app: str = "quietline",
        chance: random.Random | None = None,
        latency: float = 0.001,
    ) -> None:
        self.lengths = lengths
        self.phones: dict[str, Phone] = phones if phones is not None else {}
        self.app = app
        self.chance = chance
        self.latency = latency
        self.apps: dict[str, App] = {}
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, Bridge] = {}
        self.playbacks: dict[str, Playback] = {}
        self.live: dict[str, Recording] = {}
        self.stored: dict[str, Stored] = {}
        self.fallbacks: list[Fallback] = []
        self.faults: list[str] = []
        #: How many requests were served and events sent.
        self.requests = 0
        self.events = 0
        self._serial = 0
        self._loop = asyncio.get_running_loop()
        self._epoch = getattr(self._loop, "epoch", MONDAY_MORNING)
        #: When it was started, seconds since the epoch.
        self.began = self.wall()
        self._second = -1
        self._stamp = ""

    # --- the engine's side ---------------------------------------------------------------------

    def connect(self, app: str | None = None) -> SimTransport:
        """An AriTransport to this Asterisk, for an application (else the engine's); one that is connected already is taken over."""
        name = app or self.app
        return SimTransport(self, self.apps.setdefault(name, App(name)))

    # --- the world's side ----------------------------------------------------------------------

    def call(self, from_number: str, to_number: str, endpoint: str = "trunk") -> Line:
        """Somebody dials in, from a trunk or a phone. Without a connected engine the call goes to the fallback."""
        channel = self.add_channel(
            f"{self.wall():.0f}.{self.serial()}", endpoint, state="Ring", number=from_number, exten="call"
        )
        line = channel.line = Line(channel)
        line.dialled = to_number
        app = self.apps.get(self.app)
        if app is None or app.transport is None:
            self._fall_back(channel, to_number, "FAILED")
        else:
            self.enter(channel, app, [to_number])
        return line

    def _fall_back(self, channel: Channel, to_number: str, why: str) -> None:
        self.fallbacks.append(Fallback(self.wall(), channel.id, channel.number, to_number, why))
        channel.state = "Up"

    def crash(self) -> None:
        """Die, and be started again a second later: all calls are gone, and nobody is told. `restore` of the transport brings the link."""
        for app in self.apps.values():
            if app.transport is not None:
                app.transport.cut("Asterisk has died")
        self.began = self.wall() + 1.0
        for channel in list(self.channels.values()):
            channel.hang_up()

    # --- time ----------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds on the loop's clock."""
        return self._loop.time()

    def wall(self) -> float:
        """Seconds since the epoch, UTC."""
        return float(self._epoch + self._loop.time())

    def later(self, seconds: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        """Do something in some seconds."""
        return self._loop.call_later(seconds, act)

    def at(self, when: float, act: Callable[[], None]) -> asyncio.TimerHandle:
        """Do something at a time of the loop's clock."""
        return self._loop.call_at(when, act)

    def stamp(self, at: float | None = None) -> str:
        """A moment (seconds since the epoch; else now) as ARI writes it, to the millisecond."""
        wall = self.wall() if at is None else at
        second = int(wall)
        if second != self._second:
            self._second = second
            self._stamp = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._stamp}.{int((wall - second) * 1000):03d}+0000"

    def serial(self) -> int:
        """A number never given before."""
        self._serial += 1
        return self._serial

    # --- channels ------------------------------------------------------------------------------

    def add_channel(self, channel_id: str, endpoint: str, **about: Any) -> Channel:
        """Bring a new channel into being."""
        channel = self.channels[channel_id] = Channel(self, channel_id, endpoint, **about)
        return channel

    def enter(self, channel: Channel, app: App, args: list[str]) -> None:
        """The channel comes into Stasis."""
        channel.app = app
        channel.app_data = ",".join([app.name, *args])
        self.tell_app(app, "StasisStart", args=args, channel=channel.snapshot())

    def forget(self, channel: Channel) -> None:
        """The channel no longer exists."""
        del self.channels[channel.id]
        for app in self.apps.values():
            app.subscribed.discard(channel.id)

    def dial(self, channel: Channel, timeout: float, done: Done) -> None:
        """Ring the phone of a created channel; dialling one again hangs it up."""
        done()
        if channel.ending:
            return
        if channel.dialled:
            channel.hang_up(16)
            return
        channel.dialled = True
        line = channel.line = Line(channel)
        self.later(SIP_DELAY, lambda: self._invite(channel, line))
        if timeout > 0:
            channel.dial_timer = self.later(timeout, channel.give_up)

    def _invite(self, channel: Channel, line: Line) -> None:
        if channel.ending:
            return
        self.tell_dial(channel, "", dialstring=channel.endpoint)
        self.phones.get(channel.endpoint, unplugged)(line)

    def answered(self, channel: Channel) -> None:
        """A phone we called was picked up: an originated channel comes into Stasis only now."""
        if channel.app is None and channel.app_data:
            name, *args = channel.app_data.split(",")
            self.enter(channel, self.apps[name], args)

    # --- what applications hear ----------------------------------------------------------------

    def tell_dial(self, channel: Channel, status: str, dialstring: str = "") -> None:
        """Say how far dialling has come."""
        channel.tell("Dial", dialstatus=status, forward="", dialstring=dialstring, peer=channel.snapshot())

    def tell_channel(self, channel: Channel, kind: str, /, **fields: Any) -> None:
        """Send an event about a channel to every application that hears of it."""
        for app in self.apps.values():
            if app is channel.app or channel.id in app.subscribed:
                self.tell_app(app, kind, **fields)

    def tell_app(self, app: App, kind: str, /, **fields: Any) -> None:
        """Send an event to an application; without an event socket it is lost."""
        if app.transport is None or not app.hears(kind):
            return
        event = {
            "type": kind,
            **fields,
            "timestamp": self.stamp(),
            "asterisk_id": "simulated",
            "application": app.name,
        }
        self.hold_to_description(check_event(event))
        self.events += 1
        app.transport.deliver(event)

    # --- faults and leftovers ------------------------------------------------------------------

    def hold_to_description(self, faults: list[str]) -> None:
        """Fail loudly for anything that is not ARI."""
        if faults:
            self.faults += faults
            raise NotAri("; ".join(faults))

    def stored_seconds(self, name: str) -> float | None:
        """How long a stored recording is; None when there is none."""
        found = self.stored.get(name)
        return found.seconds if found else None

    def leftovers(self) -> list[str]:
        """Everything that should be gone when nobody is in a call: channels, bridges, playbacks, live recordings."""
        return [
            *(f"channel {one.name} ({one.id}) in state {one.state}" for one in self.channels.values()),
            *(f"bridge {one.id} with {len(one.channels)} channels" for one in self.bridges.values()),
            *(f"playback {one.id} of {one.media}" for one in self.playbacks.values()),
            *(f"live recording {name}" for name in self.live),
        ]

    def verify(self) -> None:
        """Raise NotAri unless everything was ARI and nothing is left over."""
        wrong = self.faults + self.leftovers()
        if wrong:
            raise NotAri("\n".join(wrong))
