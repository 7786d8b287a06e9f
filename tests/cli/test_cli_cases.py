"""Cases: what an admin writes down that must come of a call, held against what comes of it."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest
from cli_kit import Quietline, Said

from engine.cases.run import Runner
from engine.config import load_unrecorded
from engine.config.casefile import read_cases
from engine.config.report import Report
from engine.pbx.render import REPOSITORY

SHIPPED = REPOSITORY / "ivr_flows"


class Desk:
    """A copy of the shipped site without cases, and what `quietline test` says of those written to it."""

    def __init__(self, folder: Path, quietline: Quietline) -> None:
        self.site = folder / "ivr_flows"
        shutil.copytree(SHIPPED, self.site, ignore=shutil.ignore_patterns("tests"))
        site = (SHIPPED / "site.yaml").read_text("utf-8")
        prompts = f"prompts: {REPOSITORY / 'prompts'}"
        (self.site / "site.yaml").write_text(site.replace("prompts: ../prompts", prompts), "utf-8")
        (self.site / "tests").mkdir()
        self._quietline = quietline

    def run(self, text: str, *words: str) -> Said:
        """What is said of one case, `it`, with these options; or of a whole file."""
        body = text if "cases:" in text else f"cases:\n  it: {text}\n"
        (self.site / "tests" / "some.yaml").write_text(body, "utf-8")
        return self._quietline("test", *words, "--site", self.site)


@pytest.fixture
def desk(tmp_path: Path, quietline: Quietline) -> Desk:
    return Desk(tmp_path, quietline)


def test_the_shipped_cases_pass_and_reach_everything_in_the_shipped_flows(quietline: Quietline) -> None:
    said = quietline("test", "--site", "ivr_flows", "--coverage", "--strict")
    assert said.status == 0, said.out
    assert "all passed" in said.out and "100 %" in said.out


@pytest.mark.parametrize(
    "case",
    [
        '{ number: "100", inputs: 1 done, ends: answered }',
        "{ flow: support, inputs: [1, hangup], ends: abandoned }",
        "{ flow: support, inputs: hangup, hears: [welcome, main_menu], ends: ivr_hangup }",
        "{ flow: support, inputs: 1 unstaffed none, ends: refused, writes: [] }",
        "{ flow: support, inputs: 3 left, writes: [{ what: message, mailbox: support }], ends: voicemail }",
        '{ flow: support, language: bg, from: "+3592", variables: { language: bg, from_number: "+3592" } }',
        "{ flow: sales, inputs: open 1 471188 1 done, reaches: [route, account_team] }",
        "{ flow: sales, inputs: open 1 471188, hears: [customer number is 471188] }",
    ],
)
def test_a_case_that_is_true_passes(desk: Desk, case: str) -> None:
    said = desk.run(case)
    assert (said.status, said.out) == (0, "1 case: it passed.\n")


FAULTS = """\
flow: faults
steps:
  printer:
    - request: action
      code: printer_jam
      information: { serial_number: "77" }
    - switch: work_order.known
      cases: { yes: known }
      otherwise: new
  known:
    - hangup: goodbye
  new:
    - status: welcome
      states: { working: message_thanks }
      on_none: known
    - hangup
"""


@pytest.mark.parametrize(
    "case",
    [
        "{ flow: faults, inputs: known, reaches: [printer, known], "
        'writes: [{ what: request, code: printer_jam, serial_number: "77", work_order: known }] }',
        "{ flow: faults, inputs: new none, reaches: [new, known], writes: [{ what: request, work_order: new }] }",
        '{ flow: faults, reaches: [new, known], variables: { work_order: "1", work_order.known: no } }',
        '{ flow: faults, inputs: "17:working:3", hears: [welcome, message_thanks], variables: { status.work_order: "3" } }',
    ],
)
def test_a_case_says_whether_a_problem_was_reported_before(desk: Desk, case: str) -> None:
    (desk.site / "faults.yaml").write_text(FAULTS, "utf-8")
    said = desk.run(case)
    assert (said.status, said.out) == (0, "1 case: it passed.\n")


@pytest.mark.parametrize(
    ("case", "wrong", "departs"),
    [
        (
            "{ flow: support, inputs: 1 done, ends: voicemail }",
            "ends as answered, not as voicemail",
            "calling",
        ),
        (
            "{ flow: support, inputs: 1 done, hears: [main_menu, welcome] }",
            "'welcome' is not heard",
            "connecting you",
        ),
        (
            "{ flow: support, inputs: 1 done, reaches: [main_menu, sales] }",
            "'sales' is not reached",
            "connecting you",
        ),
        ("{ flow: support, variables: { lang: en } }", "lang is not set", "Goodbye"),
        ("{ flow: support, writes: [{ what: survey }] }", "survey is not written", "Goodbye"),
        ("{ flow: messages, inputs: left, writes: [] }", "and nothing should be", "voicemail office"),
        ("{ flow: support, hears: [] }", "'welcome' is heard, and nothing should be", "Welcome"),
        (
            "{ flow: support, inputs: 1 7, ends: answered }",
            "'7' is no answer at step 'support'",
            "connecting you",
        ),
        ("{ flow: support, inputs: 1 done 1, ends: answered }", "'1' is still to be answered", "Goodbye"),
    ],
)
def test_a_case_that_is_not_true_shows_what_was_expected_and_the_line_that_departs(
    desk: Desk, case: str, wrong: str, departs: str
) -> None:
    said = desk.run(case)
    assert said.status == 1 and said.out.endswith("1 case: 1 failed.\n")
    first, source, caret = said.out.splitlines()[:3]
    assert "some.yaml:2:" in first and "error[case-failed]: some/it: " in first and wrong in first
    assert source == f" 2 |   it: {case}" and "^" in caret
    marked = [line for line in said.out.splitlines() if line.startswith("     > ")]
    assert len(marked) == 1 and departs in marked[0]


@pytest.mark.parametrize(
    ("case", "text", "hint"),
    [
        ("{ flow: suport, ends: answered }", "there is no flow 'suport'", "did you mean 'support'?"),
        ('{ number: "1000", ends: answered }', "'1000' leads to no flow", "did you mean '100'?"),
        ("{ ends: answered }", "a case needs 'flow' or 'number'", "which flow or number is called"),
        (
            '{ flow: support, number: "100", ends: answered }',
            "'flow' and 'number' stand both",
            "leave one out",
        ),
        ("{ flow: support, inputs: 1 }", "case 'it' expects nothing", "write hears, "),
        ("{ flow: support, ends: happy }", "'happy' is not one of answered, ", ""),
        (
            "{ flow: support, hear: [welcome] }",
            "'hear' is not an option of case 'it'",
            "did you mean 'hears'?",
        ),
        ("{ flow: support, hears: [welcom] }", "there is no prompt 'welcom'", "did you mean 'welcome'?"),
        ("{ flow: support, reaches: [sale] }", "flow 'support' has no step 'sale'", "did you mean 'sales'?"),
        ("{ flow: support, reaches: [] }", "a step is missing here", "every call reaches the first one"),
        (
            "{ flow: support, language: de, hears: [] }",
            "flow 'support' does not speak 'de'",
            "known: ar, bg, en, fa",
        ),
        ("{ flow: support, writes: [{ kind: action }] }", "'what' says what is written", "request or survey"),
        (
            "{ flow: support, clock: 24:00, ends: answered }",
            "'24:00' is no moment",
            "write it like 2026-12-24T10:00",
        ),
        (
            "{ flow: support, clock: 2026-12-24T10:00 Sofia, ends: answered }",
            "'Sofia' is no time zone",
            "Europe/",
        ),
        ("{ flow: support, clock: 2026-12-24T10:00, ends: answered }", "'' is no time zone", "Europe/Sofia"),
        (
            "{ flow: support, inputs: 1 'x, ends: answered }",
            "a quotation mark is not closed",
            "stands in quotes",
        ),
        ("3", "case 'it' needs inputs and what must come of them", "docs/flows.md"),
    ],
)
def test_a_case_that_cannot_be_read_is_told_at_its_place(desk: Desk, case: str, text: str, hint: str) -> None:
    said = desk.run(case)
    assert said.status == 1 and not said.out
    head, _, caret = said.err.splitlines()[:3]
    assert "some.yaml:2:" in head and text in head
    assert caret.rpartition("^")[2].strip().find(hint) >= 0 and "^" in caret
    assert said.err.endswith("1 error, 0 warnings\n")


@pytest.mark.parametrize("text", ["cases:\n", "cases: [1]\n", "- cases: 1\n"])
def test_a_file_without_cases_is_told(desk: Desk, text: str) -> None:
    assert "error[not-a-mapping]" in desk.run(text).err


def test_a_site_without_cases_says_where_to_write_them(desk: Desk, quietline: Quietline) -> None:
    sentence = quietline("test", "--site", desk.site).sentence
    assert sentence.startswith("there are no cases: write them to ") and "/tests/*.yaml" in sentence


@pytest.mark.parametrize(
    ("clock", "step"),
    [
        ("2026-06-10T10:00 Europe/Sofia", "topic"),
        ("2026-06-14T14:00 Europe/Sofia", "sales_after_hours"),
        ("2026-12-24T16:30 Europe/Sofia", "sales_after_hours"),
        ("2019-12-25T17:00 Europe/Sofia", "holiday"),
        ("2041-12-25T17:00 Europe/Sofia", "holiday"),
    ],
)
def test_with_a_clock_hours_and_holidays_are_those_of_that_moment(desk: Desk, clock: str, step: str) -> None:
    said = desk.run(f"{{ flow: sales, clock: {clock}, reaches: [greeting, {step}] }}")
    assert said.status == 0, said.out


TWO = """\
cases:
  good: { flow: support, inputs: 1 done, ends: answered }
  bad: { flow: support, inputs: 1 done, ends: voicemail }
"""


def test_only_the_cases_that_are_named_are_run(desk: Desk) -> None:
    assert desk.run(TWO, "good").out == "1 case: it passed.\n"
    assert desk.run(TWO, "some/bad").status == 1
    assert desk.run(TWO, "some").out.endswith("2 cases: 1 failed.\n")
    assert desk.run(TWO, "goood").sentence == "there is no case 'goood': did you mean 'good'?"


def test_programs_get_a_line_of_json_for_each_case(desk: Desk) -> None:
    said = desk.run(TWO, "--format", "json", "--coverage")
    good, bad, coverage = map(json.loads, said.out.splitlines())
    assert said.status == 1
    assert good["passed"] and good["problems"] == [] and good["case"] == "some/good"
    assert (
        not bad["passed"] and bad["problems"][0]["code"] == "case-failed" and bad["problems"][0]["line"] == 3
    )
    assert coverage["reached"] < coverage["all"] and {"file", "line", "column", "text"} == set(
        coverage["unreached"][0]
    )


def test_github_shows_failures_and_gaps_beside_their_lines(desk: Desk) -> None:
    lines = desk.run(TWO, "--format", "github", "--coverage").out.splitlines()
    assert (
        lines[0].startswith("::error file=")
        and "line=3,col=47" in lines[0]
        and "title=case-failed" in lines[0]
    )
    assert all(line.startswith("::warning file=") and "title=not-covered" in line for line in lines[1:])


def test_coverage_tells_two_ways_to_one_step_apart(desk: Desk) -> None:
    zero = desk.run("{ flow: support, inputs: 0 done, ends: answered }", "--coverage").out
    assert "no case reaches step 'main_menu', otherwise → operator" in zero
    assert "choices 0 → operator" not in zero
    silence = desk.run(
        "{ flow: support, inputs: silence silence silence done, ends: answered }", "--coverage"
    ).out
    assert "no case reaches step 'main_menu', choices 0 → operator" in silence
    assert "otherwise → operator" not in silence


def test_coverage_names_the_action_that_calls_never_come_to(desk: Desk) -> None:
    said = desk.run("{ flow: support, inputs: 1 timeout left, ends: voicemail }", "--coverage", "--strict")
    assert said.status == 1
    assert "support.yaml:25:7: no case reaches step 'support', action 3 (hangup)" in said.out
    assert "support.yaml:27:3: no case reaches step 'sales'\n" in said.out
    assert desk.run("{ flow: support, ends: timed_out }", "--coverage").status == 0


def test_coverage_sees_into_flows_that_are_run(desk: Desk) -> None:
    (desk.site / "inner.yaml").write_text(
        "flow: inner\nsteps:\n  ask:\n    - menu: main_menu\n      choices: { 1: done }\n      otherwise: bye\n"
        "  done:\n    - back\n  bye:\n    - hangup: goodbye\n"
    )
    (desk.site / "messages.yaml").write_text(
        "flow: messages\nsteps:\n  first:\n    - run: inner\n    - hangup: goodbye\n"
    )
    case = "{ flow: messages, inputs: 1, reaches: [first, inner.ask, inner.done], ends: completed }"
    said = desk.run(case, "--coverage")
    assert "1 case: it passed." in said.out
    assert "inner.yaml:6:7: no case reaches step 'ask', otherwise → bye" in said.out
    assert "inner.yaml:9:3: no case reaches step 'bye'" in said.out
    assert not [line for line in said.out.splitlines() if "inner.yaml" in line and "step 'done'" in line]
    assert "messages.yaml" not in said.out


def test_a_thousand_cases_take_seconds(tmp_path: Path) -> None:
    lines = [f"  c{n}: {{ flow: sales, inputs: open 1 471188 1 done, ends: answered }}" for n in range(1000)]
    file = tmp_path / "many.yaml"
    file.write_text("cases:\n" + "\n".join(lines), "utf-8")
    site, _ = load_unrecorded(SHIPPED)
    began = time.monotonic()
    results = Runner(SHIPPED, site).run(read_cases([file], site, Report()))
    assert len(results) == 1000 and all(result.passed for result in results)
    assert time.monotonic() - began < 10


def test_the_shipped_site_does_without_arabic_and_persian_as_the_docs_say(
    quietline: Quietline, tmp_path: Path
) -> None:
    site = tmp_path / "ivr_flows"
    shutil.copytree(SHIPPED, site)
    (tmp_path / "prompts").symlink_to(REPOSITORY / "prompts")
    settings, desk = site / "site.yaml", site / "desk.yaml"
    settings.write_text(settings.read_text().replace("languages: [en, ar, fa, bg]", "languages: [en, bg]"))
    text = desk.read_text().replace(", 3: ar, 4: fa }", " }")
    text = re.sub(r"    - switch: language\n.*\n      otherwise: desk\n", "    - goto: desk\n", text)
    desk.write_text(re.sub(r"  (?:arabic|persian)(?:_ring_back)?:\n(?:    .*\n)+\n", "", text))
    (site / "tests" / "gulf.yaml").unlink()
    assert quietline("check", "--site", site).out.startswith("The site is good")
    assert quietline("test", "--site", site).out.endswith("cases: all passed.\n")
