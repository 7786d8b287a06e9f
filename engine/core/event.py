"""What happened: the one kind of record everything else is folded from.

An event belongs to a contact, to an agent, or (an offer) to both. `data` holds JSON values only. `at` is seconds since the epoch, UTC.
The log orders events by `seq`, given when they are committed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the log."""

    kind: str
    at: float
    contact: str | None = None
    agent: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    seq: int = 0
