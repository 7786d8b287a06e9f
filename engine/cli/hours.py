"""`quietline coverage` and `route`: who is there when, and what would happen to a call then."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from engine.cli.ask import NoEngine, ask
from engine.cli.console import print_json, say
from engine.cli.place import STATE, JsonOption, ReadSiteOption, StateOption, place_of
from engine.config import load_files
from engine.config.report import guess, plural
from engine.config.routing import route as routed
from engine.config.routing import told_readings
from engine.core.coverage import local, sites_of, uncovered
from engine.core.event import Event
from engine.core.moment import BadMoment, dated
from engine.core.overrides import NO_RULINGS, Rulings, folded
from engine.core.site import Settings
from engine.core.stretches import Stretch
from engine.errors import SetupError

_DAY = 86_400
MOST_DAYS = 730


def coverage(
    group: str,
    /,
    *,
    days: Annotated[int, Parameter(help="How many days, at most 730.")] = 400,
    since: Annotated[
        str, Parameter(name="--from", help="The first day, like 2026-12-24; else from now on.")
    ] = "",
    site: ReadSiteOption = None,
    state: StateOption = STATE,
    json: JsonOption = False,
) -> int:
    """Show every time at which no queue of a group is open; exit status 1 when there is one.

    Parameters
    ----------
    group
        A group or a queue of site.yaml.
    """
    start = _first(since)
    if not 1 <= days <= MOST_DAYS:
        raise SetupError(f"--days {days} cannot be looked through: from 1 to {MOST_DAYS}")
    settings = load_files(
        place_of(state, site).site, datetime.fromtimestamp(start, UTC).date()
    ).snapshot.settings
    known = (*settings.groups, *settings.queues)
    if group not in known:
        raise SetupError(
            f"there is no group or queue {group[:60]!r}: {guess(group, known) or ', '.join(known)}"
        )
    gaps = uncovered(settings, group, start, start + days * _DAY)
    sites = sites_of(settings, group)
    if json:
        print_json(
            {
                "group": group,
                "from": start,
                "days": days,
                "gaps": [_as_json(settings, sites, gap) for gap in gaps],
            }
        )
    else:
        for gap in gaps:
            say(_shown(settings, sites, gap))
        say(_summary(group, days, gaps))
    return 1 if gaps else 0


def _first(text: str) -> int:
    if not text:
        return int(time.time()) // 60 * 60
    try:
        return int(datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC).timestamp())
    except ValueError:
        raise SetupError(f"--from {text[:40]!r} is no date: write it like 2026-12-24") from None


def _summary(group: str, days: int, gaps: list[Stretch]) -> str:
    if not gaps:
        return f"{group}: some queue is open at every minute of the {plural(days, 'day')}."
    return f"{group}: {plural(len(gaps), 'gap')}, {_length(sum(end - start for start, end in gaps))} of {plural(days, 'day')}."


def _length(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes:02d} min"


def _shown(settings: Settings, sites: tuple[str, ...], gap: Stretch) -> str:
    start, end = (datetime.fromtimestamp(at, UTC) for at in gap)
    there = "".join(
        f"   {site} {local(settings, site, gap[0]):%a %d %b %H:%M} – {local(settings, site, gap[1]):%a %d %b %H:%M}"
        for site in sites
    )
    return f"{start:%Y-%m-%d %H:%M} – {end:%Y-%m-%d %H:%M} UTC  {_length(gap[1] - gap[0]):>12}{there}"


def _as_json(settings: Settings, sites: tuple[str, ...], gap: Stretch) -> dict[str, Any]:
    told = {site: [local(settings, site, at).isoformat() for at in gap] for site in sites}
    return {"start": gap[0], "end": gap[1], "minutes": (gap[1] - gap[0]) / 60, "local": told}


def route(
    number: str,
    /,
    *,
    at: Annotated[
        str,
        Parameter(help="When: '2026-10-25T03:30 Europe/Sofia'. Without a zone: the first site's. Else now."),
    ] = "",
    site: ReadSiteOption = None,
    state: StateOption = STATE,
) -> int:
    """Show what would happen to a silent caller of a number at a time: every look at opening hours, every queue.

    Parameters
    ----------
    number
        A dialled number of site.yaml.
    """
    wall, zone = _meant(at)
    files = load_files(place_of(state, site).site, wall.date() if wall else None)
    settings = files.snapshot.settings
    if number not in settings.numbers:
        known = guess(number, settings.numbers) or ", ".join(settings.numbers)
        raise SetupError(f"number {number[:40]!r} leads nowhere: {known}")
    flow = files.snapshot.flows[settings.numbers[number]]
    zone = zone or next((s.timezone for s in settings.sites.values()), "UTC")
    moments, remark = told_readings(wall, zone) if wall else ((time.time(),), "")
    if remark:
        say(remark)
    rulings = _in_force(state)
    for moment in moments:
        say(_head(number, flow.name, moment, zone))
        for text in routed(flow, settings, files.catalog, number, moment, rulings):
            say(text)
    return 0 if moments else 1


def _meant(text: str) -> tuple[datetime | None, str]:
    """The wall-clock time that is asked for, and its zone where one is named."""
    if not text:
        return None, ""
    try:
        wall, zone = dated(text, "-")
        return wall, zone
    except BadMoment:
        try:
            return dated(text, "UTC")[0], ""
        except BadMoment as wrong:
            raise SetupError(str(wrong)) from None


def _head(number: str, flow: str, at: float, zone: str) -> str:
    there = datetime.fromtimestamp(at, ZoneInfo(zone))
    return f"{number} on {there:%A %Y-%m-%d %H:%M} {zone} (UTC{there:%z}): flow {flow}"


def _in_force(state: Path) -> Rulings:
    """The overrides of a running engine; none where none runs."""
    try:
        told = ask(state, "GET", "/overrides")["overrides"]
    except NoEngine:
        return NO_RULINGS
    return folded(Event("override", one["at"], data=one) for one in told)
