"""A phone that holds before the caller is there: the caller is on hold from the moment at which the two are together, or not at all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from disturbed import Kind, Trouble, play_disturbed
from simulated import play_simulated, simulate
from test_talks_named import FIRST, SECOND, talking
from told import Told

from engine.app import Engine
from engine.config import Loaded
from engine.core.event import Event
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.people import endpoint_of, phone
from engine.sim.scenario import Act, AgentPlan, CallerPlan, HangUp, Hold, Scenario, Stay, Wait

CALLER, AGENT = "+359888000001", "2017"
#: What the phone does from the moment at which it is picked up; its agent is told for two seconds and more whose call it is.
HOLDS: tuple[Act, ...] = (Wait(0.5), Hold(True), Wait(6.5), Hold(False), Wait(2.0), HangUp())
TAKES_BACK: tuple[Act, ...] = (Wait(0.5), Hold(True), Wait(0.5), Hold(False), Wait(6.0), HangUp())
AGAIN: tuple[Act, ...] = (Wait(0.3), Hold(True), Wait(0.3), Hold(False), Wait(0.3), Hold(True), Wait(6.1))
STORY = ("phone_held", "phone_resumed", "connected", "held", "resumed", "transferred")


def told_desk(does: tuple[Act, ...]) -> Scenario:
    caller = CallerPlan(CALLER, "117", (Stay(),), {})
    return Scenario("early", "", (caller,), {AGENT: AgentPlan(AGENT, 1.0, does=does)}, (AGENT,))


def story(told: Told) -> list[Event]:
    """The events that say who holds whom, and from when they are together."""
    return [event for event in told.events[CALLER] if event.kind in STORY]


def held_from_the_beginning(told: Told) -> None:
    """The caller was on hold from the moment at which they were connected until 7 s after the phone was picked up."""
    together, held, resumed = (
        next(event.at for event in told.events[CALLER] if event.kind == kind)
        for kind in ("connected", "held", "resumed")
    )
    assert held - together < 0.1
    assert told.records[CALLER]["hold_s"] == pytest.approx(resumed - held, abs=0.002)
    assert resumed - held > 2.0


@pytest.mark.parametrize(
    ("does", "kinds"),
    [
        (HOLDS, ["phone_held", "connected", "held", "resumed"]),
        (
            (*AGAIN, *HOLDS[-3:]),
            ["phone_held", "phone_resumed", "phone_held", "connected", "held", "resumed"],
        ),
    ],
)
def test_a_hold_that_is_on_as_the_two_come_together_is_one_from_then(
    site: Loaded, tmp_path: Path, does: tuple[Act, ...], kinds: list[str]
) -> None:
    told = play_simulated(site, told_desk(does), tmp_path)
    assert [event.kind for event in story(told)] == kinds
    held_from_the_beginning(told)


def test_a_hold_that_was_taken_back_before_is_none(site: Loaded, tmp_path: Path) -> None:
    told = play_simulated(site, told_desk(TAKES_BACK), tmp_path)
    assert [event.kind for event in story(told)] == ["phone_held", "phone_resumed", "connected"]
    assert told.records[CALLER]["hold_s"] is None


@pytest.mark.parametrize("after", [1.0, 3.0])
def test_a_consulted_colleague_whose_phone_holds_has_the_caller_on_hold(
    site: Loaded, tmp_path: Path, after: float
) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        line = await talking(pbx, engine, site)
        pbx.phones[endpoint_of(SECOND)] = phone(
            pbx, AgentPlan(SECOND, 0.5, does=(Wait(after), Hold(True), Wait(600.0)))
        )
        order = engine.switchboard.order
        await order(FIRST, {"do": "consult", "to": f"agent {SECOND}"})
        await asyncio.sleep(2.5)
        await order(FIRST, {"do": "complete"})
        await asyncio.sleep(2.0)
        (told,) = engine.switchboard.conversations()
        assert (told["with"]["name"], told["now"]) == (SECOND, "held")
        assert line.channel.bridge is None and line.channel.music is not None
        line.hang_up()

    simulate(site, tmp_path, act)


@pytest.mark.parametrize("gap", [0.0, 1.0])
@pytest.mark.parametrize("at", [1.7, 2.5])
def test_an_engine_that_dies_in_between_knows_of_the_hold(
    site: Loaded, tmp_path: Path, at: float, gap: float
) -> None:
    after = play_disturbed(site, told_desk(HOLDS), tmp_path, Trouble(Kind.KILL, at, gap))
    assert after.wrong == []
    assert [event.kind for event in story(after.told)] == ["phone_held", "connected", "held", "resumed"]
    held_from_the_beginning(after.told)


def test_nor_does_one_forget_it_that_dies_as_they_come_together(site: Loaded, tmp_path: Path) -> None:
    calm = play_simulated(site, told_desk(HOLDS), tmp_path / "calm")
    began = calm.records[CALLER]["arrived_at"]
    (together,) = [event.at - began for event in calm.events[CALLER] if event.kind == "connected"]
    for number, around in enumerate((-0.0005, 0.0, 0.0005, 0.0015)):
        after = play_disturbed(
            site, told_desk(HOLDS), tmp_path / str(number), Trouble(Kind.KILL, together + around, 0.5)
        )
        assert after.wrong == []
        assert [event.kind for event in story(after.told)][-2:] == ["held", "resumed"]
        assert after.told.records[CALLER]["hold_s"] > 2.0
