"""Five hundred callers wait with music and are told their place every half minute, against app_queue.

Sixteen more stand at the head of the line and hang up one by one, so that everybody behind them comes forward and has a new place to be
told; nobody is answered. Both sides say the same recordings with the same numbers, and play the same music. CPU is all of Asterisk and the
engine, over half a minute in which all five hundred are there: each of them is told once. Sides take turns, after a warm-up of each with
a tenth of the callers.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from engine.errors import EngineError
from engine.load.run import SIPP_TOO_BUSY
from engine.load.sipp import SippRun
from engine.store.archive import open_archive
from tests.bench.answer import verdict
from tests.bench.figure import Figure
from tests.bench.sides import CENTRE, Bench, Side

CALLERS, AHEAD, RATE = 500, 16, 50.0
#: Seconds until everybody waits quietly; the stretch that is measured.
SETTLE, WINDOW = 5.0, 30.0
#: Share of the callers that must be there.
THERE = 0.99
DEARER = 1.3


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one side's half minute cost, in percent of a core; `told` how many were told their place (None: it does not say)."""

    asterisk: float
    engine: float
    told: int | None = None

    @property
    def cpu(self) -> float:
        """All of it."""
        return self.asterisk + self.engine


async def half_minute(bench: Bench, side: Side, callers: int) -> Stretch:
    """Let callers wait, and look at half a minute of it. Raises EngineError where SIPp could not keep them there."""
    stays = int((callers / RATE + SETTLE + WINDOW + 3) * 1000)
    ahead = bench.spec("uac-leaves", "700", side, AHEAD, RATE)
    behind = bench.spec("uac-hold", "700", side, callers, RATE, "-d", str(stays))
    async with SippRun(bench.root, ahead) as first:
        await asyncio.sleep(AHEAD / RATE + 1)
        async with SippRun(bench.root, behind) as run:
            await asyncio.sleep(callers / RATE + SETTLE)
            before, begun = side.cpu(), time.time()
            await asyncio.sleep(WINDOW)
            after, took = side.cpu(), time.time() - begun
            there = run.progress().open
            result = await run.wait()
        await first.wait()
    if there < callers * THERE or result.peak_cpu > SIPP_TOO_BUSY:
        raise EngineError(
            f"{there} of {callers} callers waited, SIPp took {result.peak_cpu:.0%} of a core: not measured"
        )
    asterisk, engine = ((now - then) / took * 100 for now, then in zip(after, before, strict=True))
    told = await announcements(bench, begun, begun + took) if side.engine else None
    more = "" if told is None else f", {told} told their place"
    bench.say(
        f"{side.name}: {there} waiting, {asterisk:.1f} % Asterisk + {engine:.1f} % engine of a core{more}"
    )
    return Stretch(asterisk, engine, told)


async def announcements(bench: Bench, since: float, until: float) -> int:
    """How many callers the engine has told their place meanwhile."""
    async with open_archive(bench.state / "quietline.db") as archive:
        contacts = [one["id"] for one in await archive.contacts(since - 60)]
        events = [event for contact in contacts for event in await archive.events(contact)]
    return sum(event.kind == "announced" and since <= event.at < until for event in events)


async def measure(bench: Bench, rounds: int) -> list[Figure]:
    """All figures of this section."""
    await bench.move(CENTRE)
    sides = (bench.native(), await bench.engine())
    await bench.order("agent", "w01", "pause")  # of the queue's staff, and never free
    found: dict[str, list[Stretch]] = {side.name: [] for side in sides}
    for side in sides:
        await half_minute(bench, side, CALLERS // 10)
    for _ in range(rounds):
        for side in sides:
            found[side.name].append(await half_minute(bench, side, CALLERS))
    return figures(found["native"], found["engine"])


def figures(native: list[Stretch], engine: list[Stretch]) -> list[Figure]:
    """The section's lines."""
    dearer = [ours.cpu / theirs.cpu for ours, theirs in zip(engine, native, strict=True)]
    told = [float(stretch.told or 0) for stretch in engine]
    return [
        Figure("app_queue: CPU", "%", [s.cpu for s in native], note=f"of a core, {CALLERS} waiting"),
        Figure("engine: CPU", "%", [s.cpu for s in engine], note="Asterisk + engine"),
        Figure("  of that Asterisk", "%", [s.asterisk for s in engine]),
        Figure("  of that the engine", "%", [s.engine for s in engine]),
        Figure("engine: told their place", "", told, note=f"in {WINDOW:g} s"),
        verdict("engine / app_queue CPU", "", dearer, "≤ 1.3", most=DEARER),
    ]
