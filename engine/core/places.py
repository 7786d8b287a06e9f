"""Places kept for callers who hang up while they wait: whoever calls again soon enough stands where they stood.

A place is kept by the `left_queue` event with which its caller left (`kept`: number, group, enqueued_at, until), and used up by the
`queued` event that takes it (`place_of`: the contact that left it). So no two calls have the same place, whatever is restarted between.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.core.event import Event


@dataclass(frozen=True, slots=True)
class Place:
    """A place that a contact has left: whose it is, where, since when, and until when it is kept (seconds since the epoch)."""

    contact: str
    number: str
    queue: str
    group: str | None
    enqueued_at: float
    until: float


class Places:
    """The places that are kept, by the contact that left them; those whose time is over are forgotten on the way."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._kept: dict[str, Place] = {}
        for event in events:
            self.take(event)

    def take(self, event: Event) -> None:
        """After one more event; most change nothing."""
        data = event.data
        if event.kind == "queued" and data.get("place_of"):
            self._kept.pop(data["place_of"], None)
        elif event.kind == "left_queue" and data.get("kept") and event.contact:
            self._kept[event.contact] = Place(event.contact, queue=data["queue"], **data["kept"])

    def of(self, number: str, queues: Sequence[str], group: str | None, now: float) -> Place | None:
        """The oldest place this number has in one of these queues, or in this group."""
        self._kept = {contact: place for contact, place in self._kept.items() if place.until > now}
        found = [
            place
            for place in self._kept.values()
            if place.number == number and (place.queue in queues or (group and place.group == group))
        ]
        return min(found, key=lambda place: place.enqueued_at, default=None)


def is_known(number: str) -> bool:
    """Can a caller be known by this number? Not where it is withheld."""
    return any(character.isdigit() for character in number)
