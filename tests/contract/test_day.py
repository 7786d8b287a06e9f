"""A whole day of a site with twenty agents passes in seconds, on the whole engine: nobody is lost, and the books are in order."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest
from day import Day, write_site
from simulated import simulate
from told import set_agents

from engine.app import Engine
from engine.config import load_files
from engine.core.audit import check_invariants
from engine.sim.asterisk import SimulatedAsterisk

AGENTS = 20
CALLS = 2000


@pytest.mark.timeout(300)
def test_a_day_of_twenty_agents_loses_nobody(site_folder: Path, tmp_path: Path) -> None:
    write_site(site_folder, site_folder.parent / "day", AGENTS)
    site = load_files(site_folder.parent / "day")
    agents = tuple(site.snapshot.settings.agents)
    meant: Counter[str] = Counter()
    seen: list[SimulatedAsterisk] = []

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        day = Day(pbx, CALLS)
        day.plug_in(agents)
        await set_agents(engine, agents)
        await day.run()
        check_invariants(engine.house.distributor.state, engine.house.now())
        meant.update(day.meant)
        seen.append(pbx)

    began = time.perf_counter()
    told = simulate(site, tmp_path, act)
    seconds = time.perf_counter() - began
    ends = Counter(record["outcome"] for record in told.records.values())
    print(
        f"{CALLS} calls of {AGENTS} agents in {seconds:.1f} s: {seen[0].requests} requests, {seen[0].events} events, "
        f"{sum(map(len, told.events.values()))} written; {dict(meant)}; {dict(ends)}"
    )
    assert len(told.records) == CALLS
    assert ends["failed"] == 0
    assert ends["answered"] > CALLS / 2
