"""How a case went, as a report: what departs from it at its place, and the walk with the line that departs."""

from __future__ import annotations

from engine.cases.play import Result, marked
from engine.config.report import Level, Problem, Report

FAILED = "case-failed"


def problems(result: Result, report: Report) -> Report:
    """A case's failures; `report` knows the lines of its file."""
    found = {
        Problem(f.place, Level.ERROR, FAILED, f"{result.case.title}: {f.text}", f.hint)
        for f in result.failures
    }
    return Report(found, report.lines)


def told(result: Result, report: Report) -> str:
    """A case that failed, in lines, an empty one at the end."""
    lines = [problems(result, report).render().rpartition("\n")[0]]
    lines += [f"     {line}" for line in marked(result.lines, min(f.right for f in result.failures))]
    return "\n".join([*lines, ""])
