"""A rush: a hundred agents, 25 calls a second offered for a minute, against app_queue.

A conversation lasts three seconds, and the agent hangs up: 75 of the hundred talk at any moment, so nobody has to wait for long. Both send
voice while they talk, 50 packets a second. A call counts as answered when it ended by the agent's hanging up within 20 s. CPU is all of
Asterisk and the engine, from the first call until the last has ended, for each answered call. Sides take turns, after a warm-up of each.
Then a quarter of a minute without voice, whose cost is the same for both sides: there nothing is left but what differs.

The phones are one SIPp and the callers another; a stretch in which they could not offer the rate ends the bench.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from engine.errors import EngineError
from engine.load.run import SIPP_TOO_BUSY
from engine.load.sipp import SippRun, SippSpec
from tests.bench.answer import verdict
from tests.bench.figure import Figure
from tests.bench.sides import CENTRE, HERE, Bench, Side

RATE, SECONDS, SILENT_SECONDS, WARM_UP = 25.0, 60.0, 15.0, 5.0
#: What tells SIPp to send voice.
VOICE = ("-set", "voice", "yes")
#: Seconds by which the last call may be late: SIPp tells how far it is once a second.
LATE = 2.0
DEARER = 1.3
#: Seconds until the agents' phones have been asked and are known to be there.
PHONES_KNOWN = 15.0


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one side did with one rush; CPU is milliseconds for each answered call."""

    offered: int
    answered: int
    asterisk_ms: float
    engine_ms: float

    @property
    def ms(self) -> float:
        """All CPU of the side, for each answered call."""
        return self.asterisk_ms + self.engine_ms


def phones(bench: Bench, extra: tuple[str, ...]) -> SippRun:
    """The agents' phones: one process, which answers whoever calls."""
    spec = SippSpec(
        HERE / "uas-centre.xml", bench.folder / "sipp", port=bench.phones, deadline=7200, extra=extra
    )
    return SippRun(bench.root, spec)


async def rush(
    bench: Bench, side: Side, desk: SippRun, seconds: float, extra: tuple[str, ...] = ()
) -> Stretch:
    """Offer calls to one side for so long. Raises EngineError where SIPp could not."""
    calls = int(RATE * seconds)
    desk.peak_cpu, before = 0.0, side.cpu()
    async with SippRun(bench.root, bench.spec("uac-rush", "600", side, calls, RATE, *extra)) as run:
        await all_offered(run, calls, seconds)
        result = await run.wait()
    if max(result.peak_cpu, desk.peak_cpu) > SIPP_TOO_BUSY:
        raise EngineError(
            f"SIPp took {result.peak_cpu:.0%} (callers) and {desk.peak_cpu:.0%} (phones) of a core: not measured"
        )
    answered = result.successful
    spent = (now - then for now, then in zip(side.cpu(), before, strict=True))
    asterisk, engine = (seconds / max(1, answered) * 1000 for seconds in spent)
    bench.say(
        f"{side.name}, {'voice' if extra else 'silent'}: {answered} of {calls} answered, "
        f"CPU a call {asterisk:.1f} ms Asterisk + {engine:.1f} ms engine; SIPp {result.peak_cpu:.0%} and {desk.peak_cpu:.0%}"
    )
    return Stretch(calls, answered, asterisk, engine)


async def all_offered(run: SippRun, calls: int, seconds: float) -> None:
    """Until SIPp has made its calls. Raises EngineError where it is late."""
    until = time.monotonic() + seconds + LATE
    while (made := run.progress().created) < calls:
        if time.monotonic() > until:
            raise EngineError(
                f"SIPp made {made} of {calls} calls in {seconds + LATE:g} s: it cannot offer {RATE:g} a second here"
            )
        await asyncio.sleep(0.2)


async def turns(
    bench: Bench, seconds: float, rounds: int, extra: tuple[str, ...]
) -> dict[str, list[Stretch]]:
    """Both sides in turn, with the same phones."""
    found: dict[str, list[Stretch]] = {"native": [], "engine": []}
    async with phones(bench, extra) as desk:
        sides = (bench.native(), await bench.engine())
        await asyncio.sleep(PHONES_KNOWN)
        for side in sides:
            await rush(bench, side, desk, WARM_UP, extra)
        for _ in range(rounds):
            for side in sides:
                found[side.name].append(await rush(bench, side, desk, seconds, extra))
    return found


async def measure(bench: Bench, rounds: int) -> list[Figure]:
    """All figures of this section."""
    await bench.move(CENTRE)
    talking = await turns(bench, SECONDS, rounds, VOICE)
    silent = await turns(bench, SILENT_SECONDS, rounds, ())
    return [
        *figures(talking["native"], talking["engine"]),
        *silent_figures(silent["native"], silent["engine"]),
    ]


def figures(native: list[Stretch], engine: list[Stretch]) -> list[Figure]:
    """The rush with voice."""
    at = f"{RATE:g} calls/s for {SECONDS:g} s"
    more = [float(ours.answered - theirs.answered) for ours, theirs in zip(engine, native, strict=True)]
    return [
        Figure("app_queue: answered", "calls", [float(s.answered) for s in native], note=at),
        Figure("engine: answered", "calls", [float(s.answered) for s in engine], note=at),
        verdict("engine answers more, calls", "", more, "≥ 0", least=0.0),
        Figure("app_queue: CPU a call", "ms", [s.ms for s in native], note="Asterisk"),
        Figure("engine: CPU a call", "ms", [s.ms for s in engine], note="Asterisk + engine"),
        Figure("  of that Asterisk", "ms", [s.asterisk_ms for s in engine]),
        Figure("  of that the engine", "ms", [s.engine_ms for s in engine]),
        verdict("engine / app_queue CPU", "", dearer(native, engine), "≤ 1.3", most=DEARER),
    ]


def silent_figures(native: list[Stretch], engine: list[Stretch]) -> list[Figure]:
    """The rush without voice."""
    note = "no voice"
    return [
        Figure("app_queue: CPU a call", "ms", [s.ms for s in native], note=note),
        Figure("engine: CPU a call", "ms", [s.ms for s in engine], note=note),
        Figure("  of that the engine", "ms", [s.engine_ms for s in engine], note=note),
        Figure("engine / app_queue CPU", "", dearer(native, engine), note=note),
    ]


def dearer(native: list[Stretch], engine: list[Stretch]) -> list[float]:
    """How many times as much CPU the engine's side takes."""
    return [ours.ms / theirs.ms for ours, theirs in zip(engine, native, strict=True)]
