"""No engine, or no Asterisk: what callers and records get."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from recovery_site import TALK, calls, held, missing_files, on_record, phones, quietline, spooled, talking, up

from engine.cli.ask import ask
from engine.pbx.process import running, stop, wait_until
from engine.pbx.root import ensure_root
from engine.sim.scenario import CallerPlan, Press, Stay, Talk, Wait

pytestmark = [pytest.mark.asterisk]

ANSWERED = CallerPlan("", "100", (Wait(1.5), Press("1"), Stay()), {})
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
    async with phones(root, state, folder / "agents"):
        run = calls(root, state, folder, "cut", ANSWERED, ["7100", "7101"], 2)
        await run.start()
        await talking(state, 2)
        asterisk = running("asterisk", state)
        assert asterisk is not None
        os.kill(asterisk.pid, signal.SIGKILL)
        assert wait_until(lambda: not ask(state, "GET", "/status")["ready"], 10)
        await run.stop()
        await asyncio.to_thread(quietline, "up", "--state", str(state))
        await answered(state, folder, ["7200", "7201"])


def test_calls_that_ended_with_their_asterisk_are_closed_and_new_ones_come_in(tmp_path: Path) -> None:
    with up(tmp_path) as state:
        asyncio.run(through_the_fall(state, tmp_path))
        found = asyncio.run(on_record(state))
        assert [held(state, what) for what in ("channels", "bridges")] == [[], []]
    assert {number: contact["outcome"] for number, (contact, _) in found.items()} == dict.fromkeys(
        ("7100", "7101", "7200", "7201"), "answered"
    )
    assert [found[number][1][-1].data["cause"] for number in ("7100", "7200")] == ["lost", "flow"]
    assert found["7200"][0]["talk_s"] > TALK - 0.5


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
