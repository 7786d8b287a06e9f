"""What a caller hears of a prompt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.say import GRAMMARS, LARGEST, Form, Literal, Part, Slot, expand, unsaid, wording

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
        if name == "thousand":
            total, group = group * 1000, 0
        elif name == "hundred":
            group *= 100
        else:
            group += int(name)
    assert total + group == value


@given(st.integers(0, LARGEST), st.sampled_from(list(Form)))
def test_every_number_is_made_of_recorded_fragments(value: int, form: Form) -> None:
    sounds = expand((Slot("value", form),), {"value": value}, "en")
    assert sounds
    assert {sound.removeprefix("en/") for sound in sounds} <= set(GRAMMARS["en"].fragments)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "'position' has no value"),
        ("", "'position' has no value"),
        ("four", "'position' is not a whole number from 0 to 999999: 'four'"),
        (-1, "'position' is not a whole number from 0 to 999999: '-1'"),
        (1_000_000, "'position' is not a whole number from 0 to 999999: '1000000'"),
        (2.5, "'position' is not a whole number from 0 to 999999: '2.5'"),
        ("٤", "'position' is not a whole number from 0 to 999999: '٤'"),
        (True, "'position' is not a whole number from 0 to 999999: 'True'"),
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
