"""An agent becomes free while callers wait: how long until the agent's phone is called again.

Ten agents, at first forty callers waiting, conversations of 0.5 to 1.5 seconds; the time runs from the agent's BYE to the next INVITE
at the same phone, both taken at the phone's socket, and only counts once all callers are there: before, an agent may be idle because
nobody waits. Wrap-up is 0 on both sides. Sides take turns.

For the engine also how long until both are in the bridge: until its event `connected`, written as Asterisk has confirmed that caller and
agent are in it, by the same machine's clock. The phones answer at once.
"""

from __future__ import annotations

import asyncio
import time

from engine.load.figures import Spread, spread
from engine.load.sipp import SippRun
from engine.store.archive import open_archive
from tests.bench.agents import Phones
from tests.bench.answer import verdict
from tests.bench.figure import Figure
from tests.bench.sides import AGENTS, DESK, Bench, Side

CALLS, WAITING, RATE = 250, 40, 25.0
FASTER, P99_MS, BRIDGED_P99_MS = 50.0, 25.0, 60.0


async def gaps(bench: Bench, side: Side) -> tuple[Spread, Spread]:
    """One stretch on one side: free → INVITE, and (the engine's) free → both in the bridge; milliseconds."""
    phones, begun = Phones(), time.time()
    await phones.open(bench.phones)
    together = WAITING + len(AGENTS)
    spec = bench.spec("uac-queue", "300", side, CALLS, RATE, "-l", str(together))
    try:
        async with SippRun(bench.root, spec) as run:
            await asyncio.sleep(together / RATE + 1)
            phones.gaps.clear()
            phones.frees.clear()
            result = await run.wait()
    finally:
        await phones.close()
    found = spread(gap * 1000 for gap in phones.gaps)
    failed = f", {result.failed} calls failed" if result.failed else ""
    bench.say(
        f"{side.name}: {found.count} times free → INVITE, p50 {found.p50:.1f} ms, p99 {found.p99:.1f} ms{failed}"
    )
    if side.engine is None:
        return found, Spread()
    bridged = spread(await until_bridged(bench, phones.frees, begun))
    bench.say(
        f"{bridged.count} times free → both in the bridge, p50 {bridged.p50:.1f} ms, p99 {bridged.p99:.1f} ms"
    )
    return found, bridged


async def until_bridged(bench: Bench, frees: list[tuple[str, float]], since: float) -> list[float]:
    """Milliseconds from each hang-up of an agent until they are in a bridge again."""
    connected: dict[str, list[float]] = {}
    async with open_archive(bench.state / "quietline.db") as archive:
        for contact in await archive.contacts(since):
            for event in await archive.events(contact["id"]):
                if event.kind == "connected":
                    connected.setdefault(event.data["agent"], []).append(event.at)
    waits = (
        (min((at for at in connected.get(agent, ()) if at > free), default=None), free)
        for agent, free in frees
    )
    return [(at - free) * 1000 for at, free in waits if at is not None]


async def measure(bench: Bench, rounds: int) -> list[Figure]:
    """All figures of this section."""
    await bench.move(DESK)
    sides = (bench.native(), await bench.engine())
    found: dict[str, list[tuple[Spread, Spread]]] = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            found[side.name].append(await gaps(bench, side))
    native, engine = ([invited for invited, _ in found[name]] for name in ("native", "engine"))
    bridged = [both for _, both in found["engine"]]
    faster = [theirs.p50 / ours.p50 for ours, theirs in zip(engine, native, strict=True)]
    return [
        Figure("app_queue: free → INVITE p50", "ms", [one.p50 for one in native]),
        Figure("app_queue: free → INVITE p99", "ms", [one.p99 for one in native]),
        Figure("engine: free → INVITE p50", "ms", [one.p50 for one in engine]),
        verdict("engine: free → INVITE p99", "ms", [one.p99 for one in engine], "≤ 25 ms", most=P99_MS),
        Figure("engine: free → both in the bridge p50", "ms", [one.p50 for one in bridged]),
        verdict(
            "engine: free → both in the bridge p99",
            "ms",
            [one.p99 for one in bridged],
            "≤ 60 ms",
            most=BRIDGED_P99_MS,
        ),
        verdict("engine faster by a factor of", "", faster, "≥ 50", least=FASTER),
    ]
