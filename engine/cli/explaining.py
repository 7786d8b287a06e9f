"""`quietline explain`: a code of a report at length, or every choice that was made for a contact."""

from __future__ import annotations

from pathlib import Path

from engine.cli.console import print_json, say
from engine.cli.place import STATE, JsonOption, StateOption
from engine.cli.records import meant, store_of
from engine.config import explain as explained
from engine.config.choices import choices
from engine.config.codes import CODES
from engine.config.report import guess, printable
from engine.store.archive import open_archive


async def explain(what: str, *, state: StateOption = STATE, json: JsonOption = False) -> None:
    """Say at length what a code of a report means; or why a contact came to its queue, and to its agent.

    Parameters
    ----------
    what
        A code such as unknown-option; or a contact's id, as `quietline contacts` shows it, its beginning is enough: then every choice that
        was made for it, with all candidates, their figures, ties, and who was chosen.
    """
    if what in CODES:
        say(explained(what))
    elif _looks_like_a_code(what):
        explained(what)  # says which one may be meant
    else:
        await _explain_contact(what, state, json)


def _looks_like_a_code(what: str) -> bool:
    return guess(what, CODES).startswith("did")


async def _explain_contact(contact: str, state: Path, json: bool) -> None:
    async with open_archive(store_of(state)) as archive:
        contact = await meant(archive, contact)
        found = choices(await archive.events(contact))
    for i, choice in enumerate(found):
        if json:
            print_json({"contact": contact, **choice.as_json()})
        else:
            say("\n".join(["" for _ in range(i > 0)] + list(choice.lines)))
    if not found and not json:
        say(
            f"Nothing was chosen for {printable(contact)}: it asked for no group of queues, and no agent was rung for it."
        )
