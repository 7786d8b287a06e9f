"""Where a caller is sent from a conversation: whether that can be, whom it rings, and how they come back into a queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.call.called import bridge_of
from engine.call.diary import seen_until
from engine.call.house import House
from engine.call.line import Line
from engine.call.ordering import AIMED, Order, Target, Verb
from engine.core import acd
from engine.core.choosing import candidate
from engine.core.contact import Contact
from engine.core.conversation import (
    AGENT,
    BACK,
    BLIND,
    EXTENSION,
    FRONT,
    JOINED,
    QUEUE,
    Asked,
    Conversation,
)
from engine.core.do import Enqueue
from engine.core.event import Event
from engine.core.flow import Flow
from engine.core.outbound import way_out
from engine.core.ranking import excluded

#: Seconds somebody who comes back into a queue may wait there, where no flow says so.
LONGEST_WAIT = 600.0


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody is rung: nothing where they may not be; `behind` a trunk."""

    endpoint: str
    shown: str
    behind: bool


def dialled(house: House, asked: Asked) -> Way:
    """How somebody who is called in is rung."""
    settings = house.site.settings
    if asked.kind == AGENT:
        rung = house.distributor.rung(asked.to)
        return Way("", "", False) if rung is None else Way(rung.endpoint, "", rung.behind_trunk)
    out = way_out(settings.outbound, asked.to)
    return Way("", "", True) if out is None else Way(out.endpoint, out.caller or "", True)


class Sender:
    """Sends one conversation's caller on; `do` is the stay in a queue that led to it."""

    def __init__(self, house: House, line: Line, do: Enqueue) -> None:
        self._house = house
        self._line = line
        self._do = do

    def refusal(self, order: Order, talk: Conversation) -> str:
        """Why the caller cannot be sent there, or that one not be consulted; empty where they can."""
        target = order.target
        if target is None:
            return f"say to whom: {order.verb} needs {AIMED[order.verb]}"
        if order.verb is Verb.RETRIEVE and target.kind != AGENT:
            return "a parked caller is fetched by an agent: name one"
        if target.kind == AGENT and target.name == talk.to and talk.leg is not None:
            return f"{target.name} speaks with the caller already"
        if target.kind == AGENT:
            return self._of_agent(target.name)
        if target.kind == QUEUE and order.verb is Verb.CONSULT:
            return "a queue cannot be consulted: transfer the caller there, or consult an agent"
        if target.kind == EXTENSION and order.verb is Verb.CONSULT:
            return f"{target.name} is a number of this site: transfer the caller there"
        if target.kind == QUEUE:
            return self._of_queue(target)
        if target.kind == EXTENSION:
            return (
                ""
                if self._flow(target.name) is not None
                else f"{target.name} is no number of this site any more"
            )
        allowed = way_out(self._house.site.settings.outbound, target.name) is not None
        return "" if allowed else f"{target.name} may not be rung: `outbound` of site.yaml does not allow it"

    def _of_agent(self, name: str) -> str:
        why = acd.why_not(self._house.distributor.state, name, self._line.contact)
        match why:
            case "":
                return ""
            case "unknown":
                return f"there is no agent {name!r} any more"
            case "busy":
                return "somebody is called into this conversation already"
            case "own_call":
                return f"{name} is in a call of their own"
            case _:
                return f"{name} cannot be rung now: {why.replace('_', ' ')}"

    def _of_queue(self, target: Target) -> str:
        state, now = self._house.distributor.state, self._house.now()
        fact = self._arrival(self._house.ledger.contact(self._line.contact), target.name, target.priority)
        found = [excluded(candidate(state, name, fact, fact.enqueued_at or now, now)) for name in fact.queues]
        if None in found:
            return ""
        return f"{target.name} takes no caller now: {', '.join(sorted({str(why) for why in found}))}"

    def _flow(self, number: str) -> Flow | None:
        site = self._house.site
        return site.flows.get(site.settings.numbers.get(number, ""))

    async def to_extension(self, contact: Contact, number: str, joined: Mapping[str, Any]) -> None:
        """The caller leaves the conversation for the flow of a number of the house's, as new callers have it.

        Where they come to it in the place of a second call, that contact is `joined`, and (`stands`) how far it has come.
        """
        talk, flow = contact.talk, self._flow(number)
        assert talk is not None
        assert flow is not None
        self._house.versions.setdefault(flow.hash, flow)
        data: dict[str, Any] = {
            "kind": EXTENSION,
            "to": number,
            "leg": None,
            "how": BLIND,
            "queue": talk.queue,
            "from": talk.to,
            "flow": flow.name,
            "flow_hash": flow.hash,
            "release": self._house.edition.release,
            "from_number": contact.from_number,
            "to_number": number,
            "language": contact.language if contact.language in flow.languages else flow.languages[0],
        }
        data |= {**joined, "how": JOINED} if joined else {}
        await self._house.distributor.submit(acd.HandedOver(contact.id, data))
        self._line.forget_commands()

    async def into_queue(
        self,
        contact: Contact,
        name: str,
        how: str,
        priority: int | None = None,
        joined: str | None = None,
    ) -> None:
        """The caller leaves the conversation and stands in a queue, with the time they first came into one."""
        talk = contact.talk
        assert talk is not None
        wanted = FRONT if how == BACK else priority
        data: dict[str, Any] = {
            "kind": QUEUE,
            "to": name,
            "leg": None,
            "how": how,
            "queue": talk.queue,
            "from": talk.to,
        }
        data |= {"priority": wanted} | ({"joined": joined} if joined else {})
        await self._house.distributor.submit(acd.HandedOver(contact.id, data))
        self.enter(self._house.ledger.contact(contact.id))

    def enter(self, contact: Contact) -> None:
        """Into the queue that the caller is sent to."""
        assert contact.sent_back is not None
        data = contact.sent_back.data
        self._line.forget_commands()
        self._house.distributor.submit(self._arrival(contact, data["to"], data["priority"]))

    def _arrival(self, contact: Contact, name: str, priority: int | None) -> acd.Arrived:
        group = self._house.site.settings.groups.get(name)
        now = self._house.now()
        since = now if contact.enqueued_at is None else contact.enqueued_at
        return acd.Arrived(
            contact.id,
            group.queues if group else (name,),
            group=group.name if group else None,
            priority=self._do.priority if priority is None else priority,
            skills=frozenset(self._do.skills) if name == self._do.queue else frozenset(),
            max_wait=self._do.max_wait or LONGEST_WAIT,
            enqueued_at=since,
            entered_at=now,
            queue=None if group else name,
        )


async def end_talk(house: House, line: Line, reason: str, seen: float | None = None) -> None:
    """The caller is gone, or their call failed: that is written down, nobody's phone rings on, and nobody is left in a bridge."""
    contact = house.ledger.contact(line.contact)
    talk = contact.talk
    if talk is None:
        return
    by = "lost" if seen is not None else {"abandoned": "caller"}.get(reason, reason)
    late = seen is None and line.went_at is not None
    seen = line.went_at if late else seen
    state, now, asked = house.distributor.state, house.now(), talk.asked
    if asked is not None and contact.id not in state.asks:
        house.ledger.append(Event("calling_ended", now, contact.id, data={"to": asked.to, "why": by}))
    if contact.id not in state.talks:
        data = {"by": by, "agent": None, **seen_until(seen)}
        house.ledger.append(Event("talk_ended", now, contact.id, data=data))
    await house.distributor.submit(acd.Left(contact.id, reason, seen, late))
    for leg in talk.legs:
        line.unbridge(bridge_of(leg))
        await line.try_hangup(leg)
