"""A caller in a queue: an agent's phone ringing, the conversation; what they hear meanwhile is the announcer's.

One loop per stage. The contact's folded events say which stage it is (waiting, offered, picked_up, talking), so a call that is taken up
after a lost link or a killed engine enters at the very same place as one that gets there by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog

from engine.call.announcing import Announcer
from engine.call.called import bridge_of
from engine.call.diary import left_by
from engine.call.house import House
from engine.call.line import WATCHDOG, AriEvent, Heard, Line, News, Relink, channel_of, finished
from engine.call.ordering import NO_TALK, Order
from engine.call.ringing import Offered, Ringing
from engine.call.sending import Sender, end_talk
from engine.call.sounds import Sounds
from engine.call.talking import Talking
from engine.call.whisper import Whisper, whisper_for
from engine.core import acd
from engine.core.contact import Contact, Stage
from engine.core.do import Enqueue
from engine.core.event import Event
from engine.errors import CallerGone, Gone, StoreError

log = structlog.get_logger()


class Waiting:
    """One stay of one caller in a queue or group; `run` returns done, timeout, full, unstaffed, closed, or the key pressed."""

    def __init__(
        self,
        house: House,
        line: Line,
        do: Enqueue,
        language: str,
        sounds: Sounds,
        variables: Mapping[str, str],
    ) -> None:
        self._house = house
        self._line = line
        self._do = do
        self._language = language
        self._sounds = sounds
        self._ringing = Ringing(house, line, self._whispered)
        self._announcer = Announcer(house, line, language, sounds, variables, do.if_longer)
        self._asked = False
        self._asking = False

    # --- ways in ------------------------------------------------------------------------------

    async def run(self) -> str:
        """Ask for a place and stay until something ends the waiting."""
        settings = self._house.site.settings
        group = settings.groups.get(self._do.queue)
        queues = group.queues if group else (self._do.queue,)
        self._line.forget_commands()
        prefer = await self._preferred() if self._do.prefer else ()
        arrived = acd.Arrived(
            self._line.contact,
            queues,
            group=group.name if group else None,
            priority=self._do.priority,
            skills=frozenset(self._do.skills),
            max_wait=self._do.max_wait,
            widen=tuple((after, frozenset(skills)) for after, skills in self._do.widen),
            prefer=prefer,
            patience=self._do.patience if prefer else 0.0,
        )
        self._house.distributor.submit(self._with_their_time(arrived))
        self._asked = True
        return await self._stay()

    async def _preferred(self) -> tuple[str, ...]:
        """Who is waited for: the agent who spoke with them last, the owner of their open request, or either."""
        archive, wanted = self._house.archive, self._do.prefer
        try:
            customer, number = await self._known_by()
            found = [
                await archive.spoken_with(self._line.contact, customer, number)
                if wanted != "owner"
                else None,
                await archive.owner(customer, number) if wanted != "last" else None,
            ]
        except StoreError as error:
            text = "nobody can tell which agent a caller knows: anybody will do"
            log.error(text, contact=self._line.contact, error=str(error))
            return ()
        return tuple(dict.fromkeys(agent for agent in found if agent))

    async def _known_by(self) -> tuple[str, str]:
        """By what this caller is known again: the customer, if one was made known, and the number they call from."""
        contact = self._house.ledger.contact(self._line.contact)
        return customer_of(contact.entitlement), contact.from_number

    def _with_their_time(self, arrived: acd.Arrived) -> acd.Arrived:
        """With the time of an earlier stay, where the flow lets them keep it, or of a place that was kept as they hung up."""
        now, left = self._house.now(), self._house.ledger.contact(arrived.contact).place
        if self._do.keep_time and left is not None:
            return replace(arrived, enqueued_at=left.data["enqueued_at"], entered_at=now)
        kept = self._house.distributor.place_of(arrived.contact, arrived.queues, arrived.group)
        if kept is None:
            return arrived
        return replace(arrived, enqueued_at=kept.enqueued_at, entered_at=now, place_of=kept.contact)

    async def resume(self, contact: Contact, relink: Relink) -> str:
        """Go on where the contact's events say it stands; `relink` tells which channels are still there."""
        self._asked = True
        self._ringing.restore(contact)
        if self._line.channel not in relink.channels:
            await self._gone(contact, relink)
            raise relink.lost(self._line.channel)
        match contact:
            case Contact(stage=Stage.WAITING | Stage.OFFERED | Stage.PICKED_UP):
                return await self._stay(relink=relink)
            case Contact(stage=Stage.TALKING):
                return await self._stay(True, relink)
            case Contact(sent_back=Event()):
                Sender(self._house, self._line, self._do).enter(contact)
                await self._music()
                return await self._stay()
            case Contact(left=Event(kind="talk_ended")):
                return "done"
            case Contact(left=Event() as left):
                return self._told(left, contact)
            case _:
                return await self.run()

    def _told(self, left: Event, contact: Contact) -> str:
        """The outcome that a waiting had which ended just before the engine did."""
        match left.data["outcome"]:
            case "refused":
                return str(left.data["why"])
            case "flow_out":
                return contact.pressed or "timeout"
            case _:
                return "timeout"

    async def _gone(self, contact: Contact, relink: Relink) -> None:
        if contact.talk is not None:
            await end_talk(self._house, self._line, relink.why_gone, relink.seen)
            return
        await self._ringing.stop_all()
        if contact.stage is not Stage.FLOW:
            left = acd.Left(self._line.contact, left_by(contact, relink.why_gone), relink.seen)
            await self._house.distributor.submit(left)

    async def _go_on_waiting(self, relink: Relink) -> None:
        self._announcer.look()
        await self._ringing.resume(relink)
        if self._ringing.winner is None:
            await self._music()

    # --- waiting ------------------------------------------------------------------------------

    async def _stay(self, talking: bool = False, relink: Relink | None = None) -> str:
        """Until something ends the waiting; `talking` enters in the conversation, `relink` after a gap."""
        self._announcer.listen()
        try:
            if relink is not None and not talking:
                await self._go_on_waiting(relink)
            while True:
                outcome: str | None
                if talking:
                    outcome = await self._talk(relink)
                elif self._ringing.winner is not None:
                    outcome = await self._bridge()
                else:
                    outcome = await self._next()
                if outcome is not None:
                    return outcome
                talking = False
        except CallerGone:
            await self._abandon(self._line.why_gone)
            raise
        except Gone as gone:
            await self._abandon(self._line.why_gone)
            raise CallerGone(self._line.channel) from gone
        finally:
            self._announcer.leave()

    async def _next(self) -> str | None:
        """Wait for one thing and deal with it; returns the outcome that ends the waiting, if it does."""
        return await self._heard(await self._line.wait(self._deadline()))

    async def _heard(self, item: Heard | None) -> str | None:
        match item:
            case None:
                await self._on_time()
            case acd.Queued():
                self._announcer.look()
                if (outcome := await self._ask_consent()) is not None:
                    return outcome
                return await self._come_in()
            case News():
                self._announcer.look()
            case acd.Refused(_, outcome, _, waited_in):
                if waited_in is not None:
                    await self._silence()
                return outcome
            case acd.TimedOut():
                await self._silence()
                return "timeout"
            case acd.Offer(offer, contact, agent, _, ring) if self._wants(offer):
                await self._ringing.ring(Offered(offer, agent, contact, ring))
            case acd.Cancel(offer):
                await self._ringing.stop(offer)
            case Order():
                item.tell(NO_TALK)
            case dict():
                await self._on_event(item)
            case _:
                pass
        return await self._on_key()

    async def _come_in(self) -> str | None:
        """Music; and where an agent was found at once, their phone is rung without waiting until it plays."""
        music, outcome = self._announcer.ask_music(), None
        try:
            if isinstance(self._line.inbox.first, acd.Offer):
                outcome = await self._next()
        except BaseException:
            music.add_done_callback(asyncio.Future.exception)  # which nobody else asks for now
            raise
        self._announcer.plays(await music)
        return outcome or await self._on_key()

    def _wants(self, offer: str) -> bool:
        """Is this a new offer, not withdrawn while something else was seen to?"""
        return self._ringing.live(offer) and offer not in self._ringing

    async def _on_key(self) -> str | None:
        while self._line.keys:
            key = self._line.keys.popleft()
            if await self._declines(key):
                continue
            if key in self._do.keys:
                await self._house.ledger.append(
                    Event("pressed", self._house.now(), self._line.contact, data={"key": key})
                )
                await self._abandon("key")
                await self._silence()
                return key
        return None

    async def _on_event(self, event: AriEvent) -> None:
        if await self._announcer.heard(event):
            return
        await self._ringing.hear(event)

    async def _on_time(self) -> None:
        await self._ringing.on_time()
        await self._announcer.on_time(bool(self._ringing))

    def _deadline(self) -> float | None:
        times = [at for at in (self._ringing.deadline, self._announcer.due) if at is not None]
        return min(times) if times else None

    # --- an agent has picked up -----------------------------------------------------------------

    async def _bridge(self) -> str | None:
        """Bring caller and agent together. None: the agent was gone already, and the caller goes on waiting."""
        offer = self._ringing.winner
        assert offer is not None
        outcome = await self._ask_consent() or await self._whisper(offer)
        if outcome is not None or self._ringing.winner is not offer:
            return outcome
        await self._announcer.hush()
        try:
            await offer.bridge(self._line, music=True)
        except Gone:
            await offer.unbridge(self._line)
            self._ringing.forget(offer)
            await self._music()  # raises where it was the caller who went: the agent is ready again at once
            self._house.distributor.submit(acd.OfferFailed(offer.offer, "rejected"))  # they did pick up
            return None
        self._house.distributor.submit(acd.Connected(offer.offer))
        return await self._talk()

    async def _ask_consent(self) -> str | None:
        """Tell the caller once that they are recorded, where their queue wants that; what ends the waiting, if anything does.

        It is said as they come, so that an agent who picks up meanwhile waits for the rest of it at most.
        """
        contact = self._house.ledger.contact(self._line.contact)
        rule = self._house.site.settings.queues.get(contact.queue or "")
        if self._asking or rule is None or rule.consent is None or contact.consent is not None:
            return None
        self._asking = True
        try:
            outcome = await self._say_consent(rule.consent)
        finally:
            self._asking = False
        if outcome is None and self._house.ledger.contact(contact.id).consent is None:
            await self._agreed(True)
        return outcome

    async def _say_consent(self, prompt: str) -> str | None:
        media = self._sounds.media(prompt, {}, self._language)
        if not media:
            return None
        await self._silence()
        playback = await self._line.start(media)
        until = asyncio.get_running_loop().time() + self._sounds.seconds(media) + WATCHDOG
        while (item := await self._line.wait(until)) is not None and not finished(item, playback):
            if (outcome := await self._heard(item)) is not None:
                await self._line.stop(playback)
                return outcome
            if self._house.ledger.contact(self._line.contact).consent is False:
                break
        await self._line.stop(playback)
        return None

    async def _agreed(self, given: bool) -> None:
        await self._house.ledger.append(
            Event("consent", self._house.now(), self._line.contact, data={"given": given})
        )

    async def _declines(self, key: str) -> bool:
        """Is this the key with which a caller says no to being recorded? It counts until they speak with somebody."""
        contact = self._house.ledger.contact(self._line.contact)
        rule = self._house.site.settings.queues.get(contact.queue or "")
        if rule is None or rule.consent is None or rule.decline != key or contact.consent is False:
            return False
        await self._agreed(False)
        return True

    def _whispered(self, offer: Offered) -> Whisper:
        """What whoever picks up this phone hears before they are brought together with the caller."""
        contact = self._house.ledger.contact(self._line.contact)
        return whisper_for(self._house, contact, offer.agent, self._language, self._sounds)

    async def _whisper(self, offer: Offered) -> str | None:
        """Tell the agent whose call it is, until its end, a key of theirs, or whatever ends the offer or the waiting.

        After a restart it is not begun again, only ended: a leg that plays cannot be brought into a bridge.
        """
        playback, whisper = f"{offer.leg}-w", offer.whisper
        if offer.told:
            await self._line.stop(playback)
        if offer.told or not whisper.media:
            return None
        offer.told = True
        with suppress(Gone):  # they have hung up: which is told in a moment, or found out with the bridge
            await self._line.calls.play(offer.leg, whisper.media, playback)
        return await self._until_told(offer, playback, whisper.seconds + WATCHDOG)

    async def _until_told(self, offer: Offered, playback: str, seconds: float) -> str | None:
        until = asyncio.get_running_loop().time() + seconds
        while self._ringing.winner is offer:
            item = await self._line.wait(until)
            key = (
                isinstance(item, dict)
                and item["type"] == "ChannelDtmfReceived"
                and channel_of(item) == offer.leg
            )
            if item is None or key:
                await self._line.stop(playback)
                return None
            if finished(item, playback):
                return None
            if (outcome := await self._heard(item)) is not None:
                return outcome
        return None

    # --- the conversation ---------------------------------------------------------------------

    async def _talk(self, relink: Relink | None = None) -> str | None:
        """Until the conversation is over. None: the caller goes on waiting, in a queue they were sent to, or because they never spoke."""
        offer = self._ringing.winner
        if offer is not None:
            self._ringing.forget(offer)
        if self._house.ledger.contact(self._line.contact).talk is None:
            assert offer is not None
            await self._given_up(offer)
            return None
        talking = Talking(self._house, self._line, self._do, self._music)
        return await (talking.run() if relink is None else talking.resume(relink))

    async def _given_up(self, offer: Offered) -> None:
        """The distributor had given this offer up in that moment: what it says comes next."""
        try:
            while self._ringing.live(offer.offer):
                await self._line.wait()
        finally:
            await offer.unbridge(self._line)
        await self._music()

    # --- what the caller hears ----------------------------------------------------------------

    async def _music(self) -> None:
        await self._announcer.music()

    async def _silence(self) -> None:
        await self._announcer.silence()

    async def _abandon(self, reason: str) -> None:
        """Leave the queue from our side: the phone that may ring stops, the distributor forgets the caller."""
        reason = left_by(self._house.ledger.contact(self._line.contact), reason)
        await self._ringing.stop_all()
        if self._asked:
            went = self._line.went_at
            await self._house.distributor.submit(acd.Left(self._line.contact, reason, went, went is not None))


def customer_of(entitlement: Mapping[str, Any] | None) -> str:
    """The customer that a decision about what a caller is entitled to has made known; empty where it was nobody."""
    return str((entitlement or {}).get("customer") or "")


async def leave_queue(house: House, line: Line, contact: Contact, reason: str = "failed") -> None:
    """Whatever stage a call was in as a fault of ours ended it: its agent is free again, and no phone rings on."""
    if contact.talk is not None:
        await end_talk(house, line, reason)
    for event in contact.offered:
        line.unbridge(bridge_of(event.data["leg"]))
        await line.try_hangup(event.data["leg"])
    if contact.channel != line.channel:
        await line.try_hangup(contact.channel)  # a phone that is being rung back
    await house.distributor.submit(acd.Left(contact.id, reason))
