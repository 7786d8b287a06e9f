"""kill -9 at random moments under load: nobody on the phone notices, and every call is on record exactly once.

Callers come five a second and do what callers do; the engine is killed again and again and started anew at once. Callers of the fixed kind
never hang up by themselves, so whatever ends their call against the script would be ours.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from recovery_site import TALK, at_rest, calls, cause, held, missing_files, on_record, phones, up

from engine.cli.start import is_ready
from engine.core.event import Event
from engine.load.sipp import SippRun
from engine.pbx.process import running, start_detached, wait_until
from engine.pbx.root import Root, ensure_root
from engine.sim.scenario import CallerPlan, HangUp, Press, Stay, Talk, Wait
from engine.store.archive import open_archive

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(420)]

KILLS = 30
RATE = 5.0
#: A menu that is asked again, because the engine was killed while it listened, wants its key again, until the kills are over.
PATIENT = (Press("1"), Wait(4.0)) * 40
#: The same, speaking all the while, so that a recording has something to record whenever it begins.
SPEAKING = (Press("2"), Talk(4.0)) * 40
#: Seconds from a call's arrival for which such a caller surely speaks.
SPOKEN = 28.0
#: What callers do: name, number dialled, their acts, their share of ten calls.
CALLERS: tuple[tuple[str, str, tuple[Any, ...], int], ...] = (
    ("is-answered", "100", (Wait(1.5), *PATIENT, Stay()), 5),
    ("leaves-message", "100", (Wait(1.5), *SPEAKING, Stay()), 2),
    ("hangs-up-waiting", "100", (Wait(1.5), Press("1"), Wait(1.2), HangUp()), 1),
    ("hangs-up-greeting", "100", (Wait(0.8), HangUp()), 1),
    ("comes-too-late", "101", (Stay(),), 1),
)


class Killer:
    """Kills the engine at random moments and starts it anew."""

    def __init__(self, state: Path, chance: random.Random) -> None:
        self._state = state
        self._chance = chance
        self.down: list[float] = []

    async def run(self, times: int) -> None:
        """So many kills; after each one the engine takes calls again before the next."""
        for _ in range(times):
            await asyncio.sleep(self._chance.uniform(0.3, 3.0))
            await asyncio.to_thread(self._once)

    def _once(self) -> None:
        engine = running("engine", self._state)
        assert engine is not None, "the engine had ended by itself"
        killed_at = time.monotonic()
        os.kill(engine.pid, signal.SIGKILL)
        command = [sys.executable, "-m", "engine.cli", "run", "--state", str(self._state)]
        start_detached("engine", command, self._state, self._state / "log" / "engine.log")
        assert wait_until(lambda: is_ready(self._state), 30.0), "the engine did not come back"
        self.down.append(time.monotonic() - killed_at)


def write(path: Path, text: str) -> Path:
    """Write a file, and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def callers(root: Root, state: Path, folder: Path, seconds: float) -> list[SippRun]:
    """One SIPp for each kind of caller, at its share of the rate."""
    runs = []
    for kind, (name, number, acts, share) in enumerate(CALLERS):
        rate = RATE * share / 10
        numbers = [f"7{kind}{call:05d}" for call in range(round(rate * seconds))]
        runs.append(calls(root, state, folder, name, CallerPlan("", number, acts, {}), numbers, rate))
    return runs


async def under_load(state: Path, folder: Path, kills: int) -> tuple[list[str], list[float]]:
    """Kill the engine under load; the numbers that called, and how long each kill lasted."""
    root = ensure_root(print)
    killer = Killer(state, random.Random(os.environ.get("QUIETLINE_SEED", "recovery")))
    async with phones(root, state, folder / "agents"):
        runs = callers(root, state, folder, kills * 3.5)
        for run in runs:
            await run.start()
        await killer.run(kills)
        results = [await run.wait() for run in runs]
        assert [f"{one.scenario}: {one.errors[:3]}" for one in results if not one.ok] == []
        await at_rest(state)
    return [number for run in runs for number in run.spec.numbers], killer.down


#: How calls of each kind may end. A key pressed while nobody listens is lost: then the menu goes on as for a silent caller.
ENDS = {
    "0": {"answered"},
    "1": {"voicemail", "completed", "answered"},
    "2": {"answered", "abandoned", "short_abandoned", "ivr_hangup"},
    "3": {"ivr_hangup"},
    "4": {"completed"},
}


def wrong_ends(found: dict[str, tuple[dict[str, Any], list[Event]]]) -> list[str]:
    """Calls that the engine took and that did not end as callers of their kind end, whenever it was killed."""
    wrong = []
    for number, (contact, events) in found.items():
        if events[0].data["via"] == "fallback":
            continue
        if contact["outcome"] not in ENDS[number[1]]:
            wrong.append(f"{number}: {contact['outcome']}")
        if number[1] in "014" and cause(events) != "flow":
            wrong.append(f"{number}: never hangs up, but ended by {cause(events)}")
        wrong += [f"{number}: {fault}" for fault in (*cut_talks(number, events), *lost_messages(events))]
    return wrong


def cut_talks(number: str, events: list[Event]) -> Iterator[str]:
    """Conversations that ended before the agent (who picks up at once) had talked enough, though the caller stayed."""
    at = {event.kind: event.at for event in events}
    if number[1] == "0" and "talk_ended" in at and at["talk_ended"] - at["offered"] < TALK:
        yield f"talked {at['talk_ended'] - at['offered']:.1f} s of {TALK}"


def lost_messages(events: list[Event]) -> Iterator[str]:
    """Recordings that ran long enough for a message and gave none, although the caller was still speaking."""
    began = 0.0
    for event in events:
        if event.kind == "recording":
            began = event.at
        elif event.kind == "no_message" and event.at - began > 2.0 and began - events[0].at < SPOKEN:
            yield f"{event.at - began:.1f} s of recording gave no message"


def out_of_order(events: list[Event]) -> list[str]:
    """Offers that passed somebody over who had waited longer in the same queue, and whom this agent had not just failed to take."""
    waiting: dict[str, dict[str, float]] = defaultdict(dict)
    home: dict[str, tuple[str, float]] = {}
    rests: dict[tuple[str, str | None], float] = {}
    wrong = []
    for event in events:
        contact = str(event.contact)
        match event.kind:
            case "queued":
                home[contact] = event.data["queue"], event.data["enqueued_at"]
                waiting[event.data["queue"]][contact] = event.data["enqueued_at"]
            case "offered":
                queue, since = home[contact]
                longer = [
                    c
                    for c, at in waiting[queue].items()
                    if at < since and rests.get((c, event.agent), 0.0) <= event.at
                ]
                if longer:
                    wrong.append(f"{contact} was offered to {event.agent} of {queue} before {longer}")
                waiting[queue].pop(contact, None)
            case "offer_ended" if contact in home:
                queue, since = home[contact]
                waiting[queue][contact] = since
                rests[contact, event.agent] = event.data["rest_until"] or 0.0
            case "left_queue" if contact in home:
                waiting[home.pop(contact)[0]].pop(contact, None)
    return wrong


def test_thirty_kills_under_load_cost_nobody_their_call(tmp_path: Path) -> None:
    with up(tmp_path) as state:
        numbers, down = asyncio.run(under_load(state, tmp_path, KILLS))
        assert [held(state, what) for what in ("channels", "bridges")] == [[], []]
        found = asyncio.run(on_record(state))
        log = asyncio.run(whole_log(state))
    ends = Counter((number[1], contact["outcome"]) for number, (contact, _) in found.items())
    print(f"{len(down)} kills, {len(numbers)} calls, down {max(down):.1f} s at most; {dict(ends)}")
    assert len(down) == KILLS
    assert missing_files(state, found) == []
    assert sorted(set(numbers) - set(found)) == []
    assert sorted(set(found) - set(numbers)) == []
    assert wrong_ends(found) == []
    assert out_of_order(log) == []


async def whole_log(state: Path) -> list[Event]:
    """Every event, in order."""
    async with open_archive(state / "quietline.db") as archive:
        return await archive.events_after(0, limit=1_000_000)
