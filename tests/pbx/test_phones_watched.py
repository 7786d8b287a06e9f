"""A real Asterisk tells over AMI which phones can be reached, and lets us do nothing else there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import cast

import pytest
from pbx_site import Pbx

from engine.ami.link import Access, opened
from engine.ami.phones import AmiPhones
from engine.ami.port import PhonesUp, PhoneUp
from engine.errors import SetupError
from engine.pbx.secrets import load_secrets

pytestmark = pytest.mark.asterisk

BOB = 7071


class Phone(asyncio.DatagramProtocol):
    """A phone at a fixed address that says it is there, for as long as it does."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        kept = ("via:", "from:", "to:", "call-id:", "cseq:")
        lines = [line for line in data.decode().split("\r\n") if line.lower().startswith(kept)]
        answer = ["SIP/2.0 200 OK", *lines, "Content-Length: 0", "", ""]
        self.transport.sendto("\r\n".join(answer).encode(), addr)


@pytest.fixture
async def bobs_phone() -> AsyncIterator[asyncio.DatagramTransport]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Phone, local_addr=("127.0.0.1", BOB))
    yield transport
    transport.close()


def access(pbx: Pbx) -> Access:
    secrets = load_secrets(pbx.layout.state)
    return Access("127.0.0.1", pbx.layout.ports.ami, secrets.ami_user, secrets.ami_password)


async def test_phones_that_register_answer_and_fall_silent_are_told(
    pbx: Pbx, bobs_phone: asyncio.DatagramTransport
) -> None:
    phones = AmiPhones(access(pbx))
    async with aclosing(phones.reports()) as reports, asyncio.timeout(20):
        assert PhoneUp("agent-bob") == await anext(reports)  # asked as we came in
        assert await anext(reports) == PhonesUp(frozenset({"agent-bob"}))
        register = ("uac-registers", "anna", "-au", "anna", "-ap", "tea; #now = soon")
        assert (await asyncio.to_thread(pbx.sipp, *register)).returncode == 0
        assert await anext(reports) == PhoneUp("agent-anna")
        bobs_phone.close()
        phones.look("agent-bob")
        while "agent-bob" in (told := await anext(reports)).endpoints:
            pass
        assert isinstance(told, PhonesUp)


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
