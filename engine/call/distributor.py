"""The one owner of queues and agents: facts in, `decide`, events written, commands delivered.

A turn is one synchronous piece: decide, turn commands into events, append them. The commands wait in order for their commit and only then
go to the contacts' inboxes (law 3), so the next turn can already be decided while the disk works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog

from engine.call.line import MADE
from engine.call.promises import Promises
from engine.core import acd
from engine.core.acd import Command, Fact
from engine.core.acd_log import LogFold
from engine.core.board import is_offered
from engine.core.contact import SHORT
from engine.core.conversation import AGENT, RETRIEVE
from engine.core.doors import Doors
from engine.core.event import Event
from engine.core.floor import Caller
from engine.core.phones import Rung, rung
from engine.core.places import Place, Places, is_known
from engine.core.site import Settings
from engine.core.waiting import Estimate
from engine.store.ledger import Ledger

log = structlog.get_logger()

#: Seconds after which a timer looks at the clock again, which may have been set forward.
LOOK_AGAIN = 30.0
#: Where commands for a contact go; False when the contact is not here (any more).
Deliver = Callable[[str, Command], bool]


def leg_of(offer: str, contact: str) -> str:
    """The agent leg's channel id: the contact's id, so that its events find the contact, and the offer's."""
    return f"{contact}{MADE}{offer}"


#: How a queue was left, by the reason of a Left; abandoned is told by its length.
GONE = {"key": "flow_out", "failed": "failed", "stopped": "stopped", "unreached": "unreached"}


def ended_by(fact: acd.Left | acd.TalkEnded) -> str:
    """Who ended a conversation: caller, agent, stopped (we did, on the way down), or lost (nobody saw it)."""
    if fact.seen is not None:
        return "lost"
    if isinstance(fact, acd.TalkEnded):
        return "agent"
    return "stopped" if fact.reason == "stopped" else "caller"


#: Whoever leaves so, and may call again, has not given up their place themselves: they hung up, or were cut off.
CUT_OFF = frozenset({"abandoned", "failed", "stopped"})


def seen_until(seen: float | None) -> dict[str, float]:
    """What an event about an end carries where nobody saw it."""
    return {} if seen is None else {"seen": seen}


class Distributor:
    """Owns the distributor's state; every change goes through `submit`."""

    def __init__(
        self,
        state: acd.State,
        ledger: Ledger,
        now: Callable[[], float],
        doors: Doors | None = None,
        places: Places | None = None,
        promises: Promises | None = None,
    ) -> None:
        self.state = state
        self.places = places or Places()
        self.promises = promises or Promises(now)
        self.doors = doors or Doors(state.settings)
        #: When the doors are to be looked at next, seconds since the epoch.
        self._doors_due = 0.0
        self._ledger = ledger
        self._now = now
        self._outbox: asyncio.Queue[tuple[asyncio.Future[None], list[Command]]] = asyncio.Queue()
        self._timer: asyncio.TimerHandle | None = None
        #: What the timer is set for, seconds since the epoch.
        self._due: float | None = None
        #: Until calls are seen nothing is decided by the clock alone: who should have waited too long may have been gone for hours.
        self._held = True
        #: Who wants to hear when queues open or close, by contact.
        self.listeners: dict[str, Callable[[acd.Doors], None]] = {}
        #: Hears of every change of an agent, once it is on disk.
        self.on_agent: Callable[[acd.AgentChanged], None] = lambda changed: None

    def submit(self, fact: Fact) -> asyncio.Future[None]:
        """Take in a fact; the future is done when what follows from it is on disk."""
        now = self._now()
        self._mind_doors(now)
        return self._turn(fact, now)

    def override(self, event: Event) -> asyncio.Future[None]:
        """Take in what a person says over the calendars; the future is done when it is on disk."""
        written = self._ledger.append(event)
        self.doors.take(event)
        self._look_at_doors()
        return written

    def _look_at_doors(self) -> None:
        self._doors_due = 0.0
        self._mind_doors(self._now())
        self._set_timer()

    def _mind_doors(self, now: float) -> None:
        """Tell the distributor which queues are closed where that has changed; not while nobody knows who is still there."""
        if self._held or now < self._doors_due:
            return
        before = self._closed()
        closed, self._doors_due = self.doors.look(now, before)
        if closed != before:
            self._turn(acd.Doors(closed), now)
            self._tell(closed)

    def _closed(self) -> dict[str, float]:
        return {q.name: q.drains_at for q in self.state.queues.values() if q.drains_at is not None}

    def _tell(self, closed: Mapping[str, float]) -> None:
        for hear in list(self.listeners.values()):
            hear(acd.Doors(closed))

    def _turn(self, fact: Fact, now: float) -> asyncio.Future[None]:
        events = self._events_of(fact, now)
        commands = acd.decide(self.state, fact, now)
        for command in commands:
            events.extend(self._events_for(command, fact, now))
        self._learn(events)
        written = self._ledger.append(*events)
        if commands:
            self._outbox.put_nowait((written, commands))
        self._set_timer()
        return written

    def _learn(self, events: Iterable[Event]) -> None:
        """What becomes of places that are kept, and of what callers were told of their wait."""
        for event in events:
            self.places.take(event)
            self.promises.take(event)

    def reload(self, settings: Settings) -> None:
        """Take in a changed site."""
        now = self._now()
        commands = acd.reload(self.state, settings, now)
        events = [event for command in commands for event in self._events_for(command, acd.Tick(), now)]
        self._learn(events)
        self._outbox.put_nowait((self._ledger.append(*events), commands))
        self.doors.settings = settings
        self._look_at_doors()
        self._tell(self._closed())  # a queue may be there again

    async def run(self, deliver: Deliver) -> None:
        """Deliver commands after their commit, in order, until cancelled."""
        try:
            while True:
                written, commands = await self._outbox.get()
                await written
                for command in commands:
                    self._dispatch(command, deliver)
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def hold(self) -> None:
        """Asterisk reports no more: what becomes due waits."""
        self._held = True

    def go_on(self) -> None:
        """Asterisk reports, and who is gone has been told: do what became due."""
        self._held = False
        self._doors_due = 0.0
        self.submit(acd.Tick())

    def position(self, contact: str) -> int:
        """The caller's place from 1; 0 when they do not wait."""
        return acd.position(self.state, contact)

    def estimate(self, contact: str) -> Estimate | None:
        """The caller's estimated wait, where anything honest can be said."""
        return acd.estimate(self.state, contact, self._now())

    def expected(self, queue: str) -> float | None:
        """The mean wait in seconds of a caller who came to a queue now; None where it cannot be told."""
        return acd.expected(self.state, queue)

    def offering(self, contact: str) -> bool:
        """True while a phone rings for this caller."""
        return is_offered(self.state, contact)

    def rung(self, agent: str) -> Rung | None:
        """How an agent is rung where they are now; None where they have no phone."""
        known = self.state.agents.get(agent)
        return None if known is None else rung(self.state.settings, known.rule, known.phone)

    def overview(self) -> dict[str, Any]:
        """Queues, how each has kept its promises, callers and agents, as JSON values."""
        told = acd.overview(self.state, self._now())
        for name, queue in told["queues"].items():
            queue["promises"] = self.promises.shown(name)
        return told

    def _dispatch(self, command: Command, deliver: Deliver) -> None:
        if isinstance(command, acd.AgentChanged):
            self.on_agent(command)
            return
        if isinstance(command, acd.Asked):
            return  # who asks for an agent has waited for the commit already
        if not deliver(command.contact, command) and isinstance(command, acd.Offer):
            # The contact ended in the very moment of the offer: its Left is on the way, nobody will ring.
            log.debug("an offer found its caller gone", offer=command.offer, contact=command.contact)

    def _events_of(self, fact: Fact, now: float) -> list[Event]:
        """What a fact itself says about the past, written before its consequences."""
        state = self.state
        match fact:
            case acd.Doors(closed):
                return [Event("doors", now, data={"closed": dict(closed)})]
            case acd.Left(contact, reason, seen) if contact in state.callers:
                caller = state.callers[contact]
                waited = (now if seen is None else seen) - caller.entered_at
                outcome = GONE.get(reason) or ("short_abandoned" if waited < SHORT else "abandoned")
                data = {"queue": caller.lane.queue.name, "outcome": outcome, **seen_until(seen)}
                if reason in CUT_OFF:
                    data |= self._place_kept(caller, now)
                return [Event("left_queue", now, contact, data=data)]
            case acd.Left(contact) | acd.TalkEnded(contact) if contact in state.talks:
                agent = state.talks[contact].name
                data = {"by": ended_by(fact), "agent": agent, **seen_until(fact.seen)}
                ended = Event("talk_ended", now, contact, agent, data)
                return [*self._asking_ended(contact, ended_by(fact), now), ended]
            case acd.Left(contact) | acd.TalkEnded(contact):
                return self._asking_ended(contact, ended_by(fact), now)
            case acd.Coded(agent=name, code=code, note=note, by=by) if about := state.agents[name].queue:
                data = {"code": code, "queue": about.name, "note": note, "by": by}
                return [Event("wrap_up_code", now, state.agents[name].contact, name, data)]
            case acd.AskAnswered(contact) if contact in state.asks:
                asking = state.asks[contact]
                data = {"to": asking.agent.name, "leg": leg_of(asking.id, contact)}
                return [Event("calling_answered", now, contact, asking.agent.name, data)]
            case acd.AskEnded(contact, why):
                return self._asking_ended(contact, why, now)
            case acd.HandedOver(contact, to):
                called = state.asks.get(contact)
                second = called.agent.name if called is not None else None
                return [Event("transferred", now, contact, second, dict(to))]
            case acd.Released(contact, why):
                first = state.talks.get(contact)
                return [Event("released", now, contact, first.name if first else None, {"why": why})]
            case acd.OfferFailed(offer, why) if offer in state.offers:
                ringing = state.offers[offer]
                rest = acd.rest_until(ringing, now)
                return [self._offer_ended(offer, ringing.caller.contact, ringing.agent.name, why, now, rest)]
            case acd.PickedUp(offer, prompts) if offer in state.offers:
                contact, agent = state.offers[offer].caller.contact, state.offers[offer].agent.name
                up: dict[str, Any] = {"offer": offer, "leg": leg_of(offer, contact)}
                told = {"prompts": list(prompts)} if prompts else {}
                return [Event("picked_up", now, contact, agent, up | told)]
            case acd.Connected(offer) if offer in state.offers:
                ringing = state.offers[offer]
                contact, agent, queue = (
                    ringing.caller.contact,
                    ringing.agent.name,
                    ringing.caller.lane.queue.name,
                )
                data = {"offer": offer, "agent": agent, "queue": queue, "leg": leg_of(offer, contact)}
                left = {"queue": queue, "outcome": "answered"}
                return [
                    Event("connected", now, contact, agent, data),
                    Event("left_queue", now, contact, data=left),
                ]
            case _:
                return []

    def _events_for(self, command: Command, fact: Fact, now: float) -> list[Event]:
        match command:
            case acd.Queued(contact, queue, enqueued_at, position, estimate, decision, moved_from):
                caller = self.state.callers.get(contact)
                data: dict[str, Any] = {
                    "queue": queue,
                    "group": caller.group if caller else None,
                    "priority": caller.priority if caller else 5,
                    "skills": sorted(caller.lane.skills) if caller else [],
                    "max_wait": caller.max_wait if caller else 0.0,
                    "enqueued_at": enqueued_at,
                    "position": position,
                    "estimate": estimate,
                    "decision": decision,
                }
                if caller and caller.widen:
                    data["widen"] = [[seconds, sorted(skills)] for seconds, skills in caller.widen]
                if caller and caller.lane.only:
                    data |= {"prefer": sorted(caller.lane.only), "patience": caller.patience}
                if moved_from is not None:
                    data["moved_from"] = moved_from
                if caller and caller.entered_at != enqueued_at:
                    data["entered_at"] = caller.entered_at
                if isinstance(fact, acd.Arrived) and fact.contact == contact and fact.place_of:
                    data["place_of"] = fact.place_of
                if caller and caller.kind == acd.CALLBACK:
                    data |= {"kind": caller.kind, "dial": caller.dial}
                return [Event("queued", now, contact, data=data)]
            case acd.Widened(contact, skills, prefer):
                data = {"skills": list(skills), "prefer": list(prefer)}
                return [Event("widened", now, contact, data=data)]
            case acd.Refused(contact, outcome, decision, queue):
                data = {"queue": queue, "outcome": "refused", "why": outcome, "decision": decision}
                return [Event("left_queue", now, contact, data=data)]
            case acd.TimedOut(contact):
                left = {"queue": self._queue_of(contact), "outcome": "timed_out"}
                return [Event("left_queue", now, contact, data=left)]
            case acd.Offer(offer, contact, agent, queue, ring):
                data = {
                    "offer": offer,
                    "agent": agent,
                    "queue": queue,
                    "leg": leg_of(offer, contact),
                    "ring": ring,
                    "decision": self.state.reason(offer),
                }
                return [Event("offered", now, contact, agent, data)]
            case acd.Cancel(offer, contact, agent, why):
                return [self._offer_ended(offer, contact, agent, why, now, self._rests_until(agent, contact))]
            case acd.Asked(ask, contact, agent, queue, how, ring, by, second):
                leg = second if second and how == RETRIEVE else leg_of(ask, contact)
                data = {"kind": AGENT, "to": agent, "how": how, "ask": ask, "leg": leg, "queue": queue}
                data |= {"ring": ring, "by": by} | ({"second": second} if second and leg != second else {})
                return [Event("calling", now, contact, agent, data)]
            case acd.AskCalledOff(contact, agent, why):
                return [Event("calling_ended", now, contact, agent, {"to": agent, "why": why})]
            case acd.AgentChanged():
                changed = command._asdict()
                return [Event("agent_state", now, None, changed.pop("agent"), changed)]

    def _asking_ended(self, contact: str, why: str, now: float) -> list[Event]:
        """What is written where an agent is called into this conversation, who no longer is."""
        asking = self.state.asks.get(contact)
        if asking is None:
            return []
        data = {"to": asking.agent.name, "why": why}
        return [Event("calling_ended", now, contact, asking.agent.name, data)]

    def _place_kept(self, caller: Caller, now: float) -> dict[str, Any]:
        """What is kept of the place of somebody who has hung up, where the queue keeps any and they can be known again."""
        known, keep = self._ledger.open.get(caller.contact), caller.lane.queue.rule.keep_place
        if not keep or known is None or caller.kind != acd.CALLER or not is_known(known.from_number):
            return {}
        kept = {"number": known.from_number, "group": caller.group, "enqueued_at": caller.enqueued_at}
        return {"kept": {**kept, "until": now + keep}}

    def place_of(self, contact: str, queues: Sequence[str], group: str | None) -> Place | None:
        """The place that is kept for whoever calls here, in these queues or this group."""
        known = self._ledger.open.get(contact)
        number = known.from_number if known else ""
        return self.places.of(number, queues, group, self._now()) if is_known(number) else None

    def _queue_of(self, contact: str) -> str | None:
        known = self._ledger.open.get(contact)
        return known.queue if known else None

    def _rests_until(self, agent: str, contact: str) -> float | None:
        known = self.state.agents.get(agent)
        return known.cooling.get(contact) if known else None

    @staticmethod
    def _offer_ended(
        offer: str, contact: str, agent: str, why: str, now: float, rest_until: float | None
    ) -> Event:
        data = {"offer": offer, "agent": agent, "why": why, "rest_until": rest_until}
        return Event("offer_ended", now, contact, agent, data)

    def _set_timer(self) -> None:
        due = self._next_due()
        if self._timer is not None:
            if due == self._due:
                return  # set anew with every fact, a stream of facts would put off a due Tick for ever
            self._timer.cancel()
        self._timer, self._due = None, due
        if due is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(min(LOOK_AGAIN, max(0.0, due - self._now())), self._tick)

    def _next_due(self) -> float | None:
        due = acd.next_due(self.state)
        moving = self.doors.rulings or any(q.rule.schedule for q in self.state.queues.values())
        if self._held or not moving:
            return due
        return self._doors_due if due is None else min(due, self._doors_due)

    def _tick(self) -> None:
        self._timer = None
        if self._held:
            return
        due = self._next_due()
        if due is not None and due <= self._now():
            self.submit(acd.Tick())
        else:
            self._set_timer()


#: Events that the distributor's state is folded from.
ACD_KINDS = (
    "queued",
    "widened",
    "offered",
    "picked_up",
    "offer_ended",
    "connected",
    "left_queue",
    "calling",
    "calling_answered",
    "calling_ended",
    "transferred",
    "talk_ended",
    "doors",
    "ended",
    "agent_state",
)


def rebuilt(settings: Settings, events: list[Event], now: float) -> acd.State:
    """The state that these events (in order, of ACD_KINDS) leave behind."""
    return acd.restore(settings, LogFold().take_all(events).rows(), now)
