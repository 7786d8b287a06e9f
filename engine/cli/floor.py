"""`quietline status` and `agent`: questions and orders to a running engine."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from cyclopts import Parameter

from engine.cli.ask import ask
from engine.cli.console import clock, print_json, say, table
from engine.cli.history import unpublished
from engine.cli.place import STATE, JsonOption, StateOption
from engine.config.trace import length
from engine.core.release import Release
from engine.errors import SetupError

#: What people type, and the state it is.
ASKED = {"ready": "ready", "pause": "paused", "logout": "logged_out"}

Wanted = Annotated[Literal["ready", "pause", "logout"], Parameter(help="What to become.")]


def status(*, state: StateOption = STATE, json: JsonOption = False) -> None:
    """Show addresses, queues, callers and agents."""
    told = ask(state, "GET", "/status")
    told["unpublished"] = changed(told)
    if json:
        print_json(told)
        return
    calls = "1 call" if told["calls"] == 1 else f"{told['calls']} calls"
    say(
        f"Calls can come in; {calls} in progress."
        if told["ready"]
        else f"{told['trouble'][:1].upper()}{told['trouble'][1:]}."
    )
    if told["careful"]:
        say(f"Careful: {told['careful']}.")
    say(f"SIP {told['sip']}   ARI {told['ari']}   pages {told['pages']}   state {told['state']}")
    if told["release"]:
        say(site_line(told))
    say("")
    show_floor(told["floor"])


def changed(told: dict[str, Any]) -> str:
    """In what the site's folder differs from what is live; empty where it does not."""
    if not told["release"]:
        return ""
    return unpublished(Path(told["state"]), Path(told["site"]), Release(**told["release"]))


def site_line(told: dict[str, Any]) -> str:
    """Which release is live, and whether the folder differs."""
    live = told["release"]
    by = f" by {live['by']}" if live["by"] else ""
    differs = f"; the folder has unpublished changes in {told['unpublished']}" if told["unpublished"] else ""
    return f"site: release {live['number']}{by}, {clock(live['at'])}{differs}"


def show_floor(floor: dict[str, Any]) -> None:
    """Queues, those who wait in them, and agents, as tables."""
    queues = floor["queues"]
    table(
        ("queue", "waiting", "longest", "ready", "talking", "signed in"),
        (
            (
                name,
                str(len(callers_of(q))),
                length(q["longest_wait"]),
                str(q["ready"]),
                str(q["talking"]),
                str(q["signed_in"]),
            )
            for name, q in queues.items()
        ),
    )
    waiting = [(name, caller) for name, q in queues.items() for caller in callers_of(q)]
    if waiting:
        say("")
        table(
            ("caller", "queue", "position", "waited"),
            (
                (c["contact"], name, str(c["position"] or "ringing"), length(c["waited"]))
                for name, c in waiting
            ),
        )
    say("")
    table(
        ("agent", "name", "state", "reason", "for", "queues"),
        (
            (
                name,
                a["title"],
                a["state"].replace("_", " "),
                a["reason"].replace("_", " "),
                length(max(0.0, time.time() - a["since"])) if a["since"] else "",
                ", ".join(a["queues"]),
            )
            for name, a in floor["agents"].items()
        ),
    )


def callers_of(queue: dict[str, Any]) -> list[dict[str, Any]]:
    """Everybody in a queue, those first for whom a phone rings."""
    return [*queue["being_offered"], *queue["waiting"]]


def agent(name: str, wanted: Wanted, /, *reason: str, state: StateOption = STATE) -> None:
    """Make an agent ready, pause them (with a reason), or log them out.

    Parameters
    ----------
    name
        The agent's name in site.yaml.
    reason
        Why they pause.
    """
    told = set_agent(state, name, wanted, " ".join(reason))
    say(sentence(name, told))


def set_agent(state: Path, name: str, wanted: str, reason: str = "") -> dict[str, Any]:
    """Ask for an agent's state; returns what the agent is now."""
    if name.strip(".") == "":
        raise SetupError(f"{name!r} is no agent's name: `quietline status` lists the agents")
    asked = {"state": ASKED[wanted], "reason": reason}
    told: dict[str, Any] = ask(state, "POST", f"/agents/{quote(name, safe='', errors='replace')}", asked)
    return told


def sentence(name: str, told: dict[str, Any]) -> str:
    """An agent's state in words."""
    why = f" ({told['reason']})" if told["reason"] else ""
    later = f"; then {told['then'].replace('_', ' ')}" if told["then"] else ""
    title = f" {told['title']}" if told["title"] else ""
    unwritten = f" That is not on disk yet: {told['unwritten']}." if told.get("unwritten") else ""
    return f"{name}{title} is {told['state'].replace('_', ' ')}{why}{later}.{unwritten}"
