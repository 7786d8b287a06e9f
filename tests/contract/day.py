"""A day of a site with twenty agents: callers by a daily profile, agents who ring, talk, reject or are not there; all by one seed."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.line import Line
from engine.sim.people import endpoint_of, phone
from engine.sim.scenario import AgentPlan, Then

#: Calls of each hour from 08:00 on, out of 100 of the day: two peaks, and fewer at noon and in the evening.
PROFILE = (6, 11, 13, 12, 8, 9, 12, 11, 9, 5, 3, 1)
HOUR = 3600.0
#: Seconds of a conversation, on average and at most; seconds a caller waits for somebody, on average.
TALK, LONGEST_TALK, PATIENCE = 150.0, 1200.0, 240.0
#: What becomes of a ringing phone, out of a hundred rings.
RINGS = {Then.ANSWER: 95, Then.NO_ANSWER: 1, Then.REJECT: 2, Then.BUSY: 2}
#: What callers do, out of a hundred.
CALLERS = {
    "chooses": 62,
    "knows the menu": 14,
    "presses a wrong key": 6,
    "leaves a message": 8,
    "is silent": 3,
    "goes": 7,
}


def write_site(source: Path, target: Path, agents: int) -> None:
    """The scenarios' site in `target`, with realistic times, a larger queue and so many agents, most of them at the first desk."""
    target.mkdir(parents=True)
    for path in (*source.glob("*.yaml"), *source.glob("*.csv")):
        (target / path.name).write_text(path.read_text())
    site = yaml.load((source / "site.yaml").read_text(), Loader=yaml.CSafeLoader)
    site["queue_defaults"] |= {
        "ring": "20s",
        "wrap_up": "20s",
        "capacity": 50,
        "announce_first": "10s",
        "announce_every": "30s",
    }
    site["agents"] = {
        f"{3000 + number}": {
            "title": f"Agent {number}",
            "queues": ["desk_a", "desk_b"] if number % 4 == 0 else ["desk_a" if number % 3 else "desk_b"],
            "contact": f"sip:{3000 + number}@127.0.0.1:{17000 + number}",
        }
        for number in range(agents)
    }
    (target / "site.yaml").write_text(yaml.dump(site, Dumper=yaml.CSafeDumper))


@dataclass
class Day:
    """One day: `calls` callers by the profile, all of it by `seed`. `meant` counts who did what."""

    pbx: SimulatedAsterisk
    calls: int
    seed: str = "a day"
    meant: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)

    def plug_in(self, agents: Iterable[str]) -> None:
        """Give every agent a phone whose owner behaves differently each time it rings."""
        for name in agents:
            self.pbx.phones[endpoint_of(name)] = self._ring

    def _ring(self, line: Line) -> None:
        (then,) = self._chance.choices(list(RINGS), RINGS.values())
        talk = min(LONGEST_TALK, 10 + self._chance.expovariate(1 / TALK)) if then is Then.ANSWER else None
        phone(self.pbx, AgentPlan("", self._chance.uniform(1, 8), then, talk))(line)

    async def run(self) -> None:
        """Let everybody call; ends when the last one has hung up."""
        hours = self._chance.choices(range(len(PROFILE)), PROFILE, k=self.calls)
        times = sorted(HOUR * (hour + self._chance.random()) for hour in hours)
        async with asyncio.TaskGroup() as callers:
            for number, at in enumerate(times):
                callers.create_task(self._caller(f"+35988{number:07}", at))

    async def _caller(self, number: str, at: float) -> None:
        await asyncio.sleep(at)
        chance = random.Random(f"{self.seed} {number}")
        (kind,) = chance.choices(list(CALLERS), CALLERS.values())
        self.meant[kind] += 1
        caller = Caller(self.pbx.call(number, "100"))
        await caller.up()
        match kind:
            case "chooses":
                await caller.press("1", chance.uniform(2, 4))
            case "knows the menu":
                await caller.press("1", chance.uniform(0.2, 0.8))
            case "presses a wrong key":
                await caller.press("9", chance.uniform(2, 4))
                await caller.press("1", chance.uniform(2, 4))
            case "leaves a message":
                await caller.press("3", chance.uniform(2, 4))
                await caller.speak(chance.uniform(4, 9))
                caller.hang_up()
            case "goes":
                await caller.wait(chance.uniform(0.2, 3))
                caller.hang_up()
        await caller.hold(chance.expovariate(1 / PATIENCE))


class Caller:
    """Somebody who calls."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._up, self._over = asyncio.Event(), asyncio.Event()
        line.on_up, line.on_over = self._up.set, self._ended

    def _ended(self) -> None:
        self._up.set()
        self._over.set()

    async def up(self) -> None:
        """Wait until the call is answered, or over."""
        await self._up.wait()

    async def wait(self, seconds: float) -> None:
        """Wait, but no longer than the call lasts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    async def press(self, key: str, after: float) -> None:
        """Press a key after some seconds."""
        await self.wait(after)
        self._line.press(key)

    async def speak(self, seconds: float) -> None:
        """Wait for the tone, then speak."""
        await self.wait(2)
        self._line.speak(True)
        await self.wait(seconds)
        self._line.speak(False)

    async def hold(self, patience: float) -> None:
        """Wait for somebody, and then talk for as long as they want; hang up when nobody comes in time."""
        await self.wait(patience)
        if self._line.channel.bridge is None:
            self.hang_up()
        await self._over.wait()

    def hang_up(self) -> None:
        """Put the phone down."""
        self._line.hang_up()
