"""`quietline contacts` and `quietline trace`: what the store remembers, read beside a running engine or without one."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from engine.cli.console import clock, print_json, say, seconds, table
from engine.cli.place import STATE, JsonOption, StateOption, place_of
from engine.config import compile_stored, load_files
from engine.config.prompts import Catalog
from engine.config.report import printable
from engine.config.trace import Trace
from engine.core.contact import Outcome
from engine.core.flow import Flow
from engine.core.site import Settings
from engine.errors import EngineError, SetupError
from engine.store.archive import Archive, open_archive

#: The last moment a calendar knows, seconds since the epoch.
LATEST = 253_402_300_799.0
#: An abbreviated contact that means several is answered with so many of them.
_NAMED = 5
DAYS = {"today": 0, "yesterday": 1}
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

SinceOption = Annotated[
    str | None,
    Parameter(
        help="Only calls since then: 30m, 2h, 7d, today, yesterday, 2027-03-01, 2027-03-01T14:30, or epoch seconds."
    ),
]
OutcomeOption = Annotated[str | None, Parameter(help=f"Only calls that ended so: {', '.join(Outcome)}.")]


async def contacts(
    *,
    state: StateOption = STATE,
    since: SinceOption = None,
    outcome: OutcomeOption = None,
    json: JsonOption = False,
) -> None:
    """List calls, the oldest first: exactly one record each."""
    if outcome is not None and outcome not in set(Outcome):
        raise SetupError(f"no call ends as {outcome!r}: choose among {', '.join(Outcome)}")
    since_then = moment(since, time.time()) if since else 0.0
    async with open_archive(store_of(state)) as archive:
        found = await archive.contacts(since_then, outcome)
        if json:
            ids = [record["id"] for record in found]
            kept, voice = await archive.recordings_of(ids), await archive.voice_of(ids)
            found = [
                {**record, "recordings": kept.get(record["id"], []), "voice": voice.get(record["id"], [])}
                for record in found
            ]
    if json:
        for record in found:
            print_json(record)
    else:
        show_contacts(found)


def store_of(state: Path) -> Path:
    """The state's database. Raises SetupError where this user may not read it."""
    path = state / "quietline.db"
    if state.is_dir() and not os.access(state, os.R_OK | os.X_OK):
        raise SetupError(f"{state} cannot be read: run this as the user who started Quietline there")
    if path.exists() and not os.access(path, os.R_OK):
        raise SetupError(f"{path} cannot be read: run this as the user who started Quietline there")
    return path


def moment(text: str, now: float, zone: tzinfo | None = None, option: str = "--since") -> float:
    """A moment as people write it, on the clocks of a zone (or this machine's), in seconds since the epoch. Raises SetupError."""
    if ago := re.fullmatch(r"(\d{1,9})([smhd])", text):
        return now - int(ago[1]) * UNITS[ago[2]]
    if text in DAYS:
        day = datetime.fromtimestamp(now, zone).date() - timedelta(days=DAYS[text])
        return datetime.combine(day, datetime.min.time(), zone).timestamp()
    with suppress(ValueError):
        if 0.0 <= (at := float(text)) <= LATEST:
            return at
    with suppress(ValueError, OverflowError):
        wall = datetime.fromisoformat(text)
        return (wall if wall.tzinfo is not None else wall.replace(tzinfo=zone)).timestamp()
    raise SetupError(
        f"{option} {text!r} is no time: write 30m, 2h, 7d, yesterday, 2027-03-01 or 2027-03-01T14:30"
    )


def show_contacts(found: list[dict[str, Any]]) -> None:
    """Records as a table."""
    if not found:
        say("No calls.")
        return
    coded = any(c["wrap_up_code"] for c in found)
    table(
        (
            *("contact", "arrived", "from", "to", "flow", "outcome", "queue", "agent", "waited", "talked"),
            *(("about",) if coded else ()),
        ),
        (
            (
                c["id"],
                clock(c["arrived_at"]),
                c["from_number"],
                c["to_number"],
                c["flow"],
                c["outcome"] or "in progress",
                c["queue"] or "",
                c["agent"] or c["transferred_to"] or "",
                seconds(c["wait_s"]),
                seconds(c["talk_s"]),
                *((c["wrap_up_code"] or "",) if coded else ()),
            )
            for c in found
        ),
    )


async def trace(contact: str, *, state: StateOption = STATE, json: JsonOption = False) -> None:
    """Tell a call line by line: what the caller heard and pressed, where they went and why.

    Parameters
    ----------
    contact
        The contact's id, as `quietline contacts` shows it; its beginning is enough.
    """
    async with open_archive(store_of(state)) as archive:
        contact = await meant(archive, contact)
        record = await archive.contact(contact)
        story = await Teller(archive, place_of(state).site).begin(record["flow_hash"])
        for event in await archive.events(contact):
            lines = story.feed(event)
            if json:
                print_json(story.as_json(event, lines))
            else:
                for line in lines:
                    say(str(line))


async def meant(archive: Archive, text: str) -> str:
    """The contact that is meant by the beginning of its id. Raises SetupError where none is, or several."""
    found = await archive.beginning(text, _NAMED + 1) if text else []
    if not found:
        await archive.contact(text)  # says that there is none
    if len(found) > 1 and found[0] != text:
        more = ", …" if len(found) > _NAMED else ""
        raise SetupError(
            f"{len(found[:_NAMED])}{' or more' if more else ''} contacts begin with {printable(text)!r}: "
            f"{', '.join(found[:_NAMED])}{more}"
        )
    return found[0]


class Teller:
    """Begins traces; a site that cannot be read (any more) leaves the events to tell their own part."""

    def __init__(self, archive: Archive, site: Path) -> None:
        self._archive = archive
        self._flows: dict[str, Flow] = {}
        self._catalog, self._settings = Catalog(site), EMPTY
        with suppress(EngineError):
            files = load_files(site)
            self._catalog, self._settings = files.catalog, files.snapshot.settings

    async def begin(self, digest: str) -> Trace:
        """The trace of a call that began with this version of a flow."""
        if digest and digest not in self._flows:
            with suppress(EngineError):
                self._flows[digest] = await compile_stored(digest, self._settings, self._archive.flow_source)
        return Trace(self._catalog, self._flows)


EMPTY = Settings(("en",), {}, {}, {}, {}, {}, {}, {})
