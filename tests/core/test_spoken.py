"""Every language's grammar, by tables of cases: `spoken/<language>.txt` holds form | value | recordings | words.

A line that begins with # is a remark: it tells which rows were written by hand, and which were read after the grammar gave them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.say import GRAMMARS, Form, Slot, expand, wording

TABLES = Path(__file__).parent / "spoken"
PROMPTS = Path(__file__).parents[2] / "prompts"


def table(language: str) -> list[tuple[str, ...]]:
    """The cases of a language: form, value, its recordings, its words."""
    lines = (TABLES / f"{language}.txt").read_text("utf-8").splitlines()
    return [tuple(cell.strip() for cell in line.split(" | ")) for line in lines if not line.startswith("#")]


CASES = [(language, *case) for language in sorted(GRAMMARS) for case in table(language)]


@pytest.mark.parametrize(("language", "form", "value", "sounds", "words"), CASES)
def test_a_value_is_spoken_by_its_languages_grammar(
    language: str, form: str, value: str, sounds: str, words: str
) -> None:
    parts = (Slot("value", Form(form)),)
    assert expand(parts, {"value": value}, language) == tuple(f"{language}/{s}" for s in sounds.split())
    assert wording(parts, {"value": value}, language) == words


@pytest.mark.parametrize("language", GRAMMARS)
def test_every_table_has_enough_cases_of_every_form(language: str) -> None:
    cases = table(language)
    assert len(cases) == len(set(cases)) >= 150
    for form in set(Form) - {Form.RECORDING}:  # the caller's own words are in no language
        assert sum(case[0] == form for case in cases) >= 6, form


@pytest.mark.parametrize("language", GRAMMARS)
def test_every_recording_a_case_needs_is_shipped(language: str) -> None:
    needed = {sound for _, _, sounds, _ in table(language) for sound in sounds.split()}
    assert [s for s in sorted(needed) if not (PROMPTS / language / f"{s}.wav").is_file()] == []
