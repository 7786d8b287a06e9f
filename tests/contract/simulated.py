"""The whole engine on a simulated Asterisk, in virtual time: one scenario played, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.app import Engine, run_engine
from engine.config import Loaded
from engine.core import acd
from engine.core.event import Event
from engine.errors import EngineError
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import VirtualTimeLoop, run
from engine.sim.media import wav_lengths
from engine.sim.people import play, plug_in
from engine.sim.scenario import Scenario

#: Virtual seconds after the last caller has gone in which everything comes to rest.
REST = 30.0


@dataclass(frozen=True)
class Told:
    """What the engine has on record of one scenario, by the number each caller called from."""

    records: dict[str, dict[str, Any]]
    events: dict[str, list[Event]]


async def set_agents(engine: Engine, ready: tuple[str, ...]) -> None:
    """Let these agents, and no others, take calls."""
    distributor = engine.house.distributor
    for agent in engine.house.site.settings.agents:
        await distributor.submit(acd.AgentSet(agent, "ready" if agent in ready else "logged_out"))


async def told_by(engine: Engine) -> Told:
    """Read the archive. AssertionError when a contact is still open, or one number has two."""
    records: dict[str, dict[str, Any]] = {}
    events: dict[str, list[Event]] = {}
    for contact in await engine.archive.contacts():
        caller = contact["from_number"]
        assert contact["ended_at"] is not None, f"contact {contact['id']} was never closed"
        assert caller not in records, f"{caller} has two contacts"
        records[caller] = contact
        events[caller] = await engine.archive.events(contact["id"])
    return Told(records, events)


@asynccontextmanager
async def simulated_engine(pbx: SimulatedAsterisk, loaded: Loaded, folder: Path) -> AsyncIterator[Engine]:
    """An engine that takes calls from `pbx`; while its store opens, works or closes, virtual time stands still."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    running: list[Engine] = []

    def at_work() -> bool:
        return not running or running[0].busy

    loop.busy_hooks.append(at_work)
    try:
        async with run_engine(pbx.connect(), loaded, folder, loop.wall, durable=False) as engine:
            running.append(engine)
            try:
                await engine.switchboard.ready.wait()
                yield engine
            finally:
                running.clear()
    finally:
        loop.busy_hooks.remove(at_work)


Act = Callable[[SimulatedAsterisk, Engine], Awaitable[None]]


def simulate(loaded: Loaded, folder: Path, act: Act) -> Told:
    """Run an engine on a simulated Asterisk while `act` happens; everything must be ARI, and nothing may be left over."""

    async def main() -> Told:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": loaded.catalog.folder}))
        async with simulated_engine(pbx, loaded, folder) as engine:
            await act(pbx, engine)
            await asyncio.sleep(REST)
            pbx.verify()
            assert engine.switchboard.calls == 0
            return await told_by(engine)

    return run(main())


def play_simulated(loaded: Loaded, scenario: Scenario, folder: Path) -> Told:
    """Play one scenario's people against the engine."""

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, scenario, list(loaded.snapshot.settings.agents))
        await set_agents(engine, scenario.ready)
        await play(pbx, scenario)

    return simulate(loaded, folder, act)


def disagreements(scenario: Scenario, told: Told) -> list[str]:
    """Where the records depart from what the scenario expects."""
    wrong = []
    for caller in scenario.callers:
        got = told.records.get(caller.from_number)
        if got is None:
            wrong.append(f"{caller.from_number}: no contact")
            continue
        for name, allowed in caller.expect.items():
            value = got[name] if name in got else _of_events(name, told.events[caller.from_number])
            if value not in allowed:
                wrong.append(
                    f"{caller.from_number}: {name} is {value!r}, not {' or '.join(map(repr, allowed))}"
                )
    return wrong


def _of_events(name: str, events: list[Event]) -> Any:
    """What a scenario may expect beside the record's fields."""
    match name:
        case "cause":
            return events[-1].data["cause"]
        case "messages":
            return sum(event.kind == "message" for event in events)
        case _:
            raise EngineError(f"a scenario expects {name!r}, which no contact has")
