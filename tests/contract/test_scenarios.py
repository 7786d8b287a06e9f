"""Every scenario, on the whole engine and a simulated Asterisk: the records are as scripted, and nothing is left over."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulated import play_simulated
from told import disagreements

from engine.config import Loaded
from engine.sim.scenario import Scenario, load_scenario

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))


@pytest.mark.parametrize("scenario", [load_scenario(path) for path in SCENARIOS], ids=lambda one: one.name)
def test_a_scenario_ends_as_it_is_scripted(scenario: Scenario, site: Loaded, tmp_path: Path) -> None:
    told = play_simulated(site, scenario, tmp_path)
    assert disagreements(scenario, told) == []
    seconds = scenario.agents.keys() - {caller.from_number for caller in scenario.callers}
    calls = [one for one in told.records.values() if not one["callback_of"]]
    assert sum(one["from_number"] not in seconds for one in calls) == len(scenario.callers)
