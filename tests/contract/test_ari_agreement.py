"""The simulated Asterisk and a real one tell the same small ARI program the same story, of the same people."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from agreement import assert_same
from probe import Probe
from short_prompts import short_prompts
from twin import RealAsterisk, running_asterisk, sound_folders

from engine.core.site import AgentRule, Settings, Trunk
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.media import wav_lengths
from engine.sim.people import play, plug_in
from engine.sim.scenario import load_scenario

HERE = Path(__file__).parent
#: 26 and 36 are switched off: agents of the site without a phone in the scenario.
AGENTS = ("21", "22", "23", "24", "25", "26", "27", "31", "32", "33", "34", "35", "36", "37")
SCENARIO = load_scenario(HERE / "ari.yaml")


def settings() -> Settings:
    return Settings(
        languages=("en",),
        numbers={},
        sites={},
        schedules={},
        queues={},
        groups={},
        agents={name: AgentRule(name, (), contact=f"sip:{name}@127.0.0.1:1") for name in AGENTS},
        trunks={"local": Trunk("local", ("127.0.0.1",))},
    )


def told_by_the_simulator(prompts: Path) -> Probe:
    async def main() -> Probe:
        pbx = SimulatedAsterisk(lengths=wav_lengths(sound_folders(prompts)))
        plug_in(pbx, SCENARIO, list(AGENTS))
        probe = Probe(pbx.connect(), len(SCENARIO.callers))
        await asyncio.gather(probe.run(), play(pbx, SCENARIO))
        pbx.verify()
        return probe

    return run(main())


async def told_by(real: RealAsterisk, folder: Path) -> Probe:
    async with real.transport() as transport:
        probe = Probe(transport, len(SCENARIO.callers))
        async with asyncio.TaskGroup() as group:
            group.create_task(probe.run())
            await probe.up.wait()
            await real.play(SCENARIO, folder)
    return probe


def test_the_simulator_tells_the_story_without_a_fault(tmp_path: Path) -> None:
    probe = told_by_the_simulator(short_prompts(tmp_path / "prompts"))
    assert probe.faults == []
    assert probe.notes["11 events"][-1] == "StasisEnd Up"


@pytest.mark.asterisk
def test_both_tell_the_same_story(tmp_path: Path) -> None:
    prompts = short_prompts(tmp_path / "prompts")
    with running_asterisk(tmp_path / "state", settings(), prompts) as real:
        expected = asyncio.run(told_by(real, tmp_path / "sipp"))
    simulated = told_by_the_simulator(prompts)
    assert expected.faults == [] and simulated.faults == []
    assert_same("the ARI program", simulated.story(), expected.story())
