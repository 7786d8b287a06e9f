"""A conversation: the caller, who speaks with them, and whoever is called in; it follows the caller through every transfer.

What may happen to it is told in `core/conversation.py`. Each step is an event, on disk before anything changes for those who speak, and
`arranging.py` then brings about how that sounds. So a conversation that is taken up after a lost link or a killed engine is had from its
events, whatever it was in the middle of.

Nobody is dropped by a transfer. Where whoever was called does not come, the caller is with their agent again if that one is still on the
line. If not, the agent who sent them on is rung, and if they do not come either, the caller goes to the front of the queue they came from,
with their own time.
"""

from __future__ import annotations

import asyncio

from engine.call.arranging import arrangement
from engine.call.called import HOLDS, Called, bridge_of, phone_held
from engine.call.diary import seen_until
from engine.call.joining import OVER, Joining
from engine.call.line import MADE, AriEvent, Heard, Relink, SentOn, channel_of, two_calls
from engine.call.ordering import NO_TALK, SUPERVISED, Claim, Order, Target, Verb, slot_of, target_of
from engine.call.sending import dialled, end_talk
from engine.core import acd
from engine.core.conversation import BLIND, CONSULT, EXTENSION, NUMBER, PHONE, QUEUE, RETRIEVE
from engine.core.event import Event
from engine.errors import CallerGone, Gone, SetupError

#: What becomes of the caller when it is over: the flow goes on, or they wait in a queue again.
DONE, WAITS = "done", None
#: Seconds a parked caller waits to be fetched, where no queue says so.
PARKED = 120.0


class Talking(Joining):
    """One conversation; `run` returns DONE, or WAITS where the caller stands in a queue again; SentOn where another flow takes them."""

    # --- ways in ------------------------------------------------------------------------------

    async def run(self) -> str | None:
        """From the moment at which both are in the bridge."""
        self._arranger.begins(arrangement(self._talk, self._line.channel))
        return await self._until_over(None)

    async def resume(self, relink: Relink) -> str | None:
        """After a gap, with the caller still there."""
        leg, asked = self._talk.leg, self._talk.asked
        if asked is not None and asked.how == BLIND and asked.by == PHONE:
            self._referrer = leg
        self._second = asked.second if asked is not None else ""
        self._arranger.forget(bridge_of(leg) if leg is not None else None)
        return await self._until_over(relink)

    async def _until_over(self, relink: Relink | None) -> str | None:
        try:
            return await self._while_it_lasts(relink)
        finally:
            if self._contact.talk is None:  # asked for in the moment in which it ended
                for order in self._line.inbox.take_out(Order):
                    order.tell(NO_TALK)
                for claim in self._line.inbox.take_out(Claim):
                    claim.tell(OVER)

    async def _while_it_lasts(self, relink: Relink | None) -> str | None:
        began = self._contact.talk_from or 0.0
        try:
            over = await self._found(relink) if relink is not None else await self._held_before()
            await (self._taping.begin() if relink is None else self._taping.resume(relink, over))
            if relink is not None:
                await self._supervising.resume(relink, over)
            while not over:
                over = await self._hear(await self._line.wait(self._deadline()))
                self._line.keys.clear()
            await self._taping.end()
            await self._supervising.end()
            await self._line.try_hangup(self._farewell.end())
        except (CallerGone, Gone) as gone:
            await self._caller_gone()
            await self._taping.end()
            await self._supervising.end()
            await self._line.try_hangup(self._farewell.end())
            if isinstance(gone, CallerGone):
                raise
            raise CallerGone(self._line.channel) from gone
        sent, left = self._contact.sent_to, self._contact.left
        if sent is not None and sent.at >= began:
            raise SentOn
        return DONE if left is not None and left.kind == "talk_ended" else WAITS

    async def _found(self, relink: Relink) -> bool:
        """Take in what has become of everybody meanwhile; True where the conversation is over."""
        if self._talk.parked is not None and self._talk.leg is not None:
            await self._release("parked", self._talk.leg)  # it was on disk, and not done yet
        talk, asked = self._talk, self._talk.asked
        if (
            asked is not None
            and asked.second
            and asked.second not in relink.channels
            and talk.leg is not None
        ):
            await self._not_called_in("cancelled")
            talk, asked = self._talk, None
        gone = asked is not None and asked.leg not in relink.channels
        if asked is not None and gone and MADE not in asked.leg:
            await self._not_called_in("cancelled")
            asked = None
        if asked is not None and gone and asked.answered:
            await self._not_called_in("target")
        elif asked is not None and gone:
            why = await self._dial(asked, Called(asked.leg, asked.ring))  # nobody knows for how long it rang
            if why:
                await self._not_called_in(why)
        elif asked is not None and not asked.answered:
            self._called = self._phone(asked)
            self._called.picked_up = relink.channels[asked.leg] == "Up" or MADE not in asked.leg
        if talk.leg is not None and talk.leg not in relink.channels:
            over = await self._left_by_agent(relink.seen)
        else:
            over = await self._held_before() or await self._looked_after()
        if not over and self._called is not None and self._called.picked_up:
            over = await self._picked_up()
        if not over:
            await self._arrange()
        return over

    # --- what is heard ------------------------------------------------------------------------

    async def _hear(self, item: Heard | None) -> bool:
        """Deal with one thing; True where the conversation is over for the caller."""
        match item:
            case None:
                return await self._on_time()
            case Order():
                return await self._obey(item)
            case Claim():
                await self._give(item)
                return False
            case acd.AskCalledOff() if self._talk.asked is None:
                return await self._nobody_comes()
            case dict() if item["type"] == "ChannelTransfer" and "state" not in item:
                return await (self._join(item) if two_calls(item)[1] else self._refer(item))
            case dict() if self._farewell.over(item):
                await self._let_go(self._farewell.end(), "parked")
                return False
            case dict() if "channel" in item:
                return await self._on_event(item, channel_of(item))
            case _:
                return False

    async def _on_event(self, event: AriEvent, channel: str) -> bool:
        if await self._taping.hear(event) or await self._supervising.hear(event):
            return False
        talk, kind = self._talk, event["type"]
        over = kind in ("ChannelDestroyed", "StasisEnd")
        if channel == talk.leg:
            match kind:
                case "ChannelHold" if not talk.on_hold:
                    await self._hold(PHONE)
                case "ChannelUnhold" if talk.held and (talk.asked is None or talk.asked.second):
                    await self._resume(PHONE)
                case "ChannelUnhold" if (
                    talk.asked is not None and talk.asked.by == PHONE and not talk.asked.second
                ):
                    return await self._takes_back()
                case _ if over:
                    return await self._left_by_agent()
        elif talk.asked is not None and channel == talk.asked.leg:
            return await self._on_asked(event, over)
        elif talk.asked is not None and channel == talk.asked.second and over and talk.leg is not None:
            return await self._comes_no_more("cancelled")
        return False

    async def _on_asked(self, event: AriEvent, over: bool) -> bool:
        called, asked = self._called, self._talk.asked
        assert asked is not None
        if HOLDS.get(event["type"], asked.held) != asked.held:
            await self._write(phone_held(not asked.held, self._house.now(), asked.to, asked.leg))
        if called is None or called.picked_up:
            return await self._comes_no_more("target") if over else False
        why = called.hear(event, behind=dialled(self._house, asked).behind)
        if why is not None:
            return await self._comes_no_more(why)
        return await self._picked_up() if called.picked_up else False

    def _deadline(self) -> float | None:
        loop, times = asyncio.get_running_loop(), []
        if self._called is not None and not self._called.picked_up:
            times.append(self._called.deadline)
        if self._farewell.until is not None:
            times.append(self._farewell.until)
        if (listens := self._supervising.deadline) is not None:
            times.append(listens)
        parked = self._talk.parked
        if parked is not None and self._talk.asked is None:
            times.append(loop.time() + max(0.0, parked.data["until"] - self._house.now()))
        return min(times) if times else None

    async def _on_time(self) -> bool:
        """A phone of which nothing was told, or a parked caller whom nobody has fetched."""
        if self._supervising.overdue:
            await self._supervising.give_up()
            return False
        if self._farewell.until is not None and self._farewell.until <= asyncio.get_running_loop().time():
            await self._let_go(self._farewell.end(), "parked")
            return False
        if self._called is not None and not self._called.picked_up:
            return await self._comes_no_more("no_answer" if self._called.rang else "unreachable")
        return await self._bring_back()

    # --- what a phone asks for ------------------------------------------------------------------

    async def _refer(self, event: AriEvent) -> bool:
        """A phone wants to send the caller on. It stays on the line until whoever is rung has answered, unless it hangs up."""
        leg = event["referred_by"]["source_channel"]["id"]
        if leg != self._talk.leg:
            return False
        self._referrer, to = leg, event["refer_to"]["requested_destination"].get("destination", "")
        if to == Verb.PARK and not self._refusal(Order(Verb.PARK)):
            await self._park(PHONE)
            return False
        try:
            target = target_of(self._house.site.settings, to)
        except SetupError:
            target = None
        if target is None or self._refusal(Order(Verb.TRANSFER, target, PHONE)):
            await self._progress("channel_declined")
            return False
        await self._progress("channel_progress")
        if target.kind == QUEUE:
            return await self._into_queue(target.name, BLIND)
        if target.kind == EXTENSION:
            return await self._to_extension(target.name)
        return await self._call_in(target, BLIND, PHONE)

    async def _join(self, event: AriEvent) -> bool:
        """A phone with two calls wants their other sides together: the caller is with whoever it has called."""
        talk, source, other = self._talk, *two_calls(event)
        asked = talk.asked
        if asked is not None and {source, other} == {talk.leg, asked.second}:
            self._referrer = source
            return await self._complete()
        return await self._follows(source, other)

    async def _takes_back(self) -> bool:
        """The agent speaks with the caller again before anybody has answered."""
        over = await self._comes_no_more("cancelled")
        if not over and self._talk.held:
            await self._resume(PHONE)
        return over

    # --- hold ---------------------------------------------------------------------------------

    async def _held_before(self) -> bool:
        """A hold of the phone that was on as the two came together is one from that moment; it ends nothing (False)."""
        if self._contact.phone_holds:
            await self._hold(PHONE)
        return False

    async def _hold(self, by: str) -> None:
        await self._write(Event("held", self._house.now(), data={"by": by}))
        await self._arrange()

    async def _resume(self, by: str) -> None:
        await self._write(Event("resumed", self._house.now(), data={"by": by}))
        await self._arrange()

    # --- what is asked for --------------------------------------------------------------------

    async def _obey(self, order: Order) -> bool:
        if order.verb is Verb.RECORD:
            order.tell(await self._taping.obey(order.word, order.by))
            return False
        if order.verb in SUPERVISED:
            order.tell(await self._supervising.obey(order.verb, order.word, order.by))
            return False
        sentence = self._refusal(order)
        if sentence:
            order.tell(sentence)
            return False
        try:
            return await self._carry_out(order)
        finally:
            order.tell()

    def _refusal(self, order: Order) -> str:
        """Why this cannot be done now; empty where it can."""
        talk, asked = self._talk, self._talk.asked
        who = "the caller" if talk.leg is None else f"{talk.to}"
        match order.verb:
            case Verb.RETRIEVE if talk.parked is None:
                return "nobody is parked there"
            case Verb.RETRIEVE if asked is not None:
                return f"{asked.to} is being rung for the caller already"
            case Verb.RETRIEVE:
                return self._sender.refusal(order, talk)
            case Verb.CANCEL if asked is None:
                return "nobody is called in: there is nothing to cancel"
            case Verb.CANCEL:
                return ""
            case _ if talk.leg is None:
                return "nobody is with the caller now: they are on their way, or parked"
            case Verb.HOLD if talk.on_hold:
                return "the caller is on hold already"
            case Verb.RESUME if not talk.held:
                return "the caller is not on hold"
            case Verb.COMPLETE if asked is None and self._second_call is None:
                return f"{who} consults nobody: there is nothing to complete"
            case Verb.CONFERENCE if asked is None or not asked.answered:
                return "nobody has answered who could be brought together with the caller"
            case Verb.CONFERENCE if asked is not None and asked.joined:
                return "all three speak with each other already"
            case Verb.COMPLETE | Verb.CONFERENCE:
                return ""
            case _ if asked is not None:
                return f"{asked.to} is called in: complete or cancel that first"
            case Verb.CONSULT | Verb.TRANSFER:
                return self._sender.refusal(order, talk)
        return ""

    async def _carry_out(self, order: Order) -> bool:
        target = order.target
        match order.verb:
            case Verb.HOLD:
                await self._hold(order.by)
            case Verb.RESUME:
                await self._resume(order.by)
            case Verb.CONFERENCE:
                await self._write(Event("conferenced", self._house.now(), data={"by": order.by}))
                await self._arrange()
                await self._drop_second()
            case Verb.COMPLETE if self._talk.asked is None:
                sentence, over = await self._joined_with(self._second_call)
                order.tell(sentence)
                return over
            case Verb.COMPLETE:
                return await self._complete()
            case Verb.CANCEL:
                return await self._comes_no_more("cancelled")
            case Verb.PARK:
                await self._park(order.by)
            case Verb.RETRIEVE if target is not None:
                return await self._call_in(target, RETRIEVE, order.by, order.second)
            case Verb.CONSULT if target is not None:
                return await self._call_in(target, CONSULT, order.by, order.second)
            case Verb.TRANSFER if target is not None and target.kind == QUEUE:
                return await self._into_queue(target.name, BLIND, target.priority)
            case Verb.TRANSFER if target is not None and target.kind == EXTENSION:
                return await self._to_extension(target.name)
            case Verb.TRANSFER if target is not None:
                return await self._blind(target, order.by)
        return False

    async def _park(self, by: str) -> None:
        leg = self._talk.leg
        rule = self._house.site.settings.queues.get(self._talk.queue)
        within = rule.parked if rule is not None else PARKED
        slot = self._free_slot()
        data = {"by": by, "until": self._house.now() + within, **({"slot": slot} if slot else {})}
        await self._write(Event("parked", self._house.now(), data=data))
        await self._release("parked", leg)

    def _free_slot(self) -> str | None:
        """The first number at which nobody is parked."""
        house = self._house
        taken = {slot_of(one) for one in house.ledger.open.values()}
        return next((slot for slot in house.site.settings.parking if slot not in taken), None)

    async def _blind(self, target: Target, by: str) -> bool:
        leg = self._talk.leg
        if await self._call_in(target, BLIND, by):
            return True
        if self._talk.leg is not None and self._talk.asked is not None:
            await self._release("blind", leg)
        return False

    # --- the end ------------------------------------------------------------------------------

    async def _left_by_agent(self, seen: float | None = None) -> bool:
        """Who spoke with the caller has hung up; True where that ends it."""
        asked = self._talk.asked
        if asked is None:
            return await self._over(seen)
        if asked.answered:
            return await self._complete()
        await self._release("agent", None)
        return False

    async def _over(self, seen: float | None = None) -> bool:
        """Both have had their conversation. The bridge goes once that is on disk; what the flow does next may share the commit."""
        by = "target" if self._talk.kind == NUMBER else "agent"
        if self._line.contact in self._house.distributor.state.talks:
            written = self._house.distributor.submit(acd.TalkEnded(self._line.contact, seen))
        else:
            data = {"by": "lost" if seen is not None else by, "agent": None, **seen_until(seen)}
            written = self._write(Event("talk_ended", self._house.now(), data=data))
        written.add_done_callback(lambda _: self._arranger.apart())
        return True

    async def _caller_gone(self) -> None:
        """The caller has hung up: nobody's phone rings on, and nobody is left in a bridge."""
        await end_talk(self._house, self._line, self._line.why_gone)
