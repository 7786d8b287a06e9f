"""`quietline watch`: every save of the site's folder becomes a release at once, if it is good. For development."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

from watchfiles import watch as changes_of

from engine.cli.ask import NoEngine, answers
from engine.cli.console import say
from engine.cli.place import STATE, Place, ReadSiteOption, StateOption, place_of
from engine.cli.publish import Said, alone, difference, keep, live, make_live
from engine.config.load import prompts_beside
from engine.config.report import plural
from engine.errors import EngineError
from engine.release.diff import changes, kept, on_disk
from engine.release.gate import tried
from engine.release.live import known_releases, login
from engine.release.shelf import Shelf, contents_of, hash_of

#: Milliseconds without a further save after which an edit counts as done.
QUIET = 300
WHY = "watch"


def watch(*, site: ReadSiteOption = None, state: StateOption = STATE) -> None:
    """Publish every good save of the site's folder, until Ctrl-C. For development: the last calls are not walked again."""
    place = place_of(state, site)
    if not answers(place.state):
        raise NoEngine(f"no engine runs on {state}: start it with `quietline up --state {state}`")
    folders = place.site, prompts_beside(place.site)
    say(
        f"Watching {folders[0]} and {folders[1]} for development: every good save is live at once. Ctrl-C ends this."
    )
    good = take(place)
    for _ in changes_of(*(folder for folder in folders if folder.is_dir()), step=QUIET, raise_interrupt=True):
        good = take(place, good)


def take(place: Place, good: bool = True) -> bool:
    """Publish the folder if it differs from what is live and is good; a line, or the report and a line. Is it good now, was it before?"""
    began = time.monotonic()
    with alone(place.state):
        known = asyncio.run(known_releases(place.state))
        digest = hash_of(contents_of(place.site))
        touched = touched_in(place)
        if known and not touched:
            if not good:
                say(f"{clock()} good again: nothing differs from release {known[-1].number}, which is live")
            return True
        try:
            passed = tried(place.site, touched)
            keep(place, digest)
            what = difference(place, known)
            made, runs = make_live(place, known, digest, Said(login(), WHY), str(place.site))
        except EngineError as error:
            say(f"{error}\n{clock()} not published; what was live stays live")
            return False
    took = time.monotonic() - began
    say(f"{clock()} {live(made, runs)}: {what}; {plural(passed.cases, 'case')} passed; {took:.1f} s")
    return True


def touched_in(place: Place) -> Collection[str]:
    """The files in which the folder differs from what is live."""
    known = asyncio.run(known_releases(place.state))
    if not known:
        return ()
    return [change.name for change in changes(kept(Shelf(place.state), known[-1]), on_disk(place.site))]


def clock() -> str:
    """The time of day."""
    return time.strftime("%H:%M:%S")
