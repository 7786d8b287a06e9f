"""Answer, one second of prompt, hang up: the highest rate without a failed call, the time to the 200, the engine's CPU.

A rate holds when no call failed, the calls were over when they should be (no growing heap of them), and SIPp itself took less than 80 % of
a core. The search climbs by half until a rate does not hold, then halves the gap twice. Both sides take turns; afterwards both are
measured at half the lower of their highest rates.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from engine.load.figures import spread
from engine.load.run import SIPP_TOO_BUSY
from tests.bench.figure import Figure
from tests.bench.sides import DESK, Bench, Side

FIRST, CLIMB, CEILING, STRETCH = 40.0, 1.5, 600.0, 8.0
#: Seconds the last call may end after its time: its prompt, and a little.
LATE = 3.0
NEEDED_SHARE, ALLOWED_MS, ALLOWED_CPU_MS = 0.6, 5.0, 1.0


@dataclass(frozen=True, slots=True)
class Trial:
    """One stretch at one rate. `why` is empty when the rate held; CPU is milliseconds a call."""

    rate: float
    why: str
    p50: float
    engine_ms: float
    asterisk_ms: float
    sipp_cpu: float


async def trial(bench: Bench, side: Side, rate: float) -> Trial:
    """Call one side at one rate for STRETCH seconds."""
    calls = max(5, int(rate * STRETCH))
    before, begun = side.cpu(), time.monotonic()
    result = await bench.place("uac-answer", "200", side, calls, rate)
    took, after = time.monotonic() - begun, side.cpu()
    asterisk, engine = ((now - then) / calls * 1000 for now, then in zip(after, before, strict=True))
    why = ""
    if result.peak_cpu > SIPP_TOO_BUSY:
        why = f"SIPp took {result.peak_cpu:.0%} of a core"
    elif not result.ok or result.created < calls:
        why = f"{result.failed} of {calls} failed"
    elif took > calls / rate + LATE:
        why = f"{calls} calls took {took:.1f} s"
    p50 = spread(result.answer_ms).p50
    bench.say(
        f"{side.name}: {rate:.0f} calls/s {why or 'held'}, INVITE→200 {p50:.1f} ms, SIPp {result.peak_cpu:.0%}"
    )
    return Trial(rate, why, p50, engine, asterisk, result.peak_cpu)


async def highest(bench: Bench, side: Side, first: float) -> float:
    """The highest rate found to hold; 0.0 when not even the first does."""
    held, rate, failed = 0.0, first, None
    while rate <= CEILING:
        found = await trial(bench, side, rate)
        if found.why:
            failed = rate
            break
        held, rate = rate, rate * CLIMB
    for _ in range(2 if failed and held else 0):
        assert failed is not None
        middle = (held + failed) / 2
        found = await trial(bench, side, middle)
        held, failed = (held, middle) if found.why else (middle, failed)
    return held


async def measure(bench: Bench, rounds: int) -> list[Figure]:
    """All figures of this section."""
    await bench.move(DESK)
    sides = (bench.native(), await bench.engine())
    rates: dict[str, list[float]] = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            start = max([FIRST, *(0.5 * rate for rate in rates[side.name][:1])])
            rates[side.name].append(await highest(bench, side, start))
    common = max(5.0, min(statistics.median(found) for found in rates.values()) / 2)
    trials: dict[str, list[Trial]] = {side.name: [] for side in sides}
    for _ in range(rounds):
        for side in sides:
            trials[side.name].append(await trial(bench, side, common))
    return figures(rates, trials, common)


def figures(rates: dict[str, list[float]], trials: dict[str, list[Trial]], common: float) -> list[Figure]:
    """The section's lines."""
    shares = [ours / theirs for ours, theirs in zip(rates["engine"], rates["native"], strict=True) if theirs]
    native, engine = ([t.p50 for t in trials[name]] for name in ("native", "engine"))
    slower = [ours - theirs for ours, theirs in zip(engine, native, strict=True)]
    cpu = [t.engine_ms for t in trials["engine"]]
    at = f"at {common:.0f} calls/s"
    return [
        Figure("native: highest rate", "calls/s", rates["native"]),
        Figure("engine: highest rate", "calls/s", rates["engine"]),
        verdict("engine / native rate", "", shares, "≥ 0.6", least=NEEDED_SHARE),
        Figure("native: INVITE→200 p50", "ms", native, note=at),
        Figure("engine: INVITE→200 p50", "ms", engine, note=at),
        verdict("engine slower by", "ms", slower, "≤ 5 ms", most=ALLOWED_MS),
        verdict("engine CPU a call", "ms", cpu, "≤ 1 ms", most=ALLOWED_CPU_MS, note=at),
        Figure("Asterisk CPU a call, engine", "ms", [t.asterisk_ms for t in trials["engine"]], note=at),
        Figure("Asterisk CPU a call, native", "ms", [t.asterisk_ms for t in trials["native"]], note=at),
    ]


def verdict(
    name: str,
    unit: str,
    runs: list[float],
    target: str,
    least: float | None = None,
    most: float | None = None,
    note: str = "",
) -> Figure:
    """A figure with a target on its median."""
    if not runs:
        return Figure(name, unit, runs, target, False, "nothing was measured")
    median = statistics.median(runs)
    met = (least is None or median >= least) and (most is None or median <= most)
    return Figure(name, unit, runs, target, met, note)
