"""Reads what Asterisk reports and puts each thing into the inbox of the call it belongs to; starts a task for every new call.

Ids say whose a thing is. A contact's id is its caller's channel id with `-` for `.`; everything the contact makes in Asterisk (agent
legs, playbacks, bridges) is named after it, with a `~` behind. So nothing has to be registered, and after a crash everything is still
known by its name.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import structlog

from engine.ari.calls import HangupReason
from engine.ari.transport import AriTransport, LinkDown, LinkUp
from engine.call.booking import shown
from engine.call.call import Call
from engine.call.called import bridge_of, in_use
from engine.call.diary import left_by, leg_of
from engine.call.ears import EAR
from engine.call.house import Edition, House
from engine.call.line import MADE, CalledOff, Relink, contact_of_channel, two_calls
from engine.call.ordering import (
    NO_TALK,
    Order,
    Target,
    Verb,
    in_vain,
    order_of,
    slot_of,
    talk_shown,
    target_of,
)
from engine.call.remarks import remark
from engine.call.signing import at_phone
from engine.core import acd
from engine.core.acd import Command
from engine.core.contact import IN_QUEUE, Contact
from engine.core.conversation import AGENT, PHONE, QUEUE
from engine.core.event import Event
from engine.core.facts import LOST
from engine.core.flow import Flow
from engine.core.interpreter import begins_flow
from engine.core.phones import endpoint_of_channel, phone_at
from engine.errors import EngineError, PbxUnreachable, SetupError, StoreError
from engine.store.archive import Archive

log = structlog.get_logger()

#: The names of recordings that Asterisk keeps for a call: w its words, v its messages.
KEPT = re.compile(r"(?P<contact>.+)-(?P<kind>[wv])\d+")
#: And those of the tracks of a recorded conversation.
TRACK = re.compile(r"(?P<name>(?P<contact>.+)-r\d+)[io]")
#: Seconds after which a store that could not be read is asked again.
AGAIN = 1.0
#: Seconds within which a conversation has taken up what is asked of it.
ORDERED_WITHIN = 5.0


class Switchboard:
    """Owns the table of calls; `run` lives as long as the engine."""

    def __init__(self, house: House, transport: AriTransport, archive: Archive) -> None:
        self._house = house
        self._transport = transport
        self._archive = archive
        self._calls: dict[str, Call] = {}
        #: Contacts found by looking, after a gap, as long as their channel is there; a StasisStart that still comes begins no second one.
        self._adopted: set[str] = set()
        self._tasks = asyncio.TaskGroup()
        self._closing = False
        #: The tasks of the calls.
        self._lives: dict[str, asyncio.Task[None]] = {}
        #: Set once calls are taken (the link is up and what was there has been taken up).
        self.ready = asyncio.Event()

    async def run(self) -> None:
        """Route reports until cancelled."""
        async with self._tasks:
            async for report in self._transport.reports():
                match report:
                    case LinkUp():
                        await self._linked()
                    case LinkDown(why):
                        self.ready.clear()
                        self._house.watch.lost()
                        self._house.distributor.hold()
                        log.warning("Asterisk cannot be reached; its calls go on without us", why=why)
                    case _:
                        self._route(report)

    @property
    def calls(self) -> int:
        """Calls in progress; callbacks count from when somebody speaks with them."""
        return sum(not call.rings_back for call in self._calls.values())

    @property
    def releases(self) -> set[int]:
        """The releases that calls in progress began with."""
        return {call.edition.release for call in self._calls.values() if call.edition.release is not None}

    def deliver(self, contact: str, command: Command) -> bool:
        """Hand the distributor's command to its call; False when there is none (any more)."""
        call = self._calls.get(contact)
        if call is None or (self._closing and call.rings_back):
            return False  # who waits to be rung back does so when we are back
        call.line.inbox.put(command)
        return True

    def callbacks(self) -> list[dict[str, Any]]:
        """Everybody who is to be rung back, who has waited longest first, as JSON values; times in seconds since the epoch."""
        waiting = [call for call in self._calls.values() if call.rings_back]
        told = [shown(self._house, self._house.ledger.contact(call.id), call.wanted) for call in waiting]
        return sorted((one for one in told if one), key=lambda one: float(one["enqueued_at"]))

    async def call_off(self, contact: str, asked: Mapping[str, Any]) -> bool:
        """Ring somebody back no longer, which is on disk then; False when there is no such callback, or they are being spoken with.

        `asked` tells by whom, and why. Raises SetupError with a sentence.
        """
        data = {name: remark(asked, name) for name in ("by", "why")}
        call = self._calls.get(contact)
        if call is None or not call.rings_back:
            return False
        await self._house.ledger.append(Event("callback_cancelled", self._house.now(), contact, data=data))
        call.line.inbox.put(CalledOff())
        return True

    def conversations(self) -> list[dict[str, Any]]:
        """Every conversation in progress, the oldest first, as JSON values; times in seconds since the epoch."""
        talking = [one for one in self._house.ledger.open.values() if one.talk is not None]
        return [talk_shown(one) for one in sorted(talking, key=lambda one: one.talk_from or 0.0)]

    async def order(self, who: str, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        """Do something to a conversation: of an agent, by their name, or of a contact. It is under way, and on disk, then; or `unwritten`
        tells why not, and it is done as soon as it can be written.

        `asked` tells what (`do`), and for some `to` whom, and by whom. None where nobody talks there. Raises SetupError with a sentence.
        """
        order = order_of(self._house.site.settings, asked)
        contact = self._talk_of(who)
        call = self._calls.get(contact.id) if contact is not None else None
        if call is None or contact is None:
            return None
        if not self.ready.is_set():
            raise SetupError(
                f"{who}: Asterisk is not connected, and nothing can be done with a call until it is"
            )
        order.look = partial(self._shown, contact.id, self._house.now())
        sentence = await self._answer(call, order)
        if sentence:
            raise SetupError(f"{who}: {sentence}")
        return (
            order.told if order.answer.done() else {**order.look(), "unwritten": self._house.ledger.trouble}
        )

    def _shown(self, contact: str, since: float) -> dict[str, Any]:
        """What a conversation is now, and who was rung for it since then and does not come."""
        now = self._house.ledger.open.get(contact)
        if now is None:
            return {"contact": contact}
        rung = in_vain(now, since)
        return talk_shown(now) if rung is None else {**talk_shown(now), "in_vain": rung}

    async def _answer(self, call: Call, order: Order) -> str:
        """Give an order; empty when it is under way and on disk, or only the store holds it up; or the sentence why it cannot be."""
        call.line.inbox.put(order)
        life = self._lives[call.id]
        ends: set[asyncio.Future[Any]] = {order.answer, life}
        await asyncio.wait(ends, timeout=ORDERED_WITHIN, return_when=asyncio.FIRST_COMPLETED)
        if order.answer.done():
            return order.answer.result()
        if life.done():
            return NO_TALK
        return "" if self._house.ledger.trouble else "Asterisk does not answer; it may still be done"

    def _talk_of(self, who: str) -> Contact | None:
        """The contact of a conversation: by its own id, by an agent in it, or by the agent who sent the caller on or parked them.

        Who still wraps up a conversation that goes on with somebody else is in it no more.
        """
        talks = {one.id: one.talk for one in self._house.ledger.open.values() if one.talk is not None}
        named = [who] if who in talks else []
        named += [contact for contact, talk in talks.items() if who in talk.agents]
        named += [contact for contact, talk in talks.items() if talk.leg is None and talk.to == who]
        return self._house.ledger.open[named[0]] if named else None

    async def end_calls(self, patience: float) -> int:
        """Hang up every call and take no more; returns how many were still open after `patience` seconds.

        What was hung up ends as if the caller had gone: messages are kept, agents are free, and the record has its own time.
        """
        self._closing = True
        loop = asyncio.get_running_loop()
        until = loop.time() + patience
        if self.ready.is_set():
            for call in self._calls.values():
                self._start(call.stop(), f"end {call.id}")
            while (ending := self._ending()) and (left := until - loop.time()) > 0:
                await asyncio.wait(ending, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        return self.calls

    def _ending(self) -> list[asyncio.Task[None]]:
        """The tasks of calls that are being hung up: callbacks nobody speaks with stay as they are."""
        return [
            task
            for call, task in self._lives.items()
            if call in self._calls and not self._calls[call].rings_back
        ]

    # --- events -------------------------------------------------------------------------------

    def _route(self, event: dict[str, Any]) -> None:
        if event["type"] == "StasisStart":
            self._started(event)
        else:
            thing = self._subject(event)
            if EAR in thing:
                return  # what becomes of an ear's channels its sound tells
            call = self._calls.get(self._owner(thing))
            if call is not None:
                call.line.told(event)
            if event["type"] in ("ChannelDestroyed", "StasisEnd"):
                self._adopted.discard(contact_of_channel(event["channel"]["id"]))
                self._house.hearing.ended(event["channel"]["id"])

    def _owner(self, thing: str) -> str:
        """The contact in which a channel, playback or bridge is: by its name, save where it is in another one's conversation."""
        return self._house.guests.get(thing) or owner_of(thing)

    def _subject(self, event: dict[str, Any]) -> str:
        """What an event is about; a phone that asks for its two calls to be joined means the one in which it has a caller."""
        legs = two_calls(event) if event["type"] == "ChannelTransfer" and "state" not in event else ()
        return next((leg for leg in legs if leg and self._talks(leg)), "") or subject_of(event)

    def _talks(self, leg: str) -> bool:
        contact = self._house.ledger.open.get(self._owner(leg))
        return contact is not None and contact.talk is not None and contact.talk.leg == leg

    def _started(self, event: dict[str, Any]) -> None:
        channel, args = event["channel"], event["args"]
        if EAR in channel["id"]:
            if not self._house.ears.started(channel["id"]):
                self._start(self._hang_up(channel["id"]), f"hang up {channel['id']}")
        elif len(args) == 2 and args[0] == "leg":
            call = self._calls.get(args[1])
            if call is not None and self._in_use(channel["id"]):
                call.line.inbox.put(event)
            else:
                self._start(self._hang_up(channel["id"]), f"hang up {channel['id']}")
        elif (
            contact := contact_of_channel(channel["id"])
        ) not in self._calls and contact not in self._adopted:
            self._arrived(channel, args[0] if args else channel["dialplan"]["exten"])

    def _arrived(self, channel: dict[str, Any], number: str, *, refused: bool = False) -> None:
        site = self._house.site
        flow = site.flows.get(site.settings.numbers.get(number, ""))
        contact = contact_of_channel(channel["id"])
        phone = phone_at(site.settings, endpoint_of_channel(channel["name"]))
        if phone and flow is None and self._consults(channel["id"], phone, number):
            return
        if (
            phone
            and not refused
            and number in site.settings.parking
            and self._fetches(channel, phone, number)
        ):
            return
        if flow is not None:
            self._house.versions.setdefault(flow.hash, flow)
        data = {
            "from_number": channel["caller"]["number"] or "",
            "to_number": number,
            "channel": channel["id"],
            "flow": flow.name if flow else "",
            "flow_hash": flow.hash if flow else "",
            "language": flow.languages[0] if flow else site.settings.languages[0],
            "via": "sip",
            "release": self._house.edition.release,
        }
        if phone:
            data["phone"] = phone
            self._house.own_calls.begun(contact, phone)
        call = Call(self._house, contact, channel["id"], flow, self._house.edition, self._booked)
        call.line.stopped = self._closing
        self._take(call, call.begin(Event("arrived", self._house.now(), contact, data=data)))

    def _consults(self, channel: str, phone: str, dialled: str) -> bool:
        """Is this the second call of an agent who has a caller, to somebody who can be called in? Then it is part of that conversation."""
        agent = at_phone(self._house, phone)
        contact = self._house.distributor.state.agents[agent].contact if agent is not None else None
        talk = self._house.ledger.open[contact].talk if contact in self._house.ledger.open else None
        call = self._calls.get(contact or "")
        if call is None or talk is None or talk.leg is None or talk.to != agent or talk.asked is not None:
            return False
        try:
            target = target_of(self._house.site.settings, dialled)
        except SetupError:
            return False
        if target.kind == QUEUE:
            return False
        self._house.guests[channel] = call.id
        order = Order(Verb.CONSULT, target, PHONE, second=channel)
        self._start(self._consult(call, order), f"second call {channel}")
        return True

    def _fetches(self, channel: dict[str, Any], phone: str, slot: str) -> bool:
        """Does this call of an agent's fetch a caller who is parked there? Then it is part of that conversation."""
        parked = next((one.id for one in self._house.ledger.open.values() if slot_of(one) == slot), None)
        agent = at_phone(self._house, phone)
        if parked is None or agent is None or parked not in self._calls:
            return False
        self._house.guests[channel["id"]] = parked
        order = Order(Verb.RETRIEVE, Target(AGENT, agent), PHONE, second=channel["id"])
        self._start(self._fetch(self._calls[parked], order, channel, slot), f"fetch {parked}")
        return True

    async def _fetch(self, call: Call, order: Order, channel: dict[str, Any], slot: str) -> None:
        """What the slot's flow says is heard where that cannot be."""
        sentence = await self._answer(call, order)
        if sentence:
            log.info("an agent's phone fetches a parked caller in vain", contact=call.id, why=sentence)
            self._house.guests.pop(order.second, None)
            self._arrived(channel, slot, refused=True)

    async def _consult(self, call: Call, order: Order) -> None:
        """The phone hears busy where that cannot be."""
        sentence = await self._answer(call, order)
        if sentence:
            log.info("an agent's phone calls somebody in vain", contact=call.id, why=sentence)
            self._house.guests.pop(order.second, None)
            await self._hang_up(order.second, "busy")

    def _take(self, call: Call, life: Any) -> None:
        self._calls[call.id] = call
        self._house.lines[call.id] = call.line
        task = self._lives[call.id] = self._start(life, call.id)
        task.add_done_callback(lambda _: self._forget(call.id))

    def _forget(self, contact: str) -> None:
        del self._calls[contact], self._lives[contact], self._house.lines[contact]
        guests = self._house.guests
        for channel in [channel for channel, one in guests.items() if one == contact]:
            del guests[channel]
        self._house.own_calls.ended(contact)

    def _booked(self, arrived: Event, edition: Edition) -> None:
        """A call has asked for a callback: its own task begins, with the version of the site that the call has."""
        contact, flow = arrived.contact or "", self._version(arrived.data["flow_hash"])
        call = Call(self._house, contact, "", flow, edition, self._booked)
        self._take(call, call.begin_booked(arrived))

    def _start(self, work: Any, name: str) -> asyncio.Task[None]:
        return self._tasks.create_task(work, name=name)

    async def _hang_up(self, channel: str, reason: HangupReason = "normal") -> None:
        try:
            await self._house.client.of(channel).hangup(channel, reason)
        except PbxUnreachable:
            log.info("a channel nobody owns could not be hung up; the next look finds it", channel=channel)
        except EngineError as error:
            log.error("a channel nobody owns could not be hung up", channel=channel, error=str(error))

    # --- after every (re)connect --------------------------------------------------------------

    async def _linked(self) -> None:
        """Compare what we know with what Asterisk holds, and go on; a store that cannot be read is asked again."""
        self.ready.clear()
        while not self.ready.is_set():
            try:
                await self._compare()
            except PbxUnreachable:
                return  # lost again already: the next LinkUp does it all
            except StoreError as error:
                log.error("calls cannot be taken up; trying again", error=str(error), in_s=AGAIN)
                await asyncio.sleep(AGAIN)
            else:
                log.info("calls are taken", calls=len(self._calls))
                self._house.watch.restored()
                self._house.distributor.go_on()
                self.ready.set()

    async def _compare(self) -> None:
        asked_at = self._house.now()
        held = await self._house.client.channels()
        self._house.hearing.held(channel["id"] for channel in held)
        callers = [contact.channel for contact in self._house.ledger.open.values()]
        relink = await Relink.of(held, self._house.watch.seen(), callers, self._house.client)
        self._house.guests.clear()
        self._house.guests.update(guests(self._house.ledger.open.values()))
        self._give_up_places(relink)
        self._give_up_offers(relink, asked_at)
        for call in list(self._calls.values()):
            call.line.inbox.put(relink)
        await self._take_up(relink)
        self._house.own_calls.restore(self._house.ledger.open.values())
        self._adopted &= {contact_of_channel(channel["id"]) for channel in held}
        self._adopt(held)
        await self._sweep()
        await self._forget_recordings()

    def _give_up_places(self, relink: Relink) -> None:
        """Callers who are gone leave queue or conversation at once, before anything is decided about them."""
        for contact in list(self._house.ledger.open.values()):
            on_line = contact.stage in IN_QUEUE and not contact.rings_back
            if on_line and contact.channel not in relink.channels:
                why = left_by(contact, relink.why_gone)
                self._house.distributor.submit(acd.Left(contact.id, why, relink.seen))

    def _give_up_offers(self, relink: Relink, asked_at: float) -> None:
        """Phones that rang, and ring no more: nobody saw what became of them, so nothing is held against their agents."""
        for ringing in list(self._house.distributor.state.offers.values()):
            contact = self._house.ledger.open.get(ringing.caller.contact)
            there = leg_of(ringing.id, ringing.caller.contact) in relink.channels
            if contact is not None and not (contact.rings_back or there or ringing.offered_at >= asked_at):
                self._house.distributor.submit(acd.OfferFailed(ringing.id, LOST))

    async def _take_up(self, relink: Relink) -> None:
        """Calls that a former life of the engine left open."""
        for contact in list(self._house.ledger.open.values()):
            if contact.id in self._calls:
                continue
            events = await self._archive.events(contact.id)
            flow, edition = self._version(contact.flow_now), self._house.edition_of(release_of(events))
            call = Call(self._house, contact.id, contact.channel, flow, edition, self._booked)
            self._take(call, call.resume(events, relink))

    def _version(self, digest: str) -> Flow | None:
        return self._house.versions.get(digest)

    def _adopt(self, held: list[Any]) -> None:
        """Channels that no call has: calls we never heard of, or what was left behind when a hang-up could not be asked for."""
        for channel in held:
            plan, contact = channel["dialplan"], contact_of_channel(channel["id"])
            app, *args = plan.get("app_data", "").split(",")
            if MADE in channel["id"]:
                if not self._in_use(channel["id"]):
                    self._start(self._hang_up(channel["id"]), f"hang up {channel['id']}")
            elif (
                contact in self._calls
                or contact in self._house.ledger.open
                or channel["id"] in self._house.guests
            ):
                continue
            elif plan.get("app_name") == "Stasis" and app == self._house.app:
                self._adopted.add(contact)
                self._start(self._adopt_one(channel, args), f"adopt {channel['id']}")

    async def _adopt_one(self, channel: dict[str, Any], args: list[str]) -> None:
        contact = contact_of_channel(channel["id"])
        try:
            known = await self._archive.known(contact)
        except StoreError as error:
            log.error("a call cannot be looked up; it is left as it is", contact=contact, error=str(error))
            self._adopted.discard(contact)
            return
        if known:
            await self._hang_up(channel["id"])
        else:
            self._arrived(channel, args[0] if args else channel["dialplan"]["exten"])

    async def _sweep(self) -> None:
        """Bridges that were left behind when the link was lost."""
        for bridge in await self._house.client.bridges():
            owner, made, _ = bridge["id"].partition(MADE)
            if made and not self._in_use(bridge["id"]):
                await self._house.client.of(owner).destroy_bridge(bridge["id"])

    async def _forget_recordings(self) -> None:
        """Recordings of calls that have ended, which we could not ask Asterisk to forget: words, and messages that are in our folder."""
        for stored in await self._house.client.stored_recordings():
            if (taped := TRACK.fullmatch(stored["name"])) is not None:
                await self._taped(taped["contact"], taped["name"], stored["name"])
            found = KEPT.fullmatch(stored["name"])
            if found is None or found["contact"] in self._house.ledger.open:
                continue
            copied = (self._house.recordings / f"{stored['name']}.wav").exists()
            if found["kind"] == "w" or copied:
                await self._house.client.delete_stored(stored["name"])

    async def _taped(self, contact: str, name: str, track: str) -> None:
        """A track of a recording that could not be fetched as it ended, or not be deleted; one that goes on is its conversation's."""
        known = self._house.ledger.open.get(contact)
        if known is not None and known.tape is not None and known.tape.name == name:
            return
        told = {
            e.kind: e.data for e in await self._archive.events(contact) if e.data.get("recording") == name
        }
        if told.keys() & {"recording_kept", "recording_deleted"}:
            await self._house.client.delete_stored(track)
        else:
            self._house.tapes.keep(contact, name, told.get("recording_started", {}).get("queue"))

    def _in_use(self, thing: str) -> bool:
        if EAR in thing:
            return self._house.ears.holds(thing)
        return in_use(self._house.ledger.open.get(self._owner(thing)), thing)


def release_of(events: Iterable[Event]) -> int | None:
    """The release that the flow of a call began with; None where it began with none."""
    return next((event.data.get("release") for event in reversed([*events]) if begins_flow(event)), None)


def owner_of(thing: str) -> str:
    """The contact that a channel, playback or bridge of this id belongs to."""
    owner, made, _ = thing.partition(MADE)
    return owner if made else contact_of_channel(thing)


def subject_of(event: dict[str, Any]) -> str:
    """The id of what an event is about."""
    for kind in ("channel", "playback", "bridge", "peer"):
        if kind in event:
            return str(event[kind]["id"])
    if "referred_by" in event:
        return str(event["referred_by"]["source_channel"]["id"])
    if "recording" in event:
        return str(event["recording"]["target_uri"].partition(":")[2])
    return ""


def guests(contacts: Iterable[Contact]) -> dict[str, str]:
    """Channels, and their bridges, that are in the conversation of another contact than their name says: their ids -> that contact.

    They are calls of agents' phones, and legs of those with whom an agent has joined their caller.
    """
    legs = (
        (leg, one.id)
        for one in contacts
        if one.talk is not None
        for leg in one.talk.legs
        if owner_of(leg) != one.id
    )
    return {thing: contact for leg, contact in legs for thing in (leg, bridge_of(leg))}
