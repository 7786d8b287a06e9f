"""`quietline history` and `diff`: what was live when, by whose word, and what differs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import cyclopts
from cyclopts import Parameter

from engine.cli.console import clock, print_json, say, table
from engine.cli.place import STATE, JsonOption, Place, ReadSiteOption, StateOption, place_of
from engine.cli.publish import named
from engine.core.release import Release
from engine.errors import SetupError, StoreError
from engine.release.diff import Version, changes, kept, on_disk, summary, unified
from engine.release.live import known_releases
from engine.release.shelf import Shelf

history = cyclopts.App(
    name="history", help="Releases: what was live when, and by whose word.", help_format="plaintext"
)


@history.default
def show_history(*, state: StateOption = STATE, json: JsonOption = False) -> None:
    """List every release, the newest first: since when it was live, by whom, what it changed, and why."""
    known = published(state)
    shelf = Shelf(place_of(state).state)
    if json:
        for one in reversed(known):
            print_json({**asdict(one), "kept": shelf.has(one.hash)})
        return
    rows = (
        (str(one.number), clock(one.at), one.by, what(shelf, known, one), one.why) for one in reversed(known)
    )
    table(("release", "live since", "by", "what", "why"), rows)


@history.command(name="checkout")
def checkout(
    release: int,
    /,
    *,
    to: Annotated[Path, Parameter(help="A folder that is not there yet: site and prompts are put in it.")],
    state: StateOption = STATE,
) -> None:
    """Copy a release out: its site's files and its prompts.

    Parameters
    ----------
    release
        Its number.
    """
    found = named(published(state), release)
    Shelf(place_of(state).state).checkout(found.hash, to)
    say(f"Release {release} is in {to / 'site'} and {to / 'prompts'}.")


def diff(
    older: Annotated[
        int | None, Parameter(help="A release's number; alone, it is compared with what is live.")
    ] = None,
    newer: Annotated[int | None, Parameter(help="The release it is compared with.")] = None,
    /,
    *,
    site: ReadSiteOption = None,
    state: StateOption = STATE,
) -> None:
    """Show what differs: between what is live and the site's folder, or between two releases."""
    place, known = place_of(state, site), published(state)
    old, new = versions(place, known, older, newer)
    found = changes(old, new)
    if not found:
        say(f"Nothing differs between {old.called} and {new.called}.")
        return
    say(f"From {old.called} to {new.called}: {summary(found)}.")
    for change in found:
        for line in unified(change, old, new):
            say(line)


def versions(
    place: Place, known: Sequence[Release], older: int | None, newer: int | None
) -> tuple[Version, Version]:
    """The two versions that are meant. Raises SetupError or StoreError where one is not there."""
    shelf, live = Shelf(place.state), known[-1]
    if older is None:
        return kept(shelf, live), on_disk(place.site)
    return kept(shelf, named(known, older)), kept(shelf, live if newer is None else named(known, newer))


def published(state: Path) -> tuple[Release, ...]:
    """Every release. Raises SetupError where there is none."""
    known = asyncio.run(known_releases(place_of(state).state))
    if not known:
        raise SetupError(
            f"nothing has been published on {state} yet: `quietline up` makes the site's folder release 1"
        )
    return known


def what(shelf: Shelf, known: Sequence[Release], one: Release) -> str:
    """What a release changed."""
    if one.back_to is not None:
        return f"back to release {one.back_to}"
    earlier = next((other for other in known if other.number == one.came_from), None)
    if earlier is None:
        return "the first one"
    try:
        return summary(changes(kept(shelf, earlier), kept(shelf, one)))
    except StoreError:
        return "(not kept any more)"


def unpublished(state: Path, site: Path, release: Release) -> str:
    """In what the folder differs from what is live; empty where it does not."""
    try:
        found = changes(kept(Shelf(state), release), on_disk(site))
    except StoreError:
        return ""
    return summary(found) if found else ""
