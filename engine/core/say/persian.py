"""Persian: "o" links every two parts of a number, what is counted stays singular, and the last part takes "-om" in an ordinal.

    342         sisad o čehel o do        سیصد و چهل و دو
    place 24    bist o čahārom            بیست و چهارم ("the 24th person": nafar-e bist o čahārom)
    80 minutes  yek sāat o bist daqiqe    یک ساعت و بیست دقیقه

A thousand is "hezār", never "one thousand". The first is "avval", but twenty-first ends in "yekom". Dates are Gregorian,
as offices with foreign partners give them, and days are joined to their month by "-e", which has recordings of its own.
Times are told by the twelve-hour clock with the part of the day, quarter and half by their names; "-e" joins them to the
part of the day, and the month to its year (sāat-e hašt-e sobh, desāmbr-e sāl-e …): those words have two recordings.
"""

from __future__ import annotations

from types import MappingProxyType

from engine.core.say.grammar import Grammar, Sounds, joined, listed
from engine.core.say.values import Amount, Clock, Currency, Day, Length

_O = "num/and"
_SMALL = "صفر,یک,دو,سه,چهار,پنج,شش,هفت,هشت,نه,ده,یازده,دوازده,سیزده,چهارده,پانزده,شانزده,هفده,هجده,نوزده,بیست"
_TENS = "سی,چهل,پنجاه,شصت,هفتاد,هشتاد,نود"
_HUNDREDS = "صد,دویست,سیصد,چهارصد,پانصد,ششصد,هفتصد,هشتصد,نهصد"
_ORDINALS = "اول,دوم,سوم,چهارم,پنجم,ششم,هفتم,هشتم,نهم,دهم,یازدهم,دوازدهم,سیزدهم,چهاردهم,پانزدهم,شانزدهم,هفدهم,هجدهم,نوزدهم,بیستم"
_ORDINAL_TENS = "سی‌اُم,چهلم,پنجاهم,شصتم,هفتادم,هشتادم,نودم"
_ORDINAL_HUNDREDS = "صدم,دویستم,سیصدم,چهارصدم,پانصدم,ششصدم,هفتصدم,هشتصدم,نهصدم"
_MONTHS = "ژانویه,فوریه,مارس,آوریل,مه,ژوئن,ژوئیه,اوت,سپتامبر,اکتبر,نوامبر,دسامبر"
#: Hours with "-e", as they are said before the part of the day; months with "-e", before the year.
_HOURS = "یکِ,دویِ,سه‌ی,چهارِ,پنجِ,ششِ,هفتِ,هشتِ,نهِ,دهِ,یازدهِ,دوازدهِ"
_MONTHS_OF = "ژانویه‌ی,فوریه‌ی,مارسِ,آوریلِ,مهِ,ژوئنِ,ژوئیه‌ی,اوتِ,سپتامبرِ,اکتبرِ,نوامبرِ,دسامبرِ"
#: Days of the month with "-e" at the end, as they are said before the month.
_DAYS = ",".join(f"{word}ِ" for word in _ORDINALS.split(","))

_FRAGMENTS = (
    listed("num", _SMALL)
    | listed("num", _TENS, 30, 10)
    | listed("num", _HUNDREDS, 100, 100)
    | {
        "num/1000": "هزار",
        "num/1000000": "میلیون",
        "num/and": "و",
        "num/plus": "به‌علاوه",
        "num/star": "ستاره",
    }
    | listed("ord", _ORDINALS, 1)
    | listed("ord", _ORDINAL_TENS, 30, 10)
    | listed("ord", _ORDINAL_HUNDREDS, 100, 100)
    | {"ord/1u": "یکم", "ord/1000": "هزارم", "ord/1000000": "میلیونم"}
    | listed("day", _DAYS, 1)
    | {"day/30": "سی‌اُمِ", "day/1u": "یکمِ"}
    | listed("month", _MONTHS, 1)
    | listed("month_of", _MONTHS_OF, 1)
    | listed("hour", _HOURS, 1)
    | {
        "time/year": "سالِ",
        "time/clock": "ساعتِ",
        "time/quarter": "ربعِ",
        "time/half": "نیمِ",
        "time/minute": "دقیقه‌ی",
    }
    | {"time/night": "بامداد", "time/morning": "صبح", "time/noon": "ظهر"}
    | {"time/afternoon": "بعد از ظهر", "time/evening": "شب"}
    | {"unit/hour": "ساعت", "unit/minute": "دقیقه", "unit/second": "ثانیه"}
    | {"unit/caller": "نفر", "unit/call": "تماس"}
    | {"money/euro": "یورو", "money/dollar": "دلار", "money/cent": "سنت"}
    | {"money/lev": "لِو", "money/stotinka": "استوتینکا"}
    | {"money/dirham": "دِرهَم", "money/fils": "فِلس", "money/rial": "ریال"}
)
#: Each currency's unit and its hundredth.
_MONEY = {
    Currency.EUR: ("money/euro", "money/cent"),
    Currency.USD: ("money/dollar", "money/cent"),
    Currency.BGN: ("money/lev", "money/stotinka"),
    Currency.AED: ("money/dirham", "money/fils"),
    Currency.IRR: ("money/rial", ""),
}


def _number(value: int) -> Sounds:
    return joined(_groups(value), _O)


def _groups(value: int) -> list[Sounds]:
    """The parts of a number that "o" links."""
    millions, thousands, rest = value // 1_000_000, value // 1000 % 1000, value % 1000
    groups = [(*_number(millions), "num/1000000")] if millions else []
    if thousands:
        groups.append((*(_number(thousands) if thousands > 1 else ()), "num/1000"))
    groups += [(f"num/{rest - rest % 100}",)] if rest >= 100 else []
    low = rest % 100
    if low > 20 and low % 10:
        return [*groups, (f"num/{low - low % 10}",), (f"num/{low % 10}",)]
    return [*groups, (f"num/{low}",)] if low or not groups else groups


def _ordinal(value: int) -> Sounds:
    return _last_as(value, "ord")


def _last_as(value: int, folder: str) -> Sounds:
    """The number with its last part taken from another folder; "first" has a second form behind other parts."""
    *before, last = _number(value)
    if before and last == "num/1":
        return (*before, f"{folder}/1u")
    return (*before, last.replace("num/", f"{folder}/"))


def _counted(value: int, noun: str) -> Sounds:
    return (*_number(value), noun)


def _callers(value: int) -> Sounds:
    return _counted(value, "unit/caller")


def _calls(value: int) -> Sounds:
    return _counted(value, "unit/call")


def _minutes(value: int) -> Sounds:
    return _counted(value, "unit/minute")


def _duration(length: Length) -> Sounds:
    units = (
        (length.hours, "unit/hour"),
        (length.minutes, "unit/minute"),
        (length.seconds, "unit/second"),
    )
    return joined([_counted(*unit) for unit in units if unit[0]] or [_counted(0, "unit/second")], _O)


def _time(clock: Clock) -> Sounds:
    hour = clock.hour % 12 or 12
    return ("time/clock", *_of_hour(hour, clock.minute), _part_of_day(clock.hour % 24))


def _of_hour(hour: int, minute: int) -> Sounds:
    """An hour and its minutes, the last word with "-e"."""
    match minute:
        case 0:
            return (f"hour/{hour}",)
        case 15:
            return (f"num/{hour}", _O, "time/quarter")
        case 30:
            return (f"num/{hour}", _O, "time/half")
    return (f"num/{hour}", _O, *_counted(minute, "time/minute"))


def _part_of_day(hour: int) -> str:
    """The part of the day an hour 0 … 23 lies in."""
    for end, part in ((4, "night"), (12, "morning"), (13, "noon"), (19, "afternoon")):
        if hour < end:
            return f"time/{part}"
    return "time/evening"


def _date(day: Day) -> Sounds:
    said = _last_as(day.day, "day")
    if day.year is None:
        return (*said, f"month/{day.month}")
    return (*said, f"month_of/{day.month}", "time/year", *_number(day.year))


def _money(amount: Amount) -> Sounds:
    unit, hundredth = _MONEY[amount.currency]
    said = [_counted(amount.whole, unit)] if amount.whole or not amount.hundredths else []
    said += [_counted(amount.hundredths, hundredth)] if amount.hundredths else []
    return joined(said, _O)


GRAMMAR = Grammar(
    fragments=MappingProxyType(_FRAGMENTS),
    number=_number,
    position=_ordinal,
    the_position=_ordinal,
    callers=_callers,
    calls=_calls,
    minutes=_minutes,
    duration=_duration,
    time=_time,
    date=_date,
    money=_money,
)
