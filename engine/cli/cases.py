"""`quietline test`: the cases of a site, without telephony."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal

from engine.cases.coverage import Coverage, covered
from engine.cases.play import Result
from engine.cases.run import Runner
from engine.cases.tell import problems, told
from engine.cli.console import print_json, say
from engine.cli.place import STATE, ReadSiteOption, StateOption, place_of
from engine.config.casefile import FOLDER, Case, case_paths, read_cases
from engine.config.load import load_unrecorded, shown
from engine.config.report import Level, Problem, Report, guess, plural, printable
from engine.errors import SetupError

UNREACHED = "not-covered"
Format = Literal["text", "json", "github"]


def test(
    *names: str,
    site: ReadSiteOption = None,
    state: StateOption = STATE,
    format: Format = "text",
    coverage: bool = False,
    strict: bool = False,
) -> int:
    """Run the cases of tests/*.yaml beside the site. Exit status 1 when one fails.

    Parameters
    ----------
    names
        Only these: a case's name, its file's name, or file/name.
    format
        How failures are shown: as text, as JSON (a line for each case), or as GitHub shows them beside their lines.
    coverage
        List the steps, actions and jumps that no case reaches.
    strict
        With --coverage: exit status 1 when there are any.
    """
    folder = place_of(state, site).site
    files, lacking = load_unrecorded(folder)
    for sentence in lacking:
        print(f"Careful: {printable(sentence)}; `quietline up` and `check` say what to do", file=sys.stderr)
    report = Report()
    cases = read_cases(_paths(folder), files, report)
    if report.errors:
        return _unreadable(report, format)
    runner = Runner(folder, files)
    results = runner.run(_chosen(names, cases), lambda result: _show(result, report, format))
    if format == "text":
        _sum(results)
    gaps = _cover(runner, report, format) if coverage else 0
    failed = any(not result.passed for result in results)
    return int(failed or (strict and bool(gaps)))


def _paths(folder: Path) -> list[Path]:
    paths = case_paths(folder)
    if not paths:
        raise SetupError(
            f"there are no cases: write them to {shown(folder / FOLDER)}/*.yaml, docs/flows.md says how"
        )
    return paths


def _unreadable(report: Report, format: Format) -> int:
    if format == "json":
        for problem in report.as_json():
            print_json(problem)
    elif format == "github":
        print("\n".join(report.as_github()))
    else:
        print(report.render(), file=sys.stderr)
    return 1


def _chosen(names: tuple[str, ...], cases: list[Case]) -> list[Case]:
    """The cases that are named, each name meaning one at least."""
    if not names:
        return cases
    known = {name: _called(name, cases) for name in names}
    for name, found in known.items():
        if not found:
            hint = guess(name, [word for case in cases for word in (case.name, case.title)])
            raise SetupError(
                f"there is no case {printable(name)!r}: {hint or 'write file, case, or file/case'}"
            )
    return [case for case in cases if any(case in found for found in known.values())]


def _called(name: str, cases: list[Case]) -> list[Case]:
    return [case for case in cases if name in (case.name, case.title, case.file, Path(case.file).stem)]


def _show(result: Result, report: Report, format: Format) -> None:
    alone = problems(result, report)
    if format == "json":
        print_json(_as_json(result, alone))
    elif format == "github":
        print("\n".join(alone.as_github()), end="\n" if result.failures else "")
    elif result.failures:
        say(told(result, report))


def _as_json(result: Result, report: Report) -> dict[str, Any]:
    place = result.case.place()
    about = {"case": result.case.title, "file": place.file, "line": place.line, "passed": result.passed}
    right = min((f.right for f in result.failures), default=len(result.lines))
    return {**about, "problems": report.as_json(), "right": right, "rehearsal": list(result.lines)}


def _sum(results: list[Result]) -> None:
    failed = sum(not result.passed for result in results)
    came = f"{failed} failed" if failed else "all passed" if len(results) != 1 else "it passed"
    say(f"{plural(len(results), 'case')}: {came}.")


def _cover(runner: Runner, report: Report, format: Format) -> int:
    site = runner.site
    found = covered(site.snapshot.flows, site.sources, shown(runner.folder), runner.seen)
    if format == "json":
        print_json(_coverage_json(found))
    elif format == "github":
        gaps = {Problem(g.place, Level.WARNING, UNREACHED, f"no case reaches {g.text}") for g in found.gaps}
        print("\n".join(Report(gaps).as_github()), end="\n" if gaps else "")
    else:
        for gap in found.gaps:
            say(f"{gap.place}: no case reaches {gap.text}")
        say(f"The cases reach {found.reached} of {found.all} steps, actions and jumps: {found.percent} %.")
    return len(found.gaps)


def _coverage_json(found: Coverage) -> dict[str, Any]:
    gaps = [
        {"file": g.place.file, "line": g.place.line, "column": g.place.col, "text": g.text}
        for g in found.gaps
    ]
    return {"reached": found.reached, "all": found.all, "percent": found.percent, "unreached": gaps}
