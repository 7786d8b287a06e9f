"""A callback: a place in a queue without anybody on the line, until an agent is free for it.

    at rest     after a try in vain, or while every queue is closed: out of line, with the time of enqueueing kept
    in line     as any caller; the distributor reserves an agent and offers
    in the air  `first: agent`    the agent's phone rings, they are told, then the caller's phone rings
                `first: caller`   the caller's phone rings, they press 1, then the agent's phone rings
    on the line both halves of a call are there: from here on it is a stay in a queue like any other (`Waiting`)

An offer reserves its agent for as long as both phones may ring, so a try in the air always has an agent of its own. A try that is in the
air when the engine dies or the link is lost is taken back (it does not count), and made again at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from engine.call.called import RING_MARGIN
from engine.call.house import House
from engine.call.line import CalledOff, Heard, Line, Relink
from engine.call.ringing import Offered
from engine.call.sounds import Sounds
from engine.call.trying import TAKEN_BACK, Try, Why
from engine.call.waiting import Waiting, customer_of
from engine.call.whisper import Whisper
from engine.core import acd
from engine.core.contact import Contact, Stage
from engine.core.do import Enqueue
from engine.core.do import RingBack as RingBackDo
from engine.core.event import Event

#: Seconds after which somebody at rest looks at the clock again, which may have been set.
LOOK_AGAIN = 300.0


class RingBack(Waiting):
    """One callback; `run` returns done, unreached, timeout or cancelled."""

    def __init__(
        self,
        house: House,
        line: Line,
        do: RingBackDo,
        language: str,
        sounds: Sounds,
        variables: Mapping[str, str],
    ) -> None:
        queued = Enqueue(
            *(do.step, do.index, do.queue, do.priority, do.skills, 0.0, ()),
            prefer=do.prefer,
            patience=do.patience,
        )
        super().__init__(house, line, queued, language, sounds, variables)
        self._back = do
        #: The caller is on the line.
        self._there = False
        #: Out of line until then (seconds since the epoch), or until a queue opens.
        self._rest_until: float | None = None
        self._closed = False

    # --- ways in ------------------------------------------------------------------------------

    async def run(self) -> str:
        """Wait for the turn, as often as it takes."""
        self._line.forget_commands()
        return await self._begin() or await self._listening()

    async def resume(self, contact: Contact, relink: Relink) -> str:
        """Go on where the contact's events say it stands; a try in the air is taken back."""
        if contact.stage is Stage.TALKING or self._on_line(contact, relink):
            self._there, self._line.channel = True, contact.channel
            if contact.answered_at is None:
                await self._house.ledger.append(Event("answered", self._house.now(), contact.id))
            if contact.cancelled and contact.stage is not Stage.TALKING:
                self._asked = True
                return await self._sent_away()
            return await super().resume(contact, relink)
        if contact.left is not None and contact.left.kind == "talk_ended":
            return "done"
        if contact.left is not None and contact.left.data["outcome"] == "timed_out":
            return "timeout"
        self._ringing.restore(contact)
        if contact.cancelled:
            return await self._called_off()
        if contact.stage is not Stage.WAITING or contact.channel:
            await self._take_back(contact, "lost")
            return await self.run()
        return await self._listening()

    def _on_line(self, contact: Contact, relink: Relink) -> bool:
        up = bool(contact.channel) and relink.channels.get(contact.channel) == "Up"
        return up and (self._back.first == "agent" or contact.confirmed)

    async def _listening(self) -> str:
        """Stay, and hear when queues open or close meanwhile."""
        distributor = self._house.distributor
        distributor.listeners[self._line.contact] = self._line.inbox.put
        try:
            return await self._stay()
        finally:
            distributor.listeners.pop(self._line.contact, None)

    async def _begin(self) -> str | None:
        """The next try, now or after a rest; or how it ends where there is none."""
        contact = self._contact
        self._rest_until = None
        if contact.cancelled:
            return "cancelled"
        if contact.tries >= self._back.attempts:
            return "unreached"
        if self._house.now() >= self._deadline_at:
            return "timeout"
        if contact.again_at is not None and contact.again_at > self._house.now():
            self._rest_until = contact.again_at
        else:
            await self._enter()
        return None

    async def _enter(self) -> None:
        """Into line, with the time that was kept; whoever they know is waited for from now on."""
        contact, do = self._contact, self._back
        prefer = await self._preferred() if do.prefer else ()
        group = self._house.site.settings.groups.get(do.queue)
        since = contact.kept_since
        patience = max(0.0, self._house.now() - since) + do.patience
        self._asked = True
        self._house.distributor.submit(
            acd.Arrived(
                contact.id,
                group.queues if group else (do.queue,),
                group=group.name if group else None,
                priority=do.priority,
                skills=frozenset(do.skills),
                max_wait=max(1.0, self._deadline_at - since),
                enqueued_at=since,
                kind=acd.CALLBACK,
                dial=self._try().longest,
                prefer=prefer,
                patience=patience if prefer else 0.0,
            )
        )

    async def _known_by(self) -> tuple[str, str]:
        """By what they were known in the call that asked for this, whichever number is rung."""
        back = self._contact
        asked = self._house.ledger.open.get(back.callback_of or "")
        if asked is not None:
            return customer_of(asked.entitlement), asked.from_number or back.from_number
        ended = await self._house.archive.contact(back.callback_of or "")
        return customer_of(ended["entitlement"]), ended["from_number"] or back.from_number

    @property
    def _contact(self) -> Contact:
        return self._house.ledger.contact(self._line.contact)

    @property
    def _deadline_at(self) -> float:
        """When nobody is rung any more, seconds since the epoch."""
        return self._contact.arrived_at + self._back.within

    # --- in line and at rest ------------------------------------------------------------------

    async def _next(self) -> str | None:
        if self._there:
            return await super()._next()
        item = await self._line.wait(self._until())
        match item:
            case None:
                return await self._due()
            case acd.Refused() if self._any_open():
                return await self._begin()  # it has opened since
            case acd.Refused():
                self._closed = True
            case acd.Doors() if self._closed:
                self._closed = False
                return await self._begin()
            case acd.TimedOut():
                return "timeout"
            case acd.Offer(offer, contact, agent, _, ring) if self._wants(offer):
                return await self._offered(Offered(offer, agent, contact, ring))
            case acd.Cancel(offer):
                await self._ringing.stop(offer)
            case CalledOff():
                return await self._called_off()
            case dict():
                await self._on_event(item)
            case _:
                pass
        return None

    def _any_open(self) -> bool:
        settings, queues = self._house.site.settings, self._house.distributor.state.queues
        group = settings.groups.get(self._back.queue)
        names = group.queues if group else (self._back.queue,)
        return any(name in queues and queues[name].open for name in names)

    def _until(self) -> float | None:
        loop, now = asyncio.get_running_loop(), self._house.now()
        if self._ringing:
            return self._ringing.deadline
        due = [
            at for at in (self._rest_until, self._deadline_at if self._at_rest else None) if at is not None
        ]
        return loop.time() + min(LOOK_AGAIN, max(0.0, min(due) - now)) if due else None

    @property
    def _at_rest(self) -> bool:
        return self._closed or self._rest_until is not None

    async def _due(self) -> str | None:
        """Time has passed: a phone that reports nothing is given up; a rest, or everything, may be over."""
        if self._ringing:
            await self._on_time()
            return None
        now = self._house.now()
        if self._at_rest and now >= self._deadline_at:
            return "timeout"
        if self._rest_until is not None and now >= self._rest_until:
            return await self._begin()
        return None

    async def _heard(self, item: Heard | None) -> str | None:
        """What comes while the caller is on the line."""
        return await self._sent_away() if isinstance(item, CalledOff) else await super()._heard(item)

    async def _sent_away(self) -> str:
        """People want it no longer while the caller waits on the line: the flow says a word to them."""
        await self._abandon("unreached")
        await self._silence()
        return "cancelled"

    async def _called_off(self) -> str:
        """People want it no longer: phones stop ringing, and the place is given up."""
        await self._take_back(self._contact, "called_off")
        return "cancelled"

    # --- in the air ---------------------------------------------------------------------------

    async def _offered(self, offer: Offered) -> str | None:
        """An agent is reserved: ring whoever comes first."""
        if self._back.first == "agent":
            await self._ringing.ring(offer)
            return None
        self._ringing.expect(offer)
        attempt = self._try()
        why = await attempt.with_caller()
        if why is not None:
            return await self._in_vain(attempt, why)
        self._arrive(attempt)
        await self._music()
        if self._ringing.live(offer.offer):
            offer.deadline = asyncio.get_running_loop().time() + offer.ring + RING_MARGIN
            await self._ringing.ring(offer)
        else:
            self._ringing.forget(offer)  # it was withdrawn meanwhile: whoever is offered next comes
        return None

    def _whispered(self, offer: Offered) -> Whisper:
        """Nothing where they are told anyway that they are about to ring somebody back."""
        return super()._whispered(offer) if self._there else Whisper()

    async def _bridge(self) -> str | None:
        """The agent is there: bring them together, after ringing the caller where that is still to be done."""
        offer = self._ringing.winner
        assert offer is not None
        if not self._there:
            attempt = self._try(offer.leg)
            why = await attempt.with_agent()
            if why is not None:
                return await self._in_vain(attempt, why)
            self._arrive(attempt)
        return await super()._bridge()

    def _try(self, leg: str = "") -> Try:
        offer = self._ringing.first
        about = "" if offer is None else offer.offer
        return Try(self._house, self._line, self._back, self._language, self._sounds, about, leg)

    def _arrive(self, attempt: Try) -> None:
        """The caller is on the line: from here on they wait, or speak, like any other."""
        self._there = True
        self._see_to(attempt)

    def _see_to(self, attempt: Try) -> None:
        """Whatever came meanwhile comes next."""
        for item in attempt.later:
            self._line.inbox.put(item)

    # --- in vain ------------------------------------------------------------------------------

    async def _in_vain(self, attempt: Try, why: Why) -> str | None:
        """A try has come to nothing: the agent is told and free again, and there is a rest before the next."""
        if why not in TAKEN_BACK and self._ringing.winner is not None:
            await attempt.say_to_agent(self._back.unreached)
        if self._contact.cancelled:
            return await self._called_off()
        await self._take_back(self._contact, why)
        self._see_to(attempt)
        return (
            None if why == "agent_gone" else await self._begin()
        )  # who has lost an agent alone is still in line

    async def _take_back(self, contact: Contact, why: Why) -> None:
        """Both phones stop ringing, and the try is written down with what follows from it."""
        house, now, do = self._house, self._house.now(), self._back
        offer = self._ringing.first
        await self._line.try_hangup(contact.channel)
        await self._ringing.stop_all()
        self._line.left()
        if contact.channel:
            counts = why not in TAKEN_BACK
            over = contact.tries + counts >= do.attempts
            again_at = None if over else now + (do.pause if counts else 0.0)
            data = {"why": why, "counts": counts, "again_at": again_at}
            house.ledger.append(Event("dial_ended", now, contact.id, data=data))
        if why == "agent_gone" and offer is not None:
            await house.distributor.submit(acd.OfferFailed(offer.offer, "rejected"))
        else:
            await house.distributor.submit(acd.Left(contact.id, "unreached"))
