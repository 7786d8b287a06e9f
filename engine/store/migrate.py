"""Open a database and bring it to the newest schema; `PRAGMA user_version` counts the numbered .sql files applied."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiosqlite

from engine.errors import NoStore, StoreError


class Database(aiosqlite.Connection):
    """A connection that can do several things in one trip to its thread: a trip wakes two threads, and costs more than a row.

    Where nothing waits for the disk (`durable` is False), even that trip is saved.
    """

    def __init__(self, path: Path, durable: bool) -> None:
        # A database locked by another program is waited for a little before it is reported.
        super().__init__(lambda: sqlite3.connect(path, timeout=2.0, check_same_thread=durable), 64)
        self._here = not durable

    async def together(self, work: Callable[..., None], *arguments: Any) -> None:
        """Do `work(connection, *arguments)`, in the connection's thread where it may take its time; raises what it raises."""
        if self._here:
            work(self._conn, *arguments)
        else:
            await self._execute(work, self._conn, *arguments)  # type: ignore[no-untyped-call]


def migrations() -> list[str]:
    """The numbered SQL files, in order."""
    folder = resources.files("engine.store") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".sql"))
    return [(folder / name).read_text() for name in names]


async def connect(path: Path, durable: bool = True) -> Database:
    """Open for writing: WAL, every commit on disk (`synchronous=FULL`), the newest schema. Raises StoreError."""
    try:
        # Asked once beforehand: a connection that cannot be opened leaves aiosqlite's thread behind.
        sqlite3.connect(path).close()
    except sqlite3.Error as error:
        raise cannot_use(path, error) from error
    db = Database(path, durable)
    await db
    try:
        await db.execute("PRAGMA journal_mode = WAL")
        await db.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        await db.execute("PRAGMA foreign_keys = ON")
        await _upgrade(db)
    except BaseException as error:
        await db.close()  # its thread would outlive us
        if isinstance(error, sqlite3.Error):
            raise cannot_use(path, error) from error
        raise
    return db


def cannot_use(path: Path, error: sqlite3.Error) -> StoreError:
    """Why a database cannot be opened or read, and what to do."""
    if path.is_dir():
        return StoreError(f"{path} is a folder, and the store must be a file: move it away.")
    if is_damaged(error):
        return StoreError(
            f"The store {path} is damaged ({error}): put a backup in its place, as docs/operations.md tells under Backup."
        )
    if code(error) == sqlite3.SQLITE_FULL:
        return StoreError(f"The store {path} cannot be opened: the disk is full. Make room and try again.")
    if str(error).startswith(("no such table", "no such column")):
        return StoreError(
            f"The store {path} is as an older Quietline left it: `quietline up` brings it to this one, once no older engine runs."
        )
    return StoreError(
        f"The store {path} cannot be opened: {error}. Check the folder's permissions and free space."
    )


def is_damaged(error: sqlite3.Error) -> bool:
    """True when this is no database, or no whole one."""
    return code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; 0 for errors of the Python module's own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def cause(error: Exception) -> str:
    """Why a commit failed, in people's words where there are any."""
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or (isinstance(error, sqlite3.Error) and code(error) == sqlite3.SQLITE_FULL):
        return "the disk is full"
    return str(error)


async def _upgrade(db: aiosqlite.Connection) -> None:
    async with db.execute("PRAGMA user_version") as cursor:
        row = await cursor.fetchone()
    have, scripts = int(row[0]) if row else 0, migrations()
    if have > len(scripts):
        raise StoreError(
            f"The store was written by a newer Quietline (schema {have}, this one knows {len(scripts)}). "
            "Upgrade Quietline, or point --state at another folder."
        )
    for number, script in enumerate(scripts[have:], have + 1):
        await db.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")


async def connect_readonly(path: Path) -> aiosqlite.Connection:
    """Open for reading only, beside a running engine or without one. Raises StoreError when there is no store yet."""
    if not path.exists():  # noqa: ASYNC240 - one look, before anything else runs
        raise NoStore(
            f"There is no store at {path}: nothing has run there yet. Start with `quietline up`, or give --state."
        )
    address = f"file:{quote(str(path))}?mode=ro"
    try:
        # Asked once beforehand: a connection that cannot be opened leaves aiosqlite's thread behind.
        with closing(sqlite3.connect(address, uri=True, timeout=2.0)) as trial:
            written = trial.execute("SELECT 1 FROM sqlite_schema WHERE name = 'contacts'").fetchone()
    except sqlite3.Error as error:
        raise cannot_use(path, error) from error
    if written is None:
        raise NoStore(f"The store {path} is empty: no engine has written there yet.")
    return await aiosqlite.connect(address, uri=True, timeout=2.0)
