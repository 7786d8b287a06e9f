"""The whole engine tells the same of every scenario, whether it runs on the simulated Asterisk or on a real one.

All scenarios are played at once (see `copies`): on the simulator in virtual time, on the real Asterisk in real time, some at a time so
that the machine is not the one who is late. What the engine wrote down must agree line by line, with ids and times left out
(`engine.sim.transcript`). Where a scenario is a race the worlds may differ, and only the record is held to what is allowed.

A real machine may still be late now and then: a scenario the worlds disagree about is played again, alone, and counts only if
they disagree again.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from agreement import departures
from copies import Copies, together
from short_prompts import short_prompts
from simulated import play_simulated
from told import BACK, Told, disagreements, give_orders, set_agents, told_by
from twin import RealAsterisk, leftovers, running_asterisk

from engine.app import DEAF, Engine, run_engine
from engine.config import Loaded, load_files
from engine.sim import line
from engine.sim.scenario import Scenario, load_scenario, load_scenarios
from engine.sim.transcript import transcript
from engine.speech.port import Recogniser

SCENARIOS = Path(__file__).parents[1] / "scenarios"
#: Scenarios played on the real Asterisk at the same time.
AT_ONCE = 20
#: Seconds in which the last call comes to its end once its people are done.
REST = 10.0


async def play_real(
    real: RealAsterisk,
    site: Loaded,
    scenarios: list[Scenario],
    folder: Path,
    recogniser: Recogniser = DEAF,
) -> Told:
    """Play them on the real Asterisk with an engine of their own. AssertionError when something is left over."""
    async with (
        real.transport() as transport,
        run_engine(transport, site, folder / "state", time.time, recogniser=recogniser) as engine,
    ):
        await engine.switchboard.ready.wait()
        await set_agents(engine, together(scenarios).ready)
        places = asyncio.Semaphore(AT_ONCE)

        async def play(scenario: Scenario) -> None:
            async with places:
                orders = give_orders(lambda: engine, scenario)
                await asyncio.gather(real.play(scenario, folder / scenario.name), orders)

        async with asyncio.TaskGroup() as group:
            for scenario in sorted(scenarios, key=length, reverse=True):
                group.create_task(play(scenario), name=scenario.name)
        await at_rest(engine)
        told = await told_by(engine)
        assert await leftovers(engine.house.client, told) == []
        return told


def length(scenario: Scenario) -> float:
    """About how long a scenario takes: the last caller's start and the longest conversation before it."""
    return max(one.at for one in scenario.callers) + max(
        (plan.talk or 0.0 for plan in scenario.agents.values()), default=0.0
    )


async def at_rest(engine: Engine) -> None:
    """Wait for the end of the last call."""
    async with asyncio.timeout(REST):
        while engine.switchboard.calls or engine.switchboard.callbacks():  # noqa: ASYNC110 - nobody is told when a call is over
            await asyncio.sleep(0.05)


def compare(scenario: Scenario, simulated: Told, real: Told) -> list[str]:
    """Where the two worlds, or one of them and the script, disagree about a scenario."""
    wrong = [f"simulated: {line}" for line in disagreements(scenario, simulated)]
    wrong += [f"real: {line}" for line in disagreements(scenario, real)]
    if not scenario.race:
        numbers = [*(one.known_as for one in scenario.callers), *scenario.agents]  # whose phones call, too
        for number in [*numbers, *(number + BACK for number in numbers)]:
            lines = (transcript(told.events.get(number, [])) for told in (simulated, real))
            wrong += departures(number, *lines)
    return wrong


def test_a_simulator_that_departs_is_found_out(
    site: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = load_scenario(SCENARIOS / "agent_rejects.yaml")
    right = play_simulated(site, scenario, tmp_path / "right")
    assert compare(scenario, right, right) == []
    monkeypatch.setitem(line.REFUSALS, 603, 17)
    wrong = play_simulated(site, scenario, tmp_path / "wrong")
    found = compare(scenario, wrong, right)
    assert "-offer_ended agent=2001 offer=offer-1 why=rejected" in found
    assert "+offer_ended agent=2001 offer=offer-1 why=busy" in found


@pytest.mark.asterisk
@pytest.mark.timeout(300)
def test_both_worlds_tell_the_same_of_every_scenario(tmp_path: Path) -> None:
    spoken = {
        one.name for one in load_scenarios(SCENARIOS) if one.speaks
    }  # words take a recogniser: test_words_asterisk.py
    paths = sorted(path for path in SCENARIOS.glob("*.yaml") if path.stem not in spoken)
    copies = Copies(SCENARIOS / "site", paths)
    copies.write_site(tmp_path / "site")
    prompts = short_prompts(tmp_path / "prompts")
    site, scenarios = load_files(tmp_path / "site"), copies.scenarios(tmp_path / "scenarios")
    simulated = play_simulated(site, together(scenarios), tmp_path / "simulated")
    with running_asterisk(tmp_path / "state", site.snapshot.settings, prompts) as real:
        told = asyncio.run(play_real(real, site, scenarios, tmp_path / "all"))
        suspects = [one for one in scenarios if compare(one, simulated, told)]
        wrong = []
        for number, scenario in enumerate(suspects):
            print(f"{scenario.name}: the worlds disagree; once more, alone")
            print("\n".join(compare(scenario, simulated, told)))
            again = asyncio.run(play_real(real, site, [scenario], tmp_path / f"again-{number}"))
            wrong += [f"{scenario.name}: {line}" for line in compare(scenario, simulated, again)]
    assert not wrong, "\n" + "\n".join(wrong)
