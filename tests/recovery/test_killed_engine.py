"""kill -9 at random moments under load: nobody on the phone notices, and every call is on record exactly once.

Callers come five a second and do what callers do; the engine is killed again and again and started anew at once. Callers of the fixed kind
never hang up by themselves, so whatever ends their call against the script would be ours.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from twin import short_prompts

from engine.cli.ask import ask
from engine.cli.start import is_ready
from engine.config import load_site
from engine.core.event import Event
from engine.errors import SetupError
from engine.load.sipp import AgentPhones, SippRun, SippSpec, free_port
from engine.pbx.ports import Ports, check_free
from engine.pbx.process import running, start_detached, wait_until
from engine.pbx.root import Root, ensure_root
from engine.pbx.secrets import load_secrets
from engine.sim.scenario import AgentPlan, CallerPlan, HangUp, Press, Stay, Talk, Then, Wait
from engine.sim.sipp import agent_xml, caller_xml
from engine.store.archive import open_archive

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(420)]

ROOT = Path(__file__).parents[2]
MEDIA = ROOT / "tests" / "load" / "media"
KILLS = 30
RATE = 5.0
AGENTS = 12
TALK = 3.0
#: A menu that is asked again, because the engine was killed while it listened, wants its key again.
PATIENT = (Press("1"), Wait(4.0)) * 6
#: What callers do: name, number dialled, their acts, their share of ten calls.
CALLERS: tuple[tuple[str, str, tuple[Any, ...], int], ...] = (
    ("is-answered", "100", (Wait(1.5), *PATIENT, Stay()), 5),
    (
        "leaves-message",
        "100",
        (Wait(1.5), Press("2"), Wait(3.0), Press("2"), Talk(8.0), Press("#"), Stay()),
        2,
    ),
    ("hangs-up-waiting", "100", (Wait(1.5), Press("1"), Wait(1.2), HangUp()), 1),
    ("hangs-up-greeting", "100", (Wait(0.8), HangUp()), 1),
    ("comes-too-late", "101", (Stay(),), 1),
)

SITE = """
languages: [en]
prompts: ../prompts
numbers: { "100": line, "101": late }
sites:
  here: { timezone: UTC, open: "Mon-Sun 00:00-24:00" }
schedules:
  never: { any_of: [here], override: closed }
queue_defaults: { ring: 10s, wrap_up: 1s, cool_down: 2s, announce_first: 2s, announce_every: 20s }
queues: { desk: {}, help: {} }
groups:
  all: { queues: [desk, help], choose: least_busy }
trunks:
  local: { addresses: [127.0.0.1] }
agents:
"""
LINE = """
flow: line
steps:
  greeting:
    - menu: main_menu
      choices: { 1: desk, 2: message }
      timeout: 5s
      otherwise: desk
  desk:
    - queue: all
      on_timeout: message
    - hangup: goodbye
  message:
    - voicemail: office
      max: 10s
      silence: 5s
    - hangup: message_thanks
"""
LATE = """
flow: late
steps:
  greeting:
    - hours: never
      on_closed: shut
      on_override: shut
    - hangup: goodbye
  shut:
    - hangup: closed
"""


def write_site(folder: Path, ports: Sequence[int]) -> Path:
    """The site of this test; every prompt lasts a second."""
    site = folder / "site"
    site.mkdir(parents=True)
    short_prompts(folder / "prompts")
    agents = "".join(
        f'  "{number}": {{ queues: [{"desk" if number % 2 else "help"}], contact: "sip:{number}@127.0.0.1:{port}" }}\n'
        for number, port in enumerate(ports, 3001)
    )
    for name, text in (("site", SITE + agents), ("line", LINE), ("late", LATE)):
        (site / f"{name}.yaml").write_text(text, encoding="utf-8")
    return site


def free_base() -> int:
    """The first of this site's ports, by chance, so that runs side by side do not meet."""
    chance = random.Random(os.urandom(8))
    while True:
        base = chance.randrange(15000, 28000, 50)
        try:
            check_free(Ports.from_base(base))
        except SetupError:
            continue
        return base


def quietline(*words: str) -> str:
    """Run one command of ours."""
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", *words], capture_output=True, text=True, cwd=ROOT, timeout=90
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def up(folder: Path) -> Iterator[Path]:
    """A running site; its state's folder."""
    site = write_site(folder, [free_port("127.0.0.1") for _ in range(AGENTS)])
    state = folder / "state"
    quietline("up", "--site", str(site), "--state", str(state), "--ports", str(free_base()))
    try:
        yield state
    finally:
        quietline("down", "--state", str(state))


class Killer:
    """Kills the engine at random moments and starts it anew."""

    def __init__(self, state: Path, chance: random.Random) -> None:
        self._state = state
        self._chance = chance
        self.down: list[float] = []

    async def run(self, times: int) -> None:
        """So many kills; after each one the engine takes calls again before the next."""
        for _ in range(times):
            await asyncio.sleep(self._chance.uniform(0.2, 4.0))
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


@asynccontextmanager
async def phones(root: Root, state: Path, folder: Path) -> AsyncIterator[None]:
    """Agents who answer and talk, all ready."""
    scenario = write(folder / "agent.xml", agent_xml(AgentPlan("agent", 0.3, Then.ANSWER, TALK), MEDIA))
    agents = load_site(Path(ask(state, "GET", "/status")["site"])).settings.agents
    contacts = {name: str(agent.contact) for name, agent in agents.items()}
    async with AgentPhones(root, scenario, contacts, folder / "phones"):
        for name in contacts:
            await asyncio.to_thread(ask, state, "POST", f"/agents/{name}", {"state": "ready"})
        yield


def callers(root: Root, target: str, folder: Path, seconds: float) -> list[SippRun]:
    """One SIPp for each kind of caller, at its share of the rate."""
    runs = []
    for kind, (name, number, acts, share) in enumerate(CALLERS):
        scenario = write(folder / f"{name}.xml", caller_xml(CallerPlan("", number, acts, {}), MEDIA))
        rate = RATE * share / 10
        numbers = [f"7{kind}{call:05d}" for call in range(round(rate * seconds))]
        runs.append(
            SippRun(root, SippSpec(scenario, folder / name, target, number, numbers, rate, deadline=300))
        )
    return runs


async def under_load(state: Path, folder: Path, kills: int) -> tuple[list[str], list[float]]:
    """Kill the engine under load; the numbers that called, and how long each kill lasted."""
    root = ensure_root(print)
    status = ask(state, "GET", "/status")
    killer = Killer(state, random.Random(os.environ.get("QUIETLINE_SEED", "recovery")))
    async with phones(root, state, folder / "agents"):
        runs = callers(root, status["sip"], folder, kills * 3.5)
        for run in runs:
            await run.start()
        await killer.run(kills)
        results = [await run.wait() for run in runs]
        assert [f"{one.scenario}: {one.errors[:3]}" for one in results if not one.ok] == []
        await at_rest(state)
    return [number for run in runs for number in run.spec.numbers], killer.down


async def at_rest(state: Path) -> None:
    """Wait until nobody is in a call and every agent is ready again."""
    for _ in range(300):
        status = await asyncio.to_thread(ask, state, "GET", "/status")
        states = {agent["state"] for agent in status["floor"]["agents"].values()}
        if status["calls"] == 0 and states == {"ready"}:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"not at rest: {json.dumps(status['floor'])[:2000]}")


def held(state: Path, what: str) -> list[Any]:
    """What Asterisk holds: channels, bridges, recordings/…"""
    secrets = load_secrets(state)
    url = ask(state, "GET", "/status")["ari"].rstrip("/")
    request = urllib.request.Request(f"{url}/ari/{what}")
    login = b64encode(f"{secrets.ari_user}:{secrets.ari_password}".encode()).decode()
    request.add_header("Authorization", f"Basic {login}")
    with urllib.request.urlopen(request, timeout=5) as answer:
        return list(json.load(answer))


async def on_record(state: Path) -> dict[str, tuple[dict[str, Any], list[Event]]]:
    """Number -> its one contact record and its events. AssertionError when a number has two, or an open one."""
    found: dict[str, tuple[dict[str, Any], list[Event]]] = {}
    async with open_archive(state / "quietline.db") as archive:
        for contact in await archive.contacts():
            number = contact["from_number"]
            assert number not in found, f"{number} has two contacts: {found[number][0]} and {contact}"
            assert contact["ended_at"] is not None, f"{number} is still open: {contact}"
            found[number] = contact, await archive.events(contact["id"])
    return found


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
        if number[1] in "014" and events[-1].data["cause"] != "flow":
            wrong.append(f"{number}: never hangs up, but ended by {events[-1].data['cause']}")
        wrong += [f"{number}: {fault}" for fault in (*cut_talks(number, events), *lost_messages(events))]
    return wrong


def cut_talks(number: str, events: list[Event]) -> Iterator[str]:
    """Conversations that ended before the agent (who picks up at once) had talked enough, though the caller stayed."""
    at = {event.kind: event.at for event in events}
    if number[1] == "0" and "talk_ended" in at and at["talk_ended"] - at["offered"] < TALK:
        yield f"talked {at['talk_ended'] - at['offered']:.1f} s of {TALK}"


def lost_messages(events: list[Event]) -> Iterator[str]:
    """Recordings that ran long enough for a message and gave none."""
    began = 0.0
    for event in events:
        if event.kind == "recording":
            began = event.at
        elif event.kind == "no_message" and event.at - began > 2.0:
            yield f"{event.at - began:.1f} s of recording gave no message"


def out_of_order(events: list[Event]) -> list[str]:
    """Offers that passed somebody over who had waited longer in the same queue."""
    waiting: dict[str, dict[str, float]] = defaultdict(dict)
    home: dict[str, tuple[str, float]] = {}
    wrong = []
    for event in events:
        contact = str(event.contact)
        match event.kind:
            case "queued":
                home[contact] = event.data["queue"], event.data["enqueued_at"]
                waiting[event.data["queue"]][contact] = event.data["enqueued_at"]
            case "offered":
                queue, since = home[contact]
                longer = [c for c, at in waiting[queue].items() if at < since]
                if longer:
                    wrong.append(f"{contact} was offered in {queue} before {longer}")
                waiting[queue].pop(contact, None)
            case "offer_ended" if contact in home:
                queue, since = home[contact]
                waiting[queue][contact] = since
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
    assert sorted(set(numbers) - set(found)) == []
    assert sorted(set(found) - set(numbers)) == []
    assert wrong_ends(found) == []
    assert out_of_order(log) == []


async def whole_log(state: Path) -> list[Event]:
    """Every event, in order."""
    async with open_archive(state / "quietline.db") as archive:
        return await archive.events_after(0, limit=1_000_000)
