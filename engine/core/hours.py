"""Opening hours: is it open, why not, and when does that change.

The order of authority, per schedule: a person's override, then per site the dated exception, the public holiday, the week.

    override    open or closed, whatever the calendar says, until it is taken back
    exception   replaces that local day's week (no ranges: closed); a holiday on such a day means nothing
    holiday     takes that local day's week away
    week        ranges in local time; one that passes midnight belongs to the day it starts on, so Friday's night shift works into a
                Saturday that is a holiday, and a holiday Friday has no night shift

A schedule is open while any of its sites is. When none is, it is `holiday` if a site would be open now but for a holiday, or if all its
sites have a holiday today; else it is `closed`.

Ranges become stretches of UTC before anything is compared, so a night with a change of clocks is as long as it really is. An hour that
comes twice is open both times: a range opens at the first coming of its beginning and closes at the last coming of its end. A time that is
skipped counts as the moment of the change. Instants are seconds since the epoch; nothing further away than `HORIZON` days is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from engine.core.site import Override, Settings, Site, Span

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


@dataclass(frozen=True, slots=True)
class HoursState:
    """A schedule at one instant.

    `site` is the first site that is open, or whose holiday it is; `next_change` is when it next opens or closes
    (None: not within the horizon, or only when the override is taken back).
    """

    state: Door
    site: str | None = None
    next_change: float | None = None
    holiday: str = ""

    @property
    def is_open(self) -> bool:
        """May callers come in?"""
        return self.state is Door.OPEN


def state(settings: Settings, name: str | None, at: float) -> HoursState:
    """How a schedule or a site stands at `at`; no name means always open, an unknown one closed."""
    if name is None:
        return HoursState(Door.OPEN)
    rule = settings.schedules.get(name)
    match rule.override if rule else None:
        case Override.OPEN:
            return HoursState(Door.OPEN)
        case Override.CLOSED:
            return HoursState(Door.OVERRIDE)
    sites = _sites(settings, name)
    for site in sites:
        if _covering(site, at) is not None:
            return HoursState(Door.OPEN, site.name, _closing(sites, at))
    return _shut(sites, at)


def next_opening(settings: Settings, name: str | None, at: float) -> float | None:
    """When a schedule is open next: `at` itself if it is open then; None if not within the horizon or closed by override."""
    now = state(settings, name, at)
    return at if now.is_open else now.next_change


def _sites(settings: Settings, name: str) -> tuple[Site, ...]:
    rule = settings.schedules.get(name)
    names = rule.any_of if rule else (name,)
    return tuple(settings.sites[n] for n in names if n in settings.sites)


def _shut(sites: Sequence[Site], at: float) -> HoursState:
    change = min((o for site in sites if (o := _opening(site, at)) is not None), default=None)
    today = [(site, _holiday(site, _local(site, at))) for site in sites]
    for site, name in today:
        lost = _lost(site, at)
        if lost or (name and all(other for _, other in today)):
            return HoursState(Door.HOLIDAY, site.name, change, lost or name)
    return HoursState(Door.CLOSED, None, change)


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


def _stretches(site: Site, day: date, spans: Sequence[Span]) -> Iterator[tuple[float, float]]:
    zone = ZoneInfo(site.timezone)
    for span in spans:
        start, end = _instant(zone, day, span.opens, last=False), _instant(zone, day, span.closes, last=True)
        if start < end:
            yield start, end


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
