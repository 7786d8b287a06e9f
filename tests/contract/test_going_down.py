"""Calls that end because we do: each at its own time, with its true cause; and time that nobody saw is nobody's talk or wait."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from disturbed import Kind, Trouble, play_disturbed
from simulated import simulate
from told import Told, set_agents

from engine.app import Engine
from engine.config import Loaded
from engine.core.event import Event
from engine.core.stays import Books
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.people import play, plug_in
from engine.sim.scenario import AgentPlan, CallerPlan, HangUp, Press, Scenario, Stay, Talk, Then, Wait

ANSWERS = {"2001": AgentPlan("2001", 1.0, Then.ANSWER, 600.0)}
TALKS = CallerPlan("+1", "100", (Wait(3.0), Press("1"), Stay()), {})
WAITS = CallerPlan("+2", "100", (Wait(3.0), Press("1"), Stay()), {}, at=4.0)
LISTENS = CallerPlan("+3", "100", (Stay(),), {}, at=11.0)
SPEAKS = CallerPlan("+4", "100", (Wait(2.0), Press("2"), Talk(30.0), Stay()), {}, at=4.0)
LATE = CallerPlan("+5", "100", (Stay(),), {}, at=12.5)
#: When we go down, seconds after the first call.
DOWN = 12.0


def kinds(events: list[Event], kind: str) -> list[dict[str, object]]:
    """What the events of a kind carry."""
    return [dict(event.data) for event in events if event.kind == kind]


@pytest.fixture(scope="module")
def down(site: Loaded, tmp_path_factory: pytest.TempPathFactory) -> tuple[Told, float, list[int]]:
    """Going down with five calls in all stages: what is on record, when it was (epoch), and how many calls were left open."""
    scenario = Scenario("down", "", (TALKS, WAITS, LISTENS, SPEAKS, LATE), ANSWERS, ("2001",))
    at, left = [0.0], [-1]

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, scenario, list(site.snapshot.settings.agents))
        await set_agents(engine, scenario.ready)
        people = asyncio.create_task(play(pbx, scenario))
        await asyncio.sleep(DOWN)
        at[0] = engine.house.now()
        left[0] = await engine.switchboard.end_calls(5.0)
        await people

    return simulate(site, tmp_path_factory.mktemp("down"), act), at[0], left


def test_going_down_ends_every_call_at_its_own_time_with_its_true_cause(
    down: tuple[Told, float, list[int]],
) -> None:
    told, at, left = down
    assert left == [0]
    for number in ("+1", "+2", "+3", "+4"):
        assert told.events[number][-1].data == {"cause": "stopped"}
        assert at <= told.records[number]["ended_at"] < at + 2.0
    assert {number: record["outcome"] for number, record in told.records.items()} == {
        "+1": "answered",
        "+2": "failed",
        "+3": "failed",
        "+4": "voicemail",
        "+5": "failed",
    }


def test_a_conversation_that_we_end_is_not_ended_by_its_caller(down: tuple[Told, float, list[int]]) -> None:
    told, at, _ = down
    assert [ended["by"] for ended in kinds(told.events["+1"], "talk_ended")] == ["stopped"]
    assert told.records["+1"]["talk_s"] == pytest.approx(at - told.records["+1"]["connected_at"], abs=0.5)
    assert [left["outcome"] for left in kinds(told.events["+2"], "left_queue")] == ["stopped"]


def test_a_message_being_left_as_we_go_down_is_kept(down: tuple[Told, float, list[int]]) -> None:
    (message,) = kinds(down[0].events["+4"], "message")
    assert float(str(message["seconds"])) > 3.0


def test_who_calls_while_we_go_down_is_on_record_and_never_answered(
    down: tuple[Told, float, list[int]],
) -> None:
    record = down[0].records["+5"]
    assert (record["answered_at"], record["outcome"]) == (None, "failed")
    assert record["ended_at"] - record["arrived_at"] < 0.5


@pytest.mark.parametrize("kind", [Kind.KILL, Kind.CUT])
def test_a_night_that_nobody_saw_is_nobodys_talk_or_wait(site: Loaded, tmp_path: Path, kind: Kind) -> None:
    hangs_up = (Wait(3.0), Press("1"), Wait(20.0), HangUp())
    scenario = Scenario(
        "night",
        "",
        (CallerPlan("+1", "100", hangs_up, {}), CallerPlan("+2", "100", hangs_up, {}, at=2.0)),
        ANSWERS,
        ("2001",),
    )
    told = play_disturbed(site, scenario, tmp_path, Trouble(kind, 15.0, 30_000.0)).told
    talked, waited = told.records["+1"], told.records["+2"]
    assert (talked["outcome"], waited["outcome"]) == ("answered", "abandoned")
    for number, record in told.records.items():
        last = told.events[number][-1]
        assert last.data["cause"] == "lost"
        assert last.at - record["arrived_at"] > 30_000, "it is written down when it is found"
        assert record["ended_at"] - record["arrived_at"] == pytest.approx(15.0, abs=3.0)
    assert talked["talk_s"] == pytest.approx(talked["ended_at"] - talked["connected_at"], abs=0.1)
    assert 5.0 < waited["wait_s"] < 15.0
    assert [ended["by"] for ended in kinds(told.events["+1"], "talk_ended")] == ["lost"]


@pytest.mark.parametrize("kind", [Kind.KILL, Kind.CUT])
def test_phones_that_stopped_ringing_while_nobody_saw_it_are_rung_again_at_once_and_nobody_is_blamed(
    site: Loaded, tmp_path: Path, kind: Kind
) -> None:
    ring, gap = 5.0, 12.0
    phones = {name: AgentPlan(name, ring + 1.0, Then.NO_ANSWER) for name in ("2011", "2012", "2013")}
    caller = CallerPlan("+1", "119", (Wait(gap + 4.0), HangUp()), {})
    scenario = Scenario("away", "", (caller,), phones, tuple(phones))
    after = play_disturbed(site, scenario, tmp_path, Trouble(kind, 2.0, gap))
    events = after.told.events["+1"]
    ended = kinds(events, "offer_ended")
    assert [(one["why"], one["rest_until"]) for one in ended[:3]] == [("lost", None)] * 3
    assert [one["why"] for one in ended[3:]] == ["abandoned"] * 3
    rung = [event.at - events[0].at for event in events if event.kind == "offered"]
    assert len(rung) == 6 and all(2.0 + gap < at < 2.0 + gap + 1.0 for at in rung[3:])
    assert {after.agents[name] for name in phones} == {"ready"}
    (row,) = Books().take_all(events).offers[:1]
    assert row.why == "lost"
