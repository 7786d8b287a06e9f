"""A whole day of a site with twenty agents passes in seconds, on the whole engine: nobody is lost, and the books are in order."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest
from day import Day, write_site
from simulated import REST, simulate
from told import set_agents

from engine.app import Engine
from engine.config import load_files
from engine.core.audit import check_invariants
from engine.core.intervals import Grid
from engine.core.reports import ABOUT, QUEUES, Report, Wanted, report
from engine.core.reports import AGENTS as OF_AGENTS
from engine.core.reports import CALLS as OF_CALLS
from engine.sim.asterisk import SimulatedAsterisk
from engine.store.books import books_of

AGENTS = 20
CALLS = 2000


async def reported(engine: Engine) -> dict[str, Report]:
    """Every report of the whole log, from the store as `quietline report` reads it."""
    now, settings = engine.house.now(), engine.house.site.settings
    books = await books_of(engine.archive, 0.0, now)
    asked = await engine.archive.asked_since(0.0)
    return {about: report(books, asked, settings, Wanted(about, Grid((0.0,), now)), now) for about in ABOUT}


@pytest.mark.timeout(300)
def test_a_day_of_twenty_agents_loses_nobody(site_folder: Path, tmp_path: Path) -> None:
    write_site(site_folder, site_folder.parent / "day", AGENTS)
    site = load_files(site_folder.parent / "day")
    agents = tuple(site.snapshot.settings.agents)
    meant: Counter[str] = Counter()
    seen: list[SimulatedAsterisk] = []

    counted: list[dict[str, Report]] = []

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        day = Day(pbx, CALLS)
        day.plug_in(agents)
        await set_agents(engine, agents)
        await day.run()
        check_invariants(engine.house.distributor.state, engine.house.now())
        meant.update(day.meant)
        seen.append(pbx)
        await asyncio.sleep(REST)
        counted.append(await reported(engine))

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
    assert [told.conservation_error for told in counted[0].values()] == [0] * len(ABOUT)
    calls, queues, agents = (counted[0][about].total for about in (OF_CALLS, QUEUES, OF_AGENTS))
    assert calls["arrivals"] == CALLS
    assert {outcome: calls[outcome] for outcome in ends} == dict(ends)
    assert queues["answered"] == agents["handled"] == ends["answered"]
    talked = sum(record["talk_s"] or 0.0 for record in told.records.values())
    assert float(queues["handled_talk_s"] or 0.0) == pytest.approx(talked, abs=0.01 * CALLS)
