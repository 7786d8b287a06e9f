"""A caller hangs up and keeps their place: the contact that will ring them back begins here."""

from __future__ import annotations

from typing import Any

from engine.call.house import House
from engine.core.contact import Contact, Stage
from engine.core.do import Book, Do, RingBack
from engine.core.event import Event
from engine.core.flow import Flow
from engine.core.interpreter import GIVEN, Walk
from engine.core.way import Way


def book(
    house: House, contact: Contact, flow: Flow, walk: Walk, do: Book, release: int | None
) -> tuple[str, Event | None]:
    """The callback's contact, and the event it begins with; whoever is to be rung back there already keeps the place they have."""
    for known in house.ledger.open.values():
        if known.rings_back and known.from_number == do.number and known.wanted == do.queue:
            return known.id, None
    booked = f"{contact.id}-back{walk.told}"  # a call may ask for several
    event = Event(
        "arrived",
        house.now(),
        booked,
        data={**_arrived(house, contact, flow, walk.way, do), "release": release},
    )
    house.ledger.append(event)
    return booked, event


def _arrived(house: House, contact: Contact, flow: Flow, way: Way, do: Book) -> dict[str, Any]:
    flow, step = flow.holding(do.step)
    return {
        "from_number": do.number,
        "to_number": contact.to_number,
        "channel": "",
        "flow": flow.name,
        "flow_hash": flow.hash,
        "language": way.variables["language"],
        "via": "callback",
        "callback": {
            "of": contact.id,
            "step": step,
            "index": do.index,
            "queue": do.queue,
            "enqueued_at": _since(house, contact, do.queue),
            "variables": {name: value for name, value in way.variables.items() if name not in GIVEN},
            "secret": sorted(way.caller.secret),  # a dot for each of their digits
        },
    }


def _since(house: House, contact: Contact, queue: str) -> float:
    """Since when they have waited there: the place they have just left, or none yet."""
    place = contact.place
    if place is None:
        return house.now()
    group = house.site.settings.groups.get(queue)
    same = queue in (place.data["queue"], place.data["group"]) or (
        group is not None and place.data["queue"] in group.queues
    )
    return float(place.data["enqueued_at"]) if same else house.now()


def shown(house: House, contact: Contact, do: Do | None) -> dict[str, Any]:
    """A callback as people see it in a list; nothing once it is over."""
    if not isinstance(do, RingBack):
        return {}
    return {
        "contact": contact.id,
        "asked_by": contact.callback_of,
        "number": contact.from_number,
        "queue": contact.queue or do.queue,
        "position": house.distributor.position(contact.id),
        "enqueued_at": contact.kept_since,
        "until_at": contact.arrived_at + do.within,
        "tries": contact.tries,
        "attempts": do.attempts,
        "again_at": contact.again_at,
        "now": _now(contact),
    }


def _now(contact: Contact) -> str:
    """What becomes of it at the moment."""
    if contact.channel:
        return "is rung"
    match contact.stage:
        case Stage.FLOW:
            return "rests"
        case Stage.WAITING:
            return "waits"
        case _:
            return "an agent is rung"
