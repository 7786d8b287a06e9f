"""A contact is nothing but the fold of its events; so is its outcome.

The outcome is the first of these that holds:

    failed            something of ours or of the PBX ended it, or the number is routed nowhere; and a call that was neither
                      answered nor left a message when Quietline was taken down or Asterisk died
    answered          the caller spoke with an agent
    transferred       the caller spoke with somebody outside, to whom they were transferred
    callback_taken    the caller hung up and is rung back, by a contact of its own
    voicemail         the caller left a message
    abandoned         the caller hung up while waiting; `short_abandoned` below SHORT seconds
    timed_out         the last queue gave up after `max_wait`, and nothing came of the call after that
    cancelled         somebody who was to be rung back no longer is
    unreached         somebody who was to be rung back did not answer in all tries
    refused           the last queue was full, unstaffed or closed, and nothing came of the call after that
    ivr_hangup        the caller hung up in the flow, before or outside any queue
    completed         the flow came to its end, or somebody else has the place of who had called

An end that nobody saw (the engine or Asterisk was not there) carries `seen`, the last moment at which the call was known to go on. That
is when it ends on record: the time after it is nobody's wait and nobody's talk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from engine.core import conversation as talks
from engine.core.announcing import Heard
from engine.core.changed import changed
from engine.core.conversation import AGENT, AWAY, JOINED, NUMBER, QUEUE, Conversation, Leg, converse
from engine.core.event import Event
from engine.core.supervision import Supervision
from engine.core.tape import Tape

#: Seconds of waiting below which a hang-up is a short abandon (FIELD default, changeable in reports).
SHORT = 5.0


class Outcome(StrEnum):
    """How a contact ended."""

    ANSWERED = "answered"
    TRANSFERRED = "transferred"
    CALLBACK_TAKEN = "callback_taken"
    VOICEMAIL = "voicemail"
    ABANDONED = "abandoned"
    SHORT_ABANDONED = "short_abandoned"
    TIMED_OUT = "timed_out"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    UNREACHED = "unreached"
    IVR_HANGUP = "ivr_hangup"
    COMPLETED = "completed"
    FAILED = "failed"


class Stage(StrEnum):
    """Where a contact stands between its events."""

    FLOW = "flow"
    WAITING = "waiting"
    OFFERED = "offered"
    PICKED_UP = "picked_up"
    TALKING = "talking"
    TRANSFER = "transfer"
    ENDED = "ended"


#: The stages of a caller whom the distributor knows.
IN_QUEUE = frozenset({Stage.WAITING, Stage.OFFERED, Stage.PICKED_UP, Stage.TALKING})


@dataclass(frozen=True)  # no slots: a new one is made for each event (`changed.py`)
class Contact:
    """One call. Times are seconds since the epoch or None; `wait_s` are seconds over all its queues, `talk_s` over all conversations.

    Hold is inside talk: `hold_s` are those of `talk_s` in which the caller heard music (held, handed over, parked) and nobody.
    """

    id: str
    channel: str = ""
    from_number: str = ""
    to_number: str = ""
    flow: str = ""
    flow_hash: str = ""
    language: str = ""
    via: str = "sip"
    #: The phone of the house they call from, where it proves itself.
    phone: str = ""
    #: The agent who has said in this call who they are.
    signed_in: str = ""
    arrived_at: float = 0.0
    answered_at: float | None = None
    enqueued_at: float | None = None
    connected_at: float | None = None
    ended_at: float | None = None
    outcome: str | None = None
    cause: str | None = None
    queue: str | None = None
    agent: str | None = None
    position_at_entry: int | None = None
    wait_s: float | None = None
    talk_s: float | None = None
    #: What the agent says it was about; the last one where it was several conversations.
    wrap_up_code: str | None = None
    stage: Stage = Stage.FLOW
    messages: int = 0
    last_left: str | None = None
    #: Set while the step that queues has not been told yet how its waiting ended, and the key that ended it.
    left: Event | None = None
    pressed: str | None = None
    #: What the queue segment in progress was entered with; the offers that ring in it, the one that was picked up first, the conversation.
    queued: Event | None = None
    offered: tuple[Event, ...] = ()
    picked_up: Event | None = None
    #: The phone that was picked up holds, and no `held` has said so yet: they are not together, or have been for an instant.
    phone_holds: bool = False
    talk_from: float | None = None
    #: The conversation in progress, since when it is on hold, and for how long it was; the `transferred` by which the caller shall go
    #: back into a queue, until they wait there.
    talk: Conversation | None = None
    hold_from: float | None = None
    hold_s: float | None = None
    sent_back: Event | None = None
    #: The `transferred` by which the caller was sent to another flow, the one they are in now.
    sent_to: Event | None = None
    #: Everybody who was connected with the caller, or called in.
    legs: tuple[Leg, ...] = ()
    #: The last event of the transfer in progress; how it ended, until the step that asked for it has been told; with whom they spoke last.
    transfer: Event | None = None
    transfer_end: Event | None = None
    transferred_to: str | None = None
    #: The contact whose place this one has taken, or that has taken this one's: both ends of what an agent joined.
    joined: str | None = None
    #: Somebody else has the place of who has called: what is left to do is to end it.
    taken_over: bool = False
    recording: Event | None = None
    #: How the message ended, until the step that asked for it has been told.
    kept: Event | None = None
    last_message: Event | None = None
    #: The names of recordings that Asterisk keeps until the call ends.
    captured: tuple[str, ...] = ()
    #: The recording of the conversation in progress, and how many there were; whether the caller agrees to be recorded (None: not asked).
    tape: Tape | None = None
    tapes: int = 0
    consent: bool | None = None
    #: Who listens to the conversation, and how often somebody has.
    supervision: Supervision | None = None
    supervisions: int = 0
    #: The request as it is now; and what was noted last, until the step that asked for it has been told.
    request: Event | None = None
    noted: Event | None = None
    #: The last decision about what the caller is entitled to, its fields named in DECISION.
    entitlement: Mapping[str, Any] | None = None
    #: A callback: the contact that asked for it, the time of enqueueing that is kept, the queue or group it is for, and how often it
    #: was tried; its channel is there while it is rung or spoken with.
    callback_of: str | None = None
    kept_since: float = 0.0
    wanted: str = ""
    tries: int = 0
    #: Until when it rests after a try (seconds since the epoch; None: there is no further one), and whether who was rung first pressed 1.
    again_at: float | None = None
    confirmed: bool = False
    cancelled: bool = False
    #: The last place this contact had in a queue (None: an agent has answered), and whether it is kept by a callback.
    place: Event | None = None
    callback: bool = False
    #: What they have heard while waiting.
    heard: Heard = field(default_factory=Heard)

    @property
    def rings_back(self) -> bool:
        """True for a callback that is not spoken with yet: it may wait for days, without a channel."""
        return self.callback_of is not None and self.connected_at is None

    @property
    def flow_now(self) -> str:
        """The hash of the flow they are in: the one they called, or were sent to from a conversation."""
        return self.flow_hash if self.sent_to is None else str(self.sent_to.data["flow_hash"])

    @property
    def legs_now(self) -> tuple[str, ...]:
        """The channels of everybody who is rung for the caller, or speaks with them."""
        if self.talk is not None:
            return self.talk.legs
        rung = self.offered or (() if self.transfer is None else (self.transfer,))
        return tuple(str(event.data["leg"]) for event in rung)


def apply(contact: Contact, event: Event) -> Contact:
    """The contact after one more event; an unknown kind changes nothing, nor does a late report about one that has ended.

    What it was about agents often say when it has ended.
    """
    if contact.ended_at is not None and event.kind != "wrap_up_code":
        return contact
    fold, heard = _FOLDS.get(event.kind), contact.heard.after(event)
    after = fold(contact, event) if fold else contact
    return after if heard is contact.heard else changed(after, heard=heard)


def fold(contact_id: str, events: Iterable[Event]) -> Contact:
    """The contact as its events tell it."""
    contact = Contact(contact_id)
    for event in events:
        contact = apply(contact, event)
    return contact


def _arrived(c: Contact, e: Event) -> Contact:
    d = e.data
    return changed(
        c,
        channel=d["channel"],
        from_number=d["from_number"],
        to_number=d["to_number"],
        flow=d["flow"],
        flow_hash=d["flow_hash"],
        language=d["language"],
        via=d.get("via", "sip"),
        phone=d.get("phone") or "",
        callback_of=d["callback"]["of"] if "callback" in d else None,
        kept_since=d["callback"]["enqueued_at"] if "callback" in d else 0.0,
        wanted=d["callback"]["queue"] if "callback" in d else "",
        arrived_at=e.at,
    )


def _answered(c: Contact, e: Event) -> Contact:
    return changed(c, answered_at=e.at)


def _step(c: Contact, e: Event) -> Contact:
    language = e.data.get("language")
    captured = c.captured
    if e.data.get("do") == "Capture" and e.data["outcome"] is not None:
        captured = (*captured, e.data["outcome"])
    booked = e.data.get("do") == "Book" and e.data["outcome"] is not None
    told = changed(c, left=None, pressed=None, transfer_end=None, kept=None, noted=None)
    language = language or c.language
    return changed(told, language=language, captured=captured, callback=c.callback or booked)


def _queued(c: Contact, e: Event) -> Contact:
    first = c.enqueued_at is None
    return changed(
        c,
        stage=Stage.WAITING,
        queue=e.data["queue"],
        queued=e,
        place=e,
        left=None,
        sent_back=None,
        enqueued_at=_entered(e) if first else c.enqueued_at,
        position_at_entry=e.data["position"] if first else c.position_at_entry,
    )


def _offered(c: Contact, e: Event) -> Contact:
    return changed(c, stage=Stage.OFFERED, offered=(*c.offered, e))


def _offer_ended(c: Contact, e: Event) -> Contact:
    offered = tuple(one for one in c.offered if not _same_offer(one, e))
    if len(offered) == len(c.offered):
        return c
    up = c.picked_up if c.picked_up is not None and not _same_offer(c.picked_up, e) else None
    stage = Stage.PICKED_UP if up else Stage.OFFERED if offered else Stage.WAITING
    return changed(
        c, stage=stage, offered=offered, picked_up=up, phone_holds=c.phone_holds and up is not None
    )


def _picked_up(c: Contact, e: Event) -> Contact:
    return changed(c, stage=Stage.PICKED_UP, picked_up=e, phone_holds=False)


def _phone_held(c: Contact, e: Event) -> Contact:
    """A phone holds, or no longer, while its agent is told who comes; that of a colleague who is consulted, too."""
    if c.talk is not None:
        return changed(c, talk=converse(c.talk, e))
    ours = c.picked_up is not None and c.picked_up.data["leg"] == e.data["leg"]
    return changed(c, phone_holds=e.kind == "phone_held") if ours else c


def _same_offer(one: Event, other: Event) -> bool:
    return bool(one.data["offer"] == other.data["offer"])


def _connected(c: Contact, e: Event) -> Contact:
    rang_at = next((one.at for one in c.offered if _same_offer(one, e)), e.at)
    agent, channel = str(e.agent), str(e.data.get("leg", ""))
    leg = Leg(channel, AGENT, agent, QUEUE, rang_at, e.at)
    return changed(
        c,
        stage=Stage.TALKING,
        agent=e.agent,
        connected_at=c.connected_at or e.at,
        talk_from=e.at,
        offered=(),
        picked_up=None,
        talk=Conversation(AGENT, agent, channel, str(e.data.get("queue", c.queue))),
        legs=(*c.legs, leg),
        place=None,
        wait_s=_plus(c.wait_s, e.at - _since(c, e)),
    )


def _in_talk(c: Contact, e: Event) -> Contact:
    """Something has changed in the conversation; whoever the caller speaks with last stands in the record."""
    if c.talk is None:
        return c
    talk = converse(c.talk, e)
    c = changed(c, legs=_legs(c, e), phone_holds=False)
    if talk is None:
        gone = changed(_talked(c, e), left=None)
        gone = changed(gone, joined=e.data.get("joined", c.joined))
        return (
            changed(gone, sent_back=e)
            if e.data["kind"] == QUEUE
            else changed(gone, sent_back=None, sent_to=e)
        )
    if "joined" in e.data:
        c = changed(c, joined=e.data["joined"], queue=talk.queue)
    if e.kind == "transferred" and talk.kind == AGENT:
        c = changed(c, agent=talk.to)
    elif e.kind == "transferred":
        c = changed(c, transferred_to=talk.to)
    if talk.on_hold and c.hold_from is None:
        return changed(c, talk=talk, hold_from=e.at)
    if not talk.on_hold and c.hold_from is not None:
        return changed(c, talk=talk, hold_from=None, hold_s=_plus(c.hold_s, e.at - c.hold_from))
    return changed(c, talk=talk)


def _legs(c: Contact, e: Event) -> tuple[Leg, ...]:
    """The legs after an event of a conversation."""
    assert c.talk is not None
    data, before, asked = e.data, c.talk.leg, c.talk.asked
    match e.kind:
        case "calling":
            return (*c.legs, Leg(data["leg"], data["kind"], data["to"], data["how"], e.at))
        case "calling_answered":
            return talks.answered(c.legs, data["leg"], e.at)
        case "calling_ended" if asked is not None:
            return talks.over(c.legs, e.at, data["why"], asked.leg)
        case "released" if before is not None:
            return talks.over(c.legs, e.at, data["why"], before)
        case "transferred":
            legs = c.legs if before is None else talks.over(c.legs, e.at, "transferred", before)
            if data["kind"] in AWAY:
                return legs
            if "joined" in data:
                legs = (*legs, Leg(data["leg"], data["kind"], data["to"], JOINED, e.at))
            return talks.answered(legs, data["leg"], e.at)
        case _:
            return c.legs


def _talked(c: Contact, e: Event) -> Contact:
    """The conversation is over, for the caller."""
    at = _until(c, e)
    hold = c.hold_s if c.hold_from is None else _plus(c.hold_s, at - c.hold_from)
    talk = c.talk_s if c.talk_from is None else _plus(c.talk_s, at - c.talk_from)
    legs = talks.over(c.legs, at, str(e.data.get("by") or e.data.get("how") or ""))
    return changed(
        c,
        stage=Stage.FLOW,
        talk=None,
        phone_holds=False,
        talk_from=None,
        talk_s=talk,
        hold_from=None,
        hold_s=hold,
        legs=legs,
    )


def _talk_ended(c: Contact, e: Event) -> Contact:
    return c if c.talk_from is None else changed(_talked(c, e), left=e)


def _joined(c: Contact, e: Event) -> Contact:
    """Another contact's caller has the place of who has called; a conversation goes on there."""
    legs = talks.over(c.legs, e.at, JOINED) if c.talk is not None else c.legs
    taken = changed(c, joined=e.data["contact"], taken_over=True, legs=legs)
    return taken if c.talk is None else _talked(taken, e)


def _left_queue(c: Contact, e: Event) -> Contact:
    outcome = e.data["outcome"]
    if outcome == "answered":
        return changed(c, queued=None, last_left=outcome)
    wait = c.wait_s if c.queued is None else _plus(c.wait_s, _until(c, e) - _since(c, e))
    return changed(
        c,
        stage=Stage.FLOW,
        queued=None,
        offered=(),
        picked_up=None,
        phone_holds=False,
        last_left=outcome,
        left=e,
        wait_s=wait,
    )


def _transferring(c: Contact, e: Event) -> Contact:
    leg = Leg(str(e.data.get("leg", "")), NUMBER, e.data["to"], "flow", e.at)
    return changed(c, stage=Stage.TRANSFER, transfer=e, legs=(*c.legs, leg))


def _transfer_answered(c: Contact, e: Event) -> Contact:
    return changed(c, stage=Stage.TRANSFER, transfer=e)


def _transfer_connected(c: Contact, e: Event) -> Contact:
    legs = talks.answered(c.legs, str(e.data.get("leg", "")), e.at)
    return changed(c, transfer=e, transferred_to=e.data["to"], talk_from=e.at, legs=legs)


def _transfer_ended(c: Contact, e: Event) -> Contact:
    talk = c.talk_s if c.talk_from is None else _plus(c.talk_s, _until(c, e) - c.talk_from)
    legs = talks.over(c.legs, _until(c, e), str(e.data.get("why") or e.data["by"]))
    return changed(c, stage=Stage.FLOW, transfer=None, transfer_end=e, talk_from=None, talk_s=talk, legs=legs)


def _dialled(c: Contact, e: Event) -> Contact:
    return changed(c, channel=e.data["channel"], confirmed=False, again_at=None)


def _confirmed(c: Contact, e: Event) -> Contact:
    return changed(c, confirmed=True)


def _dial_ended(c: Contact, e: Event) -> Contact:
    tries = c.tries + bool(e.data["counts"])
    return changed(c, channel="", confirmed=False, tries=tries, again_at=e.data["again_at"])


def _callback_cancelled(c: Contact, e: Event) -> Contact:
    return changed(c, cancelled=True)


def _pressed(c: Contact, e: Event) -> Contact:
    return changed(c, pressed=e.data["key"])


def _recording(c: Contact, e: Event) -> Contact:
    return changed(c, recording=e)


def _message(c: Contact, e: Event) -> Contact:
    return changed(c, recording=None, messages=c.messages + 1, kept=e, last_message=e)


def _no_message(c: Contact, e: Event) -> Contact:
    return changed(c, recording=None, kept=e)


def _recording_started(c: Contact, e: Event) -> Contact:
    return changed(c, tape=Tape(e.data["recording"]), tapes=c.tapes + 1)


def _recording_paused(c: Contact, e: Event) -> Contact:
    tape = None if c.tape is None else replace(c.tape, paused=e.kind == "recording_paused")
    return changed(c, tape=tape)


def _recording_ended(c: Contact, e: Event) -> Contact:
    return changed(c, tape=None)


def _supervision_asked(c: Contact, e: Event) -> Contact:
    d = e.data
    begun = Supervision(d["mode"], d["phone"], d["leg"], d["agent"], d["target"])
    return changed(c, supervision=begun, supervisions=c.supervisions + 1)


def _supervised(c: Contact, e: Event) -> Contact:
    now = c.supervision
    if now is None or e.kind == "supervision_ended":
        return changed(c, supervision=None)
    if e.kind == "supervision_began":
        return changed(c, supervision=replace(now, began=True))
    return changed(c, supervision=replace(now, mode=e.data["mode"], turns=now.turns + now.began))


def _consent(c: Contact, e: Event) -> Contact:
    return changed(c, consent=e.data["given"])


def _request(c: Contact, e: Event) -> Contact:
    return changed(c, request=e, noted=e)


def _survey(c: Contact, e: Event) -> Contact:
    return changed(c, noted=e)


def _entitled(c: Contact, e: Event) -> Contact:
    return changed(c, entitlement={name: e.data[name] for name in DECISION})


def _agent_sign_in(c: Contact, e: Event) -> Contact:
    return changed(c, signed_in=e.agent or "") if e.data["outcome"] == "let_in" else c


def _wrap_up_code(c: Contact, e: Event) -> Contact:
    return changed(c, wrap_up_code=e.data["code"])


def _ended(c: Contact, e: Event) -> Contact:
    cause, at = e.data["cause"], _until(c, e)
    c = changed(c, legs=talks.over(c.legs, at, cause))
    return changed(c, stage=Stage.ENDED, ended_at=at, cause=cause, outcome=outcome_of(c, cause, at))


_FOLDS = {
    "arrived": _arrived,
    "answered": _answered,
    "step": _step,
    "queued": _queued,
    "offered": _offered,
    "offer_ended": _offer_ended,
    "picked_up": _picked_up,
    "phone_held": _phone_held,
    "phone_resumed": _phone_held,
    "connected": _connected,
    "talk_ended": _talk_ended,
    "left_queue": _left_queue,
    "joined": _joined,
    **dict.fromkeys(
        (
            "held",
            "resumed",
            "calling",
            "calling_answered",
            "calling_ended",
            "conferenced",
            "released",
            "parked",
            "transferred",
        ),
        _in_talk,
    ),
    "transferring": _transferring,
    "transfer_answered": _transfer_answered,
    "transfer_connected": _transfer_connected,
    "transfer_ended": _transfer_ended,
    "dialled": _dialled,
    "confirmed": _confirmed,
    "dial_ended": _dial_ended,
    "callback_cancelled": _callback_cancelled,
    "pressed": _pressed,
    "recording": _recording,
    "recording_started": _recording_started,
    "recording_paused": _recording_paused,
    "recording_resumed": _recording_paused,
    "recording_ended": _recording_ended,
    "consent": _consent,
    "supervision_asked": _supervision_asked,
    **dict.fromkeys(("supervision_began", "supervision_changed", "supervision_ended"), _supervised),
    "message": _message,
    "no_message": _no_message,
    "request": _request,
    "survey": _survey,
    "article": _survey,
    "entitled": _entitled,
    "wrap_up_code": _wrap_up_code,
    "agent_sign_in": _agent_sign_in,
    "ended": _ended,
}


def _entered(queued: Event) -> float:
    """When they came to a queue; an earlier time that they keep is their place, not their wait."""
    return float(queued.data.get("entered_at", queued.data["enqueued_at"]))


def waited(contact: Contact, now: float) -> float:
    """Seconds a caller has waited in this call until now, over all its queues; a place from an earlier call is no wait."""
    here = now - _entered(contact.queued) if contact.queued is not None else 0.0
    return (contact.wait_s or 0.0) + here


def _since(c: Contact, e: Event) -> float:
    return _entered(c.queued) if c.queued else e.at


def _until(c: Contact, e: Event) -> float:
    """When what this event ends was over: its own time, or the last moment seen, never before what is known to have been."""
    seen = e.data.get("seen")
    if seen is None:
        return e.at
    queued = _entered(c.queued) if c.queued else 0.0
    return float(max(seen, c.arrived_at, c.answered_at or 0.0, queued, c.talk_from or c.connected_at or 0.0))


def _plus(seconds: float | None, more: float) -> float:
    return round((seconds or 0.0) + max(0.0, more), 3)


def outcome_of(c: Contact, cause: str, at: float) -> Outcome:
    """The outcome of a contact that ends now.

    `cause` is caller, flow, joined, failed, lost, crashed, stopped or unknown_number.
    """
    match cause, c:
        case (("failed" | "unknown_number"), _):
            return Outcome.FAILED
        case _, Contact(connected_at=float()):
            return Outcome.ANSWERED
        case _, Contact(transferred_to=str()):
            return Outcome.TRANSFERRED
        case _, Contact(callback=True):
            return Outcome.CALLBACK_TAKEN
        case _, Contact(cancelled=True):
            return Outcome.CANCELLED
        case _, Contact(messages=n) if n > 0:
            return Outcome.VOICEMAIL
        case _, Contact(last_left="abandoned"):
            return Outcome.ABANDONED
        case _, Contact(last_left="short_abandoned"):
            return Outcome.SHORT_ABANDONED
        case _, Contact(last_left="timed_out"):
            return Outcome.TIMED_OUT
        case _, Contact(last_left="unreached"):
            return Outcome.UNREACHED
        case _, Contact(last_left="refused"):
            return Outcome.REFUSED
        case (("stopped" | "crashed"), _):
            return Outcome.FAILED
        case (("caller" | "lost"), _):
            return Outcome.IVR_HANGUP
        case _:
            return Outcome.COMPLETED


#: What a record keeps of the last decision about what its caller is entitled to.
DECISION = ("source", "by", "outcome", "granted", "customer", "level", "why", "ms")

#: The fields of a contact record, in the order of the documented JSON.
FIELDS = (
    "id",
    "from_number",
    "to_number",
    "flow",
    "flow_hash",
    "language",
    "arrived_at",
    "answered_at",
    "enqueued_at",
    "connected_at",
    "ended_at",
    "outcome",
    "queue",
    "agent",
    "position_at_entry",
    "wait_s",
    "talk_s",
    "entitlement",
    "transferred_to",
    "callback_of",
    "wrap_up_code",
    "hold_s",
    "legs",
    "joined",
)


def record(contact: Contact) -> dict[str, Any]:
    """The contact record as JSON values; times stay seconds since the epoch."""
    values = {name: getattr(contact, name) for name in FIELDS}
    return values | {"legs": [asdict(leg) for leg in contact.legs]}
