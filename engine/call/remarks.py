"""By whom and why something is done: what people say with every change they make, and what stands in the log of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import SetupError

#: Letters in a remark.
LONGEST = 200


def remark(asked: Mapping[str, Any], name: str) -> str:
    """One of them: a line. Raises SetupError with a sentence where it is none."""
    text = str(asked.get(name) or "").strip()
    if len(text) > LONGEST or not text.isprintable():
        raise SetupError(f"`{name}` is one line of at most {LONGEST} letters")
    return text
