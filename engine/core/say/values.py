"""A variable's value, read as what its form speaks.

Values come from flows, keys and other programs' answers, so whatever is written is read as text, and what does not fit
is None. Nothing is guessed: a date that does not exist, a time of 25 o'clock or a currency without recordings stays unsaid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

#: The largest cardinal the recordings can speak.
LARGEST = 999_999_999
#: The years a date may lie in: beyond them the languages begin to count years in other ways.
YEARS = range(1900, 2100)

_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::00)?", re.ASCII)
_DATE = re.compile(r"(?:(\d{4})-|--)?(\d{2})-(\d{2})", re.ASCII)
_MONEY = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))? ?([A-Z]{3})", re.ASCII)
_LEAP_YEAR = 2000  # a day without a year may be 29 February


class Currency(StrEnum):
    """A currency the recordings can name, by its ISO 4217 code."""

    EUR = "EUR"
    USD = "USD"
    BGN = "BGN"
    AED = "AED"
    IRR = "IRR"


#: Currencies whose hundredths nobody uses: an amount with a fraction is not spoken.
WHOLE_ONLY = frozenset({Currency.IRR})


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time; the units that are 0 are not spoken, unless all are."""

    hours: int
    minutes: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day: hour 0 … 24, minute 0 … 59; 24:00 is the end of the day."""

    hour: int
    minute: int


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the Gregorian calendar; the year is spoken if it is there."""

    day: int
    month: int
    year: int | None


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money: whole units and hundredths."""

    whole: int
    hundredths: int
    currency: Currency


def whole(value: object) -> int | None:
    """The value as a whole number 0 … LARGEST, or None."""
    text = str(value).strip()
    if isinstance(value, float) and value.is_integer():
        text = str(int(value))
    if not (text.isascii() and text.isdigit()) or len(text.lstrip("0")) > len(str(LARGEST)):
        return None
    return int(text)


def place(value: object) -> int | None:
    """A place in a line, counted from 1, or None."""
    return whole(value) or None


def digits(value: object) -> str | None:
    """Digits, perhaps after a `+` or a `*`, without what only groups them: spaces, hyphens, dots, brackets."""
    bare = str(value).translate(str.maketrans("", "", " -().\u00a0"))
    return bare if bare.isascii() and bare[bare[:1] in ("+", "*") :].isdigit() else None


def length(value: object) -> Length | None:
    """Seconds as a length of time: from an hour on to the nearest minute, as nobody listens for more."""
    seconds = round(value) if isinstance(value, float) and 0 <= value < LARGEST else whole(value)
    if seconds is None:
        return None
    if seconds >= 3600:
        seconds = (seconds + 30) // 60 * 60
    return Length(seconds // 3600, seconds // 60 % 60, seconds % 60)


def clock(value: object) -> Clock | None:
    """`HH:MM` (also `HH:MM:00`) as a time of day, or None."""
    found = _TIME.fullmatch(str(value).strip())
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2])
    return Clock(hour, minute) if minute < 60 and (hour < 24 or (hour, minute) == (24, 0)) else None


def day(value: object) -> Day | None:
    """`YYYY-MM-DD` or, without a year, `MM-DD` (also `--MM-DD`) as a day that exists, or None."""
    found = _DATE.fullmatch(str(value).strip())
    if found is None:
        return None
    year = int(found[1]) if found[1] else None
    try:
        known = date(year or _LEAP_YEAR, int(found[2]), int(found[3]))
    except ValueError:
        return None
    return Day(known.day, known.month, year) if year is None or year in YEARS else None


def amount(value: object) -> Amount | None:
    """`12.50 EUR` as an amount of money, or None."""
    found = _MONEY.fullmatch(str(value).strip())
    if found is None or found[3] not in tuple(Currency):
        return None
    hundredths = int((found[2] or "").ljust(2, "0"))
    currency = Currency(found[3])
    return None if hundredths and currency in WHOLE_ONLY else Amount(int(found[1]), hundredths, currency)
