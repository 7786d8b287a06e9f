"""`quietline call`: conversations in progress, and what is done with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import cyclopts
from cyclopts import Parameter

from engine.cli.ask import ask
from engine.cli.console import clock, print_json, say, table
from engine.cli.place import STATE, JsonOption, StateOption
from engine.config.trace_talk import CALLED_IN_ENDS
from engine.errors import SetupError
from engine.release.live import login

call = cyclopts.App(
    name="call",
    help="Conversations in progress: hold, consult, conference, transfer, park, record.",
    help_format="plaintext",
)

#: What is said of a recording behind what a conversation is.
RECORDED = {"on": " It is being recorded.", "paused": " The recording is paused."}
Recording = Literal["on", "off", "pause", "resume"]
Priority = Annotated[int | None, Parameter(help="In a queue: 1 to 10, the one they came with if not given.")]


@call.command(name="list")
def show(*, state: StateOption = STATE, json: JsonOption = False) -> None:
    """Show every conversation in progress, the oldest first."""
    found = ask(state, "GET", "/calls")
    if json:
        for one in found:
            print_json(one)
    elif not found:
        say("Nobody is in a conversation.")
    else:
        rows = (
            (
                one["contact"],
                one["from_number"],
                one["with"]["name"] if one["with"]["there"] else "–",
                one["called_in"]["name"] if one["called_in"] else "",
                one["now"],
                clock(one["since"]),
            )
            for one in found
        )
        table(("contact", "caller", "with", "called in", "now", "since"), rows)


@call.command
def hold(who: str, /, *, state: StateOption = STATE) -> None:
    """Let the caller hear music.

    Parameters
    ----------
    who
        The agent, or the contact; so for all of these.
    """
    order(state, who, "hold")


@call.command
def resume(who: str, /, *, state: StateOption = STATE) -> None:
    """Bring the caller back from hold."""
    order(state, who, "resume")


@call.command
def consult(who: str, /, *target: str, state: StateOption = STATE) -> None:
    """Ring somebody for the agent, while the caller hears music.

    Parameters
    ----------
    target
        agent NAME, number NUMBER, or just the name or number.
    """
    order(state, who, "consult", target)


@call.command
def complete(who: str, /, *, state: StateOption = STATE) -> None:
    """Hand the caller over to whoever is consulted, or has answered the second call of the agent's phone; the agent is free."""
    order(state, who, "complete")


@call.command
def cancel(who: str, /, *, state: StateOption = STATE) -> None:
    """Let whoever was called in go; the caller is with the agent again."""
    order(state, who, "cancel")


@call.command
def conference(who: str, /, *, state: StateOption = STATE) -> None:
    """Let caller, agent and whoever is consulted speak together."""
    order(state, who, "conference")


@call.command
def transfer(who: str, /, *target: str, priority: Priority = None, state: StateOption = STATE) -> None:
    """Send the caller on; the agent is free at once.

    Parameters
    ----------
    target
        agent NAME, queue NAME, extension NUMBER (of this site), number NUMBER (outside), or just the name or number.
    """
    order(state, who, "transfer", target, priority)


@call.command
def park(who: str, /, *, state: StateOption = STATE) -> None:
    """Let the caller wait, with music, until somebody retrieves them; after their queue's `parked` (2m) they come back."""
    order(state, who, "park")


@call.command
def retrieve(contact: str, agent: str, /, *, state: StateOption = STATE) -> None:
    """Ring an agent for a caller who is parked.

    Parameters
    ----------
    contact
        The parked caller's contact, as `quietline call list` shows it.
    agent
        Who fetches them.
    """
    order(state, contact, "retrieve", ("agent", agent))


@call.command
def record(word: Recording, who: str, /, *, state: StateOption = STATE) -> None:
    """Begin to record a conversation, end that, or pause and resume it.

    Parameters
    ----------
    word
        What is to become of the recording.
    """
    order(state, who, "record", (word,))


def order(state: Path, who: str, do: str, target: tuple[str, ...] = (), priority: int | None = None) -> None:
    """Ask for something, and say what the conversation is then."""
    more = {} if priority is None else {"priority": priority}
    told = asked_of(state, who, do, " ".join(target), **more)
    if "unwritten" in told:
        say(f"That is asked for, and done when it can be written: {told['unwritten']}.")
        return
    say(in_vain(told) + sentence(told) + RECORDED.get(told.get("recording") or "", ""))


def asked_of(state: Path, who: str, do: str, to: str, **more: int) -> dict[str, Any]:
    """Ask something of a conversation: what it is then. Raises SetupError with a sentence."""
    if who.strip(".") == "":
        raise SetupError(f"{who!r} is neither an agent nor a contact: `quietline call list` shows them")
    asked = {"do": do, "to": to, "by": login(), **more}
    told: dict[str, Any] = ask(state, "POST", f"/calls/{quote(who, safe='', errors='replace')}", asked)
    return told


def in_vain(told: Mapping[str, Any]) -> str:
    """Who has not come, where they have been rung and are so no more."""
    rung = told.get("in_vain")
    return "" if rung is None else f"{rung['name']} {CALLED_IN_ENDS.get(rung['why'], rung['why'])}. "


def sentence(told: Mapping[str, Any]) -> str:
    """What a conversation is now, in words."""
    caller = told.get("from_number") or told["contact"]
    by, asked = told.get("with"), told.get("called_in")
    if by is None and told.get("now") == "sent on":
        return f"{caller} is sent on to {told['to']}."
    if by is None:
        return f"{caller} is in no conversation any more."
    match told["now"]:
        case "talking":
            return f"{caller} speaks with {by['name']}."
        case "held":
            return f"{caller} is on hold; {by['name']} has the call."
        case "conference" if asked:
            return f"{caller}, {by['name']} and {asked['name']} speak together."
        case "consulting" if asked:
            return f"{by['name']} speaks with {asked['name']}; {caller} is on hold."
        case "ringing" if asked:
            return f"{asked['name']} is being rung; {caller} is on hold."
        case "parked":
            at = f" at {told['slot']}" if told.get("slot") else ""
            return f"{caller} is parked{at} until {clock(told['parked_until'])}."
        case _:
            return f"{caller} is on their way."
