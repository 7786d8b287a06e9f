"""What a flow has written down: requests and answers to questions, each one event, whose row is written in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.call.house import House
from engine.core.contact import Contact
from engine.core.do import Note, Outcome
from engine.core.event import Event
from engine.core.request import opened


def request_event(house: House, contact: Contact, asked: Mapping[str, Any]) -> Event:
    """The event that opens this contact's request, or adds to it."""
    before = contact.request.data if contact.request is not None else None
    number = before["number"] if before is not None else house.ledger.next_request()
    return Event("request", house.now(), contact.id, data=opened(before, number, asked))


def note(house: House, contact: Contact, do: Note) -> Outcome:
    """Write it down, once: after a restart it is not written again. Returns the request's number."""
    event = contact.noted
    if event is None:
        event = (
            request_event(house, contact, do.data)
            if do.what == "request"
            else Event("article", house.now(), contact.id, data=dict(do.data))
            if do.what == "article"
            else Event("survey", house.now(), contact.id, data=dict(do.data))
        )
        house.ledger.append(event)  # on disk before the next command: the step that tells of it is waited for
    return str(event.data["number"]) if event.kind == "request" else None
