"""A person's word over the calendar, while the engine runs: open, closed, or an emergency, until a moment or until it is taken back.

    open, closed    of a schedule or of a site, whatever their calendars say
    emergency       of a schedule, of a site, or of everything there is: closed at once, nobody waits on there
    none            takes back whatever was said of that name

The last word about a name counts. One with an `until` ends by itself, without an event; all others last until the next word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from engine.core.event import Event

#: The name that means every queue, also those without a schedule. No schedule and no site may have it.
EVERYTHING = "everything"


class Word(StrEnum):
    """What a person may say of a schedule."""

    OPEN = "open"
    CLOSED = "closed"
    EMERGENCY = "emergency"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Ruling:
    """One word: about what, said when and by whom, valid until when (None: until the next one)."""

    schedule: str
    word: Word
    until: float | None
    by: str
    why: str
    at: float

    def stands(self, at: float) -> bool:
        """Does it count at this moment?"""
        return self.at <= at and (self.until is None or at < self.until)


#: The last word about each name.
Rulings = Mapping[str, Ruling]
NO_RULINGS: Rulings = MappingProxyType({})


def folded(events: Iterable[Event]) -> dict[str, Ruling]:
    """The rulings that `override` events leave behind; events of other kinds are passed over."""
    found: dict[str, Ruling] = {}
    for event in events:
        if event.kind == "override":
            found = taken(found, event)
    return found


def taken(rulings: Rulings, event: Event) -> dict[str, Ruling]:
    """The rulings after one more `override` event."""
    ruling = ruling_of(event)
    left = {name: one for name, one in rulings.items() if name != ruling.schedule}
    return left if ruling.word is Word.NONE else {**left, ruling.schedule: ruling}


def ruling_of(event: Event) -> Ruling:
    """What an `override` event says."""
    d = event.data
    return Ruling(d["schedule"], Word(d["set"]), d["until"], d["by"], d["why"], event.at)


def told(ruling: Ruling) -> dict[str, Any]:
    """A ruling as JSON values, as in its event and when it was said."""
    return {
        "schedule": ruling.schedule,
        "set": str(ruling.word),
        "until": ruling.until,
        "by": ruling.by,
        "why": ruling.why,
        "at": ruling.at,
    }


def standing(rulings: Rulings, name: str, at: float) -> Ruling | None:
    """What counts for a name at a moment."""
    ruling = rulings.get(name)
    return ruling if ruling is not None and ruling.stands(at) else None
