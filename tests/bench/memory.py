"""What a waiting caller costs in memory: the engine's resident size with 500 callers on hold, less that with none.

The engine is a fresh one with an empty store: one that has seen thousands of calls has room to spare. A first small batch of callers comes
and goes before, so that what is allocated once is not counted. Later rounds are held against the same size with none: what the engine
keeps of earlier callers counts.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from engine.load.sipp import SippRun
from tests.bench.answer import verdict
from tests.bench.figure import Figure
from tests.bench.sides import DESK, Bench, Side

CALLERS, RATE, FIRST_BATCH = 500, 25.0, 50
SETTLE = 5.0
ALLOWED_KB = 30.0


def resident_kb(pid: int) -> float:
    """A process's resident memory, kB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return float(found.group(1))


async def held(bench: Bench, side: Side, callers: int) -> tuple[float, int]:
    """Resident kB while this many callers wait, and how many SIPp says are there."""
    assert side.engine is not None
    stays = int((callers / RATE + 2 * SETTLE) * 1000)
    spec = bench.spec("uac-hold", "400", side, callers, RATE, "-d", str(stays))
    async with SippRun(bench.root, spec) as run:
        await asyncio.sleep(callers / RATE + SETTLE)
        there, size = run.progress().open, resident_kb(side.engine)
        result = await run.wait()
    bench.say(f"{there} callers on hold: {size:.0f} kB; {result.failed} calls failed")
    return size, there


async def measure(bench: Bench, rounds: int) -> list[Figure]:
    """All figures of this section."""
    await bench.move(DESK)
    await bench.stop_engine()
    side = await bench.engine()
    assert side.engine is not None
    await bench.order("agent", "r01", "pause")  # of this queue's staff, and never free
    await held(bench, side, FIRST_BATCH)
    await asyncio.sleep(SETTLE)
    empty, costs = resident_kb(side.engine), []
    for _ in range(rounds):
        full, there = await held(bench, side, CALLERS)
        costs.append((full - empty) / max(1, there))
    return [
        Figure("engine, nobody waiting", "kB", [empty]),
        verdict(
            "memory of a waiting caller", "kB", costs, "≤ 30 kB", most=ALLOWED_KB, note=f"{CALLERS} callers"
        ),
    ]
