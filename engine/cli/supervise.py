"""`quietline supervise`: listen to a conversation, speak to its agent alone, or to both sides."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.cli.call import asked_of
from engine.cli.console import say
from engine.cli.place import STATE, StateOption

supervise = cyclopts.App(
    name="supervise",
    help="Listen to a conversation, speak to its agent alone, or to both sides; each is on record.",
    help_format="plaintext",
)

Phone = Annotated[str, Parameter(help="The phone that is rung for it: of a desk, or an agent's own.")]


@supervise.command
def listen(who: str, /, *, phone: Phone, state: StateOption = STATE) -> None:
    """Hear a conversation, and be heard by nobody.

    Parameters
    ----------
    who
        The agent, or the contact; so for all of these.
    """
    order(state, who, "listen", phone)


@supervise.command
def whisper(who: str, /, *, phone: Phone, state: StateOption = STATE) -> None:
    """Hear it, and be heard by the agent alone."""
    order(state, who, "whisper", phone)


@supervise.command
def barge(who: str, /, *, phone: Phone, state: StateOption = STATE) -> None:
    """Hear it, and be heard by both sides."""
    order(state, who, "barge", phone)


@supervise.command
def leave(who: str, /, *, state: StateOption = STATE) -> None:
    """Let the supervisor's phone go; hanging up does the same."""
    order(state, who, "leave", "")


def order(state: Path, who: str, do: str, phone: str) -> None:
    """Ask for it, and say what is so then."""
    listening = asked_of(state, who, do, phone).get("listening")
    if not listening:
        say(f"Nobody listens to {who}.")
    elif listening["began"]:
        say(f"{listening['phone']} hears {who}: {listening['mode']}.")
    else:
        say(f"{listening['phone']} rings, to {listening['mode']}.")
