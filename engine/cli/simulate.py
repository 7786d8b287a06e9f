"""`quietline simulate`: days lived by the distributor on a virtual clock, as they are and as they might be; docs/simulate.md."""

from __future__ import annotations

import csv
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from engine.call.distributor import ACD_KINDS
from engine.cli.console import print_json
from engine.cli.place import STATE, ReadSiteOption, StateOption, place_of
from engine.cli.records import store_of
from engine.cli.report import iso, length, rounded, zone_named
from engine.cli.simulated import bar, show
from engine.config.load import Loaded, load_changed
from engine.core.event import Event
from engine.core.stays import KINDS, Books
from engine.core.tally import Terms
from engine.errors import SetupError
from engine.release.live import known_releases
from engine.release.shelf import Shelf
from engine.staffing.crew import Crew, crew_of, with_crew
from engine.staffing.experiment import Experiment, Side, experiment
from engine.staffing.figures import FIGURES, Day, Mean, Means, day_of
from engine.staffing.filed import planned as by_file
from engine.staffing.past import planned as by_log
from engine.staffing.plan import Plan
from engine.staffing.planfile import MOST_DAYS, load_staffing
from engine.store.archive import open_archive

DAYS = 20
#: Seconds before a day from which the distributor has learnt.
LEARNT_FROM = 86_400.0
#: Events looked at in one go.
PIECE = 50_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a run."""

    days: int
    seed: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it, with what it was made from."""

    source: str
    zone: tzinfo
    asked: Asked
    what_if: tuple[str, ...]
    found: Experiment
    really: Day | None


async def simulate(
    file: Path | None = None,
    /,
    *,
    yesterday: Annotated[
        bool, Parameter(negative="", help="From the log of yesterday, instead of a staffing file.")
    ] = False,
    from_day: Annotated[str | None, Parameter(help="From the log of this day: 2026-11-27.")] = None,
    vary: Annotated[
        bool,
        Parameter(
            negative="", help="Days like that one, with other callers each, instead of that day again."
        ),
    ] = False,
    set_: Annotated[
        list[str] | None,
        Parameter(
            name="--set",
            negative="",
            help="What if site.yaml said queues.sales.wrap_up=20s? May be given several times.",
        ),
    ] = None,
    agents: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="What if there were +2, sales+2 or sales/arabic-1 agents? May be given several times.",
        ),
    ] = None,
    days: Annotated[
        int | None, Parameter(help=f"How many days are lived; else the file's, else {DAYS}.")
    ] = None,
    seed: Annotated[str, Parameter(help="The same seed gives the same output.")] = "1",
    within: Annotated[str, Parameter(help="T: answered within this time is in time.")] = "20s",
    short: Annotated[str, Parameter(help="s: an abandon below this time is a short one.")] = "5s",
    flow_outs: Annotated[
        bool, Parameter(negative="", help="Count contacts that were moved against the service levels.")
    ] = False,
    timezone: Annotated[
        str | None, Parameter(help="Whose midnight the day begins with; else that of the site's first place.")
    ] = None,
    csv: Annotated[bool, Parameter(negative="", help="CSV, a line for each figure.")] = False,
    json: Annotated[bool, Parameter(negative="", help="One JSON object.")] = False,
    site: ReadSiteOption = None,
    state: StateOption = STATE,
) -> None:
    """Live days of calls with the production distributor: waits, service levels and occupancy, and what they would be with a change.

    Parameters
    ----------
    file
        A staffing file, such as ivr_flows/staffing/weekday.yaml.
    """
    if csv and json:
        raise SetupError("--csv and --json are two forms of the same: choose one")
    said = sum((file is not None, yesterday, from_day is not None))
    if said != 1:
        begins = "say what is simulated" if said == 0 else "say one of them"
        raise SetupError(f"{begins}: a staffing file, --from-day 2026-11-27, or --yesterday")
    if vary and file is not None:
        raise SetupError(
            "--vary belongs to --from-day and --yesterday: days of a staffing file differ anyway"
        )
    if timezone is not None and file is not None:
        raise SetupError("a staffing file names its own timezone: leave --timezone out")
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", seed):
        raise SetupError(f"--seed {seed[:40]!r} cannot be a seed: write letters and digits, at most 40")
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise SetupError(f"--days {days} cannot be lived: write a number from 1 to {MOST_DAYS}")
    terms = Terms(length(within, "--within"), length(short, "--short"), flow_outs)
    changes, crews = tuple(set_ or ()), tuple(crew_of(word) for word in agents or ())
    what_if = (*(f"--set {c}" for c in changes), *(f"--agents {a}" for a in agents or ()))
    sites = [await site_of(state, site, ())]
    if what_if:
        sites.append(await site_of(state, site, changes) if changes else sites[0])
    if file is not None:
        told = from_file(file, sites, crews, days, seed, terms, what_if)
    else:
        told = await from_log(from_day, timezone, vary, sites, crews, days, seed, terms, what_if, state)
    if json:
        print_json(as_json(told))
    elif csv:
        print_csv(told)
    else:
        show(told)


async def site_of(state: Path, site: Path | None, changes: Sequence[str]) -> Loaded:
    """The site that is named, else what is live, else what is on disk; with changes that count for this once."""
    known = await known_releases(state) if site is None else []
    if not known:
        return load_changed(place_of(state, site).site, changes)
    shelf, release = Shelf(state), known[-1]
    shelf.verify(release.hash)
    folder = shelf.of(release.hash)
    return load_changed(folder / "site", changes, folder / "prompts", Path(release.site))


def from_file(
    file: Path,
    sites: Sequence[Loaded],
    crews: Sequence[Crew],
    days: int | None,
    seed: str,
    terms: Terms,
    what_if: tuple[str, ...],
) -> Told:
    """What a staffing file says would be."""
    read = [load_staffing(file, loaded.snapshot) for loaded in sites]
    plans = [
        by_file(staffing, loaded.snapshot.settings) for staffing, loaded in zip(read, sites, strict=True)
    ]
    asked = Asked(days or read[0].days or DAYS, seed, terms)
    zone = zone_named(read[0].timezone, "timezone")
    return Told(str(file), zone, asked, what_if, lived(plans, crews, asked), None)


async def from_log(
    day: str | None,
    timezone: str | None,
    vary: bool,
    sites: Sequence[Loaded],
    crews: Sequence[Crew],
    days: int | None,
    seed: str,
    terms: Terms,
    what_if: tuple[str, ...],
    state: Path,
) -> Told:
    """What a day's log says would have been."""
    settings = sites[0].snapshot.settings
    name = timezone or next((place.timezone for place in settings.sites.values()), "UTC")
    zone = zone_named(name, "--timezone")
    start, end = borders(day, zone, time.time())
    before, events = await logged(state, start, end)
    plans = [by_log(before, events, s.snapshot.settings, start, end, vary=vary) for s in sites]
    if not any(s.steps and any(rate for _, _, rate in s.steps) for s in plans[0].streams):
        raise SetupError(
            f"nobody came to a queue on {iso(start, zone)[:10]}: name another day with --from-day"
        )
    really = day_of(Books().take_all(events), settings, start, end, terms)
    asked = Asked(days or DAYS, seed, terms)
    source = f"the log of {iso(start, zone)[:10]}{', varied' if vary else ''}"
    return Told(source, zone, asked, what_if, lived(plans, crews, asked), really)


def lived(plans: Sequence[Plan], crews: Sequence[Crew], asked: Asked) -> Experiment:
    """Live the days of both plans; other agents count for the second one."""
    changed = plans[1] if len(plans) > 1 else None
    for crew in crews:
        changed = with_crew(changed, crew) if changed is not None else None
    runs = 1 if changed is None else 2
    with bar(runs * asked.days) as lived_one:
        return experiment(plans[0], changed, asked.days, asked.seed, asked.terms, lived_one)


def borders(day: str | None, zone: tzinfo, now: float) -> tuple[float, float]:
    """A day's two midnights; None: yesterday's. Raises SetupError for what is no day, or is not over."""
    today = datetime.fromtimestamp(now, zone).date()
    try:
        meant = date.fromisoformat(day) if day is not None else today - timedelta(days=1)
    except ValueError:
        raise SetupError(f"--from-day {str(day)[:40]!r} is no day: write it like 2026-11-27") from None
    if meant >= today:
        raise SetupError(f"--from-day {day} is not over yet: name a day before {today}")
    if meant.year < 1971:
        raise SetupError(f"--from-day {day} is before there was a log: name a later day")
    first, last = (
        datetime.combine(at, datetime.min.time(), zone).timestamp()
        for at in (meant, meant + timedelta(days=1))
    )
    return first, last


async def logged(state: Path, start: float, end: float) -> tuple[list[Event], list[Event]]:
    """The events of the day before, and of the day with what was under way and what became of it."""
    wanted = tuple(dict.fromkeys((*KINDS, "doors")))
    async with open_archive(store_of(state)) as archive:
        since = await archive.first_seq(start - LEARNT_FROM)
        first, last = await archive.first_seq(start), await archive.last_seq()
        before = await archive.counted(since, first - 1, ACD_KINDS)
        doors = [event for event in before if event.kind == "doors"][-1:]
        events = [*doors, *await archive.under_way(start, first, KINDS)]
        books = Books().take_all(events)
        while first <= last and not books.settled(end):
            piece = await archive.counted(first, min(last, first + PIECE - 1), wanted)
            books.take_all(piece)
            events += piece
            first += PIECE
    return before, events


# --- forms ----------------------------------------------------------------------------------------


def as_json(told: Told) -> dict[str, Any]:
    """All of it."""
    plan, found = told.found.base.plan, told.found
    made: dict[str, Any] = {
        "source": told.source,
        "from": iso(plan.start, told.zone),
        "until": iso(plan.end, told.zone),
        "days": told.asked.days,
        "seed": told.asked.seed,
        "within_s": told.asked.terms.within,
        "short_s": told.asked.terms.short,
        "flow_outs": told.asked.terms.flow_outs,
        "confidence": 0.95,
        "notes": list(plan.notes),
        "what_if": list(told.what_if),
        "base": _side(found.base),
    }
    if told.really is not None:
        made["really"] = {
            name: {f: rounded(row[f]) for f in FIGURES}
            for name, row in told.really.items()
            if name in found.base.means
        }
    if found.changed is not None and found.difference is not None:
        made |= {"changed": _side(found.changed), "difference": _means(found.difference)}
    return made


def _side(side: Side) -> dict[str, Any]:
    formulas = {
        queue: {
            name: {"why_not": said.why_not} if said.why_not else _rounded(said.figures)
            for name, said in both.items()
        }
        for queue, both in side.formulas.items()
    }
    return {"figures": _means(side.means), "formulas": formulas}


def _rounded(figures: dict[str, float]) -> dict[str, Any]:
    return {name: rounded(value) for name, value in figures.items()}


def _means(found: Means) -> dict[str, Any]:
    return {name: {f: _mean(mean) for f, mean in row.items()} for name, row in found.items()}


def _mean(mean: Mean | None) -> dict[str, Any] | None:
    if mean is None:
        return None
    ends = {"mean": mean.mean, "low": mean.low, "high": mean.high, "sd": mean.sd}
    return {**{name: rounded(value) for name, value in ends.items()}, "days": mean.days}


def print_csv(told: Told) -> None:
    """A line for each figure of each queue and run."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(("run", "queue", "figure", "mean", "low", "high", "sd", "days"))
    writer.writerows(["" if cell is None else cell for cell in line] for line in _lines(told))


def _lines(told: Told) -> Iterator[tuple[Any, ...]]:
    found = told.found
    runs: list[tuple[str, Means]] = [("base", found.base.means)]
    if found.changed is not None and found.difference is not None:
        runs += [("what_if", found.changed.means), ("difference", found.difference)]
    for run, figures in runs:
        for queue, row in figures.items():
            for figure, mean in row.items():
                if mean is not None:
                    ends = (mean.mean, mean.low, mean.high, mean.sd)
                    yield (run, queue, figure, *map(rounded, ends), mean.days)
    for queue, both in found.base.formulas.items():
        for name, said in both.items():
            for figure, value in said.figures.items():
                yield (name, queue, figure, rounded(value), None, None, None, None)
    for queue, truth in (told.really or {}).items():
        if queue in found.base.means:
            yield from (
                ("really", queue, f, rounded(truth[f]), None, None, None, 1)
                for f in FIGURES
                if truth[f] is not None
            )
