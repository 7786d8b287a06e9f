"""Customers in a real SQLite file and a real PostgreSQL: tables and queries of the site, only read, only bound, only until the deadline."""

from __future__ import annotations

import asyncio
import hashlib
import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import asyncpg
import pytest
from entitle_kit import OWN_COLUMNS, cheap_hash, rule

from engine.core.entitlement import Customer
from engine.core.site import SourceRule
from engine.entitle.sql import PostgresSource, SqliteSource, query
from engine.errors import SourceUnreachable

PHONE = "+359888000001"
PIN = cheap_hash("1234")
ANA = Customer("0042", "Ana", "gold", (PHONE,), PIN, date(2026, 1, 1), date(2026, 12, 31), False)
INJECTED = ["' OR 1=1 --", "0042'; DROP TABLE customers; --", '"', "0042\0", ":number", "$1", "%"]


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    path = tmp_path / "crm ?#.db"
    with closing(sqlite3.connect(path)) as db:
        columns = '"number" TEXT, name TEXT, phones TEXT, pin TEXT, level TEXT, "from" TEXT, until TEXT, blocked INTEGER'
        db.execute(f"CREATE TABLE customers ({columns})")
        db.execute("CREATE TABLE people (id INTEGER, tier TEXT, tel TEXT, ends TEXT)")
        row = ("0042", "Ana", PHONE, PIN, "gold", "2026-01-01", "2026-12-31", 0)
        db.execute(f"INSERT INTO customers VALUES ({','.join('?' * 8)})", row)
        db.executemany(
            "INSERT INTO people VALUES (?, ?, ?, ?)", [(7, "silver", PHONE, None), (8, "tin", "x", None)]
        )
        db.commit()
    return path


def digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def sqlite_rule(path: Path, **values: object) -> SourceRule:
    return rule("sql", file=str(path), **{"table": "customers", **values})


async def found(given: SourceRule, by: str, value: str) -> list[Customer]:
    source = SqliteSource(given)
    try:
        return list(await (source.by_phone if by == "phone" else source.by_number)(value))
    finally:
        await source.close()


async def test_a_customer_of_a_table_is_found_by_number_and_by_phone(crm: Path) -> None:
    assert await found(sqlite_rule(crm), "number", "0042") == [ANA]
    assert await found(sqlite_rule(crm), "phone", PHONE) == [ANA]
    assert await found(sqlite_rule(crm), "number", "42") == []


async def test_a_table_with_names_of_its_own_and_fewer_columns(crm: Path) -> None:
    columns = {"number": "id", "phones": "tel", "level": "tier"}
    given = sqlite_rule(crm, table="people", columns=columns)
    assert await found(given, "number", "7") == [Customer("7", level="silver", phones=(PHONE,))]


async def test_a_query_of_the_sites_own(crm: Path) -> None:
    text = "SELECT id AS number, tier AS level, ends AS until FROM people WHERE"
    given = sqlite_rule(crm, table=None, by_number=f"{text} id = :number", by_phone=f"{text} tel = :phone")
    assert await found(given, "number", "7") == [Customer("7", level="silver")]
    assert await found(given, "phone", PHONE) == [Customer("7", level="silver", phones=(PHONE,))]


@pytest.mark.parametrize("value", INJECTED)
async def test_what_is_looked_for_is_never_part_of_the_query(crm: Path, value: str) -> None:
    assert await found(sqlite_rule(crm), "number", value) == []
    assert await found(sqlite_rule(crm), "number", "0042") == [ANA]


@pytest.mark.parametrize(
    "statement", ["DELETE FROM customers", "INSERT INTO people VALUES (1, 2, 3, 4)", "DROP TABLE people"]
)
async def test_nothing_is_written_whatever_the_query_says(crm: Path, statement: str) -> None:
    before = digest(crm)
    with pytest.raises(SourceUnreachable):
        await found(sqlite_rule(crm, table=None, by_number=statement), "number", "0042")
    assert digest(crm) == before


async def test_a_row_that_cannot_be_read_a_table_that_is_not_there_and_no_file_are_unreachable(
    crm: Path,
) -> None:
    columns = {"number": "id", "phones": "tel", "level": "tier"}
    for given, value in (
        (sqlite_rule(crm, table="people", columns=columns), "8"),
        (sqlite_rule(crm, table="nobody"), "8"),
        (sqlite_rule(crm.with_name("none.db")), "8"),
        (sqlite_rule(Path(__file__)), "8"),
    ):
        with pytest.raises(SourceUnreachable):
            await found(given, "number", value)
    assert not crm.with_name("none.db").exists()


async def test_a_query_without_an_end_is_broken_off_at_the_deadline_and_the_next_one_is_answered(
    crm: Path,
) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) AS number FROM n WHERE :number <> ''"
    source = SqliteSource(sqlite_rule(crm, table="customers", by_number=endless, deadline=1.0))
    try:
        began = time.monotonic()
        with pytest.raises(SourceUnreachable):
            await source.by_number("1")
        assert time.monotonic() - began < 5
        assert await source.by_phone(PHONE) == [ANA]
    finally:
        await source.close()


# --- PostgreSQL ---------------------------------------------------------------------------------

SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
needs_server = pytest.mark.skipif(
    not SERVERS, reason="PostgreSQL is not installed: apt-get install postgresql"
)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def as_somebody() -> dict[str, int]:
    """A server does not run as root: then as nobody."""
    if os.getuid():
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of the test's own, on the loopback address; gives its address."""
    folder = Path("/tmp") / f"quietline-postgres-{os.getpid()}"
    folder.mkdir(mode=0o700)
    who, port, binaries = as_somebody(), free_port(), SERVERS[-1].parent
    if who:
        os.chown(folder, who["user"], who["group"])
    data, log = folder / "data", tmp_path_factory.mktemp("postgres") / "log"
    with log.open("wb") as out:
        make = [binaries / "initdb", "-D", data, "-U", "crm", "-A", "trust", "-E", "UTF8", "--no-sync"]
        subprocess.run(make, check=True, stdout=out, stderr=out, cwd="/", **who)
        serve = [
            binaries / "postgres",
            "-D",
            data,
            "-p",
            str(port),
            "-k",
            str(folder),
            "-h",
            "127.0.0.1",
            "-F",
        ]
        process = subprocess.Popen(serve, stdout=out, stderr=out, cwd="/", **who)
    try:
        address = f"postgresql://crm@127.0.0.1:{port}/postgres"
        asyncio.run(fill(address))
        yield address
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)


async def fill(address: str) -> None:
    for _ in range(200):
        try:
            db = await asyncpg.connect(address)
            break
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.05)
    await db.execute(
        'CREATE TABLE customers (number varchar(20) PRIMARY KEY, name text, phones text, pin text, level text, "from" date,'
        " until timestamp, blocked boolean);"
        "CREATE TABLE people (id bigint, tels text[])"
    )
    row = ("0042", "Ana", PHONE, PIN, "gold", ANA.begins, ANA.ends, False)
    await db.execute("INSERT INTO customers VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", *row)
    await db.execute("INSERT INTO people VALUES (7, $1)", [PHONE, "+359888000002"])
    await db.close()


def postgres_rule(address: str, **values: object) -> SourceRule:
    return rule("sql", url=address, **{"table": "public.customers", **values})


async def told(given: SourceRule, by: str, value: str) -> list[Customer]:
    source = PostgresSource(given)
    try:
        return list(await (source.by_phone if by == "phone" else source.by_number)(value))
    finally:
        await source.close()


@needs_server
async def test_a_postgresql_table_tells_the_same(server: str) -> None:
    assert await told(postgres_rule(server), "number", "0042") == [ANA]
    assert await told(postgres_rule(server), "phone", PHONE) == [ANA]
    assert await told(postgres_rule(server), "number", "42") == []


@needs_server
async def test_a_postgresql_query_of_the_sites_own(server: str) -> None:
    text = "SELECT id AS number, tels AS phones FROM people WHERE"
    queries = {"by_number": f"{text} id::text = :number", "by_phone": f"{text} :phone = ANY(tels)"}
    given = postgres_rule(server, table=None, **queries)
    assert await told(given, "number", "7") == [Customer("7", phones=(PHONE, "+359888000002"))]
    assert await told(given, "phone", "+359888000002") == [Customer("7", phones=("+359888000002",))]


@needs_server
@pytest.mark.parametrize("value", [one for one in INJECTED if "\0" not in one])
async def test_what_postgresql_looks_for_is_never_part_of_the_query(server: str, value: str) -> None:
    assert await told(postgres_rule(server), "number", value) == []
    assert await told(postgres_rule(server), "number", "0042") == [ANA]


@needs_server
async def test_postgresql_is_only_read(server: str) -> None:
    text = "WITH gone AS (DELETE FROM customers RETURNING *) SELECT * FROM gone WHERE number = :number"
    with pytest.raises(SourceUnreachable, match="sql"):
        await told(postgres_rule(server, table=None, by_number=text), "number", "0042")
    assert await told(postgres_rule(server), "number", "0042") == [ANA]


@needs_server
async def test_a_slow_postgresql_is_broken_off_and_asked_again(server: str) -> None:
    text = "SELECT :number AS number, pg_sleep(60)::text AS name"
    source = PostgresSource(postgres_rule(server, by_number=text, deadline=1.0))
    try:
        for _ in range(6):  # more than there are connections
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await source.by_number("1")
        assert await source.by_phone(PHONE) == [ANA]
    finally:
        await source.close()


async def test_a_postgresql_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(SourceUnreachable, match="sql"):
        await told(postgres_rule(f"postgresql://crm@127.0.0.1:{free_port()}/postgres"), "number", "1")


def test_the_rules_columns_are_quoted() -> None:
    given = replace(rule("sql", table="crm.customers"), columns={**OWN_COLUMNS, "number": 'a" OR 1=1 --'})
    assert query(given, "number").endswith('FROM "crm"."customers" WHERE "a"" OR 1=1 --" = :number')
