"""The whole engine on a simulated Asterisk, in virtual time: one scenario played, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from told import Told, give_orders, set_agents, told_by

from engine.ami.port import Feed
from engine.app import DEAF, Engine, run_engine
from engine.config import Loaded
from engine.core.release import Release
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import VirtualTimeLoop, run
from engine.sim.media import wav_lengths
from engine.sim.people import play, plug_in
from engine.sim.scenario import Scenario
from engine.speech.port import Recogniser
from engine.speech.scripted import Scripted

#: Virtual seconds after the last caller has gone in which everything comes to rest.
REST = 30.0


@asynccontextmanager
async def simulated_engine(
    pbx: SimulatedAsterisk,
    loaded: Loaded,
    folder: Path,
    release: Release | None = None,
    phones: Feed | None = None,
    recogniser: Recogniser = DEAF,
) -> AsyncIterator[Engine]:
    """An engine that takes calls from `pbx`; while its store opens, works or closes, virtual time stands still."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    running: list[Engine] = []

    def at_work() -> bool:
        return not running or running[0].busy

    loop.busy_hooks.append(at_work)
    try:
        async with run_engine(
            pbx.connect(),
            loaded,
            folder,
            loop.wall,
            durable=False,
            release=release,
            feed=phones,
            recogniser=recogniser,
        ) as engine:
            running.append(engine)
            try:
                await engine.switchboard.ready.wait()
                yield engine
            finally:
                running.clear()
    finally:
        loop.busy_hooks.remove(at_work)


Act = Callable[[SimulatedAsterisk, Engine], Awaitable[None]]


def hearing(scenario: Scenario) -> Recogniser:
    """Who hears what the scenario's callers say: somebody only where they do."""
    return Scripted("en") if scenario.speaks else DEAF


def simulate(loaded: Loaded, folder: Path, act: Act, recogniser: Recogniser = DEAF) -> Told:
    """Run an engine on a simulated Asterisk while `act` happens; everything must be ARI, and nothing may be left over."""

    async def main() -> Told:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": loaded.catalog.folder}))
        async with simulated_engine(pbx, loaded, folder, recogniser=recogniser) as engine:
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
        await asyncio.gather(play(pbx, scenario), give_orders(lambda: engine, scenario))

    return simulate(loaded, folder, act, hearing(scenario))
