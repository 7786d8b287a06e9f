"""Reading the store: contacts, their events, flow versions, and what the distributor needs to start again."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
import orjson

from engine.core.contact import FIELDS
from engine.core.event import Event
from engine.core.first_contact import Asked
from engine.errors import StoreError
from engine.store.migrate import cannot_use, connect_readonly

_EVENT = "seq, at, contact, agent, kind, data"
_REQUEST = (
    *("number", "contact", "kind", "code", "priority", "state", "customer", "from_number", "note"),
    *("information", "work_order", "owner", "opened_at", "changed_at"),
)
_WORK_ORDER = (
    *("number", "code", "title", "customer", "about", "priority", "state"),
    *("opened_at", "due_at", "changed_at", "closed_at", "by", "why"),
)


def _event(row: Iterable[Any]) -> Event:
    seq, at, contact, agent, kind, data = row
    return Event(kind, at, contact, agent, orjson.loads(data), seq)


def _record(row: Iterable[Any]) -> dict[str, Any]:
    record = dict(zip(FIELDS, row, strict=True))
    if record["entitlement"] is not None:
        record["entitlement"] = orjson.loads(record["entitlement"])
    record["legs"] = orjson.loads(record["legs"]) if record["legs"] else []
    return record


class Archive:
    """Questions to the store; works beside a running engine and without one."""

    def __init__(self, db: aiosqlite.Connection, path: Path) -> None:
        self._db = db
        self._path = path
        self._reading = 0

    @property
    def busy(self) -> bool:
        """True while a question is under way (a virtual clock must not run ahead of it)."""
        return self._reading > 0

    async def reopen(self) -> None:
        """Read from the file that lies there now. Raises StoreError; then the old one is read on."""
        fresh = await connect_readonly(self._path)
        old, self._db = self._db, fresh
        await old.close()

    async def close(self) -> None:
        """Let go of the file."""
        await self._db.close()

    async def contacts(self, since: float = 0.0, outcome: str | None = None) -> list[dict[str, Any]]:
        """Contact records that arrived at `since` (epoch seconds) or later, oldest first; open ones have no outcome yet."""
        sql = f"SELECT {', '.join(FIELDS)} FROM contacts WHERE arrived_at >= ?"
        values: list[Any] = [since]
        if outcome is not None:
            sql, values = f"{sql} AND outcome = ?", [*values, outcome]
        rows = await self._rows(f"{sql} ORDER BY arrived_at, id", values)
        return [_record(row) for row in rows]

    async def contact(self, contact_id: str) -> dict[str, Any]:
        """One contact record. Raises StoreError when there is none."""
        rows = await self._rows(f"SELECT {', '.join(FIELDS)} FROM contacts WHERE id = ?", [contact_id])
        if not rows:
            raise StoreError(f"There is no contact {contact_id!r}; `quietline contacts` lists them.")
        return _record(rows[0])

    async def recordings_of(self, contacts: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """What was recorded of these contacts' conversations and is still kept, by contact, in order."""
        kept: dict[str, list[dict[str, Any]]] = {}
        names = ("file", "seconds", "at", "until")
        wanted = set(contacts)
        for contact, *row in await self._rows(
            f"SELECT contact, {', '.join(names)} FROM recordings ORDER BY at, name"
        ):
            if contact in wanted:
                kept.setdefault(contact, []).append(dict(zip(names, row, strict=True)))
        return kept

    async def voice_of(self, contacts: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """How well people heard each other in these contacts, by contact: the data of their `voice` events, in order."""
        told: dict[str, list[dict[str, Any]]] = {}
        sql = "SELECT contact, data FROM voice WHERE contact IN (SELECT value FROM json_each(?)) ORDER BY contact, at"
        for contact, data in await self._rows(sql, [orjson.dumps(list(contacts)).decode()]):
            told.setdefault(contact, []).append(orjson.loads(data))
        return told

    async def recordings_until(self, now: float) -> list[tuple[str, str, str]]:
        """Recordings that were to be kept until now or earlier: contact, name and file."""
        rows = await self._rows(
            "SELECT contact, name, file FROM recordings WHERE until <= ? ORDER BY until", [now]
        )
        return [(contact, name, file) for contact, name, file in rows]

    async def open_contacts(self) -> list[str]:
        """The ids of contacts that have not ended, oldest first."""
        sql = "SELECT id FROM contacts WHERE ended_at IS NULL ORDER BY arrived_at, id"
        return [str(row[0]) for row in await self._rows(sql)]

    async def since(self, at: float) -> list[str]:
        """The ids of contacts that arrived at `at` (epoch seconds) or later, oldest first."""
        sql = "SELECT id FROM contacts WHERE arrived_at >= ? ORDER BY arrived_at, id"
        return [str(row[0]) for row in await self._rows(sql, [at])]

    async def latest(self, most: int) -> list[str]:
        """The ids of the contacts that arrived last, oldest first."""
        sql = "SELECT id FROM contacts ORDER BY arrived_at DESC, id DESC LIMIT ?"
        return [str(row[0]) for row in await self._rows(sql, [most])][::-1]

    async def beginning(self, text: str, most: int) -> list[str]:
        """Ids of contacts that begin so, in order, at most so many; one that is nothing but this text comes first."""
        sql = "SELECT id FROM contacts WHERE id >= ? AND substr(id, 1, ?) = ? ORDER BY id LIMIT ?"
        return [str(row[0]) for row in await self._rows(sql, [text, len(text), text, most])]

    async def known(self, contact_id: str) -> bool:
        """True when this contact was ever committed."""
        return bool(await self._rows("SELECT 1 FROM contacts WHERE id = ?", [contact_id]))

    async def events(self, contact_id: str) -> list[Event]:
        """A contact's events, in order."""
        sql = f"SELECT {_EVENT} FROM events WHERE contact = ? ORDER BY seq"
        return [_event(row) for row in await self._rows(sql, [contact_id])]

    async def events_after(self, seq: int, limit: int = 1000) -> list[Event]:
        """Events with a higher `seq`, in order; for following the log."""
        sql = f"SELECT {_EVENT} FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
        return [_event(row) for row in await self._rows(sql, [seq, limit])]

    async def events_since(self, at: float, kinds: Iterable[str]) -> list[Event]:
        """Events of some kinds that were written since `at` (epoch seconds), in order."""
        wanted = list(kinds)
        sql = f"SELECT {_EVENT} FROM events WHERE seq >= ? AND kind IN ({','.join('?' * len(wanted))}) ORDER BY seq"
        return [_event(row) for row in await self._rows(sql, [await self.first_seq(at), *wanted])]

    async def first_seq(self, at: float) -> int:
        """The first event of a time or later. The log is in order of time, so halving finds it without an index."""
        low, high = 1, await self.last_seq() + 1
        while low < high:
            middle = (low + high) // 2
            rows = await self._rows("SELECT at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1", [middle])
            low, high = (low, middle) if rows[0][0] >= at else (middle + 1, high)
        return low

    async def counted(self, first: int, last: int, kinds: Iterable[str]) -> list[Event]:
        """Events of some kinds with these numbers, first and last included, in order; of `step` only those that book a callback."""
        wanted = list(kinds)
        sql = (
            f"SELECT {_EVENT} FROM events WHERE seq BETWEEN ? AND ? AND kind IN ({','.join('?' * len(wanted))}) "
            "AND (kind <> 'step' OR data LIKE '%\"Book\"%') ORDER BY seq"
        )
        return [_event(row) for row in await self._rows(sql, [first, last, *wanted])]

    async def under_way(self, at: float, first: int, kinds: Iterable[str]) -> list[Event]:
        """What had happened before event `first`, at `at`, to the contacts that were under way then, and each agent's last state."""
        wanted = list(kinds)
        ids = "SELECT id FROM contacts WHERE arrived_at < ? AND (ended_at IS NULL OR ended_at >= ?)"
        marks = ",".join("?" * len(wanted))
        sql = f"SELECT {_EVENT} FROM events WHERE contact IN ({ids}) AND seq < ? AND kind IN ({marks})"
        found = [_event(row) for row in await self._rows(sql, [at, at, first, *wanted])]
        newest = "SELECT max(seq) FROM events WHERE kind = 'agent_state' AND seq < ? GROUP BY agent"
        sql = f"SELECT {_EVENT} FROM events WHERE seq IN ({newest})"
        found += [_event(row) for row in await self._rows(sql, [first])]
        return sorted(found, key=lambda event: event.seq)

    async def floor(self, last: int, kinds: Iterable[str]) -> list[Event]:
        """What the floor is made of up to event `last`: events of some kinds of open contacts, each agent's last state, the doors."""
        wanted = list(kinds)
        mine = f"contact IN (SELECT id FROM contacts WHERE ended_at IS NULL) AND kind IN ({','.join('?' * len(wanted))})"
        newest = "seq IN (SELECT max(seq) FROM events WHERE kind = 'agent_state' GROUP BY agent)"
        doors = "seq IN (SELECT max(seq) FROM events WHERE kind = 'doors')"
        parts = " UNION ".join(f"SELECT {_EVENT} FROM events WHERE {part}" for part in (mine, newest, doors))
        found = [_event(row) for row in await self._rows(f"{parts} ORDER BY seq", wanted)]
        return [event for event in found if event.seq <= last]

    async def asked_since(self, at: float) -> list[Asked]:
        """Requests that were opened at `at` or later, as they stand."""
        columns = "contact, customer, from_number, code, work_order, opened_at, state"
        rows = await self._rows(f"SELECT {columns} FROM requests WHERE opened_at >= ? ORDER BY number", [at])
        return [Asked(*row) for row in rows]

    async def last_seq(self) -> int:
        """The newest event's number, 0 for an empty log."""
        rows = await self._rows("SELECT coalesce(max(seq), 0) FROM events")
        return int(rows[0][0])

    async def agent_states(self) -> dict[str, Event]:
        """The newest `agent_state` event of every agent."""
        newest = "SELECT max(seq) FROM events WHERE kind = 'agent_state' GROUP BY agent"
        sql = f"SELECT {_EVENT} FROM events WHERE seq IN ({newest})"
        return {str(e.agent): e for e in map(_event, await self._rows(sql))}

    async def bulletins(self) -> list[Event]:
        """Every `bulletin` event, in order."""
        sql = f"SELECT {_EVENT} FROM events WHERE kind = 'bulletin' ORDER BY seq"
        return [_event(row) for row in await self._rows(sql)]

    async def overrides(self) -> list[Event]:
        """Every `override` event, in order: people say few of them."""
        sql = f"SELECT {_EVENT} FROM events WHERE kind = 'override' ORDER BY seq"
        return [_event(row) for row in await self._rows(sql)]

    async def published(self) -> list[Event]:
        """Every `published` event, in order."""
        sql = f"SELECT {_EVENT} FROM events WHERE kind = 'published' ORDER BY seq"
        return [_event(row) for row in await self._rows(sql)]

    async def doors(self) -> list[Event]:
        """The newest `doors` event, if there is one."""
        sql = f"SELECT {_EVENT} FROM events WHERE kind = 'doors' ORDER BY seq DESC LIMIT 1"
        return [_event(row) for row in await self._rows(sql)]

    async def flow_source(self, digest: str) -> tuple[str, str]:
        """A stored version of a flow: its name and source text. Raises StoreError when it is not there."""
        rows = await self._rows("SELECT name, source FROM flows WHERE hash = ?", [digest])
        if not rows:
            raise StoreError(f"Flow version {digest[:12]} is not in the store; its calls cannot be replayed.")
        return str(rows[0][0]), str(rows[0][1])

    async def messages(self, contact_id: str) -> list[dict[str, Any]]:
        """The messages a contact left: mailbox, file, seconds, at."""
        sql = "SELECT mailbox, file, seconds, at FROM messages WHERE contact = ? ORDER BY at"
        names = ("mailbox", "file", "seconds", "at")
        return [dict(zip(names, row, strict=True)) for row in await self._rows(sql, [contact_id])]

    async def languages(self, who: Sequence[str]) -> list[str]:
        """The languages that were chosen before by a caller who is known in these ways, in their order."""
        sql = f"SELECT who, language FROM languages WHERE who IN ({','.join('?' * len(who))})"
        found = dict(await self._rows(sql, who)) if who else {}
        return [found[one] for one in who if one in found]

    async def spoken_with(self, contact: str, customer: str, from_number: str) -> str | None:
        """The agent who spoke last with this customer, or else with this number; `contact` itself does not count."""
        for known, value in (
            ("json_extract(entitlement, '$.customer')", customer),
            ("from_number", from_number),
        ):
            sql = f"SELECT agent FROM contacts WHERE {known} = ? AND agent IS NOT NULL AND id <> ? ORDER BY arrived_at DESC LIMIT 1"
            if value and (rows := await self._rows(sql, [value, contact])):
                return str(rows[0][0])
        return None

    async def owner(self, customer: str, from_number: str) -> str | None:
        """Whose the newest open request of a customer is (else of a number): its owner, or the agent who spoke with the caller then."""
        column, value = ("customer", customer) if customer else ("from_number", from_number)
        sql = f"""SELECT coalesce(owner, agent) FROM requests JOIN contacts ON contacts.id = contact
            WHERE requests.{column} = ? AND state <> 'resolved' AND coalesce(owner, agent) IS NOT NULL ORDER BY number DESC LIMIT 1"""
        rows = await self._rows(sql, [value]) if value else []
        return str(rows[0][0]) if rows else None

    async def told_requests(self, customer: str, from_number: str, since: float) -> list[dict[str, Any]]:
        """Number, state and work order of a customer's requests, the newest first; without a customer, the caller's.

        Resolved ones are among them when that was `since` (epoch seconds) or later.
        """
        column, value = ("customer", customer) if customer else ("from_number", from_number)
        if not value:
            return []
        wanted = f"{column} = ? AND (state <> 'resolved' OR changed_at >= ?)"
        sql = f"SELECT number, state, work_order FROM requests WHERE {wanted} ORDER BY number DESC LIMIT 20"
        names = ("number", "state", "work_order")
        return [dict(zip(names, row, strict=True)) for row in await self._rows(sql, [value, since])]

    async def requests(self, contact: str) -> list[dict[str, Any]]:
        """A contact's requests with all their fields."""
        return await self._requests("WHERE contact = ? ORDER BY number", contact)

    async def all_requests(self, resolved: bool = False) -> list[dict[str, Any]]:
        """Every request, the oldest first; `resolved` ones only where they are asked for."""
        which = "" if resolved else "WHERE state <> 'resolved'"
        return await self._requests(f"{which} ORDER BY number")

    async def request(self, number: int) -> dict[str, Any] | None:
        """One request, if there is one of this number."""
        return next(iter(await self._requests("WHERE number = ?", number)), None)

    async def requests_of(self, work_order: int) -> list[dict[str, Any]]:
        """The requests that hang on a work order."""
        return await self._requests("WHERE work_order = ? ORDER BY number", work_order)

    async def work_orders(self, resolved: bool = False) -> list[dict[str, Any]]:
        """Every work order with the count of its requests, the oldest first; `resolved` ones only where they are asked for."""
        return await self._work_orders("" if resolved else "WHERE state <> 'resolved'")

    async def work_order(self, number: int) -> dict[str, Any] | None:
        """One work order, if there is one of this number."""
        return next(iter(await self._work_orders("WHERE number = ?", number)), None)

    async def open_work_order_events(self) -> list[Event]:
        """What made the work orders that are not resolved, and what hangs on them, in order."""
        live = "SELECT number FROM work_orders WHERE state <> 'resolved'"
        made = f"kind = 'work_order' AND json_extract(data, '$.number') IN ({live})"
        hung = f"kind = 'request' AND json_extract(data, '$.work_order') IN ({live})"
        parts = " UNION ALL ".join(f"SELECT {_EVENT} FROM events WHERE {part}" for part in (made, hung))
        return [_event(row) for row in await self._rows(f"{parts} ORDER BY seq")]

    async def history_of_work_order(self, number: int) -> list[Event]:
        """Everything that happened to a work order, in order."""
        made = "kind = 'work_order' AND json_extract(data, '$.number') = ?"
        sql = f"SELECT {_EVENT} FROM events WHERE {made} ORDER BY seq"
        return [_event(row) for row in await self._rows(sql, [number])]

    async def history_of_request(self, number: int, contact: str) -> list[Event]:
        """Everything that happened to a contact's request, in order."""
        kinds = ("request", "request_state", "request_owner")
        return [e for e in await self.events(contact) if e.kind in kinds and e.data.get("number") == number]

    async def _requests(self, which: str, *values: object) -> list[dict[str, Any]]:
        sql = f"SELECT {', '.join(_REQUEST)} FROM requests {which}"
        rows = [dict(zip(_REQUEST, row, strict=True)) for row in await self._rows(sql, values)]
        return [{**row, "information": orjson.loads(row["information"])} for row in rows]

    async def _work_orders(self, which: str, *values: object) -> list[dict[str, Any]]:
        count = "(SELECT count(*) FROM requests WHERE work_order = work_orders.number)"
        sql = f"SELECT {', '.join(_WORK_ORDER)}, {count} FROM work_orders {which} ORDER BY number"
        names = (*_WORK_ORDER, "requests")
        return [dict(zip(names, row, strict=True)) for row in await self._rows(sql, values)]

    async def _rows(self, sql: str, values: Iterable[Any] = ()) -> list[Any]:
        self._reading += 1
        try:
            return list(await self._db.execute_fetchall(sql, list(values)))
        except sqlite3.Error as error:
            raise cannot_use(self._path, error) from error
        finally:
            self._reading -= 1


@asynccontextmanager
async def open_archive(path: Path) -> AsyncIterator[Archive]:
    """Open the store for reading. Raises StoreError when there is none."""
    archive = Archive(await connect_readonly(path), path)
    try:
        yield archive
    finally:
        await archive.close()
