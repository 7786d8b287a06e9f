"""Doors and overrides in the whole engine: they outlive a restart, end by themselves, and nobody who waits is lost by them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from simulated import simulate, simulated_engine
from told import set_agents

from engine.app import Engine
from engine.call.overriding import override_event
from engine.config import Loaded
from engine.core.hours import Door
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import VirtualTimeLoop, run
from engine.sim.media import wav_lengths
from engine.sim.people import plug_in
from engine.sim.scenario import AgentPlan, Scenario, Then


def say(engine: Engine, schedule: str, word: str, until: str = "") -> asyncio.Future[None]:
    house = engine.house
    asked = {"schedule": schedule, "set": word, "until": until, "by": "anna", "why": "test"}
    return house.distributor.override(override_event(asked, house.site.settings, house.now()))


def door(engine: Engine, name: str = "shift") -> Door:
    return engine.house.distributor.doors.state(name, engine.house.now()).state


def drains(engine: Engine) -> dict[str, float]:
    queues = engine.house.distributor.state.queues.values()
    return {queue.name: queue.drains_at for queue in queues if queue.drains_at is not None}


def test_an_override_outlives_a_restart_and_ends_by_itself(site: Loaded, tmp_path: Path) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
        async with simulated_engine(pbx, site, tmp_path) as engine:
            await say(engine, "shift", "closed", "2h")
            assert (door(engine), set(drains(engine))) == (Door.OVERRIDE, {"day_desk"})
            before = drains(engine)
        await asyncio.sleep(3600.0)
        async with simulated_engine(pbx, site, tmp_path) as engine:
            assert (door(engine), drains(engine)) == (Door.OVERRIDE, before)
            await asyncio.sleep(3601.0)
            assert (door(engine), drains(engine)) == (Door.OPEN, {})

    run(main())


def test_what_was_said_long_ago_still_counts_after_a_restart(site: Loaded, tmp_path: Path) -> None:
    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
        async with simulated_engine(pbx, site, tmp_path) as engine:
            await say(engine, "shift", "closed")
            await say(engine, "never", "open")
        await asyncio.sleep(30 * 86_400.0)
        async with simulated_engine(pbx, site, tmp_path) as engine:
            assert (door(engine), door(engine, "never")) == (Door.OVERRIDE, Door.OPEN)
            await say(engine, "shift", "none")
            assert door(engine) is Door.OPEN

    run(main())


@pytest.mark.parametrize(
    ("schedule", "word", "stays", "came"),
    [
        ("shift", "closed", 3.0, "unstaffed"),
        ("shift", "emergency", 0.0, "unstaffed"),
        ("everything", "emergency", 0.0, "closed"),
    ],
)
def test_who_waits_stays_until_the_drain_is_over_and_in_an_emergency_not_at_all(
    schedule: str, word: str, stays: float, came: str, site: Loaded, tmp_path: Path
) -> None:
    stayed: list[float] = []
    busy = Scenario("busy", "", (), {"2005": AgentPlan("2005", 1.0, Then.ANSWER, 60.0)}, ("2005",))

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, busy, list(site.snapshot.settings.agents))
        await set_agents(engine, busy.ready)
        pbx.call("+359888000001", "120")
        await asyncio.sleep(3.0)
        pbx.call("+359888000002", "120")
        await asyncio.sleep(3.0)
        callers, said_at = engine.house.distributor.state.callers, engine.house.now()
        assert len(callers) == 1
        await say(engine, schedule, word)
        async with asyncio.timeout(30):
            while callers:  # noqa: ASYNC110 - nobody is told when somebody leaves a queue
                await asyncio.sleep(0.05)
        stayed.append(engine.house.now() - said_at)
        await asyncio.sleep(60.0)

    told = simulate(site, tmp_path, act)
    assert told.records["+359888000001"]["outcome"] == "answered"
    assert told.records["+359888000002"]["outcome"] == "refused"
    steps = [e.data for e in told.events["+359888000002"] if e.kind == "step"]
    assert next(step["outcome"] for step in steps if step["do"] == "Enqueue") == came
    assert stayed == [pytest.approx(stays, abs=0.1)]


def test_an_expired_override_opens_a_queue_without_anybody_doing_anything(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        await say(engine, "everything", "emergency", "1m")
        assert set(drains(engine)) == set(engine.house.site.settings.queues)
        await asyncio.sleep(61.0)
        assert drains(engine) == {}

    simulate(site, tmp_path, act)


def test_who_guesses_at_the_code_by_telephone_is_not_listened_to_for_a_while(
    site: Loaded, tmp_path: Path
) -> None:
    refused: list[bool] = []

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        async def keyed(number: int, digits: str) -> None:
            line = pbx.call(f"+35988800{number:04}", "121")
            await asyncio.sleep(2.0)
            for digit in digits:
                line.press(digit)
                await asyncio.sleep(0.3)
            await asyncio.sleep(10.0)
            refused.append(door(engine) is Door.OPEN)

        for number in range(5):
            await keyed(number, "111111")
        await keyed(5, "471188")
        await asyncio.sleep(600.0)
        await keyed(6, "471188")

    simulate(site, tmp_path, act)
    assert refused == [True] * 6 + [False]
