"""`quietline load`: SIPp calls against a running site, compared with its contact records."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from engine.cli.console import say
from engine.cli.place import STATE, StateOption, place_of
from engine.load.run import LoadSpec, check, check_numbers, mix_of, run_load
from engine.load.show import bar, show
from engine.load.site import CommandSite
from engine.pbx.root import ensure_root

SCENARIOS = Path("tests/load")


def load(
    name: Annotated[
        str | None, Parameter(help="A scenario or a mix: a file of --scenarios, with or without its suffix.")
    ] = None,
    /,
    *,
    rate: Annotated[float, Parameter(help="Calls a second.")] = 1.0,
    calls: Annotated[int, Parameter(help="How many calls.")] = 10,
    mix: Annotated[Path | None, Parameter(help="A file of several scenarios and their weights.")] = None,
    agents: Annotated[
        int | None,
        Parameter(help="How many agents' phones to play, 0 for none; else all whose port is free."),
    ] = None,
    scenarios: Annotated[Path, Parameter(help="Folder of scenarios.")] = SCENARIOS,
    state: StateOption = STATE,
) -> int:
    """Place SIPp calls and hold the contact records against them; exit status 1 on any difference."""
    spec = LoadSpec(scenarios, name, mix, rate, calls, agents)
    return asyncio.run(placed(spec, state))


async def placed(spec: LoadSpec, state: Path) -> int:
    """Run the calls and show what came of them."""
    check(spec)
    mix = mix_of(spec)
    console = Console()
    place = place_of(state)
    site = await CommandSite.at(state)
    check_numbers(mix, site.numbers)
    root = ensure_root(say)
    with bar(console) as report:
        result = await run_load(spec, site, root, place.state / "load", report)
    show(result, console)
    return 0 if result.ok else 1
