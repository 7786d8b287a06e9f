"""Which words a recogniser may take for each other, and which it may not."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.prompts import load_catalog
from engine.config.report import Report
from engine.config.sounding import alike

PROMPTS = Path(__file__).parents[2] / "prompts"

ALIKE = {
    "en": ["sales, sale", "Sofia, Sofija", "billing, filling", "voice mail, voicemail", "a person, person", "the sale please, sales",
           "phone, fone", "sail, sale", "new customer, new customers", "check, cheque"],
    "ar": ["الدعم, دعم", "سُؤَال, سؤال", "علي, على", "أمر, امر", "رسالة, رساله", "مكتب, مـكـتـب", "المبيعات, المبيعاد"],
    "fa": ["صدا, سدا", "کمک, كمك", "پشتیبانی, پشتيباني", "مسئول, مسؤول", "لطفاً فروش, فروش", "پیغام, پیام"],
    "bg": ["град, грат", "Продажба, продажби", "поща, пошта", "оператор, уператор", "поръчка, поръчки"],
    "de": ["Straße, strasse", "Büro, buro"],
    "pt-br": ["avó, avo"],
}  # fmt: skip
APART = {
    "en": ["sales, support", "new customer, customer", "one, two", "yes, no", "order, offer", "agent, message", "first floor, third floor"],
    "ar": ["الدعم, المبيعات", "عميل, عميل جديد", "شراء, طلب", "نعم, لا"],
    "fa": ["فروش, فنی", "مشتری, مشتری جدید", "بله, نه"],
    "bg": ["клиент, нов клиент", "продажби, помощ", "да, не", "град, глас"],
    "xx": ["kot, kit"],
}  # fmt: skip


def cases(table: dict[str, list[str]]) -> list[tuple[str, str, str]]:
    found = [(language, pair.partition(", ")) for language, pairs in table.items() for pair in pairs]
    return [(language, one, other) for language, (one, _, other) in found]


@pytest.mark.parametrize(("language", "one", "other"), cases(ALIKE))
def test_words_that_sound_alike_are_known(language: str, one: str, other: str) -> None:
    assert alike(one, other, language)
    assert alike(other, one, language)


@pytest.mark.parametrize(("language", "one", "other"), cases(APART))
def test_words_that_can_be_told_apart_raise_no_alarm(language: str, one: str, other: str) -> None:
    assert not alike(one, other, language)
    assert not alike(other, one, language)


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(["en", "ar", "fa", "bg", "xx"]))
def test_alike_is_the_same_both_ways_and_every_phrase_is_like_itself(
    one: str, other: str, language: str
) -> None:
    assert alike(one, one, language)
    assert alike(one, other, language) == alike(other, one, language)


def test_no_two_choices_of_the_shipped_menus_sound_alike() -> None:
    catalog = load_catalog(PROMPTS, Report())
    for language in catalog.languages:
        words = catalog.words(language)
        assert len(words) >= 6
        for one, other in combinations(["support", "sales", "message", "operator"], 2):
            assert not [(a, b) for a in words[one] for b in words[other] if alike(a, b, language)]
