"""A phone that is to answer by itself finds the headers for it in the call that a real Asterisk sends."""

from __future__ import annotations

import asyncio

import pytest
from pbx_site import Pbx

from engine.ari.client import AriClient
from engine.ari.pool import WebsocketTransport
from engine.call.called import AUTO_ANSWER
from engine.pbx.render import APP
from engine.pbx.secrets import load_secrets

pytestmark = pytest.mark.asterisk


class Phone(asyncio.DatagramProtocol):
    """Keeps the first call it gets."""

    def __init__(self) -> None:
        self.invited: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if data.startswith(b"INVITE") and not self.invited.done():
            self.invited.set_result(data.decode())


async def test_a_phone_is_told_to_answer_by_itself(pbx: Pbx) -> None:
    secrets, loop = load_secrets(pbx.layout.state), asyncio.get_running_loop()
    url = f"http://127.0.0.1:{pbx.layout.ports.ari}/ari"
    transport, phone = await loop.create_datagram_endpoint(Phone, local_addr=("127.0.0.1", 7071))
    try:
        async with WebsocketTransport(url, APP, secrets.ari_user, secrets.ari_password) as link:
            await anext(aiter(link.reports()))
            calls = AriClient(link, APP).of("x")
            await calls.originate("PJSIP/agent-bob", "x~1", timeout=5, variables=AUTO_ANSWER)
            async with asyncio.timeout(5):
                lines = (await phone.invited).split("\r\n")
            await calls.hangup("x~1")
    finally:
        transport.close()
    assert "Call-Info: <sip:quietline>;answer-after=0" in lines
    assert "Alert-Info: <http://127.0.0.1>;info=alert-autoanswer" in lines
