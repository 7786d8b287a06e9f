"""An agent becomes free while callers wait: how long until the agent's phone is called again.

Ten agents, at first forty callers waiting, conversations of 0.5 to 1.5 seconds; the time runs from the agent's BYE to the next INVITE
at the same phone, both taken at the phone's socket, and only counts once all callers are there: before, an agent may be idle because
nobody waits. Wrap-up is 0 on both sides. Sides take turns.
"""

from __future__ import annotations

import asyncio

from engine.load.figures import Spread, spread
from engine.load.sipp import SippRun
from tests.bench.agents import Phones
from tests.bench.answer import verdict
from tests.bench.figure import Figure
from tests.bench.sides import AGENTS, DESK, Bench, Side

CALLS, WAITING, RATE = 250, 40, 25.0
FASTER, P99_MS = 50.0, 25.0


async def gaps(bench: Bench, side: Side) -> Spread:
    """One stretch on one side; milliseconds."""
    phones = Phones()
    await phones.open(bench.phones)
    together = WAITING + len(AGENTS)
    spec = bench.spec("uac-queue", "300", side, CALLS, RATE, "-l", str(together))
    try:
        async with SippRun(bench.root, spec) as run:
            await asyncio.sleep(together / RATE + 1)
            phones.gaps.clear()
            result = await run.wait()
    finally:
        await phones.close()
    found = spread(gap * 1000 for gap in phones.gaps)
    failed = f", {result.failed} calls failed" if result.failed else ""
    bench.say(
        f"{side.name}: {found.count} times free → INVITE, p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms{failed}"
    )
    return found


async def measure(bench: Bench, rounds: int) -> list[Figure]:
    """All figures of this section."""
    await bench.move(DESK)
    sides = (bench.native(), await bench.engine())
    found: dict[str, list[Spread]] = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            found[side.name].append(await gaps(bench, side))
    native, engine = found["native"], found["engine"]
    faster = [theirs.p50 / ours.p50 for ours, theirs in zip(engine, native, strict=True)]
    return [
        Figure("app_queue: free → INVITE p50", "ms", [one.p50 for one in native]),
        Figure("app_queue: free → INVITE p99", "ms", [one.p99 for one in native]),
        Figure("engine: free → INVITE p50", "ms", [one.p50 for one in engine]),
        verdict("engine: free → INVITE p99", "ms", [one.p99 for one in engine], "≤ 25 ms", most=P99_MS),
        verdict("engine faster by a factor of", "", faster, "≥ 50", least=FASTER),
    ]
