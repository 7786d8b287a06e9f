"""`quietline demo`: everything at once. Five scripted callers dial in, agents' phones ring, and each call tells its story as it happens.

The shipped site, a real Asterisk and real SIPp calls; nothing is mocked. Who works when is part of the script, so that every run tells
the same stories, whatever the distributor has learned from earlier ones:

    answered      presses 1; only 2001 of Sofia's desk is there, and answers; at that moment 2003 of Dubai's comes back from a break
    gave up       presses 2; sales has nobody free while 2001 talks and wraps up: hears its place, and hangs up
    message       leaves a message in the office's mailbox
    bulgarian     calls the service desk: chooses Bulgarian, says by number and PIN who she is, and asks for a colleague; 2001
                  answers, or 2003 while 2001 rests; then she answers two questions
    closed        calls the renewals desk, which is closed for stocktaking
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from engine.cli.ask import ask
from engine.cli.console import say
from engine.cli.feed import Feed, Mark
from engine.cli.floor import set_agent
from engine.cli.place import Place, PortsOption, StateOption, make_state, place_of
from engine.cli.publish import for_the_next_start
from engine.cli.records import Teller, show_contacts
from engine.cli.stage import staged
from engine.cli.start import bring_up, take_down
from engine.config import load_site
from engine.core.release import following
from engine.core.site import Settings
from engine.errors import PortTaken, SetupError
from engine.load.compare import Batch, differences
from engine.load.scenario import AGENTS_ANSWER, read_caller
from engine.load.sipp import AgentPhones, SippResult, SippRun, SippSpec
from engine.pbx.process import raise_open_files, running
from engine.pbx.render import REPOSITORY
from engine.pbx.root import Root, ensure_root
from engine.release.live import known_releases, login
from engine.release.shelf import Shelf
from engine.store.archive import Archive, open_archive

SITE = REPOSITORY / "ivr_flows"
SCENARIOS = REPOSITORY / "tests" / "load"
WORKING, LATE, RESTING = "2001", "2003", ("2002", "2004")
OFFICES = ("sofia", "dubai")
#: Seconds within which every call has ended, and for which the phones stay at most.
PATIENCE, PHONES_LIVE = 120.0, 8 * 3600.0


@dataclass(frozen=True, slots=True)
class Caller:
    """One scripted caller: how its lines are marked, its number, what it plays, and when it dials (seconds)."""

    mark: Mark
    number: str
    scenario: str
    after: float


def new_number() -> str:
    """A number nobody has called from: the language chosen is remembered, and the next demo shall be asked again."""
    return f"7{int(time.time()) % 10_000_000:07}"


CALLERS = (
    Caller(Mark("answered", "green"), "7001", "uac-press-1-agent-answers", 0.0),
    Caller(Mark("gave up", "yellow"), "7002", "uac-press-2-hangs-up-waiting", 1.0),
    Caller(Mark("message", "cyan"), "7003", "uac-leaves-message-pound", 1.5),
    Caller(Mark("bulgarian", "magenta"), new_number(), "uac-desk-in-bulgarian", 0.5),
    Caller(Mark("closed", "blue"), "7005", "uac-out-of-hours", 2.5),
)


def demo(
    *,
    once: Annotated[
        bool,
        Parameter(negative="", help="End when the calls have ended; status 1 unless all went as scripted."),
    ] = False,
    state: StateOption = Path("var/demo"),
    ports: PortsOption = None,
) -> int:
    """Start everything, place five calls, and show what happens; then stay up until Ctrl-C."""
    if not (SITE.is_dir() and SCENARIOS.is_dir()):
        raise SetupError(
            f"the demo needs the whole repository, and {SITE} or {SCENARIOS} is not there: run it in a checkout"
        )
    raise_open_files()
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    place = place_of(state, SITE, ports)
    make_state(place.state)
    root = ensure_root(say)
    with alone(place.state / "demo.lock"):
        try:
            place = raised(place, ports)
            if place.site != SITE:
                say(f"This demo plays a copy of the site, with phones of its own: {shown(place.site)}")
            return asyncio.run(Demo(place, root, load_site(place.site).settings).perform(once))
        except KeyboardInterrupt:
            return 130
        finally:
            say("Taking everything down …")
            take_down(place.state)


def raised(place: Place, ports: int | None) -> Place:
    """Have the demo's site run, once more elsewhere where somebody took a port after the look at them; where it runs."""
    try:
        return run_there(staged(place, ports))
    except PortTaken as taken:
        if ports is not None:
            raise
        say(f"{taken}; once more with other ports")
        return run_there(staged(place, ports))


def run_there(place: Place) -> Place:
    """Have the site's folder run at this place."""
    publish_folder(place)
    bring_up(place, say)
    return place


def publish_folder(place: Place) -> None:
    """Where an earlier demo has published another version of its site, have this one start with the folder as it is."""
    known = asyncio.run(known_releases(place.state))
    if not known or running("engine", place.state):
        return
    load_site(place.site)
    digest = Shelf(place.state).keep(place.site)
    if digest != known[-1].hash:
        for_the_next_start(
            place, following(known, digest, login(), "another demo", time.time(), str(place.site))
        )


@contextlib.contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock file. Raises SetupError when another demo holds it."""
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError(f"a demo runs on {path.parent} already: end it there with Ctrl-C") from None
        yield


class Demo:
    """One performance on a site that is up."""

    def __init__(self, place: Place, root: Root, settings: Settings) -> None:
        self._place, self._root, self._settings = place, root, settings
        self._scenarios = {c.number: read_caller(c.scenario, SCENARIOS) for c in CALLERS}

    async def perform(self, once: bool) -> int:
        """Place the calls; 0 when each ended as scripted. Without `once`, go on telling calls until interrupted."""
        contacts = {name: self._settings.agents[name].contact or "" for name in (WORKING, LATE, *RESTING)}
        folder = self._place.state / "sipp"
        phones = AgentPhones(self._root, SCENARIOS / AGENTS_ANSWER, contacts, folder / "phones", PHONES_LIVE)
        async with phones, open_archive(self._place.state / "quietline.db") as archive:
            self.open_offices()
            self.seat_agents({WORKING: "ready", LATE: "pause", **dict.fromkeys(RESTING, "pause")})
            teller, marks = Teller(archive, self._place.site), {c.number: c.mark for c in CALLERS}
            feed = Feed(archive, teller, await archive.last_seq(), marks)
            wrong = await self.place_calls(feed, archive, folder)
            if not once:
                self.seat_agents(dict.fromkeys(RESTING, "ready"))
                self.invite()
                await feed.follow(self.is_down)
                say("Quietline was taken down, so this demo is over.")
        return 1 if wrong else 0

    def is_down(self) -> bool:
        """Has somebody said `quietline down`? One process that died may be started again by `quietline up`."""
        return not (running("asterisk", self._place.state) or running("engine", self._place.state))

    def open_offices(self) -> None:
        """Say that both offices are open while this lasts: a demo is given at night, too."""
        for office in OFFICES:
            asked = {"schedule": office, "set": "open", "until": "8h", "why": "demo", "by": "demo"}
            ask(self._place.state, "POST", "/overrides", asked)

    def seat_agents(self, wanted: Mapping[str, str]) -> None:
        """Make agents ready or let them pause."""
        for name, state in wanted.items():
            set_agent(self._place.state, name, state, "break" if state == "pause" else "")

    async def place_calls(self, feed: Feed, archive: Archive, folder: Path) -> list[str]:
        """Have every caller dial, tell the calls until all have ended, and say how they ended: what was not as scripted."""
        say(f"\n{len(CALLERS)} callers dial {self._place.sip} …\n")
        began = time.time()
        calls = [asyncio.create_task(self.call(caller, folder)) for caller in CALLERS]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.follow_to_the_end(feed), PATIENCE)
        results = await asyncio.gather(*calls)
        await feed.look()
        records = [r for r in await archive.contacts(began - 1) if r["from_number"] in self._scenarios]
        return self.judge(results, records)

    async def follow_to_the_end(self, feed: Feed) -> None:
        """Tell the calls until all have ended; the late agent comes when the first one's phone rings."""
        await feed.follow(lambda: WORKING in feed.rung)
        self.seat_agents({LATE: "ready"})
        await feed.follow(lambda: feed.ended >= set(self._scenarios))

    async def call(self, caller: Caller, folder: Path) -> SippResult:
        """One caller, from dialling to the end."""
        await asyncio.sleep(caller.after)
        scenario = self._scenarios[caller.number]
        spec = SippSpec(
            scenario.path,
            folder,
            self._place.sip,
            scenario.number,
            [caller.number],
            rate=10,
            deadline=PATIENCE,
        )
        async with SippRun(self._root, spec) as run:
            return await run.wait()

    def judge(self, results: list[SippResult], records: list[dict[str, Any]]) -> list[str]:
        """Show the records and say what was not as scripted."""
        batches = [
            Batch(scenario, [number], result)
            for (number, scenario), result in zip(self._scenarios.items(), results, strict=True)
        ]
        wrong = differences(batches, records, {})
        say("")
        show_contacts(records)
        say("")
        for line in wrong:
            say(f"not as scripted: {line}")
        if not wrong:
            say(f"All {len(records)} calls ended as scripted, each with exactly one contact record.")
        return wrong

    def invite(self) -> None:
        """Say how to call in, and where to look."""
        place, settings = self._place, self._settings
        numbers = ", ".join(f"{number} ({flow})" for number, flow in settings.numbers.items())
        say("")
        say(f"Quietline stays up. Call in with a softphone on this machine: dial sip:100@{place.sip}")
        say(f"  numbers   {numbers}; this site lets 127.0.0.1 in without an account")
        for agent in settings.agents.values():
            if agent.password:
                say(
                    f"  account   {agent.name}, password {agent.password}, server {place.sip}: an agent's phone ({agent.title})"
                )
                say(
                    f"            `quietline agent {agent.name} ready --state {shown(place.state)}` has it rung"
                )
        say(f"  pages     {place.pages}")
        say(
            f"  look      `quietline status --state {shown(place.state)}`, `quietline contacts --state {shown(place.state)}`"
        )
        say("Calls are told here as they happen. Ctrl-C takes everything down.\n")


def shown(path: Path) -> Path:
    """A path from here where it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
