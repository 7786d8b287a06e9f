"""`quietline check`, `rehearse` and `prompts render`: the site's files, without telephony."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated, Literal

import cyclopts
from cyclopts import Parameter

from engine.cli.console import print_json, say
from engine.cli.place import STATE, JsonOption, ReadSiteOption, StateOption, place_of
from engine.config import check_site, load_unrecorded
from engine.config.load import load_texts
from engine.config.rehearse import RehearsalError
from engine.config.rehearse import rehearse as rehearsed
from engine.config.render_prompts import VOICES, render
from engine.config.report import guess, plural, printable
from engine.core.site import Settings, Snapshot
from engine.errors import SetupError

#: So many flows are named where one is asked for that is not there.
MOST_NAMED = 30
prompts = cyclopts.App(name="prompts", help="The recordings that callers hear.", help_format="plaintext")


def check(
    *,
    site: ReadSiteOption = None,
    state: StateOption = STATE,
    json: JsonOption = False,
    format: Literal["text", "json", "github"] = "text",
) -> int:
    """Check the site's files; every error at once, at its place. Exit status 1 when there is an error.

    Parameters
    ----------
    format
        How problems are shown: as text, as JSON (a line each, and none for a good site), or as GitHub shows them
        beside the lines they are about.
    """
    place = place_of(state, site)
    snapshot, report = check_site(place.site)
    json = json or format == "json"
    if json:
        for problem in report.as_json():
            print_json(problem)
    elif format == "github":
        for line in report.as_github():
            print(line)
    elif text := report.render():
        print(text, file=sys.stderr if report.errors else sys.stdout)
    if snapshot is None:
        return 1
    if not json:
        say(summary(snapshot))
    return 0


def summary(site: Snapshot) -> str:
    """What a site holds, in a sentence."""
    settings = site.settings
    held = {
        "number": settings.numbers,
        "flow": site.flows,
        "queue": settings.queues,
        "agent": settings.agents,
        "trunk": settings.trunks,
    }
    counts = ", ".join(plural(len(things), name) for name, things in held.items())
    good = f"The site is good: {counts}; every text is recorded in {', '.join(settings.languages)}."
    return f"{good} {speakable(settings)}".rstrip()


def speakable(settings: Settings) -> str:
    """In which languages callers can speak, in a sentence; nothing where the site is one of keys."""
    heard = [language for language in settings.languages if language in settings.models]
    keys = [language for language in settings.languages if language not in settings.models]
    only = f", and have only their keys in {', '.join(keys)}" if keys else ""
    return f"Callers can speak in {', '.join(heard)}{only}." if heard else ""


def rehearse(
    flow: str,
    *inputs: Annotated[str, Parameter(allow_leading_hyphen=True)],
    from_: Annotated[str, Parameter(name="--from", help="The number the caller calls from.")] = "",
    site: ReadSiteOption = None,
    state: StateOption = STATE,
) -> None:
    """Walk a flow without telephony and show what the caller hears.

    Parameters
    ----------
    flow
        The flow's name.
    inputs
        What comes, in order: keys, digits, - for silence, open or closed, how a queue ends, left or none.
    """
    files, lacking = load_unrecorded(place_of(state, site).site)
    for sentence in lacking:
        print(f"Careful: {printable(sentence)}; `quietline up` and `check` say what to do", file=sys.stderr)
    flows = files.snapshot.flows
    if flow not in flows:
        raise SetupError(no_flow(flow, flows))
    try:
        told = rehearsed(flows[flow], files.snapshot.settings, files.catalog, inputs, from_)
    except RehearsalError as error:
        for line in error.lines:
            say(line)
        raise
    for line in told:
        say(line)


def no_flow(name: str, known: Iterable[str]) -> str:
    """That a flow is not there, and which ones could be meant."""
    names = sorted(known)
    some = ", ".join([*names[:MOST_NAMED], *(["…"] if len(names) > MOST_NAMED else [])])
    return f"there is no flow {printable(name)!r}: {guess(name, names) or f'known: {some}'}"


@prompts.command(name="render")
def render_prompts(
    *,
    language: Annotated[str | None, Parameter(help="Only this language.")] = None,
    every: Annotated[
        bool,
        Parameter(
            name="--all", negative="", help="Speak again also what is fresh; never what people recorded."
        ),
    ] = False,
    site: ReadSiteOption = None,
    state: StateOption = STATE,
) -> None:
    """Speak every text that has no recording or an old one; what people recorded is kept."""
    catalog = load_texts(place_of(state, site).site)
    for each in [language] if language else catalog.languages:
        if language is None and each not in VOICES:
            say(f"{each}: there is no voice; record its prompts by hand")
            continue
        done = render(catalog, each, say, every)
        say(f"{each}: {len(done.written)} spoken, {done.kept} kept, {len(done.removed)} removed")
        for sound in done.outdated:
            say(f"{each}/{sound}.wav was recorded by a person and is older than its text: record it again")
