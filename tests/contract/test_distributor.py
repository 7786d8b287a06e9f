"""The distributor's shell: what is due happens, however busy the line is."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from engine.call.distributor import Distributor, rebuilt
from engine.config import Loaded
from engine.core import acd
from engine.store.ledger import open_ledger


async def test_a_stream_of_facts_does_not_put_off_what_is_due(site: Loaded, tmp_path: Path) -> None:
    async with open_ledger(tmp_path / "quietline.db", durable=False) as ledger:
        distributor = Distributor(rebuilt(site.snapshot.settings, [], time.time()), ledger, time.time)
        distributor.go_on()
        await distributor.submit(acd.AgentSet("2001", "ready"))
        await distributor.submit(acd.Arrived("rings", ("desk_a",)))
        await distributor.submit(acd.Arrived("waits", ("desk_a",), max_wait=0.1))
        assert "waits" in distributor.state.callers
        for _ in range(100_000):
            if "waits" not in distributor.state.callers:
                return
            distributor.submit(acd.TalkEnded("nobody"))
            await asyncio.sleep(0)
    raise AssertionError("a hundred thousand facts later their longest wait has not ended")
