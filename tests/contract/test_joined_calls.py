"""An agent's phone has a caller and a second call to a number of the site's, which is a contact of its own: the two are joined."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from simulated import REST, play_simulated, simulate, simulated_engine
from told import Told, disagreements, set_agents, told_by

from engine.app import Engine
from engine.config import Loaded
from engine.core.stays import KINDS, Books
from engine.errors import SetupError
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.line import Line
from engine.sim.media import wav_lengths
from engine.sim.people import dial, endpoint_of, phone, plug_in
from engine.sim.scenario import AgentPlan, Hold, Scenario, Stay, Wait, load_scenario

CALLER, FIRST, SECOND, COLLEAGUE = "+359888000001", "2000", "2007", "2003"
ANSWERS = "{ring: 1s, then: answer}"
JOINS = '[{wait: 1s}, hold, {dial: "140"}, {wait: 4s}, join, {wait: 1s}, hangup]'


def played(
    site: Loaded, folder: Path, does: str, answers: str, expect: str, caller: str = "stay", more: str = ""
) -> list[str]:
    """What departs from what is expected, where the agent of a caller does this with their phone, and whoever answers that."""
    file = folder / "joined.yaml"
    file.write_text(f"""
about: an agent uses the second line of their phone
number: "101"
from: "{CALLER}"
caller: [{caller}]
agents:
  "{FIRST}": {{ring: 1s, does: {does}}}
  "{SECOND}": {answers}
  "{COLLEAGUE}": {{ring: 1s, then: answer, talk: 5s}}
ready: ["{FIRST}", "{SECOND}", "{COLLEAGUE}"]
expect: {expect}
{more}
""")
    scenario = load_scenario(file)
    return disagreements(scenario, play_simulated(site, scenario, folder / "state"))


CASES = {
    "and the caller hangs up in the end": (
        JOINS,
        ANSWERS,
        '{agent: "2007", queue: claims, hold: 4, path: "2000 queue transferred, 2007 joined caller", '
        'joined: "2000 answered 2007 joined"}',
        "{wait: 12s}, hangup",
    ),
    "by command": (
        '[{wait: 1s}, hold, {dial: "140"}, {wait: 20s}, hangup]',
        "{ring: 1s, then: answer, talk: 8s}",
        '{agent: "2007", path: "2000 queue transferred, 2007 joined agent", joined: "2000 answered 2007 joined"}',
        "stay",
        'orders: [{at: 8s, who: "2000", do: complete}]',
    ),
    "while whoever has answered holds the call, and the caller hears music until they are back": (
        JOINS,
        "{ring: 1s, does: [{wait: 1s}, hold, {wait: 6s}, unhold, {wait: 2s}, hangup]}",
        '{agent: "2007", hold: 8, path: "2000 queue transferred, 2007 joined agent"}',
    ),
    "while whoever has answered consults somebody, in vain: the caller is with their agent": (
        JOINS,
        ANSWERS,
        '{agent: "2000", joined: [null], path: "2000 queue agent"}',
        "stay",
        'orders: [{at: 6s, who: "2007", do: consult, to: "agent 2003"}]',
    ),
    "while whoever has answered has sent the call on to a colleague, with whom the caller is then": (
        '[{wait: 1s}, hold, {dial: "140"}, {wait: 7s}, join, {wait: 1s}, hangup]',
        '{ring: 1s, does: [{wait: 1s}, {refer: "2003"}, {wait: 2s}, hangup]}',
        '{agent: "2003", queue: claims, path: "2000 queue transferred, 2003 joined agent", '
        'joined: "2000 answered 2003 joined"}',
    ),
    "not at all: who puts the first one down has done with the caller": (
        '[{wait: 1s}, hold, {dial: "140"}, {wait: 4s}, hangup]',
        ANSWERS,
        '{agent: "2000", joined: [null], path: "2000 queue agent"}',
    ),
    "as the second one still waits in a queue, which it has not given up": (
        '[{wait: 1s}, hold, {dial: "140"}, {wait: 1s}, join, {wait: 1s}, hangup]',
        "{ring: 3s, then: answer, talk: 2s}",
        '{agent: "2007", path: "2000 queue transferred, 2007 queue agent", joined: "2000 completed nobody joined"}',
    ),
    "as the second one is in a flow": (
        '[{wait: 1s}, hold, {dial: "103"}, {wait: 1s}, join, {wait: 1s}, hangup]',
        ANSWERS,
        '{agent: "2000", cause: flow, path: "2000 queue transferred", joined: "2000 completed nobody joined"}',
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_agent_joins_their_two_calls(case: tuple[str, ...], site: Loaded, tmp_path: Path) -> None:
    assert played(site, tmp_path, *case) == []


async def both(
    pbx: SimulatedAsterisk,
    engine: Engine,
    site: Loaded,
    answers: AgentPlan,
    colleagues: list[Line],
    number: str = "140",
) -> tuple[Line, ...]:
    """A caller on hold, the line of their agent's phone, and its second call, which a colleague has answered from a queue."""
    plug_in(pbx, Scenario("joined", "", ()), list(site.snapshot.settings.agents))
    lines: list[Line] = []
    called = phone(pbx, AgentPlan(FIRST, 0.5, does=(Wait(1.0), Hold(True), Stay())))

    def rung(line: Line) -> None:
        lines.append(line)
        called(line)

    pbx.phones[endpoint_of(FIRST)] = rung
    answered = phone(pbx, answers)

    def colleague(line: Line) -> None:
        colleagues.append(line)
        answered(line)

    pbx.phones[endpoint_of(SECOND)] = colleague
    await set_agents(engine, (FIRST, SECOND))
    caller = pbx.call(CALLER, "101")
    await asyncio.sleep(4.0)
    second = await dial(pbx, lines[0], number)
    await asyncio.sleep(3.0 if number == "140" else 0.5)
    return caller, lines[0], second


def joined(site: Loaded, folder: Path, how: str) -> Told:
    """What comes of it where the two are joined in this way, and the caller hangs up later."""

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        caller, first, second = await both(pbx, engine, site, AgentPlan(SECOND, 0.5), [])
        if how == "asked for in the second call":
            second.refer("101", first)
        else:
            told = await engine.switchboard.order(FIRST, {"do": "complete"})
            assert told is not None and told["with"] == {"kind": "agent", "name": SECOND, "there": True}
        await asyncio.sleep(2.0)
        assert first.over and second.over
        (talk,) = engine.switchboard.conversations()
        assert (talk["now"], talk["with"]["name"], talk["queue"]) == ("talking", SECOND, "claims")
        agents = engine.house.agents.told()
        assert agents[SECOND]["state"] == "talking" and agents[FIRST]["state"] != "talking"
        assert engine.house.distributor.state.agents[SECOND].contact == talk["contact"]
        caller.hang_up()
        await asyncio.sleep(0.5)
        assert engine.house.agents.told()[SECOND]["state"] == "wrap_up"
        books = Books().take_all(await engine.archive.events_since(0.0, KINDS))
        assert [(one.queue, one.agent, one.kind, one.outcome) for one in books.stays] == [
            ("desk_a", FIRST, "caller", "answered"),
            ("claims", SECOND, "caller", "answered"),
            ("claims", SECOND, "on", "answered"),
        ]

    return simulate(site, folder, act)


@pytest.mark.parametrize("how", ["asked for in the second call", "by command"])
def test_who_answered_the_second_call_has_the_caller_and_one_wrap_up_of_their_queue(
    site: Loaded, tmp_path: Path, how: str
) -> None:
    told = joined(site, tmp_path, how)
    caller, agent = told.records[CALLER], told.records[FIRST]
    assert (caller["joined"], agent["joined"]) == (agent["id"], caller["id"])
    (sent,) = [event.data for event in told.events[CALLER] if event.kind == "transferred"]
    assert (sent["how"], sent["to"], sent["from"], sent["joined"]) == ("joined", SECOND, FIRST, agent["id"])
    (gone,) = [event.data for event in told.events[FIRST] if event.kind == "joined"]
    assert gone == {"contact": caller["id"]}
    assert [(leg["to"], leg["how"], leg["ended"]) for leg in agent["legs"]] == [(SECOND, "queue", "joined")]


@pytest.mark.parametrize("restart", [False, True])
def test_a_caller_goes_on_where_the_second_call_stands_in_its_flow_and_is_asked_again_what_is_asked_there(
    site: Loaded, tmp_path: Path, restart: bool
) -> None:
    """Four digits that the agent keys in lead to a choice, which is the caller's."""

    async def main() -> Told:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
        async with simulated_engine(pbx, site, tmp_path) as engine:
            caller, first, second = await both(pbx, engine, site, AgentPlan(SECOND, 0.5), [], "109")
            for key in "4711":
                second.press(key)
                await asyncio.sleep(0.2)
            await asyncio.sleep(0.5)
            first.refer("109", second)
            await asyncio.sleep(0.5)
            if not restart:
                return await chosen(pbx, engine, caller)
        async with simulated_engine(pbx, site, tmp_path) as engine:
            return await chosen(pbx, engine, caller)

    async def chosen(pbx: SimulatedAsterisk, engine: Engine, caller: Line) -> Told:
        await asyncio.sleep(0.5)
        caller.press("1")
        await asyncio.sleep(REST)
        pbx.verify()
        return await told_by(engine)

    told = run(main())
    record, events = told.records[CALLER], told.events[CALLER]
    sent = next(n for n, event in enumerate(events) if event.kind == "transferred")
    assert events[sent].data["stands"]["told"] == ["4711"]
    steps = [(e.data["step"], e.data["do"], e.data["outcome"]) for e in events[sent:] if e.kind == "step"]
    assert steps[:2] == [("number", "Choose", "1"), ("right", "End", None)]
    assert record["joined"] == told.records[FIRST]["id"] and told.records[FIRST]["outcome"] == "completed"


def test_a_second_call_that_nobody_has_made_cannot_be_joined(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        caller, _, second = await both(pbx, engine, site, AgentPlan(SECOND, 0.5), [])
        second.hang_up()
        await asyncio.sleep(1.0)
        with pytest.raises(SetupError, match="2000 consults nobody: there is nothing to complete"):
            await engine.switchboard.order(FIRST, {"do": "complete"})
        caller.hang_up()

    assert simulate(site, tmp_path, act).records[CALLER]["joined"] is None


def test_the_second_call_ends_also_where_the_caller_goes_as_they_take_its_place(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        def taken() -> list[str]:
            return [one.id for one in engine.house.ledger.open.values() if one.taken_over]

        caller, first, second = await both(pbx, engine, site, AgentPlan(SECOND, 60.0), [])
        await engine.switchboard.order(FIRST, {"do": "resume"})
        order = asyncio.ensure_future(engine.switchboard.order(FIRST, {"do": "complete"}))
        while not taken():  # noqa: ASYNC110 - the very moment in which it is decided
            await asyncio.sleep(0)
        caller.hang_up()
        await asyncio.wait({order})
        await asyncio.sleep(1.0)
        assert taken() == [] and second.over
        first.hang_up()

    simulate(site, tmp_path, act)
