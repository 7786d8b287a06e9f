"""A day of the shipped site on the whole engine: callers who press and say anything, at any hour, and agents who do not always answer."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

from day import RINGS, Caller
from simulated import simulate
from told import set_agents

from engine.app import Engine
from engine.config import load_files
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.line import Line
from engine.sim.people import endpoint_of, phone
from engine.sim.scenario import AgentPlan, Then

SITE = Path(__file__).parents[2] / "ivr_flows"
DAY = 24 * 3600.0
CALLS, AGENTS = 250, ("2001", "2002", "2003", "2004")
#: What a caller may press; mostly what menus offer.
KEYS = "0011112222333445599*#"


async def wander(caller: Caller, chance: random.Random) -> None:
    """Press keys, say something or nothing, and at some moment have enough."""
    await caller.up()
    for _ in range(chance.randint(0, 14)):
        match chance.choice(("key", "key", "key", "number", "words", "nothing")):
            case "key":
                await caller.press(chance.choice(KEYS), chance.uniform(0.3, 9))
            case "number":
                for digit in chance.choice(("471188", "2468#", "204417", "111111")):
                    await caller.press(digit, 0.3)
            case "words":
                await caller.speak(chance.uniform(0.5, 5))
            case _:
                await caller.wait(chance.uniform(1, 30))
    if chance.random() < 0.3:
        caller.hang_up()
    await caller.hold(chance.expovariate(1 / 300))


def test_whatever_callers_of_the_shipped_site_do_at_whatever_hour_nobody_is_stranded(tmp_path: Path) -> None:
    site = load_files(SITE)
    numbers = list(site.snapshot.settings.numbers)
    chance = random.Random("a day of the shipped site")

    def ring(line: Line) -> None:
        (then,) = chance.choices(list(RINGS), RINGS.values())
        talk = 10 + chance.expovariate(1 / 90) if then is Then.ANSWER else None
        phone(pbxes[0], AgentPlan("", chance.uniform(1, 8), then, talk))(line)

    async def one(pbx: SimulatedAsterisk, index: int) -> None:
        own = random.Random(f"caller {index}")
        await asyncio.sleep(own.random() * DAY)
        number = "104" if own.random() < 0.7 else own.choice(numbers)
        await wander(Caller(pbx.call(f"+35988{index:07}", number)), own)

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        pbxes.append(pbx)
        for name in AGENTS:
            pbx.phones[endpoint_of(name)] = ring
        await set_agents(engine, AGENTS)
        async with asyncio.TaskGroup() as callers:
            for index in range(CALLS):
                callers.create_task(one(pbx, index))

    pbxes: list[SimulatedAsterisk] = []
    told = simulate(site, tmp_path, act)
    ends = Counter(record["outcome"] for record in told.records.values())
    assert len(told.records) == CALLS
    assert all(record["ended_at"] for record in told.records.values())
    assert ends["failed"] == 0
    assert min(ends[outcome] for outcome in ("answered", "voicemail", "ivr_hangup", "completed")) > 5, ends
    assert {record["language"] for record in told.records.values()} == {"en", "bg", "ar", "fa"}
