"""Who outside may be rung: the one form of a number, and the first trunk whose list allows it."""

from __future__ import annotations

import re
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.outbound import WayOut, covers, dialable, is_pattern, way_out
from engine.core.site import OutboundRule

OUTBOUND: Final = {
    "home": OutboundRule("home", ("+359*", "112"), "+35929990000"),
    "world": OutboundRule("world", ("+3592*", "+49*", "400")),
}

NUMBERS: Final = {
    "112": "112",
    "+359 2 999-00.00": "+35929990000",
    "(02) 999 00 00": "029990000",
    "[+49] 30": "+4930",
    "+1": None,
    "5": None,
    "": None,
    "+": None,
    "1" * 20: "1" * 20,
    "1" * 21: None,
    "00+359": None,
    "++359": None,
    "112*": None,
    "*72": None,
    "112#": None,
    "٤٠٠": None,
    "400@elsewhere": None,
    "400;maddr=192.0.2.1": None,
    "400&PJSIP/401": None,
    "400\n": None,
    "400/n": None,
    "sip:400": None,
    "••••": None,
    "{{ on_call }}": None,
}


@pytest.mark.parametrize(("text", "number"), NUMBERS.items())
def test_a_number_has_one_form_and_anything_else_is_none(text: str, number: str | None) -> None:
    assert dialable(text) == number


WAYS: Final = {
    "+359 88 123": WayOut("+35988123", "home", "+35929990000"),
    "+3592990": WayOut("+3592990", "home", "+35929990000"),  # both allow it: the first in the file
    "+4930": WayOut("+4930", "world", None),
    "400": WayOut("400", "world", None),
    "112": WayOut("112", "home", "+35929990000"),
    "1120": None,
    "359 88 123": None,
    "+34": None,
}


@pytest.mark.parametrize(("text", "way"), WAYS.items())
def test_the_first_trunk_that_allows_a_number_takes_it(text: str, way: WayOut | None) -> None:
    assert way_out(OUTBOUND, text) == way


def test_without_a_list_nobody_is_rung() -> None:
    assert way_out({}, "112") is None


def test_what_is_dialled_is_the_number_at_the_trunk() -> None:
    way = way_out(OUTBOUND, "+49 (30) 12")
    assert way is not None
    assert way.endpoint == "PJSIP/+493012@trunk-world"


@given(st.text(alphabet="0123456789+*@/;&#,.- ()[]\n\u0660x", max_size=30))
def test_whatever_a_caller_sends_only_a_plain_number_is_ever_dialled(text: str) -> None:
    way = way_out({"any": OutboundRule("any", tuple(f"{n}*" for n in ("+", *"0123456789")))}, text)
    assert way is None or re.fullmatch(r"PJSIP/\+?[0-9]{2,20}@trunk-any", way.endpoint)


@pytest.mark.parametrize("text", ["*", "+*", "", "1", "+359**", "1*2", "+359 2*", "a*", "1" * 21 + "*"])
def test_what_could_mean_anything_is_no_pattern(text: str) -> None:
    assert not is_pattern(text)


@given(st.from_regex(r"\+?[0-9]{2,6}", fullmatch=True), st.integers(1, 8))
def test_a_pattern_covers_what_begins_like_it(number: str, length: int) -> None:
    pattern = f"{number[:length]}*"
    assert covers(pattern, number)
    assert covers(pattern, f"{number}*")
    assert covers(number, number)
    assert not covers(number, f"{number}0")
