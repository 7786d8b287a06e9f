"""English as said in America: 342 is "three hundred forty two", 14:05 "two oh five P M", a date "December twenty fourth".

Hundreds and what follows them stand side by side without "and"; only the cents of an amount are joined by it. Years are
said in pairs ("twenty twenty six"), but 2000 to 2009 as numbers.
"""

from __future__ import annotations

from types import MappingProxyType

from engine.core.say.grammar import Grammar, Sounds, joined, listed
from engine.core.say.values import Amount, Clock, Currency, Day, Length

_SMALL = (
    "zero,one,two,three,four,five,six,seven,eight,nine,ten,eleven,twelve,thirteen,fourteen,fifteen,sixteen,seventeen,"
    "eighteen,nineteen,twenty"
)
_ORDINALS = (
    "first,second,third,fourth,fifth,sixth,seventh,eighth,ninth,tenth,eleventh,twelfth,thirteenth,fourteenth,fifteenth,"
    "sixteenth,seventeenth,eighteenth,nineteenth,twentieth"
)
_MONTHS = "January,February,March,April,May,June,July,August,September,October,November,December"
_FRAGMENTS = (
    listed("num", _SMALL)
    | listed("num", "thirty,forty,fifty,sixty,seventy,eighty,ninety", 30, 10)
    | {"num/hundred": "hundred", "num/thousand": "thousand", "num/million": "million"}
    | {"num/plus": "plus", "num/star": "star", "num/and": "and"}
    | listed("ord", _ORDINALS, 1)
    | listed("ord", "thirtieth,fortieth,fiftieth,sixtieth,seventieth,eightieth,ninetieth", 30, 10)
    | {"ord/hundred": "hundredth", "ord/thousand": "thousandth", "ord/million": "millionth", "ord/the": "the"}
    | {"unit/hour": "hour", "unit/hours": "hours", "unit/minute": "minute", "unit/minutes": "minutes"}
    | {"unit/second": "second", "unit/seconds": "seconds"}
    | {"unit/caller": "caller", "unit/callers": "callers", "unit/call": "call", "unit/calls": "calls"}
    | {"time/oh": "oh", "time/am": "A M", "time/pm": "P M", "time/noon": "noon", "time/midnight": "midnight"}
    | listed("month", _MONTHS, 1)
    | {"money/euro": "euro", "money/euros": "euros", "money/dollar": "dollar", "money/dollars": "dollars"}
    | {"money/cent": "cent", "money/cents": "cents", "money/lev": "lev", "money/leva": "leva"}
    | {"money/stotinka": "stotinka", "money/stotinki": "stotinki"}
    | {"money/dirham": "dirham", "money/dirhams": "dirhams", "money/fils": "fils"}
    | {"money/rial": "rial", "money/rials": "rials"}
)
#: One and many of each currency's unit, and of its hundredth.
_MONEY = {
    Currency.EUR: ("money/euro", "money/euros", "money/cent", "money/cents"),
    Currency.USD: ("money/dollar", "money/dollars", "money/cent", "money/cents"),
    Currency.BGN: ("money/lev", "money/leva", "money/stotinka", "money/stotinki"),
    Currency.AED: ("money/dirham", "money/dirhams", "money/fils", "money/fils"),
    Currency.IRR: ("money/rial", "money/rials", "", ""),
}


def _number(value: int) -> Sounds:
    said: Sounds = ()
    for size, name in ((1_000_000, "num/million"), (1000, "num/thousand")):
        if value >= size:
            said += (*_below_thousand(value // size), name)
        value %= size
    return said + _below_thousand(value) if value or not said else said


def _below_thousand(value: int) -> Sounds:
    hundreds, rest = divmod(value, 100)
    said = (f"num/{hundreds}", "num/hundred") if hundreds else ()
    if not rest and said:
        return said
    if rest <= 20 or rest % 10 == 0:
        return (*said, f"num/{rest}")
    return (*said, f"num/{rest - rest % 10}", f"num/{rest % 10}")


def _ordinal(value: int) -> Sounds:
    """The cardinal with its last word made an ordinal."""
    *before, last = _number(value)
    return (*before, last.replace("num/", "ord/"))


def _the_ordinal(value: int) -> Sounds:
    return ("ord/the", *_ordinal(value))


def _counted(value: int, one: str, many: str) -> Sounds:
    return (*_number(value), one if value == 1 else many)


def _callers(value: int) -> Sounds:
    return _counted(value, "unit/caller", "unit/callers")


def _calls(value: int) -> Sounds:
    return _counted(value, "unit/call", "unit/calls")


def _hours(value: int) -> Sounds:
    return _counted(value, "unit/hour", "unit/hours")


def _minutes(value: int) -> Sounds:
    return _counted(value, "unit/minute", "unit/minutes")


def _seconds(value: int) -> Sounds:
    return _counted(value, "unit/second", "unit/seconds")


def _duration(length: Length) -> Sounds:
    said = _hours(length.hours) if length.hours else ()
    said += _minutes(length.minutes) if length.minutes else ()
    return said + _seconds(length.seconds) if length.seconds or not said else said


def _time(clock: Clock) -> Sounds:
    if clock.minute == 0 and clock.hour % 12 == 0:
        return ("time/noon" if clock.hour == 12 else "time/midnight",)
    oh = ("time/oh",) if 0 < clock.minute < 10 else ()
    minutes = (*oh, *_number(clock.minute)) if clock.minute else ()
    return (f"num/{clock.hour % 12 or 12}", *minutes, "time/pm" if clock.hour >= 12 else "time/am")


def _date(day: Day) -> Sounds:
    return (f"month/{day.month}", *_ordinal(day.day), *(() if day.year is None else _year(day.year)))


def _year(year: int) -> Sounds:
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return _number(year)
    if not rest:
        return (*_number(century), "num/hundred")
    return (*_number(century), *(("time/oh",) if rest < 10 else ()), *_number(rest))


def _money(amount: Amount) -> Sounds:
    one, many, cent, cents = _MONEY[amount.currency]
    said = [_counted(amount.whole, one, many)] if amount.whole or not amount.hundredths else []
    said += [_counted(amount.hundredths, cent, cents)] if amount.hundredths else []
    return joined(said, "num/and")


GRAMMAR = Grammar(
    fragments=MappingProxyType(_FRAGMENTS),
    number=_number,
    position=_ordinal,
    the_position=_the_ordinal,
    callers=_callers,
    calls=_calls,
    minutes=_minutes,
    duration=_duration,
    time=_time,
    date=_date,
    money=_money,
)
