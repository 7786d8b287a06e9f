"""`quietline replay`: stored calls, beside the version they began with and beside the site on disk."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from engine.cases.replay import Replayed, Replayer, Verdict, counted, tally
from engine.cli.console import clock, print_json, say
from engine.cli.place import STATE, JsonOption, ReadSiteOption, StateOption, place_of
from engine.cli.records import SinceOption, meant, moment, store_of
from engine.cli.saving import save
from engine.config.load import Loaded, load_unrecorded, shown
from engine.config.report import plural, printable
from engine.core.contact import Contact
from engine.errors import SetupError
from engine.store.archive import open_archive

SaveOption = Annotated[
    str | None, Parameter(help="Write this call down as a case of this name, for `quietline test`.")
]
FileOption = Annotated[
    str | None, Parameter(help="The file the case is written to; else tests/FLOW.yaml beside the site.")
]
LastOption = Annotated[int | None, Parameter(help="The last so many calls.")]


async def replay(
    contact: str | None = None,
    /,
    *,
    since: SinceOption = None,
    last: LastOption = None,
    site: ReadSiteOption = None,
    state: StateOption = STATE,
    json: JsonOption = False,
    save_case: SaveOption = None,
    file: FileOption = None,
) -> int:
    """Walk stored calls again, and show where they would go another way on the site as it is on disk. Exit status 1 when one would.

    Parameters
    ----------
    contact
        The contact's id, as `quietline contacts` shows it; its beginning is enough.
    """
    if sum(given is not None for given in (contact, since, last)) != 1:
        raise SetupError("name one contact, or many with --since WHEN or --last N")
    if last is not None and last < 1:
        raise SetupError(f"--last {last} are no calls: write a number from 1 on")
    if save_case is not None and (contact is None or json):
        raise SetupError("one contact becomes a case: quietline replay ID --save-case NAME")
    if file is not None and save_case is None:
        raise SetupError("--file says where a case is written: name it with --save-case NAME")
    since_then = moment(since, time.time()) if since is not None else None
    folder = place_of(state, site).site
    async with open_archive(store_of(state)) as archive:
        one = await meant(archive, contact) if contact is not None else None
        replayer = await Replayer.begin(archive, _loaded(folder), shown(folder))
        if one is not None and save_case is not None:
            return await save(replayer, one, save_case, file, folder)
        if one is not None:
            return await _one(replayer, one, json)
        ids = await (archive.since(since_then) if since_then is not None else archive.latest(last or 1))
        return await _many(replayer, ids, json)


def _loaded(folder: Path) -> Loaded:
    files, lacking = load_unrecorded(folder)
    for sentence in lacking:
        print(f"Careful: {printable(sentence)}; `quietline check` says what to do", file=sys.stderr)
    return files


async def _one(replayer: Replayer, contact: str, json: bool) -> int:
    found = await replayer.replayed(contact)
    if json:
        print_json(found.as_json())
    else:
        call = (await replayer.recalled(contact)).call
        for line in _told(found, call.contact, replayer.folder):
            say(line)
    return int(_alarming(found))


def _alarming(found: Replayed) -> bool:
    return found.verdict is Verdict.DIFFERS or bool(found.unlike)


def _told(found: Replayed, c: Contact, folder: str) -> list[str]:
    leads = f"flow {c.flow}, version {c.flow_hash[:8]}" if c.flow else "no flow"
    head = f"{found.contact}: {c.from_number or 'unknown caller'} called {c.to_number} at {clock(c.arrived_at)}, {leads}"
    own = found.unlike or found.unread or f"the same to the end ({plural(found.steps, 'step')})"
    lines = [head, "", f"As it began:  {own}" if c.flow else "As it began:  no flow was passed"]
    now = f"On {folder}:  "
    match found.verdict:
        case Verdict.DIFFERS:
            return [*lines, f"{now}it goes another way", "", *_differences(found)]
        case Verdict.CHANGED:
            return [
                *lines,
                f"{now}the same way to the end, with other words",
                *(f"  {one}" for one in found.changes),
            ]
        case _:
            return [*lines, f"{now}{found.sentence.removeprefix(f'{found.contact}: ')}"]


def _differences(found: Replayed) -> list[str]:
    lines: list[str] = []
    for number, one in enumerate(found.differences):
        at = f"{one.place.file}:{one.place.line}: step '{one.step}'" if one.place is not None else "site.yaml"
        lines += [f"  {at}{', further on' if number else ''}", f"    {one.did}"]
        lines += [f"    then  {one.then}", f"    now   {one.now}"]
    if found.goes_on:
        lines += [
            "",
            "It would go on so, with what was answered then:",
            *(f"  {line}" for line in found.goes_on),
        ]
    if found.ends:
        lines.append(f"  {found.ends}")
    return lines


async def _many(replayer: Replayer, contacts: list[str], json: bool) -> int:
    found: list[Replayed] = []
    for contact in contacts:
        one = await replayer.replayed(contact)
        found.append(one)
        if json:
            print_json(one.as_json())
        else:
            _line(one)
    if json:
        print_json(_sum_json(found))
    else:
        _sum(found)
    return int(any(map(_alarming, found)))


def _line(one: Replayed) -> None:
    """A call that somebody should look at."""
    if one.verdict in (Verdict.DIFFERS, Verdict.APART):
        say(one.sentence)
    if one.unlike:
        say(f"{one.contact}: {one.unlike}")


def _sum_json(found: list[Replayed]) -> dict[str, object]:
    ways = [{"calls": n, **one.as_json()} for n, one in tally(found)]
    counts = {str(verdict): n for verdict, n in counted(found).items()}
    return {"calls": len(found), **counts, "unlike": sum(bool(one.unlike) for one in found), "ways": ways}


def _sum(found: list[Replayed]) -> None:
    if not found:
        say("No calls.")
        return
    counts = counted(found)
    ways = tally(found)
    if ways:
        say("")
    for n, one in ways:
        say(f"{plural(n, 'call')} would go another way at {one}")
    told = {
        Verdict.DIFFERS: "go another way",
        Verdict.CHANGED: "go the same way with other words",
        Verdict.SAME: "go as they did",
        Verdict.APART: "cannot be compared",
    }
    parts = [f"{counts[verdict]} {words}" for verdict, words in told.items() if counts[verdict]]
    say(f"{plural(len(found), 'call')}: {', '.join(parts)}.")
