"""Every scenario's calls, replayed: against their own version and their own site they are the same to the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from simulated import play_simulated

from engine.cases.replay import Replayed, Verdict, replays
from engine.config import Loaded
from engine.sim.scenario import Scenario, load_scenario
from engine.store.archive import open_archive

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))


async def replayed(state: Path, site: Loaded) -> list[Replayed]:
    async with open_archive(state / "quietline.db") as archive:
        return [one async for one in replays(archive, site, await archive.since(0.0), "site")]


@pytest.mark.parametrize("scenario", [load_scenario(path) for path in SCENARIOS], ids=lambda one: one.name)
def test_a_call_is_the_same_to_the_end_on_its_own_site(
    scenario: Scenario, site: Loaded, tmp_path: Path
) -> None:
    play_simulated(site, scenario, tmp_path)
    found = asyncio.run(replayed(tmp_path, site))
    assert len(found) == len(scenario.callers)
    for one in found:
        assert (one.unlike, one.verdict) == ("", Verdict.SAME), one
