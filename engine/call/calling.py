"""Somebody is called into a conversation: rung, spoken with, given the caller; and who looks after the caller where nobody comes.

`talking.py` hears what happens and what is asked for; here is what follows from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import structlog

from engine.ari.calls import HangupReason, TransferState
from engine.call.arranging import ALONE, NOBODY, Arrangement, Arranger, arrangement
from engine.call.called import Called
from engine.call.farewell import Farewell
from engine.call.house import House
from engine.call.line import MADE, Line
from engine.call.listening import Listening
from engine.call.ordering import Target
from engine.call.sending import Sender, dialled
from engine.call.taping import Taping
from engine.core import acd
from engine.core.contact import Contact
from engine.core.conversation import AGENT, BACK, CONSULT, NUMBER, Asked, Conversation
from engine.core.do import Enqueue
from engine.core.event import Event
from engine.core.outbound import way_out
from engine.errors import AgentUnreachable, EngineError, Gone

log = structlog.get_logger()

#: Seconds somebody who is called in is rung for, where no queue says so.
RING = 20.0
#: How the second call of an agent's phone ends that has reached nobody.
REFUSED: Mapping[str, HangupReason] = {"busy": "busy", "rejected": "busy", "no_answer": "no_answer"}


class Calling:
    """The part of a conversation that brings people into it."""

    def __init__(self, house: House, line: Line, do: Enqueue, music: Callable[[], Awaitable[None]]) -> None:
        self._house = house
        self._line = line
        self._arranger = Arranger(line, music)
        self._called: Called | None = None
        #: The leg whose phone wants to hear what becomes of the transfer it has asked for.
        self._referrer: str | None = None
        #: The second call of the agent's phone, with which it has called somebody in; empty: none.
        self._second = ""
        self._sender = Sender(house, line, do)
        self._taping = Taping(house, line)
        self._supervising = Listening(house, line)
        self._farewell = Farewell(house, line)

    @property
    def _contact(self) -> Contact:
        return self._house.ledger.contact(self._line.contact)

    @property
    def _talk(self) -> Conversation:
        talk = self._contact.talk
        assert talk is not None
        return talk

    async def _arrange(self) -> None:
        await self._arranger.arrange(arrangement(self._talk, self._line.channel))

    async def _release(self, why: str, leg: str | None) -> None:
        """Let the one who spoke with the caller go; the caller hears music."""
        await self._house.distributor.submit(acd.Released(self._line.contact, why))
        await self._bring_about(arrangement(self._talk, self._line.channel), leg)
        await self._drop_second()
        if why != "parked" or not await self._farewell.begin(leg or "", self._talk):
            await self._let_go(leg or "", why)

    async def _let_go(self, leg: str, why: str) -> None:
        if why == "parked":
            await self._progress("channel_answered")
        await self._line.try_hangup(leg)

    async def _bring_about(self, wanted: Arrangement, leg: str | None) -> None:
        """Arrange it without whoever spoke with the caller; they are hung up on also where the caller has gone in this moment."""
        try:
            await self._arranger.arrange(wanted)
        except Gone:
            self._arranger.apart()
            await self._line.try_hangup(leg or "")
            await self._drop_second()
            raise

    async def _drop_second(self, reason: HangupReason = "normal") -> None:
        """Let the second call of the agent's phone go, if there is one."""
        second, self._second = self._second, ""
        await self._line.try_hangup(second, reason)

    # --- somebody is called in ----------------------------------------------------------------

    async def _call_in(self, target: Target, how: str, by: str = "", second: str = "") -> bool:
        """Ring somebody for this conversation, `second`: whom that call has dialled; True where that has ended it at once."""
        self._second = second if how == CONSULT else ""
        if not await self._asked_for(target, how, by, second):
            return await self._nobody_comes()
        await self._arrange()
        if self._talk.asked is not None and self._talk.asked.leg == second:  # they have called us
            self._called = self._there(second)
            return await self._picked_up()
        if second:
            with suppress(Gone):  # its end is told by its own event
                await self._line.calls.ring(second)
        asked = self._talk.asked
        if asked is None:  # called off meanwhile: they have logged out, or their phone has gone
            return await self._nobody_comes()
        return await self._ring(asked, self._phone(asked))

    async def _asked_for(self, target: Target, how: str, by: str, second: str) -> bool:
        """Write down who is rung next; False where they cannot be."""
        talk, house, contact = self._talk, self._house, self._line.contact
        rule = house.site.settings.queues.get(talk.queue)
        ring = rule.ring if rule is not None else RING
        if target.kind == AGENT:
            await house.distributor.submit(acd.Ask(contact, target.name, talk.queue, how, ring, by, second))
            return self._talk.asked is not None
        out = way_out(house.site.settings.outbound, target.name)
        if out is None:
            return False
        leg = f"{contact}{MADE}n{len(self._contact.legs)}"
        shown = out.caller or self._contact.from_number
        await self._write(
            Event(
                "calling",
                self._house.now(),
                data={
                    "kind": NUMBER,
                    "to": out.number,
                    "how": how,
                    "by": by,
                    "leg": leg,
                    "ring": ring,
                    "trunk": out.trunk,
                    "shown": shown,
                    **({"second": second} if second else {}),
                },
            )
        )
        return True

    def _there(self, leg: str) -> Called:
        """The phone of somebody who has called to fetch the caller."""
        called = Called(leg, RING)
        called.picked_up = True
        return called

    def _phone(self, asked: Asked) -> Called:
        """The phone that rings, for as long as it has left."""
        called = Called(asked.leg, asked.ring)
        called.deadline -= max(0.0, min(asked.ring, self._house.now() - asked.at))
        return called

    async def _ring(self, asked: Asked, called: Called) -> bool:
        why = await self._dial(asked, called)
        return await self._comes_no_more(why) if why else False

    async def _dial(self, asked: Asked, called: Called) -> str:
        """Ring them; why that is not possible, or nothing."""
        way = dialled(self._house, asked)
        if not way.endpoint:
            return "not_allowed"
        self._called = called
        try:
            await called.originate(self._line, way.endpoint, way.shown or self._contact.from_number)
        except AgentUnreachable:
            return "unreachable"
        return ""

    async def _picked_up(self) -> bool:
        """A consulted one speaks with the agent; anybody else has the caller now."""
        asked = self._talk.asked
        if asked is not None and MADE not in asked.leg:
            try:
                await self._line.calls.answer(asked.leg)
            except Gone:
                return await self._comes_no_more("cancelled")
        talk, asked = self._talk, self._talk.asked
        if asked is None:  # called off in this moment
            return await self._nobody_comes()
        if asked.how != CONSULT or talk.leg is None:
            return await self._complete()
        if asked.kind == AGENT:
            await self._house.distributor.submit(acd.AskAnswered(self._line.contact))
        else:
            await self._write(
                Event("calling_answered", self._house.now(), data={"to": asked.to, "leg": asked.leg})
            )
        if asked.second:
            with suppress(Gone):
                await self._line.calls.answer(asked.second)
        await self._arrange()
        return False

    async def _complete(self) -> bool:
        """The caller is with whoever was called in; who rings still is left to it, as in a blind transfer."""
        talk, asked = self._talk, self._talk.asked
        assert asked is not None
        if not asked.answered and not (self._called is not None and self._called.picked_up):
            await self._release("blind", talk.leg)
            return False
        how = "attended" if asked.how == CONSULT and asked.answered else asked.how
        to = {"kind": asked.kind, "to": asked.to, "leg": asked.leg, "how": how, "queue": talk.queue}
        held = {"held": True} if asked.held else {}
        handed = {**to, "from": talk.to, **held}
        await self._house.distributor.submit(acd.HandedOver(self._line.contact, handed))
        self._called = None
        await self._progress("channel_answered")
        await self._arrange()
        await self._line.try_hangup(talk.leg or "")
        await self._drop_second()
        await self._taping.follow()
        return False

    async def _not_called_in(self, why: str) -> None:
        """Write down that whoever was called in is not there any more, and let their phone go."""
        asked = self._talk.asked
        if asked is None:
            return
        if asked.kind == AGENT:
            await self._house.distributor.submit(acd.AskEnded(self._line.contact, why))
        else:
            await self._write(Event("calling_ended", self._house.now(), data={"to": asked.to, "why": why}))
        self._called = None
        await self._progress("channel_unavailable")
        await self._line.try_hangup(asked.leg)
        await self._drop_second(REFUSED.get(why, "normal"))

    async def _progress(self, state: TransferState) -> None:
        """Tell the phone that has asked for a transfer, if one has, how far it has come."""
        leg = self._referrer
        if leg is None:
            return
        self._referrer = leg if state == "channel_progress" else None
        try:
            await self._line.calls.transfer_progress(leg, state)
        except EngineError as error:
            log.info("a phone does not want to know of its transfer", leg=leg, error=str(error))

    async def _comes_no_more(self, why: str) -> bool:
        """Whoever was called in does not come, or has gone again: the caller is looked after by somebody else."""
        await self._not_called_in(why)
        return await self._nobody_comes()

    async def _nobody_comes(self) -> bool:
        if self._talk.asked is not None:
            self._called = None
            return False
        if self._called is not None:  # they were called off
            await self._line.try_hangup(self._called.leg)
            self._called = None
        await self._drop_second("busy")
        await self._progress("channel_unavailable")
        if await self._looked_after():
            return True
        await self._arrange()
        return False

    # --- nobody is dropped --------------------------------------------------------------------

    async def _looked_after(self) -> bool:
        """Is there somebody for the caller, or a time until which they are parked? Else find somebody; True where it is a queue."""
        talk = self._talk
        if talk.leg is not None or talk.asked is not None:
            return False
        if talk.parked is not None and talk.parked.data["until"] > self._house.now():
            return False
        return await self._bring_back()

    async def _bring_back(self) -> bool:
        """Ring the one who sent the caller on; who did so in vain once already is followed by the queue."""
        talk = self._talk
        tried = any(leg.how == BACK and leg.rang_at >= self._left_at for leg in self._contact.legs)
        if (
            talk.kind == AGENT
            and not tried
            and not acd.why_not(self._house.distributor.state, talk.to, self._line.contact)
        ):
            return await self._call_in(Target(AGENT, talk.to), BACK)
        return await self._into_queue(talk.queue, BACK)

    @property
    def _left_at(self) -> float:
        """When the last one who spoke with the caller ended."""
        return max(
            (leg.until_at or 0.0 for leg in self._contact.legs if leg.from_at is not None), default=0.0
        )

    async def _into_queue(
        self, name: str, how: str, priority: int | None = None, joined: str | None = None
    ) -> bool:
        """The caller goes into a queue, in the place of a second call that is `joined`; that ends the conversation."""
        leg = self._talk.leg
        await self._sender.into_queue(self._contact, name, how, priority, joined)
        await self._progress("channel_answered")
        await self._bring_about(ALONE, leg)
        await self._line.try_hangup(leg or "")
        return True

    async def _to_extension(self, number: str, joined: Mapping[str, Any] = MappingProxyType({})) -> bool:
        """The caller goes to a number of the house's, which ends the conversation; `joined`: in the place of a second call."""
        leg = self._talk.leg
        await self._sender.to_extension(self._contact, number, joined)
        await self._progress("channel_answered")
        await self._bring_about(NOBODY, leg)
        await self._line.try_hangup(leg or "")
        return True

    def _write(self, event: Event) -> asyncio.Future[None]:
        """Write down something of this conversation, and of the agent in it; done when it is on disk."""
        agent = self._talk.to if self._talk.kind == AGENT else None
        return self._house.ledger.append(replace(event, contact=self._line.contact, agent=agent))
