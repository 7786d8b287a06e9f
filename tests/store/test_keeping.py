"""A database deleted or replaced while it is in use: nothing is lost, and nothing of somebody else's is overwritten."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from test_ledger import arrived, ended

from engine.core.event import Event
from engine.store import ledger as ledgers
from engine.store.archive import open_archive
from engine.store.ledger import open_ledger


def delete_file(path: Path) -> None:
    path.unlink()


def delete_everything(path: Path) -> None:
    for part in path.parent.glob(f"{path.name}*"):
        part.unlink()


def delete_log(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


def delete_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


def replace(path: Path) -> None:
    other = path.with_name("other.db")
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE somebody_elses (x)")
        db.commit()
    other.replace(path)


def move_away(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def set_aside_in(folder: Path) -> Path:
    (aside,) = folder.glob("quietline.db.set-aside-*")
    return aside


HARMS = [delete_file, delete_everything, delete_log, delete_folder, replace, move_away]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
@pytest.mark.parametrize("durable", [True, False], ids=["durable", "simulated"])
async def test_a_database_that_is_gone_is_written_anew_with_everything_in_it(
    tmp_path: Path, harm: Callable[[Path], None], durable: bool
) -> None:
    path = tmp_path / "state" / "quietline.db"
    path.parent.mkdir()
    async with open_ledger(path, durable) as ledger, open_archive(path) as archive:
        ledger.on_moved = archive.reopen
        await ledger.append(arrived("c1"), Event("answered", 101.0, "c1"))
        harm(path)
        await ledger.append(arrived("c2"))
        assert str(path) in ledger.mended and not ledger.trouble
        await ledger.append(ended("c1"))
        assert [c["id"] for c in await archive.contacts()] == ["c1", "c2"]
    with closing(sqlite3.connect(path)) as after:
        assert after.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        kinds = [row[0] for row in after.execute("SELECT kind FROM events ORDER BY seq")]
    assert kinds == ["arrived", "answered", "arrived", "ended"]


async def test_what_lay_in_its_place_is_set_aside_whole(tmp_path: Path) -> None:
    path = tmp_path / "quietline.db"
    async with open_ledger(path) as ledger:
        await ledger.append(arrived("c1"))
        replace(path)
        await ledger.append(arrived("c2"))
    aside = set_aside_in(tmp_path)
    assert str(aside) in ledger.mended
    with closing(sqlite3.connect(aside)) as other:
        assert other.execute("SELECT name FROM sqlite_schema").fetchall() == [("somebody_elses",)]


async def test_it_is_noticed_without_any_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledgers, "_LOOK", 0.05)
    path = tmp_path / "quietline.db"
    async with open_ledger(path) as ledger:
        await ledger.append(arrived("c1"))
        path.unlink()
        for _ in range(100):
            if ledger.mended:
                break
            await asyncio.sleep(0.05)
        async with open_archive(path) as archive:
            assert await archive.open_contacts() == ["c1"]


async def test_where_it_cannot_be_written_anew_calls_wait_and_go_on_later(tmp_path: Path) -> None:
    path = tmp_path / "state" / "quietline.db"
    path.parent.mkdir()
    async with open_ledger(path) as ledger:
        await ledger.append(arrived("c1"))
        shutil.rmtree(path.parent)
        path.parent.write_text("in the way")
        waiting = ledger.append(arrived("c2"))
        while not ledger.stuck:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert not waiting.done() and "the store cannot write" in ledger.trouble
        path.parent.unlink()
        await waiting
        assert not ledger.stuck
    async with open_archive(path) as archive:
        assert await archive.open_contacts() == ["c1", "c2"]
