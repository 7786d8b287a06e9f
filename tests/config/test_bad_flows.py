"""Every broken site in tests/bad_flows gives exactly the report beside it; `python test_bad_flows.py CASE` prints one."""

from __future__ import annotations

import ast
import os
import re
import shutil
import sys
import tempfile
import wave
from datetime import date
from pathlib import Path

import pytest

from engine.config import check_site, explain, load_site
from engine.config.codes import CODES
from engine.config.prompts import load_catalog
from engine.config.report import Place, Report
from engine.errors import SetupError, SiteError

CASES = Path(__file__).parents[1] / "bad_flows"
NAMES = sorted(p.name for p in CASES.iterdir() if p.is_dir() and p.name != "_base")
TODAY = date(2026, 6, 1)
#: The code of files that cannot be committed (test_source.py), those of cases (test_cli_cases.py), and of words (test_models.py).
ELSEWHERE = {"cannot-read", "case-failed", "not-covered", "unknown-word"}


def base(folder: Path) -> None:
    """The base, with a recording (a short silence) for all it says."""
    shutil.copytree(CASES / "_base", folder, dirs_exist_ok=True)
    prompts = folder / "prompts"
    for name in load_catalog(prompts, Report()).missing_recordings("en"):
        recording = prompts / f"{name}.wav"
        recording.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(recording), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(bytes(160))


def laid_out(case: str, folder: Path) -> None:
    """The base with a case's files over it; what only the case says has no recording."""
    base(folder)
    shutil.copytree(CASES / case, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("expected.txt"))


def report_of(case: str, folder: Path) -> Report:
    """The report about a case, its files named as if `folder` were the working directory."""
    laid_out(case, folder)
    before = Path.cwd()
    os.chdir(folder)
    try:
        return check_site(Path("ivr_flows"), TODAY)[1]
    finally:
        os.chdir(before)


@pytest.mark.parametrize("case", NAMES)
def test_a_broken_site_is_told_about_exactly(case: str, tmp_path: Path) -> None:
    report = report_of(case, tmp_path)
    assert report.render() == (CASES / case / "expected.txt").read_text(encoding="utf-8").rstrip("\n")


def test_there_are_enough_cases_and_hostile_ones_among_them() -> None:
    assert len(NAMES) >= 140
    assert sum(name.startswith("hostile-") for name in NAMES) >= 40


def test_the_base_of_all_cases_is_sound(tmp_path: Path) -> None:
    base(tmp_path)
    assert load_site(tmp_path / "ivr_flows", TODAY).settings.numbers == {"100": "support"}


@pytest.mark.parametrize("case", NAMES)
def test_no_case_reaches_the_terminal_with_control_characters(case: str) -> None:
    text = (CASES / case / "expected.txt").read_text(encoding="utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_every_code_has_its_page_and_its_case() -> None:
    shown = set()
    for case in NAMES:
        shown |= set(
            re.findall(
                r"\b(?:error|warning)\[([a-z0-9-]+)\]", (CASES / case / "expected.txt").read_text("utf-8")
            )
        )
    assert shown <= set(CODES)
    assert set(CODES) - ELSEWHERE <= shown


def test_every_code_in_the_source_has_its_page() -> None:
    folder = Path(check_site.__code__.co_filename).parent
    calls = [
        node
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", ""))
        in ("add", "warn", "bad", "Unreadable", "Wrong")
    ]
    texts = [arg.value for call in calls for arg in call.args if isinstance(arg, ast.Constant)]
    used = {text for text in texts if isinstance(text, str) and re.fullmatch("[a-z0-9]+(-[a-z0-9]+)+", text)}
    assert len(used) > 30
    assert used <= set(CODES)


def test_a_site_with_errors_does_not_load_and_the_exception_is_the_whole_report(tmp_path: Path) -> None:
    laid_out("open-end", tmp_path)
    with pytest.raises(SiteError) as caught:
        load_site(tmp_path / "ivr_flows", TODAY)
    assert "error[open-end]" in str(caught.value)
    assert str(caught.value).endswith("2 errors, 0 warnings")


def test_a_site_with_warnings_only_loads(tmp_path: Path) -> None:
    laid_out("never-reached", tmp_path)
    snapshot, report = check_site(tmp_path / "ivr_flows", TODAY)
    assert snapshot is not None
    assert (report.errors, report.warnings) == (0, 1)


def test_a_folder_that_is_no_site_is_one_clear_error(tmp_path: Path) -> None:
    snapshot, report = check_site(tmp_path / "nowhere", TODAY)
    assert snapshot is None
    assert [p.code for p in report.ordered()] == ["cannot-read"]


def test_explain_knows_every_code_and_says_so_when_there_is_none() -> None:
    assert all(explain(code).startswith(code) for code in CODES)
    with pytest.raises(SetupError, match="did you mean 'open-end'"):
        explain("open-ends")


def test_a_report_can_be_shown_beside_the_lines_on_github(tmp_path: Path) -> None:
    lines = report_of("template-without-quotes", tmp_path).as_github()
    assert lines == [
        "::error file=ivr_flows/support.yaml,line=4,col=21,endColumn=21,title=bad-key"
        "::a key must be one plain word or number: text with {{ name }} belongs in quotes"
    ]
    place = Place("50%,a:b.yaml", 1, 2, 4)
    report = Report()
    report.warn(place, "same-name", "100% of\nit")
    assert report.as_github() == [
        "::warning file=50%25%2Ca%3Ab.yaml,line=1,col=2,endColumn=3,title=same-name::100%25 of\\x0ait"
    ]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as scratch:
            print(report_of(name, Path(scratch)).render())
