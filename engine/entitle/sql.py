"""Customers in a table of SQL: a SQLite file, or PostgreSQL by its address. Nothing is ever written there.

A table is asked by its columns, one phone (E.164) in a row's `phones`; other tables by queries of the site's own, in which `:phone` or
`:number` stands for what is looked for. Values are always bound, never put into the query's text.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import asyncpg

from engine.core.entitlement import Customer
from engine.core.site import SourceRule
from engine.entitle.port import MOST
from engine.entitle.rows import BadRow, customer
from engine.errors import SourceUnreachable

#: Steps of SQLite's machine between two looks at the clock.
_STEPS = 10_000
_SLOT = re.compile(r":(?:phone|number)\b")


def query(rule: SourceRule, column: str) -> str:
    """The query for the customers with a phone or a number; the one slot in it is `:phone` or `:number`."""
    own = rule.by_phone if column == "phones" else rule.by_number
    if own is not None:
        return own
    slot = ":phone" if column == "phones" else ":number"
    columns = ", ".join(f"{_quoted(theirs)} AS {_quoted(ours)}" for ours, theirs in rule.columns.items())
    table = ".".join(map(_quoted, (rule.table or "").split(".")))
    return f"SELECT {columns} FROM {table} WHERE {_quoted(rule.columns[column])} = {slot}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _customers(rows: Sequence[Mapping[str, Any]], rule: SourceRule, phone: str = "") -> list[Customer]:
    try:
        found = [customer({name: _text(value) for name, value in row.items()}, rule) for row in rows]
    except BadRow as bad:
        raise SourceUnreachable("bad_answer", str(bad)) from bad
    return [replace(one, phones=(phone,)) if phone else one for one in found]


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case list():
            return "|".join(map(str, value))
        case _:
            return str(value)


class SqliteSource:
    """A SQLite file as a source of customers; a thread of its own opens it anew for each question, so it may be replaced at any time."""

    def __init__(self, rule: SourceRule) -> None:
        self._rule = rule
        self._thread = ThreadPoolExecutor(1, f"customers {rule.name}")

    async def by_phone(self, phone: str) -> Sequence[Customer]:
        """The customers with a phone."""
        return _customers(await self._ask(query(self._rule, "phones"), phone), self._rule, phone)

    async def by_number(self, number: str) -> Sequence[Customer]:
        """The customers with a number."""
        return _customers(await self._ask(query(self._rule, "number"), number), self._rule)

    async def prepare(self) -> None:
        """Nothing is read beforehand."""

    async def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _ask(self, sql: str, value: str) -> list[dict[str, Any]]:
        until = time.monotonic() + self._rule.deadline
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._rows, sql, value, until)

    def _rows(self, sql: str, value: str, until: float) -> list[dict[str, Any]]:
        """In the thread; a query that is still at work at its deadline is broken off."""
        address = f"{Path(self._rule.file or '').as_uri()}?mode=ro"
        try:
            with closing(sqlite3.connect(address, uri=True, timeout=self._rule.deadline)) as db:
                db.execute("PRAGMA query_only = ON")
                db.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
                db.row_factory = sqlite3.Row
                asked = dict.fromkeys(("phone", "number"), value)
                return [dict(row) for row in db.execute(sql, asked).fetchmany(MOST)]
        except sqlite3.Error as error:
            raise SourceUnreachable("sql", str(error)) from error


class PostgresSource:
    """A PostgreSQL database as a source of customers; a few connections, in which every transaction only reads."""

    def __init__(self, rule: SourceRule) -> None:
        self._rule = rule
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def by_phone(self, phone: str) -> Sequence[Customer]:
        """The customers with a phone."""
        return _customers(await self._ask(query(self._rule, "phones"), phone), self._rule, phone)

    async def by_number(self, number: str) -> Sequence[Customer]:
        """The customers with a number."""
        return _customers(await self._ask(query(self._rule, "number"), number), self._rule)

    async def prepare(self) -> None:
        """Connections are made when they are needed."""

    async def close(self) -> None:
        """Close the connections, those at work too."""
        if self._pool is not None:
            self._pool.terminate()

    async def _ask(self, sql: str, value: str) -> Sequence[Mapping[str, Any]]:
        try:
            if self._pool is None:
                self._pool = await self._connect()
            async with self._pool.acquire() as connection, connection.transaction(readonly=True):
                rows = await connection.cursor(_SLOT.sub("$1::text", sql), value)
                return [dict(row) for row in await rows.fetch(MOST)]
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
            raise SourceUnreachable("sql", str(error)) from error

    async def _connect(self) -> asyncpg.Pool[asyncpg.Record]:
        """A pool that connects with its first question. Statements are not kept: a pooler before the server forgets them."""
        return await asyncpg.create_pool(
            self._rule.url,
            min_size=0,
            max_size=4,
            timeout=self._rule.deadline,
            command_timeout=self._rule.deadline,
            statement_cache_size=0,
            server_settings={"default_transaction_read_only": "on"},
        )
