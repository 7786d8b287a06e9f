"""Agents' phones for measuring: one UDP socket, many agents, times taken at the socket.

An agent answers at once, talks for a random while, and hangs up; the time from that hang-up to the agent's next INVITE is what an idle
agent costs.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
COPIED = ("via", "from", "to", "call-id", "cseq")
Address = tuple[str, int]


@dataclass(slots=True)
class Talk:
    """One conversation as its INVITE opened it."""

    agent: str
    headers: Mapping[str, str]
    peer: Address
    hang_up: asyncio.TimerHandle | None = None
    again: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class Phones(asyncio.DatagramProtocol):
    """All agents of one socket. `gaps` are seconds from an agent's hang-up to the same agent's next INVITE; `frees` the hang-ups
    that were followed by one: agent and seconds since the epoch."""

    shortest: float = 0.5
    longest: float = 1.5
    gaps: list[float] = field(default_factory=list)
    frees: list[tuple[str, float]] = field(default_factory=list)
    offered: int = 0
    freed: dict[str, float] = field(default_factory=dict)
    talks: dict[str, Talk] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    transport: asyncio.DatagramTransport | None = None
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, port: int) -> None:
        """Listen on 127.0.0.1."""
        loop = asyncio.get_running_loop()
        await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", port))

    async def close(self) -> None:
        """Forget every conversation, stop listening, and wait until the port is free again."""
        for talk in self.talks.values():
            for timer in (talk.hang_up, talk.again):
                if timer:
                    timer.cancel()
        if self.transport:
            self.transport.close()
            await self.closed.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        now = time.monotonic()
        first, headers = parsed(data)
        match first.split(" ")[0]:
            case "INVITE":
                self.invited(first, headers, addr, now)
            case "ACK":
                self.talking(headers)
            case "BYE":
                self.left(headers, addr, now)
            case "CANCEL":
                self.cancelled(headers, addr)
            case "OPTIONS":
                self.send(answer("200 OK", headers), addr)
            case "SIP/2.0":
                self.ended(headers)

    def invited(self, first: str, headers: Mapping[str, str], addr: Address, now: float) -> None:
        """A call for an agent: note how long they were idle, and answer."""
        agent = re.sub(r"INVITE sips?:([^@]*)@.*", r"\1", first)
        if headers["call-id"] not in self.talks:
            self.offered += 1
            if (since := self.freed.pop(agent, None)) is not None:
                self.gaps.append(now - since)
                self.frees.append((agent, time.time() - (now - since)))
            self.talks[headers["call-id"]] = Talk(agent, headers, addr)
        self.send(answer("200 OK", headers, agent, self.port), addr)

    @property
    def port(self) -> int:
        """The port we listen on."""
        assert self.transport is not None
        return int(self.transport.get_extra_info("sockname")[1])

    def talking(self, headers: Mapping[str, str]) -> None:
        """Our answer has arrived: talk, and hang up after a while nobody can foresee."""
        talk = self.talks.get(headers["call-id"])
        if talk is None or talk.hang_up:
            return
        lasts = self.chance.uniform(self.shortest, self.longest)
        talk.hang_up = asyncio.get_running_loop().call_later(lasts, self.hang_up, talk)

    def hang_up(self, talk: Talk, again: int = 0) -> None:
        """Send BYE, again after half a second while no answer comes; the agent is free from the first one on."""
        if not again:
            self.freed[talk.agent] = time.monotonic()
        self.send(bye(talk, self.port), talk.peer)
        if again < 6:
            loop = asyncio.get_running_loop()
            talk.again = loop.call_later(0.5, self.hang_up, talk, again + 1)

    def ended(self, headers: Mapping[str, str]) -> None:
        """An answer to our BYE."""
        talk = self.talks.pop(headers["call-id"], None)
        if talk and talk.again:
            talk.again.cancel()

    def left(self, headers: Mapping[str, str], addr: Address, now: float) -> None:
        """The other side hung up."""
        talk = self.talks.pop(headers["call-id"], None)
        self.send(answer("200 OK", headers), addr)
        if talk:
            self.freed.setdefault(talk.agent, now)
            for timer in (talk.hang_up, talk.again):
                if timer:
                    timer.cancel()

    def cancelled(self, headers: Mapping[str, str], addr: Address) -> None:
        """Too late to cancel: we have answered; the other side sends BYE."""
        self.send(answer("200 OK", headers), addr)

    def send(self, text: str, addr: Address) -> None:
        """One datagram."""
        assert self.transport is not None
        self.transport.sendto(text.encode(), addr)


def parsed(data: bytes) -> tuple[str, dict[str, str]]:
    """First line and headers (lower-case names; the first of each name, Via joined in order)."""
    first, *lines = data.decode(errors="replace").partition("\r\n\r\n")[0].split("\r\n")
    headers: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        known = name.strip().lower()
        headers[known] = (
            f"{headers[known]}, {value.strip()}" if known == "via" and known in headers else value.strip()
        )
    return first, headers


def answer(status: str, headers: Mapping[str, str], agent: str = "", port: int = 0) -> str:
    """A response; with an agent's name it answers the call."""
    lines = [f"SIP/2.0 {status}", *(f"{name}: {headers[name]}" for name in COPIED if name != "to")]
    tagged = headers["to"] if "tag=" in headers["to"] else f"{headers['to']};tag=agent"
    body = SDP.format(port=40000) if agent else ""
    contact = [f"Contact: <sip:{agent}@127.0.0.1:{port}>", "Content-Type: application/sdp"] if agent else []
    return "\r\n".join([*lines, f"to: {tagged}", *contact, f"Content-Length: {len(body)}", "", body])


def bye(talk: Talk, port: int) -> str:
    """Our BYE in a conversation."""
    target = re.sub(r".*<([^>]*)>.*", r"\1", talk.headers["contact"])
    lines = [
        f"BYE {target} SIP/2.0",
        f"Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{talk.headers['call-id']}",
        f"From: {talk.headers['to']};tag=agent",
        f"To: {talk.headers['from']}",
        f"Call-ID: {talk.headers['call-id']}",
        "CSeq: 1 BYE",
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""])
