"""What two versions of a site differ in: files, and of flows the steps."""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.config.flowfile import NO_FLOWS, read_flow
from engine.config.report import Report, plural
from engine.core.flow import Flow
from engine.core.release import Release
from engine.release.shelf import Contents, Shelf, contents_of, files_of

#: So many names stand in a line.
NAMED = 6


class Kind(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a site: what it is called, what it holds, and where its files are."""

    called: str
    contents: Contents
    files: Mapping[str, Path]

    def text(self, name: str) -> str:
        """A file's text; empty where it has none."""
        try:
            return self.files[name].read_text(encoding="utf-8", errors="replace")
        except (KeyError, OSError):
            return ""


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is not the same in two versions; for a flow, what happened to which of its steps."""

    name: str
    kind: Kind
    steps: Mapping[str, Kind]

    @property
    def shown(self) -> str:
        """The file's name as admins write it."""
        return shown(self.name)

    @property
    def recording(self) -> bool:
        """Is it one of the prompts' recordings?"""
        return self.name.endswith(".wav")

    def __str__(self) -> str:
        steps = ", ".join(
            name if kind is Kind.CHANGED else f"{name} {kind}" for name, kind in self.steps.items()
        )
        told = [] if self.kind is Kind.CHANGED else [str(self.kind)]
        told += [f"{'step' if len(self.steps) == 1 else 'steps'} {steps}"] if steps else []
        return f"{self.shown} ({', '.join(told)})" if told else self.shown


def shown(name: str) -> str:
    """A path in a release as admins write it: the site's files without their folder."""
    return name.removeprefix("site/")


def kept(shelf: Shelf, release: Release) -> Version:
    """A release. Raises StoreError where it is not kept any more."""
    contents = shelf.contents(release.hash)
    return Version(
        f"release {release.number}", contents, {name: shelf.of(release.hash) / name for name in contents}
    )


def on_disk(site: Path) -> Version:
    """A site's folder as it is now."""
    return Version("the folder", contents_of(site), files_of(site))


def changes(old: Version, new: Version) -> list[Change]:
    """Every file that differs."""
    names = sorted(old.contents.keys() | new.contents.keys())
    return [_change(name, old, new) for name in names if old.contents.get(name) != new.contents.get(name)]


def summary(found: list[Change]) -> str:
    """All of it in a line; recordings are counted."""
    recordings = sum(change.recording for change in found)
    texts = [
        str(change) for change in found if not change.recording and not change.name.endswith("manifest.json")
    ]
    told = [*texts[:NAMED], *([f"{len(texts) - NAMED} more files"] if len(texts) > NAMED else [])]
    told += [plural(recordings, "recording")] if recordings else []
    return ", ".join(told) or ("the recordings' manifests" if found else "nothing")


def unified(change: Change, old: Version, new: Version) -> Iterator[str]:
    """A changed text as lines of a unified diff; of a recording only that it is another."""
    if change.recording:
        yield f"{change.shown}: {'another recording' if change.kind is Kind.CHANGED else change.kind}"
        return
    before, after = old.text(change.name).splitlines(), new.text(change.name).splitlines()
    names = f"{change.shown} ({old.called})", f"{change.shown} ({new.called})"
    yield from difflib.unified_diff(before, after, *names, lineterm="")


def _change(name: str, old: Version, new: Version) -> Change:
    kind = _kind(name, old.contents, new.contents)
    steps = _steps(_flow(name, old), _flow(name, new)) if kind is Kind.CHANGED else {}
    return Change(name, kind, steps)


def _kind(name: str, old: Container[str], new: Container[str]) -> Kind:
    if name not in old:
        return Kind.ADDED
    return Kind.CHANGED if name in new else Kind.REMOVED


def _flow(name: str, version: Version) -> Flow | None:
    path = Path(name)
    if path.parent.name != "site" or path.name in NO_FLOWS:
        return None
    file = read_flow(version.text(name), path.name, (), Report())
    return file.flow if file else None


def _steps(old: Flow | None, new: Flow | None) -> dict[str, Kind]:
    if old is None or new is None:
        return {}
    names = dict.fromkeys([*new.steps, *old.steps])
    return {str(n): _kind(n, old.steps, new.steps) for n in names if old.steps.get(n) != new.steps.get(n)}
