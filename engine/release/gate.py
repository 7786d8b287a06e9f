"""What a version of the site must pass before it is live: check, then the cases. The first of them that finds something stops it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from engine.cases.run import Runner
from engine.cases.tell import told
from engine.config.casefile import FOLDER, Case, case_paths, read_cases
from engine.config.load import Loaded, check_files
from engine.config.report import Report, plural
from engine.core.flow import Flow
from engine.errors import SiteError


@dataclass(frozen=True, slots=True)
class Passed:
    """A site's folder that may be live: what it holds, what was warned of, and how many cases passed."""

    files: Loaded
    warnings: str
    cases: int


def tried(site: Path, touched: Collection[str] = ()) -> Passed:
    """Check a folder and run its cases. Raises SiteError with the whole report.

    With `touched` (paths in a release) only the cases that these files can change are run.
    """
    files, report = check_files(site)
    if files is None:
        raise SiteError(report.render())
    unread = Report()
    cases = read_cases(case_paths(site), files, unread)
    if unread.errors:
        raise SiteError(unread.render())
    chosen = [case for case in cases if concerned(case, touched, files.snapshot.flows)]
    failed = [result for result in Runner(site, files).run(chosen) if not result.passed]
    if failed:
        texts = [told(result, unread) for result in failed]
        raise SiteError("\n".join([*texts, f"{plural(len(chosen), 'case')}: {len(failed)} failed."]))
    return Passed(files, report.render(), len(chosen))


def concerned(case: Case, touched: Collection[str], flows: Collection[str]) -> bool:
    """Can these files change how a case goes? What is neither a flow nor a case concerns them all."""
    own = {f"site/{FOLDER}/{Path(case.file).name}", *(f"site/{name}.yaml" for name in flows_of(case.flow))}
    alone = {f"site/{name}.yaml" for name in flows}
    everybody = any(name not in alone and not name.startswith(f"site/{FOLDER}/") for name in touched)
    return not touched or everybody or not own.isdisjoint(touched)


def flows_of(flow: Flow) -> set[str]:
    """A flow and all it runs."""
    return {flow.name}.union(*(flows_of(inner) for inner in flow.runs.values()))
