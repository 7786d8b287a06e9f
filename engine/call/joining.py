"""An agent joins their caller with where their phone's second call stands: a contact of its own, which has called a number of the site's.

    somebody has answered it     the caller is with them, in the bridge that is there
    it waits in a queue          the caller waits there, with the time they first came
    it is in a flow              the caller is in that flow, where the call stands: what it is asked just then is asked again

What is joined is on record in both contacts at once, in one commit: `transferred` here, `joined` there. The second one ends by it, as what
it was. Where somebody has answered it two tasks meet: this one, whose caller it is, lays claim to them (Claim) and waits; the other one
answers between two things it hears, so neither of them is in the middle of anything, and lets its own caller, the agent's phone, go.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

import structlog

from engine.call.arranging import arrangement
from engine.call.called import bridge_of
from engine.call.calling import Calling
from engine.call.line import channel_of, contact_of_channel
from engine.call.ordering import Claim, Order, Verb, stands_at
from engine.core import acd
from engine.core.contact import Contact
from engine.core.conversation import AGENT, JOINED, QUEUE, Conversation
from engine.core.interpreter import GIVEN, so_far
from engine.errors import CallerGone, Gone, PbxUnreachable, StoreError

log = structlog.get_logger()

#: Seconds within which the second call has answered a claim.
CLAIMED_WITHIN = 5.0
#: Why a caller cannot be joined with a second call.
OVER = "the second call is over"
SLOW = "the second call does not answer"
ALONE = "nobody is in the second call now: whoever answered it has sent it on, or parked it"
BUSY = "whoever has answered the second call has called in somebody else"
OUTSIDE = "the flow of the second call rings somebody outside: transfer the caller to that number"


class Joining(Calling):
    """The part of a conversation that is joined with another contact."""

    # --- the caller's side --------------------------------------------------------------------

    @property
    def _second_call(self) -> Contact | None:
        """The second call of the agent's phone where it is a contact of its own; the newest of several."""
        talk, house = self._talk, self._house
        agent = house.distributor.state.agents.get(talk.to) if talk.kind == AGENT else None
        if agent is None or not agent.seat:
            return None
        theirs = [one for one in house.ledger.open.values() if one.phone == agent.seat and not one.taken_over]
        return max(
            (one for one in theirs if one.id != self._line.contact),
            key=lambda one: one.arrived_at,
            default=None,
        )

    async def _follows(self, source: str, other: str) -> bool:
        """A phone wants the other sides of its two calls together, of which this is one; True where the conversation is over by that."""
        leg = self._talk.leg
        if leg not in (source, other):
            return False
        self._referrer = source
        second = self._house.ledger.open.get(contact_of_channel(other if source == leg else source))
        sentence, over = await self._joined_with(second)
        if sentence:
            log.info("an agent's phone joins two calls in vain", contact=self._line.contact, why=sentence)
            await self._progress("channel_declined")
        return over

    async def _joined_with(self, second: Contact | None) -> tuple[str, bool]:
        """Let the caller be where that call stands; why that cannot be (or nothing), and whether the conversation is over by it."""
        talk = self._talk
        if second is None or second.taken_over:
            return OVER, False
        if talk.asked is not None:
            return f"{talk.asked.to} is called in: complete or cancel that first", False
        if second.talk is not None:
            return await self._claimed(second, talk), False
        target = stands_at(second)
        if target is None:
            return OUTSIDE, False
        if sentence := self._sender.refusal(Order(Verb.TRANSFER, target), talk):
            return sentence, False
        if target.kind == QUEUE:
            going = self._into_queue(target.name, JOINED, joined=second.id)
        else:
            stands = await self._stands(second)
            again = self._house.ledger.open.get(second.id)
            if again is None or stands_at(again) != target or again.talk is not None:
                return await self._joined_with(again)  # it has gone on meanwhile
            going = self._to_extension(target.name, {"joined": second.id, **stands})
        return "", await self._in_its_place(going, second.channel)

    async def _in_its_place(self, going: Awaitable[bool], second: str) -> bool:
        """Bring the caller there, and let the second call go, also where the caller has gone in this moment, or nobody can tell."""
        try:
            over = await going
        except (Gone, PbxUnreachable):
            await self._line.try_hangup(second)
            raise
        await self._line.try_hangup(second)
        return over

    async def _stands(self, second: Contact) -> dict[str, Any]:
        """How far the second call has come in the flow of the number it has called; nothing where the caller can only begin there.

        That is where another release is live by now, where the call itself is in a place that somebody else had before, and where the store
        cannot be read.
        """
        house = self._house
        try:
            begun, told = so_far(await house.archive.events(second.id))
        except StoreError as error:
            log.error("it cannot be read how far a second call has come", contact=second.id, error=str(error))
            return {}
        same = begun.get("release") == house.edition.release and begun["flow_hash"] == self._flow_of(begun)
        if not same or "stands" in begun:
            return {}
        return {"stands": {"variables": {name: begun[name] for name in GIVEN}, "told": told}}

    def _flow_of(self, begun: Mapping[str, Any]) -> str:
        """The hash of the flow that the number called leads to now."""
        site = self._house.site
        flow = site.flows.get(site.settings.numbers.get(begun["to_number"], ""))
        return flow.hash if flow is not None else ""

    async def _claimed(self, second: Contact, talk: Conversation) -> str:
        """The caller is with whoever speaks in the second call; why that cannot be, or nothing."""
        line, claim = self._house.lines.get(second.id), Claim(self._line.contact, talk.leg or "")
        if line is None:
            return OVER
        line.inbox.put(claim)
        await asyncio.wait({claim.answer}, timeout=CLAIMED_WITHIN)
        claim.tell(SLOW)  # where it has not been answered until now, nothing comes of it any more
        if claim.written is None:
            return claim.answer.result()
        await claim.written
        there = self._talk.leg
        assert there is not None
        self._arranger.finds(bridge_of(there), there)
        await self._progress("channel_answered")
        await self._bring_about(arrangement(self._talk, self._line.channel), talk.leg)
        await self._line.try_hangup(talk.leg or "")
        await self._taping.follow()
        return ""

    # --- the second call's side ---------------------------------------------------------------

    async def _give(self, claim: Claim) -> None:
        """Let another contact's caller have whoever speaks in this one, which ends by it. Raises CallerGone then."""
        talk, into = self._talk, self._house.ledger.open.get(claim.contact)
        if claim.answer.done():
            return
        theirs = into.talk if into is not None else None
        if theirs is None or theirs.leg != claim.leg or (sentence := kept(talk)):
            claim.tell(OVER if theirs is None or theirs.leg != claim.leg else sentence)
            return
        claim.written = self._house.distributor.submit(
            acd.Joined(claim.contact, self._line.contact, self._handed(talk, theirs))
        )
        self._pass_on(claim.contact, talk.leg or "")
        claim.tell("")
        await claim.written
        raise CallerGone(self._line.channel)

    def _handed(self, talk: Conversation, theirs: Conversation) -> dict[str, Any]:
        """The data of `transferred` by which somebody of this conversation has another contact's caller."""
        to = {"kind": talk.kind, "to": talk.to, "leg": talk.leg, "how": JOINED, "queue": talk.queue}
        return to | {"from": theirs.to, "joined": self._line.contact} | ({"held": True} if talk.held else {})

    def _pass_on(self, contact: str, leg: str) -> None:
        """What is told of this leg concerns that contact from now on, and what was told of it and not heard yet, too."""
        house, inbox = self._house, self._line.inbox
        house.guests |= {leg: contact, bridge_of(leg): contact}
        theirs = inbox.split(lambda one: channel_of(one) == leg)
        for event in theirs:
            if isinstance(event, dict):
                house.lines[contact].told(event)


def kept(talk: Conversation) -> str:
    """Why whoever speaks in a conversation cannot be had by another contact's caller; empty where they can."""
    if talk.leg is None:
        return ALONE
    return BUSY if talk.asked is not None else ""
