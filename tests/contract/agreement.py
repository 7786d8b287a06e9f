"""Two tellings of one story, compared line by line."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def assert_same(about: str, simulated: Sequence[str], real: Sequence[str]) -> None:
    """AssertionError with both tellings side by side where they depart from each other."""
    departures = difflib.unified_diff(
        real, simulated, f"{about}, on the real Asterisk", f"{about}, simulated", lineterm="", n=4
    )
    text = "\n".join(departures)
    assert not text, f"the two worlds disagree:\n{text}"
