"""Numbers and ordinals against Unicode's rules (CLDR, by unicode-rbnf), and a list of where we differ from them, and why.

Both sides are brought to one spelling by the rewritings below; then every number to 10,000, every step of a wide range, and
3,000 drawn from the first million must agree word for word.

English     CLDR writes twenty-one with a hyphen; words are the same. Ordinals and years agree, but for 2000 to 2009.
Persian     CLDR says "one thousand" (یک هزار); speakers say "thousand" (هزار). CLDR has no ordinals.
Bulgarian   CLDR leaves out "и" before a last part of eleven or more (сто десет); the norm has it (сто и десет). Its
            plain cardinals and its ordinals are the short forms of fast speech (двайсет, четиресети, шедесети); we record the
            full ones, which CLDR calls "financial". Its hundredths from 200 on are no words (двестатен, четиристотинтен), nor
            is its 2000th (две хилядна); from 1,000 on places have a number instead. Years are its feminine ordinals.
Arabic      CLDR spells hundred مائة, writes 300 to 900 in two words of the wrong gender (ثلاثة مائة), hamza on two (إثنان) and
            "one" of 11 in the feminine (إحدى عشر). 2000 it puts in construct (ألفي) where it stands alone, 200,000 not in construct
            (مائتان ألف) where it does not, and after 11, and after 103 to 110, it leaves "thousand" as it is (إحدى عشر ألف; مائة وثلاثة
            ألف): the noun must be ألفا, and آلاف. 101,000 and 102,000 are to it "101 thousand"; Arabic has "100 thousand and a thousand".
            Its feminine cardinals are feminine only in 1, 2 and 12, so of the others only our tables speak. It has ordinals
            from 100 on that nobody says (المائة وواحد); we say "number" and the cardinal. Hours are its feminine ordinals, but
            one o'clock is الواحدة, not "the first".
"""

from __future__ import annotations

import random
import re
from functools import cache
from typing import Any

import pytest
from unicode_rbnf import RbnfEngine

from engine.core.say import GRAMMARS, Form, Slot, wording


class Remembering(RbnfEngine):
    """CLDR's rules of one language, which spell each part of a number (its thousands, what is below them) once."""

    def __init__(self, language: str) -> None:
        super().__init__(language)
        self.rulesets = RbnfEngine.for_language(language).rulesets
        self.spelled: dict[tuple[object, ...], tuple[str, ...]] = {}

    def iter_format_number(self, number: Any, ruleset_name: str, *rest: Any, **how: Any) -> tuple[str, ...]:
        asked = (type(number), number, ruleset_name)
        if asked not in self.spelled:
            self.spelled[asked] = tuple(super().iter_format_number(number, ruleset_name, *rest, **how))
        return self.spelled[asked]


RULES = {language: Remembering(language) for language in GRAMMARS}
UP_TO_A_THOUSAND = range(1000)
DRAWN = tuple(random.Random(4).sample(range(10_000, 1_000_000), 3_000))
MILLION = (*range(10_000), *range(10_000, 1_000_000, 7_919), *DRAWN)
ROUND = tuple(range(10_000, 1_000_001, 1_000))
WIDE = (*MILLION, *ROUND, *range(1_000_000, 999_999_999, 7_654_321))


@cache  # many cases ask for the same numbers, and this takes most of their time
def cldr(language: str, rules: str, value: int) -> str:
    return " ".join(RULES[language].format_number(value, ruleset_names=[rules]).text.split())


def ours(language: str, form: Form, value: object) -> str:
    return wording((Slot("value", form),), {"value": value}, language)


def test_english_numbers_are_those_of_cldr() -> None:
    for value in WIDE:
        assert ours("en", Form.NUMBER, value) == cldr("en", "spellout-cardinal", value).replace("-", " ")


def test_english_ordinals_are_those_of_cldr() -> None:
    for value in WIDE[1:]:
        assert ours("en", Form.POSITION, value) == cldr("en", "spellout-ordinal", value).replace("-", " ")


def test_english_years_are_those_of_cldr_but_for_its_first_decade() -> None:
    for year in (*range(1900, 2000), *range(2010, 2100)):
        said = ours("en", Form.DATE, f"{year}-12-01").removeprefix("December first ")
        assert said == cldr("en", "spellout-numbering-year", year).replace("-", " ")


def test_persian_numbers_are_those_of_cldr() -> None:
    for value in WIDE:
        theirs = re.sub(r"(^|میلیون و )یک هزار", r"\1هزار", cldr("fa", "spellout-cardinal", value))
        assert ours("fa", Form.NUMBER, value) == theirs


LAST_PARTS = ("десет", "десети", "десета", "сто", "двеста", "триста", "стотин")


def with_and(text: str) -> str:
    """Bulgarian with "и" before a last part of eleven or more, too, in the number and in its thousands."""
    words = [*text.split(" "), "хиляди"]
    for i in range(len(words) - 2, 0, -1):
        if words[i + 1] == "хиляди" and words[i].endswith(LAST_PARTS) and words[i - 1] != "и":
            words[i] = f"и {words[i]}"
    return " ".join(words[:-1])


@pytest.mark.parametrize(
    ("form", "noun", "rules"),
    [
        (Form.NUMBER, "", "spellout-cardinal-neuter-financial"),
        (Form.CALLS, " обаждан(е|ия)", "spellout-cardinal-neuter-financial"),
        (Form.MINUTES, " минут[аи]", "spellout-cardinal-feminine-financial"),
        (Form.CALLERS, " (човек|души)", "spellout-cardinal-masculine-personal-financial"),
    ],
)
def test_bulgarian_numbers_are_those_of_cldr_in_every_gender(form: Form, noun: str, rules: str) -> None:
    for value in (*MILLION, *ROUND):
        assert re.sub(f"{noun}$", "", ours("bg", form, value)) == with_and(cldr("bg", rules, value))


def test_bulgarian_masculine_numbers_are_those_of_cldr() -> None:
    for value in (*MILLION, *ROUND):
        theirs = with_and(cldr("bg", "spellout-cardinal-masculine-financial", value))
        assert re.sub(" лева?$", "", ours("bg", Form.MONEY, f"{value} BGN")) == theirs


def full(text: str) -> str:
    """Bulgarian short forms made full ones."""
    text = text.replace("четиресет", "четиридесет").replace("шейсет", "шестдесет")
    text = text.replace("шедесет", "шестдесет").replace("найсет", "надесет")
    return re.sub("(два|три)йсет", r"\1десет", text)


def test_bulgarian_ordinals_below_the_hundredths_are_those_of_cldr() -> None:
    for value in UP_TO_A_THOUSAND:
        if value % 100:
            theirs = with_and(full(cldr("bg", "spellout-ordinal-masculine", value)))
            assert ours("bg", Form.POSITION, value) == theirs


def test_bulgarian_years_are_feminine_ordinals_of_cldr() -> None:
    for year in (*range(1901, 2000), *range(2001, 2100)):
        said = ours("bg", Form.DATE, f"{year}-12-01").removeprefix("първи декември ")
        theirs = with_and(full(cldr("bg", "spellout-ordinal-feminine", year)))
        assert said.removesuffix(" година") == theirs


def written(text: str) -> str:
    """Arabic as it is written: without vowel marks, "wa" at its word."""
    return re.sub("[\u064b-\u0652]", "", text).replace("و ", "و")


def mended(text: str) -> str:
    """CLDR's Arabic in our spelling."""
    text = text.replace("إثن", "اثن").replace("مائ", "مئ").replace("إحدى عشر", "أحد عشر")
    return text.replace("ثمانية مئة", "ثمانمئة").replace("ة مئة", "مئة")


def counted(text: str, thousands: int) -> str:
    """CLDR's Arabic with its thousands counted as a noun is; `thousands` % 100 is not 1 or 2, but for 1 and 2 alone."""
    if thousands == 2:
        return re.sub("^ألفي", "ألفان", text)
    if thousands < 11:
        return text
    if 3 <= thousands % 100 <= 10:
        return text.replace(" ألف", " آلاف", 1)
    return text.replace(" ألف", " ألفا", 1) if thousands % 100 else text.replace("مئتان ألف", "مئتا ألف")


def test_arabic_numbers_are_those_of_cldr_once_its_thousands_agree() -> None:
    told = [value for value in (*MILLION, *ROUND[:-1]) if value < 3000 or value // 1000 % 100 not in (1, 2)]
    assert len(told) > 13_000
    for value in told:
        theirs = counted(mended(cldr("ar", "spellout-cardinal-masculine", value)), value // 1000)
        assert written(ours("ar", Form.NUMBER, value)) == theirs


def test_arabic_numbers_are_feminine_where_cldr_has_a_feminine() -> None:
    assert mended(cldr("ar", "spellout-cardinal-feminine", 12)) in written(ours("ar", Form.MINUTES, 12))
    assert cldr("ar", "spellout-cardinal-feminine", 1) in written(ours("ar", Form.MINUTES, 1))
    assert mended(cldr("ar", "spellout-cardinal-feminine", 2)) in written(ours("ar", Form.MINUTES, 22))


def test_arabic_hours_are_feminine_ordinals_of_cldr() -> None:
    for hour in range(2, 13):
        said = written(ours("ar", Form.TIME, f"{hour:02}:00")).removeprefix("الساعة ")
        assert said.startswith(cldr("ar", "spellout-ordinal-feminine", hour)), hour


def test_arabic_ordinals_are_those_of_cldr() -> None:
    for value in range(1, 100):
        assert written(ours("ar", Form.POSITION, value)) == cldr("ar", "spellout-ordinal-masculine", value)
