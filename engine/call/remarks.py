"""By whom and why something is done: what people say with every change they make, and what stands in the log of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import BadWord

#: Letters in a remark.
LONGEST = 200
#: Persian and other scripts join and part letters with them; they show nothing and turn nothing round.
_JOINERS = str.maketrans("", "", "\u200c\u200d")


def word(asked: Mapping[str, Any], name: str) -> str:
    """A text, or a number as one; empty where there is none. Raises BadWord with a sentence for anything else."""
    value = asked.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, str | int)):
        raise BadWord(f"`{name}` is a text: write it in quotes", name)
    return "" if value is None else str(value).strip()


def remark(asked: Mapping[str, Any], name: str) -> str:
    """One of them: a line. Raises BadWord with a sentence where it is none."""
    text = word(asked, name)
    if len(text) > LONGEST or not text.translate(_JOINERS).isprintable():
        raise BadWord(f"`{name}` is one line of at most {LONGEST} letters", name)
    return text
