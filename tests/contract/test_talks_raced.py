"""Something happens in the very moment of a change in a conversation: nobody is lost, stuck, or left in a call with nobody."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from simulated import simulate
from test_joined_calls import both
from test_talks_named import CALLER, FIRST, SECOND, talking, with_wrap_up

from engine.app import Engine
from engine.config import Loaded
from engine.core import acd
from engine.core.audit import check_invariants
from engine.errors import SetupError
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.line import Line
from engine.sim.people import endpoint_of, phone
from engine.sim.scenario import AgentPlan

BOSS = "2004"
#: How many moments of each are tried in a run.
MOMENTS = int(os.environ.get("QUIETLINE_RACES", "1"))
#: Turns of the loop within which what was asked for is brought about.
TURNS = 45
CALLS_IN = {"do": "consult", "to": f"agent {SECOND}"}
#: What is asked for, each so many seconds after the one before.
ORDERS: Mapping[str, tuple[tuple[float, dict[str, str]], ...]] = {
    "hold": ((0.0, {"do": "hold"}), (1.0, {"do": "resume"})),
    "consult": ((0.0, CALLS_IN), (2.0, {"do": "complete"})),
    "complete while it rings": ((0.0, CALLS_IN), (0.2, {"do": "complete"})),
    "cancel": ((0.0, CALLS_IN), (2.0, {"do": "cancel"})),
    "conference": ((0.0, CALLS_IN), (2.0, {"do": "conference"})),
    "transfer": ((0.0, {"do": "transfer", "to": f"agent {SECOND}"}),),
    "into a queue": ((0.0, {"do": "transfer", "to": "queue desk_b"}),),
    "park": ((0.0, {"do": "park"}), (1.0, {"do": "retrieve", "to": f"agent {SECOND}"})),
    "listen": ((0.0, {"do": "listen", "to": BOSS}), (2.0, {"do": "barge", "to": BOSS})),
}
HAPPENS = ("the caller hangs up", "the agent hangs up", "the colleague's phone has gone")
AT_REST = ("ready", "paused", "logged_out")


async def happens(what: str, pbx: SimulatedAsterisk, engine: Engine) -> None:
    """It does, now."""
    if what == "the colleague's phone has gone":
        await engine.house.distributor.submit(acd.PhoneReachable(SECOND, False))
        return
    gone = {"the caller hangs up": None, "the agent hangs up": endpoint_of(FIRST)}[what]
    for channel in list(pbx.channels.values()):
        ours = "~" in channel.id
        if channel.spies is None and (not ours if gone is None else ours and channel.endpoint == gone):
            channel.hang_up()


@pytest.mark.parametrize("moment", range(MOMENTS))
@pytest.mark.parametrize("what", HAPPENS)
@pytest.mark.parametrize("order", ORDERS)
def test_whatever_happens_in_that_moment_everybody_is_free_in_the_end(
    site: Loaded, tmp_path: Path, order: str, what: str, moment: int
) -> None:
    chance = random.Random(f"{order} {what} {moment}")
    steps = ORDERS[order]
    at, turns = chance.randrange(len(steps)), chance.randrange(TURNS)
    loaded = with_wrap_up(site, chance.choice((0.0, 5.0)))

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line = await talking(pbx, engine, loaded)
        pbx.phones[endpoint_of(BOSS)] = phone(pbx, AgentPlan(BOSS, 0.5, talk=20.0))
        for number, (after, asked) in enumerate(steps):
            await asyncio.sleep(after)
            order = asyncio.create_task(engine.switchboard.order(FIRST, asked))
            for _ in range(turns if number == at else 0):
                await asyncio.sleep(0)
            if number == at:
                await happens(what, pbx, engine)
            await asyncio.wait({order})
            assert order.exception() is None or isinstance(order.exception(), SetupError)
        await asyncio.sleep(30.0)
        line.hang_up()
        await asyncio.sleep(30.0)
        state = engine.house.distributor.state
        check_invariants(state, engine.house.now())
        assert not (state.asks or state.talks or state.offers or state.callers)
        assert {a.name: str(a.state) for a in state.agents.values() if a.own or a.state not in AT_REST} == {}

    told = simulate(loaded, tmp_path, act)  # and no channel or bridge is left over
    events = told.events[CALLER]
    assert {e.data["cause"] for e in events if e.kind == "ended"} <= {"caller", "flow"}
    assert told.records[CALLER]["outcome"] == "answered"
    kinds = [event.kind for event in events]
    assert kinds.count("supervision_asked") == kinds.count("supervision_ended")


#: Who hangs up as an agent's two calls are joined, or what else happens then.
LEAVES = ("caller", "first call", "second call", "both calls", "colleague", "nobody, and by command too")


@pytest.mark.parametrize("moment", range(MOMENTS))
@pytest.mark.parametrize("who", LEAVES)
def test_whoever_hangs_up_as_two_calls_are_joined_everybody_is_free_in_the_end(
    site: Loaded, tmp_path: Path, who: str, moment: int
) -> None:
    chance = random.Random(f"joined {who} {moment}")
    turns, loaded = chance.randrange(TURNS), with_wrap_up(site, chance.choice((0.0, 5.0)))

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        colleagues: list[Line] = []
        caller, first, second = await both(pbx, engine, loaded, AgentPlan("2007", 0.5), colleagues)
        leave = {"caller": [caller], "first call": [first], "second call": [second], "colleague": colleagues}
        leave["both calls"] = chance.sample([first, second], 2)
        source, other = chance.sample([first, second], 2)

        async def leaves() -> None:
            for line in leave.get(who, []):
                line.hang_up()
            if who not in leave:
                with suppress(SetupError):
                    await engine.switchboard.order("2000", {"do": "complete"})

        async def joins() -> None:
            source.refer("140", other)

        for act in chance.sample([leaves, joins], 2):
            await act()
            for _ in range(turns):
                await asyncio.sleep(0)
        await asyncio.sleep(20.0)
        for bridge in pbx.bridges.values():  # nobody is in one alone, save an agent who holds their caller
            assert len(bridge.channels) == 2 or bridge.channels == [first.channel]
        for line in (caller, first, second):
            line.hang_up()
        await asyncio.sleep(30.0)
        state = engine.house.distributor.state
        check_invariants(state, engine.house.now())
        assert not (state.asks or state.talks or state.offers or state.callers)
        assert {a.name: str(a.state) for a in state.agents.values() if a.own or a.state not in AT_REST} == {}

    told = simulate(loaded, tmp_path, act)
    two = told.records[CALLER], told.records["2000"]
    assert [record["outcome"] for record in two] == ["answered", "answered"]
    assert two[0]["joined"] in (None, two[1]["id"]) and two[1]["joined"] in (None, two[0]["id"])
    assert (two[0]["joined"] is None) == (two[1]["joined"] is None)


@pytest.mark.parametrize("what", HAPPENS[:2])
def test_who_asks_for_something_as_the_conversation_ends_is_told_so_at_once(
    site: Loaded, tmp_path: Path, what: str
) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line, loop = await talking(pbx, engine, site), asyncio.get_running_loop()

        async def asked(turns: int) -> float:
            if turns >= 20:
                await asyncio.sleep(turns // 20 * 0.0005)
            for _ in range(turns % 20):
                await asyncio.sleep(0)
            began = loop.time()
            with suppress(SetupError):
                await engine.switchboard.order(FIRST, {"do": "hold" if turns % 2 else "resume"})
            return loop.time() - began

        await happens(what, pbx, engine)
        took = await asyncio.gather(*map(asked, range(100)))
        assert max(took) < 1.0, took
        line.hang_up()

    simulate(site, tmp_path, act)
