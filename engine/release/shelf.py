"""The releases' files: each version of the site as a folder of the state that nobody changes any more.

    STATE/releases/HASH/site/*.yaml            site.yaml, flows, knowledge, and the cases in tests/
                        prompts/*.yaml         texts
                        prompts/LANGUAGE/…     recordings and their manifest
                        release.json           the SHA-256 of every file, by its path

HASH begins the hash over all paths and contents, so the same site is kept once however often it is published; a file that another release
has is a hard link to it. A folder is written under another name, flushed to the disk, and renamed: it is whole, or not there. Customers
(CSV) and music on hold are no part of it: they are read where the site's folder is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import chain
from pathlib import Path

from engine.config.load import Loaded, load_kept, prompts_beside
from engine.core.release import Release
from engine.errors import SetupError, StoreError
from engine.pbx.disk import no_room

LIST = "release.json"
#: Digits of the hash that name a folder.
SHORT = 16
#: Files flushed to the disk at once: the disk takes many in the time of one.
FLUSHED = 8

#: What a release holds: the SHA-256 of each file by its path in the release.
Contents = Mapping[str, str]


def files_of(site: Path) -> dict[str, Path]:
    """The files of a site's folder that make a release, by their path in it."""
    prompts = prompts_beside(site)
    found = chain(
        _below(site, "site", "*.yaml", "tests/*.yaml"),
        _below(prompts, "prompts", "*.yaml", "*/manifest.json", "*/*.wav", "*/*/*.wav"),
    )
    return dict(sorted(found))


def _below(folder: Path, name: str, *patterns: str) -> Iterator[tuple[str, Path]]:
    inside = len(folder.parts)
    for pattern in patterns:
        for path in folder.glob(pattern):
            if not path.name.startswith(".") and path.is_file():
                yield "/".join((name, *path.parts[inside:])), path


def contents_of(site: Path) -> Contents:
    """What a release of this folder would hold now; a file that cannot be read counts as changed."""
    return {name: _sha_of(path) for name, path in files_of(site).items()}


def hash_of(contents: Contents) -> str:
    """The hash of a release, over all paths and contents."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(contents.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _sha_of(path: Path) -> str:
    try:
        return _sha(path.read_bytes())
    except OSError:
        return ""


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Shelf:
    """Where a state keeps its releases."""

    def __init__(self, state: Path) -> None:
        self.folder = state / "releases"

    def of(self, digest: str) -> Path:
        """The folder of a release."""
        return self.folder / digest[:SHORT]

    def has(self, digest: str) -> bool:
        """Is this release kept?"""
        return (self.of(digest) / LIST).is_file()

    def contents(self, digest: str) -> Contents:
        """What a release holds. Raises StoreError where it is not kept any more."""
        try:
            return dict(json.loads((self.of(digest) / LIST).read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise StoreError(f"{self.of(digest)} is not there: this release is not kept any more") from None
        except (OSError, ValueError) as error:
            raise StoreError(f"{self.of(digest) / LIST} cannot be read: {error}") from error

    def keep(self, site: Path) -> str:
        """Keep the site's folder as it is now; its hash. Raises SetupError when it cannot be written."""
        digest = hash_of(contents_of(site))
        if self._whole(digest):
            return digest
        try:
            return self._write(files_of(site))
        except OSError as error:
            why = no_room(error) or f"{error.filename} cannot be used ({error.strerror})"
            raise SetupError(why) from error

    def load(self, release: Release) -> Loaded:
        """The checked site of a release. Raises StoreError where its files are not what they were, SiteError with a report."""
        self.verify(release.hash)
        folder = self.of(release.hash)
        return load_kept(folder / "site", folder / "prompts", Path(release.site))

    def verify(self, digest: str) -> None:
        """Raise StoreError where a release's files are not what they were."""
        folder, contents = self.of(digest), self.contents(digest)
        wrong = [name for name, sha in contents.items() if _sha_of(folder / name) != sha]
        if wrong or hash_of(contents) != digest:
            raise StoreError(
                f"{folder / (wrong[0] if wrong else LIST)} is not what was published: put {self.folder} back from a backup, "
                "or publish the site's folder again"
            )

    def prune(self, kept: Collection[str]) -> None:
        """Remove every release but these, and what an interrupted command has left."""
        names = {digest[:SHORT] for digest in kept}
        with suppress(OSError):  # what stays is found the next time
            for folder in self.folder.iterdir():
                if folder.name not in names:
                    shutil.rmtree(folder, ignore_errors=True)

    def checkout(self, digest: str, to: Path) -> None:
        """Copy a release to a folder that is empty or not there. Raises SetupError where it is not."""
        self.verify(digest)
        if to.exists() and (not to.is_dir() or any(to.iterdir())):
            raise SetupError(f"{to} is not empty: name a folder that is not there yet")
        try:
            for name in self.contents(digest):
                (to / name).parent.mkdir(parents=True, exist_ok=True)
                (to / name).write_bytes((self.of(digest) / name).read_bytes())
        except OSError as error:
            why = no_room(error) or f"{error.filename} cannot be written ({error.strerror})"
            raise SetupError(why) from error

    def _whole(self, digest: str) -> bool:
        try:
            self.verify(digest)
        except StoreError:
            return False
        return True

    def _write(self, files: Mapping[str, Path]) -> str:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        try:
            known = self._known()
            for name in files:
                (draft / name).parent.mkdir(parents=True, exist_ok=True)
            contents = {name: _put(path, draft / name, known) for name, path in files.items()}
            _create(draft / LIST, json.dumps(contents, indent=1).encode())
            _flush(draft)
            digest = hash_of(contents)
            self._put_in_place(draft, digest)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
        return digest

    def _put_in_place(self, draft: Path, digest: str) -> None:
        if self._whole(digest):
            return
        shutil.rmtree(self.of(digest), ignore_errors=True)
        draft.rename(self.of(digest))
        _flush_one(self.folder)

    def _known(self) -> dict[str, Path]:
        """A file of some release for each content there is."""
        known: dict[str, Path] = {}
        for listed in self.folder.glob(f"*/{LIST}"):
            with suppress(OSError, ValueError):
                known |= {
                    sha: listed.parent / name for name, sha in json.loads(listed.read_text("utf-8")).items()
                }
        return known


def _put(path: Path, target: Path, known: Mapping[str, Path]) -> str:
    """Put a file's content there, as a link to what has the same content already; its SHA-256."""
    content = path.read_bytes()
    digest = _sha(content)
    same = known.get(digest)
    if same is not None and _sha_of(same) == digest:
        with suppress(OSError):  # not every disk has links
            target.hardlink_to(same)
            return digest
    _create(target, content)
    return digest


def _create(path: Path, content: bytes) -> None:
    with open(path, "xb", opener=partial(os.open, mode=0o400)) as file:
        file.write(content)


def _flush(folder: Path) -> None:
    """Have a folder and all below it on the disk."""
    with ThreadPoolExecutor(FLUSHED) as pool:
        list(pool.map(_flush_one, [*folder.rglob("*"), folder]))


def _flush_one(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
