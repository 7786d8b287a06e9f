"""`quietline status` and `agent`: questions and orders to a running engine."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from cyclopts import Parameter

from engine.cli.ask import ask
from engine.cli.console import clock, print_json, say, table
from engine.cli.following import follow as watch
from engine.cli.history import unpublished
from engine.cli.place import STATE, JsonOption, StateOption
from engine.config.trace import length
from engine.core.agent import AgentState
from engine.core.facts import UNREACHABLE
from engine.core.release import Release
from engine.errors import SetupError
from engine.release.live import login

#: What people type, and the state it is.
ASKED = {"login": "logged_in", "ready": "ready", "pause": "paused", "logout": "logged_out"}

Wanted = Annotated[
    Literal["login", "ready", "pause", "logout", "code"],
    Parameter(help="What to become; or `code`, to say what the conversation was about."),
]
PhoneOption = Annotated[
    str | None,
    Parameter(help="The phone they are at from now on: of `phones`, another agent's, or a number."),
]
NoteOption = Annotated[str | None, Parameter(help="A line beside the wrap-up code.")]
ResolvedOption = Annotated[
    Literal["yes", "no"] | None,
    Parameter(help="Whether the matter is resolved, beside a code that asks for it."),
]


FollowOption = Annotated[
    bool, Parameter(negative="", help="Tell what happens from now on, a line each, until Ctrl-C.")
]


def status(*, state: StateOption = STATE, follow: FollowOption = False, json: JsonOption = False) -> None:
    """Show addresses, queues, callers and agents."""
    if follow:
        watch(state, json)
        return
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
    for line in watched(told):
        say(line)
    if told["careful"]:
        say(f"Careful: {told['careful']}.")
    say(f"SIP {told['sip']}   ARI {told['ari']}   pages {told['pages']}   state {told['state']}")
    if told["release"]:
        say(site_line(told))
    say("")
    show_floor(told["floor"])


def watched(told: dict[str, Any]) -> list[str]:
    """What Asterisk's manager has told since the engine started; where it tells nothing, that."""
    lines = []
    if told["ami"] is False:
        lines.append(
            "Phones and sound are not watched: AMI does not answer, or does not let us in (log/engine.log)."
        )
    if turned := turned_away(told["counters"]):
        lines.append(f"Turned away since the engine started: {turned} (log/engine.log).")
    return lines


def turned_away(counters: dict[str, float]) -> str:
    """Who Asterisk has turned away, by kind and service, the most first; empty where it was nobody."""
    series = re.compile(r'quietline_security_events_total{event="(\w+)",service="(\w+)"}')
    found = [
        (int(value), *made.groups()) for name, value in counters.items() if (made := series.fullmatch(name))
    ]
    return ", ".join(
        f"{number} × {kind} at {service}" for number, kind, service in sorted(found, reverse=True)
    )


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
    for name, q in queues.items():
        if "promises" in q and not q["promises"]["tells_times"]:
            kept = f"{q['promises']['kept']} of {q['promises']['judged']}"
            say(
                f"{name} tells callers no times: it kept {kept} promises in 7 days (quietline report estimates)."
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
        ("agent", "name", "state", "reason", "for", "phone", "queues"),
        (
            (
                name,
                a["title"],
                a["state"].replace("_", " "),
                why(a, time.time()),
                length(max(0.0, time.time() - a["since"])) if a["since"] else "",
                a["phone"] if a["phone"] != name else "",
                ", ".join(a["queues"]),
            )
            for name, a in floor["agents"].items()
        ),
    )


def why(agent: dict[str, Any], now: float) -> str:
    """Why they are in their state, and whether a pause has lasted too long."""
    over = now - agent["since"] - agent["limit"] if agent["limit"] else 0.0
    late = f", {length(over)} too long" if over > 0 else ""
    return str(agent["reason"]).replace("_", " ") + late


def callers_of(queue: dict[str, Any]) -> list[dict[str, Any]]:
    """Everybody in a queue, those first for whom a phone rings."""
    return [*queue["being_offered"], *queue["waiting"]]


def agent(
    name: str,
    wanted: Wanted,
    /,
    *reason: str,
    phone: PhoneOption = None,
    note: NoteOption = None,
    resolved: ResolvedOption = None,
    state: StateOption = STATE,
) -> None:
    """Log an agent in or out, make them ready, pause them (with a reason), or say what their conversation was about (code NAME).

    Parameters
    ----------
    name
        The agent's name in site.yaml.
    reason
        Why they pause; or the wrap-up code.
    """
    told = set_agent(state, name, wanted, " ".join(reason), phone=phone, note=note, resolved=resolved)
    say(sentence(name, told))


def set_agent(state: Path, name: str, wanted: str, reason: str = "", **more: str | None) -> dict[str, Any]:
    """Ask something of an agent; `more` are phone, note and resolved. Returns what the agent is now."""
    if name.strip(".") == "":
        raise SetupError(f"{name!r} is no agent's name: `quietline status` lists the agents")
    if wanted == "code" and not reason:
        raise SetupError(f"which code? Write `quietline agent {name} code NAME`")
    asked: dict[str, Any] = {"by": f"user {login()}"}
    asked |= {"code": reason} if wanted == "code" else {"state": ASKED[wanted], "reason": reason}
    asked |= {key: text for key, text in more.items() if text}
    told: dict[str, Any] = ask(state, "POST", f"/agents/{quote(name, safe='', errors='replace')}", asked)
    return told


def sentence(name: str, told: dict[str, Any]) -> str:
    """An agent's state in words."""
    why = f" ({told['reason']})" if told["reason"] else ""
    why += f" at phone {told['phone']}" if told["phone"] not in ("", name) else ""
    why += f", code {told['code']}" if told["code"] else ""
    later = f"; then {told['then'].replace('_', ' ')}" if told["then"] else ""
    title = f" {told['title']}" if told["title"] else ""
    more = " Their phone is being asked; they are ready as soon as it answers." if _awaited(told) else ""
    more += f" That is not on disk yet: {told['unwritten']}." if told.get("unwritten") else ""
    return f"{name}{title} is {told['state'].replace('_', ' ')}{why}{later}.{more}"


def _awaited(told: dict[str, Any]) -> bool:
    """Does only their phone keep them from being ready?"""
    return (told["state"], told["reason"]) == (AgentState.PAUSED, UNREACHABLE)
