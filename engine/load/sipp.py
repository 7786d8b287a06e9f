"""SIPp as processes of ours: start one, watch it, read what it wrote.

    run = SippRun(root, SippSpec(scenario, folder, target="127.0.0.1:5060", numbers=["7001"], rate=2))
    await run.start()
    result = await run.wait()

A caller's scenario finds its number in `[field0]`: one line, one call, so that every call has a number of its own. What the
scenario logs as `<number> <mark> [seconds] [microseconds]` comes back as `marks`. An agent's phone has no target and runs
until it is stopped. Everything stays on one address (127.0.0.1 unless the spec says otherwise), every process ends by its
own id, none outlives its deadline, and none outlives us, even when we are killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import os
import random
import re
import signal
import socket
from asyncio.subprocess import DEVNULL, Process
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import IO, Protocol

from engine.errors import SetupError

#: SIPp says this in its error file whenever a scenario's own `ontimeout` is taken; it is no error.
TAKEN_TIMEOUT = re.compile(r"receive timeout on message .* jumping to label|^The following events occurred")
RTP_FIRST, RTP_LAST, RTP_BLOCK = 44000, 60000, 1000
#: Where phones and callers of ours listen: none of these is given by the system to whoever asks for any port.
PORTS = range(14000, 17000)
_untried = cycle(random.sample(PORTS, len(PORTS)))
TICKS = os.sysconf("SC_CLK_TCK")
#: A phone nobody can stop any more would hold its port for hours.
DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")


class Programs(Protocol):
    """Where SIPp comes from; `engine.pbx.root.Root` is one."""

    def command(self, program: str, *arguments: str) -> list[str]:
        """The command line that runs a program."""
        ...


@dataclass(frozen=True, slots=True)
class SippSpec:
    """One SIPp process. `target` is host:port (None for a phone that waits); `numbers` are the callers, one call each.

    `rate` is calls a second; `port` the local SIP port (0: any free one); `deadline` seconds after which SIPp gives up.
    """

    scenario: Path
    folder: Path
    target: str | None = None
    number: str = "100"
    numbers: Sequence[str] = ()
    rate: float = 1.0
    port: int = 0
    address: str = "127.0.0.1"
    deadline: float = 600.0
    extra: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class SippResult:
    """What one SIPp process says of itself.

    `answer_ms` is INVITE→200 of each call in milliseconds; `marks` is number -> mark -> seconds since the epoch; `peak_cpu` is the
    greatest share of a core in any second.
    """

    scenario: str
    status: int
    created: int
    successful: int
    failed: int
    answer_ms: tuple[float, ...] = ()
    marks: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    peak_cpu: float = 0.0

    @property
    def ok(self) -> bool:
        """Every call went as scripted."""
        return self.status == 0 and self.failed == 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: calls made, now open, ended well and ended badly."""

    created: int = 0
    open: int = 0
    successful: int = 0
    failed: int = 0


class SippRun:
    """One SIPp process from its start to its figures."""

    _blocks = 0

    def __init__(self, root: Programs, spec: SippSpec) -> None:
        """Nothing is started yet; files will lie in `spec.folder` under the scenario's name and port."""
        self.root, self.spec = root, spec
        label = spec.scenario.stem + (f"-{spec.port}" if spec.port else "")
        self.files = spec.folder / label
        self.process: Process | None = None
        self.peak_cpu = 0.0
        self._watch: asyncio.Task[None] | None = None
        self._log: IO[bytes] | None = None

    async def __aenter__(self) -> SippRun:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def file(self, suffix: str) -> Path:
        """One of the run's files."""
        return self.files.with_name(self.files.name + suffix)

    async def start(self) -> None:
        """Start SIPp; a phone is waited for until it listens. Raises SetupError with one sentence when it does not start."""
        self.spec.folder.mkdir(parents=True, exist_ok=True)
        for stale in self.spec.folder.glob(f"{self.files.name}.*"):
            if stale != self.spec.scenario:
                stale.unlink()
        if self.spec.port and not port_free(self.spec.address, self.spec.port):
            raise SetupError(
                f"UDP port {self.spec.port} for {self.spec.scenario.stem} is in use: end what holds it"
            )
        self._log = self.file(".out").open("wb")
        environment = {**os.environ, "TERM": "dumb"}
        self.process = await asyncio.create_subprocess_exec(
            *DIES_WITH_US,
            *self.root.command("sipp", *self.arguments()),
            stdin=DEVNULL,
            stdout=self._log,
            stderr=self._log,
            cwd=self.spec.folder,
            env=environment,
            start_new_session=True,
        )
        self._watch = asyncio.create_task(self._sample_cpu(self.process.pid))
        if self.spec.port:
            await self._listening()

    def arguments(self) -> list[str]:
        """SIPp's command line after its name."""
        spec, first_rtp = self.spec, next_rtp_block()
        return [
            *([spec.target] if spec.target else []),
            *("-sf", str(spec.scenario.absolute())),
            *("-i", spec.address, "-mi", spec.address, "-ci", spec.address),
            *(("-p", str(spec.port)) if spec.port else ()),
            *("-cp", str(free_port(spec.address))),
            *("-min_rtp_port", str(first_rtp), "-max_rtp_port", str(first_rtp + RTP_BLOCK - 2)),
            *("-timeout", f"{int(spec.deadline)}s", "-timeout_error", "-nostdin", "-f", "600"),
            *("-trace_stat", "-stf", str(self.file(".stat.csv")), "-fd", "1"),
            *("-trace_err", "-error_file", str(self.file(".errors"))),
            *("-trace_logs", "-log_file", str(self.file(".marks"))),
            *(self._calls() if spec.target else ()),
            *spec.extra,
        ]

    def _calls(self) -> list[str]:
        """The part of the command line that says which calls to make."""
        spec, numbers = self.spec, self.file(".numbers.csv")
        numbers.write_text("SEQUENTIAL\n" + "".join(f"{number}\n" for number in spec.numbers))
        count = str(len(spec.numbers))
        return [
            *("-inf", str(numbers), "-s", spec.number, "-m", count, "-l", count),
            *("-r", f"{spec.rate:g}", "-trace_rtt", "-rtt_freq", "1"),
        ]

    async def _listening(self) -> None:
        """Wait until the phone's port is taken. Raises SetupError when SIPp ends before that, or after 10 seconds."""
        assert self.process is not None
        for _ in range(500):
            if self.process.returncode is not None:
                break
            if not port_free(self.spec.address, self.spec.port):
                return
            await asyncio.sleep(0.02)
        await self.stop()
        raise SetupError(
            f"SIPp did not open port {self.spec.port} for {self.spec.scenario.stem}: {self.last_words()}"
        )

    def last_words(self) -> str:
        """Why SIPp ended, in its own words."""
        lines = [*self.errors(), *read_lines(self.file(".out"))[-3:]]
        return lines[0] if lines else "it said nothing"

    async def _sample_cpu(self, pid: int) -> None:
        """Keep the greatest share of a core SIPp took in any second."""
        before = cpu_seconds(pid)
        while True:
            await asyncio.sleep(1)
            now = cpu_seconds(pid)
            self.peak_cpu = max(self.peak_cpu, now - before)
            before = now

    def progress(self) -> Progress:
        """How far SIPp is, from the last line of its statistics (written once a second)."""
        row = last_row(self.file(".stat.csv"))
        return Progress(
            count(row, "TotalCallCreated"),
            count(row, "CurrentCall"),
            count(row, "SuccessfulCall(C)"),
            count(row, "FailedCall(C)"),
        )

    async def wait(self) -> SippResult:
        """Wait until SIPp has ended (its own deadline plus a little, at most) and read its figures."""
        assert self.process is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.process.wait(), self.spec.deadline + 30)
        return await self.stop()

    async def stop(self) -> SippResult:
        """End SIPp if it still runs (first politely, so that open calls end) and read its figures."""
        if self.process is not None:
            await end(self.process)
        if self._watch is not None:
            self._watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._watch
        if self._log is not None:
            self._log.close()
        return self.result()

    def result(self) -> SippResult:
        """What the files of an ended run say."""
        progress = self.progress()
        status = self.process.returncode if self.process and self.process.returncode is not None else -1
        return SippResult(
            self.spec.scenario.stem,
            status,
            progress.created,
            progress.successful,
            progress.failed,
            self._answer_times(),
            read_marks(self.file(".marks")),
            self.errors(),
            self.peak_cpu,
        )

    def _answer_times(self) -> tuple[float, ...]:
        """Milliseconds from INVITE to 200 of every answered call, from SIPp's response-time file (named after its process)."""
        if self.process is None:
            return ()
        found = self.spec.folder.glob(f"{self.spec.scenario.stem}_{self.process.pid}_rtt.csv")
        rows = (line.split(";") for path in found for line in read_lines(path)[1:])
        return tuple(float(row[1]) for row in rows if len(row) > 2 and row[2].strip() == "answer")

    def errors(self) -> tuple[str, ...]:
        """What SIPp complained about, without its notes on time-outs the scenario itself provides for."""
        return tuple(line for line in read_lines(self.file(".errors")) if not TAKEN_TIMEOUT.search(line))


class AgentPhones:
    """Agents' phones at fixed contacts: one SIPp each, ringing, answering or refusing as their scenario says."""

    def __init__(
        self,
        root: Programs,
        scenario: Path,
        contacts: Mapping[str, str],
        folder: Path,
        deadline: float = 3600.0,
    ) -> None:
        """`contacts` is agent -> `sip:2001@127.0.0.1:17001`; phones of one address and port are one process."""
        ports = {phone_port(uri): name for name, uri in sorted(contacts.items(), reverse=True)}
        self.runs = {
            name: SippRun(root, SippSpec(scenario, folder, port=port, address=address, deadline=deadline))
            for (address, port), name in sorted(ports.items())
        }

    async def __aenter__(self) -> AgentPhones:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start every phone; when one cannot be, the others are stopped and SetupError is raised."""
        started = await asyncio.gather(*(run.start() for run in self.runs.values()), return_exceptions=True)
        if failed := [error for error in started if isinstance(error, BaseException)]:
            await self.stop()
            raise failed[0]

    async def stop(self) -> Mapping[str, SippResult]:
        """End every phone and say what each of them did."""
        results = await asyncio.gather(*(run.stop() for run in self.runs.values()))
        return dict(zip(self.runs, results, strict=True))


def phone_port(uri: str) -> tuple[str, int]:
    """Address and port of a fixed contact. Raises SetupError when it names none."""
    found = re.fullmatch(r"sips?:(?:[^@]*@)?([^:;>]+):(\d+)(?:;.*)?", uri)
    if found is None:
        raise SetupError(f"{uri} names no address and port to start a phone at: write sip:NAME@ADDRESS:PORT")
    return found.group(1), int(found.group(2))


async def end(process: Process) -> None:
    """End one process by its id: let calls finish (2 s), then ask, then insist."""
    for sign, patience in ((signal.SIGUSR1, 2.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(sign)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), patience)


def port_free(address: str, port: int) -> bool:
    """Can this UDP port be opened now?"""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        try:
            trial.bind((address, port))
        except OSError:
            return False
    return True


def free_port(address: str) -> int:
    """A UDP port nobody uses now, another one each time, so that it is still free when it is wanted."""
    for port in islice(_untried, len(PORTS)):
        if port_free(address, port):
            return port
    raise SetupError(f"no UDP port from {PORTS[0]} to {PORTS[-1]} is free on {address}: end what holds them")


def next_rtp_block() -> int:
    """Where a process may begin to look for RTP ports: blocks spread by our own id, so that runs side by side seldom meet."""
    SippRun._blocks += 1
    blocks = (RTP_LAST - RTP_FIRST) // RTP_BLOCK
    return RTP_FIRST + RTP_BLOCK * ((os.getpid() * 7 + SippRun._blocks) % blocks)


def cpu_seconds(pid: int) -> float:
    """User and system time a process has used so far; 0.0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def read_lines(path: Path) -> list[str]:
    """A file's non-empty lines; none when there is no file."""
    try:
        return [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    except OSError:
        return []


def last_row(path: Path) -> Mapping[str, str]:
    """The last complete line of a statistics file by column name."""
    lines = read_lines(path)
    rows = csv.DictReader([lines[0], lines[-1]], delimiter=";") if len(lines) > 1 else ()
    return next(iter(rows), {})


def count(row: Mapping[str, str], column: str) -> int:
    """One counter of a statistics line; 0 while there is none."""
    text = row.get(column) or "0"
    return int(text) if text.isdigit() else 0


def read_marks(path: Path) -> dict[str, dict[str, float]]:
    """The times a scenario logged: number -> mark -> seconds since the epoch. A mark made twice gets `#2`, `#3` …"""
    marks: dict[str, dict[str, float]] = {}
    made: Counter[tuple[str, str]] = Counter()
    for number, mark, at in parse_marks(read_lines(path)):
        made[number, mark] += 1
        again = made[number, mark]
        marks.setdefault(number, {})[mark if again == 1 else f"{mark}#{again}"] = at
    return marks


def parse_marks(lines: Iterable[str]) -> Iterable[tuple[str, str, float]]:
    """Lines as a scenario's `<log>` writes them; others are passed over."""
    for line in lines:
        words = line.split()
        if len(words) == 4:
            with contextlib.suppress(ValueError):
                yield words[0], words[1], float(words[2]) + float(words[3]) / 1e6
