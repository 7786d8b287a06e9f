"""Models that a site names: which words they do not know, and whether they hear."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from engine.config import check_site, speaking
from engine.errors import SetupError
from engine.speech.known import is_model, unknown_words
from engine.speech.trial import tried

HERE = Path(__file__).parent
BASE = HERE.parent / "bad_flows" / "_base"
KNOWN = (sys.executable, str(HERE / "tones_known.py"))


def a_model(folder: Path) -> Path:
    """A folder that looks like a model of Vosk's, and is none."""
    (folder / "am").mkdir(parents=True)
    (folder / "am" / "final.mdl").write_text("no model")
    return folder


def test_words_that_a_model_does_not_know_are_named(tmp_path: Path) -> None:
    assert unknown_words(tmp_path, ["low", "loud", "high", "loud"], KNOWN) == {"loud"}


def test_a_folder_is_told_from_a_model_and_a_broken_model_from_a_whole_one(tmp_path: Path) -> None:
    assert not is_model(tmp_path)
    broken = a_model(tmp_path / "broken")
    assert is_model(broken)
    with pytest.raises(SetupError, match=f"the model in {broken} cannot be read"):
        unknown_words(broken, ["low"])


async def test_models_are_tried_as_the_engine_would_hear_with_them(tmp_path: Path) -> None:
    program = (sys.executable, str(HERE / "tones.py"))
    told = await tried({"tones": tmp_path, "xx": tmp_path / "none"}, program)
    assert told == {"tones": "", "xx": f"{tmp_path / 'none'} is no folder with a model"}


async def test_a_broken_model_of_vosks_is_told_and_ends_nothing_else(tmp_path: Path) -> None:
    broken = a_model(tmp_path / "broken")
    assert await tried({"en": broken}) == {
        "en": f"the model in {broken} cannot be read: it is no model of Vosk's, or not whole"
    }


def test_a_word_that_the_model_does_not_know_is_told_at_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(folder: Path, words: Iterable[str]) -> frozenset[str]:
        return unknown_words(folder, words, KNOWN)

    monkeypatch.setattr(speaking, "unknown_words", asked)
    site = tmp_path / "ivr_flows"
    site.mkdir()
    a_model(tmp_path / "model")
    text = (BASE / "ivr_flows" / "site.yaml").read_text() + "speech: { models: { en: ../model } }\n"
    (site / "site.yaml").write_text(text)
    (site / "support.yaml").write_text((BASE / "ivr_flows" / "support.yaml").read_text())
    (tmp_path / "prompts").mkdir()
    words = "words:\n  desk: [low, High]\n  other: [loud low, middle]\n"
    (tmp_path / "prompts" / "en.yaml").write_text((BASE / "prompts" / "en.yaml").read_text() + words)
    _, report = check_site(site)
    told = [one for one in report.problems if one.code == "unknown-word"]
    assert [one.text for one in told] == [
        "the model for 'en' does not know 'loud': callers can say that, and are not heard"
    ]
    assert told[0].place.line == 16 and told[0].place.col == 11
