"""What a flow asks the shell for: plain data, written into the log beside what came of it.

Play     -> None                                Collect -> the digits, or None, or a word (below)
Choose   -> a key, a word (below), or None: silence        Look    -> open | closed | holiday | override | emergency
Enqueue  -> done | timeout | full | unstaffed | closed, or the key pressed while waiting
Transfer -> answered | failed, or the key pressed while it rings
Record   -> left | none                         Listen  -> None
Note     -> a request's Noted as text, or None  Post    -> the wanted fields of the answer, as JSON, or None: it failed
Capture  -> the recording's name, or None       End      -> None, and nothing follows
Entitle  -> an Answer's text, or again          Recall  -> a language, or None
Remember -> None                                 Book     -> the callback's contact, or None: it cannot be kept
RingBack -> done | unreached | timeout | cancelled
SignIn   -> an agent and their language, refused, blocked, again, or None: nobody who is known by the phone
AskAgent -> how they stand then, or code_wanted | no_conversation | no_phone | not_possible

A Look for requests gives a list in JSON, of {number, state, work_order}, one for bulletins of {name, prompt, scope}; one for an article its
fields in JSON, or None; one for outbound the number as it can be dialled, or None: nobody may ring it; one for pause_reasons or
wrap_up_codes a list in JSON of {name, prompt}, in the order of their keys; of codes also {ask}: is the agent asked whether it is resolved?

Where a question may be answered by words (`says`), what is said comes out as the key it stands for. Other words that come of it:

    REPEAT, OPERATOR   the caller wants to hear it again, or a person
    MISHEARD           something was said, and not understood
    KEY?               it was probably this key, or these digits: they should be asked (`unsure`)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

#: Names of words that mean the same everywhere, and what comes of them (of YES and NO the keys that they stand for).
REPEAT, OPERATOR, YES, NO = "repeat", "operator", "yes", "no"
#: What comes of words that were not understood; behind a key: what they were taken for, not surely.
MISHEARD = "?"

#: What came of something asked for: a key, digits, a word such as open or timeout, or None for nothing (silence).
Outcome = str | None


@dataclass(frozen=True, slots=True)
class Do:
    """Something the shell is asked for, and the action (step, index within it) that asks."""

    step: str
    index: int


@dataclass(frozen=True, slots=True)
class Play(Do):
    """Play prompts; a key stops them when `interrupt` is true, and stays in the caller's buffer."""

    prompts: tuple[str, ...]
    interrupt: bool


@dataclass(frozen=True, slots=True)
class Choose(Do):
    """Play a prompt and wait for one key; any key counts, `keys` are the right ones. `timeout` seconds run from the prompt's end.

    With `languages` the prompt is played once in each of them, in that order; else in the caller's.
    """

    prompt: str
    keys: tuple[str, ...]
    timeout: float
    languages: tuple[str, ...] = ()
    #: What may be said: (what comes of it, the name of its words in the caller's language). Not what tells one question of another.
    says: tuple[tuple[str, str], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Collect(Do):
    """Play a prompt and collect up to `most` digits; # ends them, * begins again.

    The shell keeps `secret` ones to itself, under the name `into`: what comes of them is one dot for each (`hidden`).
    """

    prompt: str
    least: int
    most: int
    timeout: float
    into: str
    secret: bool = False
    #: What may be said besides digits, as for a choice; nothing at all: only keys are heard.
    says: tuple[tuple[str, str], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Look(Do):
    """Look something up.

    `what` is hours (`name` the schedule), bulletins, article (its name), requests (`name` the customer; empty: by the caller's number), or
    outbound (`name` a number that is to be rung), or pause_reasons or wrap_up_codes (`name` the agent who is to choose).
    """

    what: str
    name: str


@dataclass(frozen=True, slots=True)
class Entitle(Do):
    """Look up what a customer is entitled to: by caller, number or pin; `number` are the digits given, `secret` the name of those kept."""

    source: str
    by: str
    number: str
    secret: str


@dataclass(frozen=True, slots=True)
class Recall(Do):
    """Look up which of these languages this caller chose before."""

    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remember(Do):
    """Keep the language this caller has chosen for their next call."""

    chosen: str


@dataclass(frozen=True, slots=True)
class Enqueue(Do):
    """Wait in a queue or group, be connected, and come back when the conversation has ended.

    `keep_time`: with the time of an earlier stay that this call left unanswered. `if_longer` is spoken to whoever waits longer than told.
    """

    queue: str
    priority: int
    skills: tuple[str, ...]
    max_wait: float
    keys: tuple[str, ...]
    keep_time: bool = False
    if_longer: str | None = None
    #: Seconds of waiting, and the skills that are enough from then on.
    widen: tuple[tuple[float, tuple[str, ...]], ...] = ()
    #: Who is waited for first (last, owner, both, or empty), and for how many seconds at most.
    prefer: str = ""
    patience: float = 0.0


@dataclass(frozen=True, slots=True)
class Transfer(Do):
    """Ring the number `to` outside for at most `ring` seconds, be connected, and come back when the conversation has ended.

    `announce` is a prompt for whoever answers, before they are connected (or None); with `music` the caller hears that instead of ringing.
    """

    to: str
    ring: float
    announce: str | None
    music: bool
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record(Do):
    """Play a prompt and record a message of at most `max` seconds; `silence` seconds of silence end it.

    `request` is the kind of request that the message opens (or None); With `review` it may be played back
    afterwards; with `again` it takes the place of the one before.
    """

    mailbox: str
    prompt: str
    max: float
    silence: float
    request: str | None = None
    review: bool = False
    again: bool = False


@dataclass(frozen=True, slots=True)
class Capture(Do):
    """Play a prompt and record a few words, of at most `max` seconds; Asterisk keeps them until the call ends."""

    prompt: str
    max: float
    silence: float


@dataclass(frozen=True, slots=True)
class Listen(Do):
    """Play back to the caller what they have recorded: their last message, or the recording of this name; a key stops it."""

    recording: str | None = None


@dataclass(frozen=True, slots=True)
class Note(Do):
    """Write something down: `what` is request, survey or article, `data` its fields, JSON values."""

    what: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Post(Do):
    """Ask a service of the site, and keep only these `fields` of its answer.

    `data` is what is sent; `secret` are the names of further values, each with the variable whose secret digits the shell puts there.
    """

    service: str
    data: Mapping[str, str]
    secret: Mapping[str, str]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule(Do):
    """Say that a schedule, a site or everything is `word` (open, closed, emergency, none) until then, if secret digits are right.

    `until` is a text such as 18:00 or 2h, `secret` the variable that holds the digits.
    """

    schedule: str
    word: str
    until: str | None
    why: str
    secret: str


@dataclass(frozen=True, slots=True)
class SignIn(Do):
    """Look up which agent this is: by the phone (`number` empty), or by number and the digits kept under the name `secret`."""

    number: str
    secret: str


@dataclass(frozen=True, slots=True)
class AskAgent(Do):
    """Ask something of an agent: `word` is ready, pause (`value` the reason), code (`value` the code), logout or state (nothing).

    With a code `resolved` is what the agent has said of whether the matter is: yes, no, or empty.
    """

    agent: str
    word: str
    value: str
    resolved: str = ""


@dataclass(frozen=True, slots=True)
class Book(Do):
    """Keep this caller's place in a queue or group, to be rung back at a number."""

    queue: str
    number: str


@dataclass(frozen=True, slots=True)
class RingBack(Do):
    """Wait in a queue or group without a channel; when the turn comes ring agent and caller, and connect them.

    `first` is whose phone rings first, agent or caller. `to_agent` is said to the agent before the caller's phone rings, `unreached` when
    that is in vain; `to_caller` asks who was rung first to press 1. The caller's phone rings `ring` seconds, `attempts` times at most with
    `pause` seconds between them, and not later than `within` seconds after it was asked for. `prefer` is as of Enqueue; `patience` counts
    from each time they come into line.
    """

    queue: str
    priority: int
    skills: tuple[str, ...]
    number: str
    first: str
    to_agent: str
    to_caller: str
    unreached: str
    attempts: int
    pause: float
    ring: float
    within: float
    prefer: str = ""
    patience: float = 0.0


@dataclass(frozen=True, slots=True)
class End(Do):
    """Say goodbye, if a prompt is given, and hang up."""

    prompt: str | None


DOES: dict[str, type[Do]] = {
    c.__name__: c
    for c in (
        *(Play, Choose, Collect, Look, Entitle, Recall, Remember, Enqueue),
        *(Transfer, Record, Capture, Listen, Note, Post, Rule, SignIn, AskAgent, Book, RingBack, End),
    )
}


#: What each is made of: values that JSON knows, or tuples of them; without what may be said, which the flow knows.
_FIELDS = {kind: tuple(one.name for one in fields(kind) if one.name != "says") for kind in DOES.values()}


def hidden(digits: str) -> str:
    """What stands for secret digits wherever something is written down, shown or decided."""
    return "•" * len(digits)


def unsure(outcome: Outcome) -> str | None:
    """The key (or digits) that words were probably meant for, where they were not surely understood."""
    return outcome[:-1] if outcome is not None and outcome[1:].endswith(MISHEARD) else None


def plain(do: Do) -> dict[str, Any]:
    """A Do as JSON values; `do` names its class."""
    kind = type(do)
    return {"do": kind.__name__, **{name: getattr(do, name) for name in _FIELDS[kind]}}


def asked(data: Mapping[str, Any]) -> Do:
    """The Do in the data of a `step` event, as `plain` wrote it."""
    known: Any = DOES[data["do"]]
    values = {x.name: data[x.name] for x in fields(known) if x.name in data}
    made: Do = known(**{name: _kept(value) for name, value in values.items()})
    return made


def _kept(value: Any) -> Any:
    """Lists of JSON as the tuples they were."""
    return tuple(map(_kept, value)) if isinstance(value, list) else value
