"""A scenario whose engine loses Asterisk, or its life, at one moment; in virtual time, so that thousands of moments can be tried."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from simulated import hearing, simulated_engine
from told import Told, give_orders, set_agents, told_by

from engine.app import Engine
from engine.config import Loaded
from engine.core.audit import check_invariants
from engine.core.event import Event
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.media import wav_lengths
from engine.sim.people import play, plug_in
from engine.sim.scenario import Scenario

#: Virtual seconds after the last caller has gone in which everything comes to rest: cool-downs last 30 s.
REST = 60.0


class Kind(StrEnum):
    """What is done to the engine."""

    CUT = "cut"
    KILL = "kill"


@dataclass(frozen=True)
class Trouble:
    """`at` virtual seconds after the first caller may call, for `gap` seconds."""

    kind: Kind
    at: float
    gap: float

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:.4f} s for {self.gap:g} s"


@dataclass(frozen=True)
class Aftermath:
    """What came of it: the records, every agent's state, what was wrong, and who met no engine."""

    told: Told
    agents: dict[str, str]
    wrong: list[str]
    met_no_engine: frozenset[str]


def play_disturbed(
    loaded: Loaded,
    scenario: Scenario,
    folder: Path,
    *troubles: Trouble,
    chance: random.Random | None = None,
) -> Aftermath:
    """Play a scenario's people while the engine is in trouble, in the order given; with `chance`, what travels is late."""

    async def main() -> Aftermath:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": loaded.catalog.folder}), chance=chance)
        plug_in(pbx, scenario, list(loaded.snapshot.settings.agents))
        hears = hearing(scenario)
        async with AsyncExitStack() as life:
            engine = await life.enter_async_context(simulated_engine(pbx, loaded, folder, recogniser=hears))
            there: list[Engine] = [engine]
            await set_agents(engine, scenario.ready)
            began = pbx.now()
            people = asyncio.create_task(play(pbx, scenario), name="people")
            orders = asyncio.create_task(give_orders(lambda: there[0] if there else None, scenario))
            for trouble in troubles:
                await asyncio.sleep(max(0.0, began + trouble.at - pbx.now()))
                transport = pbx.apps[pbx.app].transport
                assert transport is not None
                if trouble.kind is Kind.CUT:
                    transport.cut()
                    await asyncio.sleep(trouble.gap)
                    transport.restore()
                else:
                    there.clear()
                    engine.house.ledger.append = never_written  # type: ignore[method-assign]
                    transport.close()
                    await life.aclose()
                    await asyncio.sleep(trouble.gap)
                    engine = await life.enter_async_context(
                        simulated_engine(pbx, loaded, folder, recogniser=hears)
                    )
                    there.append(engine)
            await people
            await orders
            await asyncio.sleep(REST)
            return await aftermath(pbx, engine)

    return run(main())


def never_written(*_: Event) -> asyncio.Future[None]:
    """What comes of an event after the engine was killed."""
    return asyncio.get_running_loop().create_future()


async def aftermath(pbx: SimulatedAsterisk, engine: Engine) -> Aftermath:
    """Look at everything once it is at rest."""
    state = engine.house.distributor.state
    wrong = pbx.faults + pbx.leftovers() + [f"stored recording {name}" for name in pbx.stored]
    wrong += [f"call {contact} goes on" for contact in engine.house.ledger.open]
    if engine.switchboard.calls:
        wrong.append(f"{engine.switchboard.calls} calls in the switchboard")
    wrong += [f"{contact} still waits" for contact in state.callers]
    wrong += [f"offer {offer} still rings" for offer in state.offers]
    try:
        check_invariants(state, engine.house.now())
    except AssertionError as broken:
        wrong.append(str(broken))
    agents = {name: agent.state for name, agent in state.agents.items()}
    return Aftermath(
        await told_by(engine), agents, wrong, frozenset(one.from_number for one in pbx.fallbacks)
    )
