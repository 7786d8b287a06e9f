"""Stretches of time, and what can be done with lists of them. Every list is in order and its stretches do not touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: From when (included) until when (excluded), seconds since the epoch.
Stretch = tuple[float, float]


def merged(stretches: Iterable[Stretch]) -> list[Stretch]:
    """All that any of them covers; they may come in any order and overlap, empty ones count for nothing."""
    found: list[Stretch] = []
    for start, end in sorted(stretches):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def minus(stretches: Sequence[Stretch], taken: Sequence[Stretch]) -> list[Stretch]:
    """What is left of the first list without the second."""
    left: list[Stretch] = []
    first = 0
    for start, end in stretches:
        while first < len(taken) and taken[first][1] <= start:
            first += 1
        at = start
        for begins, ends in taken[first:]:
            if begins >= end:
                break
            if at < begins:
                left.append((at, begins))
            at = max(at, ends)
        if at < end:
            left.append((at, end))
    return left


def common(lists: Sequence[Sequence[Stretch]]) -> list[Stretch]:
    """What all of them cover; nothing where there is no list."""
    if not lists:
        return []
    shared = list(lists[0])
    for other in lists[1:]:
        shared = minus(shared, minus(shared, other))
    return shared


def within(stretches: Iterable[Stretch], start: float, end: float) -> list[Stretch]:
    """The same, cut to what lies between two moments."""
    return merged((max(start, begins), min(end, ends)) for begins, ends in stretches)
