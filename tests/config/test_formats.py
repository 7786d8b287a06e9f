"""`check --format github` and `--format json`: what other programs read is well formed for every broken site there is.

GitHub's runner splits a workflow command at its first `::`, its properties at commas and at the first `=` of each. It takes back %25, %0D
and %0A, in properties also %3A and %2C. The reader here does the same, from its documentation.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from test_bad_flows import NAMES, report_of

from engine.config.codes import CODES
from engine.config.report import Place, Problem, Report, printable

#: The shape of one line of `check --format json`, as docs/flows.md tells it.
SHAPE = Draft7Validator(
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["file", "line", "column", "end_column", "level", "code", "text", "hint", "also"],
        "properties": {
            "file": {"type": "string", "minLength": 1},
            "line": {"type": "integer", "minimum": 1},
            "column": {"type": "integer", "minimum": 1},
            "end_column": {"type": "integer", "minimum": 2},
            "level": {"enum": ["error", "warning"]},
            "code": {"enum": sorted(CODES)},
            "text": {"type": "string", "minLength": 1},
            "hint": {"type": "string"},
            "also": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["file", "line", "column", "text"],
                    "properties": {
                        "file": {"type": "string", "minLength": 1},
                        "line": {"type": "integer", "minimum": 1},
                        "column": {"type": "integer", "minimum": 1},
                        "text": {"type": "string", "minLength": 1},
                    },
                },
            },
        },
    }
)


def understood(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner reads it: command, properties, message."""
    found = re.fullmatch(r"::([a-z]+) (.*?)::(.*)", line)
    assert found, line
    pairs = [pair.split("=", 1) for pair in found[2].split(",")]
    for _, value in pairs:
        assert not re.search(r"[\r\n:,]|%(?!25|0D|0A|3A|2C)", value), value
    assert not re.search(r"[\r\n]|%(?!25|0D|0A)", found[3]), found[3]
    return found[1], {name: _back(value) for name, value in pairs}, _back(found[3])


def _back(text: str) -> str:
    for sign in ":,\r\n":
        text = text.replace(f"%{ord(sign):02X}", sign)
    return text.replace("%25", "%")


@pytest.mark.parametrize("case", NAMES)
def test_github_and_other_programs_understand_every_problem_of_a_broken_site(
    case: str, tmp_path: Path
) -> None:
    report = report_of(case, tmp_path)
    listed = report.ordered()
    assert len(report.as_github()) == len(report.as_json()) == len(listed)
    for problem, line, values in zip(listed, report.as_github(), report.as_json(), strict=True):
        _agrees(problem, line)
        SHAPE.validate(json.loads(json.dumps(values)))
        assert (values["file"], values["line"], values["code"]) == (
            problem.place.file,
            problem.place.line,
            problem.code,
        )


def _agrees(problem: Problem, line: str) -> None:
    level, about, message = understood(line)
    assert level == problem.level
    assert about["file"] == problem.place.file
    assert about["title"] == problem.code
    assert int(about["line"]) == problem.place.line
    assert 1 <= int(about["col"]) <= int(about["endColumn"])
    assert message == printable(f"{problem.text}: {problem.hint}" if problem.hint else problem.text)


@pytest.mark.parametrize("name", ["50%,a:b.yaml", "%0A%2C%25.yaml", "a=b,c=d::e.yaml", "two\nlines.yaml"])
def test_a_files_name_or_a_text_cannot_break_out_of_a_workflow_command(name: str) -> None:
    report = Report()
    report.warn(Place(name, 3, 4, 9), "same-name", "100% of %0A::error::x")
    _, about, message = understood(report.as_github()[0])
    assert about == {"file": name, "line": "3", "col": "4", "endColumn": "8", "title": "same-name"}
    assert message == "100% of %0A::error::x"
