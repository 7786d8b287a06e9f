"""Supervisors who listen, whisper and barge, in the whole engine: who hears whom, what is on record, and that nothing of it ends a call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from simulated import REST, simulate, simulated_engine
from told import set_agents, told_by

from engine.app import Engine
from engine.config import Loaded
from engine.core.event import Event
from engine.errors import SetupError
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.channel import Channel
from engine.sim.clock import run
from engine.sim.line import Line
from engine.sim.media import wav_lengths
from engine.sim.people import endpoint_of, phone, plug_in
from engine.sim.scenario import AgentPlan, Scenario, Then

CALLER, AGENT, BOSS = "+359888000001", "2001", "2004"
EMPTY = Scenario("supervised", "", ())


async def say(engine: Engine, do: str, to: str = BOSS, who: str = AGENT) -> str:
    """What is said to it: who listens then, or why it cannot be."""
    try:
        told = await engine.switchboard.order(who, {"do": do, "to": to, "by": "anna"})
    except SetupError as error:
        return str(error)
    assert told is not None
    return (
        "nobody" if told["listening"] is None else f"{told['listening']['phone']} {told['listening']['mode']}"
    )


async def talking(
    pbx: SimulatedAsterisk, engine: Engine, site: Loaded, boss: AgentPlan | None = None, talk: float = 20.0
) -> Line:
    """Somebody speaks with the agent, for so long."""
    plug_in(pbx, EMPTY, list(site.snapshot.settings.agents))
    pbx.phones[endpoint_of(AGENT)] = phone(pbx, AgentPlan(AGENT, 0.5, talk=talk))
    pbx.phones[endpoint_of(BOSS)] = phone(pbx, boss or AgentPlan(BOSS, 1.0))
    await set_agents(engine, (AGENT,))
    line = pbx.call(CALLER, "101")
    await asyncio.sleep(5.0)
    return line


def of(pbx: SimulatedAsterisk, endpoint: str) -> list[Channel]:
    return [
        one for one in pbx.channels.values() if one.endpoint == endpoint_of(endpoint) and one.spies is None
    ]


def snoops(pbx: SimulatedAsterisk) -> list[Channel]:
    return [one for one in pbx.channels.values() if one.spies is not None]


def kinds(events: list[Event]) -> list[str]:
    return [
        event.kind.removeprefix("supervision_") for event in events if event.kind.startswith("supervision_")
    ]


def played(
    site: Loaded, folder: Path, act: Callable[[SimulatedAsterisk, Engine], Awaitable[None]]
) -> list[Event]:
    (events,) = simulate(site, folder, act).events.values()
    return events


def test_a_supervisor_hears_both_and_is_heard_by_whom_they_want(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        await talking(pbx, engine, site)
        assert await say(engine, "listen") == f"{BOSS} listen"
        await asyncio.sleep(2.0)
        for mode, speaks in (("listen", "none"), ("whisper", "out"), ("barge", "both")):
            if mode != "listen":
                assert await say(engine, mode) == f"{BOSS} {mode}"
                await asyncio.sleep(0.5)
            (ear,), (boss,), (agent,) = snoops(pbx), of(pbx, BOSS), of(pbx, AGENT)
            assert (ear.spies, ear.spy, ear.whisper) == (agent, "both", speaks)
            assert ear.bridge is not None and ear.bridge is boss.bridge and ear.bridge is not agent.bridge
        await asyncio.sleep(20.0)
        assert pbx.channels == {}

    events = played(site, tmp_path, act)
    assert kinds(events) == ["asked", "began", "changed", "changed", "ended"]
    asked = next(event for event in events if event.kind == "supervision_asked")
    assert (asked.agent, asked.data["by"], asked.data["phone"]) == (AGENT, "anna", BOSS)


def test_a_supervisor_who_hangs_up_disturbs_nobody(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line = await talking(pbx, engine, site, AgentPlan(BOSS, 0.5, talk=2.0))
        await say(engine, "barge")
        await asyncio.sleep(4.0)
        assert snoops(pbx) == [] and of(pbx, BOSS) == [] and len(of(pbx, AGENT)) == 1
        line.hang_up()

    events = played(site, tmp_path, act)
    assert kinds(events) == ["asked", "began", "ended"]
    ended = [event for event in events if event.kind in ("supervision_ended", "talk_ended")]
    assert [event.data.get("why") or event.data["by"] for event in ended] == ["supervisor", "caller"]


def test_a_supervisor_can_be_sent_away(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line = await talking(pbx, engine, site)
        assert await say(engine, "leave") == f"{AGENT}: nobody listens to this conversation"
        await say(engine, "listen")
        await asyncio.sleep(2.0)
        assert await say(engine, "leave") == "nobody"
        await asyncio.sleep(1.0)
        assert of(pbx, BOSS) == [] and len(of(pbx, AGENT)) == 1
        line.hang_up()

    assert kinds(played(site, tmp_path, act)) == ["asked", "began", "ended"]


def test_what_cannot_be_is_said_in_a_sentence(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line = await talking(pbx, engine, site)
        assert "is no phone of this site" in await say(engine, "listen", "nobody's")
        assert "is no phone that could listen to 2001" in await say(engine, "listen", AGENT)
        assert await say(engine, "listen") == f"{BOSS} listen"
        assert "does so already" in await say(engine, "listen")
        assert f"{BOSS} listens to this conversation already" in await say(engine, "barge", "2003")
        line.hang_up()

    assert kinds(played(site, tmp_path, act)) == ["asked", "ended"]


def test_an_agent_who_listens_is_not_rung_until_that_is_over(site: Loaded, tmp_path: Path) -> None:
    def state(engine: Engine) -> str:
        return str(engine.house.agents.told()[BOSS]["state"])

    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
        async with simulated_engine(pbx, site, tmp_path) as engine:
            line = await talking(pbx, engine, site, AgentPlan(BOSS, 1.0, talk=30.0), talk=60.0)
            await set_agents(engine, (AGENT, BOSS))
            assert state(engine) == "ready"
            await say(engine, "listen")
            assert state(engine) == "own_call"
            await asyncio.sleep(2.0)
        async with simulated_engine(pbx, site, tmp_path) as engine:
            await asyncio.sleep(1.0)
            assert state(engine) == "own_call"
            await say(engine, "leave")
            assert state(engine) == "ready"
            line.hang_up()
            await asyncio.sleep(REST)
            pbx.verify()

    run(main())


def test_nobody_is_rung_to_listen_at_the_phone_that_is_listened_to(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        desk = "301"
        plug_in(pbx, EMPTY, list(site.snapshot.settings.agents))
        pbx.phones["phone-301"] = phone(pbx, AgentPlan(desk, 0.5, talk=10.0))
        await engine.house.agents.ask(AGENT, {"state": "ready", "phone": desk})[1]
        line = pbx.call(CALLER, "101")
        await asyncio.sleep(4.0)
        assert f"{desk} is no phone that could listen to {AGENT}" in await say(engine, "listen", desk)
        line.hang_up()

    assert kinds(played(site, tmp_path, act)) == []


def test_a_supervisors_phone_that_is_not_answered_is_on_record(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line = await talking(pbx, engine, site, AgentPlan(BOSS, 0.5, Then.REJECT))
        await say(engine, "listen")
        await asyncio.sleep(2.0)
        line.hang_up()

    events = played(site, tmp_path, act)
    assert [event.data["why"] for event in events if event.kind == "supervision_ended"] == ["rejected"]


@pytest.mark.parametrize(("rings", "why"), [(True, "no_answer"), (False, "unreachable")])
def test_a_supervisors_phone_of_which_nothing_is_reported_is_given_up(
    site: Loaded, tmp_path: Path, rings: bool, why: str
) -> None:
    def silent(line: Line) -> None:
        if rings:
            line.ring()
        assert line.channel.dial_timer is not None
        line.channel.dial_timer.cancel()  # Asterisk never ends it either

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line = await talking(pbx, engine, site, talk=600.0)
        pbx.phones[endpoint_of(BOSS)] = silent
        assert await say(engine, "listen") == f"{BOSS} listen"
        await asyncio.sleep(24.0)
        assert len(of(pbx, BOSS)) == 1
        await asyncio.sleep(2.0)
        assert of(pbx, BOSS) == [] and len(of(pbx, AGENT)) == 1
        assert await say(engine, "leave") == f"{AGENT}: nobody listens to this conversation"
        line.hang_up()

    events = played(site, tmp_path, act)
    assert [event.data["why"] for event in events if event.kind == "supervision_ended"] == [why]


def test_a_supervisor_who_is_never_let_hear_anything_is_let_go(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line = await talking(pbx, engine, site, AgentPlan(BOSS, 0.5, talk=600.0), talk=600.0)
        await say(engine, "listen")
        await asyncio.sleep(2.0)
        pbx.apps[pbx.app].filter(
            [], [{"type": "StasisStart"}]
        )  # what is to hear the agent in whisper never comes
        await say(engine, "whisper")
        await asyncio.sleep(2.0)
        pbx.apps[pbx.app].filter([], [])
        assert len(of(pbx, BOSS)) == 1
        await asyncio.sleep(4.0)
        assert of(pbx, BOSS) == snoops(pbx) == [] and len(of(pbx, AGENT)) == 1
        line.hang_up()

    events = played(site, tmp_path, act)
    assert [event.data["why"] for event in events if event.kind == "supervision_ended"] == ["lost"]


def test_who_listens_goes_on_listening_over_a_restart(site: Loaded, tmp_path: Path) -> None:
    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
        async with simulated_engine(pbx, site, tmp_path) as engine:
            line = await talking(pbx, engine, site, talk=60.0)
            await say(engine, "listen")
            await asyncio.sleep(2.0)
        async with simulated_engine(pbx, site, tmp_path) as engine:
            await asyncio.sleep(1.0)
            (ear,), (boss,) = snoops(pbx), of(pbx, BOSS)
            assert ear.bridge is not None and ear.bridge is boss.bridge
            line.hang_up()
            await asyncio.sleep(REST)
            pbx.verify()
            (events,) = (await told_by(engine)).events.values()
            assert kinds(events) == ["asked", "began", "ended"]

    run(main())
