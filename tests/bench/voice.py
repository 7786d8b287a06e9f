"""An agent picks up while something is being said to the caller: how long until both hear each other.

One caller and one agent, each a telephone of our own: it sends a packet of sound every 20 ms from the moment it is up, all of one value,
and notes when the first packet of the other's value arrives. Times run from the agent's 200 OK, as it leaves. Calls take turns: into a
queue that says the place at once (the agent picks up in the middle of it; calls where it was over by then are left out), and into one that
only plays music.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from dataclasses import dataclass, field
from typing import cast

from engine.cli.floor import set_agent
from engine.errors import EngineError
from engine.load.figures import spread
from engine.store.archive import open_archive
from tests.bench.agents import SDP, Address, answer, parsed
from tests.bench.answer import verdict
from tests.bench.figure import Figure
from tests.bench.sides import DESK, Bench, Side

AGENT, CALLS, EXTRA_MS = "v01", 15, 150.0
TOLD, QUIET = "500", "501"
#: The values that caller and agent say, in µ-law: no prompt and no music says one of them for a whole packet.
CALLERS, AGENTS = 0x11, 0x27
PACKET = 160
#: Seconds until the agent is ready, and then their phone rings, at least and at most; the conversation; the longest a call may take.
WAIT, RING, TALK, PATIENCE = 0.3, (0.1, 0.8), 0.2, 15.0


class Sound(asyncio.DatagramProtocol):
    """One telephone's sound: sends its own value, and knows when it first heard the other's."""

    def __init__(self, mine: int, theirs: int) -> None:
        self._mine, self._theirs = mine, theirs
        self._transport: asyncio.DatagramTransport | None = None
        self._sending: asyncio.Task[None] | None = None
        self.heard_at = 0.0
        self.heard = asyncio.Event()

    async def open(self) -> int:
        """Listen on 127.0.0.1; returns the port, an even one as RTP wants it."""
        loop = asyncio.get_running_loop()
        for _ in range(100):
            await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
            assert self._transport is not None
            port = int(self._transport.get_extra_info("sockname")[1])
            if port % 2 == 0:
                return port
            self._transport.close()
        raise EngineError("no even port is free")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        sound = data[12:]
        if not self.heard_at and sound and sound.count(self._theirs) > len(sound) * 0.9:
            self.heard_at = time.monotonic()
            self.heard.set()

    def begin(self, port: int) -> None:
        """Send to Asterisk's port from now on."""
        self._sending = asyncio.create_task(self._send(port))

    async def _send(self, port: int) -> None:
        assert self._transport is not None
        began = time.monotonic()
        for n in itertools.count():
            head = bytes([0x80, 0]) + n.to_bytes(2, "big") + (n * PACKET).to_bytes(4, "big") + b"voic"
            self._transport.sendto(head + bytes([self._mine]) * PACKET, ("127.0.0.1", port))
            await asyncio.sleep(max(0.0, began + (n + 1) * 0.02 - time.monotonic()))

    def close(self) -> None:
        """Say and hear nothing more."""
        if self._sending is not None:
            self._sending.cancel()
        if self._transport is not None:
            self._transport.close()


def media_port(data: bytes) -> int:
    """Where the other side wants its sound."""
    line = next(line for line in data.decode().split("\r\n") if line.startswith("m=audio"))
    return int(line.split(" ")[1])


@dataclass(slots=True)
class Desk(asyncio.DatagramProtocol):
    """The agent's telephone: rings for `ring` seconds, then answers; `up_at` is when its 200 OK left."""

    sound: Sound
    sound_port: int
    ring: float
    up_at: float = 0.0
    up: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def datagram_received(self, data: bytes, addr: Address) -> None:
        first, headers = parsed(data)
        match first.split(" ")[0]:
            case "INVITE" if not self.up_at:
                self._say(answer("180 Ringing", headers), addr)
                loop = asyncio.get_running_loop()
                loop.call_later(self.ring, self._pick_up, data, headers, addr)
            case "BYE":
                self._say(answer("200 OK", headers), addr)
                self.over.set()
            case "OPTIONS" | "CANCEL":
                self._say(answer("200 OK", headers), addr)

    def _pick_up(self, data: bytes, headers: dict[str, str], addr: Address) -> None:
        if self.up_at:
            return
        text = answer("200 OK", headers, AGENT, self._port)
        body = SDP.format(port=self.sound_port)
        self._say(text.partition("\r\n\r\n")[0].rpartition("Content-Length")[0] + sized(body), addr)
        self.up_at = time.monotonic()
        self.sound.begin(media_port(data))
        self.up.set()

    @property
    def _port(self) -> int:
        assert self.transport is not None
        return int(self.transport.get_extra_info("sockname")[1])

    def _say(self, text: str, addr: Address) -> None:
        assert self.transport is not None
        self.transport.sendto(text.encode(), addr)


def sized(body: str) -> str:
    """A body with its length before it: the end of a message."""
    return f"Content-Length: {len(body)}\r\n\r\n{body}"


@dataclass(slots=True)
class Caller(asyncio.DatagramProtocol):
    """The caller's telephone; `up` once its call is answered."""

    number: str
    sound: Sound
    sound_port: int
    target: Address
    me: str
    answered: dict[str, str] = field(default_factory=dict)
    up: asyncio.Event = field(default_factory=asyncio.Event)
    transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)
        body = SDP.format(port=self.sound_port)
        lines = [
            *self._head("INVITE", f"sip:{self.number}@{self.target[0]}", 1),
            "Content-Type: application/sdp",
        ]
        self._say("\r\n".join([*lines, sized(body)]))

    def datagram_received(self, data: bytes, addr: Address) -> None:
        first, headers = parsed(data)
        if first.startswith("SIP/2.0 200") and headers["cseq"].endswith("INVITE"):
            fresh, self.answered = not self.answered, headers
            self._say("\r\n".join([*self._head("ACK", self._contact, 1), sized("")]))
            if fresh:
                self.sound.begin(media_port(data))
                self.up.set()
        elif first.startswith(("BYE", "OPTIONS")):
            self._say(answer("200 OK", headers))

    def hang_up(self) -> None:
        """Send BYE."""
        if self.answered:
            self._say("\r\n".join([*self._head("BYE", self._contact, 2), sized("")]))

    @property
    def _contact(self) -> str:
        return self.answered["contact"].partition("<")[2].partition(">")[0]

    def _head(self, method: str, to: str, order: int) -> list[str]:
        assert self.transport is not None
        port = self.transport.get_extra_info("sockname")[1]
        here = f"127.0.0.1:{port}"
        whom = self.answered.get("to", f"<sip:{self.number}@{self.target[0]}>")
        return [
            f"{method} {to} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{self.me}{method}{order}",
            f"From: <sip:{self.me}@{here}>;tag={self.me}",
            f"To: {whom}",
            f"Call-ID: {self.me}",
            f"CSeq: {order} {method}",
            f"Contact: <sip:{self.me}@{here}>",
            "Max-Forwards: 70",
        ]

    def _say(self, text: str) -> None:
        assert self.transport is not None
        self.transport.sendto(text.encode(), self.target)


async def one(bench: Bench, side: Side, number: str, ring: float) -> tuple[float, float] | None:
    """One call: milliseconds from the agent's 200 OK until the caller hears the agent, and the agent the caller.

    None where nothing was being said any more as the agent picked up, though something should have been.
    """
    loop = asyncio.get_running_loop()
    callers, agents = Sound(CALLERS, AGENTS), Sound(AGENTS, CALLERS)
    host, _, port = side.target.partition(":")
    (me,) = bench.numbers(1)
    desk = Desk(agents, await agents.open(), ring)
    caller = Caller(number, callers, await callers.open(), (host, int(port)), me)
    await loop.create_datagram_endpoint(lambda: desk, local_addr=("127.0.0.1", bench.phones))
    await loop.create_datagram_endpoint(lambda: caller, local_addr=("127.0.0.1", 0))
    try:
        async with asyncio.timeout(PATIENCE):
            await caller.up.wait()
            await asyncio.sleep(WAIT)
            await asyncio.to_thread(set_agent, bench.state, AGENT, "ready")
            await desk.up.wait()
            await asyncio.gather(callers.heard.wait(), agents.heard.wait())
            await asyncio.sleep(TALK)
            await asyncio.to_thread(set_agent, bench.state, AGENT, "pause")
            caller.hang_up()
            await desk.over.wait()
    except TimeoutError as error:
        raise EngineError(f"a call to {number} did not come to its end within {PATIENCE:g} s") from error
    finally:
        for sound in (callers, agents):
            sound.close()
        for transport in (desk.transport, caller.transport):
            if transport is not None:
                transport.close()
        await desk.closed.wait()
    if number == TOLD and not await in_the_middle(bench, me):
        return None
    return (callers.heard_at - desk.up_at) * 1000, (agents.heard_at - desk.up_at) * 1000


async def in_the_middle(bench: Bench, me: str) -> bool:
    """Was the place still being said as the agent picked up?"""
    async with open_archive(bench.state / "quietline.db") as archive:
        (contact,) = [one["id"] for one in await archive.contacts() if one["from_number"] == me]
        events = {event.kind: event for event in await archive.events(contact)}
    said = events.get("announced")
    return said is not None and said.at < events["picked_up"].at < said.at + said.data["seconds"]


async def measure(bench: Bench, rounds: int) -> list[Figure]:
    """All figures of this section."""
    await bench.move(DESK)
    side, chance = await bench.engine(), random.Random(11)
    await bench.order("agent", AGENT, "pause")
    slower, figures = list[float](), dict[str, list[float]]()
    for _ in range(rounds):
        found: dict[str, list[tuple[float, float]]] = {TOLD: [], QUIET: []}
        for _ in range(CALLS):
            for number in found:
                times = await one(bench, side, number, chance.uniform(*RING))
                if times is not None:
                    found[number].append(times)
        both = {number: spread(max(times) for times in calls) for number, calls in found.items()}
        for number, name in ((TOLD, "place said"), (QUIET, "music")):
            figures.setdefault(f"{name}: caller hears agent p50", []).append(
                spread(t[0] for t in found[number]).p50
            )
            figures.setdefault(f"{name}: agent hears caller p50", []).append(
                spread(t[1] for t in found[number]).p50
            )
            figures.setdefault(f"{name}: both ways p50", []).append(both[number].p50)
            figures.setdefault(f"{name}: both ways p99", []).append(both[number].p99)
            bench.say(
                f"{name}: {both[number].count} calls, p50 {both[number].p50:.1f} ms, p99 {both[number].p99:.1f} ms"
            )
        slower.append(both[TOLD].p50 - both[QUIET].p50)
    lines = [Figure(name, "ms", runs) for name, runs in figures.items()]
    return [*lines, verdict("slower while something is said, p50", "ms", slower, "≤ 150 ms", most=EXTRA_MS)]
