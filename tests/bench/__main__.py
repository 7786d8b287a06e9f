"""All figures on one machine: `python -m tests.bench [--only SECTION …] [--rounds N]` (or `make bench`).

    answer      answer + 1 s prompt + hang up: highest rate, INVITE→200, CPU          against plain dialplan
    agent       agent free → agent's INVITE                                           against app_queue
    voice       agent picks up while something is said → both hear each other        against music alone
    memory      what a waiting caller costs the engine
    rush        100 agents, 25 calls a second for a minute: answered, CPU a call      against app_queue
    waiting     500 callers who are told their place every half minute                against app_queue
    check       `quietline check` of a flow of 2,000 lines and of a site of 20,000
    dispatch    one decision of the distributor                                       against a full scan
    sweep       an agent becomes free                                                 against sweeps of SQL tables and a full scan
    isolation   other contacts' commands while one channel blocks                     against one socket
    day         a simulated day of a 20-agent site
    speech      how well callers' words are heard, and at what cost; by itself: `make bench-speech MODEL=FOLDER`
    simulate    `quietline simulate`: a day of 100 agents and 5,000 calls

Sections that compare take turns, round by round; the table shows medians and ranges. Nothing else should run on the machine meanwhile: what
was running is printed with the result. Exit status 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import os
import platform
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path

from rich.console import Console

from engine.errors import EngineError
from engine.load.sipp import free_port
from engine.pbx.process import raise_open_files
from engine.pbx.root import dotted, ensure_root
from tests.bench import answer, free_agent, memory, rush, voice, waiting
from tests.bench.figure import Figure, show
from tests.bench.sides import Bench

Measure = Callable[[Bench, int], Coroutine[None, None, list[Figure]]]
CALLED: dict[str, Measure] = {
    "answer": answer.measure,
    "agent": free_agent.measure,
    "voice": voice.measure,
    "memory": memory.measure,
    "rush": rush.measure,
    "waiting": waiting.measure,
}
PROGRAMS = {
    "check": "check",
    "dispatch": "dispatch",
    "sweep": "sweep",
    "isolation": "ari_isolation",
    "day": "day",
    "simulate": "whatif",
    "speech": "speech",
}
PORTS = 12_000


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench", description="Print all figures as a table."
    )
    known = [*PROGRAMS, *CALLED]
    parser.add_argument("--only", nargs="+", choices=known, default=known, help="sections to run")
    parser.add_argument("--rounds", type=int, default=3, help="how often both sides take turns (default 3)")
    parser.add_argument("--keep", type=Path, help="keep state, logs and SIPp's files in this folder")
    return parser.parse_args()


def main() -> int:
    """Run the sections asked for; 1 when a target is missed or something cannot be started."""
    wanted, console = arguments(), Console()
    raise_open_files()
    console.print(machine())
    missed = [name for name in PROGRAMS if name in wanted.only and not program(name, console)]
    called = [name for name in CALLED if name in wanted.only]
    if called:
        try:
            figures = asyncio.run(in_folder(called, wanted, console))
        except EngineError as error:
            console.print(f"[red]{error}[/red]")
            return 1
        missed += [figure.name for figure in figures if figure.met is False]
    console.print(machine())
    console.print(
        f"[red]missed: {', '.join(missed)}[/red]" if missed else "[green]every target is met[/green]"
    )
    return 1 if missed else 0


def machine() -> str:
    """What the figures were taken on, and how busy it is."""
    load = " ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} × {processor()}, Linux {platform.release()}, Python {platform.python_version()}, load {load}"


def processor() -> str:
    """The processor's name."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "processor"
    )


def program(name: str, console: Console) -> bool:
    """Run a section that is a program of its own; True when it ended well."""
    module = f"tests.bench.{PROGRAMS[name]}"
    console.rule(name)
    if importlib.util.find_spec(module) is None:
        console.print(f"{module} does not exist: not measured")
        return True
    return subprocess.run([sys.executable, "-m", module], check=False).returncode == 0


async def in_folder(called: list[str], wanted: argparse.Namespace, console: Console) -> list[Figure]:
    """Run the sections that place calls, in a folder of their own."""
    if wanted.keep:
        wanted.keep.mkdir(parents=True, exist_ok=True)
        return await sections(called, wanted.keep, wanted.rounds, console)
    with tempfile.TemporaryDirectory(prefix="quietline-bench-") as folder:
        return await sections(called, Path(folder), wanted.rounds, console)


async def sections(called: list[str], folder: Path, rounds: int, console: Console) -> list[Figure]:
    """Run sections one after the other and print each one's table."""
    root = ensure_root(console.print)
    console.print(f"Asterisk {dotted(root.version)}")
    bench = Bench(
        root, folder, free_base(), free_port("127.0.0.1"), lambda line: console.print(line, style="dim")
    )
    figures: list[Figure] = []
    try:
        for name in called:
            console.rule(name)
            found = await CALLED[name](bench, rounds)
            show(found, console)
            figures += found
    finally:
        await bench.stop()
    return figures


def free_base() -> int:
    """The first of PORTS ports whose SIP and REST ports are free, below the range the kernel hands out."""
    for base in range(14_000, 32_000 - PORTS, 500):
        wanted = (base, base + 1, base + 2, base + 3, base + 6000)
        if all(bindable(port) for port in wanted):
            return base
    raise EngineError("no free range of ports between 14000 and 32000: end what uses them")


def bindable(port: int) -> bool:
    """Can both a UDP and a TCP port of this number be opened?"""
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


if __name__ == "__main__":
    raise SystemExit(main())
