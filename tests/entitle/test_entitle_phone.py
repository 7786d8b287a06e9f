"""Numbers in one form: however a valid one is written it comes out the same, and nothing else comes out at all."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from engine.entitle.phone import COUNTRIES, e164

WRITTEN = (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL, PhoneNumberFormat.E164)


def examples() -> list[tuple[str, phonenumbers.PhoneNumber]]:
    kinds = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
    found = [
        (country, number)
        for country in sorted(COUNTRIES)
        for kind in kinds
        if (number := phonenumbers.example_number_for_type(country, kind)) is not None
    ]
    return [(c, n) for c, n in found if set(phonenumbers.national_significant_number(n)) <= set("0123456789")]


EXAMPLES = examples()


@given(st.sampled_from(EXAMPLES), st.sampled_from(WRITTEN), st.sampled_from(["", " ", "  "]))
def test_a_number_is_the_same_however_it_is_written(
    example: tuple[str, phonenumbers.PhoneNumber], form: int, space: str
) -> None:
    country, number = example
    wanted = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    assert e164(f"{space}{phonenumbers.format_number(number, form)}{space}", country) == wanted


@given(st.sampled_from(EXAMPLES))
def test_a_number_in_its_own_form_stays_as_it_is_in_every_country(
    example: tuple[str, phonenumbers.PhoneNumber],
) -> None:
    once = phonenumbers.format_number(example[1], PhoneNumberFormat.E164)
    assert e164(once, None) == e164(once, "BG") == e164(once, "US") == once


@given(st.text(max_size=40), st.none() | st.sampled_from(sorted(COUNTRIES)))
def test_whatever_is_shown_gives_a_number_in_its_form_or_none(text: str, country: str | None) -> None:
    found = e164(text, country)
    assert found is None or (found.startswith("+") and found[1:].isdigit() and len(found) <= 18)


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "anonymous",
        "Anonymous",
        "unavailable",
        "restricted",
        "unknown",
        "2001",
        "+",
        "12",
        "0",
        "+3598",
        "8888" * 8,
    ],
)
def test_a_withheld_number_and_an_extension_are_no_identity(shown: str) -> None:
    assert e164(shown, "BG") is None


def test_without_a_country_only_whole_numbers_are_understood() -> None:
    assert e164("0888 000 001", "BG") == e164("00359 888 000 001", "BG") == "+359888000001"
    assert e164("0888 000 001") is None


def test_words_and_extensions_are_not_taken_for_digits() -> None:
    assert e164("1-800-FLOWERS", "US") is None
    assert e164("+359888000001 ext. 5") is None
