"""Work orders in the store: a request and its work order are written together or not at all, and rows are what the events tell."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.core.event import Event
from engine.core.work_order import WorkOrder, folded, request_moved
from engine.store.archive import open_archive
from engine.store.ledger import open_ledger

ORDER = WorkOrder(1, "jam", "Free it", "4711", "customer 4711", 6, "open", 200.0, "phone 1")
ARRIVED = {
    "from_number": "1",
    "to_number": "100",
    "channel": "c",
    "flow": "f",
    "flow_hash": "h",
    "language": "en",
}


def request(number: int, contact: str, order: int | None = 1) -> Event:
    data = {"number": number, "kind": "action", "code": "jam", "priority": 5, "note": "", "customer": "4711"}
    more = {"information": {"site": "A"}, "work_order": order, "known": False, "by": "phone 1"}
    return Event("request", 101.0, contact, data={**data, **more})


def reported() -> list[Event]:
    """What two contacts report."""
    return [
        *(Event("arrived", 100.0, contact, data=ARRIVED) for contact in ("c1", "c2")),
        *(ORDER.event(101.0, "c1"), request(1, "c1"), request(2, "c2")),
    ]


async def test_a_request_and_its_work_order_share_one_transaction(tmp_path: Path) -> None:
    async with open_ledger(tmp_path / "quietline.db") as ledger:
        await ledger._db.execute("PRAGMA busy_timeout = 10")
        with closing(sqlite3.connect(tmp_path / "quietline.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            written = ledger.append(*reported())
            while not ledger.stuck:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert rows(other) == (0, 0, 0)
            other.execute("ROLLBACK")
            await written
            assert rows(other) == (5, 1, 2)


def rows(db: sqlite3.Connection) -> tuple[int, ...]:
    return tuple(
        db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("events", "work_orders", "requests")
    )


async def test_a_row_is_the_newest_event_of_its_number_also_when_the_contact_has_long_ended(
    tmp_path: Path,
) -> None:
    ended = Event("ended", 102.0, "c1", data={"cause": "flow"})
    async with open_ledger(tmp_path / "quietline.db") as ledger:
        await ledger.append(*reported(), ended)
        closed = ORDER.moved("resolved", "mila", "done")
        await ledger.append(closed.event(150.0), request_moved(1, "c1", "resolved", "mila", "done", 1, 150.0))
        async with open_archive(tmp_path / "quietline.db") as archive:
            (order,) = await archive.work_orders(resolved=True)
            states = {one["number"]: one["state"] for one in await archive.all_requests(resolved=True)}
            assert await archive.work_orders() == [] and [
                one["number"] for one in await archive.all_requests()
            ] == [2]
            told = [e.kind for e in await archive.history_of_request(1, "c1")]
    assert (order["state"], order["by"], order["why"], order["requests"]) == ("resolved", "mila", "done", 2)
    assert (order["opened_at"], order["changed_at"], order["closed_at"]) == (101.0, 150.0, 150.0)
    assert states == {1: "resolved", 2: "open"} and told == ["request", "request_state"]


async def test_what_is_open_and_hangs_on_it_is_read_from_the_events_after_a_restart(tmp_path: Path) -> None:
    async with open_ledger(tmp_path / "quietline.db") as ledger:
        await ledger.append(*reported())
    async with (
        open_ledger(tmp_path / "quietline.db") as ledger,
        open_archive(tmp_path / "quietline.db") as archive,
    ):
        assert folded(await archive.open_work_order_events()) == folded(reported())
        assert (ledger.next_request(), ledger.next_work_order()) == (3, 2)


@pytest.mark.parametrize(("since", "told"), [(150.0, [1, 2]), (150.1, [2])])
async def test_what_was_resolved_lately_is_still_told(tmp_path: Path, since: float, told: list[int]) -> None:
    async with open_ledger(tmp_path / "quietline.db") as ledger:
        await ledger.append(*reported(), request_moved(1, "c1", "resolved", "mila", "", None, 150.0))
        async with open_archive(tmp_path / "quietline.db") as archive:
            found = await archive.told_requests("4711", "", since)
    assert sorted(one["number"] for one in found) == told
    assert {one["work_order"] for one in found} == {1}
