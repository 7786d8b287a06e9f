"""What the distributor writes down: facts about the past, and commands before they leave, as events of the log."""

from __future__ import annotations

from typing import Any

from engine.call.line import MADE
from engine.core import acd
from engine.core.acd import Command, Fact
from engine.core.agent import PHONE_TAKEN
from engine.core.contact import SHORT, Contact
from engine.core.conversation import AGENT, RETRIEVE
from engine.core.event import Event
from engine.core.facts import LOST
from engine.core.owing import Owing
from engine.core.parties import Caller
from engine.core.places import is_known
from engine.store.ledger import Ledger


def leg_of(offer: str, contact: str) -> str:
    """The agent leg's channel id: the contact's id, so that its events find the contact, and the offer's."""
    return f"{contact}{MADE}{offer}"


#: How a queue was left, by the reason of a Left; abandoned is told by its length.
GONE = {
    "key": "flow_out",
    "failed": "failed",
    "crashed": "failed",
    "stopped": "stopped",
    "unreached": "unreached",
}


def ended_by(fact: acd.Left | acd.TalkEnded) -> str:
    """Who ended a conversation: caller, agent, stopped (we did, on the way down), or lost (nobody saw it)."""
    late = isinstance(fact, acd.Left) and fact.late
    if fact.seen is not None and not late:
        return "lost"
    if isinstance(fact, acd.TalkEnded):
        return "agent"
    return "stopped" if fact.reason == "stopped" else "caller"


#: Whoever leaves so, and may call again, has not given up their place themselves: they hung up, or were cut off.
CUT_OFF = frozenset({"abandoned", "failed", "crashed", "stopped"})


def left_by(contact: Contact, why: str) -> str:
    """Why a caller who has gone has left; who was put away for somebody else to have their place has given up nothing."""
    return "key" if contact.taken_over else why


def seen_until(seen: float | None) -> dict[str, float]:
    """What an event about an end carries where nobody saw it."""
    return {} if seen is None else {"seen": seen}


def _asked_by(changed: acd.AgentChanged, fact: Fact) -> dict[str, str]:
    """What an agent's change carries that somebody has asked for: of this agent, or of whoever has taken their phone."""
    if not isinstance(fact, acd.AgentSet | acd.Coded) or not fact.by:
        return {}
    theirs = changed.agent == fact.agent or PHONE_TAKEN in (changed.reason, changed.then_reason)
    return {"by": fact.by} if theirs else {}


class Diary:
    """Turns facts and commands into events, with what the distributor's state and the open contacts say about them."""

    def __init__(self, state: acd.State, ledger: Ledger, owing: Owing) -> None:
        self._state = state
        self._ledger = ledger
        self._owing = owing

    def of_fact(self, fact: Fact, now: float) -> list[Event]:
        """What a fact itself says about the past, written before its consequences."""
        state = self._state
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
            case acd.Coded(agent=name) if about := self._told_about(name, now):
                contact, queue = about
                data = {"code": fact.code, "queue": queue, "note": fact.note, "by": fact.by}
                said = {} if fact.resolved is None else {"resolved": fact.resolved}
                return [Event("wrap_up_code", now, contact, name, data | said)]
            case acd.AskAnswered(contact) if contact in state.asks:
                asking = state.asks[contact]
                data = {"to": asking.agent.name, "leg": leg_of(asking.id, contact)}
                return [Event("calling_answered", now, contact, asking.agent.name, data)]
            case acd.AskEnded(contact, why):
                return self._asking_ended(contact, why, now)
            case acd.HandedOver(contact, to):
                called = state.asks.get(contact)
                second = called.agent.name if called is not None else None
                data = {"contact": contact}
                taken = [Event("joined", now, to["joined"], None, data)] if "joined" in to else []
                return [*taken, Event("transferred", now, contact, second, dict(to))]
            case acd.Joined(contact, other, to):
                speaks = state.talks.get(other)
                theirs = speaks.name if speaks is not None else None
                return [
                    Event("joined", now, other, theirs, {"contact": contact}),
                    Event("transferred", now, contact, theirs, dict(to)),
                ]
            case acd.Released(contact, why):
                first = state.talks.get(contact)
                return [Event("released", now, contact, first.name if first else None, {"why": why})]
            case acd.OfferFailed(offer, why) if offer in state.offers:
                ringing = state.offers[offer]
                rest = None if why == LOST else acd.rest_until(ringing, now)
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

    def of_command(self, command: Command, fact: Fact, now: float) -> list[Event]:
        """What a command is written down as, before it leaves; `fact` is what the turn was about."""
        match command:
            case acd.Queued(contact, queue, enqueued_at, position, estimate, decision, moved_from):
                caller = self._state.callers.get(contact)
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
                    "decision": self._state.reason(offer),
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
                changed |= _asked_by(command, fact)
                return [Event("agent_state", now, None, changed.pop("agent"), changed)]

    def _asking_ended(self, contact: str, why: str, now: float) -> list[Event]:
        """What is written where an agent is called into this conversation, who no longer is."""
        asking = self._state.asks.get(contact)
        if asking is None:
            return []
        data = {"to": asking.agent.name, "why": why}
        return [Event("calling_ended", now, contact, asking.agent.name, data)]

    def _told_about(self, name: str, now: float) -> tuple[str, str] | None:
        """The contact, and its queue, that an agent's code is about: of the conversation they are in, or the last one."""
        agent = self._state.agents[name]
        if agent.queue is not None and agent.contact is not None:
            return agent.contact, agent.queue.name
        last = self._owing.of(name, now)
        return None if last is None else (last.contact, last.queue)

    def _place_kept(self, caller: Caller, now: float) -> dict[str, Any]:
        """What is kept of the place of somebody who has hung up, where the queue keeps any and they can be known again."""
        known, keep = self._ledger.open.get(caller.contact), caller.lane.queue.rule.keep_place
        if not keep or known is None or caller.kind != acd.CALLER or not is_known(known.from_number):
            return {}
        kept = {"number": known.from_number, "group": caller.group, "enqueued_at": caller.enqueued_at}
        return {"kept": {**kept, "until": now + keep}}

    def _queue_of(self, contact: str) -> str | None:
        known = self._ledger.open.get(contact)
        return known.queue if known else None

    def _rests_until(self, agent: str, contact: str) -> float | None:
        known = self._state.agents.get(agent)
        return known.cooling.get(contact) if known else None

    @staticmethod
    def _offer_ended(
        offer: str, contact: str, agent: str, why: str, now: float, rest_until: float | None
    ) -> Event:
        data = {"offer": offer, "agent": agent, "why": why, "rest_until": rest_until}
        return Event("offer_ended", now, contact, agent, data)
