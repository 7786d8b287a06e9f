"""What people, and phones, ask of a conversation in progress, and whom they mean by what they say.

agent NAME      an agent of the site, who is ready
queue NAME      a queue or a group that takes callers now
extension NUM   a number of `numbers` in site.yaml: the caller goes through its flow, as if they had dialled it
number NUMBER   somebody outside whom `outbound` of site.yaml allows to be rung
anything else   the first of these that is so called: what an agent's phone dials when it transfers
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from engine.call.remarks import remark, word
from engine.core.contact import IN_QUEUE, Contact, Stage
from engine.core.conversation import AGENT, EXTENSION, NUMBER, QUEUE, Conversation
from engine.core.event import Event
from engine.core.outbound import way_out
from engine.core.phones import phone_named
from engine.core.site import Settings
from engine.errors import BadWord

KINDS = (AGENT, QUEUE, EXTENSION, NUMBER)
#: What can be asked of a recording.
RECORDING = ("on", "off", "pause", "resume")
#: What is said where an order meets a call that is in no conversation (any more).
NO_TALK = "the conversation is over"


class Verb(StrEnum):
    """What can be asked for."""

    HOLD = "hold"
    RESUME = "resume"
    CONSULT = "consult"
    COMPLETE = "complete"
    CANCEL = "cancel"
    CONFERENCE = "conference"
    TRANSFER = "transfer"
    PARK = "park"
    RETRIEVE = "retrieve"
    RECORD = "record"
    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"
    LEAVE = "leave"


#: Those that need to know to whom, and whom that can be.
AIMED = {
    Verb.CONSULT: "an agent or a number outside",
    Verb.TRANSFER: "an agent, a queue or a number",
    Verb.RETRIEVE: "an agent",
}


#: What a supervisor does.
SUPERVISED = frozenset({Verb.LISTEN, Verb.WHISPER, Verb.BARGE, Verb.LEAVE})


@dataclass(frozen=True, slots=True)
class Target:
    """Whom somebody is to be sent to: an agent or a queue by name, or a number as it is dialled, the house's or outside."""

    kind: str
    name: str
    #: In a queue; None: the one they came with.
    priority: int | None = None


@dataclass(slots=True, eq=False)
class Order:
    """One thing asked of a conversation; `answer` becomes empty when it is under way and on disk, or the sentence why it cannot be."""

    verb: Verb
    target: Target | None = None
    by: str = ""
    #: What is to become of the recording, or the phone of whoever is to listen.
    word: str = ""
    #: The channel of the second call with which an agent's phone asks for it.
    second: str = ""
    answer: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    #: What the conversation is, as whoever asks is told it; and what it was in the moment of the answer.
    look: Callable[[], dict[str, Any]] = dict
    told: dict[str, Any] = field(default_factory=dict)

    def tell(self, sentence: str = "") -> None:
        """Answer it, once: what happens to the conversation after this moment does not stand in the answer."""
        if not self.answer.done():
            self.told = self.look()
            self.answer.set_result(sentence)


@dataclass(slots=True, eq=False)
class Claim:
    """Another contact's caller wants whoever speaks in this conversation, instead of `leg`, from whose phone this call has come.

    `answer` is the sentence why that cannot be, or empty: then it is so as soon as `written` is done.
    """

    contact: str
    leg: str
    answer: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    written: asyncio.Future[None] | None = None

    def tell(self, sentence: str) -> None:
        """Answer it, once."""
        if not self.answer.done():
            self.answer.set_result(sentence)


def order_of(settings: Settings, asked: Mapping[str, Any]) -> Order:
    """What is asked for, of `do`, `to`, `priority` and `by`. Raises BadWord with a sentence for what can never be done."""
    verb, words, by = verb_of(asked), word(asked, "to"), remark(asked, "by")
    priority = asked.get("priority")
    if verb in SUPERVISED:
        return Order(verb, None, by, "" if verb is Verb.LEAVE else listener(settings, verb, words))
    if verb is Verb.RECORD:
        if words not in RECORDING:
            raise BadWord(f"say in `to` what is to become of the recording: {', '.join(RECORDING)}", "to")
        return Order(verb, None, by, words)
    if verb in AIMED and not words:
        raise BadWord(f"say in `to` to whom: {verb} needs {AIMED[verb]}", "to")
    if verb not in AIMED and words:
        raise BadWord(f"{verb} is about the conversation as it is: leave {words[:60]!r} out", "to")
    target = target_of(settings, words) if verb in AIMED else None
    if priority is not None and (target is None or target.kind != QUEUE):
        raise BadWord("a priority is for a caller who goes into a queue: leave it out", "priority")
    if priority is not None and (type(priority) is not int or priority not in range(1, 11)):
        raise BadWord(f"{str(priority)[:60]!r} is no priority: write a number from 1 to 10", "priority")
    if target is not None and priority is not None:
        target = replace(target, priority=priority)
    return Order(verb, target, by)


def verb_of(asked: Mapping[str, Any]) -> Verb:
    """What is to be done. Raises BadWord with a sentence."""
    said = word(asked, "do")
    if not said:
        raise BadWord(f"say in `do` what is to be done: {', '.join(Verb)}", "do")
    if said not in set(Verb):
        raise BadWord(f"{said[:60]!r} is nothing to do with a call: {', '.join(Verb)}", "do")
    return Verb(said)


def listener(settings: Settings, verb: Verb, words: str) -> str:
    """The phone of whoever is to listen. Raises BadWord with a sentence."""
    known = ", ".join([*settings.phones, *(a.name for a in settings.agents.values() if a.has_phone)])
    if not words:
        raise BadWord(f"say in `to` at which phone: {verb} rings one of {known}", "to")
    found = phone_named(settings, words)
    if found is None or not (found in settings.phones or found in settings.agents):
        raise BadWord(f"{words[:60]!r} is no phone of this site: it has {known}", "to")
    return found


def talk_shown(contact: Contact) -> dict[str, Any]:
    """A conversation as JSON values: who is in it, and what the caller hears."""
    talk = contact.talk
    if talk is None:
        gone = {"contact": contact.id, "from_number": contact.from_number, "with": None}
        to = _sent_to(contact)
        return {**gone, "now": "over"} if to is None else {**gone, "now": "sent on", "to": to}
    asked = talk.asked
    return {
        "contact": contact.id,
        "from_number": contact.from_number,
        "queue": talk.queue,
        "with": {"kind": talk.kind, "name": talk.to, "there": talk.leg is not None},
        "called_in": None
        if asked is None
        else {"kind": asked.kind, "name": asked.to, "how": asked.how, "answered": asked.answered},
        "now": now_of(talk),
        "since": contact.talk_from,
        "listening": None
        if contact.supervision is None
        else {
            "phone": contact.supervision.phone,
            "mode": contact.supervision.mode,
            "began": contact.supervision.began,
        },
        "recording": None if contact.tape is None else "paused" if contact.tape.paused else "on",
        "slot": slot_of(contact),
        "parked_until": None if (parked := _parked(contact)) is None else parked.data["until"],
    }


def _sent_to(contact: Contact) -> str | None:
    """The queue in which the caller waits, or is about to; or the number of the site's to whose flow they have gone."""
    if contact.sent_back is not None:
        return str(contact.sent_back.data["to"])
    if contact.stage in IN_QUEUE and contact.queued is not None:
        return str(contact.queued.data["group"] or contact.queued.data["queue"])
    return str(contact.sent_to.data["to"]) if contact.sent_to is not None else None


def in_vain(contact: Contact, since: float) -> dict[str, str] | None:
    """Who was called in since then and is so no more, without having answered, and why."""
    leg = contact.legs[-1] if contact.legs else None
    if leg is None or leg.ended is None or leg.from_at is not None or leg.rang_at < since:
        return None
    return {"name": leg.to, "why": leg.ended}


def now_of(talk: Conversation) -> str:
    """A conversation's state in a word."""
    asked = talk.asked
    if asked is not None and asked.joined:
        return "conference"
    if asked is not None:
        return "consulting" if asked.answered else "ringing"
    if talk.leg is None:
        return "parked" if talk.parked is not None else "handed over"
    return "held" if talk.held else "talking"


def slot_of(contact: Contact) -> str | None:
    """The number at which a caller is parked; None where they are not, or at none."""
    parked = _parked(contact)
    return parked.data.get("slot") if parked is not None else None


def _parked(contact: Contact) -> Event | None:
    """The `parked` of a caller with whom nobody speaks any more; who parks them does until their line is let go."""
    return contact.talk.parked if contact.talk is not None and contact.talk.leg is None else None


def stands_at(other: Contact) -> Target | None:
    """Where somebody goes who takes the place of this call, in which nobody talks: its queue, or the number it has called.

    None where its flow rings somebody outside, or has.
    """
    if other.stage is Stage.TRANSFER:
        return None
    if other.stage in IN_QUEUE and other.queued is not None:
        return Target(QUEUE, other.queued.data["group"] or other.queued.data["queue"])
    sent = other.sent_to
    return Target(EXTENSION, other.to_number if sent is None else str(sent.data["to"]))


def target_of(settings: Settings, words: str) -> Target:
    """Whom these words mean. Raises BadWord with a sentence."""
    kind, _, name = words.strip().partition(" ")
    if kind in KINDS and name.strip():
        found = _named(settings, kind, name.strip())
        if found is None:
            raise BadWord(_unknown(settings, kind, name.strip()), "to")
        return found
    for one in KINDS:
        if (found := _named(settings, one, words.strip())) is not None:
            return found
    raise BadWord(
        f"{words.strip()[:60]!r} is no agent, no queue, no number of this site and none that `outbound` of site.yaml allows: "
        "nobody can be sent there",
        "to",
    )


def _named(settings: Settings, kind: str, name: str) -> Target | None:
    if kind == AGENT:
        return Target(AGENT, name) if name in settings.agents else None
    if kind == QUEUE:
        return Target(QUEUE, name) if name in settings.queues or name in settings.groups else None
    if kind == EXTENSION:
        return Target(EXTENSION, name) if name in settings.numbers else None
    out = way_out(settings.outbound, name)
    return None if out is None else Target(NUMBER, out.number)


def _unknown(settings: Settings, kind: str, name: str) -> str:
    if kind == AGENT:
        return f"there is no agent {name[:60]!r}: this site has {', '.join(settings.agents)}"
    if kind == QUEUE:
        return f"there is no queue {name[:60]!r}: this site has {', '.join([*settings.queues, *settings.groups])}"
    if kind == EXTENSION:
        return f"{name[:60]!r} is no number of this site: it has {', '.join(settings.numbers)}"
    return f"{name[:60]!r} may not be rung: `outbound` of site.yaml does not allow it"
