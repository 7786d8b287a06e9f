"""Opening hours: is it open, why not, and when does that change.

The order of authority; the first that says anything decides:

    emergency   of everything, of the schedule, of a site: closed, whatever else is said. In site.yaml (`emergency: yes`) or by a person
    override    a person's open or closed, of the schedule or of one of its sites; while it lasts it stands over site.yaml's own `override`
    exception   replaces that local day's week (no ranges: closed); a holiday on such a day means nothing
    holiday     takes that local day's week away
    week        ranges in local time; one that passes midnight belongs to the day it starts on, so Friday's night shift works into a
                Saturday that is a holiday, and a holiday Friday has no night shift

A schedule is open while any of its sites is; it is in an emergency when all of them are. When no site is open, the schedule's state is that
of the first reason above for which one of them is not. It is `holiday` if a site would be open now but for a holiday, or if all its
sites have a holiday today.

Ranges become stretches of UTC before anything is compared, so a night with a change of clocks is as long as it really is. An hour that
comes twice is open both times: a range opens at the first coming of its beginning and closes at the last coming of its end. A time that is
skipped counts as the moment of the change. Instants are seconds since the epoch; nothing further away than `HORIZON` days is looked for.

`state` looks at one moment, `open_stretches` at all moments between two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.core.overrides import EVERYTHING, NO_RULINGS, Ruling, Rulings, Word, standing
from engine.core.site import Override, ScheduleRule, Settings, Site, Span
from engine.core.stretches import Stretch, common, merged, minus, within

HORIZON = 400
_DAY = 24 * 60
_SECONDS = 86_400.0
_ONE_DAY = timedelta(days=1)


class Door(StrEnum):
    """How a schedule stands; the outcome of the flow's `hours`."""

    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    OVERRIDE = "override"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class HoursState:
    """A schedule at one instant.

    `site` is the first site that is open, or whose holiday it is; `next_change` is when it next opens or closes
    (None: not within the horizon, or only when the override is taken back). `ruling` is the person's word that decided, if one did.
    """

    state: Door
    site: str | None = None
    next_change: float | None = None
    holiday: str = ""
    ruling: Ruling | None = None

    @property
    def is_open(self) -> bool:
        """May callers come in?"""
        return self.state is Door.OPEN


def state(settings: Settings, name: str | None, at: float, rulings: Rulings = NO_RULINGS) -> HoursState:
    """How a schedule or a site stands at `at`; no name means always open but in an emergency, an unknown one closed."""
    found = verdict(settings, name, at, rulings)
    if _for_good(found.ruling, name):
        return found
    if any(standing(rulings, each, at) for each in _names(settings, name)):
        return replace(found, next_change=_looked_for(settings, name, at, rulings, found.is_open))
    return replace(found, next_change=_by_calendar(settings, name, at, found.is_open))


def next_opening(
    settings: Settings, name: str | None, at: float, rulings: Rulings = NO_RULINGS
) -> float | None:
    """When a schedule is open next: `at` itself if it is open then; None if not within the horizon or closed by override."""
    now = state(settings, name, at, rulings)
    return at if now.is_open else now.next_change


def open_stretches(
    settings: Settings, name: str | None, start: float, end: float, rulings: Rulings = NO_RULINGS
) -> list[Stretch]:
    """All of the time between two moments in which a schedule or a site is open; no name as in `state`."""
    whole = [(start, end)]
    sites = _sites(settings, name)
    danger = whole if settings.emergency else _windows(rulings, EVERYTHING, Word.EMERGENCY, start, end)
    if name is None:
        return minus(whole, danger)
    fled = [_emergency(site, start, end, rulings) for site in sites]
    opened = (
        s
        for site, away in zip(sites, fled, strict=True)
        for s in minus(_site_stretches(site, start, end, rulings), away)
    )
    match _written(settings, name):
        case Override.OPEN:
            found = whole
        case Override.CLOSED:
            found = []
        case _:
            found = merged(opened)
    found = _ruled(found, name, start, end, rulings)
    return minus(
        found, merged([*danger, *common(fled), *_windows(rulings, name, Word.EMERGENCY, start, end)])
    )


def _for_good(ruling: Ruling | None, name: str | None) -> bool:
    """Has somebody's word decided that ends only when it is taken back? A year need not be looked through for that."""
    return ruling is not None and ruling.until is None and ruling.schedule in (name, EVERYTHING)


# --- one moment -----------------------------------------------------------------------------------


def verdict(settings: Settings, name: str | None, at: float, rulings: Rulings = NO_RULINGS) -> HoursState:
    """How it stands, without the next change, which can cost a look through a year."""
    for each in (EVERYTHING, name or EVERYTHING):
        ruling = standing(rulings, each, at)
        if ruling is not None and ruling.word is Word.EMERGENCY:
            return HoursState(Door.EMERGENCY, ruling=ruling)
    if settings.emergency:
        return HoursState(Door.EMERGENCY)
    if name is None:
        return HoursState(Door.OPEN)
    sites = _sites(settings, name)
    safe = [site for site in sites if not _in_emergency(site, at, rulings)]
    if sites and not safe:
        return HoursState(Door.EMERGENCY, sites[0].name, ruling=standing(rulings, sites[0].name, at))
    return _overridden(settings, name, at, rulings) or _by_sites(sites, safe, at, rulings)


def _overridden(settings: Settings, name: str, at: float, rulings: Rulings) -> HoursState | None:
    ruling = standing(rulings, name, at)
    word = ruling.word if ruling is not None else _written(settings, name)
    if word is None:
        return None
    return HoursState(Door.OPEN if word == Override.OPEN else Door.OVERRIDE, ruling=ruling)


def _by_sites(sites: Sequence[Site], safe: Sequence[Site], at: float, rulings: Rulings) -> HoursState:
    said = {site.name: standing(rulings, site.name, at) for site in safe}
    for site in safe:
        ruling = said[site.name]
        opened = _covering(site, at) is not None if ruling is None else ruling.word is Word.OPEN
        if opened:
            return HoursState(Door.OPEN, site.name, ruling=ruling)
    for site in sites:
        if site not in safe and _covering(site, at) is not None:
            return HoursState(Door.EMERGENCY, site.name, ruling=standing(rulings, site.name, at))
    for site in safe:
        if said[site.name] is not None:
            return HoursState(Door.OVERRIDE, site.name, ruling=said[site.name])
    return _shut(safe, at)


def _shut(sites: Sequence[Site], at: float) -> HoursState:
    today = [(site, _holiday(site, _local(site, at))) for site in sites]
    for site, name in today:
        lost = _lost(site, at)
        if lost or (name and all(other for _, other in today)):
            return HoursState(Door.HOLIDAY, site.name, holiday=lost or name)
    return HoursState(Door.CLOSED)


def _by_calendar(settings: Settings, name: str | None, at: float, is_open: bool) -> float | None:
    """The next change where no person's word counts."""
    if name is None or settings.emergency or _written(settings, name) is not None:
        return None
    sites = [site for site in _sites(settings, name) if not site.emergency]
    if is_open:
        return _closing(sites, at)
    return min((o for site in sites if (o := _opening(site, at)) is not None), default=None)


def _looked_for(
    settings: Settings, name: str | None, at: float, rulings: Rulings, is_open: bool
) -> float | None:
    """The next change where one does: the near days first, for it is mostly there."""
    for days in (3, 30, HORIZON):
        end = at + days * _SECONDS
        found = open_stretches(settings, name, at, end, rulings)
        change = (found[0][1] if is_open else found[0][0]) if found else end
        if change < end:
            return change
    return None


def zone_of(settings: Settings, name: str) -> str:
    """The time zone in which people speak of a schedule: its first site's, or the place's first one's."""
    sites = _sites(settings, name) or tuple(settings.sites.values())
    return sites[0].timezone if sites else "UTC"


# --- who says what --------------------------------------------------------------------------------


def _sites(settings: Settings, name: str | None) -> tuple[Site, ...]:
    if name is None:
        return ()
    rule = settings.schedules.get(name)
    names = rule.any_of if rule else (name,)
    return tuple(settings.sites[n] for n in names if n in settings.sites)


def _names(settings: Settings, name: str | None) -> tuple[str, ...]:
    """Whatever a ruling may name that concerns this schedule."""
    sites = (site.name for site in _sites(settings, name))
    return (EVERYTHING, *((name,) if name else ()), *sites)


def _written(settings: Settings, name: str) -> Override | None:
    rule: ScheduleRule | None = settings.schedules.get(name)
    return rule.override if rule else None


def _in_emergency(site: Site, at: float, rulings: Rulings) -> bool:
    ruling = standing(rulings, site.name, at)
    return site.emergency or (ruling is not None and ruling.word is Word.EMERGENCY)


def _emergency(site: Site, start: float, end: float, rulings: Rulings) -> list[Stretch]:
    return [(start, end)] if site.emergency else _windows(rulings, site.name, Word.EMERGENCY, start, end)


def _windows(rulings: Rulings, name: str, word: Word, start: float, end: float) -> list[Stretch]:
    """When such a word counts for a name: one stretch, or none."""
    ruling = rulings.get(name)
    if ruling is None or ruling.word is not word:
        return []
    return within([(ruling.at, end if ruling.until is None else ruling.until)], start, end)


def _ruled(found: Sequence[Stretch], name: str, start: float, end: float, rulings: Rulings) -> list[Stretch]:
    """Open stretches with a person's open or closed over them."""
    opened = _windows(rulings, name, Word.OPEN, start, end)
    closed = _windows(rulings, name, Word.CLOSED, start, end)
    return minus(merged([*found, *opened]), closed)


# --- a site's calendar ----------------------------------------------------------------------------


def _site_stretches(site: Site, start: float, end: float, rulings: Rulings) -> list[Stretch]:
    day, last = _local(site, start) - _ONE_DAY, _local(site, end)
    found: list[Stretch] = []
    while day <= last:
        found += _stretches(site, day, _spans(site, day))
        day += _ONE_DAY
    return _ruled(within(found, start, end), site.name, start, end, rulings)


def _holiday(site: Site, day: date) -> str:
    return "" if day in site.exceptions else site.holidays.get(day, "")


def _lost(site: Site, at: float) -> str:
    """The holiday without which the site would be open at `at`."""
    today = _local(site, at)
    for day in (today - _ONE_DAY, today):
        name = _holiday(site, day)
        if name and any(start <= at < end for start, end in _stretches(site, day, _week(site, day))):
            return name
    return ""


def _local(site: Site, at: float) -> date:
    return datetime.fromtimestamp(at, ZoneInfo(site.timezone)).date()


def _week(site: Site, day: date) -> tuple[Span, ...]:
    return tuple(span for span in site.hours if span.weekday == day.weekday())


def _spans(site: Site, day: date) -> tuple[Span, ...]:
    """The ranges that begin on a local day."""
    exception = site.exceptions.get(day)
    if exception is not None:
        return exception
    return () if day in site.holidays else _week(site, day)


def _stretches(site: Site, day: date, spans: Sequence[Span]) -> Iterator[Stretch]:
    for span in spans:
        start, end = _stretch(site.timezone, day, span.opens, span.closes)
        if start < end:
            yield start, end


@lru_cache(maxsize=4096)  # every look at the clock asks for the same two days
def _stretch(timezone: str, day: date, opens: int, closes: int) -> Stretch:
    """From when until when a range of a local day is, by UTC; the end is not behind the beginning where it is skipped."""
    zone = ZoneInfo(timezone)
    return _instant(zone, day, opens, last=False), _instant(zone, day, closes, last=True)


def _covering(site: Site, at: float) -> float | None:
    """The end of the longest stretch the site is open in at `at`."""
    today = _local(site, at)
    days = (today - _ONE_DAY, today)
    ends = (e for d in days for s, e in _stretches(site, d, _spans(site, d)) if s <= at < e)
    return max(ends, default=None)


def _closing(sites: Sequence[Site], at: float) -> float | None:
    """When the last of the sites that are open one after another from `at` on closes."""
    if any(_round_the_clock(site) for site in sites):
        return None
    now = at
    while now - at < HORIZON * _SECONDS:
        ends = [end for site in sites if (end := _covering(site, now)) is not None]
        if not ends:
            return now
        now = max(ends)
    return None


def _round_the_clock(site: Site) -> bool:
    whole = all(Span(day, 0, _DAY) in site.hours for day in range(7))
    return whole and not site.holidays and not site.exceptions


def _opening(site: Site, at: float) -> float | None:
    """When a site that is closed at `at` opens next."""
    if not site.hours and not site.exceptions:
        return None
    today = _local(site, at)
    for ahead in range(HORIZON):
        day = today + ahead * _ONE_DAY
        starts = [s for s, _ in _stretches(site, day, _spans(site, day)) if s > at]
        if starts:
            return min(starts)
    return None


def _instant(zone: ZoneInfo, day: date, minutes: int, *, last: bool) -> float:
    """A wall-clock time as an instant: the first or last coming of one that comes twice, the change for one that is skipped."""
    later, minute = divmod(minutes, _DAY)
    wall = datetime.combine(day + later * _ONE_DAY, time(minute // 60, minute % 60), zone)
    first, second = wall.timestamp(), wall.replace(fold=1).timestamp()
    if second < first:
        return _change(zone, int(second), int(first))
    return second if last else first


def _change(zone: ZoneInfo, before: int, after: int) -> float:
    """The first second with the new offset between two instants with different ones."""
    old = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return float(after)


def _offset(zone: ZoneInfo, at: int) -> timedelta | None:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).utcoffset()
