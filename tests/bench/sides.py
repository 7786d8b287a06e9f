"""The two sides of every comparison, started on demand: the engine by `quietline up`, and the plain Asterisk.

Both use the same programs and run at the same time on the same machine; only one of them is called at any moment.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.load.sipp import SippResult, SippRun, SippSpec, cpu_seconds
from engine.load.site import quietline
from engine.pbx.process import running
from engine.pbx.root import Root
from tests.bench.native import Native, NativeAsterisk

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "prompts"
AGENTS = tuple(f"b{n:02d}" for n in range(1, 11))
CENTRE_AGENTS = tuple(f"c{n:03d}" for n in range(1, 101))
EXTENSIONS = """
[in]
exten => 200,1,Answer()
 same => n,Playback({prompt})
 same => n,Hangup()
exten => 300,1,Answer()
 same => n,Queue(desk)
 same => n,Hangup()
exten => 400,1,Answer()
 same => n,Queue(hold)
 same => n,Hangup()
exten => 600,1,Answer()
 same => n,Queue(rush)
 same => n,Hangup()
exten => 700,1,Answer()
 same => n,Queue(waiting)
 same => n,Hangup()
[none]
"""
QUEUES = """
[general]
persistentmembers=no
autofill=yes
[desk]
musicclass=default
strategy=leastrecent
timeout=15
retry=1
wrapuptime=0
ringinuse=no
{desk}
[hold]
musicclass=default
[rush]
musicclass=default
strategy=leastrecent
timeout=15
retry=1
wrapuptime=0
ringinuse=no
{rush}
[waiting]
musicclass=default
announce-position=yes
announce-holdtime=no
announce-frequency=30
min-announce-frequency=30
queue-youarenext={prompts}/you_are_next
queue-thereare={prompts}/you_are_number-1
queue-callswaiting={prompts}/you_are_number-2
queue-thankyou={prompts}/you_are_number-3
"""
AGENT_LINE = '  {name}: {{ queues: [rush], ready: yes, contact: "sip:{name}@127.0.0.1:PORT" }}'
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class House:
    """What both sides are for some benches: a site's folder beside this file, and agents the bench adds to it (queue `rush`).

    Phones are asked every `qualify` seconds whether they are there, by the plain Asterisk as by the site's own.
    """

    site: str
    added: tuple[str, ...] = ()
    qualify: int = 0


DESK = House("site")
CENTRE = House("centre", CENTRE_AGENTS, qualify=10)


@dataclass(slots=True)
class Side:
    """One side as the benches see it: where to call, and the processes whose CPU counts."""

    name: str
    target: str
    asterisk: int
    engine: int | None = None

    def cpu(self) -> tuple[float, float]:
        """CPU seconds used so far by Asterisk and by the engine (0.0 for the plain side)."""
        return cpu_seconds(self.asterisk), cpu_seconds(self.engine) if self.engine else 0.0


class Bench:
    """Programs, folders and both sides of one run of the benches."""

    def __init__(self, root: Root, folder: Path, base: int, phones: int, say: Say) -> None:
        """`base` is the first of 12,000 ports; `phones` the port where all agents stand."""
        self.root, self.folder, self.base, self.phones, self.say = root, folder, base, phones, say
        self._native: NativeAsterisk | None = None
        self._engine = False
        self._house = DESK
        self._starts = 0
        self._numbers = 0

    async def move(self, house: House) -> None:
        """Be another house from now on; what runs for the one before is ended."""
        if house != self._house:
            await self.stop()
            self._house = house

    def native(self) -> Side:
        """The plain Asterisk, started when first asked for."""
        if self._native is None:
            self.say("starting a plain Asterisk")
            spec = self.native_spec()
            self._native = NativeAsterisk(self.root, self.folder / "native", spec)
            self._native.start()
        return Side("native", f"127.0.0.1:{self._native.spec.port}", self._native.pid)

    def native_spec(self) -> Native:
        """The same work as the bench site's, in plain dialplan."""
        prompt = (HERE / "prompts/en/one_second").absolute()
        house, prompts = self._house, SHIPPED / "en"
        agents = house.added or AGENTS
        members = "\n".join(f"member => PJSIP/{name}" for name in agents)
        contacts = {name: f"sip:{name}@127.0.0.1:{self.phones}" for name in agents}
        desk, rush = ("", members) if house.added else (members, "")
        queues = QUEUES.format(desk=desk, rush=rush, prompts=prompts.absolute())
        plan = EXTENSIONS.format(prompt=prompt)
        return Native(
            self.base + 6000, self.base + 8000, plan, contacts, queues, house.qualify, prompts / "num"
        )

    @property
    def state(self) -> Path:
        """The engine's state folder; every start has its own."""
        return self.folder / f"state-{self._starts}"

    async def order(self, *words: str) -> str:
        """What a command of the engine's side prints."""
        return await quietline(*words, "--state", str(self.state), patience=180)

    async def engine(self) -> Side:
        """The engine's side, started when first asked for."""
        if not self._engine:
            self.say("starting the engine (quietline up)")
            site, self._starts = self.write_site(), self._starts + 1
            await self.order("up", "--site", str(site), "--ports", str(self.base))
            self._engine = True
        status = json.loads(await self.order("status", "--json"))
        asterisk, engine = running("asterisk", self.state), running("engine", self.state)
        assert asterisk is not None and engine is not None, (
            f"{self.state} holds no running Asterisk and engine"
        )
        return Side("engine", str(status["sip"]), asterisk.pid, engine.pid)

    def write_site(self) -> Path:
        """A copy of the house's site with the phones' port in it; its prompts are the shipped ones and the second of sound."""
        house, prompts = self._house, self.folder / "prompts"
        site = self.folder / house.site
        shutil.copytree(HERE / house.site, site, dirs_exist_ok=True)
        shutil.copytree(SHIPPED, prompts, dirs_exist_ok=True)
        shutil.copytree(HERE / "prompts/en", prompts / "en", dirs_exist_ok=True)
        texts = (SHIPPED / "en.yaml", HERE / "prompts/en.yaml")
        (prompts / "en.yaml").write_text("\n".join(text.read_text(encoding="utf-8") for text in texts))
        added = "\n".join(AGENT_LINE.format(name=name) for name in house.added)
        text = (HERE / house.site / "site.yaml").read_text().replace("\nAGENTS\n", f"\n{added}\n")
        (site / "site.yaml").write_text(text.replace("127.0.0.1:PORT", f"127.0.0.1:{self.phones}"))
        return site

    async def stop(self) -> None:
        """End both sides."""
        if self._native is not None:
            self._native.stop()
            self._native = None
        await self.stop_engine()

    async def stop_engine(self) -> None:
        """End the engine's side; the next one that is asked for knows nothing of it."""
        if self._engine:
            await self.order("down")
            self._engine = False

    def numbers(self, count: int) -> list[str]:
        """Numbers no other call of this run comes from."""
        self._numbers += count
        return [f"8{n:08d}" for n in range(self._numbers - count, self._numbers)]

    def spec(self, name: str, number: str, side: Side, calls: int, rate: float, *extra: str) -> SippSpec:
        """The SIPp process that calls one side."""
        folder = self.folder / "sipp" / side.name
        deadline = calls / rate + 600
        scenario = HERE / f"{name}.xml"
        return SippSpec(
            scenario, folder, side.target, number, self.numbers(calls), rate, deadline=deadline, extra=extra
        )

    async def place(self, name: str, number: str, side: Side, calls: int, rate: float) -> SippResult:
        """Place calls and wait for their end."""
        async with SippRun(self.root, self.spec(name, number, side, calls, rate)) as run:
            return await run.wait()
