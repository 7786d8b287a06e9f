"""Bulgarian: one and two agree with what is counted, "и" stands before the last part, ordinals have an article or none.

    gender      един час, една минута, едно евро; два часа, две минути, две евро; people: двама, трима … шестима души
    "и"         before the last part of a number, if that part is one word: двадесет и едно, сто и двадесет,
                хиляда и сто, but хиляда сто и седем; милион и двеста хиляди
    plural      masculine nouns have a plural for counts (часа, лева, цента); what follows 21 is plural, too
    ordinals    only the last part changes: двадесет и четвърти (position), двадесет и четвъртият (the_position);
                from 1,000 on a place is "номер" and the number
    dates       a masculine ordinal and the month; the year is a feminine ordinal before "година"
    times       by the 24-hour clock: четиринадесет часа и пет минути

Without a noun numbers are neuter, as in counting: едно, две. Words are the full ones (двадесет, not двайсет).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from engine.core.say.grammar import Grammar, Sounds, joined, listed
from engine.core.say.values import Amount, Clock, Currency, Day, Length

_AND = "num/and"
_SMALL = (
    "нула,едно,две,три,четири,пет,шест,седем,осем,девет,десет,единадесет,дванадесет,тринадесет,четиринадесет,петнадесет,"
    "шестнадесет,седемнадесет,осемнадесет,деветнадесет,двадесет"
)
_TENS = "тридесет,четиридесет,петдесет,шестдесет,седемдесет,осемдесет,деветдесет"
_HUNDREDS = "сто,двеста,триста,четиристотин,петстотин,шестстотин,седемстотин,осемстотин,деветстотин"
#: Ordinals without their endings: 1 … 20, the tens, the hundreds.
_FIRST = (
    "първ,втор,трет,четвърт,пет,шест,седм,осм,девет,десет,единадесет,дванадесет,тринадесет,четиринадесет,петнадесет,"
    "шестнадесет,седемнадесет,осемнадесет,деветнадесет,двадесет"
)
_HUNDREDTH = "стот,двестот,тристот,четиристот,петстот,шестстот,седемстот,осемстот,деветстот"
_MONTHS = "януари,февруари,март,април,май,юни,юли,август,септември,октомври,ноември,декември"


def _ending(stems: str, ending: str) -> str:
    """The stems, each with the ending."""
    return ",".join(stem + ending for stem in stems.split(","))


def _ordinals(folder: str, ending: str, hundred: str) -> dict[str, str]:
    """Ordinals of one gender and article: the endings of most, and of the hundreds."""
    return (
        listed(folder, _ending(_FIRST, ending), 1)
        | listed(folder, _ending(_TENS, ending), 30, 10)
        | listed(folder, _ending(_HUNDREDTH, hundred), 100, 100)
    )


_FRAGMENTS = (
    listed("num", _SMALL)
    | listed("num", _TENS, 30, 10)
    | listed("num", _HUNDREDS, 100, 100)
    | {"num/1m": "един", "num/1f": "една", "num/2m": "два"}
    | listed("people", "двама,трима,четирима,петима,шестима", 2)
    | {"num/1000": "хиляда", "num/1000s": "хиляди", "num/1000000": "милион", "num/1000000s": "милиона"}
    | {"num/and": "и", "num/plus": "плюс", "num/star": "звезда", "num/number": "номер"}
    | _ordinals("ord", "и", "ен")
    | _ordinals("the", "ият", "ният")
    | listed("year", _ending(_FIRST, "а"), 1)
    | listed("year", _ending(_TENS, "а"), 30, 10)
    | {"year/900": "деветстотна", "year/2000": "двехилядна", "year/year": "година"}
    | listed("month", _MONTHS, 1)
    | {"unit/hour": "час", "unit/hours": "часа", "unit/minute": "минута", "unit/minutes": "минути"}
    | {"unit/second": "секунда", "unit/seconds": "секунди"}
    | {"unit/caller": "човек", "unit/callers": "души", "unit/call": "обаждане", "unit/calls": "обаждания"}
    | {"money/euro": "евро", "money/cent": "цент", "money/cents": "цента"}
    | {"money/dollar": "долар", "money/dollars": "долара", "money/lev": "лев", "money/leva": "лева"}
    | {"money/stotinka": "стотинка", "money/stotinki": "стотинки"}
    | {"money/dirham": "дирхам", "money/dirhams": "дирхама", "money/fils": "филс", "money/filses": "филса"}
    | {"money/rial": "риал", "money/rials": "риала"}
)


@dataclass(frozen=True, slots=True)
class _Noun:
    """What can be counted: its gender (m, f, n, or p for people), and its words for one and for more."""

    gender: str
    one: str
    many: str


_HOUR = _Noun("m", "unit/hour", "unit/hours")
_MINUTE = _Noun("f", "unit/minute", "unit/minutes")
_SECOND = _Noun("f", "unit/second", "unit/seconds")
_CALLER = _Noun("p", "unit/caller", "unit/callers")
_CALL = _Noun("n", "unit/call", "unit/calls")
_CENT = _Noun("m", "money/cent", "money/cents")
#: Each currency's unit and its hundredth.
_MONEY = {
    Currency.EUR: (_Noun("n", "money/euro", "money/euro"), _CENT),
    Currency.USD: (_Noun("m", "money/dollar", "money/dollars"), _CENT),
    Currency.BGN: (
        _Noun("m", "money/lev", "money/leva"),
        _Noun("f", "money/stotinka", "money/stotinki"),
    ),
    Currency.AED: (
        _Noun("m", "money/dirham", "money/dirhams"),
        _Noun("m", "money/fils", "money/filses"),
    ),
    Currency.IRR: (_Noun("m", "money/rial", "money/rials"), _CENT),
}


def _number(value: int) -> Sounds:
    return _cardinal(value, "n")


def _cardinal(value: int, gender: str) -> Sounds:
    """A cardinal whose last one or two agrees with `gender`."""
    millions, thousands, rest = value // 1_000_000, value // 1000 % 1000, value % 1000
    groups: list[tuple[Sounds, bool]] = []  # each with whether it counts as one word
    if millions:
        name = "num/1000000" if millions == 1 else "num/1000000s"
        groups.append(((*_below_thousand(millions, "m"), name), _simple(millions)))
    if thousands:
        said = (*_below_thousand(thousands, "f"), "num/1000s") if thousands > 1 else ("num/1000",)
        groups.append((said, _simple(thousands)))
    if rest or not groups:
        groups.append((_below_thousand(rest, gender), _simple(rest)))
    *before, (last, simple) = groups
    link = (_AND,) if before and simple else ()
    return (*(sound for said, _ in before for sound in said), *link, *last)


def _simple(value: int) -> bool:
    """Whether 0 ≤ value < 1000 is one word."""
    return value <= 20 or (value < 100 and value % 10 == 0) or value % 100 == 0


def _below_thousand(value: int, gender: str) -> Sounds:
    hundreds, low = value - value % 100, value % 100
    groups: list[Sounds] = []
    if hundreds:
        groups.append((f"num/{hundreds}",))
    if low > 20 and low % 10:
        groups += [(f"num/{low - low % 10}",), (_unit(low % 10, gender),)]
    elif low or not hundreds:
        groups.append((_unit(low, gender),))
    return (*(sound for said in groups[:-2] for sound in said), *joined(groups[-2:], _AND))


def _unit(value: int, gender: str) -> str:
    """One of 0 … 20 or a ten in its gender; people have words of their own from two to six."""
    match gender, value:
        case "p", 2 | 3 | 4 | 5 | 6:
            return f"people/{value}"
        case "m" | "p", 1:
            return "num/1m"
        case ("f", 1) | ("m", 2):
            return f"num/{value}{gender}"
    return f"num/{value}"


def _position(value: int) -> Sounds:
    return _last_as(value, "ord") if value < 1000 else ("num/number", *_number(value))


def _the_position(value: int) -> Sounds:
    return _last_as(value, "the") if value < 1000 else ("num/number", *_number(value))


def _last_as(value: int, folder: str) -> Sounds:
    """The number with its last part taken from another folder."""
    *before, last = _number(value)
    return (*before, last.replace("num/", f"{folder}/"))


def _counted(value: int, noun: _Noun) -> Sounds:
    return (*_cardinal(value, noun.gender), noun.one if value == 1 else noun.many)


def _callers(value: int) -> Sounds:
    return _counted(value, _CALLER)


def _calls(value: int) -> Sounds:
    return _counted(value, _CALL)


def _minutes(value: int) -> Sounds:
    return _counted(value, _MINUTE)


def _duration(length: Length) -> Sounds:
    units = ((length.hours, _HOUR), (length.minutes, _MINUTE), (length.seconds, _SECOND))
    return joined([_counted(*unit) for unit in units if unit[0]] or [_counted(0, _SECOND)], _AND)


def _time(clock: Clock) -> Sounds:
    hour = (*_cardinal(clock.hour, "m"), "unit/hours")
    return joined([hour, *([_minutes(clock.minute)] if clock.minute else [])], _AND)


def _date(day: Day) -> Sounds:
    said = (*_last_as(day.day, "ord"), f"month/{day.month}")
    return said if day.year is None else (*said, *_year(day.year), "year/year")


def _year(year: int) -> Sounds:
    return ("year/2000",) if year == 2000 else _last_as(year, "year")


def _money(amount: Amount) -> Sounds:
    unit, hundredth = _MONEY[amount.currency]
    said = [_counted(amount.whole, unit)] if amount.whole or not amount.hundredths else []
    said += [_counted(amount.hundredths, hundredth)] if amount.hundredths else []
    return joined(said, _AND)


GRAMMAR = Grammar(
    fragments=MappingProxyType(_FRAGMENTS),
    number=_number,
    position=_position,
    the_position=_the_position,
    callers=_callers,
    calls=_calls,
    minutes=_minutes,
    duration=_duration,
    time=_time,
    date=_date,
    money=_money,
)
