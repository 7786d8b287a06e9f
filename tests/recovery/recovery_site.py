"""A whole site for recovery tests: started by its own commands, called by SIPp, killed by the tests."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import urllib.request
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from phone_ports import phone_ports
from short_prompts import short_prompts

from engine.call.sounds import wav_seconds
from engine.cli.ask import ask
from engine.config import load_site
from engine.core.event import Event
from engine.load.sipp import AgentPhones, SippRun, SippSpec
from engine.pbx.ports import free_ports
from engine.pbx.root import Root
from engine.pbx.secrets import load_secrets
from engine.sim.scenario import AgentPlan, CallerPlan, Then
from engine.sim.sipp import agent_xml, caller_xml
from engine.store.archive import open_archive

ROOT = Path(__file__).parents[2]
MEDIA = ROOT / "tests" / "load" / "media"
#: Agents of the site, and the seconds each of them talks.
AGENTS = 12
TALK = 3.0

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


def write_site(folder: Path, ports: Sequence[int], record: str = "no") -> Path:
    """The site of this test; every prompt lasts a second. `record` is what the queues say of conversations."""
    site = folder / "site"
    site.mkdir(parents=True)
    short_prompts(folder / "prompts")
    queues = f"desk: {{ record: {record} }}, help: {{ record: {record} }}"
    agents = "".join(
        f'  "{number}": {{ queues: [{"desk" if number % 2 else "help"}], contact: "sip:{number}@127.0.0.1:{port}" }}\n'
        for number, port in enumerate(ports, 3001)
    )
    for name, text in (
        ("site", SITE.replace("desk: {}, help: {}", queues) + agents),
        ("line", LINE),
        ("late", LATE),
    ):
        (site / f"{name}.yaml").write_text(text, encoding="utf-8")
    return site


def quietline(*words: str) -> str:
    """Run one command of ours."""
    done = subprocess.run(
        [sys.executable, "-m", "engine.cli", *words], capture_output=True, text=True, cwd=ROOT, timeout=90
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def up(folder: Path, record: str = "no") -> Iterator[Path]:
    """A running site; its state's folder."""
    site = write_site(folder, phone_ports(AGENTS), record)
    state = folder / "state"
    quietline("up", "--site", str(site), "--state", str(state), "--ports", str(free_ports().sip))
    try:
        yield state
    finally:
        quietline("down", "--state", str(state))


def write(path: Path, text: str) -> Path:
    """Write a file, and its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@asynccontextmanager
async def phones(root: Root, state: Path, folder: Path, talk: float = TALK) -> AsyncIterator[None]:
    """Agents who answer and talk, all ready."""
    scenario = write(folder / "agent.xml", agent_xml(AgentPlan("agent", 0.3, Then.ANSWER, talk), MEDIA))
    agents = load_site(Path(ask(state, "GET", "/status")["site"])).settings.agents
    contacts = {name: str(agent.contact) for name, agent in agents.items()}
    async with AgentPhones(root, scenario, contacts, folder / "phones"):
        for name in contacts:
            await asyncio.to_thread(ask, state, "POST", f"/agents/{name}", {"state": "ready"})
        yield


async def talking(state: Path, many: int) -> None:
    """Wait until so many agents talk."""
    for _ in range(200):
        agents = ask(state, "GET", "/status")["floor"]["agents"].values()
        if sum(agent["state"] == "talking" for agent in agents) == many:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("nobody talks")


async def at_rest(state: Path) -> None:
    """Wait until nobody is in a call, every agent is ready again, and what was left in the spool is taken in."""
    for _ in range(600):
        status = await asyncio.to_thread(ask, state, "GET", "/status")
        states = {agent["state"] for agent in status["floor"]["agents"].values()}
        if status["calls"] == 0 and states == {"ready"} and not spooled(state):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"not at rest: {spooled(state)}, {json.dumps(status['floor'])[:2000]}")


def spooled(state: Path) -> list[str]:
    """Calls that met no engine and are not taken in yet."""
    return [entry.name for entry in (state / "spool" / "fallback").iterdir()]


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


def cause(events: list[Event]) -> str:
    """How a call ended; what is known of its sound is written down after that."""
    return next(str(event.data["cause"]) for event in events if event.kind == "ended")


def calls(
    root: Root, state: Path, folder: Path, name: str, plan: CallerPlan, numbers: Sequence[str], rate: float
) -> SippRun:
    """One SIPp that places these calls at a running site."""
    scenario = write(folder / f"{name}.xml", caller_xml(plan, MEDIA))
    target = ask(state, "GET", "/status")["sip"]
    return SippRun(root, SippSpec(scenario, folder / name, target, plan.number, numbers, rate, deadline=300))


def missing_files(state: Path, found: dict[str, tuple[dict[str, Any], list[Event]]]) -> list[str]:
    """Messages and recordings whose file in our own folder is not there, or is not as long as the record says."""
    wrong = []
    for number, (_, events) in found.items():
        for event in events:
            if event.kind in ("message", "recording_kept"):
                path = state / "recordings" / event.data["file"]
                seconds = wav_seconds(path) if path.exists() else 0.0
                if abs(seconds - event.data["seconds"]) > 0.1:
                    wrong.append(f"{number}: {path.name} holds {seconds} s of {event.data['seconds']}")
    return wrong
