"""No engine, or no Asterisk: what callers and records get."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from recovery_site import TALK, calls, held, missing_files, on_record, phones, quietline, spooled, talking, up

from engine.cli.ask import ask
from engine.core.event import Event
from engine.pbx.process import running, stop, wait_until
from engine.pbx.root import ensure_root
from engine.sim.scenario import CallerPlan, Press, Stay, Talk, Wait

pytestmark = [pytest.mark.asterisk]

ANSWERED = CallerPlan("", "100", (Wait(1.5), Press("1"), Stay()), {})
#: Seconds of a conversation before its Asterisk is killed, and how many of them Asterisk has not written to its files yet, at most: 32 KiB.
RECORDED, UNWRITTEN = 2.5, 2.05
SPEAKS = CallerPlan("", "100", (Wait(1.0), Talk(8.0), Press("#"), Stay()), {})


async def answered(state: Path, folder: Path, numbers: list[str]) -> None:
    """Let callers through to an agent and wait until they are done."""
    root = ensure_root(print)
    run = calls(root, state, folder, "answered", ANSWERED, numbers, 2)
    await run.start()
    assert (await run.wait()).ok


async def through_the_fall(state: Path, folder: Path) -> None:
    """Two callers talk as Asterisk is killed; it comes back, and two more get through."""
    root = ensure_root(print)
    async with phones(root, state, folder / "agents", talk=30.0):
        run = calls(root, state, folder, "cut", ANSWERED, ["7100", "7101"], 2)
        await run.start()
        await talking(state, 2)
        await asyncio.sleep(RECORDED)
        asterisk = running("asterisk", state)
        assert asterisk is not None
        os.kill(asterisk.pid, signal.SIGKILL)
        assert wait_until(lambda: not ask(state, "GET", "/status")["ready"], 10)
        await run.stop()
        await asyncio.to_thread(quietline, "up", "--state", str(state))
    async with phones(root, state, folder / "again"):
        await answered(state, folder, ["7200", "7201"])


def test_calls_that_ended_with_their_asterisk_are_closed_with_what_was_recorded_and_new_ones_come_in(
    tmp_path: Path,
) -> None:
    with up(tmp_path, record="yes") as state:
        asyncio.run(through_the_fall(state, tmp_path))
        assert wait_until(lambda: all(map(recorded, asyncio.run(on_record(state)).values())), 10)
        found = asyncio.run(on_record(state))
        assert [held(state, what) for what in ("channels", "bridges", "recordings/stored")] == [[], [], []]
        assert missing_files(state, found) == []
    assert {number: contact["outcome"] for number, (contact, _) in found.items()} == dict.fromkeys(
        ("7100", "7101", "7200", "7201"), "answered"
    )
    causes = {number: last(events, "ended")["cause"] for number, (_, events) in found.items()}
    assert (causes["7100"], causes["7200"]) == ("crashed", "flow")
    assert found["7200"][0]["talk_s"] > TALK - 0.5
    seconds = {number: last(events, "recording_kept")["seconds"] for number, (_, events) in found.items()}
    for number in ("7100", "7101"):
        assert seconds[number] >= 2.0
        assert (
            0 < found[number][0]["talk_s"] - seconds[number] < UNWRITTEN + 1
        )  # as far as Asterisk had written it
    assert TALK - 1 < seconds["7200"] < TALK + 1


def recorded(told: tuple[dict[str, Any], list[Event]]) -> bool:
    """Is it on record what became of the recording?"""
    return any(event.kind in ("recording_kept", "recording_deleted") for event in told[1])


def last(events: list[Event], kind: str) -> Mapping[str, Any]:
    """The data of the last event of a kind."""
    return [event.data for event in events if event.kind == kind][-1]


async def without_an_engine(state: Path, folder: Path, numbers: list[str]) -> None:
    """Callers meet no engine and say something."""
    run = calls(ensure_root(print), state, folder, "speaks", SPEAKS, numbers, 2)
    stop("engine", state)
    await run.start()
    assert (await run.wait()).ok


def test_messages_left_while_no_engine_ran_become_contacts_once(tmp_path: Path) -> None:
    numbers = ["7300", "7301", "7302"]
    with up(tmp_path) as state:
        asyncio.run(without_an_engine(state, tmp_path, numbers))
        quietline("up", "--state", str(state))
        assert wait_until(lambda: set(numbers) <= set(asyncio.run(on_record(state))), 15)
        stop("engine", state)
        quietline("up", "--state", str(state))  # what has been taken in is not taken in again
        time.sleep(1)
        found = asyncio.run(on_record(state))
        assert missing_files(state, found) == []
        assert spooled(state) == []
    assert {number: contact["outcome"] for number, (contact, _) in found.items()} == dict.fromkeys(
        numbers, "voicemail"
    )
    assert all(found[number][1][0].data["via"] == "fallback" for number in numbers)
