"""Waiting contacts in order: a sorted list that stays quick at both ends and in the middle.

The order within a queue is priority (higher first), enqueue time (earlier first), contact id: exactly the order of the tuples
`(-priority, enqueued_at, contact)`. Where priority grows by a step for every `ageing` seconds waited, whoever is ahead of somebody
once stays so, because all of a queue age alike: e₁ − p₁·ageing < e₂ − p₂·ageing holds at any time. So the order is that of
`(0, enqueued_at − priority·ageing, contact)`, and nobody has to be moved as time goes by.

The keys stand in chunks of at most 500, so that adding or removing one moves
little memory, and counting who is ahead adds up a few lengths instead of walking the line.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, insort
from collections.abc import Iterator
from math import inf
from operator import itemgetter

#: (-priority, enqueued_at in seconds, contact id), or with ageing (0, enqueued_at − priority·ageing, contact id)
Key = tuple[int, float, str]

#: The head of an empty line: it comes after every key.
NOBODY: Key = (sys.maxsize, inf, "")
CHUNK = 500
LAST = itemgetter(-1)


def key_of(ageing: float, priority: int, enqueued_at: float, contact: str) -> Key:
    """A contact's place in the order of a queue whose callers gain a step of priority every `ageing` seconds; 0: never."""
    if ageing:
        return (0, enqueued_at - priority * ageing, contact)
    return (-priority, enqueued_at, contact)


class Line:
    """Keys in ascending order; `first` is the one whose turn is next, or NOBODY; `count` of them stand here."""

    __slots__ = ("_chunks", "count", "first")

    def __init__(self) -> None:
        self._chunks: list[list[Key]] = []
        self.count = 0
        self.first = NOBODY

    def __iter__(self) -> Iterator[Key]:
        for chunk in self._chunks:
            yield from chunk

    def add(self, key: Key) -> None:
        """Put a key in its place."""
        chunks = self._chunks
        if chunks and key < chunks[-1][-1]:
            self._insert(self._chunk_of(key), key)
        elif chunks and len(chunks[-1]) < CHUNK:
            chunks[-1].append(key)
        else:  # nearly everybody joins at the end: full chunks stay full and a new one begins
            chunks.append([key])
        self.count += 1
        if key < self.first:
            self.first = key

    def remove(self, key: Key) -> None:
        """Take a key out; one that is not here is a mistake of ours and raises KeyError."""
        chunks, i, j = self._chunks, 0, 0
        if key is not self.first:  # whoever is served stands first
            i = self._chunk_of(key)
            j = bisect_left(chunks[i], key) if i < len(chunks) else 0
            if i == len(chunks) or chunks[i][j] != key:
                raise KeyError(f"{key!r} does not stand in this line")
        chunk = chunks[i]
        del chunk[j]
        if not chunk:
            del chunks[i]
        self.count -= 1
        if i == j == 0:
            self.first = chunks[0][0] if chunks else NOBODY

    def ahead_of(self, key: Key) -> int:
        """How many keys come before this one, whether or not it stands here itself."""
        if not self.count or key > self._chunks[-1][-1]:
            return self.count
        i = self._chunk_of(key)
        return sum(map(len, self._chunks[:i])) + bisect_left(self._chunks[i], key)

    def _chunk_of(self, key: Key) -> int:
        return bisect_left(self._chunks, key, key=LAST)

    def _insert(self, i: int, key: Key) -> None:
        chunk = self._chunks[i]
        insort(chunk, key)
        if len(chunk) > CHUNK:
            half = len(chunk) // 2
            self._chunks[i : i + 1] = [chunk[:half], chunk[half:]]
