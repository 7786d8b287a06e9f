"""A real Asterisk tells over AMI which phones can be reached, and lets us do nothing else there."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import cast

import pytest
from pbx_site import Pbx

from engine.ami.feed import AmiFeed
from engine.ami.link import Access, opened
from engine.ami.port import Alarm, PhonesUp, Report
from engine.errors import SetupError
from engine.pbx.secrets import load_secrets

pytestmark = pytest.mark.asterisk

BOB = 7071
PASSWORD = "tea; #now = soon"
URI = "sip:127.0.0.1"


class Phone(asyncio.DatagramProtocol):
    """A phone that says it is there, for as long as it is; it may register."""

    def __init__(self) -> None:
        self._answers: asyncio.Queue[str] = asyncio.Queue()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = data.decode()
        if text.startswith("SIP/2.0"):
            self._answers.put_nowait(text)
            return
        kept = ("via:", "from:", "to:", "call-id:", "cseq:")
        lines = [line for line in text.split("\r\n") if line.lower().startswith(kept)]
        answer = ["SIP/2.0 200 OK", *lines, "Content-Length: 0", "", ""]
        self.transport.sendto("\r\n".join(answer).encode(), addr)

    async def register(self, sip: int, user: str, password: str) -> str:
        """Register, and answer the challenge; the last status."""
        answer = await self._ask(sip, user, 1)
        if challenge := dict(re.findall(r'(nonce|realm)="([^"]+)"', answer)):
            answer = await self._ask(sip, user, 2, digest(user, password, **challenge))
        return answer.split(" ")[1]

    async def _ask(self, sip: int, user: str, order: int, proof: str = "") -> str:
        here = "{}:{}".format(*self.transport.get_extra_info("sockname"))
        lines = [
            f"REGISTER {URI} SIP/2.0",
            f"Via: SIP/2.0/UDP {here};branch=z9hG4bK{user}{order}at{here.replace(':', '-')}",
            f"From: <sip:{user}@127.0.0.1>;tag={user}",
            f"To: <sip:{user}@127.0.0.1>",
            f"Call-ID: {user}@{here}",
            f"CSeq: {order} REGISTER",
            f"Contact: <sip:{user}@{here}>",
            "Max-Forwards: 70",
            *([proof] if proof else []),
            "Content-Length: 0",
        ]
        self.transport.sendto(("\r\n".join(lines) + "\r\n\r\n").encode(), ("127.0.0.1", sip))
        return await self._answers.get()


def digest(user: str, password: str, nonce: str, realm: str) -> str:
    """The answer to a challenge without qop."""
    mine, asked = (md5(text) for text in (f"{user}:{realm}:{password}", f"REGISTER:{URI}"))
    known = {
        "username": user,
        "realm": realm,
        "nonce": nonce,
        "uri": URI,
        "response": md5(f"{mine}:{nonce}:{asked}"),
    }
    return "Authorization: Digest " + ", ".join(f'{name}="{value}"' for name, value in known.items())


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@asynccontextmanager
async def phone_at(port: int = 0) -> AsyncIterator[Phone]:
    loop = asyncio.get_running_loop()
    transport, phone = await loop.create_datagram_endpoint(Phone, local_addr=("127.0.0.1", port))
    try:
        yield phone
    finally:
        transport.close()


def access(pbx: Pbx) -> Access:
    secrets = load_secrets(pbx.layout.state)
    return Access("127.0.0.1", pbx.layout.ports.ami, secrets.ami_user, secrets.ami_password)


async def test_phones_that_register_answer_and_fall_silent_are_told(pbx: Pbx) -> None:
    feed = AmiFeed(access(pbx))
    async with (
        phone_at(BOB) as bob,
        phone_at() as anna,
        aclosing(feed.reports()) as reports,
        asyncio.timeout(20),
    ):
        assert await anext(reports) == PhonesUp(frozenset({"agent-bob"}))  # asked as we came in
        assert await anna.register(pbx.layout.ports.sip, "anna", PASSWORD) == "200"
        while "agent-anna" not in (await phones_up(reports)):
            pass
        bob.transport.close()
        feed.look("agent-bob")
        while "agent-bob" in (await phones_up(reports)):
            pass


async def test_whoever_comes_with_a_wrong_password_or_a_name_nobody_has_is_told_of(pbx: Pbx) -> None:
    async with (
        phone_at() as stranger,
        aclosing(AmiFeed(access(pbx)).reports()) as reports,
        asyncio.timeout(20),
    ):
        await anext(reports)
        tried = [await stranger.register(pbx.layout.ports.sip, name, "guess") for name in ("anna", "mallory")]
        assert tried == ["401", "403"]
        told = [report async for report in taken(reports, 2)]
        assert told == [
            Alarm("ChallengeResponseFailed", "PJSIP", "agent-anna", "127.0.0.1"),
            Alarm("FailedACL", "PJSIP", "trunk-local", "127.0.0.1"),
        ]


async def taken(reports: AsyncGenerator[Report, None], count: int) -> AsyncIterator[Alarm]:
    """So many of those who were turned away."""
    while count:
        if isinstance(report := await anext(reports), Alarm):
            count -= 1
            yield report


async def phones_up(reports: AsyncGenerator[Report, None]) -> frozenset[str]:
    """The phones that can be reached by the next list."""
    while not isinstance(report := await anext(reports), PhonesUp):
        pass
    return report.endpoints


async def test_the_engine_may_look_and_do_nothing_else(pbx: Pbx) -> None:
    async with opened(access(pbx)) as link:
        for action in ("Command", "Originate", "Reload", "GetConfig", "UpdateConfig", "Hangup", "ModuleLoad"):
            with pytest.raises(SetupError, match="Permission denied"):
                await link.ask(action)


async def test_a_wrong_password_is_refused_with_a_sentence(pbx: Pbx) -> None:
    wrong = Access("127.0.0.1", pbx.layout.ports.ami, "quietline", "guess")
    with pytest.raises(SetupError, match=r"AMI refuses the login \(Authentication failed\)"):
        async with opened(wrong):
            pass
