"""Recording of conversations in the whole engine: two sides in one file, pauses as silence, consent, commands, restarts, retention."""

from __future__ import annotations

import asyncio
import wave
from array import array
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from simulated import REST, simulate, simulated_engine
from told import Told, set_agents, told_by

from engine.app import Engine
from engine.ari.client import AriClient
from engine.call.stereo import RATE, stereo
from engine.call.tapes import Tapes
from engine.config import Loaded
from engine.core.event import Event
from engine.errors import SetupError
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.clock import VirtualTimeLoop, run
from engine.sim.line import Line
from engine.sim.media import wav_lengths
from engine.sim.people import call, endpoint_of, phone, plug_in
from engine.sim.scenario import AgentPlan, CallerPlan, HangUp, Press, Scenario, Stay, Talk, Wait

NUMBER, AGENT, QUEUE = "117", "2018", "told_desk"


def with_queue(site: Loaded, **changes: Any) -> Loaded:
    """The site with a queue that records."""
    settings = site.snapshot.settings
    changed = {"whisper": (), "record": "yes", **changes}
    queues = {**settings.queues, QUEUE: replace(settings.queues[QUEUE], **changed)}
    return replace(site, snapshot=replace(site.snapshot, settings=replace(settings, queues=queues)))


def talks(*does: Any) -> Scenario:
    return Scenario("recorded", "", (CallerPlan("+359888000001", NUMBER, does, {}),))


def kinds(events: list[Event]) -> list[str]:
    return [e.kind for e in events if e.kind.startswith("recording_") or e.kind == "consent"]


def sides(path: Path) -> tuple[array[int], array[int]]:
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate()) == (2, RATE)
        both = array("h", file.readframes(file.getnframes()))
    return both[0::2], both[1::2]


def loud(side: array[int]) -> float:
    """Seconds that are not silent."""
    return sum(one != 0 for one in side) / RATE


async def order(engine: Engine, word: str) -> str:
    try:
        told = await engine.switchboard.order(AGENT, {"do": "record", "to": word, "by": "anna"})
    except SetupError as error:
        return str(error)
    assert told is not None
    return str(told["recording"])


def played(
    site: Loaded, folder: Path, scenario: Scenario, *words: tuple[float, str], talk: float = 6.0
) -> Told:
    """One call; after the agent has picked up, words are given at these times."""
    said: list[str] = []

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, scenario, list(site.snapshot.settings.agents))
        pbx.phones[endpoint_of(AGENT)] = phone(pbx, AgentPlan(AGENT, 1.0, talk=talk))
        await set_agents(engine, (AGENT,))
        calling = asyncio.create_task(call(pbx, scenario.callers[0]))
        for seconds, word in words:
            await asyncio.sleep(seconds)
            said.append(await order(engine, word))
        await calling

    told = simulate(site, folder, act)
    told.events["said"] = [Event(word, 0.0) for word in said]
    return told


def test_a_conversation_is_one_file_with_the_caller_on_the_left(site: Loaded, tmp_path: Path) -> None:
    told = played(with_queue(site), tmp_path, talks(Wait(3.0), Talk(2.0), Stay()))
    events = told.events["+359888000001"]
    assert kinds(events) == ["recording_started", "recording_ended", "recording_kept"]
    (kept,) = [event.data for event in events if event.kind == "recording_kept"]
    left, right = sides(tmp_path / "recordings" / kept["file"])
    assert 5.5 < len(left) / RATE < 6.1 and len(left) == len(right)
    assert kept["seconds"] == pytest.approx(len(left) / RATE, abs=0.01)
    assert loud(left) == pytest.approx(2.0, abs=0.1) and loud(right) == 0.0


def test_a_pause_is_silence_and_times_stay_true(site: Loaded, tmp_path: Path) -> None:
    told = played(
        with_queue(site), tmp_path, talks(Wait(1.5), Talk(5.0), Stay()), (3.0, "pause"), (2.0, "resume")
    )
    events = told.events["+359888000001"]
    assert kinds(events) == [
        "recording_started",
        "recording_paused",
        "recording_resumed",
        "recording_ended",
        "recording_kept",
    ]
    assert [e.data["by"] for e in events if e.kind == "recording_paused"] == ["anna"]
    assert [event.kind for event in told.events["said"]] == ["paused", "on"]
    (kept,) = [event.data for event in events if event.kind == "recording_kept"]
    left, _ = sides(tmp_path / "recordings" / kept["file"])
    assert 5.5 < len(left) / RATE < 6.1
    assert loud(left) == pytest.approx(3.0, abs=0.2)


def test_on_demand_somebody_says_when(site: Loaded, tmp_path: Path) -> None:
    words = ((3.0, "pause"), (0.5, "on"), (1.0, "on"), (1.0, "off"), (0.1, "off"))
    told = played(with_queue(site, record="on_demand"), tmp_path, talks(Stay()), *words)
    assert kinds(told.events["+359888000001"]) == ["recording_started", "recording_ended", "recording_kept"]
    said = [event.kind for event in told.events["said"]]
    assert (said[1], said[3]) == ("on", "None")
    assert "is not being recorded" in said[0] and "already" in said[2] and "is not being recorded" in said[4]


def test_what_is_not_to_be_recorded_is_not(site: Loaded, tmp_path: Path) -> None:
    told = played(with_queue(site, record="no"), tmp_path, talks(Stay()), (3.0, "on"))
    assert kinds(told.events["+359888000001"]) == []
    assert "may not be recorded" in told.events["said"][0].kind


def test_an_agents_own_option_stands_over_the_queues(site: Loaded, tmp_path: Path) -> None:
    recording = with_queue(site)
    settings = recording.snapshot.settings
    agents = {**settings.agents, AGENT: replace(settings.agents[AGENT], record="no")}
    quiet = replace(
        recording, snapshot=replace(recording.snapshot, settings=replace(settings, agents=agents))
    )
    assert kinds(played(quiet, tmp_path, talks(Stay())).events["+359888000001"]) == []


def with_no_record(site: Loaded, agent: str) -> Loaded:
    """The site with an agent who is not to be recorded, in a queue that records."""
    recording = with_queue(site)
    settings = recording.snapshot.settings
    agents = {**settings.agents, agent: replace(settings.agents[agent], record="no")}
    return replace(recording, snapshot=replace(recording.snapshot, settings=replace(settings, agents=agents)))


def handed_over(site: Loaded, folder: Path) -> list[Event]:
    """A caller speaks with the agent of the queue for 4 s, and with a colleague for 10 s."""
    scenario, colleague = talks(Stay()), "2003"

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, scenario, list(site.snapshot.settings.agents))
        pbx.phones[endpoint_of(AGENT)] = phone(pbx, AgentPlan(AGENT, 1.0, talk=60.0))
        pbx.phones[endpoint_of(colleague)] = phone(pbx, AgentPlan(colleague, 1.0, talk=10.0))
        await set_agents(engine, (AGENT, colleague))
        calling = asyncio.create_task(call(pbx, scenario.callers[0]))
        await asyncio.sleep(5.0)
        await engine.switchboard.order(AGENT, {"do": "transfer", "to": f"agent {colleague}"})
        await calling

    return simulate(site, folder, act).events["+359888000001"]


def kept_seconds(events: list[Event]) -> list[float]:
    return [event.data["seconds"] for event in events if event.kind == "recording_kept"]


def test_who_is_not_to_be_recorded_is_not_when_they_take_a_caller_over(site: Loaded, tmp_path: Path) -> None:
    everybody = handed_over(with_queue(site), tmp_path / "all")
    assert kept_seconds(everybody) == [pytest.approx(15.0, abs=0.5)]
    second = handed_over(with_no_record(site, "2003"), tmp_path / "second")
    assert kept_seconds(second) == [pytest.approx(5.0, abs=0.5)]
    first = handed_over(with_no_record(site, AGENT), tmp_path / "first")
    assert kept_seconds(first) == [pytest.approx(10.0, abs=0.5)]


def test_a_pause_that_comes_before_the_tracks_do_is_a_pause(site: Loaded, tmp_path: Path) -> None:
    scenario, said = talks(Wait(1.5), Talk(5.0), Stay()), list[str]()

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, scenario, list(site.snapshot.settings.agents))
        pbx.phones[endpoint_of(AGENT)] = phone(pbx, AgentPlan(AGENT, 1.0, talk=6.0))
        await set_agents(engine, (AGENT,))
        calling = asyncio.create_task(call(pbx, scenario.callers[0]))
        await asyncio.sleep(3.0)
        said.extend(await asyncio.gather(order(engine, "on"), order(engine, "pause")))
        await calling

    events = simulate(with_queue(site, record="on_demand"), tmp_path, act).events["+359888000001"]
    assert said == ["on", "paused"]
    (kept,) = [event.data for event in events if event.kind == "recording_kept"]
    left, _ = sides(tmp_path / "recordings" / kept["file"])
    assert len(left) > 2 * RATE and loud(left) < 0.05


def test_callers_hear_that_they_are_recorded_before_they_are(site: Loaded, tmp_path: Path) -> None:
    told = played(with_queue(site, consent="please_hold", decline="9"), tmp_path, talks(Stay()))
    events = told.events["+359888000001"]
    assert kinds(events) == ["consent", "recording_started", "recording_ended", "recording_kept"]
    at = {event.kind: event.at for event in events}
    assert 1.0 <= at["consent"] - at["queued"] < 1.2 and at["consent"] < at["recording_started"]


def test_a_caller_who_says_no_is_not_recorded_and_nobody_can(site: Loaded, tmp_path: Path) -> None:
    recording = with_queue(site, consent="please_hold", decline="9")
    told = played(recording, tmp_path, talks(Wait(0.5), Press("9"), Stay()), (4.0, "on"))
    events = told.events["+359888000001"]
    assert kinds(events) == ["consent"] and not next(e for e in events if e.kind == "consent").data["given"]
    assert "has not agreed" in told.events["said"][0].kind
    assert told.records["+359888000001"]["outcome"] == "answered"


def test_nothing_outside_the_conversation_is_in_the_file(site: Loaded, tmp_path: Path) -> None:
    told = played(with_queue(site), tmp_path, talks(Talk(2.5), Wait(3.0), HangUp()), talk=60.0)
    (kept,) = [e.data for e in told.events["+359888000001"] if e.kind == "recording_kept"]
    left, _ = sides(tmp_path / "recordings" / kept["file"])
    (connected,) = [e.at for e in told.events["+359888000001"] if e.kind == "connected"]
    talked = told.records["+359888000001"]["talk_s"]
    assert len(left) / RATE == pytest.approx(talked, abs=0.1) and connected


def test_a_recording_goes_on_while_no_engine_is_there(site: Loaded, tmp_path: Path) -> None:
    recording = with_queue(site)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
        async with simulated_engine(pbx, recording, tmp_path) as engine:
            plug_in(pbx, talks(), list(recording.snapshot.settings.agents))
            pbx.phones[endpoint_of(AGENT)] = phone(pbx, AgentPlan(AGENT, 1.0, talk=30.0))
            await set_agents(engine, (AGENT,))
            line: Line = pbx.call("+359888000001", NUMBER)
            await asyncio.sleep(5.0)
        await asyncio.sleep(5.0)
        async with simulated_engine(pbx, recording, tmp_path) as engine:
            await asyncio.sleep(5.0)
            assert [len(one.live) for one in (pbx,)] == [2]
            line.hang_up()
            await asyncio.sleep(REST)
            pbx.verify()
            assert not pbx.stored
            (events,) = (await told_by(engine)).events.values()
            assert kinds(events) == ["recording_started", "recording_ended", "recording_kept"]
            (kept,) = [event.data for event in events if event.kind == "recording_kept"]
            assert 12.0 < kept["seconds"] < 14.5
            (contact,) = await engine.archive.contacts()
            assert (await engine.archive.recordings_of([contact["id"]]))[contact["id"]][0]["file"] == kept[
                "file"
            ]

    run(main())


def test_a_caller_who_is_gone_when_the_engine_is_back_leaves_what_was_recorded(
    site: Loaded, tmp_path: Path
) -> None:
    recording = with_queue(site)

    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=wav_lengths({"quietline/": site.catalog.folder}))
        async with simulated_engine(pbx, recording, tmp_path) as engine:
            plug_in(pbx, talks(), list(recording.snapshot.settings.agents))
            pbx.phones[endpoint_of(AGENT)] = phone(pbx, AgentPlan(AGENT, 1.0, talk=30.0))
            await set_agents(engine, (AGENT,))
            line: Line = pbx.call("+359888000001", NUMBER)
            await asyncio.sleep(5.0)
        line.hang_up()
        await asyncio.sleep(5.0)
        async with simulated_engine(pbx, recording, tmp_path) as engine:
            await asyncio.sleep(REST)
            (events,) = (await told_by(engine)).events.values()
            (kept,) = [event.data for event in events if event.kind == "recording_kept"]
            assert 3.0 < kept["seconds"] < 5.0 and not pbx.stored

    run(main())


def test_a_recording_is_deleted_when_it_was_kept_long_enough(site: Loaded, tmp_path: Path) -> None:
    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, talks(), list(site.snapshot.settings.agents))
        pbx.phones[endpoint_of(AGENT)] = phone(pbx, AgentPlan(AGENT, 1.0, talk=3.0))
        await set_agents(engine, (AGENT,))
        await call(pbx, talks(Stay()).callers[0])
        await asyncio.sleep(60.0)
        (file,) = (tmp_path / "recordings").iterdir()
        await asyncio.sleep(86_400.0 - 120.0)
        assert file.exists()
        await asyncio.sleep(3700.0)
        assert not file.exists()

    told = simulate(with_queue(site, keep_recordings=1), tmp_path, act)
    (events,) = told.events.values()
    assert kinds(events)[-1] == "recording_deleted"


def taped_through(site: Loaded, folder: Path, calls: int = 1) -> Told:
    """Conversations of 3 s that are recorded, one after the other, in an engine that must live through them."""

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, talks(), list(site.snapshot.settings.agents))
        pbx.phones[endpoint_of(AGENT)] = phone(pbx, AgentPlan(AGENT, 1.0, talk=3.0))
        await set_agents(engine, (AGENT,))
        for n in range(calls):
            await call(pbx, CallerPlan(f"+35988800000{n}", NUMBER, (Stay(),), {}))
            await asyncio.sleep(REST)
        assert engine.ready and not pbx.stored

    return simulate(with_queue(site), folder, act)


def test_a_fault_of_ours_in_one_recording_ends_neither_the_engine_nor_the_recording(
    site: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = iter((RuntimeError("a fault of ours"), None))

    def faulty(*tracks: bytes | None) -> bytes | None:
        if (fault := next(faults, None)) is not None:
            raise fault
        return stereo(*tracks)

    monkeypatch.setattr("engine.call.tapes.stereo", faulty)
    (events,) = taped_through(site, tmp_path).events.values()
    assert kinds(events) == ["recording_started", "recording_ended", "recording_kept"]


def test_after_a_fault_beside_recordings_they_are_gone_on_with_where_they_were(
    site: Loaded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep, delete = Tapes.sweep, AriClient.delete_stored
    deleting, failed = asyncio.Event(), list[str]()

    async def falls(tapes: Tapes) -> None:
        if not failed:
            await deleting.wait()  # the file is on record, its tracks are not deleted yet
            failed.append("once")
            raise RuntimeError("a fault of ours")
        await sweep(tapes)

    async def slowly(client: AriClient, name: str) -> bool:
        if not failed:
            deleting.set()
            await asyncio.sleep(60.0)
        return await delete(client, name)

    monkeypatch.setattr(Tapes, "sweep", falls)
    monkeypatch.setattr(AriClient, "delete_stored", slowly)
    told = taped_through(site, tmp_path, calls=2)
    for events in told.events.values():
        assert kinds(events) == ["recording_started", "recording_ended", "recording_kept"]
        (kept,) = [event.data for event in events if event.kind == "recording_kept"]
        left, _ = sides(tmp_path / "recordings" / kept["file"])
        assert len(left) / RATE == pytest.approx(kept["seconds"], abs=0.01) and kept["seconds"] > 2.5
