"""The books of a log: every stay in a queue, every offer, every call, and what agents did with their time, as a fold of the events.

A *stay* is one contact in one queue. It begins with `queued`, or with the `left_queue` that refuses it at the door, and ends in exactly
one way. A contact that passes through two queues has two stays.

    left_queue       the stay ends as
    answered         answered; `connected` has said so before, and by whom
    abandoned        abandoned; whether it was a short one is decided by its length when a report is made
    flow_out         flow_out; callback_taken where the next thing the call does is to book a callback
    timed_out        timed_out
    refused          refused: at the door (then it counts for the first queue that was asked), or when the queue closed over the caller
    failed, stopped  failed: something of ours or of the PBX ended it, or we were taken down
    (none)           flow_out where `queued` says moved_from; at `ended`, abandoned if the caller hung up, otherwise failed

A conversation that goes on with another agent is one more that is handled, and no more contact that was offered: it is kept as a stay of
the kind ON. A caller who is sent back into a queue has a new stay. Where an agent joins their caller with somebody who has answered their
second call, that call is a contact of its own, whose conversation ends there: its stay has no wrap-up, and the one that goes on has it.

The stays of a callback (kind callback) are kept apart: their caller does not wait on a line. `unreached` ends only those.

What ends without a stay that began, and a stay that is begun over another, are kept as they are: they make the books not balance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.core.contact import Contact, Outcome, outcome_of
from engine.core.conversation import AGENT, Conversation, converse
from engine.core.estimates import KINDS as ESTIMATED_BY
from engine.core.estimates import Estimates, Promise
from engine.core.event import Event
from engine.core.facts import CALLER
from engine.core.owing import FOR

#: The kind of a stay that is only a conversation: it began with another agent.
ON = "on"
#: A stay of which the log does not tell the end: no way to leave a queue.
LOST = "lost"
TELLING = frozenset(ESTIMATED_BY)
WITH_CONTACT = frozenset({"talking", "wrap_up"})

#: What happens in a conversation.
IN_TALK = (
    *("held", "resumed", "calling", "calling_answered", "calling_ended"),
    *("conferenced", "released", "parked", "transferred"),
)
#: Kinds of events that the books are made of; of `step` only those that book a callback.
KINDS = (
    *("arrived", "queued", "offered", "offer_ended", "connected", "talk_ended", "left_queue", "ended"),
    *("transfer_connected", "message", "callback_cancelled", "dialled", "agent_state", "step", "announced"),
    *("joined", "wrap_up_code", "survey"),
    *IN_TALK,
)


@dataclass(slots=True)
class Stay:
    """One contact in one queue. Times are seconds since the epoch; `wait` counts from `since`, when they came to the queue: an earlier
    time that somebody keeps is their place. A callback's is the time that is kept."""

    contact: str
    queue: str
    since: float
    kind: str = CALLER
    began: bool = True  # False: the log tells only its end
    outcome: str | None = None
    until: float | None = None
    agent: str | None = None
    talk_s: float | None = None
    wrap_s: float | None = None
    wrap_from: float | None = None
    requeued: bool = False
    transferred: bool = False
    #: Seconds of talk in which the caller heard music; since when they do; and the conversation while it goes on.
    hold_s: float = 0.0
    hold_from: float | None = None
    talk: Conversation | None = None

    @property
    def open(self) -> bool:
        """True while it is not known how it ends, or how long the conversation and its wrap-up were."""
        return self.outcome is None or (self.outcome == "answered" and self.wrap_s is None)

    def talked(self, at: float) -> None:
        """The agent's part of the conversation is over; the first word about it counts."""
        if self.talk_s is None and self.until is not None:
            self.held(False, at)
            self.talk_s = round(max(0.0, at - self.until), 3)

    def held(self, on_hold: bool, at: float) -> None:
        """The caller hears music from now on, or their agent; what they hear when the agent has done with them is no hold."""
        if on_hold and self.hold_from is None and self.talk_s is None:
            self.hold_from = at
        elif not on_hold and self.hold_from is not None:
            self.hold_s, self.hold_from = round(self.hold_s + max(0.0, at - self.hold_from), 3), None

    def waited(self, now: float) -> float:
        """Seconds waited, whole milliseconds: moments of the log are no finer."""
        return round(max(0.0, (now if self.until is None else self.until) - self.since), 3)


@dataclass(slots=True)
class Offered:
    """One offer of a contact to an agent; `why` it came to nothing, or answered, or None while the phone rings."""

    agent: str
    queue: str
    at: float
    why: str | None = None


@dataclass(slots=True)
class Life:
    """One contact as calls are counted; `stay` is its last one."""

    contact: str
    flow: str
    arrived_at: float
    callback_of: str | None = None
    from_number: str = ""
    ended_at: float | None = None
    outcome: Outcome | None = None
    connected_at: float | None = None
    stay: Stay | None = None
    #: The last conversation, which may have gone on with another agent.
    talk: Stay | None = None
    queue: str | None = None
    dialled: int = 0
    messages: int = 0
    transferred_to: str | None = None
    booked: bool = False
    cancelled: bool = False
    last_left: str | None = None
    #: Each agent's last conversation; and of those who have said whether the matter is resolved, what they said, the last one last.
    talks: dict[str, Stay] = field(default_factory=dict)
    marks: dict[str, bool] = field(default_factory=dict)
    #: What the caller has said of that in a survey.
    answered: bool | None = None

    @property
    def stayed(self) -> Stay | None:
        """What is said of the whole contact belongs to its last conversation; to its last queue where nobody has spoken with them there."""
        return self.talk or self.stay


@dataclass(frozen=True, slots=True)
class Span:
    """An agent was in a state, from then until then."""

    agent: str
    state: str
    reason: str
    start: float
    end: float


@dataclass(slots=True)
class Books:
    """Everything that reports count, folded from a log."""

    stays: list[Stay] = field(default_factory=list)
    offers: list[Offered] = field(default_factory=list)
    lives: dict[str, Life] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)
    waiting: dict[str, Stay] = field(default_factory=dict)
    #: What callers were told of their wait, as far as it is known what came of it.
    promises: list[Promise] = field(default_factory=list)
    at: float = 0.0
    _estimates: Estimates = field(default_factory=Estimates)
    _ringing: dict[str, Offered] = field(default_factory=dict)
    _talks: dict[str, Stay] = field(default_factory=dict)
    _by_agent: dict[str, Stay] = field(default_factory=dict)
    _states: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    #: Calls that go on, the oldest first; and each agent's last conversation, of which a code can still come, or another one.
    _open: dict[str, Life] = field(default_factory=dict)
    _last: dict[str, Stay] = field(default_factory=dict)

    def take_all(self, events: Iterable[Event]) -> Books:
        """Fold events in their order."""
        for event in events:
            self.take(event)
        return self

    def take(self, event: Event) -> None:
        """Fold one event; kinds that are not counted are passed over."""
        self.at = max(self.at, event.at)
        if event.kind in TELLING:
            self.promises += self._estimates.take(event)
        if (fold := _FOLDS.get(event.kind)) is not None:
            fold(self, event)

    def states_now(self, now: float) -> list[Span]:
        """The states agents are in, as spans until now."""
        return [
            Span(agent, state, reason, at, max(at, now))
            for agent, (state, reason, at) in self._states.items()
        ]

    def promises_now(self, now: float) -> list[Promise]:
        """All promises, those of callers who still wait as they stand now."""
        return [*self.promises, *self._estimates.standing(now)]

    def settled(self, until: float) -> bool:
        """Nothing that comes later can change how calls and stays that began before this moment are counted."""
        if self.at < until or any(life.arrived_at < until for life in self._open.values()):
            return False
        waits = any(stay.since < until for stay in self.waiting.values())
        held = [*self._by_agent.values(), *self._talks.values()]
        coded = all(stay.since >= until or late(stay.until, self.at) for stay in self._last.values())
        return coded and not waits and not any(stay.open and stay.since < until for stay in held)

    # --- calls ---

    def _arrived(self, e: Event) -> None:
        assert e.contact is not None
        d = e.data
        back = d.get("callback")
        life = Life(e.contact, d["flow"], e.at, back["of"] if back else None, d.get("from_number", ""))
        self.lives[e.contact] = self._open[e.contact] = life

    def _step(self, e: Event) -> None:
        if e.data.get("do") != "Book" or e.data.get("outcome") is None:
            return
        life = self.lives.get(e.contact or "")
        if life is None:
            return
        life.booked = True
        if life.stay is not None and life.stay.outcome == "flow_out":
            life.stay.outcome = "callback_taken"

    def _dialled(self, e: Event) -> None:
        if (life := self.lives.get(e.contact or "")) is not None:
            life.dialled += 1

    def _message(self, e: Event) -> None:
        if (life := self.lives.get(e.contact or "")) is not None:
            life.messages += 1

    def _cancelled(self, e: Event) -> None:
        if (life := self.lives.get(e.contact or "")) is not None:
            life.cancelled = True

    def _transfer_connected(self, e: Event) -> None:
        life = self.lives.get(e.contact or "")
        if life is None:
            return
        life.transferred_to = e.data["to"]
        if life.talk is not None:
            life.talk.transferred = True

    def _ended(self, e: Event) -> None:
        contact, cause = e.contact or "", e.data["cause"]
        at = float(min(e.at, e.data.get("seen", e.at)))
        if (stay := self.waiting.get(contact)) is not None:
            self._close(stay, "abandoned" if cause == "caller" else "failed", at)
        if (talk := self._talks.pop(contact, None)) is not None:
            talk.talked(at)
        life = self._open.pop(contact, None)
        if life is not None:
            life.ended_at = max(life.arrived_at, at)
            life.outcome = _outcome(life, cause, at)

    # --- queues ---

    def _queued(self, e: Event) -> None:
        contact, d = e.contact or "", e.data
        before, since = self.waiting.get(contact), d.get("entered_at", d["enqueued_at"])
        if before is not None and d.get("moved_from") is not None:
            self._close(before, "flow_out", e.at)
        elif before is not None and (before.queue, before.since) == (d["queue"], since):
            return  # told again after a restart
        elif before is not None:
            self._close(before, LOST, e.at)
        stay = Stay(contact, d["queue"], since, d.get("kind", CALLER))
        self._begin(stay)
        self.waiting[contact] = stay

    def _begin(self, stay: Stay) -> None:
        self.stays.append(stay)
        life = self.lives.get(stay.contact)
        if life is not None:
            if life.talk is not None:
                life.talk.requeued = True
            life.stay, life.talk, life.queue = stay, None, stay.queue

    def _close(self, stay: Stay, outcome: str, at: float) -> None:
        stay.outcome, stay.until = outcome, max(stay.since, at)
        self.waiting.pop(stay.contact, None)
        if (life := self.lives.get(stay.contact)) is not None:
            life.last_left = outcome

    def _connected(self, e: Event) -> None:
        contact, agent = e.contact or "", e.agent or e.data["agent"]
        stay = self.waiting.get(contact)
        if stay is None:
            return
        self._close(stay, "answered", e.at)
        stay.agent = agent
        stay.talk = Conversation(AGENT, agent, e.data.get("leg", ""), stay.queue)
        self._speak(stay, agent)
        if (life := self.lives.get(contact)) is not None:
            life.connected_at = e.at if life.connected_at is None else life.connected_at
        if (offer := self._ringing.pop(e.data["offer"], None)) is not None:
            offer.why = "answered"

    def _speak(self, stay: Stay, agent: str) -> None:
        """A conversation begins."""
        self._talks[stay.contact] = self._by_agent[agent] = self._last[agent] = stay
        if (life := self.lives.get(stay.contact)) is not None:
            life.talk = life.talks[agent] = stay

    def _left_queue(self, e: Event) -> None:
        contact, d = e.contact or "", e.data
        outcome = _ENDS.get(d["outcome"], d["outcome"])
        at = d.get("seen", e.at)
        stay = self.waiting.get(contact)
        if stay is not None:
            self._close(stay, outcome, at)
        elif outcome == "refused" and d.get("queue") is None:
            stay = Stay(contact, _asked_first(d), e.at)
            self._begin(stay)
            self._close(stay, outcome, e.at)
        elif outcome != "answered" or contact not in self._talks:
            stray = Stay(contact, d.get("queue") or "", at, began=False, outcome=outcome, until=at)
            self.stays.append(stray)

    def _joined(self, e: Event) -> None:
        """The conversation goes on in another contact, and so does the agent's work: the wrap-up is that one's."""
        contact = e.contact or ""
        stay = self._talks.pop(contact, None)
        if stay is None:
            return
        stay.talked(e.at)
        if stay.talk is not None and stay.talk.kind == AGENT:
            self._by_agent.pop(stay.talk.to, None)
            stay.wrap_s = 0.0

    def _talk_ended(self, e: Event) -> None:
        stay = self._talks.pop(e.contact or "", None)
        if stay is not None:
            stay.talked(e.data.get("seen", e.at))

    def _in_talk(self, e: Event) -> None:
        """Hold, and who goes on with the caller."""
        contact = e.contact or ""
        stay = self._talks.get(contact)
        if stay is None or stay.talk is None:
            return
        talk = converse(stay.talk, e)
        stay.talk = talk or stay.talk
        stay.held(talk is not None and talk.on_hold, e.at)
        if e.kind == "transferred":
            self._transferred(stay, talk, e)

    def _transferred(self, stay: Stay, talk: Conversation | None, e: Event) -> None:
        """The agent who sent the caller on has done with them; another one goes on, or somebody outside, or they are in line again."""
        stay.transferred = True
        stay.talked(e.at)
        if talk is None:
            del self._talks[stay.contact]
        elif talk.kind == AGENT:
            on = Stay(
                stay.contact, talk.queue, e.at, ON, outcome="answered", until=e.at, agent=talk.to, talk=talk
            )
            on.held(talk.on_hold, e.at)
            self.stays.append(on)
            self._speak(on, talk.to)

    # --- whether the matter is resolved ---

    def _wrap_up_code(self, e: Event) -> None:
        """Each agent's last word counts; a code that says nothing takes back what an earlier one said."""
        agent, life = e.agent or "", self.lives.get(e.contact or "")
        if life is None or agent not in life.talks:
            return
        life.marks.pop(agent, None)
        if (resolved := e.data.get("resolved")) is not None:
            life.marks[agent] = resolved

    def _survey(self, e: Event) -> None:
        life, resolved = self.lives.get(e.contact or ""), e.data.get("resolved")
        if life is not None and resolved is not None:
            life.answered = resolved

    # --- agents ---

    def _offered(self, e: Event) -> None:
        offer = Offered(e.agent or e.data["agent"], e.data["queue"], e.at)
        self.offers.append(offer)
        self._ringing[e.data["offer"]] = offer

    def _offer_ended(self, e: Event) -> None:
        if (offer := self._ringing.pop(e.data["offer"], None)) is not None:
            offer.why = e.data["why"]

    def _agent_state(self, e: Event) -> None:
        agent, state, reason = e.agent or "", e.data["state"], e.data.get("reason", "")
        before = self._states.get(agent)
        if before is not None and e.at > before[2]:
            self.spans.append(Span(agent, *before, e.at))
        self._states[agent] = (state, reason, e.at)
        stay = self._by_agent.get(agent)
        if stay is None:
            return
        if state != "talking":
            stay.talked(e.at)
        if state not in WITH_CONTACT:
            del self._by_agent[agent]
            stay.wrap_s = 0.0 if stay.wrap_from is None else round(e.at - stay.wrap_from, 3)
        elif state == "wrap_up" and stay.wrap_from is None:
            stay.wrap_from = e.at


def late(began: float | None, now: float) -> bool:
    """Is it too late to give a code for a conversation that began then?"""
    return began is None or now >= began + FOR


_ENDS = {"short_abandoned": "abandoned", "stopped": "failed"}

_FOLDS: Mapping[str, Callable[[Books, Event], None]] = {
    "arrived": Books._arrived,
    "step": Books._step,
    "dialled": Books._dialled,
    "message": Books._message,
    "callback_cancelled": Books._cancelled,
    "transfer_connected": Books._transfer_connected,
    "ended": Books._ended,
    "queued": Books._queued,
    "connected": Books._connected,
    "left_queue": Books._left_queue,
    "joined": Books._joined,
    "talk_ended": Books._talk_ended,
    "offered": Books._offered,
    "offer_ended": Books._offer_ended,
    "agent_state": Books._agent_state,
    "wrap_up_code": Books._wrap_up_code,
    "survey": Books._survey,
    **dict.fromkeys(IN_TALK, Books._in_talk),
}


def _asked_first(data: Mapping[str, Any]) -> str:
    """The queue for which a refusal at the door counts: the first of those that were asked."""
    candidates = (data.get("decision") or {}).get("candidates") or []
    return str(candidates[0]["queue"]) if candidates else ""


def _outcome(life: Life, cause: str, at: float) -> Outcome:
    """How a contact ended, by the one rule that contact records follow."""
    known = Contact(
        life.contact,
        connected_at=life.connected_at,
        transferred_to=life.transferred_to,
        callback=life.booked,
        cancelled=life.cancelled,
        messages=life.messages,
        last_left=life.last_left,
    )
    return outcome_of(known, cause, at)
