"""The books of a time, read from the log piece by piece: no longer than needed, and never in one long transaction."""

from __future__ import annotations

from engine.core.stays import KINDS, Books
from engine.store.archive import Archive

#: Events looked at in one go.
PIECE = 50_000


async def books_of(archive: Archive, since: float, until: float) -> Books:
    """Everything that concerns contacts and agents between two moments: what was under way then, and what became of it afterwards."""
    first, last = await archive.first_seq(since), await archive.last_seq()
    books = Books().take_all(await archive.under_way(since, first, KINDS))
    while first <= last and not books.settled(until):
        books.take_all(await archive.counted(first, min(last, first + PIECE - 1), KINDS))
        first += PIECE
    return books
