"""The ledger: the one writer of the event log.

`append` folds events into the open contacts at once and returns a future that is done when they are on disk. One commit takes all that
arrived while the one before it was being written (group commit), so a quiet line waits for one fsync and a busy one shares it. A commit
that fails (disk full, database locked) is tried again for as long as it takes: the events stay in order, the commands they would cause
wait, and Asterisk keeps the calls. A file that is no longer where it was opened is put back before the commit (`keeping.py`). A row that
the store's own rules forbid is a fault of ours: it is logged and left out, or it would hold up every call for ever.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import orjson
import structlog

from engine.core import contact as fold
from engine.core.contact import Contact
from engine.core.event import Event
from engine.core.work_order import RESOLVED
from engine.errors import StoreError
from engine.store.keeping import copy_out, identity, put_in_place, set_aside
from engine.store.migrate import Database, cannot_use, cause, connect

log = structlog.get_logger()

_INSERT_EVENT = "INSERT INTO events (at, contact, agent, kind, data) VALUES (?, ?, ?, ?, ?)"
_OPENED = ("id", "from_number", "to_number", "flow", "flow_hash", "language", "arrived_at", "callback_of")
_INSERT_CONTACT = f"INSERT INTO contacts ({', '.join(_OPENED)}) VALUES ({', '.join('?' * len(_OPENED))})"
_INSERT_FLOW = "INSERT OR IGNORE INTO flows VALUES (?, ?, ?, ?)"
_CLOSED = tuple(
    name
    for name in fold.FIELDS
    if name not in ("id", "from_number", "to_number", "arrived_at", "callback_of")
)
_CLOSE_CONTACT = (
    f"UPDATE contacts SET {', '.join(f'{name} = ?' for name in _CLOSED)} WHERE id = ? AND ended_at IS NULL"
)
_REQUEST = (
    "number",
    "contact",
    "kind",
    "code",
    "priority",
    "customer",
    "from_number",
    "note",
    "information",
    "work_order",
    "opened_at",
    "changed_at",
)
_SAID = ("kind", "code", "priority", "customer", "note", "information", "work_order", "changed_at")
#: What others have made of a request meanwhile (its state, its owner …) stays.
_PUT_REQUEST = (
    f"INSERT INTO requests ({', '.join(_REQUEST)}) VALUES ({', '.join('?' * len(_REQUEST))}) ON CONFLICT (number) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _SAID)
)
_MOVE_REQUEST = "UPDATE requests SET state = ?, changed_at = ? WHERE number = ?"
_OWN_REQUEST = "UPDATE requests SET owner = ?, changed_at = ? WHERE number = ?"
_WORK_ORDER = ("number", "code", "title", "customer", "about", "priority", "state", "due_at", "by", "why")
_PUT_WORK_ORDER = (
    f"INSERT INTO work_orders ({', '.join(_WORK_ORDER)}, changed_at, closed_at, opened_at) "
    f"VALUES ({', '.join('?' * len(_WORK_ORDER))}, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in (*_WORK_ORDER[1:], "changed_at", "closed_at"))
)
_PUT_ANSWER = (
    "INSERT OR REPLACE INTO survey_answers (contact, survey, question, answer, at) VALUES (?, ?, ?, ?, ?)"
)
_PUT_RECORDING = (
    "INSERT OR REPLACE INTO recordings (name, contact, file, seconds, at, until) VALUES (?, ?, ?, ?, ?, ?)"
)
_PUT_VOICE = "INSERT OR REPLACE INTO voice (contact, leg, at, data) VALUES (?, ?, ?, ?)"
_ERASE_RECORDING = "DELETE FROM recordings WHERE name = ?"
_INSERT_READ = "INSERT INTO article_reads (contact, article, solved, at) VALUES (?, ?, ?, ?)"
_PUT_LANGUAGE = "INSERT OR REPLACE INTO languages (who, language, at) VALUES (?, ?, ?)"
_PUT_CODE = "UPDATE contacts SET wrap_up_code = ? WHERE id = ?"
_FORGET_MESSAGE = "DELETE FROM messages WHERE file = ?"
_INSERT_MESSAGE = "INSERT INTO messages (contact, mailbox, file, seconds, at) VALUES (?, ?, ?, ?, ?)"

#: Seconds between tries above which a ledger that is stopping gives up.
_LAST_WORD = 1.0
#: Seconds after which somebody looks whether the file is still there, where no event has come that would have to be written into it.
_LOOK = 5.0

Row = tuple[object, ...]
Insert = Callable[[sqlite3.Connection, str, Sequence[Row]], None]


class _Batch:
    """Rows that go into one transaction, and who waits for it."""

    __slots__ = (
        "answers",
        "closed",
        "codes",
        "contacts",
        "erased",
        "events",
        "flows",
        "languages",
        "messages",
        "moved",
        "orders",
        "owned",
        "reads",
        "recordings",
        "replaced",
        "requests",
        "voices",
        "waiters",
    )

    def __init__(self) -> None:
        self.flows: list[Row] = []
        self.events: list[Row] = []
        self.contacts: list[Row] = []
        self.closed: list[Row] = []
        self.codes: list[Row] = []
        self.erased: list[Row] = []
        self.recordings: list[Row] = []
        self.messages: list[Row] = []
        self.replaced: list[Row] = []
        self.orders: list[Row] = []
        self.requests: list[Row] = []
        self.moved: list[Row] = []
        self.owned: list[Row] = []
        self.answers: list[Row] = []
        self.reads: list[Row] = []
        self.languages: list[Row] = []
        self.voices: list[Row] = []
        self.waiters: list[asyncio.Future[None]] = []


class Ledger:
    """Appends events durably and knows every open contact as the fold of its events."""

    def __init__(
        self, db: Database, path: Path, requests: int = 0, orders: int = 0, durable: bool = True
    ) -> None:
        """`requests` is the highest number a request has, `orders` that of a work order."""
        self._db = db
        self._requests, self._orders = requests, orders
        self._path = path
        self._durable = durable
        self._ours = identity(path)
        #: Everything has been copied out and the old connection closed; the new file has yet to be opened.
        self._moving = self._readers_behind = False
        self._batch = _Batch()
        self._wake = asyncio.Event()
        self._working = False
        self._pausing = False
        self._stopping = self._gave_up = False
        #: Set when a pause between two tries is to end.
        self._hurry = asyncio.Event()
        self.open: dict[str, Contact] = {}
        #: Why commits fail; empty while they do not.
        self.trouble = ""
        #: What had to be mended, in a sentence; empty where nothing had to.
        self.mended = ""
        #: Called when the database's file is another one, and readers must open it again.
        self.on_moved: Callable[[], Awaitable[None]] | None = None
        #: Called when events are on disk; it must be quick.
        self.on_written: Callable[[], None] | None = None
        #: The task that writes.
        self.writer: asyncio.Task[None] | None = None

    @property
    def stuck(self) -> bool:
        """True while commits fail."""
        return bool(self.trouble)

    @property
    def busy(self) -> bool:
        """True while the disk is at work (a virtual clock must not run ahead of it), not between two tries."""
        return not self._pausing and (self._working or bool(self._batch.waiters))

    def append(self, *events: Event) -> asyncio.Future[None]:
        """Take events in order; the future is done when they are on disk."""
        for event in events:
            self._take(event)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._batch.waiters.append(future)
        self._wake.set()
        return future

    def contact(self, contact_id: str) -> Contact:
        """The open contact as its events tell it. Raises KeyError once it has ended."""
        return self.open[contact_id]

    def adopt(self, contact: Contact) -> None:
        """Take up a contact that was still open when the engine stopped."""
        self.open[contact.id] = contact

    def put_flow(self, digest: str, name: str, source: str, at: float) -> asyncio.Future[None]:
        """Keep one version of a flow; the same version again changes nothing. Done when it is on disk."""
        self._batch.flows.append((digest, name, source, at))
        return self.append()

    async def alive(self) -> None:
        """Ends, with its fault, only when the writer does: whoever waits for a commit would wait for ever."""
        assert self.writer is not None
        await asyncio.shield(self.writer)

    async def run(self) -> None:
        """Write batches until `stop`, then what is left."""
        self._look()
        try:
            while not self._stopping or self._batch.waiters:
                await self._wake.wait()
                self._wake.clear()
                if self._batch.waiters or not self._in_place():
                    await self._write()
        finally:
            self._looking.cancel()

    def _look(self) -> None:
        """See to it that somebody looks now and then whether the file is still there."""
        self._wake.set()
        self._looking = asyncio.get_running_loop().call_later(_LOOK, self._look)

    async def close(self) -> None:
        """Let go of the file; after `run` has ended."""
        await self._db.close()

    def stop(self) -> None:
        """Take no more; `run` ends when what was taken is on disk, or cannot be put there."""
        self._stopping = True
        self._wake.set()
        self._hurry.set()

    def next_request(self) -> int:
        """The number of the next request; each is given once."""
        self._requests += 1
        return self._requests

    def next_work_order(self) -> int:
        """The number of the next work order; each is given once."""
        self._orders += 1
        return self._orders

    def _take(self, event: Event) -> None:
        b = self._batch
        data = orjson.dumps(event.data).decode()
        b.events.append((event.at, event.contact, event.agent, event.kind, data))
        match (
            event.kind
        ):  # what people do with requests, and say of a call, goes on when the contact has ended
            case "work_order":
                b.orders.append(_work_order_row(event))
            case "request_state":
                b.moved.append((event.data["state"], event.at, event.data["number"]))
            case "request_owner":
                b.owned.append((event.data["owner"] or None, event.at, event.data["number"]))
            case "recording_kept":
                d = event.data
                row = (d["recording"], event.contact, d["file"], d["seconds"], event.at, d["until"])
                b.recordings.append(row)
            case "recording_deleted":
                b.erased.append((event.data["recording"],))
            case "voice":
                b.voices.append((event.contact, event.data["leg"], event.at, data))
            case "wrap_up_code":
                b.codes.append((event.data["code"], event.contact))
        if event.contact is None:
            return
        before = self.open.get(event.contact)
        if before is None:
            if event.kind != "arrived":
                return  # a late report about a contact that has ended: kept in the log, changes nothing
            before = Contact(event.contact)
        after = fold.apply(before, event)
        self.open[event.contact] = after
        match event.kind:
            case "arrived":
                b.contacts.append(tuple(getattr(after, name) for name in _OPENED))
            case "message":
                d = event.data
                b.messages.append((after.id, d["mailbox"], d["file"], d["seconds"], event.at))
                if d.get("replaces"):
                    b.replaced.append((d["replaces"],))
            case "request":
                b.requests.append(_request_row(after, event))
            case "article":
                d = event.data
                b.reads.append((after.id, d["article"], int(d["solved"]), event.at))
            case "survey":
                d = event.data
                b.answers.append((after.id, d["survey"], d["question"], d["answer"], event.at))
            case "remembered":
                d = event.data
                b.languages += [(who, d["language"], event.at) for who in d["who"]]
            case "ended":
                del self.open[event.contact]
                b.closed.append((*(_column(getattr(after, name)) for name in _CLOSED), after.id))

    async def _write(self) -> None:
        batch, self._batch = self._batch, _Batch()
        self._working = True
        try:
            written = await self._persist(batch)
        finally:
            self._working = False
        if not written:
            unknown = sorted(str(row[0]) for row in batch.contacts)
            log.error(
                "stopped with events that could not be written",
                events=len(batch.events),
                calls_without_a_record=unknown,
            )
            return
        if self.trouble:
            self.trouble = ""
            log.info("the store writes again")
        for waiter in batch.waiters:
            if not waiter.done():
                waiter.set_result(None)
        if self.on_written is not None:
            self.on_written()

    async def _persist(self, batch: _Batch) -> bool:
        """Commit, however long it takes; False when the engine stops and it still cannot be done."""
        delay, insert = 0.1, _many
        while True:
            try:
                await self._put_back()
                await self._commit(batch, insert)
                return True
            except sqlite3.IntegrityError:
                insert = _one_by_one
                await self._roll_back()
            except (sqlite3.Error, OSError, StoreError) as error:
                self.trouble = f"the store cannot write ({cause(error)})"
                log.error("the store cannot write; calls wait, trying again", error=str(error), in_s=delay)
                await self._roll_back()
                if self._stopping and (self._gave_up or delay > _LAST_WORD):
                    self._gave_up = True  # what comes after it would fare no better
                    return False
                await self._pause(delay)
                delay = min(delay * 2, 5.0)

    async def _pause(self, seconds: float) -> None:
        self._pausing = True
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), seconds)
        finally:
            self._pausing = False
            self._hurry.clear()

    async def _roll_back(self) -> None:
        with suppress(
            sqlite3.Error, ValueError
        ):  # ValueError: it is closed, while the file is being put back
            await self._db.rollback()

    def _in_place(self) -> bool:
        return not self._moving and identity(self._path) == self._ours

    async def _put_back(self) -> None:
        """Where the file has been deleted or replaced, write what it held into a new one in its place."""
        if not self._in_place():
            await self._move()
        if self._readers_behind and self.on_moved is not None:
            await self.on_moved()
        self._readers_behind = False

    async def _move(self) -> None:
        if not self._moving:
            await self._db.together(copy_out, self._path)
            aside = set_aside(self._path, self._ours)
            await self._db.close()
            self._moving = True
            self._say_moved(aside)
        put_in_place(self._path)
        self._db = await connect(self._path, self._durable)
        self._ours = identity(self._path)
        self._moving, self._readers_behind = False, True

    def _say_moved(self, aside: list[Path]) -> None:
        kept = f"; what lay there is now {', '.join(map(str, aside))}" if aside else ""
        at = time.strftime("%Y-%m-%d %H:%M:%S")
        self.mended = (
            f"{self._path} was deleted or replaced while in use, seen at {at}; it was written anew{kept}"
        )
        log.error("the database was deleted or replaced while in use; it is written anew", aside=kept)

    async def _commit(self, batch: _Batch, insert: Insert) -> None:
        await self._db.together(_commit, batch, insert)


def _commit(db: sqlite3.Connection, batch: _Batch, insert: Insert) -> None:
    """One transaction, in the database's thread."""
    for sql, rows in (
        (_INSERT_FLOW, batch.flows),
        (_INSERT_CONTACT, batch.contacts),
        (_INSERT_EVENT, batch.events),
        (_FORGET_MESSAGE, batch.replaced),
        (_INSERT_MESSAGE, batch.messages),
        (_PUT_WORK_ORDER, batch.orders),
        (_PUT_REQUEST, batch.requests),
        (_MOVE_REQUEST, batch.moved),
        (_OWN_REQUEST, batch.owned),
        (_PUT_ANSWER, batch.answers),
        (_INSERT_READ, batch.reads),
        (_PUT_LANGUAGE, batch.languages),
        (_CLOSE_CONTACT, batch.closed),
        (_PUT_CODE, batch.codes),
        (_PUT_RECORDING, batch.recordings),
        (_ERASE_RECORDING, batch.erased),
        (_PUT_VOICE, batch.voices),
    ):
        if rows:
            insert(db, sql, rows)
    db.commit()


def _column(value: object) -> object:
    """A field of a contact as its column holds it."""
    return orjson.dumps(value).decode() if isinstance(value, Mapping | tuple) else value


def _request_row(contact: Contact, event: Event) -> Row:
    d = event.data
    values = {
        "work_order": None,
        **d,
        "information": orjson.dumps(d.get("information", {})).decode(),
        "contact": contact.id,
        "from_number": contact.from_number,
        "changed_at": event.at,
        "opened_at": event.at,
    }
    return tuple(values[name] for name in _REQUEST)


def _work_order_row(event: Event) -> Row:
    closed = event.at if event.data["state"] == RESOLVED else None
    return *(event.data[name] for name in _WORK_ORDER), event.at, closed, event.at


def _many(db: sqlite3.Connection, sql: str, rows: Sequence[Row]) -> None:
    db.executemany(sql, rows)


def _one_by_one(db: sqlite3.Connection, sql: str, rows: Sequence[Row]) -> None:
    for row in rows:
        try:
            db.execute(sql, row)
        except sqlite3.IntegrityError as error:
            log.error("the store refuses a row, which is left out", error=str(error), into=sql.split()[2])


async def highest_numbers(db: Database) -> tuple[int, int]:
    """The highest number a request has, and a work order; 0 where there is none."""
    highest = "SELECT (SELECT coalesce(max(number), 0) FROM requests), (SELECT coalesce(max(number), 0) FROM work_orders)"
    async with db.execute(highest) as cursor:
        row = await cursor.fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


@asynccontextmanager
async def open_ledger(path: Path, durable: bool = True) -> AsyncIterator[Ledger]:
    """Open the store for writing, and write until the end of the block. Raises StoreError.

    `durable=False` leaves the disk's own time to the operating system: for simulated days, never for real calls.
    """
    db = await connect(path, durable)
    try:
        highest = await highest_numbers(db)
    except sqlite3.Error as error:
        await db.close()
        raise cannot_use(path, error) from error
    ledger = Ledger(db, path, *highest, durable)
    writer = ledger.writer = asyncio.create_task(ledger.run(), name="ledger")
    try:
        yield ledger
    finally:
        ledger.stop()
        try:
            await writer
        finally:
            await ledger.close()
