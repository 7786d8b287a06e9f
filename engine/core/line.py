"""Waiting contacts in order: a sorted list that stays quick at both ends and in the middle.

The order within a queue is priority (higher first), enqueue time (earlier first), contact id: exactly the order of the tuples
`(-priority, enqueued_at, contact)`. The keys stand in chunks of at most 500, so that adding or removing one moves
little memory, and counting who is ahead adds up a few lengths instead of walking the line.
"""

from __future__ import annotations

import sys
from bisect import bisect_left, insort
from collections.abc import Iterator
from math import inf

#: (-priority, enqueued_at in seconds, contact id)
Key = tuple[int, float, str]

#: The head of an empty line: it comes after every key.
NOBODY: Key = (sys.maxsize, inf, "")
CHUNK = 500


class Line:
    """Keys in ascending order; `first` is the one whose turn is next, or NOBODY; `count` of them stand here."""

    __slots__ = ("_chunks", "_lasts", "count", "first")

    def __init__(self) -> None:
        self._chunks: list[list[Key]] = []
        self._lasts: list[Key] = []
        self.first = NOBODY
        self.count = 0

    def __iter__(self) -> Iterator[Key]:
        for chunk in self._chunks:
            yield from chunk

    def add(self, key: Key) -> None:
        """Put a key in its place."""
        lasts = self._lasts
        self.count += 1
        if lasts and key < lasts[-1]:
            self._insert(bisect_left(lasts, key), key)
        elif lasts and len(self._chunks[-1]) < CHUNK:
            self._chunks[-1].append(key)
            lasts[-1] = key
        else:  # nearly everybody joins at the end: full chunks stay full and a new one begins
            self._chunks.append([key])
            lasts.append(key)
        if key < self.first:
            self.first = key

    def remove(self, key: Key) -> None:
        """Take a key out; one that is not here is a mistake of ours and raises KeyError."""
        lasts = self._lasts
        i = bisect_left(lasts, key) if len(lasts) > 1 else 0
        chunk = self._chunks[i] if i < len(lasts) else []
        j = 0 if key is self.first else bisect_left(chunk, key)
        if j == len(chunk) or chunk[j] != key:
            raise KeyError(f"{key!r} does not stand in this line")
        del chunk[j]
        self.count -= 1
        if not chunk:
            del self._chunks[i], lasts[i]
        elif j == len(chunk):
            lasts[i] = chunk[-1]
        if i == 0 and j == 0:
            self.first = self._chunks[0][0] if self._chunks else NOBODY

    def ahead_of(self, key: Key) -> int:
        """How many keys come before this one, whether or not it stands here itself."""
        if not self.count or key > self._lasts[-1]:
            return self.count
        i = bisect_left(self._lasts, key)
        return sum(map(len, self._chunks[:i])) + bisect_left(self._chunks[i], key)

    def _insert(self, i: int, key: Key) -> None:
        chunk = self._chunks[i]
        insort(chunk, key)
        if len(chunk) > CHUNK:
            half = len(chunk) // 2
            self._chunks[i : i + 1] = [chunk[:half], chunk[half:]]
            self._lasts[i : i + 1] = [chunk[half - 1], chunk[-1]]
