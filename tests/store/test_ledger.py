"""The ledger: what is appended is on disk, once, in order; what cannot be written is not lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog

from engine.core.contact import fold, record
from engine.core.event import Event
from engine.errors import StoreError
from engine.store.archive import open_archive
from engine.store.ledger import open_ledger


def arrived(contact: str, at: float = 100.0) -> Event:
    data = {
        "from_number": "1",
        "to_number": "100",
        "channel": "ch",
        "flow": "f",
        "flow_hash": "h",
        "language": "en",
    }
    return Event("arrived", at, contact, data=data)


def ended(contact: str, at: float = 110.0) -> Event:
    return Event("ended", at, contact, data={"cause": "flow"})


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "quietline.db"


async def test_an_awaited_append_is_on_disk_for_every_other_process(path: Path) -> None:
    async with open_ledger(path) as ledger:
        await ledger.append(arrived("c1"))
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("SELECT id, outcome FROM contacts").fetchall() == [("c1", None)]
            assert other.execute("SELECT kind FROM events").fetchall() == [("arrived",)]


async def test_a_contact_closes_exactly_once_and_equals_the_fold_of_its_events(path: Path) -> None:
    async with open_ledger(path) as ledger:
        await ledger.append(arrived("c1"), Event("answered", 101.0, "c1"))
        await ledger.append(ended("c1", 110.0))
        await ledger.append(ended("c1", 120.0))  # a late second end changes nothing
        async with open_archive(path) as archive:
            row = await archive.contact("c1")
            events = await archive.events("c1")
    assert (row["outcome"], row["ended_at"], row["answered_at"]) == ("completed", 110.0, 101.0)
    whole = fold("c1", events[:3])
    assert record(whole) == row
    assert ledger.open == {}


async def test_many_appends_share_commits_and_keep_their_order(path: Path) -> None:
    async with open_ledger(path) as ledger:
        await ledger.append(arrived("c1"))
        many = [ledger.append(Event("step", 100.0 + n, "c1", data={"n": n})) for n in range(500)]
        await asyncio.gather(*many)
        async with open_archive(path) as archive:
            events = await archive.events("c1")
    assert [e.data["n"] for e in events[1:]] == list(range(500))
    assert [e.seq for e in events] == list(range(1, 502))


async def test_a_locked_database_delays_events_but_loses_none(path: Path) -> None:
    async with open_ledger(path) as ledger:
        await ledger._db.execute("PRAGMA busy_timeout = 10")
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        waiting = ledger.append(arrived("c1"))
        while not ledger.stuck:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert not waiting.done()
        other.execute("ROLLBACK")
        other.close()
        await waiting
        assert not ledger.stuck
        async with open_archive(path) as archive:
            assert [e.kind for e in await archive.events("c1")] == ["arrived"]


async def test_what_was_appended_before_the_engine_stops_is_written(path: Path) -> None:
    async with open_ledger(path) as ledger:
        ledger.append(arrived("c1"))
        await asyncio.sleep(0)
    async with open_archive(path) as archive:
        assert await archive.open_contacts() == ["c1"]


async def test_a_folder_without_permission_or_store_gets_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no store at"):
        async with open_archive(tmp_path / "none.db"):
            pass
    with pytest.raises(StoreError, match="cannot be opened"):
        async with open_ledger(tmp_path / "missing" / "folder.db"):
            pass


def damaged(path: Path) -> None:
    path.write_bytes(b"no database at all, but long enough to be taken for one" * 100)


def empty(path: Path) -> None:
    path.touch()


def broken_inside(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE contacts (id)")
        db.commit()
    content = bytearray(path.read_bytes())
    content[100:2000] = b"x" * 1900
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (damaged, "is damaged .*: put a backup in its place, as docs/operations.md tells under Backup"),
        (broken_inside, "is damaged .*: put a backup in its place"),
        (Path.mkdir, "is a folder, and the store must be a file"),
    ],
)
async def test_a_store_that_is_none_says_what_it_is_and_what_to_do(
    path: Path, harm: Callable[[Path], None], words: str
) -> None:
    harm(path)
    for opened in (open_ledger(path), open_archive(path)):
        with pytest.raises(StoreError, match=words):
            async with opened:
                pass


async def test_an_empty_store_says_that_nothing_has_been_written_there(path: Path) -> None:
    empty(path)
    with pytest.raises(StoreError, match="is empty: no engine has written there yet"):
        async with open_archive(path):
            pass


async def test_calls_that_could_not_be_written_down_before_the_end_are_named_in_the_log(path: Path) -> None:
    with structlog.testing.capture_logs() as said:
        async with open_ledger(path) as ledger:
            await ledger._db.execute("PRAGMA query_only = ON")
            ledger.append(arrived("c1"))
            while not ledger.stuck:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    assert [line["calls_without_a_record"] for line in said if "calls_without_a_record" in line] == [["c1"]]


async def test_a_ledger_that_cannot_write_ends_within_seconds(path: Path) -> None:
    loop = asyncio.get_running_loop()
    async with open_ledger(path) as ledger:
        await ledger._db.execute("PRAGMA query_only = ON")
        ledger.append(arrived("c1"))
        while not ledger._pausing:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(1.0)  # the pauses have become long
        ledger.append(arrived("c2"))
        began = loop.time()
    assert loop.time() - began < 2.0


async def test_a_store_written_by_a_newer_version_is_left_alone(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="newer Quietline"):
        async with open_ledger(path):
            pass


async def test_a_writer_that_dies_of_a_fault_is_noticed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        async with open_ledger(path) as ledger:

            async def fault(*_: object) -> None:
                raise ZeroDivisionError

            monkeypatch.setattr(ledger, "_commit", fault)
            ledger.append(arrived("c1"))
            with pytest.raises(ZeroDivisionError):
                await ledger.alive()


async def test_events_since_a_time_are_found_by_halving(path: Path) -> None:
    async with open_ledger(path) as ledger:
        for number in range(100):
            ledger.append(Event("agent_state", 10.0 * number, None, f"a{number % 3}", {"n": number}))
        await ledger.append()
        async with open_archive(path) as archive:
            for since in (-1.0, 0.0, 5.0, 500.0, 501.0, 990.0, 991.0):
                found = await archive.events_since(since, ["agent_state"])
                assert [e.data["n"] for e in found] == [n for n in range(100) if 10.0 * n >= since]
            assert await archive.events_since(0.0, ["ended"]) == []
            states = await archive.agent_states()
    assert {agent: event.data["n"] for agent, event in states.items()} == {"a0": 99, "a1": 97, "a2": 98}
