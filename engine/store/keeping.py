"""The database stays where it was opened.

A file that is deleted or replaced while it is open goes on working, for this program alone, and is gone at its end. The open connection
still holds everything, so the remedy is to write it all into a new file and to put that in the old one's place. Whatever somebody has laid
there meanwhile is set aside under another name, never overwritten.

SQLite deletes a write-ahead log by its name when the last connection closes, whoever's it is by then. So the old connection is closed
before the new file gets its name.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing, suppress
from functools import lru_cache
from pathlib import Path

#: What belongs to one database: the file, its write-ahead log, and the log's index (made anew at will).
LOG, INDEX = "-wal", "-shm"

#: Device and inode of the database and of its log; None where there is none.
Identity = tuple[tuple[int, int] | None, tuple[int, int] | None]


def identity(path: Path) -> Identity:
    """Which files lie there now."""
    return _of(path), _of(beside(path, LOG))


@lru_cache(maxsize=32)
def beside(path: Path, suffix: str) -> Path:
    """A file of the same database, or one kept beside it."""
    return path.with_name(path.name + suffix)


def draft_of(path: Path) -> Path:
    """Where the new file is written."""
    return beside(path, ".new")


def copy_out(db: sqlite3.Connection, path: Path) -> None:
    """Write everything a connection holds into the draft. Raises sqlite3.Error or OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = draft_of(path)
    for part in (draft, beside(draft, LOG), beside(draft, INDEX)):
        part.unlink(missing_ok=True)
    with closing(sqlite3.connect(draft)) as fresh:
        db.backup(fresh)
    with suppress(sqlite3.Error):  # what was only moved elsewhere shall be whole there too
        db.execute("PRAGMA wal_checkpoint(FULL)")


def set_aside(path: Path, ours: Identity) -> list[Path]:
    """Give what lies there and is not ours another name; returns the new names."""
    moved: list[Path] = []
    stamp = time.strftime(".set-aside-%Y%m%d-%H%M%S")
    for suffix, mine in zip(("", LOG), ours, strict=True):
        found = beside(path, suffix)
        if _of(found) not in (None, mine):
            moved.append(found.rename(beside(beside(path, stamp), suffix)))
    return moved


def put_in_place(path: Path) -> None:
    """The draft becomes the database; nobody may have the old one open. Doing it again changes nothing."""
    draft = draft_of(path)
    if draft.exists():
        for suffix in (LOG, INDEX):
            beside(path, suffix).unlink(missing_ok=True)
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _of(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - asked before every commit, and a Path asks twice as slowly
    except OSError:
        return None
    return found.st_dev, found.st_ino
