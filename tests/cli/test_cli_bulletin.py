"""`quietline bulletin`: outages begun, shown and ended in a running engine; wrong words are one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_kit import FakeEngine, Quietline

from engine.core.bulletins import Bulletin


def test_a_bulletin_is_begun_shown_and_ended(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    words = ("bulletin", "begin", "mail", "outage", "--until", "2h", "--concerns", "to_number=100")
    assert quietline(*words, "--state", tmp_path).out.startswith("Bulletin mail is told from now on, until ")
    (one,) = engine.bulletins.known.values()
    assert (one.prompt, one.until_at, one.scope) == ("outage", 8200.0, {"to_number": "100"})
    listed = quietline("bulletin", "list", "--state", tmp_path).out
    assert "mail" in listed
    assert "to_number=100" in listed
    told = json.loads(quietline("bulletin", "list", "--json", "--state", tmp_path).out)
    assert (told["name"], told["told"]) == ("mail", True)
    assert (
        quietline("bulletin", "end", "mail", "--state", tmp_path).out == "Bulletin mail is told no longer.\n"
    )
    assert quietline("bulletin", "list", "--state", tmp_path).out == "No bulletins.\n"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("begin", "m m", "outage"), "'m m' cannot name a bulletin"),
        (("begin", "mail", "nothing"), "there is no prompt 'nothing' in every language"),
        (("begin", "mail", "outage", "--until", "soon"), "'soon' is no moment"),
        (("begin", "mail", "outage", "--from", "3h", "--until", "2h"), "would end before it begins"),
        (("begin", "mail", "outage", "--concerns", "gold"), "--concerns 'gold' names no variable and value"),
        (("end", "mail"), "there is no bulletin 'mail'"),
        (("end", ".."), "'..' is no bulletin's name"),
    ],
)
def test_what_makes_no_bulletin_is_one_sentence(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    said = quietline("bulletin", *words, "--state", tmp_path)
    assert said.status == 1
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert engine.bulletins.known == {}


def test_one_of_the_same_name_takes_the_place_of_the_other(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.bulletins.known["mail"] = Bulletin("mail", "other", 1.0)
    quietline("bulletin", "begin", "mail", "outage", "--state", tmp_path)
    assert [one.prompt for one in engine.bulletins.known.values()] == ["outage"]
