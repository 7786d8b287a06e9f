"""Two tellings of one story, compared line by line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def departures(about: str, simulated: Sequence[str], real: Sequence[str]) -> list[str]:
    """A diff from the real telling to the simulated one; empty when they agree."""
    titles = f"{about}, on the real Asterisk", f"{about}, simulated"
    return list(difflib.unified_diff(real, simulated, *titles, lineterm="", n=4))


def assert_same(about: str, simulated: Sequence[str], real: Sequence[str]) -> None:
    """AssertionError with a diff where the two tellings depart from each other."""
    found = departures(about, simulated, real)
    assert not found, "the two worlds disagree:\n" + "\n".join(found)
