"""By whom and why something is done: what people say with every change they make, and what stands in the log of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import BadWord

#: Letters in a remark.
LONGEST = 200
#: Persian and other scripts join and part letters with them; they show nothing and turn nothing round.
_JOINERS = str.maketrans("", "", "\u200c\u200d")


def remark(asked: Mapping[str, Any], name: str) -> str:
    """One of them: a line. Raises BadWord with a sentence where it is none."""
    text = str(asked.get(name) or "").strip()
    if len(text) > LONGEST or not text.translate(_JOINERS).isprintable():
        raise BadWord(f"`{name}` is one line of at most {LONGEST} letters", name)
    return text
