"""What people write beside what they do is one line, in any script."""

from __future__ import annotations

import pytest

from engine.call.remarks import remark
from engine.errors import BadWord


@pytest.mark.parametrize("text", ["", "a burst pipe", "آب\u200cگرفتگی", "क्\u200dष", "наводнение", "x" * 200])
def test_letters_of_every_script_make_a_line(text: str) -> None:
    assert remark({"why": text}, "why") == text


def test_lists_and_objects_are_no_remark_and_a_number_is() -> None:
    assert remark({"by": 2001}, "by") == "2001"
    assert remark({"by": None}, "by") == remark({}, "by") == ""
    for value in (["x"], {"name": "x"}, True, 1.5):
        with pytest.raises(BadWord, match="`by` is a text: write it in quotes"):
            remark({"by": value}, "by")


@pytest.mark.parametrize(
    "text", ["two\nlines", "\x1b[2J", "a\u202eb", "a\u2066b", "\ufeff", "a\tb", "a\u2028b", "x" * 201]
)
def test_what_commands_a_terminal_or_turns_text_round_makes_none(text: str) -> None:
    with pytest.raises(BadWord, match="`why` is one line of at most 200 letters"):
        remark({"why": text}, "why")
