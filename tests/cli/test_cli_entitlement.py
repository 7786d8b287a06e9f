"""`quietline entitlement hash-pin`: PINs become hashes that a source understands, and are never shown."""

from __future__ import annotations

import getpass
import io
import sys

import pytest
from cli_kit import Quietline

from engine.entitle.pins import fault, matches


def from_input(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), "utf-8"))


class Terminal(io.StringIO):
    """A terminal; what is typed comes by getpass."""

    def isatty(self) -> bool:
        return True


def typed(monkeypatch: pytest.MonkeyPatch, *pins: str) -> None:
    left = list(pins)

    def ask(prompt: str) -> str:
        if not left:
            raise EOFError
        return left.pop(0)

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", ask)


def test_every_line_of_standard_input_becomes_a_hash(
    quietline: Quietline, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_input(monkeypatch, b"1234\n0042\r\n")
    said = quietline("entitlement", "hash-pin")
    first, second = said.out.splitlines()
    assert (said.status, fault(first), fault(second)) == (0, None, None)
    assert matches("1234", first) and matches("0042", second)


def test_a_pin_is_typed_twice_on_a_terminal(quietline: Quietline, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, "1234", "1234")
    assert matches("1234", quietline("entitlement", "hash-pin").out.strip())
    typed(monkeypatch, "1234", "1243")
    assert quietline("entitlement", "hash-pin").sentence == "the two PINs differ: nothing was made"
    typed(monkeypatch)
    assert quietline("entitlement", "hash-pin").sentence.startswith("no PIN was given")


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "no PIN was given: type it, or write one a line to standard input"),
        (b"12a4\n", "line 1 is no PIN: write 1 to 32 digits and nothing else"),
        (b"\xff\xfe", "standard input is no text: write one PIN a line"),
    ],
)
def test_what_is_no_pin_is_one_sentence_that_does_not_repeat_it(
    quietline: Quietline, monkeypatch: pytest.MonkeyPatch, raw: bytes, sentence: str
) -> None:
    from_input(monkeypatch, raw)
    assert quietline("entitlement", "hash-pin").sentence == sentence
