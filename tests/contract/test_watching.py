"""Whole scenarios watched live, on the simulated Asterisk: every message is as described, in order, and in time, on both ways."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from simulated import REST
from told import Told, set_agents, told_by

from engine.app import BEGIN_ANEW, Engine, run_engine
from engine.ari.transport import AriTransport
from engine.call.supervising import APPLICATION, LOOK
from engine.config import Loaded
from engine.core.watched import Watched
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import VirtualTimeLoop, run
from engine.sim.media import wav_lengths
from engine.sim.people import play, plug_in
from engine.sim.scenario import load_scenario
from engine.web.stream import SCHEMA

SCENARIOS = Path(__file__).parents[1] / "scenarios"
VALID = Draft7Validator(json.loads(SCHEMA.read_text()))
#: A call with a menu, a queue, an agent who does not answer, and one who does; a callback; a secret PIN.
PLAYED = (
    "answered",
    "agent_does_not_answer",
    "callback_agent_first",
    "entitled_by_pin",
    "two_callers_for_one_agent",
)

Messages = list[dict[str, Any]]


@asynccontextmanager
async def supervised(loaded: Loaded, folder: Path) -> AsyncIterator[tuple[SimulatedAsterisk, Engine]]:
    """An engine that tells the application supervisor, on a simulated Asterisk."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": loaded.catalog.folder}))
    running: list[Engine] = []

    def at_work() -> bool:
        return not running or running[0].busy

    loop.busy_hooks.append(at_work)
    try:
        async with run_engine(
            pbx.connect(), loaded, folder, loop.wall, durable=False, supervisor=APPLICATION
        ) as engine:
            running.append(engine)
            try:
                await engine.switchboard.ready.wait()
                yield pbx, engine
            finally:
                running.clear()
    finally:
        loop.busy_hooks.remove(at_work)


async def heard(transport: AriTransport, messages: Messages) -> None:
    """What an ARI client of the application hears; every event is a user event that names its type."""
    async for report in transport.reports():
        if isinstance(report, dict):
            assert report["type"] == "ChannelUserevent"
            told = json.loads(report["userevent"]["message"])
            assert report["userevent"]["eventname"] == report["eventname"]
            assert report["eventname"] == f"Quietline{told['type'].capitalize()}"
            messages.append(told)


async def read(engine: Engine, messages: Messages, behind: list[float]) -> None:
    """What a reader of the stream gets, and how long after it was written down."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    mailbox = await engine.stream.join()
    while (told := await mailbox.get()) is not None:
        messages.append(json.loads(told.text))
        behind.append(loop.wall() - told.message["at"])


def watched(name: str, loaded: Loaded, folder: Path) -> tuple[Messages, Messages, list[float], int]:
    """One scenario: what an ARI client heard, what the stream told and how late, and the last event on disk."""

    async def main() -> tuple[Messages, Messages, list[float], int]:
        scenario = load_scenario(SCENARIOS / f"{name}.yaml")
        by_ari: Messages = []
        by_stream: Messages = []
        behind: list[float] = []
        async with supervised(loaded, folder) as (pbx, engine):
            transport = pbx.connect(APPLICATION)
            listening = [
                asyncio.create_task(heard(transport, by_ari)),
                asyncio.create_task(read(engine, by_stream, behind)),
            ]
            await asyncio.sleep(2 * LOOK)  # by then it has been seen that somebody listens
            plug_in(pbx, scenario, list(loaded.snapshot.settings.agents))
            await set_agents(engine, scenario.ready)
            await play(pbx, scenario)
            await asyncio.sleep(REST)
            last = await engine.archive.last_seq()
            for task in listening:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            pbx.verify()
        return by_ari, by_stream, behind, last

    return run(main())


@pytest.mark.parametrize("name", PLAYED)
def test_a_whole_scenario_is_told_as_described_in_order_and_within_a_second(
    name: str, site: Loaded, tmp_path: Path
) -> None:
    by_ari, by_stream, behind, last = watched(name, site, tmp_path)
    for message in (*by_ari, *by_stream):
        assert not list(VALID.iter_errors(message)), message
    for messages in (by_ari, by_stream):
        assert messages[0]["type"] == "snapshot"
        happened = [m["seq"] for m in messages if m["type"] in ("contact", "offer")]
        assert happened == sorted(set(happened))
        assert happened[-1] == last  # the contact has ended, and that was told
    assert max(behind) < 1.0
    assert [m for m in by_ari if m["type"] == "contact"] == [m for m in by_stream if m["type"] == "contact"]


def test_a_call_is_seen_in_the_queue_with_the_agent_and_gone_again(site: Loaded, tmp_path: Path) -> None:
    by_ari, *_ = watched("answered", site, tmp_path)
    agent = [m["state"] for m in by_ari if m["type"] == "agent" and m["agent"] == "2001"]
    assert [state for state in agent if state in ("reserved", "talking", "wrap_up")] == [
        "reserved",
        "talking",
        "wrap_up",
    ]
    offers = [m["event"] for m in by_ari if m["type"] == "offer"]
    assert offers == ["offered", "picked_up", "connected"]
    queue = next(m["queue"] for m in by_ari if m["type"] == "offer")
    talking = [m["talking"] for m in by_ari if m["type"] == "queue" and m["queue"] == queue]
    assert max(talking) == 1 and talking[-1] == 0
    events = [m["event"] for m in by_ari if m["type"] == "contact"]
    assert events[0] == "arrived" and events[-1] == "ended" and "queued" in events


def test_a_pin_that_a_caller_keys_in_is_told_to_nobody(site: Loaded, tmp_path: Path) -> None:
    by_ari, by_stream, *_ = watched("entitled_by_pin", site, tmp_path)
    steps = [m for m in by_stream if m["type"] == "contact" and m["event"] == "step"]
    assert "Collect" in [m["data"]["do"] for m in steps]
    assert "2468" not in json.dumps([by_ari, by_stream])


def test_who_registers_later_gets_a_snapshot_and_who_leaves_is_told_nothing_more(
    site: Loaded, tmp_path: Path
) -> None:
    async def main() -> tuple[Messages, int, int]:
        async with supervised(site, tmp_path) as (pbx, engine):
            await asyncio.sleep(10 * LOOK)
            assert engine.stream.listeners == 0  # nobody had registered
            messages: Messages = []
            transport = pbx.connect(APPLICATION)
            task = asyncio.create_task(heard(transport, messages))
            await asyncio.sleep(LOOK + 1)
            there = engine.stream.listeners
            transport.close()
            await task
            await set_agents(engine, ["2001"])
            await asyncio.sleep(1)
            asked = pbx.requests
            await asyncio.sleep(60)
            assert pbx.requests - asked <= 60 / LOOK + 1
            pbx.verify()
            return messages, there, engine.stream.listeners

    messages, there, left = run(main())
    assert [m["type"] for m in messages] == ["snapshot"]
    assert (there, left) == (1, 0)


def test_a_lost_link_loses_no_call_and_the_supervisor_gets_a_snapshot_when_it_is_back(
    site: Loaded, tmp_path: Path
) -> None:
    async def main() -> Messages:
        async with supervised(site, tmp_path) as (pbx, engine):
            messages: Messages = []
            transport = pbx.connect(APPLICATION)
            task = asyncio.create_task(heard(transport, messages))
            await asyncio.sleep(LOOK + 1)
            link = pbx.apps[pbx.app].transport
            assert link is not None
            link.cut()
            await set_agents(engine, ["2001"])
            await asyncio.sleep(LOOK + 1)
            link.restore()
            await asyncio.sleep(LOOK + 1)
            transport.close()
            await task
            return messages

    messages = run(main())
    assert messages[0]["type"] == "snapshot"
    again = [m for m in messages[1:] if m["type"] == "snapshot"]
    assert again[-1]["agents"]["2001"]["state"] == "ready"


def test_a_fault_in_what_only_watches_ends_no_call_and_watching_begins_anew(
    site: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> tuple[Told, Messages]:
        scenario = load_scenario(SCENARIOS / "answered.yaml")
        async with supervised(site, tmp_path) as (pbx, engine):
            mailbox = await engine.stream.join()

            def broken(*_: object) -> None:
                raise RuntimeError("a fault of ours")

            monkeypatch.setattr(Watched, "take", broken)
            plug_in(pbx, scenario, list(site.snapshot.settings.agents))
            await set_agents(engine, scenario.ready)
            while await mailbox.get() is not None:
                pass  # whoever listened hears that it is over
            await play(pbx, scenario)
            await asyncio.sleep(REST)
            monkeypatch.undo()
            await asyncio.sleep(BEGIN_ANEW + 1)
            again: Messages = []
            task = asyncio.create_task(read(engine, again, []))
            await asyncio.sleep(1)
            await set_agents(engine, ["2002"])
            await asyncio.sleep(1)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            return await told_by(engine), again

    told, again = run(main())
    assert [record["outcome"] for record in told.records.values()] == ["answered"]
    assert again[0]["type"] == "snapshot"
    assert [m["state"] for m in again if m["type"] == "agent" and m["agent"] == "2002"] == ["ready"]
