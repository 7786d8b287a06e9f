"""`quietline callback`: who is to be rung back, and who no longer."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import cyclopts
from cyclopts import Parameter

from engine.cli.ask import ask
from engine.cli.console import clock, print_json, say, table
from engine.cli.place import STATE, JsonOption, StateOption
from engine.errors import SetupError
from engine.release.live import login

callback = cyclopts.App(name="callback", help="Callers who are to be rung back.", help_format="plaintext")


@callback.command(name="list")
def show(*, state: StateOption = STATE, json: JsonOption = False) -> None:
    """Show who is to be rung back, who has waited longest first."""
    found = ask(state, "GET", "/callbacks")
    if json:
        for one in found:
            print_json(one)
    elif not found:
        say("Nobody is to be rung back.")
    else:
        rows = (
            (
                one["contact"],
                one["number"],
                one["queue"],
                str(one["position"] or "–"),
                clock(one["enqueued_at"]),
                clock(one["until_at"]),
                f"{one['tries']} of {one['attempts']}",
                one["now"],
            )
            for one in found
        )
        table(("contact", "number", "queue", "place", "waits since", "until", "tries", "now"), rows)


@callback.command(name="cancel")
def cancel(
    contact: str,
    /,
    *,
    why: Annotated[str, Parameter(help="Why, for those who look it up.")] = "",
    state: StateOption = STATE,
) -> None:
    """Ring somebody back no longer.

    Parameters
    ----------
    contact
        The callback's contact, as `quietline callback list` shows it.
    """
    if contact.strip(".") == "":
        raise SetupError(f"{contact!r} is no contact: `quietline callback list` shows who is to be rung back")
    known = quote(contact, safe="", errors="replace")
    told = ask(state, "DELETE", f"/callbacks/{known}?by={quote(login())}&why={quote(why, errors='replace')}")
    later = f"; it is not on disk yet: {told['unwritten']}" if "unwritten" in told else ""
    say(f"{contact} is rung back no longer{later}.")
