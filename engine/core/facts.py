"""What the distributor is told (facts) and what it tells the shell to do (commands)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

#: Ways an offer fails by the agent's side (`OfferFailed.why`, `Cancel.why` of an overdue offer): this agent cools down for this contact.
#: Why an offer has ended of which nobody saw what became: engine or Asterisk was away.
LOST = "lost"
FAILURES = frozenset({"no_answer", "rejected", "busy", "unreachable"})
#: Why an agent is paused whose phone is gone: such a pause ends by itself when the phone is back.
UNREACHABLE = "unreachable"
#: Why an offer is withdrawn where several phones ring for one caller, and another agent has picked up first.
TAKEN = "taken"


#: Who waits: somebody on the line, or a place kept for somebody who is to be rung back.
CALLER, CALLBACK = "caller", "callback"


# --- facts: what the shell reports ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrived:
    """A caller asks for a queue, or the callback they have been promised.

    `queues` is the list to choose from (one, or a group's, in the group's order); `closed` those whose schedule is closed now.
    `enqueued_at` is given when the caller keeps an earlier place (recovery, moved from another queue).
    `entered_at` is when such a caller came to this queue: their wait counts from then (None: from `enqueued_at`).
    `place_of` is the contact whose place they take, where it was kept after they had hung up: it is used up by this.
    `queue` is given on recovery: the queue already chosen; nothing is chosen again and nothing is refused.
    `moved` is given on recovery, too: they have been taken to a quicker queue of their group already.
    `widen`: seconds after they came to this queue, and the skills that are enough from then on. `prefer`: agents who are waited for,
    `patience` seconds after that at most, while one of them is there.
    `kind` is caller, or callback: a place kept for somebody who has hung up, and whose phone rings `dial` seconds in an offer.
    """

    contact: str
    queues: tuple[str, ...]
    group: str | None = None
    closed: frozenset[str] = frozenset()
    priority: int = 5
    skills: frozenset[str] = frozenset()
    max_wait: float = 600.0
    enqueued_at: float | None = None
    queue: str | None = None
    kind: str = CALLER
    dial: float = 0.0
    moved: bool = False
    entered_at: float | None = None
    place_of: str | None = None
    widen: tuple[tuple[float, frozenset[str]], ...] = ()
    prefer: tuple[str, ...] = ()
    patience: float = 0.0


@dataclass(frozen=True, slots=True)
class Left:
    """The caller is no longer there: hung up, or pressed a key that leads elsewhere. Cancels a pending offer; ends a conversation.

    `unreached`: somebody who was to be rung back does not answer; the agent is free again at once.

    `seen` is the last moment at which they were known to be there, where nobody saw them go (seconds since the epoch); or, `late`, when
    they went, where that can be written down only now.
    """

    contact: str
    reason: str  # abandoned | key | failed | crashed | stopped | unreached
    seen: float | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class OfferFailed:
    """The agent did not take the offer; or nobody saw what became of it (lost), which says nothing about the agent."""

    offer: str
    why: str  # no_answer | rejected | busy | unreachable | lost


@dataclass(frozen=True, slots=True)
class PickedUp:
    """The agent's phone was picked up; whoever else rings for this caller stops. `prompts`: what the agent is told first."""

    offer: str
    prompts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Connected:
    """Both legs are bridged; the caller counts as answered from now."""

    offer: str


@dataclass(frozen=True, slots=True)
class TalkEnded:
    """The conversation is over; the agent goes into wrap-up. `seen`: as in Left."""

    contact: str
    seen: float | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Call an agent, by name, into the conversation of `contact`, which came from `queue`; nothing comes of it where they are not free.

    `how`: consult, blind, back, retrieve (core/conversation.py). `by`: who asks for it, phone or a name.
    """

    contact: str
    agent: str
    queue: str
    how: str
    ring: float
    by: str = ""
    #: The channel of the second call with which an agent's phone asks for them.
    second: str = ""


@dataclass(frozen=True, slots=True)
class AskAnswered:
    """The agent who was asked speaks with the one who asks; the caller is still theirs."""

    contact: str


@dataclass(frozen=True, slots=True)
class AskEnded:
    """The agent who was asked is not called in any more. `why`: one of FAILURES, or anything else, which leaves them free at once."""

    contact: str
    why: str


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The caller is with somebody else now: the agent who was asked, a number, or they go back into a queue. `to` is the event's data."""

    contact: str
    to: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Joined:
    """The caller is with whoever speaks in the `other` contact, which ends by it: the second call of the phone of this one's agent.

    `to` is the data of the event `transferred`.
    """

    contact: str
    other: str
    to: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Released:
    """The agent has left the caller to us. `why`: blind, parked, agent (they hung up)."""

    contact: str
    why: str


@dataclass(frozen=True, slots=True)
class AgentSet:
    """An agent (or a command in their name) asks for a state: ready | paused | logged_out | logged_in.

    `phone` is the one they are at from now on (their own name: their own phone); None: the one they were at. `by` is for the record.
    """

    agent: str
    state: str
    reason: str = ""
    phone: str | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Coded:
    """An agent tells what their conversation was about, in it or in its wrap-up; the rest is for the record.

    `resolved`: whether that has resolved the matter; None: nothing is said of it.
    """

    agent: str
    code: str
    note: str = ""
    by: str = ""
    resolved: bool | None = None


@dataclass(frozen=True, slots=True)
class OwnCall:
    """An agent's phone is in a call that no offer of ours has made (`on`), or no longer."""

    agent: str
    on: bool


@dataclass(frozen=True, slots=True)
class PhoneReachable:
    """An agent's phone can be reached, cannot be, or (None) nobody can tell any more."""

    agent: str
    reachable: bool | None


@dataclass(frozen=True, slots=True)
class Doors:
    """Which queues are closed from now on, and until when those who wait in each may stay; all others are open."""

    closed: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: whatever is due at `now` happens (`next_due` tells when to send one)."""


# --- commands: what the shell must do ----------------------------------------------------------

# Named tuples: as immutable as frozen dataclasses, and made in a third of the time; every decision makes two or three.


class Queued(NamedTuple):
    """The caller waits in `queue`.

    `position` counts from 1; `estimate` is the mean wait in seconds or None (unknown); `decision` is the table of candidates,
    JSON values only, empty where the queue was given. `moved_from` is the queue they leave for it: that has closed, or is slower.
    """

    contact: str
    queue: str
    enqueued_at: float
    position: int
    estimate: float | None
    decision: dict[str, Any]
    moved_from: str | None = None


class Refused(NamedTuple):
    """The caller cannot wait (any longer): full | unstaffed | closed. `decision` is the table of candidates.

    `queue` is where they have waited until it closed; None: they never did.
    """

    contact: str
    outcome: str
    decision: dict[str, Any]
    queue: str | None = None


class Widened(NamedTuple):
    """From now on these skills are enough for a caller in line, and only the agents of `prefer` are waited for; empty: anybody."""

    contact: str
    skills: tuple[str, ...]
    prefer: tuple[str, ...]


class TimedOut(NamedTuple):
    """The caller has waited `max_wait`; they are no longer in the queue."""

    contact: str


class Offer(NamedTuple):
    """Ring `agent` for `contact`, for `ring` seconds; the agent is reserved already. The offer's id is unique for ever."""

    offer: str
    contact: str
    agent: str
    queue: str
    ring: float


class Cancel(NamedTuple):
    """Stop ringing this offer.

    `why`: the caller left (abandoned, key, failed, crashed, stopped, unreached), the agent went (paused, logged_out, moved, own_call),
    another agent has picked up (taken), or no report came (unreachable).
    """

    offer: str
    contact: str
    agent: str
    why: str


class Asked(NamedTuple):
    """Ring `agent`, who is reserved already, into the conversation of `contact`."""

    ask: str
    contact: str
    agent: str
    queue: str
    how: str
    ring: float
    by: str
    second: str = ""


class AskCalledOff(NamedTuple):
    """The agent who was asked has gone: paused, logged_out, or unreachable, as their phone is."""

    contact: str
    agent: str
    why: str


class AgentChanged(NamedTuple):
    """An agent's state is now this (ready, paused, reserved, talking, wrap_up, own_call, logged_out); `until` is when it ends by itself.

    The last one of each agent is all that is needed to restore them: `since` when the state began, `idle_since` since when they have
    waited for a contact, `then` what they have asked for after the conversation (paused, logged_out, or nothing) and why; `unreachable`:
    their phone is known to be gone; `code` the wrap-up code of `contact`, where it is given; `phone` where they are signed in (empty: at
    their own), `own` whether it is in a call of their own.
    """

    agent: str
    state: str
    reason: str = ""
    contact: str | None = None
    until: float | None = None
    since: float = 0.0
    idle_since: float = 0.0
    then: str = ""
    then_reason: str = ""
    unreachable: bool = False
    code: str = ""
    phone: str = ""
    own: bool = False


Fact = (
    Arrived
    | Left
    | OfferFailed
    | PickedUp
    | Connected
    | TalkEnded
    | Ask
    | AskAnswered
    | AskEnded
    | HandedOver
    | Joined
    | Released
    | AgentSet
    | Coded
    | OwnCall
    | PhoneReachable
    | Doors
    | Tick
)
Command = Queued | Refused | Widened | TimedOut | Offer | Cancel | Asked | AskCalledOff | AgentChanged
