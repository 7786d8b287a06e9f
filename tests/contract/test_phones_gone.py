"""Agents whose phone is gone, in the whole engine: whoever waits is not kept waiting by a phone that is off."""

from __future__ import annotations

import asyncio
from pathlib import Path

from simulated import REST, simulated_engine
from told import set_agents, told_by

from engine.app import Engine
from engine.config import Loaded
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.media import wav_lengths
from engine.sim.people import endpoint_of, phone, play, plug_in
from engine.sim.phones import SimPhones
from engine.sim.scenario import AgentPlan, Then, load_scenario

ANSWERED = Path(__file__).parents[1] / "scenarios" / "answered.yaml"


def agent(engine: Engine, name: str) -> tuple[str, str]:
    shown = engine.house.distributor.overview()["agents"][name]
    return shown["state"], shown["reason"]


def world(site: Loaded) -> SimulatedAsterisk:
    return SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))


def test_a_caller_is_rung_through_to_the_phone_that_is_there(site: Loaded, tmp_path: Path) -> None:
    async def main() -> None:
        pbx, phones = world(site), SimPhones({"agent-2001", "agent-2002"})
        scenario = load_scenario(ANSWERED)
        async with simulated_engine(pbx, site, tmp_path, phones=phones) as engine:
            plug_in(pbx, scenario, list(site.snapshot.settings.agents))
            await set_agents(engine, ("2001",))
            phones.switch("agent-2001", on=False)
            await asyncio.sleep(0.1)
            assert agent(engine, "2001") == ("paused", "unreachable")
            phones.switch("agent-2001", on=True)
            await asyncio.sleep(0.1)
            assert agent(engine, "2001") == ("ready", "")
            await play(pbx, scenario)
            await asyncio.sleep(REST)
            (record,) = (await told_by(engine)).records.values()
            assert record["agent"] == "2001"

    run(main())


def test_a_caller_whose_agents_phone_goes_off_while_it_rings_is_answered_by_the_next(
    site: Loaded, tmp_path: Path
) -> None:
    async def main() -> None:
        pbx, phones = world(site), SimPhones({"agent-2001", "agent-2002"})
        scenario = load_scenario(ANSWERED)
        async with simulated_engine(pbx, site, tmp_path, phones=phones) as engine:
            plug_in(pbx, scenario, list(site.snapshot.settings.agents))
            silent = AgentPlan("2001", then=Then.NO_ANSWER)
            pbx.phones[endpoint_of("2001")] = phone(pbx, silent)
            pbx.phones[endpoint_of("2002")] = phone(pbx, AgentPlan("2002", talk=2.0))
            await set_agents(engine, ("2001", "2002"))
            calling = asyncio.create_task(play(pbx, scenario))
            await asyncio.sleep(6.0)
            assert [o.agent.name for o in engine.house.distributor.state.offers.values()] == ["2001"]
            phones.switch("agent-2001", on=False)
            await calling
            await asyncio.sleep(REST)
            (record,) = (await told_by(engine)).records.values()
            assert (record["outcome"], record["agent"]) == ("answered", "2002")
            assert agent(engine, "2001") == ("paused", "unreachable")
            pbx.verify()

    run(main())


def test_an_agent_who_asks_for_ready_has_their_phone_looked_at_at_once(site: Loaded, tmp_path: Path) -> None:
    async def main() -> None:
        pbx, phones = world(site), SimPhones({"agent-2002"})
        async with simulated_engine(pbx, site, tmp_path, phones=phones) as engine:
            await asyncio.sleep(0.1)
            phones.up |= {"agent-2001"}  # just switched on, and not asked yet
            await set_agents(engine, ("2001",))
            await asyncio.sleep(0.1)
            assert phones.asked == ["agent-2001"]
            assert agent(engine, "2001") == ("ready", "")

    run(main())


def test_an_agent_without_a_phone_is_back_after_a_restart_when_the_phone_is(
    site: Loaded, tmp_path: Path
) -> None:
    async def main() -> None:
        pbx = world(site)
        async with simulated_engine(pbx, site, tmp_path, phones=SimPhones(())) as engine:
            await set_agents(engine, ("2001",))
            await asyncio.sleep(0.1)
            assert agent(engine, "2001") == ("paused", "unreachable")
        async with simulated_engine(pbx, site, tmp_path) as engine:
            assert agent(engine, "2001") == ("paused", "unreachable")
        async with simulated_engine(pbx, site, tmp_path, phones=SimPhones({"agent-2001"})) as engine:
            await asyncio.sleep(0.1)
            assert agent(engine, "2001") == ("ready", "")

    run(main())


def test_without_word_of_the_phones_an_agents_own_word_counts(site: Loaded, tmp_path: Path) -> None:
    async def main() -> None:
        pbx, phones = world(site), SimPhones(())
        async with simulated_engine(pbx, site, tmp_path, phones=phones) as engine:
            await set_agents(engine, ("2001",))
            phones.lose()
            await asyncio.sleep(0.1)
            assert agent(engine, "2001") == ("paused", "unreachable")
            await set_agents(engine, ("2001",))
            assert agent(engine, "2001") == ("ready", "")

    run(main())
