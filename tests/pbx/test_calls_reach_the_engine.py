"""The rendered Asterisk takes calls into Stasis and phones by password."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from pbx_site import Pbx, free_ports, settings

from engine.agi.spool import pending
from engine.core.site import AgentRule, Trunk
from engine.pbx.process import start_asterisk, stop
from engine.pbx.render import REPOSITORY, Layout, render
from engine.pbx.root import Root
from engine.pbx.secrets import load_secrets

pytestmark = pytest.mark.asterisk


class Engine:
    """As little of an engine as there can be: it hears of calls and hangs them up."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session, self.url = session, url

    async def next_call(self, socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
        async with asyncio.timeout(20):
            while (event := await socket.receive_json())["type"] != "StasisStart":
                pass
        return dict(event)

    async def answer_and_hang_up(self, channel: str) -> None:
        async with self.session.post(f"{self.url}/channels/{channel}/answer") as answer:
            assert answer.status == 204
        await asyncio.sleep(0.2)
        async with self.session.delete(f"{self.url}/channels/{channel}") as answer:
            assert answer.status == 204


@pytest.fixture
async def engine(pbx: Pbx) -> AsyncIterator[Engine]:
    async with engine_of(pbx) as engine:
        yield engine


@asynccontextmanager
async def engine_of(pbx: Pbx) -> AsyncIterator[Engine]:
    secrets = load_secrets(pbx.layout.state)
    header = {"Authorization": aiohttp.encode_basic_auth(secrets.ari_user, secrets.ari_password)}
    async with aiohttp.ClientSession(headers=header) as session:
        yield Engine(session, f"http://127.0.0.1:{pbx.layout.ports.ari}/ari")


@pytest.mark.parametrize("dialled", ["+441632960100", "*50"])
async def test_a_dialled_number_reaches_the_engine_and_a_handled_call_never_the_fallback(
    pbx: Pbx, engine: Engine, dialled: str
) -> None:
    async with engine.session.ws_connect(f"{engine.url}/events?app=quietline") as socket:
        caller = asyncio.create_task(asyncio.to_thread(pbx.sipp, "uac-until-bye", dialled))
        event = await engine.next_call(socket)
        assert event["args"] == [dialled]
        assert event["channel"]["dialplan"]["exten"] == dialled
        assert event["channel"]["caller"]["number"] == "+15550199"
        await engine.answer_and_hang_up(event["channel"]["id"])
        done = await caller
    assert done.returncode == 0, done.stdout + done.stderr
    assert pending(pbx.layout.spool, time.time() + 10_000) == []


def test_an_agents_phone_registers_beside_a_trunk_of_the_same_address(pbx: Pbx) -> None:
    call = pbx.sipp("uac-registers", "anna", "-au", "anna", "-ap", "tea; #now = soon")
    assert call.returncode == 0, call.stdout + call.stderr
    assert f"sip:anna@127.0.0.1:{pbx.layout.ports.sip + 10}" in pbx.cli("pjsip show contacts")
    assert "sip:bob@127.0.0.1:7071" in pbx.cli("pjsip show contacts")


def test_a_phone_with_a_wrong_password_does_not_register(pbx: Pbx) -> None:
    call = pbx.sipp("uac-registers", "anna", "-au", "anna", "-ap", "coffee")
    assert call.returncode != 0


def test_nothing_that_harms_is_loaded(pbx: Pbx) -> None:
    loaded = pbx.cli("module show")
    for module in (
        "app_system",
        "func_shell",
        "func_curl",
        "app_originate",
        "res_http_media_cache",
        "chan_iax2",
    ):
        assert module not in loaded
    assert "res_ari_channels" in loaded


@pytest.fixture
def strangers(root: Root, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    """A site that knows no address, only a trunk's user name."""
    layout = Layout(tmp_path_factory.mktemp("strangers"), root, free_ports(), REPOSITORY / "prompts")
    render(settings(trunks={"pbx": Trunk("pbx", (), "up+link", "s3cret words")}), layout)
    start_asterisk(layout)
    yield Pbx(layout)
    stop("asterisk", layout.state)


def test_a_trunk_with_a_password_gets_in_and_a_stranger_does_not(strangers: Pbx) -> None:
    good = strangers.sipp("uac-trunk-with-password", "100", "-au", "up+link", "-ap", "s3cret words")
    assert good.returncode == 0, good.stdout + good.stderr
    assert (
        strangers.sipp(
            "uac-trunk-with-password", "100", "-au", "up+link", "-ap", "guess", "-timeout", "3"
        ).returncode
        != 0
    )
    assert strangers.sipp("uac-until-bye", "100").returncode != 0


#: A phone's name that the callers of these scenarios have for a number.
NAMESAKE = "+15550199"


@pytest.fixture
def neighbours(root: Root, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    """A site whose trunk calls from one port of this machine, and whose phones stand at others."""
    layout = Layout(tmp_path_factory.mktemp("neighbours"), root, free_ports(), REPOSITORY / "prompts")
    trunk = Trunk("local", (f"127.0.0.1:{layout.ports.sip + 11}",))
    phone = AgentRule(NAMESAKE, ("support",), password="tea words")
    render(settings(trunks={"local": trunk}, agents={NAMESAKE: phone}), layout)
    start_asterisk(layout)
    yield Pbx(layout)
    stop("asterisk", layout.state)


async def test_a_phone_at_a_trunks_address_is_asked_for_its_password_and_the_trunks_callers_are_not(
    neighbours: Pbx,
) -> None:
    async with (
        engine_of(neighbours) as engine,
        engine.session.ws_connect(f"{engine.url}/events?app=quietline") as socket,
    ):
        proof = ("-au", NAMESAKE, "-ap", "tea words")
        call = asyncio.create_task(
            asyncio.to_thread(neighbours.sipp, "uac-trunk-with-password", "*71", *proof)
        )
        event = await engine.next_call(socket)
        assert event["channel"]["name"].startswith(f"PJSIP/agent-{NAMESAKE}-")
        async with engine.session.post(f"{engine.url}/channels/{event['channel']['id']}/answer") as answer:
            assert answer.status == 204
        done = await call
        assert done.returncode == 0, done.stdout + done.stderr

        port = str(neighbours.layout.ports.sip + 11)
        call = asyncio.create_task(asyncio.to_thread(neighbours.sipp, "uac-until-bye", "100", "-p", port))
        event = await engine.next_call(socket)
        assert event["channel"]["name"].startswith("PJSIP/trunk-local-")
        assert event["channel"]["caller"]["number"] == NAMESAKE
        await engine.answer_and_hang_up(event["channel"]["id"])
        done = await call
        assert done.returncode == 0, done.stdout + done.stderr
