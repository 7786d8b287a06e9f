"""`quietline bulletin`: begin, list and end the known outages that callers are told."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import cyclopts
from cyclopts import Parameter

from engine.cli.ask import ask
from engine.cli.console import clock, print_json, say, table
from engine.cli.place import STATE, JsonOption, StateOption
from engine.errors import SetupError
from engine.release.live import login

bulletin = cyclopts.App(name="bulletin", help="Known outages that callers are told.", help_format="plaintext")


@bulletin.command(name="begin")
def begin(
    name: str,
    prompt: str,
    /,
    *,
    concerns: Annotated[
        list[str] | None,
        Parameter(help="Whom it concerns, as VARIABLE=VALUE (all must hold), such as to_number=100."),
    ] = None,
    from_: Annotated[str, Parameter(name="--from", help="18:00, 2h or '2026-12-24 18:00'; else now.")] = "",
    until: Annotated[str, Parameter(help="The same; else until it is ended.")] = "",
    state: StateOption = STATE,
) -> None:
    """Tell callers of an outage; one of the same name is replaced.

    Parameters
    ----------
    name
        What it is called in lists and records.
    prompt
        The prompt that tells it.
    """
    asked: dict[str, Any] = {"name": name, "prompt": prompt, "scope": scope_of(concerns or []), "by": login()}
    told = ask(state, "POST", "/bulletins", {**asked, "from": from_, "until": until})
    when = "is told from now on" if told["told"] else f"will be told from {clock(told['from_at'])} on"
    end = f", until {clock(told['until_at'])}" if told["until_at"] else ", until it is ended"
    say(f"Bulletin {name} {when}{end}.")


@bulletin.command(name="end")
def end(name: str, /, *, state: StateOption = STATE) -> None:
    """Tell an outage no longer.

    Parameters
    ----------
    name
        The bulletin's name, as `quietline bulletin list` shows it.
    """
    if name.strip(".") == "":
        raise SetupError(f"{name!r} is no bulletin's name: `quietline bulletin list` shows them")
    ask(state, "DELETE", f"/bulletins/{quote(name, safe='', errors='replace')}?by={quote(login())}")
    say(f"Bulletin {name} is told no longer.")


@bulletin.command(name="list")
def show(*, state: StateOption = STATE, json: JsonOption = False) -> None:
    """Show the bulletins, the newest first."""
    found = ask(state, "GET", "/bulletins")
    if json:
        for one in found:
            print_json(one)
    elif not found:
        say("No bulletins.")
    else:
        rows = (
            (
                one["name"],
                one["prompt"],
                "yes" if one["told"] else "no",
                clock(one["from_at"]),
                clock(one["until_at"]) if one["until_at"] else "until ended",
                ", ".join(f"{key}={value}" for key, value in one["scope"].items()) or "everybody",
                one["by"],
            )
            for one in found
        )
        table(("bulletin", "prompt", "told now", "from", "until", "concerns", "by"), rows)


def scope_of(pairs: list[str]) -> dict[str, str]:
    """`to_number=100` and its like as a scope. Raises SetupError."""
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not (key.strip() and equals and value):
            raise SetupError(f"--concerns {pair!r} names no variable and value: write it like to_number=100")
        found[key.strip()] = value
    return found
