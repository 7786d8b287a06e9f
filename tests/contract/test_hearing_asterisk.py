"""A real Asterisk tells how a caller's voice arrives, and it stands in the contact."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from told import set_agents, told_by
from twin import RealAsterisk, running_asterisk

from engine.ami.feed import AmiFeed
from engine.ami.link import Access
from engine.app import run_engine
from engine.config import Loaded
from engine.pbx.secrets import load_secrets
from engine.sim.scenario import AgentPlan, CallerPlan, HangUp, Scenario, Talk

#: Asterisk reports five seconds after the first sound.
CALL = Scenario(
    "heard",
    "",
    (CallerPlan("+359888000001", "101", (Talk(7.0), HangUp()), {}),),
    {"2001": AgentPlan("2001", 0.2)},
)


async def heard(real: RealAsterisk, site: Loaded, folder: Path) -> None:
    secrets = load_secrets(real.layout.state)
    feed = AmiFeed(Access("127.0.0.1", real.layout.ports.ami, secrets.ami_user, secrets.ami_password))
    async with (
        real.transport() as transport,
        run_engine(transport, site, folder, time.time, feed=feed) as engine,
        asyncio.timeout(40),
    ):
        await engine.switchboard.ready.wait()
        await set_agents(engine, ("2001",))
        await real.play(CALL, folder / "sipp")
        while engine.switchboard.calls:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.05)
        told = await told_by(engine)
        (record,), (events,) = told.records.values(), told.events.values()
        voice = (await engine.archive.voice_of([record["id"]]))[record["id"]]
        assert [event.data for event in events if event.kind == "voice"] == voice
        (caller,) = [one for one in voice if one["kind"] == "caller"]
        assert (caller["who"], caller["leg"]) == ("+359888000001", record["id"].replace("-", "."))
        assert caller["spoken"]["reports"] == 1 and 4.0 < caller["spoken"]["mos"] < 4.5
        assert caller["spoken"]["lost"] == 0 and caller["spoken"]["jitter_ms"] < 50
        assert caller["heard"] is None and caller["round_trip_ms"] is None  # SIPp sends no RTCP


@pytest.mark.asterisk
@pytest.mark.timeout(90)
def test_how_a_callers_voice_arrived_stands_in_the_contact(site: Loaded, tmp_path: Path) -> None:
    with running_asterisk(tmp_path / "pbx", site.snapshot.settings, site.catalog.folder) as real:
        asyncio.run(heard(real, site, tmp_path))
