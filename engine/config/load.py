"""A site's folder -> one checked version of it.

Reading, then rules: everything that is wrong is collected in one report. A `Snapshot` exists only when the report holds no error, so
nothing else in the engine ever checks a name again.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from engine.config.catalogfile import FILE as CATALOG
from engine.config.catalogfile import CatalogFile, read_catalog
from engine.config.changes import changed
from engine.config.check import check_all
from engine.config.flowfile import FlowFile, flow_paths, read_flow
from engine.config.knowledge import FILE, KnowledgeFile, read_knowledge
from engine.config.prompts import Catalog, load_catalog
from engine.config.recorded import CODES as RECORDINGS
from engine.config.recorded import blocked, check_recordings
from engine.config.report import Level, Place, Report
from engine.config.sitefile import PROMPTS, SiteFile, read_site
from engine.config.source import read, read_text
from engine.core.site import Snapshot
from engine.errors import SiteError


@dataclass(frozen=True, slots=True)
class Loaded:
    """One version of a site, all of it read at the same moment: `sources` are the very texts the flows' hashes are of ."""

    snapshot: Snapshot
    catalog: Catalog
    sources: Mapping[str, str]


def load_site(folder: Path, today: date | None = None) -> Snapshot:
    """The checked site; raises SiteError with the whole report when anything is wrong with it."""
    return load_files(folder, today).snapshot


def load_files(folder: Path, today: date | None = None) -> Loaded:
    """The checked site with its prompts and its flows' texts; raises SiteError with the whole report."""
    return load_texts_and_flows(folder, today, Level.ERROR)[0]


def load_unrecorded(folder: Path, today: date | None = None) -> tuple[Loaded, list[str]]:
    """`load_files` for whoever needs the texts alone: what the recordings lack is a sentence each, and no error."""
    loaded, report = load_texts_and_flows(folder, today, Level.WARNING)
    return loaded, [problem.text for problem in report.ordered() if problem.code in RECORDINGS]


def load_kept(folder: Path, prompts: Path, beside: Path) -> Loaded:
    """`load_files` for a copy of a site: its prompts lie elsewhere than it says, and what it names beside it is seen from `beside`."""
    loaded, report = check_files(folder, prompts=prompts, beside=beside)
    if loaded is None:
        raise SiteError(report.render())
    return loaded


def load_changed(
    folder: Path, changes: Sequence[str], prompts: Path | None = None, beside: Path | None = None
) -> Loaded:
    """The checked site with changes that count for this once; raises SiteError, and SetupError where one leads nowhere."""
    loaded, report = check_files(folder, None, Level.WARNING, prompts=prompts, beside=beside, changes=changes)
    if loaded is None:
        raise SiteError(report.render())
    return loaded


def load_texts_and_flows(folder: Path, today: date | None, unheard: Level) -> tuple[Loaded, Report]:
    """A site and its report; raises SiteError for errors. `unheard` is the level of a recording callers would not hear."""
    loaded, report = check_files(folder, today, unheard)
    if loaded is None:
        raise SiteError(report.render())
    return loaded, report


def check_site(folder: Path, today: date | None = None) -> tuple[Snapshot | None, Report]:
    """Check a site's folder: the snapshot (None when there are errors) and all that is wrong with it."""
    loaded, report = check_files(folder, today)
    return (loaded.snapshot if loaded else None), report


def check_files(
    folder: Path,
    today: date | None = None,
    unheard: Level = Level.ERROR,
    *,
    prompts: Path | None = None,
    beside: Path | None = None,
    changes: Sequence[str] = (),
) -> tuple[Loaded | None, Report]:
    """`check_site`, with the prompts and the flows' texts beside the snapshot; `load_kept` tells of the two folders.

    `changes` to site.yaml count for this once (changes.py). Raises SetupError where one leads nowhere.
    """
    report = Report()
    site = _site(folder, today or datetime.now(UTC).date(), report, beside, changes)
    languages = site.languages if site else ("en",)
    files = flow_paths(folder) if not blocked(folder) else []
    flows = [flow for path in files if (flow := _flow(path, languages, report))]
    catalog = _catalog(folder, site, report, prompts)
    knowledge, codes = _knowledge(folder, report), _codes(folder, report)
    if site is not None:
        check_all(site, flows, knowledge, codes, catalog, report)
        if catalog is not None:
            check_recordings(site, catalog, report, unheard)
    if report.errors or site is None or site.settings is None or catalog is None:
        return None, report
    settings = replace(site.settings, articles=knowledge.articles) if knowledge else site.settings
    if codes is not None:
        settings = replace(settings, departments=codes.departments, problems=codes.problems)
    snapshot = Snapshot(settings, {f.name: f.flow for f in flows if f.flow})
    return Loaded(snapshot, catalog, {f.name: f.text for f in flows}), report


def load_texts(folder: Path) -> Catalog:
    """The site's prompt texts, whatever else is wrong with it; raises SiteError where they cannot be used."""
    unread, report = Report(), Report()
    site = _site(folder, datetime.now(UTC).date(), unread)
    catalog = _catalog(folder, site, report)
    if catalog is None or report.errors:
        raise SiteError((report if report.errors else unread).render())
    return catalog


def shown(path: Path) -> str:
    """A path as reports name it: seen from the working directory where it lies below it."""
    here = Path.cwd()
    whole = path if path.is_absolute() else here / path
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(path)


def prompts_folder(folder: Path, said: str) -> Path:
    """Where a site's prompts lie; `said` is what its site.yaml says."""
    return Path(os.path.normpath(folder / said))


def prompts_beside(folder: Path) -> Path:
    """Where a site's prompts lie, as far as its site.yaml can be read."""
    site = _site(folder, datetime.now(UTC).date(), Report())
    return prompts_folder(folder, site.prompts if site else PROMPTS)


def _site(
    folder: Path,
    today: date,
    report: Report,
    beside: Path | None = None,
    changes: Sequence[str] = (),
) -> SiteFile | None:
    path = folder / "site.yaml"
    if _refused(folder, report):
        return None
    if not path.is_file():
        hint = "a site is a folder with site.yaml and flows beside it; name it with --site"
        report.add(Place(shown(path)), "cannot-read", f"there is no {shown(path)}", hint)
        return None
    root = read(path, shown(path), report)
    if root is None:
        return None
    return read_site(changed(root, changes, report), shown(path), today, report, beside or folder)


def _flow(path: Path, languages: tuple[str, ...], report: Report) -> FlowFile | None:
    text = read_text(path, shown(path), report)
    return read_flow(text, shown(path), languages, report) if text is not None else None


def _knowledge(folder: Path, report: Report) -> KnowledgeFile | None:
    path = folder / FILE
    root = read(path, shown(path), report) if not blocked(folder) and path.is_file() else None
    return read_knowledge(root, shown(path), report) if root is not None else None


def _codes(folder: Path, report: Report) -> CatalogFile | None:
    path = folder / CATALOG
    root = read(path, shown(path), report) if not blocked(folder) and path.is_file() else None
    return read_catalog(root, shown(path), report) if root is not None else None


def _catalog(
    folder: Path, site: SiteFile | None, report: Report, elsewhere: Path | None = None
) -> Catalog | None:
    if site is None:
        return None
    prompts = Path(shown(elsewhere or prompts_folder(folder, site.prompts)))
    return None if _refused(prompts, report) else load_catalog(prompts, report)


def _refused(folder: Path, report: Report) -> bool:
    """Whether this user may not look into a folder; then that is all there is to say about it."""
    if not blocked(folder):
        return False
    hint = "check its owner and its permissions"
    report.add(
        Place(shown(folder)), "cannot-read", f"{shown(folder)} cannot be read: permission denied", hint
    )
    return True
