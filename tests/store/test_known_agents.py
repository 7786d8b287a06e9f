"""Whom a caller knows: the agent who spoke with them last, and the owner of their open request."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from engine.core.event import Event
from engine.store.archive import open_archive
from engine.store.ledger import open_ledger


def call(contact: str, at: float, agent: str | None, number: str = "+359", customer: str = "") -> list[Event]:
    data = {
        "from_number": number,
        "to_number": "100",
        "channel": "ch",
        "flow": "f",
        "flow_hash": "h",
        "language": "en",
    }
    events = [Event("arrived", at, contact, data=data)]
    if customer:
        known = {
            "source": "crm",
            "by": "number",
            "outcome": "entitled",
            "granted": True,
            "customer": customer,
        }
        known |= {"level": None, "why": "runs", "ms": 1, "caller": "", "account": "", "failed_pin": False}
        events.append(Event("entitled", at + 1, contact, data=known))
    if agent is not None:
        spoken = {"offer": contact, "agent": agent, "queue": "desk", "leg": "l"}
        events.append(Event("connected", at + 2, contact, agent, spoken))
    return [*events, Event("ended", at + 9, contact, data={"cause": "caller"})]


async def test_the_agent_who_spoke_last_is_found_by_customer_and_else_by_number(tmp_path: Path) -> None:
    path = tmp_path / "quietline.db"
    async with open_ledger(path, durable=False) as ledger:
        for events in (
            call("c1", 100.0, "anna"),
            call("c2", 200.0, "boris", number="+44", customer="471188"),
            call("c3", 300.0, None),
            call("c4", 400.0, "chen", customer="other"),
        ):
            await ledger.append(*events)
    async with open_archive(path) as archive:
        assert await archive.spoken_with("new", "", "+359") == "chen"
        assert await archive.spoken_with("c4", "", "+359") == "anna"
        assert await archive.spoken_with("new", "471188", "+359") == "boris"
        assert await archive.spoken_with("new", "unheard of", "+359") == "chen"
        assert await archive.spoken_with("new", "", "") is None
    plan = "EXPLAIN QUERY PLAN SELECT agent FROM contacts WHERE {} = ? AND agent IS NOT NULL AND id <> ? ORDER BY arrived_at DESC LIMIT 1"
    with closing(sqlite3.connect(path)) as other:
        for known in ("from_number", "json_extract(entitlement, '$.customer')"):
            ((*_, told),) = other.execute(plan.format(known), ["x", "y"])
            assert "USING INDEX contacts_spoken_by" in told


async def test_an_open_request_is_its_owner_s_and_else_whose_call_it_came_from(tmp_path: Path) -> None:
    path = tmp_path / "quietline.db"
    async with open_ledger(path, durable=False) as ledger:
        for events in (call("c1", 100.0, "anna"), call("c2", 200.0, "boris"), call("c3", 300.0, "chen")):
            await ledger.append(*events)
    rows = [(1, "c1", "7", "open", None), (2, "c2", "7", "resolved", None), (3, "c3", "", "open", "dora")]
    with closing(sqlite3.connect(path)) as other, other:
        other.executemany(
            "INSERT INTO requests (number, contact, customer, state, owner, kind, priority, from_number, opened_at, changed_at)"
            " VALUES (?, ?, ?, ?, ?, 'action', 5, '+359', 1, 1)",
            rows,
        )
    async with open_archive(path) as archive:
        assert await archive.owner("7", "+359") == "anna"
        assert await archive.owner("", "+359") == "dora"
        assert await archive.owner("8", "+359") is None
