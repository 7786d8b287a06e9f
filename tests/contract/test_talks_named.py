"""Which conversation is meant by whom, and what becomes of one in which something else happens in the very moment of a change."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from simulated import REST, simulate, simulated_engine
from told import set_agents, told_by

from engine.app import Engine
from engine.config import Loaded
from engine.core import acd
from engine.core.event import Event
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.line import Line
from engine.sim.media import wav_lengths
from engine.sim.people import endpoint_of, phone, plug_in
from engine.sim.scenario import AgentPlan, Scenario

CALLER, FIRST, SECOND = "+359888000001", "2001", "2003"


async def talking(pbx: SimulatedAsterisk, engine: Engine, site: Loaded) -> Line:
    """A caller has been speaking with the first agent for a while; a colleague is free."""
    plug_in(pbx, Scenario("named", "", ()), list(site.snapshot.settings.agents))
    for agent in (FIRST, SECOND):
        pbx.phones[endpoint_of(agent)] = phone(pbx, AgentPlan(agent, 0.5, talk=600.0))
    await set_agents(engine, (FIRST, SECOND))
    line = pbx.call(CALLER, "101")
    await asyncio.sleep(4.0)
    return line


def with_wrap_up(site: Loaded, seconds: float) -> Loaded:
    settings = site.snapshot.settings
    queues = {name: replace(queue, wrap_up=seconds) for name, queue in settings.queues.items()}
    return replace(site, snapshot=replace(site.snapshot, settings=replace(settings, queues=queues)))


def test_who_wraps_up_a_caller_they_have_sent_on_does_nothing_to_them_any_more(
    site: Loaded, tmp_path: Path
) -> None:
    slow = with_wrap_up(site, 30.0)

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line = await talking(pbx, engine, slow)
        order, agents = engine.switchboard.order, engine.house.agents
        on_their_way = await order(FIRST, {"do": "transfer", "to": f"agent {SECOND}"})
        assert on_their_way is not None and on_their_way["now"] == "ringing"
        await asyncio.sleep(2.0)
        assert [agents.told()[name]["state"] for name in (FIRST, SECOND)] == ["wrap_up", "talking"]
        assert await order(FIRST, {"do": "hold"}) is None
        held = await order(SECOND, {"do": "hold"})
        assert held is not None and held["now"] == "held"
        line.hang_up()

    simulate(slow, tmp_path, act)


def test_an_order_tells_the_moment_in_which_it_is_done_whatever_comes_right_after_it(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line = await talking(pbx, engine, site)
        order = engine.switchboard.order
        await order(FIRST, {"do": "hold"})
        resumed, parked = await asyncio.gather(order(FIRST, {"do": "resume"}), order(FIRST, {"do": "park"}))
        assert resumed is not None and parked is not None
        assert (resumed["now"], resumed["parked_until"]) == ("talking", None)
        assert parked["now"] == "parked" and parked["parked_until"] > engine.house.now()
        line.hang_up()

    simulate(site, tmp_path, act)


def test_an_order_tells_who_does_not_come_and_where_the_caller_is_sent(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line = await talking(pbx, engine, site)
        order = engine.switchboard.order
        told = await order(FIRST, {"do": "transfer", "to": "number 0420"})
        assert told is not None and told["now"] == "talking"
        assert told["in_vain"] == {"name": "0420", "why": "unreachable"}
        told = await order(FIRST, {"do": "hold"})
        assert told is not None and told["now"] == "held" and "in_vain" not in told
        told = await order(FIRST, {"do": "transfer", "to": "queue desk_b"})
        assert told is not None and (told["now"], told["to"]) == ("sent on", "desk_b")
        await asyncio.sleep(3.0)
        told = await order(SECOND, {"do": "transfer", "to": "extension 103"})
        assert told is not None and (told["now"], told["to"]) == ("sent on", "103")
        line.hang_up()

    simulate(site, tmp_path, act)


def test_a_caller_who_was_being_parked_as_the_engine_died_is_parked(site: Loaded, tmp_path: Path) -> None:
    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
        async with simulated_engine(pbx, site, tmp_path) as engine:
            line = await talking(pbx, engine, site)
            (contact,) = engine.house.ledger.open.values()
            now = engine.house.now()
            parked = {"by": "anna", "until": now + 60.0}
            await engine.house.ledger.append(Event("parked", now, contact.id, contact.agent, parked))
        async with simulated_engine(pbx, site, tmp_path) as engine:
            await asyncio.sleep(1.0)
            (told,) = engine.switchboard.conversations()
            assert told["now"] == "parked" and not told["with"]["there"]
            assert engine.house.agents.told()[FIRST]["state"] != "talking"
            assert await engine.switchboard.order(FIRST, {"do": "retrieve", "to": f"agent {SECOND}"})
            await asyncio.sleep(2.0)
            (told,) = engine.switchboard.conversations()
            assert (told["with"]["name"], told["now"]) == (SECOND, "talking")
            line.hang_up()
            await asyncio.sleep(REST)
            pbx.verify()
            assert (await told_by(engine)).records[CALLER]["outcome"] == "answered"

    run(main())


@pytest.mark.parametrize("turns", [1, 4, 9, 17, 30])
@pytest.mark.parametrize("do", ["consult", "transfer"])
def test_a_colleague_who_leaves_in_the_moment_they_are_called_in_costs_nobody_their_call(
    site: Loaded, tmp_path: Path, do: str, turns: int
) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line, agents = await talking(pbx, engine, site), engine.house.agents
        asking = asyncio.create_task(
            engine.switchboard.order(FIRST, {"do": do, "to": f"agent {SECOND}"}), name="order"
        )
        while agents.told()[SECOND]["state"] != "reserved":  # noqa: ASYNC110 - turns of the loop, not time
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        await engine.house.distributor.submit(acd.AgentSet(SECOND, "logged_out"))
        await asking
        await asyncio.sleep(3.0)
        (told,) = engine.switchboard.conversations()
        assert (told["with"]["name"], told["now"]) == (FIRST, "talking")
        line.hang_up()

    told = simulate(site, tmp_path, act)
    assert [event.data["cause"] for event in told.events[CALLER] if event.kind == "ended"] == ["caller"]
