"""Every scenario's calls, replayed: on their own version and site they are the same to the end, and as cases they pass."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from simulated import play_simulated

from engine.cases.replay import Replayed, Replayer, Verdict, replays
from engine.cases.run import Runner
from engine.cases.saved import Saved, saved
from engine.config import Loaded
from engine.errors import SetupError
from engine.sim.scenario import Scenario, load_scenario
from engine.store.archive import open_archive

SCENARIOS = sorted((Path(__file__).parents[1] / "scenarios").glob("*.yaml"))


async def saved_cases(state: Path, site: Loaded, folder: Path) -> dict[str, Saved]:
    runner = Runner(folder, site)
    async with open_archive(state / "quietline.db") as archive:
        replayer = await Replayer.begin(archive, site)
        found = {contact: await replayer.recalled(contact) for contact in await archive.since(0.0)}
        passed = [contact for contact, known in found.items() if known.call.told]
        for back in [one for one in passed if found[one].call.contact.callback_of]:
            with pytest.raises(SetupError, match=r"it is a callback; call .* asked for it"):
                await replayer.savable(back)
            passed.remove(back)
        calls = {contact: await replayer.savable(contact) for contact in passed}
    return {contact: saved("it", *call, runner) for contact, call in calls.items()}


async def replayed(state: Path, site: Loaded) -> list[Replayed]:
    async with open_archive(state / "quietline.db") as archive:
        return [one async for one in replays(archive, site, await archive.since(0.0), "site")]


@pytest.mark.parametrize("scenario", [load_scenario(path) for path in SCENARIOS], ids=lambda one: one.name)
def test_a_call_is_the_same_to_the_end_on_its_own_site(
    scenario: Scenario, site: Loaded, site_folder: Path, tmp_path: Path
) -> None:
    told = play_simulated(site, scenario, tmp_path)
    found = asyncio.run(replayed(tmp_path, site))
    assert sum("-back" not in one.contact for one in found) == sum(
        not one["callback_of"] for one in told.records.values()
    )
    for one in found:
        assert (one.unlike, one.verdict) == ("", Verdict.SAME), one
    for contact, case in asyncio.run(saved_cases(tmp_path, site, site_folder)).items():
        assert case.result.passed and case.alike, f"{contact}: {case.result.failures}\n{case.text}"
        assert f"ends: {'' if case.result.case.ends is None else case.result.case.ends}" in case.text
