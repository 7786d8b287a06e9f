"""The phones that ring for one caller: one, or with `strategy: ring_all` several, of which the first that is picked up wins.

Whoever picks up is reported at once, before anything is said or bridged. By the time that is written down the distributor has withdrawn
all other offers, and their phones are let go together. One that is picked up in the same instant finds its offer withdrawn, and is hung up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from engine.call.called import AUTO_ANSWER, HOLDS, RING_MARGIN, Called, phone_held
from engine.call.diary import leg_of
from engine.call.house import House
from engine.call.line import AriEvent, Line, Relink, channel_of
from engine.call.whisper import Whisper
from engine.core import acd
from engine.core.contact import Contact
from engine.errors import AgentUnreachable


class Offered(Called):
    """One offer: its id, who rings, their leg, and what they hear first (`told`: they have, or the engine died over it)."""

    __slots__ = ("agent", "offer", "told", "whisper")

    def __init__(self, offer: str, agent: str, contact: str, ring: float) -> None:
        super().__init__(leg_of(offer, contact), ring)
        self.offer = offer
        self.agent = agent
        self.told = False
        self.whisper = Whisper()


class Ringing:
    """The offers of one caller that are live as far as their call knows, and the one that was picked up first."""

    def __init__(self, house: House, line: Line, whisper: Callable[[Offered], Whisper]) -> None:
        self._house = house
        self._line = line
        self._whisper = whisper
        self._phones: dict[str, Offered] = {}
        self.winner: Offered | None = None

    def __bool__(self) -> bool:
        return bool(self._phones)

    def __contains__(self, offer: str) -> bool:
        return offer in self._phones

    @property
    def first(self) -> Offered | None:
        """The one that was picked up, or else the one that has rung longest."""
        return self.winner or next(iter(self._phones.values()), None)

    @property
    def deadline(self) -> float | None:
        """Until when the next of them must report, on the loop's clock."""
        return min((offer.deadline for offer in self._phones.values()), default=None)

    def live(self, offer: str) -> bool:
        """False where it was withdrawn while something else was seen to."""
        return offer in self._house.distributor.state.offers

    # --- ringing --------------------------------------------------------------------------------

    def expect(self, offer: Offered) -> None:
        """Know of an offer whose phone does not ring yet."""
        self._phones[offer.offer] = offer

    async def ring(self, offer: Offered) -> None:
        """Ring its phone; one that cannot be rung is reported."""
        self.expect(offer)
        contact, rung = (
            self._house.ledger.contact(self._line.contact),
            self._house.distributor.rung(offer.agent),
        )
        try:
            if rung is None:
                raise AgentUnreachable("no phone")
            variables = AUTO_ANSWER if self._answers_itself(offer.agent, contact.queue) else None
            await offer.originate(self._line, rung.endpoint, contact.from_number, variables)
        except AgentUnreachable:
            self._failed(offer, "unreachable")

    def _answers_itself(self, name: str, queue: str | None) -> bool:
        settings = self._house.site.settings
        agent, rule = settings.agents.get(name), settings.queues.get(queue or "")
        return any(one is not None and one.auto_answer for one in (agent, rule))

    async def hear(self, event: AriEvent) -> None:
        """Take in what is reported of a leg; those of none of these phones are passed over."""
        leg = channel_of(event)
        offer = next((one for one in self._phones.values() if one.leg == leg), None)
        if offer is None:
            return
        if offer is self.winner and event["type"] in HOLDS:
            await self._holds(offer, HOLDS[event["type"]])
            return
        rung = self._house.distributor.rung(offer.agent)
        why = offer.hear(event, behind=rung is not None and rung.behind_trunk)
        if why is not None:
            if offer.bridged:
                await offer.drop(self._line)
            self._failed(offer, why)
        elif offer.picked_up and offer is not self.winner:
            await self._picked_up(offer)

    async def _picked_up(self, offer: Offered) -> None:
        offer.picked_up, offer.whisper = True, self._whisper(offer)
        await self._house.distributor.submit(acd.PickedUp(offer.offer, offer.whisper.prompts))
        if self.live(offer.offer):
            self.winner = offer
            await self._let_go([one for one in self._phones.values() if one is not offer])
        else:
            await self.stop(offer.offer)  # it was withdrawn in that very moment

    async def _holds(self, offer: Offered, on: bool) -> None:
        """A phone holds, or no longer, though nobody is there yet: whether the caller hears music from the first moment."""
        if self._house.ledger.contact(self._line.contact).phone_holds != on:
            told = phone_held(on, self._house.now(), offer.agent, offer.leg)
            await self._house.ledger.append(replace(told, contact=self._line.contact, agent=offer.agent))

    async def on_time(self) -> None:
        """Give up those of which nothing was told; while Asterisk tells nothing at all, that says nothing about them."""
        now = asyncio.get_running_loop().time()
        for offer in [one for one in self._phones.values() if now >= one.deadline]:
            if self._house.watch.blind_since is not None:
                offer.deadline = now + RING_MARGIN
                continue
            await self.stop(offer.offer)
            self._house.distributor.submit(acd.OfferFailed(offer.offer, "unreachable"))

    def _failed(self, offer: Offered, why: str) -> None:
        self.forget(offer)
        self._house.distributor.submit(acd.OfferFailed(offer.offer, why))

    # --- letting go -----------------------------------------------------------------------------

    def forget(self, offer: Offered) -> None:
        """Its phone rings no more, or is in a conversation."""
        self._phones.pop(offer.offer, None)
        if self.winner is offer:
            self.winner = None

    async def stop(self, offer: str) -> None:
        """Let go the phone of an offer, if it is one of these."""
        await self._let_go([self._phones[offer]] if offer in self._phones else [])

    async def stop_all(self) -> None:
        """Let go all of them."""
        await self._let_go(list(self._phones.values()))

    async def _let_go(self, offers: list[Offered]) -> None:
        """All at the same time: nobody's phone rings on while another one is hung up."""
        for offer in offers:
            self.forget(offer)
        async with asyncio.TaskGroup() as group:
            for offer in offers:
                group.create_task(offer.drop(self._line))

    # --- after a gap ------------------------------------------------------------------------------

    def restore(self, contact: Contact) -> None:
        """Know of the phones that rang, and the one that was picked up, as the contact's events tell it."""
        for event in contact.offered:
            self.expect(Offered(event.data["offer"], str(event.agent), contact.id, event.data["ring"]))
        up = contact.picked_up
        self.winner = self._phones.get(up.data["offer"]) if up is not None else None
        if self.winner is not None:
            self.winner.bridged = self.winner.told = True

    async def resume(self, relink: Relink) -> None:
        """A leg that is still there goes on ringing or has been picked up; one that is not is rung (again)."""
        for offer in list(self._phones.values()):
            if not self.live(offer.offer):
                await self.stop(offer.offer)
            elif offer.leg not in relink.channels:
                if self.winner is offer:
                    self.winner, offer.told = None, False
                await self.ring(offer)
            elif relink.channels[offer.leg] == "Up" and offer is not self.winner:
                await self._picked_up(offer)
