"""A contact's events -> what its flow asked for and what came of it, and whether the flow it began with asks for the same again.

What was asked last has no `step` event where the call ended at it: the caller hung up, or Quietline was taken down. It is known from the
flow alone, walked to there, and stands in `Recorded.told` as one that is `cut`. So it is where an agent sent the caller to another flow:
what that one asked for is none of the first one's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine.core import do as d
from engine.core import interpreter as i
from engine.core.contact import Contact, apply
from engine.core.event import Event
from engine.core.flow import Flow


@dataclass(frozen=True, slots=True)
class Told:
    """One thing a flow asked for and what came of it.

    `at` is when that was known (seconds since the epoch), `waited` how long the caller waited in a queue (None: not at all), `cut` whether
    the call ended at it (then `outcome` is what had come of it by then); `heard` is false where a key was there before its prompt.
    """

    do: d.Do
    outcome: d.Outcome
    at: float
    waited: float | None = None
    cut: bool = False
    heard: bool = True


@dataclass(frozen=True, slots=True)
class Recorded:
    """One call as the log holds it."""

    contact: Contact
    told: tuple[Told, ...] = ()
    begins: i.Beginning = field(default_factory=lambda: i.Beginning({}))

    @property
    def given(self) -> Mapping[str, str]:
        """The variables its flow was given beforehand."""
        return self.begins.variables

    @property
    def outcomes(self) -> list[d.Outcome]:
        """What the flow was told, in order."""
        return [one.outcome for one in self.told if not one.cut]


@dataclass(frozen=True, slots=True)
class Astray:
    """Where a flow does not ask for what the log says it asked for: how many things came again, and both (None: nothing)."""

    after: int
    logged: d.Do | None
    asked: d.Do | None


def recorded(contact_id: str, events: Iterable[Event]) -> Recorded:
    """A contact with what its flow was told."""
    contact, told, begins, waited = Contact(contact_id), list[Told](), i.Beginning({}), 0.0
    for event in events:
        if event.kind == "arrived":
            begins = i.Beginning.of(event.data)
        contact = apply(contact, event)
        if event.kind == "step" and contact.sent_to is None:
            told.append(_told(event, contact, waited))
            waited = contact.wait_s or 0.0
    return Recorded(contact, tuple(told), begins)


def _told(event: Event, contact: Contact, before: float) -> Told:
    do = d.asked(event.data)
    waited = (contact.wait_s or 0.0) - before if isinstance(do, d.Enqueue) else None
    heard = event.data.get("playing_at", event.at) is not None
    return Told(do, event.data["outcome"], event.at, waited, heard=heard)


def again(call: Recorded, flow: Flow) -> tuple[Recorded, Astray | None]:
    """The call with what its flow asked for last, and where this flow, the version it began with, asks for something else."""
    walk = call.begins.walk(flow)
    for n, one in enumerate(call.told):
        if walk.do != one.do:
            return call, Astray(n, one.do, walk.do)
        walk.send(one.outcome)
    contact = call.contact
    if contact.cause == "flow" and contact.sent_to is None:
        return call, (None if walk.do is None else Astray(len(call.told), None, walk.do))
    if walk.do is None or contact.cause is None:
        return call, None
    return replace(call, told=(*call.told, _cut(call, walk.do))), None


def _cut(call: Recorded, do: d.Do) -> Told:
    """What the call ended at; its outcome is what had come of it by then: an agent had answered, or a message was kept."""
    contact, outcome, waited = call.contact, None, None
    if isinstance(do, d.Enqueue):
        waited = (contact.wait_s or 0.0) - sum(one.waited or 0.0 for one in call.told)
        outcome = "done" if contact.last_left == "answered" else None
    if isinstance(do, d.Transfer):
        end = contact.transfer_end
        outcome = "answered" if end is not None and "by" in end.data else None
    if isinstance(do, d.Record):
        left = sum(isinstance(one.do, d.Record) and one.outcome == "left" for one in call.told)
        outcome = "left" if contact.messages > left else None
    return Told(do, outcome, contact.ended_at or contact.arrived_at, waited, cut=True)
