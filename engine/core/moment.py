"""Moments as people write them, in a time zone: `18:00`, `2h`, `2026-10-25 03:30`, `2026-10-25T03:30 Europe/Sofia`.

A clock that is set back shows an hour twice, one that is set forward skips one; `readings` says which it is.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_LENGTH = re.compile(r"(?=[0-9])([0-9]{1,3}h)?([0-9]{1,4}m)?")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_DATED = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[T ]([0-9]{1,2}:[0-9]{2}))?(?: ?(Z|[A-Z][\w+-]*(?:/[\w+-]+)*))?"
)
EXAMPLES = "write it like 18:00, 2h or 2026-12-24 18:00"


class BadMoment(ValueError):
    """A text that names no moment; the message is one sentence."""


def readings(wall: datetime, zone: ZoneInfo) -> tuple[float, ...]:
    """Every instant at which clocks of a zone show this time: one, two (an hour that comes twice), or none (one that is skipped)."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).timestamp() for fold in (0, 1))
    if second < first:
        return ()
    return (first,) if first == second else (first, second)


def dated(text: str, zone: str | None) -> tuple[datetime, str]:
    """A date with a time (midnight where none is given) and the zone it is meant in. Raises BadMoment."""
    found = _DATED.fullmatch(text.strip())
    named = found and ({"Z": "UTC"}.get(found[3], found[3]) or zone)
    if not found or not named:
        raise BadMoment(f"'{text[:60]}' is no moment: write it like 2026-10-25T03:30 Europe/Sofia")
    try:
        ZoneInfo(named)
    except (ValueError, OSError, KeyError):  # KeyError: what zoneinfo raises for a name it does not know
        raise BadMoment(f"no time zone is called '{named[:40]}': write it like Europe/Sofia") from None
    return datetime.combine(_date(found[1], text), _clock(found[2] or "00:00", text)), named


def until(text: str, zone: str, now: float) -> float:
    """When something ends that is said now: a length, the next coming of a time of day, or a date. Raises BadMoment."""
    text = text.strip()
    if (length := _LENGTH.fullmatch(text)) is not None:
        hours, minutes = (int((part or "0h")[:-1]) for part in length.groups())
        at = now + hours * 3600.0 + minutes * 60.0
    elif _CLOCK.fullmatch(text):
        at = _next(_clock(text, text), ZoneInfo(zone), now)
    elif _DATED.fullmatch(text):
        wall, named = dated(text, zone)
        at = instant(wall, ZoneInfo(named))
    else:
        raise BadMoment(f"'{text[:60]}' is no moment: {EXAMPLES}")
    if at <= now:
        raise BadMoment(f"'{text}' is over already: {EXAMPLES}")
    return at


def is_until(text: str) -> bool:
    """Can this be the end of something, whenever it is said?"""
    try:
        until(text, "UTC", datetime(1971, 1, 1, tzinfo=UTC).timestamp())
    except BadMoment:
        return False
    return True


def instant(wall: datetime, zone: ZoneInfo) -> float:
    """The last instant at which clocks show this time; one that is skipped is as long after the change as it would have been."""
    return max(readings(wall, zone), default=wall.replace(tzinfo=zone).timestamp())


def _next(clock: time, zone: ZoneInfo, now: float) -> float:
    today = datetime.fromtimestamp(now, zone).date()
    coming = (instant(datetime.combine(today + timedelta(days=n), clock), zone) for n in (0, 1))
    return next(at for at in coming if at > now)


def _date(text: str, whole: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadMoment(f"'{whole[:60]}' names a day that no calendar has") from None


def _clock(text: str, whole: str) -> time:
    hours, minutes = map(int, text.split(":"))
    if hours > 23 or minutes > 59:
        raise BadMoment(f"'{whole[:60]}' names a time that no clock shows")
    return time(hours, minutes)
