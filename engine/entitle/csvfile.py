"""Customers in a CSV file: read whole, and again as soon as it has changed.

Its first line names the columns (`number` must be there), separated by commas or semicolons; UTF-8. A row that cannot be read is left out
and told, with its line; so is a number that comes twice. A phone that two customers have tells neither of them.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import structlog

from engine.core.entitlement import Customer
from engine.core.site import SourceRule
from engine.entitle.rows import COLUMNS, BadRow, customer
from engine.errors import SourceUnreachable

log = structlog.get_logger()

#: Seconds a question waits for a changed file to be read; then the customers known before answer it.
PATIENCE = 0.5
#: Seconds that the first reading may take before calls are taken.
FIRST_READ = 10.0


class BadFile(ValueError):
    """The whole file cannot be used; the text says why."""


@dataclass(slots=True)
class Customers:
    """What a file holds, by number and by phone, and what could not be read: line and why."""

    by_number: dict[str, Customer] = field(default_factory=dict)
    by_phone: dict[str, list[Customer]] = field(default_factory=dict)
    faults: list[tuple[int, str]] = field(default_factory=list)

    def take(self, one: Customer) -> None:
        """Add a customer. Raises BadRow for a number that is there already."""
        if one.number in self.by_number:
            raise BadRow(f"the number '{one.number}' comes twice; the first one counts")
        self.by_number[one.number] = one
        for phone in one.phones:
            self.by_phone.setdefault(phone, []).append(one)


def read_customers(path: Path, rule: SourceRule) -> Customers:
    """Read a file. Raises BadFile."""
    found = Customers()
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line, row in _rows(file):
                try:
                    found.take(customer(_texts(row), rule))
                except BadRow as bad:
                    found.faults.append((line, str(bad)))
    except OSError as error:
        raise BadFile(f"it cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise BadFile("it is not UTF-8 text") from error
    except csv.Error as error:
        raise BadFile(f"it is no CSV ({error})") from error
    return found


def _rows(file: TextIO) -> Iterator[tuple[int, Mapping[str | None, str | list[str] | None]]]:
    head = file.readline()
    delimiter = ";" if head.count(";") > head.count(",") else ","
    columns = [name.strip() for name in next(csv.reader([head], delimiter=delimiter), [])]
    if "number" not in columns:
        raise BadFile(f"its first line names no column 'number'; known: {', '.join(COLUMNS)}")
    unknown = [name for name in columns if name not in COLUMNS]
    if unknown:
        raise BadFile(
            f"its first line names '{unknown[0][:40]}', which is no column; known: {', '.join(COLUMNS)}"
        )
    if len(set(columns)) < len(columns):
        raise BadFile("its first line names a column twice")
    rows = csv.DictReader(file, columns, delimiter=delimiter, strict=True)
    line = 2
    for row in rows:
        yield line, row
        line = rows.line_num + 2


def _texts(row: Mapping[str | None, str | list[str] | None]) -> dict[str, str]:
    if None in row:
        raise BadRow("it has more values than the first line has columns")
    return {str(name): value for name, value in row.items() if isinstance(value, str)}


class CsvSource:
    """A CSV file as a source of customers; its own thread reads it."""

    def __init__(self, rule: SourceRule) -> None:
        self._rule = rule
        self._path = Path(rule.file or "")
        self._thread = ThreadPoolExecutor(1, f"customers {rule.name}")
        self._seen: tuple[int, int, int] | None = None
        self._known: Customers | None = None
        self._job: asyncio.Future[Customers] | None = None

    async def by_phone(self, phone: str) -> Sequence[Customer]:
        """The customers with a phone."""
        return (await self._current()).by_phone.get(phone, [])

    async def by_number(self, number: str) -> Sequence[Customer]:
        """The customer with a number."""
        one = (await self._current()).by_number.get(number)
        return [one] if one else []

    async def prepare(self) -> None:
        """Read the file; a disk that does not answer keeps nobody from starting."""
        await asyncio.wait({self._refreshing()}, timeout=FIRST_READ)

    async def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _current(self) -> Customers:
        job = self._refreshing()
        if self._known is not None:
            await asyncio.wait({job}, timeout=PATIENCE)
            if not job.done():
                return self._known
        return await asyncio.shield(job)

    def _refreshing(self) -> asyncio.Future[Customers]:
        """The look at the file that is under way, or a new one; whoever gives up waiting leaves it alone."""
        if self._job is None or self._job.done():
            self._job = asyncio.get_running_loop().run_in_executor(self._thread, self._refresh)
            self._job.add_done_callback(lambda job: job.cancelled() or job.exception())
        return self._job

    def _refresh(self) -> Customers:
        """In the thread: the customers, read anew where the file has changed. Raises SourceUnreachable."""
        try:
            now = self._path.stat()
            seen = (now.st_mtime_ns, now.st_size, now.st_ino)
            if self._known is None or seen != self._seen:
                self._known, self._seen = read_customers(self._path, self._rule), seen
                for line, why in self._known.faults[:10]:
                    log.warning("a customer is left out", file=str(self._path), line=line, why=why)
        except OSError as error:
            raise SourceUnreachable("no_file", error.strerror) from error
        except BadFile as error:
            raise SourceUnreachable("bad_file", str(error)) from error
        return self._known
