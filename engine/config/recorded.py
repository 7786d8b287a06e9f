"""Whether callers hear what the texts say: the recordings of every language of the site.

missing, unplayable    an error: callers would hear nothing there (a warning where only the texts are wanted, as in a rehearsal)
older than its text    a warning: callers hear what was true before
no readable manifest   a warning: nobody can tell which recordings are older than their texts

Headers and the manifest are read; a recording's digest only where its text has changed since the manifest was written.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.config.prompts import Catalog
from engine.config.recordings import Condition, Manifest, condition, flaw, read_manifest
from engine.config.report import Level, Place, Report, plural
from engine.config.sitefile import SiteFile
from engine.config.source import Scalar, Sequence
from engine.errors import SetupError

#: What is said about recordings, by code.
CODES = ("missing-recording", "unplayable-recording", "stale-recording", "bad-manifest")
#: So many recordings are named of those that have something.
NAMED = 3


def check_recordings(site: SiteFile, catalog: Catalog, report: Report, level: Level = Level.ERROR) -> None:
    """Every recording of every language of the site; `level` is that of one that callers would not hear."""
    node = site.root.get("languages")
    items = node.items if isinstance(node, Sequence) else [node]
    for item in items:
        if isinstance(item, Scalar) and item.text in catalog.languages:
            _language(item, catalog, report, level)


def blocked(folder: Path) -> bool:
    """Is there a folder that this user may not look into?"""
    try:
        return folder.is_dir() and not os.access(folder, os.R_OK | os.X_OK)
    except PermissionError:
        return True


def _language(item: Scalar, catalog: Catalog, report: Report, level: Level) -> None:
    language, folder = item.text, catalog.folder / item.text
    if blocked(folder):
        hint = "check its owner and its permissions"
        text = "the folder cannot be read: permission denied"
        report.add(Place(str(folder)), "cannot-read", text, hint, level=level)
        return
    texts = catalog.sounds(language)
    there = {sound: path for sound in texts if _is_file(path := folder / f"{sound}.wav")}
    if lacking := [f"{language}/{sound}" for sound in texts if sound not in there]:
        text = f"language '{language}' lacks {plural(len(lacking), 'recording')} in {catalog.folder}: {_some(lacking)}"
        report.add(item.place, "missing-recording", text, "make them: quietline prompts render", level=level)
    if bad := [f"{language}/{sound}.wav {why}" for sound, path in there.items() if (why := flaw(path))]:
        text = f"language '{language}' has {plural(len(bad), 'recording')} in {catalog.folder} that cannot be played: {_some(bad)}"
        hint = "make it 8000 Hz, 1 channel, 16 bit: sox IN.wav -r 8000 -c 1 -b 16 OUT.wav"
        report.add(item.place, "unplayable-recording", text, hint, level=level)
    _ages(item, folder, texts, there, report)


def _ages(
    item: Scalar, folder: Path, texts: Mapping[str, str], there: Mapping[str, Path], report: Report
) -> None:
    """Warn of recordings that say what their text said before."""
    try:
        manifest = read_manifest(folder)
    except SetupError:
        text = f"{folder}/manifest.json cannot be read, so nobody can tell which recordings are older than their texts"
        hint = "restore it, or delete it with the voice's recordings and run: quietline prompts render"
        report.warn(item.place, "bad-manifest", text, hint)
        return
    if old := [f"{item.text}/{s}.wav" for s, path in there.items() if _older(manifest, s, texts[s], path)]:
        text = f"language '{item.text}' has {plural(len(old), 'recording')} older than the text: {_some(old)}"
        hint = "run quietline prompts render; what a person spoke, record again"
        report.warn(item.place, "stale-recording", text, hint)


def _older(manifest: Manifest, sound: str, text: str, path: Path) -> bool:
    entry = manifest.get(sound)
    try:
        return entry is not None and entry.text != text and condition(entry, text, path) is Condition.STALE
    except OSError:  # told about already: it cannot be played either
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a folder below that this user may not enter
        return False


def _some(names: list[str]) -> str:
    """The first few of many."""
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")
