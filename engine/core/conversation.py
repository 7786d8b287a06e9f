"""A conversation as its events tell it: who speaks with the caller, who is called in, and whether the caller hears music meanwhile.

    phone_held           a phone holds with which the caller is not together yet: taken back before, it is no hold of theirs;
    phone_resumed        else `held` follows `connected`, and `transferred` tells it of a colleague who was consulted
    held, resumed        the caller hears music, and their agent again
    calling              another phone rings next: an agent or a number, how: consult, blind, back, retrieve
    calling_answered     a consulted phone was picked up: the two of them speak, the caller hears music
    calling_ended        it came to nothing, or the consultation is over: the caller is with whoever they were with
    conferenced          all three speak
    released             who spoke with the caller has gone, and the caller is looked after: a blind transfer, or parked
    parked               the caller waits to be fetched, until then
    transferred          the caller speaks with somebody else from now on, or goes back into a queue, or to a number of the house's;
                         how: joined: with whoever spoke in the second call of the agent's phone, a contact of its own
    joined               of that contact: it is over, for somebody else has the place of who has called

`how` says for whom a phone rings: `consult` for the agent, who decides what comes of it; `blind` for the caller; `back` for
the caller, to the one who sent them on; `retrieve` for the caller, to whoever fetches them from where they are parked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.core.event import Event

AGENT, NUMBER, QUEUE, EXTENSION = "agent", "number", "queue", "extension"
#: Where the caller speaks with nobody any more.
AWAY = frozenset({QUEUE, EXTENSION})
CONSULT, BLIND, BACK, RETRIEVE = "consult", "blind", "back", "retrieve"
#: How a caller comes to whoever spoke in the second call of their agent's phone.
JOINED = "joined"
#: The prompt that tells agents where the caller is whom they have parked; it speaks `slot`.
PARKED_AT = "parked_at"
#: Who asks for something with the keys of their phone.
PHONE = "phone"
#: The priority of a caller who comes back into a queue because a transfer has failed: before everybody whom a flow puts there.
FRONT = 11


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody who is called in: `kind` agent or number, `to` their name or number; `at` when, `ring` for how many seconds."""

    kind: str
    to: str
    leg: str
    how: str
    at: float
    ring: float
    #: Who asked for them: PHONE, or a name.
    by: str = ""
    answered: bool = False
    #: All three speak.
    joined: bool = False
    #: The channel of the second call of the agent's phone, in which the two of them speak; empty: in the agent's own leg.
    second: str = ""
    #: Their phone holds the agent who consults them.
    held: bool = False


@dataclass(frozen=True, slots=True)
class Conversation:
    """Who the caller speaks with: an agent or a number, and their leg; None: they have gone, and the caller is looked after."""

    kind: str
    to: str
    leg: str | None
    #: Of the queue it came from: its wrap-up and its music hold, and the caller may have to go back there.
    queue: str
    held: bool = False
    asked: Asked | None = None
    #: The last `parked`, while it holds.
    parked: Event | None = None

    @property
    def on_hold(self) -> bool:
        """True while the caller hears music, and nobody. A phone with a second call holds the first one, and takes it back, itself."""
        consults = self.asked is not None and not self.asked.joined and not self.asked.second
        return self.leg is None or self.held or consults

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents in it, whoever is called in among them."""
        first = (self.to,) if self.kind == AGENT and self.leg is not None else ()
        asked = self.asked
        return (*first, asked.to) if asked is not None and asked.kind == AGENT else first

    @property
    def legs(self) -> tuple[str, ...]:
        """The channels of everybody but the caller."""
        called_in = (self.asked.leg, self.asked.second) if self.asked is not None else ()
        return tuple(leg for leg in (self.leg, *called_in) if leg)


def converse(talk: Conversation, event: Event) -> Conversation | None:
    """The conversation after one more event; None where the caller goes back into a queue, or to another flow."""
    data = event.data
    match event.kind:
        case "held":
            return replace(talk, held=True)
        case "resumed":
            return replace(talk, held=False)
        case "phone_held" | "phone_resumed" if talk.asked is not None and talk.asked.leg == data["leg"]:
            return replace(talk, asked=replace(talk.asked, held=event.kind == "phone_held"))
        case "calling":
            who = data["kind"], data["to"], data["leg"], data["how"]
            asked = Asked(*who, event.at, data["ring"], data["by"], second=data.get("second", ""))
            return replace(talk, asked=asked)
        case "calling_answered" if talk.asked is not None:
            return replace(talk, asked=replace(talk.asked, answered=True))
        case "calling_ended":
            by_phone = talk.asked is not None and talk.asked.by == PHONE
            return replace(talk, asked=None, held=talk.held and by_phone)  # a phone takes back what it holds
        case "conferenced" if talk.asked is not None:
            return replace(talk, asked=replace(talk.asked, joined=True, second=""), held=False)
        case "released":
            return replace(talk, leg=None)
        case "parked":
            return replace(talk, parked=event)
        case "transferred":
            return (
                None
                if data["kind"] in AWAY
                else Conversation(
                    data["kind"],
                    data["to"],
                    data["leg"],
                    data.get("queue", talk.queue),
                    held=data.get("held", False),
                )
            )
        case _:
            return talk


@dataclass(frozen=True, slots=True)
class Leg:
    """One phone that was connected with the call, or called into it: for whom, how, and when it rang, was answered and ended."""

    leg: str
    kind: str
    to: str
    how: str
    rang_at: float
    from_at: float | None = None
    until_at: float | None = None
    #: Who or what ended it: agent, caller, target, no_answer, busy …
    ended: str | None = None


def answered(legs: tuple[Leg, ...], leg: str, at: float) -> tuple[Leg, ...]:
    """That leg is spoken with from now."""
    return tuple(
        replace(one, from_at=at) if one.leg == leg and one.until_at is None and one.from_at is None else one
        for one in legs
    )


def over(legs: tuple[Leg, ...], at: float, why: str, leg: str | None = None) -> tuple[Leg, ...]:
    """That leg has ended, or (None) all that had not."""
    return tuple(
        replace(one, until_at=at, ended=why) if one.until_at is None and leg in (None, one.leg) else one
        for one in legs
    )
