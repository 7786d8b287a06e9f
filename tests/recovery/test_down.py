"""`quietline down` in the middle of calls, and a crash of everything: the records tell the calls' own times."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from recovery_site import calls, cause, on_record, phones, quietline, talking, up

from engine.core.event import Event
from engine.load.sipp import SippRun
from engine.pbx.process import gone, running, wait_until
from engine.pbx.root import ensure_root
from engine.sim.scenario import CallerPlan, Press, Stay, Wait

pytestmark = [pytest.mark.asterisk]

Found = dict[str, tuple[dict[str, Any], list[Event]]]
ANSWERED = CallerPlan("", "100", (Wait(1.5), Press("1"), Stay()), {})
LISTENS = CallerPlan("", "100", (Stay(),), {})
#: Seconds after the end in which nobody is there.
AWAY = 6.0


async def in_calls(state: Path, folder: Path, end: Any) -> float:
    """One caller talks and one listens to the menu as `end` happens; when that was."""
    root = ensure_root(print)
    async with phones(root, state, folder / "agents"):
        runs: list[SippRun] = [
            calls(root, state, folder, "talks", ANSWERED, ["7400"], 2),
            calls(root, state, folder, "listens", LISTENS, ["7401"], 2),
        ]
        await runs[0].start()
        await talking(state, 1)
        await runs[1].start()
        await asyncio.sleep(1.0)
        at = time.time()
        await asyncio.to_thread(end, state)
        for run in runs:
            await run.stop()
    return at


def take_down(state: Path) -> None:
    """As people do it."""
    assert quietline("down", "--state", str(state)) == "Quietline is down.\n"


def crash(state: Path) -> None:
    """Both die at once."""
    for name in ("asterisk", "engine"):
        process = running(name, state)
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        assert wait_until(lambda process=process: gone(process), 10)  # type: ignore[misc]


def test_down_closes_every_call_at_its_own_time_before_anything_is_started_again(tmp_path: Path) -> None:
    with up(tmp_path) as state:
        at = asyncio.run(in_calls(state, tmp_path, take_down))
        found = asyncio.run(on_record(state))
    assert {number: contact["outcome"] for number, (contact, _) in found.items()} == {
        "7400": "answered",
        "7401": "failed",
    }
    assert [cause(events) for _, events in found.values()] == ["stopped"] * 2
    assert all(at - 0.1 <= contact["ended_at"] < at + 2.0 for contact, _ in found.values())
    talk = found["7400"][0]
    assert talk["talk_s"] == pytest.approx(at - talk["connected_at"], abs=2.0)


def test_after_a_crash_of_everything_the_time_nobody_was_there_is_nobodys(tmp_path: Path) -> None:
    with up(tmp_path) as state:
        at = asyncio.run(in_calls(state, tmp_path, crash))
        time.sleep(AWAY)
        quietline("up", "--state", str(state))
        found = asyncio.run(on_record(state))
    assert [cause(events) for _, events in found.values()] == ["crashed"] * 2
    assert all(contact["ended_at"] <= at + 1.0 for contact, _ in found.values())
    assert found["7401"][0]["outcome"] == "failed", "who waited has not given up"
    talk = found["7400"][0]
    assert talk["connected_at"] + talk["talk_s"] <= at + 1.0
