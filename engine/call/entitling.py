"""Who the caller is: what they are entitled to is decided and written down; the language they chose is remembered for their next call."""

from __future__ import annotations

import structlog

from engine.call.house import House
from engine.call.orders import caller
from engine.core.contact import Contact
from engine.core.do import Entitle, Outcome, Recall, Remember
from engine.core.event import Event
from engine.entitle.desk import Question, told
from engine.errors import StoreError

log = structlog.get_logger()


async def entitle(house: House, contact: Contact, do: Entitle, pin: str | None) -> Outcome:
    """Have it decided, and write the decision down before the caller hears of it."""
    asked = Question(contact.id, do.source, do.by, contact.from_number, do.number, pin)
    decision = await house.desk.decide(asked)
    if decision is not None:
        await house.ledger.append(decision.event(asked, house.now()))
    return told(decision)


def identities(contact: Contact) -> list[str]:
    """By what a caller is known again: as a customer who was let in, and by their number; nothing for who withholds it."""
    known = contact.entitlement or {}
    customer = [f"customer {known['source']} {known['customer']}"] if known.get("customer") else []
    return [*customer, *filter(None, [caller(contact.from_number)])]


async def recall(house: House, contact: Contact, do: Recall) -> Outcome:
    """The language this caller chose before, if it is one of those wanted."""
    try:
        found = await house.archive.languages(identities(contact))
    except StoreError as error:
        log.error("a caller's language cannot be looked up", contact=contact.id, error=str(error))
        return None
    return next((language for language in found if language in do.languages), None)


def remember(house: House, contact: Contact, do: Remember) -> None:
    """Write their choice down; on disk before the next command, as the step that tells of it."""
    if who := identities(contact):
        data = {"who": who, "language": do.chosen}
        house.ledger.append(Event("remembered", house.now(), contact.id, data=data))
