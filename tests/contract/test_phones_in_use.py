"""Agents whose phone is in a call that never came to the engine, in an Asterisk of somebody else's."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from simulated import REST, simulated_engine
from told import set_agents, told_by

from engine.app import Engine
from engine.call.own_calls import STEADY
from engine.config import Loaded
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.media import wav_lengths
from engine.sim.people import endpoint_of, phone, plug_in
from engine.sim.phones import SimPhones
from engine.sim.scenario import AgentPlan, Scenario

NUMBER, AGENT, LINE = "117", "2018", "agent-2018"
SOON = 0.1

Act = Callable[[SimulatedAsterisk, SimPhones, Engine], Awaitable[None]]


def state(engine: Engine) -> str:
    return str(engine.house.distributor.overview()["agents"][AGENT]["state"])


def with_phone(site: Loaded, folder: Path, act: Act) -> None:
    """An agent is ready whose phone Asterisk tells of."""

    async def main() -> None:
        pbx, phones = (
            SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder})),
            SimPhones({LINE}),
        )
        async with simulated_engine(pbx, site, folder, phones=phones) as engine:
            plug_in(pbx, Scenario("in use", "", ()), list(site.snapshot.settings.agents))
            pbx.phones[endpoint_of(AGENT)] = phone(pbx, AgentPlan(AGENT, 1.0, talk=10.0))
            await set_agents(engine, (AGENT,))
            await act(pbx, phones, engine)

    run(main())


def test_an_agent_in_a_call_of_somebody_elses_pbx_is_busy_until_it_is_over(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(pbx: SimulatedAsterisk, phones: SimPhones, engine: Engine) -> None:
        phones.use(LINE)
        await asyncio.sleep(STEADY + SOON)
        assert state(engine) == "own_call"
        line = pbx.call("+359888000001", NUMBER)
        await asyncio.sleep(20.0)
        (contact,) = engine.house.ledger.open.values()
        assert contact.stage == "waiting" and state(engine) == "own_call"
        phones.use()
        await asyncio.sleep(STEADY + SOON)
        assert state(engine) == "reserved"
        await asyncio.sleep(5.0)
        line.hang_up()
        await asyncio.sleep(REST)
        (record,) = (await told_by(engine)).records.values()
        assert (record["outcome"], record["agent"]) == ("answered", AGENT)

    with_phone(site, tmp_path, act)


def test_a_phone_that_only_flickers_changes_nothing(site: Loaded, tmp_path: Path) -> None:
    async def act(_: SimulatedAsterisk, phones: SimPhones, engine: Engine) -> None:
        for _ in range(20):
            phones.use(LINE)
            await asyncio.sleep(STEADY * 0.9)
            phones.use()
            await asyncio.sleep(SOON)
            assert state(engine) == "ready"
        phones.use(LINE)
        await asyncio.sleep(STEADY + SOON)
        for _ in range(20):
            phones.use()
            await asyncio.sleep(STEADY * 0.9)
            phones.use(LINE)
            await asyncio.sleep(SOON)
            assert state(engine) == "own_call"

    with_phone(site, tmp_path, act)


def test_a_leg_of_ours_is_no_call_of_their_own_however_long_asterisk_tells_of_it(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(pbx: SimulatedAsterisk, phones: SimPhones, engine: Engine) -> None:
        line = pbx.call("+359888000001", NUMBER)
        seen = set[str]()
        while engine.switchboard.calls == 0 or state(engine) != "talking":
            phones.use(*([LINE] if state(engine) == "reserved" else []))
            await asyncio.sleep(SOON)
        for _ in range(50):
            seen.add(state(engine))
            await asyncio.sleep(SOON)
        line.hang_up()
        await asyncio.sleep(STEADY * 0.9)  # told as in use a while longer than it was
        phones.use()
        for _ in range(50):
            seen.add(state(engine))
            await asyncio.sleep(SOON)
        assert "own_call" not in seen and state(engine) == "ready"

    with_phone(site, tmp_path, act)


def test_a_call_beside_ours_keeps_the_agent_busy_when_ours_is_over(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, phones: SimPhones, engine: Engine) -> None:
        line = pbx.call("+359888000001", NUMBER)
        await asyncio.sleep(8.0)
        assert state(engine) == "talking"
        phones.use(LINE)
        await asyncio.sleep(STEADY + SOON)
        assert state(engine) == "talking"
        line.hang_up()
        await asyncio.sleep(5.0)
        assert state(engine) == "own_call"

    with_phone(site, tmp_path, act)


def test_where_nobody_tells_any_more_the_agents_own_word_counts(site: Loaded, tmp_path: Path) -> None:
    async def act(_: SimulatedAsterisk, phones: SimPhones, engine: Engine) -> None:
        phones.use(LINE)
        await asyncio.sleep(STEADY + SOON)
        phones.lose()
        await asyncio.sleep(STEADY + SOON)
        assert state(engine) == "ready"

    with_phone(site, tmp_path, act)


def test_a_trunk_in_use_makes_nobody_behind_it_busy(site: Loaded, tmp_path: Path) -> None:
    settings = site.snapshot.settings
    behind = replace(settings.agents[AGENT], contact=None, trunk="provider", number="4420")
    agents = {**settings.agents, AGENT: behind}
    moved = replace(site, snapshot=replace(site.snapshot, settings=replace(settings, agents=agents)))

    async def act(_: SimulatedAsterisk, phones: SimPhones, engine: Engine) -> None:
        phones.up |= {"trunk-provider"}
        phones.use("trunk-provider")
        await asyncio.sleep(STEADY + SOON)
        assert state(engine) == "ready"

    with_phone(moved, tmp_path, act)
