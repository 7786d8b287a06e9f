"""The log told to those who listen: after the disk, in order, the newest state of each thing, and what a slow reader has missed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.core.event import Event
from engine.core.site import AgentRule, QueueRule, Settings
from engine.store.archive import open_archive
from engine.store.ledger import Ledger, open_ledger
from engine.store.stream import EVERY, MOST_BEHIND, MOST_LISTENERS, Mailbox, Stream, Told, TooMany

SETTINGS = replace(
    Settings(("en",), {}, {}, {}, {}, {}, {}, {}),
    queues={"sales": QueueRule("sales")},
    agents={"2001": AgentRule("2001", ("sales",))},
)


@asynccontextmanager
async def streaming(folder: Path) -> AsyncIterator[tuple[Ledger, Stream]]:
    """A store, and the stream of it."""
    path = folder / "quietline.db"
    async with open_ledger(path, durable=False) as ledger, open_archive(path) as archive:
        stream = Stream(ledger, archive, lambda: SETTINGS, lambda _: None, lambda: 1000.0)
        task = asyncio.create_task(stream.run())
        try:
            yield ledger, stream
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def arrived(contact: str) -> Event:
    about = {"from_number": "7001", "to_number": "100", "channel": contact, "language": "en", "via": "sip"}
    return Event("arrived", 1.0, contact, data={**about, "flow": "support", "flow_hash": ""})


def agent(state: str, at: float = 2.0) -> Event:
    about = {"reason": "", "contact": None, "until": None, "since": at, "idle_since": at, "then": ""}
    return Event("agent_state", at, None, "2001", {"state": state, "then_reason": "", **about})


async def got(mailbox: Mailbox, wanted: int) -> list[dict[str, Any]]:
    """So many messages."""
    found = []
    for _ in range(wanted):
        told = await asyncio.wait_for(mailbox.get(), 10)
        assert told is not None
        found.append(told.message)
    return found


def test_a_listener_gets_a_snapshot_first_and_then_what_happens(tmp_path: Path) -> None:
    async def main() -> None:
        async with streaming(tmp_path) as (ledger, stream):
            await ledger.append(agent("ready"))
            mailbox = await stream.join()
            (snapshot,) = await got(mailbox, 1)
            assert (snapshot["type"], snapshot["seq"]) == ("snapshot", 1)
            assert snapshot["agents"]["2001"]["state"] == "ready"
            assert snapshot["queues"]["sales"]["ready"] == 1
            await ledger.append(arrived("c1"), agent("paused"))
            messages = await got(mailbox, 3)
            kinds = [(m["type"], m.get("contact") or m.get("agent") or m.get("queue")) for m in messages]
            assert kinds == [("contact", "c1"), ("agent", "2001"), ("queue", "sales")]
            assert messages[1]["state"] == "paused"
            assert messages[2]["paused"] == 1

    asyncio.run(main())


def test_nothing_is_told_that_is_not_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with streaming(tmp_path) as (ledger, stream):
            await ledger.append(arrived("c0"))
            mailbox = await stream.join()
            await got(mailbox, 1)
            may = asyncio.Event()
            commit = ledger._commit

            async def slow(*arguments: Any) -> None:
                await may.wait()
                await commit(*arguments)

            monkeypatch.setattr(ledger, "_commit", slow)
            written = ledger.append(arrived("c1"))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(mailbox.get(), 0.3)
            may.set()
            await written
            assert (await got(mailbox, 1))[0]["contact"] == "c1"

    asyncio.run(main())


def test_of_many_states_in_a_moment_the_first_and_the_newest_are_told(tmp_path: Path) -> None:
    async def main() -> None:
        async with streaming(tmp_path) as (ledger, stream):
            mailbox = await stream.join()
            await got(mailbox, 1)
            began = asyncio.get_running_loop().time()
            told: list[str] = []
            for turn in range(200):
                await ledger.append(agent("paused" if turn % 2 else "ready", float(turn)))
            await ledger.append(agent("logged_out", 300.0))
            while "logged_out" not in told:
                told += [m["state"] for m in await got(mailbox, 1) if m["type"] == "agent"]
            took = asyncio.get_running_loop().time() - began
            assert len(told) <= took / EVERY + 2

    asyncio.run(main())


def test_what_happens_to_contacts_is_told_whole_and_in_order(tmp_path: Path) -> None:
    async def main() -> None:
        async with streaming(tmp_path) as (ledger, stream):
            mailbox = await stream.join()
            await got(mailbox, 1)
            for i in range(1500):
                ledger.append(arrived(f"c{i:04}"))
            messages = await got(mailbox, 1500)
            assert [m["contact"] for m in messages] == [f"c{i:04}" for i in range(1500)]
            assert [m["seq"] for m in messages] == list(range(1, 1501))

    asyncio.run(main())


def test_a_reader_who_takes_nothing_is_told_how_much_it_has_missed_and_starts_afresh(tmp_path: Path) -> None:
    async def main() -> None:
        async with streaming(tmp_path) as (ledger, stream):
            slow, quick = await stream.join(), await stream.join()
            kinds: list[str] = []
            for i in range(0, MOST_BEHIND + 500, 500):
                await ledger.append(*(arrived(f"c{j}") for j in range(i, i + 500)))
                while len(kinds) < i + 501:
                    told = await quick.get()
                    assert told is not None
                    kinds.append(told.message["type"])
            assert kinds == ["snapshot"] + ["contact"] * (MOST_BEHIND + 500)  # nobody else notices
            missed, snapshot, *rest = await got(slow, 3)
            assert (missed["type"], snapshot["type"]) == ("missed", "snapshot")
            assert missed["count"] == MOST_BEHIND + 1
            assert rest[0]["type"] == "contact"

    asyncio.run(main())


def test_who_comes_back_gets_a_snapshot_and_every_event_since(tmp_path: Path) -> None:
    async def main() -> None:
        async with streaming(tmp_path) as (ledger, stream):
            for i in range(10):
                await ledger.append(arrived(f"c{i}"))
            first = await stream.join(6)
            snapshot, *rest = await got(first, 5)
            assert snapshot["type"] == "snapshot"
            assert [m["seq"] for m in rest] == [7, 8, 9, 10]
            for unheard in (None, 10, 999):  # nothing was missed, or the number is of another store
                mailbox = await stream.join(unheard)
                assert (await got(mailbox, 1))[0]["seq"] == 10
                stream.leave(mailbox)
            stream.leave(first)
            for i in range(MOST_BEHIND):
                ledger.append(arrived(f"d{i}"))
            await ledger.append(arrived("last"))
            missed, snapshot = await got(await stream.join(6), 2)
            assert (missed["type"], missed["count"]) == ("missed", MOST_BEHIND + 5)
            assert snapshot["seq"] == MOST_BEHIND + 11

    asyncio.run(main())


def test_where_a_reader_goes_on_is_before_everything_it_has_not_had(tmp_path: Path) -> None:
    """The number of the snapshot that is sent to who comes back is theirs, not the newest."""

    async def main() -> None:
        async with streaming(tmp_path) as (ledger, stream):
            for i in range(10):
                await ledger.append(arrived(f"c{i}"))
            told = await (await stream.join(4)).get()
            assert told is not None and told.seq == 4

    asyncio.run(main())


def test_while_nobody_listens_nothing_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with streaming(tmp_path) as (ledger, stream):
            looked: list[None] = []
            monkeypatch.setattr(stream, "_look", lambda: looked.append(None))
            await ledger.append(arrived("c1"))
            await asyncio.sleep(0.1)
            assert not looked
            monkeypatch.undo()
            mailbox = await stream.join()
            stream.leave(mailbox)
            await ledger.append(arrived("c2"))
            assert stream.listeners == 0

    asyncio.run(main())


def test_more_listeners_than_there_may_be_are_turned_away(tmp_path: Path) -> None:
    async def main() -> None:
        async with streaming(tmp_path) as (_, stream):
            mailboxes = await asyncio.gather(*(stream.join() for _ in range(MOST_LISTENERS)))
            with pytest.raises(TooMany):
                await stream.join()
            stream.leave(mailboxes[0])
            await stream.join()

    asyncio.run(main())


def test_a_message_is_one_line_in_which_nothing_means_anything_to_html() -> None:
    told = Told(1, {"type": "contact", "from": '</script><img src=x onerror="a&b">\u2028\n'})
    assert not set(told.text) & set(b"<>&\n\r")
    assert json.loads(told.text) == told.message
