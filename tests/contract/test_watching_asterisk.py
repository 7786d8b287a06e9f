"""Another program at a real Asterisk's ARI, with the application `supervisor`, sees one call go by: queue, agent, offer, in order."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from told import set_agents
from twin import RealAsterisk, running_asterisk

from engine.app import Engine, run_engine
from engine.call.supervising import APPLICATION
from engine.config import Loaded
from engine.pbx.secrets import load_secrets
from engine.sim.scenario import load_scenario

SCENARIO = Path(__file__).parents[1] / "scenarios" / "answered.yaml"
Messages = list[dict[str, Any]]


async def watch(real: RealAsterisk, messages: Messages, behind: list[float], here: asyncio.Event) -> None:
    """What any ARI client of the application hears."""
    secrets = load_secrets(real.layout.state)
    url = f"ws://127.0.0.1:{real.layout.ports.ari}/ari/events?app={APPLICATION}"
    auth = aiohttp.encode_basic_auth(secrets.ari_user, secrets.ari_password)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, headers={"Authorization": auth}) as socket,
    ):
        here.set()
        async for frame in socket:
            event = json.loads(frame.data)
            if event["type"] == "ChannelUserevent":
                told = json.loads(event["userevent"]["message"])
                behind.append(time.time() - told["at"])
                messages.append(told)


async def ended(messages: Messages) -> None:
    """Until the call's end was told, and the agent is free again."""
    while not any(m.get("event") == "ended" for m in messages) or states(messages)[-1:] != ["ready"]:  # noqa: ASYNC110 - a list tells nobody
        await asyncio.sleep(0.05)


def states(messages: Messages) -> list[str]:
    """What the agent's state was told to be, one after the other."""
    return [m["state"] for m in messages if m["type"] == "agent" and m["agent"] == "2001"]


async def one_call(real: RealAsterisk, site: Loaded, folder: Path) -> tuple[Messages, list[float]]:
    """A caller is answered while somebody watches."""
    messages: Messages = []
    behind: list[float] = []
    here = asyncio.Event()
    watching = asyncio.create_task(watch(real, messages, behind, here))
    await here.wait()
    async with (
        real.transport() as transport,
        run_engine(transport, site, folder, time.time, supervisor=APPLICATION) as engine,
    ):
        await engine.switchboard.ready.wait()
        await listened(engine)
        await set_agents(engine, ["2001"])
        async with asyncio.timeout(40):
            await real.play(load_scenario(SCENARIO), folder / "sipp")
            await ended(messages)
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    return messages, behind


async def listened(engine: Engine) -> None:
    """Until it has been seen that somebody has registered."""
    async with asyncio.timeout(15):
        while not engine.stream.listeners:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.05)


@pytest.mark.asterisk
@pytest.mark.timeout(90)
def test_another_ari_client_sees_the_queue_and_the_agent_of_a_call_in_order(
    site: Loaded, tmp_path: Path
) -> None:
    with running_asterisk(tmp_path / "pbx", site.snapshot.settings, site.catalog.folder) as real:
        messages, behind = asyncio.run(one_call(real, site, tmp_path))
    assert messages[0]["type"] == "snapshot"
    found = states(messages)
    assert [state for state in found if state in ("reserved", "talking")] == ["reserved", "talking"]
    events = [m["event"] for m in messages if m["type"] in ("contact", "offer")]
    wanted = ["arrived", "queued", "offered", "picked_up", "connected", "left_queue", "talk_ended", "ended"]
    assert [event for event in events if event in wanted] == wanted
    happened = [m["seq"] for m in messages if m["type"] in ("contact", "offer")]
    assert happened == sorted(set(happened))
    queue = next(m["queue"] for m in messages if m["type"] == "offer")
    talking = [m["talking"] for m in messages if m["type"] == "queue" and m["queue"] == queue]
    assert max(talking) == 1 and talking[-1] == 0
    assert sorted(behind)[len(behind) // 2] < 1.0
