"""`quietline publish` and `rollback`: what is live changes as a whole, and only to what has passed.

The command does the work (check, cases, replay) in its own process, on the folder and on the copy it keeps of it; the engine is only told
to switch, and checks the copy once more. Where no engine runs, the release is what the next one starts with.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from engine.cache import locked
from engine.cli.ask import NoEngine, ask
from engine.cli.console import clock, say
from engine.cli.place import STATE, Place, ReadSiteOption, StateOption, make_state, place_of
from engine.config.load import Loaded
from engine.config.report import plural
from engine.core.release import Release, before, following
from engine.errors import SetupError, SiteError, StoreError
from engine.pbx.process import running
from engine.release.diff import Version, changes, kept, on_disk, summary
from engine.release.gate import Passed, tried
from engine.release.live import known_releases, login, write_down
from engine.release.retry import Retried, retried
from engine.release.shelf import Shelf, contents_of, hash_of

#: Seconds that an engine may take to switch: Asterisk reads its part, and sources of customers are opened.
PATIENCE = 60.0

ByOption = Annotated[str, Parameter(help="Who makes it live; at first: who is logged in.")]
WhyOption = Annotated[str, Parameter(help="Why, for those who look it up.")]


@dataclass(frozen=True, slots=True)
class Said:
    """Whose word a release is."""

    by: str
    why: str


def publish(
    *,
    by: ByOption = "",
    why: WhyOption = "",
    replay: Annotated[int, Parameter(help="So many of the last calls are walked again; 0 for none.")] = 100,
    yes: Annotated[
        bool, Parameter(negative="", help="Publish although calls would go another way than they did.")
    ] = False,
    dry_run: Annotated[bool, Parameter(negative="", help="Try everything, and leave what is live.")] = False,
    site: ReadSiteOption = None,
    state: StateOption = STATE,
) -> int:
    """Make the site's folder live: check, cases, the last calls once more, switch. Calls in progress finish on their version."""
    place, began = place_of(state, site), time.monotonic()
    make_state(place.state)
    with alone(place.state):
        known = asyncio.run(known_releases(place.state))
        digest = hash_of(contents_of(place.site))
        if known and known[-1].hash == digest:
            say(f"Nothing has changed since release {known[-1].number}, which is live.")
            return 0
        passed = tried(place.site)
        if passed.warnings:
            say(passed.warnings)
        keep(place, digest)
        what = difference(place, known)
        again = asyncio.run(retried(place.state, place.site, passed.files, live_files(place, known), replay))
        tests = told_of(passed, again)
        tell_other_ways(again)
        if dry_run:
            say(f"It could be published: {what}; {tests}.")
            return 0
        if again.other and not yes:
            agree(again)
        unmoved(place, digest)
        made, runs = make_live(place, known, digest, Said(by, why), str(place.site))
    say(f"{live(made, runs)}: {what}; {tests}; {time.monotonic() - began:.1f} s.")
    return 0


def rollback(
    release: Annotated[int | None, Parameter(help="Its number; else the one before the live one.")] = None,
    /,
    *,
    by: ByOption = "",
    why: WhyOption = "",
    state: StateOption = STATE,
) -> None:
    """Make an earlier release live again, at once. The site's folder stays as it is."""
    place = place_of(state)
    with alone(place.state):
        known = asyncio.run(known_releases(place.state))
        target = wanted(known, release)
        if target.hash == known[-1].hash:
            raise SetupError(f"release {target.number} is what is live already")
        root = target.back_to or target.number
        made, runs = make_live(place, known, target.hash, Said(by, why), target.site, root)
    say(f"{live(made, runs)}: it is release {root} of {clock(named(known, root).at)} again.")
    say(
        f"The folder {place.site} is as it was: `quietline diff` shows what it differs in, "
        f"`quietline history checkout {root} --to DIR` copies what is live."
    )


def live_files(place: Place, known: Sequence[Release]) -> Loaded | None:
    """What is live, where this program can read it."""
    try:
        return Shelf(place.state).load(known[-1]) if known else None
    except (StoreError, SiteError):
        return None


def told_of(passed: Passed, again: Retried) -> str:
    """What was tried, in a line."""
    told = [f"{plural(passed.cases, 'case')} passed" if passed.cases else "there are no cases"]
    if again.calls:
        same = again.calls - len(again.other)
        told.append(f"{same} of the last {plural(again.calls, 'call')} go as they went")
    return "; ".join(told)


def tell_other_ways(again: Retried) -> None:
    """Show where calls would part from the way they went."""
    if again.other:
        say(f"Of the last {plural(again.calls, 'call')} {len(again.other)} would go another way:")
        for line in again.lines:
            say(line)


def agree(again: Retried) -> None:
    """Ask whether that is meant. Raises SetupError where it is not, or where nobody can be asked."""
    if not sys.stdin.isatty():
        raise SetupError(
            f"{plural(len(again.other), 'call')} would go another way: say --yes if that is meant; nothing has changed"
        )
    try:
        said = input("Publish all the same? [y/N] ")
    except EOFError:
        said = ""
    if said.strip().lower() not in ("y", "yes"):
        raise SetupError("nothing is published, and nothing has changed")


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """One at a time: the next one waits, and is compared with what this one has made live."""
    if not state.is_dir():
        raise SetupError(f"nothing has run on {state} yet: start it with `quietline up --state {state}`")
    try:
        with locked(state / "publish.lock", say, "another command publishes here; waiting for it"):
            yield
    except PermissionError as error:
        raise SetupError(
            f"{error.filename} cannot be written: run this as the user who started Quietline there"
        ) from error


def wanted(known: Sequence[Release], number: int | None) -> Release:
    """The release to go back to. Raises SetupError where there is none."""
    if number is not None:
        return named(known, number)
    found = before(known)
    if found is None:
        raise SetupError("there is no release to go back to: `quietline history` lists them")
    return found


def named(known: Sequence[Release], number: int) -> Release:
    """The release of this number. Raises SetupError where there is none."""
    for one in known:
        if one.number == number:
            return one
    have = f"there are 1 to {known[-1].number}" if known else "nothing has been published yet"
    raise SetupError(f"there is no release {number}: {have}")


def difference(place: Place, known: Sequence[Release]) -> str:
    """In what the folder differs from what is live, in a line."""
    if not known:
        return "all of it"
    try:
        old = kept(Shelf(place.state), known[-1])
    except StoreError:
        old = Version("", {}, {})
    return summary(changes(old, on_disk(place.site)))


def keep(place: Place, tried: str) -> None:
    """Keep the folder, as it was when it began to be tried. Raises SetupError where somebody has changed it meanwhile."""
    if Shelf(place.state).keep(place.site) != tried:
        raise moved(place)


def unmoved(place: Place, digest: str) -> None:
    """Raise SetupError where somebody has changed the folder since."""
    if hash_of(contents_of(place.site)) != digest:
        raise moved(place)


def moved(place: Place) -> SetupError:
    """The folder is not what was tried."""
    return SetupError(f"{place.site} was changed while it was tried: say it again")


def make_live(
    place: Place, known: Sequence[Release], digest: str, said: Said, site: str, back_to: int | None = None
) -> tuple[Release, bool]:
    """Have the engine switch, or the next one start with it: the release, and whether an engine runs. Raises, and nothing has changed."""
    release = following(known, digest, said.by or login(), said.why, time.time(), site, back_to)
    asked = {name: getattr(release, name) for name in ("hash", "by", "why", "site", "back_to")}
    try:
        told = ask(place.state, "POST", "/publish", {**asked, "from": release.came_from}, PATIENCE)
        return Release(**told), True
    except NoEngine:
        return for_the_next_start(place, release), False
    except SiteError as error:
        raise SiteError(f"{error}\nWhat was live stays live; nothing has changed.") from error
    except SetupError as error:
        raise SetupError(f"{error}; `quietline history` tells what is live") from error


def for_the_next_start(place: Place, release: Release) -> Release:
    """Write it down where no engine runs. Raises SetupError while one starts."""
    with locked(place.state / "up.lock", say, "`quietline up` is at work here; waiting for it"):
        if running("engine", place.state):
            raise SetupError("the engine is about to start or to end: say it again in a moment")
        Shelf(place.state).load(release)
        latest = asyncio.run(known_releases(place.state))[-1:]
        if [(one.number, one.hash) for one in latest] == [(release.number, release.hash)]:
            return latest[0]  # the engine has written it down, and died before it could say so
        asyncio.run(write_down(place.state, release))
    return release


def live(release: Release, runs: bool) -> str:
    """The beginning of a sentence."""
    if runs:
        return f"Release {release.number} is live"
    return f"Release {release.number} is what the next `quietline up` starts with"
