"""`quietline override`: say that a schedule is closed or open whatever its calendar says, see what was said, take it back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import cyclopts
from cyclopts import Parameter

from engine.cli.ask import ask
from engine.cli.console import print_json, say, table
from engine.cli.place import STATE, JsonOption, StateOption
from engine.release.live import login

override = cyclopts.App(
    name="override",
    help="Say that a schedule is open or closed, whatever its calendar says.",
    help_format="plaintext",
)

Wanted = Annotated[Literal["open", "closed", "emergency"], Parameter(help="What it shall be.")]


@override.default
def say_override(
    schedule: str,
    wanted: Wanted,
    /,
    *,
    until: Annotated[
        str, Parameter(help="18:00, 2h or '2026-12-24 18:00', in its time zone; else until cleared.")
    ] = "",
    why: Annotated[str, Parameter(help="Why, for those who look it up.")] = "",
    state: StateOption = STATE,
) -> None:
    """Say that a schedule or a site is open, closed or in an emergency; `everything` can be in an emergency.

    Parameters
    ----------
    schedule
        A schedule or a site of site.yaml, or everything.
    """
    told = _ask(state, {"schedule": schedule, "set": wanted, "until": until, "why": why})
    say(_sentence(told["said"], told["zone"]))


@override.command(name="clear")
def clear(schedule: str, /, *, state: StateOption = STATE) -> None:
    """Let the calendar say again what a schedule, a site or everything is.

    Parameters
    ----------
    schedule
        A schedule or a site of site.yaml, or everything.
    """
    told = _ask(state, {"schedule": schedule, "set": "none"})
    say(
        f"{schedule} follows its calendar again"
        + (f": it is {stands(told['state'])}." if told["state"] else ".")
    )


@override.command(name="list")
def list_overrides(*, state: StateOption = STATE, json: JsonOption = False) -> None:
    """Show how every schedule and site stands, and the overrides that count."""
    told = ask(state, "GET", "/overrides")
    if json:
        print_json(told)
        return
    table(("schedule", "is"), ((name, stands(now)) for name, now in told["schedules"].items()))
    say("")
    if not told["overrides"]:
        say("No override is in force.")
    for one in told["overrides"]:
        say(_sentence(one, told["zones"][one["schedule"]]))


def stands(state: str) -> str:
    """How a schedule stands, in words: whatever is neither open nor closed is closed for that reason."""
    return state if state in ("open", "closed") else f"closed ({state})"


def _ask(state: Path, asked: dict[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = ask(state, "POST", "/overrides", {**asked, "by": login()})
    return told


def _sentence(said: dict[str, Any], zone: str) -> str:
    """An override in words."""
    until = "until it is cleared"
    if said["until"] is not None:
        until = f"until {datetime.fromtimestamp(said['until'], ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
    by = f", says {said['by']}" if said["by"] else ""
    why = f": {said['why']}" if said["why"] else ""
    word = "in an emergency" if said["set"] == "emergency" else said["set"]
    return f"{said['schedule']} is {word} {until}{by}{why}"
