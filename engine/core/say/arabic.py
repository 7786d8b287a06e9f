"""Modern Standard Arabic: numerals agree in gender the other way round, what is counted changes its form, units precede tens.

    1, 2        the noun alone, one with "one" behind it, two as a dual: دقيقة واحدة, دقيقتان
    3 – 10      the numeral of the other gender, in construct, and the plural: ثلاثُ دقائق, ثلاثةُ دراهم
    11 – 99     units, "wa", tens; the noun is singular and accusative: خمسة وعشرون درهمًا, خمس وعشرون دقيقة
    100, 1000   in construct before the singular: مئةُ دقيقة, مئتا دقيقة, ألفا درهم; thousands and millions are
                themselves counted nouns: ثلاثةُ آلاف, أحد عشر ألفًا
    101, 102    the hundred with its noun, "wa", and the noun once more: مئة دقيقة ودقيقة, مئة دقيقة ودقيقتان

A number without a noun is masculine (ثلاثة). Values are nominative, so a text puts them where a subject or predicate stands
("waiting time: …"); dates and times follow prepositions and are said in the oblique case (الرابع والعشرين من ديسمبر), and
where that would be another vowel after each preposition, without it: الساعة الثانية وخمس دقائق. "Wa" and an article are
one recording, as the article loses its a: والعشرون, والنصف. Nouns are recorded as said in pause. From 100 on a place is
"raqm" (number) and the cardinal. Months have the names of Egypt and the Gulf (يناير), not the Levant's (كانون الثاني).
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from engine.core.say.grammar import Grammar, Sounds, joined, listed
from engine.core.say.values import Amount, Clock, Currency, Day, Length

_WA = "num/and"
_UNITS = "ثَلَاثَة,أَرْبَعَة,خَمْسَة,سِتَّة,سَبْعَة,ثَمَانِيَة,تِسْعَة,عَشَرَة"
_UNITS_F = "ثَلَاث,أَرْبَع,خَمْس,سِتّ,سَبْع,ثَمَانٍ,تِسْع"
_UNITS_C = "ثَلَاثَةُ,أَرْبَعَةُ,خَمْسَةُ,سِتَّةُ,سَبْعَةُ,ثَمَانِيَةُ,تِسْعَةُ,عَشَرَةُ"
_UNITS_FC = "ثَلَاثُ,أَرْبَعُ,خَمْسُ,سِتُّ,سَبْعُ,ثَمَانِي,تِسْعُ,عَشْرُ"
_TEENS = "أَحَدَ عَشَر,اِثْنَا عَشَر,ثَلَاثَةَ عَشَر,أَرْبَعَةَ عَشَر,خَمْسَةَ عَشَر,سِتَّةَ عَشَر,سَبْعَةَ عَشَر,ثَمَانِيَةَ عَشَر,تِسْعَةَ عَشَر"
_TEENS_F = "إِحْدَى عَشْرَةَ,اِثْنَتَا عَشْرَةَ,ثَلَاثَ عَشْرَةَ,أَرْبَعَ عَشْرَةَ,خَمْسَ عَشْرَةَ,سِتَّ عَشْرَةَ,سَبْعَ عَشْرَةَ,ثَمَانِيَ عَشْرَةَ,تِسْعَ عَشْرَةَ"
_TENS = "عِشْرُون,ثَلَاثُون,أَرْبَعُون,خَمْسُون,سِتُّون,سَبْعُون,ثَمَانُون,تِسْعُون"
_TENS_O = "عِشْرِين,ثَلَاثِين,أَرْبَعِين,خَمْسِين,سِتِّين,سَبْعِين,ثَمَانِين,تِسْعِين"
_HUNDREDS = "ثَلَاثُمِئَة,أَرْبَعُمِئَة,خَمْسُمِئَة,سِتُّمِئَة,سَبْعُمِئَة,ثَمَانِمِئَة,تِسْعُمِئَة"
_HUNDREDS_C = ",".join(f"{word}ِ" for word in _HUNDREDS.split(","))
_ORDINALS = (
    "اَلْأَوَّل,اَلثَّانِي,اَلثَّالِث,اَلرَّابِع,اَلْخَامِس,اَلسَّادِس,اَلسَّابِع,اَلثَّامِن,اَلتَّاسِع,اَلْعَاشِر,اَلْحَادِيَ عَشَر,اَلثَّانِيَ عَشَر,"
    "اَلثَّالِثَ عَشَر,اَلرَّابِعَ عَشَر,اَلْخَامِسَ عَشَر,اَلسَّادِسَ عَشَر,اَلسَّابِعَ عَشَر,اَلثَّامِنَ عَشَر,اَلتَّاسِعَ عَشَر"
)
_ORDINAL_TENS = "اَلْعِشْرُون,اَلثَّلَاثُون,اَلْأَرْبَعُون,اَلْخَمْسُون,اَلسِّتُّون,اَلسَّبْعُون,اَلثَّمَانُون,اَلتِّسْعُون"
#: The same behind "wa", which takes the article's vowel.
_AND_TENS = _ORDINAL_TENS.replace("اَلْ", "وَالْ").replace("اَل", "وَال")
_HOURS = (
    "اَلْوَاحِدَة,اَلثَّانِيَة,اَلثَّالِثَة,اَلرَّابِعَة,اَلْخَامِسَة,اَلسَّادِسَة,اَلسَّابِعَة,اَلثَّامِنَة,اَلتَّاسِعَة,اَلْعَاشِرَة,اَلْحَادِيَةَ عَشْرَة,"
    "اَلثَّانِيَةَ عَشْرَة"
)
_MONTHS = "يَنَايِر,فِبْرَايِر,مَارِس,أَبْرِيل,مَايُو,يُونْيُو,يُولْيُو,أَغُسْطُس,سِبْتَمْبَر,أُكْتُوبَر,نُوفَمْبَر,دِيسَمْبَر"


def _marked(fragments: dict[str, str], mark: str) -> dict[str, str]:
    """The same fragments under names that end in `mark`: f feminine, c construct, o oblique."""
    return {name + mark: words for name, words in fragments.items()}


_FRAGMENTS = (
    {"num/0": "صِفْر", "num/1": "وَاحِد", "num/1f": "إِحْدَى", "num/1a": "وَاحِدَة"}
    | {"num/2": "اِثْنَان", "num/2f": "اِثْنَتَان", "num/2o": "اِثْنَيْن", "num/2fo": "اِثْنَتَيْن"}
    | listed("num", _UNITS, 3)
    | _marked(listed("num", _UNITS_F, 3), "f")
    | _marked(listed("num", _UNITS_C, 3), "c")
    | _marked(listed("num", _UNITS_FC, 3), "fc")
    | listed("num", _TEENS, 11)
    | _marked(listed("num", _TEENS_F, 11), "f")
    | {"num/10f": "عَشْر", "num/12o": "اِثْنَيْ عَشَر", "num/12fo": "اِثْنَتَيْ عَشْرَةَ"}
    | listed("num", _TENS, 20, 10)
    | _marked(listed("num", _TENS_O, 20, 10), "o")
    | {"num/100": "مِئَة", "num/100c": "مِئَةُ", "num/200": "مِئَتَان", "num/200c": "مِئَتَا"}
    | {"num/200o": "مِئَتَيْن"}
    | listed("num", _HUNDREDS, 300, 100)
    | _marked(listed("num", _HUNDREDS_C, 300, 100), "c")
    | {"num/1000": "أَلْف", "num/2000": "أَلْفَان", "num/2000c": "أَلْفَا", "num/2000o": "أَلْفَيْن"}
    | {"num/1000s": "آلَاف", "num/1000a": "أَلْفًا"}
    | {"num/1000000": "مِلْيُون", "num/2000000": "مِلْيُونَان", "num/2000000c": "مِلْيُونَا"}
    | {"num/1000000s": "مَلَايِين", "num/1000000a": "مِلْيُونًا"}
    | {"num/and": "وَ", "num/plus": "زَائِد", "num/star": "نَجْمَة", "num/number": "رَقْم"}
    | listed("ord", _ORDINALS, 1)
    | listed("ord", _ORDINAL_TENS, 20, 10)
    | listed("and", _AND_TENS, 20, 10)
    | {"ord/1u": "اَلْحَادِي", "ord/20o": "اَلْعِشْرِين", "ord/30o": "اَلثَّلَاثِين"}
    | {"and/20o": "وَالْعِشْرِين", "and/30o": "وَالثَّلَاثِين"}
    | listed("hour", _HOURS, 1)
    | {"time/clock": "اَلسَّاعَة", "time/quarter": "وَالرُّبْع", "time/half": "وَالنِّصْف"}
    | {"time/morning": "صَبَاحًا", "time/noon": "ظُهْرًا", "time/afternoon": "عَصْرًا"}
    | {"time/evening": "مَسَاءً", "time/night": "لَيْلًا"}
    | listed("month", _MONTHS, 1)
    | {"time/of": "مِنْ", "time/year": "عَامَ"}
    | {"unit/hour": "سَاعَة", "unit/hour2": "سَاعَتَان", "unit/hours": "سَاعَات"}
    | {"unit/minute": "دَقِيقَة", "unit/minute2": "دَقِيقَتَان", "unit/minute2o": "دَقِيقَتَيْن"}
    | {"unit/minutes": "دَقَائِق"}
    | {"unit/second": "ثَانِيَة", "unit/second2": "ثَانِيَتَان", "unit/seconds": "ثَوَانٍ"}
    | {"unit/caller": "مُتَّصِل", "unit/caller2": "مُتَّصِلَان", "unit/callers": "مُتَّصِلِين"}
    | {"unit/callera": "مُتَّصِلًا"}
    | {"unit/call": "مُكَالَمَة", "unit/call2": "مُكَالَمَتَان", "unit/calls": "مُكَالَمَات"}
    | {"money/euro": "يُورُو", "money/stotinka": "سْتُوتِينْكَا"}
    | {"money/dollar": "دُولَار", "money/dollar2": "دُولَارَان", "money/dollars": "دُولَارَات"}
    | {"money/dollara": "دُولَارًا"}
    | {"money/cent": "سِنْت", "money/cent2": "سِنْتَان", "money/cents": "سِنْتَات", "money/centa": "سِنْتًا"}
    | {"money/lev": "لِيف", "money/lev2": "لِيفَان", "money/levs": "لِيفَات", "money/leva": "لِيفًا"}
    | {"money/dirham": "دِرْهَم", "money/dirham2": "دِرْهَمَان", "money/dirhams": "دَرَاهِم"}
    | {"money/dirhama": "دِرْهَمًا"}
    | {"money/fils": "فِلْس", "money/fils2": "فِلْسَان", "money/filss": "فُلُوس", "money/filsa": "فِلْسًا"}
    | {"money/rial": "رِيَال", "money/rial2": "رِيَالَان", "money/rials": "رِيَالَات", "money/riala": "رِيَالًا"}
)
#: What a fragment becomes before the noun it counts, and in the oblique case.
_CONSTRUCT = {name.removesuffix("c"): name for name in _FRAGMENTS if name.endswith("00c")} | {
    "num/1000a": "num/1000",
    "num/1000000a": "num/1000000",
}
_OBLIQUE = {
    name.removesuffix("o"): name for name in _FRAGMENTS if name[-1] == "o" and name[-2] in "0123456789f"
} | {f"num/{units}fc": f"num/{units}f" for units in (3, 4, 5, 6, 7, 9, 10)}


@dataclass(frozen=True, slots=True)
class _Noun:
    """What can be counted: one of it, two, the singular after 100, the plural after 3 – 10, the accusative after 11 – 99."""

    feminine: bool
    one: Sounds
    two: Sounds
    single: str
    many: str
    accusative: str


def _masculine(name: str) -> _Noun:
    return _Noun(False, (name, "num/1"), (f"{name}2",), name, f"{name}s", f"{name}a")


def _feminine(name: str) -> _Noun:
    """A noun in -a: its accusative sounds like its nominative in pause."""
    return _Noun(True, (name, "num/1a"), (f"{name}2",), name, f"{name}s", name)


def _foreign(name: str, feminine: bool) -> _Noun:
    """A word that never changes; two of it are counted by the numeral."""
    one, two = ("num/1a", "num/2f") if feminine else ("num/1", "num/2")
    return _Noun(feminine, (name, one), (two, name), name, name, name)


_THOUSAND = _Noun(False, ("num/1000",), ("num/2000",), "num/1000", "num/1000s", "num/1000a")
_MILLION = _Noun(False, ("num/1000000",), ("num/2000000",), "num/1000000", "num/1000000s", "num/1000000a")
_HOUR, _MINUTE, _SECOND = _feminine("unit/hour"), _feminine("unit/minute"), _feminine("unit/second")
_CALLER, _CALL, _CENT = _masculine("unit/caller"), _feminine("unit/call"), _masculine("money/cent")
#: Each currency's unit and its hundredth.
_MONEY = {
    Currency.EUR: (_foreign("money/euro", False), _CENT),
    Currency.USD: (_masculine("money/dollar"), _CENT),
    Currency.BGN: (_masculine("money/lev"), _foreign("money/stotinka", True)),
    Currency.AED: (_masculine("money/dirham"), _masculine("money/fils")),
    Currency.IRR: (_masculine("money/rial"), _CENT),
}


def _number(value: int) -> Sounds:
    """A cardinal, masculine, nominative, in pause."""
    millions, thousands, rest = value // 1_000_000, value // 1000 % 1000, value % 1000
    groups = [_counted(millions, _MILLION)] if millions else []
    groups += [_counted(thousands, _THOUSAND)] if thousands else []
    groups += [(f"num/{rest - rest % 100}",)] if rest >= 100 else []
    groups += [_below_hundred(rest % 100, False)] if rest % 100 or not groups else []
    return joined(groups, _WA)


def _below_hundred(value: int, feminine: bool) -> Sounds:
    """0 … 99, units before tens; `feminine` is the gender of what is counted."""
    mark = "f" if feminine else ""
    if value < 20:
        return (f"num/{value}{mark}",) if value else ("num/0",)
    units = (f"num/{value % 10}{mark}", _WA) if value % 10 else ()
    return (*units, f"num/{value - value % 10}")


def _counted(value: int, noun: _Noun) -> Sounds:
    """A number and what it counts, nominative."""
    low = value % 100
    head = value - low
    if low in (1, 2) and head:
        return (*_counted(head, noun), _WA, *((noun.single,) if low == 1 else noun.two))
    before = (*_number(head), _WA) if head else ()
    match low:
        case 0:
            return (*_construct(_number(value)), noun.single)
        case 1:
            return noun.one
        case 2:
            return noun.two
        case _ if low <= 10:
            return (*before, f"num/{low}{'f' if noun.feminine else ''}c", noun.many)
    return (*before, *_below_hundred(low, noun.feminine), noun.accusative)


def _construct(sounds: Sounds) -> Sounds:
    """A cardinal as it is said before the noun it counts: its last word changes."""
    return (*sounds[:-1], _CONSTRUCT.get(sounds[-1], sounds[-1]))


def _oblique(sounds: Sounds) -> Sounds:
    """The same in the oblique case."""
    return tuple(_OBLIQUE.get(sound, sound) for sound in sounds)


def _position(value: int) -> Sounds:
    return _ordinal(value) if value < 100 else ("num/number", *_oblique(_number(value)))


def _ordinal(value: int) -> Sounds:
    """The definite masculine ordinal 1 … 99, nominative."""
    if value < 20 or value % 10 == 0:
        return (f"ord/{value}",)
    unit = "ord/1u" if value % 10 == 1 else f"ord/{value % 10}"
    return (unit, f"and/{value - value % 10}")


def _callers(value: int) -> Sounds:
    return _counted(value, _CALLER)


def _calls(value: int) -> Sounds:
    return _counted(value, _CALL)


def _minutes(value: int) -> Sounds:
    return _counted(value, _MINUTE)


def _duration(length: Length) -> Sounds:
    units = ((length.hours, _HOUR), (length.minutes, _MINUTE), (length.seconds, _SECOND))
    return joined([_counted(*unit) for unit in units if unit[0]] or [_counted(0, _SECOND)], _WA)


def _time(clock: Clock) -> Sounds:
    hour = ("time/clock", f"hour/{clock.hour % 12 or 12}")
    match clock.minute:
        case 0:
            minutes: Sounds = ()
        case 15:
            minutes = ("time/quarter",)
        case 30:
            minutes = ("time/half",)
        case other:
            minutes = (_WA, *_oblique(_minutes(other)))
    return (*hour, *minutes, _part_of_day(clock.hour % 24))


def _part_of_day(hour: int) -> str:
    """The part of the day an hour 0 … 23 lies in."""
    for end, part in ((4, "night"), (12, "morning"), (15, "noon"), (18, "afternoon")):
        if hour < end:
            return f"time/{part}"
    return "time/evening"


def _date(day: Day) -> Sounds:
    said = (*_oblique(_ordinal(day.day)), "time/of", f"month/{day.month}")
    return said if day.year is None else (*said, "time/year", *_oblique(_number(day.year)))


def _money(amount: Amount) -> Sounds:
    unit, hundredth = _MONEY[amount.currency]
    said = [_counted(amount.whole, unit)] if amount.whole or not amount.hundredths else []
    said += [_counted(amount.hundredths, hundredth)] if amount.hundredths else []
    return joined(said, _WA)


GRAMMAR = Grammar(
    fragments=MappingProxyType(_FRAGMENTS),
    number=_number,
    position=_position,
    the_position=_position,
    callers=_callers,
    calls=_calls,
    minutes=_minutes,
    duration=_duration,
    time=_time,
    date=_date,
    money=_money,
)
