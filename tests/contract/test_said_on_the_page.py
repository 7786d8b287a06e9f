"""The page of the opening hours before the whole engine: what is said there stands in its log, outlives a restart, and ends by itself."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path

from aiohttp import test_utils as http
from simulated import simulated_engine

from engine.app import Engine
from engine.cli.place import Place
from engine.cli.serve import controls
from engine.config import Loaded
from engine.core.hours import Door
from engine.pbx.ports import Ports
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import VirtualTimeLoop, run
from engine.sim.media import wav_lengths
from engine.web.pages import pages_app

PIN = "471188"


async def say(engine: Engine, folder: Path, **typed: str) -> int:
    """Send the page's form; virtual time stands still meanwhile."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    reached = controls(Place(folder, folder, Ports()), engine, asyncio.Event())
    pages = pages_app(dict, reached.hours, "token")
    loop.busy_hooks.append(on_the_wire := lambda: True)
    try:
        async with http.TestClient(http.TestServer(pages)) as client:
            page = await (await client.get("/hours")).text()
            form = {"token": re.findall(r'name="token" value="(\w+)"', page)[0], "name": "Anna", **typed}
            origin = str(client.make_url("")).rstrip("/")
            answer = await client.post("/hours", data=form, headers={"Origin": origin}, allow_redirects=False)
            return answer.status
    finally:
        loop.busy_hooks.remove(on_the_wire)


def door(engine: Engine) -> Door:
    return engine.house.distributor.doors.state("shift", engine.house.now()).state


def closed_queues(engine: Engine) -> set[str]:
    queues = engine.house.distributor.state.queues.values()
    return {queue.name for queue in queues if queue.drains_at is not None}


def test_what_is_said_on_the_page_stands_in_the_log_and_ends_by_itself(site: Loaded, tmp_path: Path) -> None:
    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
        async with simulated_engine(pbx, site, tmp_path) as engine:
            began = engine.house.now()
            assert (
                await say(engine, tmp_path, schedule="shift", set="closed", until="2h", why="fire", pin=PIN)
                == 303
            )
            assert (door(engine), closed_queues(engine)) == (Door.OVERRIDE, {"day_desk"})
            (event,) = await engine.archive.overrides()
            said = {"schedule": "shift", "set": "closed", "by": "page Anna", "why": "fire"}
            assert event.data == {**said, "until": event.at + 7200.0}
            assert event.at - began < 60.0
        await asyncio.sleep(3600.0)
        async with simulated_engine(pbx, site, tmp_path) as engine:
            assert (door(engine), closed_queues(engine)) == (Door.OVERRIDE, {"day_desk"})
            await asyncio.sleep(3601.0)
            assert (door(engine), closed_queues(engine)) == (Door.OPEN, set())

    run(main())


def test_the_pin_is_in_no_event(site: Loaded, tmp_path: Path) -> None:
    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
        async with simulated_engine(pbx, site, tmp_path) as engine:
            assert await say(engine, tmp_path, schedule="shift", set="closed", pin=PIN) == 303
            assert (
                await say(engine, tmp_path, schedule="shift", set="none", why=f"it was {PIN}", pin=PIN) == 400
            )

    run(main())
    with closing(sqlite3.connect(tmp_path / "quietline.db")) as db:
        kept = [data for (data,) in db.execute("SELECT data FROM events WHERE kind = 'override'")]
        assert len(kept) == 1
        assert not db.execute("SELECT count(*) FROM events WHERE instr(data, ?)", (PIN,)).fetchone()[0]
