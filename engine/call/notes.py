"""What a flow has written down: requests and answers to questions, each one event, whose row is written in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.call.house import House
from engine.call.orders import phone
from engine.core.contact import Contact
from engine.core.do import Note, Outcome
from engine.core.event import Event
from engine.core.request import Noted, continues, opened


def request_events(house: House, contact: Contact, asked: Mapping[str, Any]) -> list[Event]:
    """The events that open this contact's request, or add to it, and those of its work order; to be written together."""
    before = contact.request.data if contact.request is not None else None
    if not continues(before, asked):
        before = None
    number = before["number"] if before is not None else house.ledger.next_request()
    data = opened(before, number, {**asked, "by": phone(contact.from_number)})
    data["customer"] = data["customer"] or (contact.entitlement or {}).get("customer") or ""
    problem = house.site.settings.problems.get(data["code"] or "")
    return house.orders.reported(contact, data, problem, house.now())


def note(house: House, contact: Contact, do: Note) -> Outcome:
    """Write it down, once: after a restart it is not written again. Returns what the flow is told of a request."""
    event = contact.noted
    if event is None:
        events = (
            request_events(house, contact, do.data)
            if do.what == "request"
            else [Event("article", house.now(), contact.id, data=dict(do.data))]
            if do.what == "article"
            else [Event("survey", house.now(), contact.id, data=dict(do.data))]
        )
        house.ledger.append(
            *events
        )  # on disk before the next command: the step that tells of it is waited for
        event = next(one for one in events if one.kind == do.what)
    return _noted(event.data).text() if event.kind == "request" else None


def _noted(request: Mapping[str, Any]) -> Noted:
    order = request.get("work_order")
    return Noted(str(request["number"]), str(order or ""), bool(request.get("known")))
