"""Callbacks in odd company: several of one call, queues that a release takes away, deaths between two lines of the log, slow people."""

from __future__ import annotations

import asyncio
import shutil
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from disturbed import never_written
from test_callbacks import CALLER, World, answers, busy, in_world, silent

from engine.config import Loaded, load_files
from engine.core.event import Event
from engine.core.site import Settings
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.line import Line
from engine.sim.scenario import AgentPlan, Then


def take_in(world: World, settings: Settings) -> None:
    """A release with other settings."""
    house = world.engine.house
    house.edition = replace(house.edition, site=replace(house.site, settings=settings))
    house.distributor.reload(settings)


async def until(seen: Callable[[], bool]) -> None:
    for _ in range(300):
        if seen():
            return
        await asyncio.sleep(1.0)
    raise AssertionError("that is not seen in five minutes")


def without_sales(settings: Settings) -> Settings:
    agents = {name: agent for name, agent in settings.agents.items() if "sales" not in agent.queues}
    queues = {name: queue for name, queue in settings.queues.items() if name != "sales"}
    return replace(settings, agents=agents, queues=queues)


def test_one_call_may_keep_places_in_two_queues(site: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask("311")
        callbacks = world.engine.switchboard.callbacks()
        assert sorted(one["queue"] for one in callbacks) == ["desk_a", "sales"]
        assert len({one["contact"] for one in callbacks}) == 2
        await world.restart()
        assert len(world.engine.switchboard.callbacks()) == 2
        for one in callbacks:
            await world.engine.switchboard.call_off(one["contact"], {"by": "anna", "why": ""})
        await asyncio.sleep(120.0)

    in_world(site, tmp_path, act)


def test_a_callback_whose_queue_a_release_takes_away_rests_although_others_still_wait_in_it(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask()
        await world.ask(from_number="+359888000002")
        await until(lambda: bool(world.phone.rung))
        await asyncio.sleep(2.0)
        await world.ready()
        whole = world.engine.house.site.settings
        take_in(world, without_sales(whole))
        await asyncio.sleep(120.0)
        events = [e for e in await world.engine.archive.events_after(0, 5000) if e.kind == "left_queue"]
        assert len([e for e in events if e.data["outcome"] == "refused"]) == 1
        for one in world.engine.switchboard.callbacks():
            await world.engine.switchboard.call_off(one["contact"], {"by": "anna", "why": ""})

    in_world(site, tmp_path, act, busy)


def test_a_callback_whose_queue_comes_back_with_a_release_is_rung_at_once(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask()
        await until(lambda: bool(world.phone.rung))
        await asyncio.sleep(2.0)
        whole = world.engine.house.site.settings
        take_in(world, without_sales(whole))
        await asyncio.sleep(3600.0)
        assert len(world.phone.rung) == 1
        take_in(world, whole)
        await world.ready("2004")
        await asyncio.sleep(20.0)
        assert (await world.back())["outcome"] == "answered"

    in_world(site, tmp_path, act, busy, answers())


def test_a_death_before_the_request_of_somebody_unreached_is_written_leaves_it_to_the_next_life(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        ledger = world.engine.house.ledger
        append = ledger.append

        def until_the_request(*events: Event) -> asyncio.Future[None]:
            died = any(event.kind == "request" for event in events)
            if died:
                ledger.append = never_written  # type: ignore[method-assign]
            return never_written() if died else append(*events)

        await world.occupied()
        await world.ask()
        ledger.append = until_the_request  # type: ignore[method-assign]
        await asyncio.sleep(400.0)
        await world.restart()
        await asyncio.sleep(5.0)
        back = await world.back()
        assert back["outcome"] == "unreached"
        (request,) = await world.engine.archive.requests(str(back["id"]))
        assert request["note"] == f"callback to {CALLER}: nobody answered"

    in_world(site, tmp_path, act, silent)


def test_who_is_called_off_while_they_wait_on_the_line_is_told_and_let_go(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask("21")
        await until(lambda: any(c.confirmed for c in world.engine.house.ledger.open.values()))
        back = str((await world.back())["id"])
        assert await world.engine.switchboard.call_off(back, {"by": "anna", "why": "she came by"})
        await asyncio.sleep(60.0)
        record = await world.back()
        assert (record["outcome"], record["connected_at"]) == ("cancelled", None)
        ends = [e.data for e in await world.events() if e.data.get("do") == "End"]
        assert [end["prompt"] for end in ends] == ["callback_sorry"]

    def presses_1_and_waits(line: Line, pbx: SimulatedAsterisk) -> None:
        answers(keys="1", talk=100.0)(line, pbx)

    in_world(site, tmp_path, act, presses_1_and_waits, agent=AgentPlan("2004", 1.0, Then.ANSWER, 90.0))


def test_calling_off_is_on_disk_before_anybody_is_told(site: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask()
        back = str((await world.back())["id"])
        ledger = world.engine.house.ledger
        ledger.append = never_written  # type: ignore[method-assign]
        told = asyncio.ensure_future(world.engine.switchboard.call_off(back, {"by": "anna", "why": ""}))
        await asyncio.sleep(1.0)
        assert not told.done()
        told.cancel()
        await world.restart()
        await asyncio.sleep(120.0)
        assert (await world.back())["outcome"] == "answered"

    in_world(site, tmp_path, act)


def test_every_try_has_a_channel_of_its_own_although_the_clock_stands_still(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask()
        still = world.engine.house.now()
        world.engine.house.now = lambda: still
        await asyncio.sleep(400.0)
        channels = [e.data["channel"] for e in await world.events() if e.kind == "dialled"]
        assert len(channels) == len(set(channels)) == 2

    def agent_goes(line: Line, pbx: SimulatedAsterisk) -> None:
        pbx.later(2.0, lambda: [c.hang_up() for c in pbx.channels.values() if "2004" in c.endpoint])

    in_world(site, tmp_path, act, agent_goes, answers())


@pytest.fixture
def wordy(site_folder: Path, tmp_path: Path) -> Loaded:
    """The site, with half a minute to be heard before 1 is pressed."""
    folder = tmp_path / "wordy"
    shutil.copytree(site_folder.parent, folder)
    with wave.open(str(folder / "prompts" / "en" / "callback_press_1.wav"), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 8000 * 30))
    return load_files(folder / "site")


def test_an_agent_is_reserved_for_as_long_as_the_prompts_take(wordy: Loaded, tmp_path: Path) -> None:
    async def act(world: World) -> None:
        await world.occupied()
        await world.ask("21")
        await asyncio.sleep(400.0)
        ends = [e.data["why"] for e in await world.events() if e.kind == "offer_ended"]
        assert ((await world.back())["outcome"], ends) == ("answered", [])

    def thinks_it_over(line: Line, pbx: SimulatedAsterisk) -> None:
        answers(talk=100.0)(line, pbx)
        pbx.later(70.0, lambda: line.press("1"))

    in_world(wordy, tmp_path / "state", act, thinks_it_over)
