"""What a caller hears of a prompt."""

from __future__ import annotations

from datetime import date
from datetime import time as clock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.say import GRAMMARS, LARGEST, Form, Grammar, Literal, Part, Slot, expand, unsaid, wording
from engine.core.say.values import Currency

YOU_ARE: tuple[Part, ...] = (
    Literal("you_are-1", "You are number", 0),
    Slot("position", Form.NUMBER, 0),
    Literal("you_are-2", "in the queue.", 0),
    Literal("you_are-3", "Please wait.", 1),
)


def said(form: Form, value: object) -> str:
    return wording((Slot("value", form),), {"value": value}, "en")


def test_literals_and_values_are_spoken_in_their_order() -> None:
    assert expand(YOU_ARE, {"position": 4}, "en") == (
        "en/you_are-1",
        "en/num/4",
        "en/you_are-2",
        "en/you_are-3",
    )
    assert wording(YOU_ARE, {"position": "42"}, "en") == "You are number forty two in the queue. Please wait."


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (20, "twenty"),
        (21, "twenty one"),
        (90, "ninety"),
        (100, "one hundred"),
        (107, "one hundred seven"),
        (342, "three hundred forty two"),
        (1000, "one thousand"),
        (1001, "one thousand one"),
        (20_000, "twenty thousand"),
        (999_999, "nine hundred ninety nine thousand nine hundred ninety nine"),
        ("007", "seven"),
        (5.0, "five"),
    ],
)
def test_english_cardinals(value: object, words: str) -> None:
    assert said(Form.NUMBER, value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(1, "one minute"), (5, "five minutes"), ("45", "forty five minutes"), (0, "zero minutes")],
)
def test_minutes_know_their_singular(value: object, words: str) -> None:
    assert said(Form.MINUTES, value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("0123", "zero one two three"),
        ("+359 2", "plus three five nine two"),
        ("(555) 10-20", "five five five one zero two zero"),
        (407, "four zero seven"),
    ],
)
def test_digits_are_read_one_by_one(value: object, words: str) -> None:
    assert said(Form.DIGITS, value) == words


@given(st.integers(0, LARGEST))
def test_a_spoken_number_adds_up_to_itself(value: int) -> None:
    total = group = 0
    for sound in GRAMMARS["en"].number(value):
        name = sound.removeprefix("num/")
        if name in ("million", "thousand"):
            total, group = total + group * (1_000_000 if name == "million" else 1000), 0
        elif name == "hundred":
            group *= 100
        else:
            group += int(name)
    assert total + group == value


COUNTS = (Form.NUMBER, Form.DIGITS, Form.CALLERS, Form.CALLS, Form.MINUTES, Form.DURATION)
PLACES = (Form.POSITION, Form.THE_POSITION)


def fragments_of(form: Form, value: object, language: str) -> set[str]:
    sounds = expand((Slot("value", form),), {"value": value}, language)
    assert sounds, (form, value)
    return {sound.removeprefix(f"{language}/") for sound in sounds}


@pytest.mark.parametrize("language", GRAMMARS)
@given(st.integers(0, LARGEST), st.sampled_from(COUNTS))
def test_every_count_is_made_of_recorded_fragments(language: str, value: int, form: Form) -> None:
    assert fragments_of(form, value, language) <= set(GRAMMARS[language].fragments)


@pytest.mark.parametrize("language", GRAMMARS)
@given(st.integers(1, LARGEST), st.sampled_from(PLACES))
def test_every_place_is_made_of_recorded_fragments(language: str, value: int, form: Form) -> None:
    assert fragments_of(form, value, language) <= set(GRAMMARS[language].fragments)


@pytest.mark.parametrize("language", GRAMMARS)
@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)), st.times())
def test_every_date_and_time_is_made_of_recorded_fragments(language: str, day: date, time: clock) -> None:
    known = set(GRAMMARS[language].fragments)
    assert fragments_of(Form.DATE, day.isoformat(), language) <= known
    assert fragments_of(Form.DATE, day.strftime("%m-%d"), language) <= known
    assert fragments_of(Form.TIME, time.strftime("%H:%M"), language) <= known


@pytest.mark.parametrize("language", GRAMMARS)
@given(st.integers(0, LARGEST), st.integers(0, 99), st.sampled_from(list(Currency)))
def test_every_amount_is_made_of_recorded_fragments(
    language: str, whole: int, hundredths: int, currency: Currency
) -> None:
    fraction = "" if currency is Currency.IRR else f".{hundredths:02}"
    found = fragments_of(Form.MONEY, f"{whole}{fraction} {currency}", language)
    assert found <= set(GRAMMARS[language].fragments)


@pytest.mark.parametrize("language", GRAMMARS)
@given(st.integers(0, LARGEST), st.integers(0, LARGEST))
def test_no_two_numbers_sound_the_same(language: str, one: int, other: int) -> None:
    speak = GRAMMARS[language].number
    assert (speak(one) == speak(other)) == (one == other)


@pytest.mark.parametrize("language", GRAMMARS)
def test_a_language_speaks_every_form(language: str) -> None:
    assert GRAMMARS[language].forms == set(Form)


def test_what_a_caller_has_recorded_is_played_as_it_is_in_any_language() -> None:
    parts = (Literal("hello", "Hello", 0), Slot("who", Form.RECORDING, 0))
    assert expand(parts, {"who": "c-1-w0"}, "en") == ("en/hello", "recording:c-1-w0")
    assert expand(parts, {}, "en") == ()
    assert wording(parts, {"who": "c-1-w0"}, "en") == "Hello (their own words)"


def test_a_form_the_language_lacks_silences_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Grammar(fragments=GRAMMARS["en"].fragments, number=GRAMMARS["en"].number)
    monkeypatch.setattr("engine.core.say.speaking.GRAMMARS", {"en": bare})
    assert bare.forms == {Form.NUMBER, Form.DIGITS, Form.RECORDING}
    parts = (Slot("sum", Form.MONEY, 0), Literal("bye", "Goodbye.", 1))
    assert wording(parts, {"sum": "3 EUR"}, "en") == "Goodbye."
    assert unsaid(parts, {"sum": "3 EUR"}, "en") == (
        "'sum' cannot be spoken: language 'en' has no form 'money'",
    )


@pytest.mark.parametrize(
    ("form", "value", "why"),
    [
        (Form.POSITION, 0, "is not a place from 1 to 999999999: '0'"),
        (Form.THE_POSITION, "first", "is not a place from 1 to 999999999: 'first'"),
        (Form.DURATION, -1, "is not a number of seconds from 0 to 999999999: '-1'"),
        (Form.DURATION, float("nan"), "is not a number of seconds from 0 to 999999999: 'nan'"),
        (Form.TIME, "24:01", "is not a time such as 14:05: '24:01'"),
        (Form.TIME, "9", "is not a time such as 14:05: '9'"),
        (Form.DATE, "2026-02-29", "is not a date such as 2026-12-24 or 12-24: '2026-02-29'"),
        (Form.DATE, "1899-12-31", "is not a date such as 2026-12-24 or 12-24: '1899-12-31'"),
        (Form.DATE, "0000-01-01", "is not a date such as 2026-12-24 or 12-24: '0000-01-01'"),
        (Form.MONEY, "12.50", "is not an amount such as 12.50 EUR (known: EUR, USD, BGN, AED, IRR): '12.50'"),
        (
            Form.MONEY,
            "5 XAU",
            "is not an amount such as 12.50 EUR (known: EUR, USD, BGN, AED, IRR): '5 XAU'",
        ),
        (
            Form.MONEY,
            "5.50 IRR",
            "is not an amount such as 12.50 EUR (known: EUR, USD, BGN, AED, IRR): '5.50 IRR'",
        ),
    ],
)
def test_a_value_its_form_cannot_speak_is_told_with_what_is_wanted(
    form: Form, value: object, why: str
) -> None:
    for language in GRAMMARS:
        parts = (Slot("value", form),)
        assert expand(parts, {"value": value}, language) == ()
        assert unsaid(parts, {"value": value}, language) == (f"'value' {why}",)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "'position' has no value"),
        ("", "'position' has no value"),
        ("four", "'position' is not a whole number from 0 to 999999999: 'four'"),
        (-1, "'position' is not a whole number from 0 to 999999999: '-1'"),
        (10**9, "'position' is not a whole number from 0 to 999999999: '1000000000'"),
        (2.5, "'position' is not a whole number from 0 to 999999999: '2.5'"),
        ("٤", "'position' is not a whole number from 0 to 999999999: '٤'"),
        (True, "'position' is not a whole number from 0 to 999999999: 'True'"),
    ],
)
def test_a_value_that_cannot_be_spoken_silences_its_sentence_and_no_other(value: object, why: str) -> None:
    assert expand(YOU_ARE, {"position": value}, "en") == ("en/you_are-3",)
    assert unsaid(YOU_ARE, {"position": value}, "en") == (why,)


def test_a_missing_variable_has_no_value() -> None:
    assert unsaid(YOU_ARE, {}, "en") == ("'position' has no value",)


def test_what_is_not_digits_is_not_read_as_digits() -> None:
    parts = (Slot("number", Form.DIGITS),)
    assert expand(parts, {"number": "12+3"}, "en") == ()
    assert unsaid(parts, {"number": "anonymous"}, "en") == ("'number' is not made of digits: 'anonymous'",)


def test_a_language_without_a_grammar_still_speaks_what_needs_none() -> None:
    assert expand(YOU_ARE, {"position": 4}, "xx") == ("xx/you_are-3",)
    assert unsaid(YOU_ARE, {"position": 4}, "xx") == (
        "'position' cannot be spoken: no grammar of numbers for language 'xx'",
    )


@given(st.lists(st.one_of(st.text(), st.none(), st.floats(), st.integers()), min_size=1))
def test_no_value_ever_raises(values: list[object]) -> None:
    for value in values:
        for form in Form:
            expand((Slot("value", form),), {"value": value}, "en")
