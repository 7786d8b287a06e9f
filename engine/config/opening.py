"""Opening hours as an admin writes them -> weekly spans in minutes.

    Mon-Fri 08:00-18:00, Sat 22:00-02:00      days, then one or more ranges; entries are separated by commas
    Mon Wed 09:00-12:00 13:00-17:00           several days, several ranges
    daily 07:00-23:00                         every day
    always | never

A range whose end is not after its beginning runs past midnight and belongs to the day it starts on. `24:00` is the end of a day.
"""

from __future__ import annotations

import re
from itertools import pairwise

from engine.core.site import Span

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"(\d{1,2}):(\d{2})")
_DAY = 24 * 60
_WEEK = 7 * _DAY
_EXAMPLE = "write it like Mon-Fri 08:00-18:00, Sat 22:00-02:00, or always, or never"


class BadHours(ValueError):
    """Hours that cannot be read: `args` are what is wrong and what to do."""


def weekly(text: str) -> tuple[Span, ...]:
    """A week's opening hours; () means never. Raises BadHours."""
    match text.strip().lower():
        case "always":
            return tuple(Span(day, 0, _DAY) for day in range(7))
        case "never":
            return ()
        case "":
            raise BadHours("the opening hours are empty", _EXAMPLE)
    spans = tuple(span for entry in text.split(",") for span in _entry(entry.split()))
    _refuse_overlap(spans)
    return tuple(sorted(spans, key=lambda s: (s.weekday, s.opens)))


def one_day(text: str, weekday: int) -> tuple[Span, ...]:
    """One date's hours, `closed` or ranges such as `10:00-14:00, 16:00-18:00`. Raises BadHours."""
    if text.strip().lower() == "closed":
        return ()
    words = text.replace(",", " ").split()
    if not words:
        raise BadHours("the day's hours are empty", "write closed, or 10:00-14:00")
    spans = tuple(Span(weekday, *_range(word)) for word in words)
    _refuse_overlap(spans)
    return tuple(sorted(spans, key=lambda s: s.opens))


def _entry(words: list[str]) -> list[Span]:
    days = [d for word in words if not _TIME.match(word) for d in _days(word)]
    ranges = [_range(word) for word in words if _TIME.match(word)]
    if not words or not days or not ranges:
        raise BadHours(f"'{' '.join(words)}' needs days and times", _EXAMPLE)
    return [Span(day, *opened) for day in days for opened in ranges]


def _days(word: str) -> list[int]:
    if word.lower() == "daily":
        return list(range(7))
    first, dash, last = word.partition("-")
    start = _day(first)
    end = _day(last) if dash else start
    return [day % 7 for day in range(start, (end if end >= start else end + 7) + 1)]


def _day(word: str) -> int:
    lower = word.lower()
    for number, (short, full) in enumerate(zip(DAYS, _NAMES, strict=True)):
        if lower in (short, full):
            return number
    if re.match(r"\d", word) and word != "24/7":
        raise BadHours(f"'{word}' is not a range of times", "write times like 08:00-18:00")
    raise BadHours(f"'{word}' is not a day", _day_hint(lower))


def _day_hint(word: str) -> str:
    match word:
        case "24/7":
            return "write always"
        case "to" | "until" | "till" | "and" | "through":
            return "write Mon-Fri 08:00-18:00"
    meant = [day.capitalize() for day in DAYS if len(word) > 1 and day.startswith(word)]
    return f"write {meant[0]}" if meant else "days are Mon Tue Wed Thu Fri Sat Sun, and daily"


def _range(word: str) -> tuple[int, int]:
    opens, dash, closes = word.partition("-")
    if not dash:
        raise BadHours(f"'{word}' is not a range of times", "write it like 08:00-18:00")
    start, end = _minutes(opens), _minutes(closes)
    if start in (_DAY, end):
        raise BadHours(f"'{word}' opens and closes at once", "for the whole day write 00:00-24:00")
    return start, end if end > start else end + _DAY


def _minutes(text: str) -> int:
    found = _TIME.fullmatch(text)
    if not found:
        raise BadHours(f"'{text}' is not a time of day", "write it like 08:00")
    hours, minutes = int(found[1]), int(found[2])
    if minutes > 59 or hours * 60 + minutes > _DAY:
        raise BadHours(f"'{text}' is not a time of day", "the last one is 24:00")
    return hours * 60 + minutes


def _refuse_overlap(spans: tuple[Span, ...]) -> None:
    flat = sorted((s.weekday * _DAY + s.opens, s.weekday * _DAY + s.closes) for s in spans)
    if flat:
        flat.append((flat[0][0] + _WEEK, flat[0][1] + _WEEK))
    for (_, closes), (opens, _) in pairwise(flat):
        if opens < closes:
            day, minute = divmod(opens % _WEEK, _DAY)
            when = f"{DAYS[day].capitalize()} {minute // 60:02d}:{minute % 60:02d}"
            raise BadHours(f"two ranges overlap at {when}", "join them, or end the first one earlier")
