"""`quietline report`: what docs/reports.md defines, counted from the log, beside a running engine or without one."""

from __future__ import annotations

import csv
import sys
import time
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import cyclopts
from cyclopts import Parameter

from engine.cli.console import print_json, say, table
from engine.cli.estimates import estimates
from engine.cli.place import STATE, StateOption, place_of
from engine.cli.records import moment, store_of
from engine.config import load_files
from engine.config.report import guess
from engine.core.intervals import grid
from engine.core.kpi import SERVICE_LEVELS
from engine.core.reports import ABOUT, AGENTS, CALLS, Report, Wanted
from engine.core.reports import report as counted
from engine.core.site import Settings
from engine.core.tally import OUTCOMES, Row, Terms, Value
from engine.errors import SetupError
from engine.release.live import known_releases
from engine.release.shelf import Shelf
from engine.store.archive import open_archive
from engine.store.books import books_of

report = cyclopts.App(
    name="report", help="Figures of queues, agents, sites and calls.", help_format="plaintext"
)

Interval = Literal["15m", "30m", "hour", "day", "total"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Options:
    """What all reports are asked."""

    since: Annotated[
        str,
        Parameter(help="From then on: today, yesterday, 7d, 2027-03-01, 2027-03-01T14:30, or epoch seconds."),
    ] = "today"
    until: Annotated[str | None, Parameter(help="Until then, written the same way; else until now.")] = None
    interval: Annotated[Interval, Parameter(help="One row for each.")] = "total"
    queue: Annotated[
        list[str] | None, Parameter(negative="", help="Only this queue; may be given several times.")
    ] = None
    agent: Annotated[list[str] | None, Parameter(negative="", help="Only this agent, likewise.")] = None
    site: Annotated[
        list[str] | None, Parameter(negative="", help="Only this site of site.yaml, likewise.")
    ] = None
    within: Annotated[str, Parameter(help="T: answered within this time is in time.")] = "20s"
    short: Annotated[str, Parameter(help="s: an abandon below this time is a short one.")] = "5s"
    flow_outs: Annotated[
        bool, Parameter(negative="", help="Count contacts that were moved against the service levels.")
    ] = False
    timezone: Annotated[
        str | None, Parameter(help="Whose midnight a day begins with; else that of the site's first place.")
    ] = None
    csv: Annotated[bool, Parameter(negative="", help="CSV, a line for each row.")] = False
    json: Annotated[bool, Parameter(negative="", help="One JSON object.")] = False
    state: StateOption = STATE


ALL = Options()
report.command(estimates, name="estimates")


@report.command(name="queues")
async def queues(*, options: Options = ALL) -> int:
    """Contacts of each queue by how they left it, service levels, waits; exit status 1 when the books do not balance."""
    return await told("queues", options)


@report.command(name="agents")
async def agents(*, options: Options = ALL) -> int:
    """What each agent did with their time and with the calls that were offered to them."""
    return await told("agents", options)


@report.command(name="sites")
async def sites(*, options: Options = ALL) -> int:
    """As for queues, for the sites they belong to."""
    return await told("sites", options)


@report.command(name="calls")
async def calls(*, options: Options = ALL) -> int:
    """Calls of each flow by how they ended, queued or not; callbacks."""
    return await told("calls", options)


async def told(about: str, options: Options) -> int:
    """Count and print; exit status 1 when the books do not balance."""
    if options.csv and options.json:
        raise SetupError("--csv and --json are two forms of the same: choose one")
    made, zone = await made_of(about, options)
    if options.csv:
        print_csv(made, zone)
    elif options.json:
        print_json(as_json(made, zone))
    else:
        show(made, zone)
    return 1 if made.conservation_error else 0


async def made_of(about: str, options: Options) -> tuple[Report, tzinfo]:
    """The report, and the zone its times are told in. Raises SetupError, one sentence."""
    settings = await settings_of(options.state)
    zone, now = zone_of(options, settings), time.time()
    async with open_archive(store_of(options.state)) as archive:
        wanted = wanted_of(about, options, settings, zone, now)
        books = await books_of(archive, wanted.grid.start, wanted.grid.end)
        asked = await archive.asked_since(wanted.grid.start)
    return counted(books, asked, settings, wanted, now), zone


async def settings_of(state: Path) -> Settings:
    """The site as it is live; where nothing was ever published, as it is on disk."""
    known = await known_releases(state)
    files = Shelf(state).load(known[-1]) if known else load_files(place_of(state).site)
    return files.snapshot.settings


def zone_of(options: Options, settings: Settings) -> tzinfo:
    """The zone whose clocks a report goes by."""
    return zone_named(options.timezone or next((site.timezone for site in settings.sites.values()), "UTC"))


def zone_named(name: str, option: str = "--timezone") -> ZoneInfo:
    """The zone of that name. Raises SetupError."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # KeyError: what zoneinfo raises for a name it does not know
        raise SetupError(f"{option} {name[:40]!r} is no time zone: write it like Europe/Sofia") from None


def wanted_of(about: str, options: Options, settings: Settings, zone: tzinfo, now: float) -> Wanted:
    """What is asked for. Raises SetupError."""
    since = moment(options.since, now, zone)
    until = min(now, moment(options.until, now, zone, "--until")) if options.until else now
    if since >= until:
        raise SetupError(
            f"--since {options.since} is not before the end of the report: ask for an earlier time"
        )
    try:
        intervals = grid(since, until, options.interval, zone)
    except ValueError as error:
        raise SetupError(f"--interval {options.interval} makes {error}") from None
    terms = Terms(length(options.within, "--within"), length(options.short, "--short"), options.flow_outs)
    for option, names, known in (
        ("queue", options.queue, settings.queues),
        ("agent", options.agent, settings.agents),
        ("site", options.site, settings.sites),
    ):
        for name in names or ():
            if name not in known:
                raise SetupError(
                    f"there is no {option} {name[:60]!r}: {guess(name, known) or ', '.join(known)}"
                )
    chosen = (frozenset(names or ()) for names in (options.queue, options.agent, options.site))
    return Wanted(about, intervals, terms, *chosen)


def length(text: str, option: str) -> float:
    """Seconds from 5s, 500ms, 1m30s or a bare number of seconds. Raises SetupError."""
    try:
        seconds = float(text.removesuffix("s")) if not text.endswith(("ms", "m")) else -1.0
    except ValueError:
        seconds = -1.0
    minutes = text.removesuffix("m")
    if text.endswith("m") and minutes.isdecimal():
        seconds = 60.0 * int(minutes)
    if not 0.0 <= seconds <= 3600.0:  # neither is nan
        raise SetupError(f"{option} {text[:40]!r} is no length of at most an hour: write it like 5s or 2m")
    return seconds


# --- forms ----------------------------------------------------------------------------------------


def iso(at: float, zone: tzinfo) -> str:
    """A moment with its offset from UTC, to the second."""
    return datetime.fromtimestamp(at, zone).isoformat(timespec="seconds")


def rows_of(made: Report, zone: tzinfo) -> list[dict[str, Any]]:
    """Rows as programs get them."""
    found: list[dict[str, Any]] = []
    for name, index, row in made.lines:
        start, end = made.wanted.grid.borders(index)
        place: dict[str, Any] = {
            ABOUT[made.wanted.about]: name,
            "from": iso(start, zone),
            "until": iso(end, zone),
        }
        found.append(place | {key: rounded(value) for key, value in row.items()})
    return found


def rounded(value: Value) -> Value:
    """Ratios and seconds to a millionth: what is beyond is noise of the machine."""
    return round(value, 6) if isinstance(value, float) else value


def as_json(made: Report, zone: tzinfo) -> dict[str, Any]:
    """The whole report."""
    wanted = made.wanted
    return {
        "report": wanted.about,
        "from": iso(wanted.grid.start, zone),
        "until": iso(wanted.grid.end, zone),
        "within_s": wanted.terms.within,
        "short_s": wanted.terms.short,
        "flow_outs": wanted.terms.flow_outs,
        "conservation_error": made.conservation_error,
        "rows": rows_of(made, zone),
        "total": {key: rounded(value) for key, value in made.total.items()},
    }


def print_csv(made: Report, zone: tzinfo) -> None:
    """Heads and rows; nothing where there is no figure."""
    heads = [ABOUT[made.wanted.about], "from", "until", *made.total]
    writer = csv.DictWriter(sys.stdout, heads, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows_of(made, zone))


# --- tables ---------------------------------------------------------------------------------------

#: A column of a table: its head, and where the figure stands in the row.
Column = tuple[str, str]

CONTACTS: tuple[Column, ...] = (
    ("offered", "offered"),
    *((name.replace("_", " "), name) for name in OUTCOMES),
    ("waiting", "waiting"),
)
SERVICE: tuple[Column, ...] = (
    *((name.removeprefix("sl_").replace("_", " "), name) for name in SERVICE_LEVELS),
    ("abandoned", "abandonment_rate"),
    ("refused", "refusal_rate"),
    ("ASA", "asa_s"),
    ("median", "wait_median_s"),
    ("p90", "wait_p90_s"),
    ("longest now", "longest_waiting_now_s"),
    ("kept", "kept_promise_rate"),
    ("AHT", "aht_s"),
    ("occupancy", "occupancy"),
)
AGENT_TIME: tuple[Column, ...] = (
    ("signed in", "signed_in_s"),
    ("ready", "ready_s"),
    ("ringing", "reserved_s"),
    ("talking", "talking_s"),
    ("wrap-up", "wrap_up_s"),
    ("paused", "paused_s"),
    ("own calls", "own_call_s"),
    ("occupancy", "occupancy"),
    ("util. handling", "utilisation_handling"),
    ("util. available", "utilisation_available"),
)
AGENT_CALLS: tuple[Column, ...] = (
    *(
        (name.replace("_", " "), name)
        for name in ("offers", "taken", "no_answer", "rejected", "busy", "unreachable")
    ),
    ("not answered", "no_answer_rate"),
    ("handled", "handled"),
    ("AHT", "aht_s"),
    ("hold", "handled_hold_s"),
    ("transferred", "transfer_rate"),
    ("queued again", "requeue_rate"),
)
CALL_ENDS: tuple[Column, ...] = (
    ("arrivals", "arrivals"),
    *(
        (n.replace("_", " "), n)
        for n in ("answered", "transferred", "callback_taken", "voicemail", "abandoned")
    ),
    *(
        (n.replace("_", " "), n)
        for n in ("short_abandoned", "timed_out", "refused", "ivr_hangup", "completed")
    ),
    ("failed", "failed"),
    ("in progress", "in_progress"),
)
CALL_BACKS: tuple[Column, ...] = (
    ("IVR hang-ups", "ivr_hangup_rate"),
    ("refused", "refusal_rate"),
    ("callbacks", "callbacks_requested"),
    ("reached", "callbacks_reached"),
    ("success", "callback_success"),
    ("tries", "callback_attempts"),
    ("delay", "callback_delay_s"),
)
#: Whether matters were resolved, by three witnesses; each share with how many it is of.
RESOLVED: tuple[Column, ...] = (
    ("first contact", "fcr"),
    ("agents say", "fcr_agent"),
    ("of marked", "fcr_agent_marked"),
    ("callers say", "fcr_survey"),
    ("of answers", "fcr_survey_answered"),
)
TABLES = {AGENTS: (AGENT_TIME, AGENT_CALLS, RESOLVED), CALLS: (CALL_ENDS, CALL_BACKS, RESOLVED)}


def show(made: Report, zone: tzinfo) -> None:
    """The tables and the books."""
    wanted = made.wanted
    say(f"{wanted.about}, {iso(wanted.grid.start, zone)} to {iso(wanted.grid.end, zone)}")
    if not made.lines:
        say("Nothing happened in this time.")
        return
    for columns in TABLES.get(wanted.about, (CONTACTS, SERVICE, RESOLVED)):
        if columns is RESOLVED and not any(made.total[name] for _, name in columns):
            continue  # nobody has said anything of it
        if columns is RESOLVED:
            say("resolved:")
        if columns is SERVICE:
            say(service_head(made))
        table_of(made, zone, columns)
        say("")
    say(balance(made))


def service_head(made: Report) -> str:
    """What the service levels are about."""
    terms, waits = made.wanted.terms, made.total["undetermined"]
    below = f"; {waits} below that still wait and count in none" if waits else ""
    return f"service levels within {terms.within:g} s, short abandons below {terms.short:g} s{below}:"


def table_of(made: Report, zone: tzinfo, columns: tuple[Column, ...]) -> None:
    """One table: a line for each row, and the last for everything."""
    several = len(made.wanted.grid.starts) > 1
    heads = (*(("from",) if several else ()), ABOUT[made.wanted.about], *(head for head, _ in columns))
    rows = []
    for name, index, row in made.lines:
        start = datetime.fromtimestamp(made.wanted.grid.borders(index)[0], zone)
        rows.append([*([f"{start:%m-%d %H:%M}"] if several else []), name, *cells(row, columns)])
    if len(rows) > 1:
        rows.append([*([""] if several else []), "all", *cells(made.total, columns)])
    table(heads, rows)


def cells(row: Row, columns: tuple[Column, ...]) -> list[str]:
    """Figures to read; a dash where there is none."""
    return [cell(name, row[name]) for _, name in columns]


def cell(name: str, value: Value) -> str:
    """One figure: counts as they are, seconds with their unit, ratios in per cent."""
    if value is None:
        return "–"
    if name.endswith("_s"):
        return spent(float(value)) if float(value) >= 600.0 else f"{value:.1f} s"
    return f"{value:.1%}" if isinstance(value, float) else str(value)


def spent(seconds: float) -> str:
    """A long time in hours and minutes."""
    hours, minutes = divmod(round(seconds / 60.0), 60)
    return f"{hours} h {minutes:02d} min"


def balance(made: Report) -> str:
    """The books in a line."""
    t = made.total
    if made.wanted.about == AGENTS:
        return f"{t['offers']} offers, {t['taken']} taken."
    if made.wanted.about == CALLS:
        return f"{t['arrivals']} calls came in = those that ended and go on, difference {made.conservation_error}."
    parts = " + ".join(f"{t[name]} {name.replace('_', ' ')}" for name in (*OUTCOMES, "waiting"))
    return f"offered {t['offered']} = {parts}, difference {made.conservation_error}."
