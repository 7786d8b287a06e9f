"""Releases in the whole engine: a call in progress keeps its own, new calls take the new one, and nobody is lost between them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from disturbed import never_written
from simulated import simulated_engine
from told import Told, set_agents, told_by

from engine.app import Engine
from engine.config import Loaded
from engine.core.release import Release, following
from engine.release.shelf import SHORT, Shelf
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.media import wav_seconds
from engine.sim.people import play, plug_in
from engine.sim.scenario import AgentPlan, CallerPlan, HangUp, Press, Scenario, Stay, Then, Wait

ANSWERS = {"2001": AgentPlan("2001", 1.0, Then.ANSWER, 5.0)}


class Site:
    """A site's folder that is edited while calls are in it."""

    def __init__(self, original: Path, folder: Path) -> None:
        shutil.copytree(original.parent, folder / "edited")
        self.folder, self.state = folder / "edited" / "site", folder / "state"
        self.shelf = Shelf(self.state)

    def release(self, known: tuple[Release, ...], at: float = 0.0) -> tuple[Loaded, Release]:
        """The folder as it is now, as the release that comes next."""
        release = following(known, self.shelf.keep(self.folder), "mila", "", at, str(self.folder))
        return self.shelf.load(release), release

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a file."""
        path = self.folder / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    async def publish(self, engine: Engine) -> Release:
        """Make the folder live."""
        files, release = self.release(engine.releases, engine.house.now())
        await engine.publish(files, release)
        return release

    def lengths(self, name: str) -> float | None:
        """How long a release's recording lasts."""
        top, _, rest = name.partition("/")
        path = self.shelf.folder / f"{rest}.wav"
        return wav_seconds(path) if top == "quietline-releases" and path.exists() else None


@pytest.fixture
def edited(site_folder: Path, tmp_path: Path) -> Site:
    """The scenarios' site, to be edited."""
    return Site(site_folder, tmp_path)


def heard(told: Told, number: str) -> list[str]:
    """The prompts a caller was played, in order."""
    steps = [event.data for event in told.events[number] if event.kind == "step"]
    return [
        d["prompt"] if "prompt" in d else d["prompts"][0] for d in steps if "prompt" in d or "prompts" in d
    ]


def release_of(told: Told, number: str) -> int:
    """The release a call began with."""
    return int(told.events[number][0].data["release"])


def with_trouble(site: Site, scenario: Scenario, trouble: Callable[[Engine], object]) -> Told:
    """Play a scenario on release 1 while `trouble(engine)` happens beside it."""

    async def main() -> Told:
        files, first = site.release(())
        pbx = SimulatedAsterisk(lengths=site.lengths)
        async with simulated_engine(pbx, files, site.state, first) as engine:
            plug_in(pbx, scenario, list(files.snapshot.settings.agents))
            await set_agents(engine, scenario.ready)
            async with asyncio.TaskGroup() as group:
                group.create_task(play(pbx, scenario))
                group.create_task(trouble(engine))  # type: ignore[arg-type]
            await asyncio.sleep(30.0)
            pbx.verify()
            return await told_by(engine)

    return run(main())


def test_a_call_in_progress_keeps_its_release_while_new_calls_take_the_new_one(edited: Site) -> None:
    old = CallerPlan("+1", "100", (Wait(8.0), Press("9"), Stay()), {})
    new = CallerPlan("+2", "100", (Stay(),), {}, at=5.0)

    async def publish(engine: Engine) -> None:
        await asyncio.sleep(2.5)
        edited.edit("front.yaml", "- hangup: goodbye", "- hangup: message_thanks")
        await edited.publish(engine)

    told = with_trouble(edited, Scenario("two", "", (old, new), {}, ()), publish)
    assert [release_of(told, number) for number in ("+1", "+2")] == [1, 2]
    assert (heard(told, "+1")[-1], heard(told, "+2")[-1]) == ("goodbye", "message_thanks")
    assert told.records["+1"]["flow_hash"] != told.records["+2"]["flow_hash"]


def test_a_release_plays_its_own_recordings_whatever_becomes_of_the_folder(edited: Site) -> None:
    played: list[str] = []
    lengths = edited.lengths

    def listening(name: str) -> float | None:
        played.append(name)
        return lengths(name)

    edited.lengths = listening  # type: ignore[method-assign]
    _, first = edited.release(())

    async def spoil(_: Engine) -> None:
        await asyncio.sleep(0.5)
        shutil.rmtree(edited.folder.parent / "prompts")

    told = with_trouble(edited, Scenario("one", "", (CallerPlan("+1", "100", (Stay(),), {}),), {}, ()), spoil)
    assert heard(told, "+1")[-1] == "goodbye" and told.records["+1"]["outcome"] == "completed"
    assert played and all(
        name.startswith(f"quietline-releases/{first.hash[:SHORT]}/prompts/") for name in played
    )


def test_a_call_keeps_its_release_over_a_killed_engine(edited: Site) -> None:
    caller = CallerPlan("+1", "100", (Stay(),), {})
    scenario = Scenario("one", "", (caller,), {}, ())

    async def main() -> Told:
        files, first = edited.release(())
        pbx = SimulatedAsterisk(lengths=edited.lengths)
        plug_in(pbx, scenario, list(files.snapshot.settings.agents))
        async with simulated_engine(pbx, files, edited.state, first) as engine:
            people = asyncio.create_task(play(pbx, scenario))
            await asyncio.sleep(2.5)
            edited.edit("front.yaml", "- hangup: goodbye", "- hangup: message_thanks")
            second = await edited.publish(engine)
            engine.house.ledger.append = never_written  # type: ignore[method-assign]
            transport = pbx.apps[pbx.app].transport
            assert transport is not None
            transport.close()
        async with simulated_engine(pbx, edited.shelf.load(second), edited.state, second) as engine:
            assert [one.number for one in engine.releases] == [1, 2]
            await people
            await asyncio.sleep(30.0)
            pbx.verify()
            return await told_by(engine)

    told = run(main())
    assert (release_of(told, "+1"), heard(told, "+1")[-1]) == (1, "goodbye")


def test_publishing_again_and_again_during_calls_loses_none(edited: Site) -> None:
    callers = tuple(
        CallerPlan(
            f"+{n}",
            "100",
            (Wait(2.0), *([Press("1")] if n % 2 else []), *([HangUp()] if n % 5 == 4 else [Stay()])),
            {},
            at=n * 0.7,
        )
        for n in range(1, 31)
    )

    async def publish(engine: Engine) -> None:
        for seconds in range(3, 13):
            await asyncio.sleep(2.0)
            edited.edit(
                "front.yaml",
                "timeout: 3s" if seconds == 3 else f"timeout: {seconds - 1}s",
                f"timeout: {seconds}s",
            )
            if seconds != 3:
                await edited.publish(engine)

    told = with_trouble(edited, Scenario("load", "", callers, ANSWERS, ("2001",)), publish)
    assert set(told.records) == {caller.from_number for caller in callers}
    assert {record["outcome"] for record in told.records.values()}.isdisjoint({"failed", None})
    assert len({release_of(told, number) for number in told.records}) >= 8


def test_releases_beyond_the_kept_ones_go_and_one_with_a_call_in_it_stays(
    edited: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.app.RELEASES_KEPT", 2)
    kept: list[set[str]] = []

    async def publish(engine: Engine) -> None:
        await asyncio.sleep(1.0)
        for seconds in (4, 5, 6, 7):
            edited.edit("front.yaml", f"timeout: {seconds - 1}s", f"timeout: {seconds}s")
            await edited.publish(engine)
        kept.append({path.name for path in edited.shelf.folder.iterdir()})
        kept.append({one.hash[:SHORT] for one in engine.releases if one.number in (1, 4, 5)})

    told = with_trouble(
        edited, Scenario("one", "", (CallerPlan("+1", "100", (Stay(),), {}),), {}, ()), publish
    )
    assert kept[0] == kept[1] and told.records["+1"]["outcome"] == "completed"
