"""Callers who are parked at a number, and had back from there by a phone of the house."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from disturbed import play_disturbed
from simulated import play_simulated, simulate
from test_agreement import compare, play_real
from test_recovery import troubles, wrong_ends
from told import Told, disagreements, set_agents
from twin import running_asterisk

from engine.app import Engine
from engine.config import Loaded, load_files
from engine.core import acd
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.people import phone
from engine.sim.scenario import AgentPlan, HangUp, Refer, Wait, load_scenario

CALLER = "+359888000001"
PARKS = AgentPlan("2001", does=(Wait(2.0), Refer("park"), Wait(20.0), HangUp()))


@pytest.fixture
def parking(site_folder: Path, tmp_path: Path) -> Loaded:
    """The scenarios' site with two places to park callers at."""
    shutil.copytree(site_folder.parent, tmp_path / "there")
    folder = tmp_path / "there" / "site"
    text = (folder / "site.yaml").read_text()
    numbers = 'numbers:\n  "*71": parked\n  "*72": parked'
    (folder / "site.yaml").write_text(text.replace("numbers:", numbers, 1) + '\nparking: ["*71", "*72"]\n')
    (folder / "parked.yaml").write_text("flow: parked\nsteps:\n  nobody:\n    - hangup: nobody_parked\n")
    return load_files(folder)


FETCHED = load_scenario(Path(__file__).parents[1] / "scenarios" / "parking" / "fetched_by_phone.yaml")


def test_a_colleague_who_dials_where_a_caller_is_parked_has_them_whatever_happens_to_the_engine(
    parking: Loaded, tmp_path: Path
) -> None:
    calm = play_disturbed(parking, FETCHED, tmp_path / "calm")
    assert calm.wrong == [] and disagreements(FETCHED, calm.told) == []
    wrong = {}
    for number, trouble in enumerate(troubles(calm, FETCHED.name)):
        after = play_disturbed(parking, FETCHED, tmp_path / str(number), trouble)
        if found := after.wrong + wrong_ends(FETCHED, calm, after):
            wrong[str(trouble)] = found
    assert wrong == {}


@pytest.mark.asterisk
@pytest.mark.timeout(120)
def test_a_real_asterisk_tells_the_same_of_parking_and_fetching(parking: Loaded, tmp_path: Path) -> None:
    simulated = play_simulated(parking, FETCHED, tmp_path / "simulated")
    settings, prompts = parking.snapshot.settings, parking.catalog.folder
    with running_asterisk(tmp_path / "asterisk", settings, prompts) as real:
        told = asyncio.run(play_real(real, parking, [FETCHED], tmp_path / "real"))
    assert compare(FETCHED, simulated, told) == []


async def at(engine: Engine, seconds: float) -> list[dict[str, object]]:
    """What the conversations are, so much later."""
    await asyncio.sleep(seconds)
    return engine.switchboard.conversations()


def test_a_parked_caller_is_had_by_whoever_dials_their_number(parking: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        pbx.phones["agent-2001"] = phone(pbx, PARKS)
        await set_agents(engine, ("2001", "2003"))
        pbx.call(CALLER, "101")
        (talk,) = await at(engine, 3.5)
        assert (talk["now"], talk["slot"]) == ("parked", "*71")
        assert [one.playback.media for one in pbx.channels.values() if one.playback] == [
            [f"sound:quietline/en/{sound}" for sound in ("parked_at-1", "parked_at-2", *digits("71"))]
        ]
        await asyncio.sleep(6.0)
        assert len(pbx.channels) == 1, "the agent has heard it, and their phone is let go"
        line = pbx.call("2003", "*71", "agent-2003")
        (talk,) = await at(engine, 1.0)
        assert (talk["now"], talk["with"]) == ("talking", {"kind": "agent", "name": "2003", "there": True})
        assert engine.house.agents.told()["2003"]["state"] == "talking"
        await asyncio.sleep(2.0)
        line.hang_up()

    record = simulate(parking, tmp_path / "state", act).records[CALLER]
    assert (record["outcome"], record["agent"], round(record["hold_s"])) == ("answered", "2003", 6)
    ways = [(leg["to"], leg["how"], leg["ended"]) for leg in record["legs"]]
    assert ways == [("2001", "queue", "parked"), ("2003", "retrieve", "agent")]


def digits(text: str) -> list[str]:
    """The recordings that speak a number to park at."""
    return ["num/star", *(f"num/{digit}" for digit in text)]


def dialled(parking: Loaded, folder: Path, slot: str, endpoint: str, ready: tuple[str, ...]) -> Told:
    """What comes of it where this phone dials that number, and the caller stays parked."""

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        pbx.phones["agent-2001"] = phone(pbx, PARKS)
        await set_agents(engine, ("2001",))
        caller = pbx.call(CALLER, "101")
        await asyncio.sleep(4.0)
        for agent in ready:
            await engine.house.distributor.submit(acd.AgentSet(agent, "ready"))
        pbx.call("2003", slot, endpoint)
        (talk,) = await at(engine, 0.5)
        assert talk["now"] == "parked"
        await asyncio.sleep(2.0)
        caller.hang_up()

    return simulate(parking, folder, act)


@pytest.mark.parametrize(
    ("slot", "endpoint", "ready"),
    [("*72", "agent-2003", ("2003",)), ("*71", "agent-2003", ()), ("*71", "trunk", ("2003",))],
    ids=["nobody is parked there", "the agent is not ready", "it is no phone of the house"],
)
def test_who_dials_in_vain_is_told_so_and_the_caller_stays_parked(
    slot: str, endpoint: str, ready: tuple[str, ...], parking: Loaded, tmp_path: Path
) -> None:
    told = dialled(parking, tmp_path / "state", slot, endpoint, ready)
    assert (told.records["2003"]["flow"], told.records["2003"]["outcome"]) == ("parked", "completed")
    (said,) = [event.data["prompt"] for event in told.events["2003"] if event.kind == "step"]
    assert said == "nobody_parked"


def test_each_caller_is_parked_at_a_number_of_their_own_and_after_the_last_one_at_none(
    parking: Loaded, tmp_path: Path
) -> None:
    numbers = [CALLER, "+359888000002", "+359888000003"]

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        agents = ("2001", "2002", "2003")
        for agent in agents:
            pbx.phones[f"agent-{agent}"] = phone(pbx, PARKS)
        await set_agents(engine, agents)
        callers = []
        for number in numbers:
            callers.append(pbx.call(number, "101"))
            await asyncio.sleep(0.5)
        talks = await at(engine, 3.0)
        assert [one["slot"] for one in talks] == ["*71", "*72", None]
        for caller in callers:
            caller.hang_up()

    records = simulate(parking, tmp_path / "state", act).records
    assert [records[number]["outcome"] for number in numbers] == ["answered"] * 3
