"""What a recorded call answers when another version of its flow asks: answers belong to questions, not to places.

Something asked is the same as something in the log when this is the same, wherever it stands in the flow and whatever its step is called:

    a choice, a survey's question           its prompt; or, reworded, its keys in the same step and action
    digits                                  the variable they go to, and its prompt; one of both in the same step and action
    opening hours, an article               its name               outages, a remembered language     there is only one such question
    requests                                of the caller or of the customer (not of which: that follows from what was answered before)
    entitlement                             source, by, and the number that was keyed in
    a place that is kept                    its queue, and the number              being rung back       there is only one such question
    a queue                                 its name               a message                          its mailbox
    a few words                             its prompt, or step and action
    a service                               its name, and no value sent under the same name is another one
    an override                             schedule and word
    anything else                           all but how it is done: prompts, keys, seconds, tries

A question that was put several times has as many answers. Asked again it takes the next one: the first unused answer from where the call
stood, else the first unused one before that (the order has changed). Each answer is used once: a caller who pressed 9 and then 1 has not
pressed 9 three times.

An answer that is found may still say nothing about the edited question, and then nobody knows: more digits than are taken now, a key
that no longer ends the waiting, a wait that may last longer than the one that timed out, fields that a service was not asked for. A wait
that may not last as long as it did then times out. A key that is no longer in a menu does answer it: as a wrong key.

What is only said to the caller or written down needs no answer. Where the call ended at something, whoever asks for it again hears
nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from engine.core import do as d
from engine.core.recorded import Told


class Nobody(Enum):
    """Nobody knows what would have come of it."""

    KNOWS = "nobody knows"


#: What is said to the caller or written down: nothing that the way depends on comes of it.
ASIDE = (d.Play, d.Listen, d.Note, d.Remember)
#: What the caller does not notice.
SILENT = (d.Look, d.Entitle, d.SignIn, d.Recall, d.Post)
#: What nobody has to answer, or notice: ways that differ in these alone are the same way.
UNNOTICED = (*ASIDE, *SILENT)


#: Options that do not make another question of it.
_MANNER = frozenset(
    {"step", "index", "prompt", "keys", "priority", "skills", "ring", "music", "announce"}
) | {*("first", "to_agent", "to_caller", "unreached", "attempts", "pause", "within")}


def same(one: d.Do, other: d.Do) -> bool:
    """Whether two things asked for are the same question."""
    here = (one.step, one.index) == (other.step, other.index)
    match one, other:
        case d.Choose(), d.Choose():
            return one.prompt == other.prompt or (here and set(one.keys) == set(other.keys))
        case d.Collect(), d.Collect():
            into, prompt = one.into == other.into, one.prompt == other.prompt
            return one.secret == other.secret and ((into and prompt) or (here and (into or prompt)))
        case d.Look(what="requests"), d.Look(what="requests"):
            return bool(one.name) == bool(other.name)
        case d.Look(), d.Look():
            return (one.what, one.name) == (other.what, other.name)
        case d.Entitle(), d.Entitle():
            return (one.source, one.by, one.number) == (other.source, other.by, other.number)
        case d.Enqueue(), d.Enqueue():
            return one.queue == other.queue
        case d.Transfer(), d.Transfer():
            return one.to == other.to
        case d.Book(), d.Book():
            return (one.queue, one.number) == (other.queue, other.number)
        case d.RingBack(), d.RingBack():
            return True
        case d.Record(), d.Record():
            return (one.mailbox, one.again) == (other.mailbox, other.again)
        case d.Capture(), d.Capture():
            return one.prompt == other.prompt or here
        case d.Post(), d.Post():
            common = one.data.keys() & other.data.keys()
            return one.service == other.service and all(one.data[k] == other.data[k] for k in common)
        case d.Rule(), d.Rule():
            return (one.schedule, one.word) == (other.schedule, other.word)
        case d.Play(), d.Play():
            return one.prompts == other.prompts
        case d.Note(), d.Note():
            return (one.what, one.data) == (other.what, other.data)
        case (d.Recall(), d.Recall()) | (d.Listen(), d.Listen()) | (d.End(), d.End()):
            return True
        case _:
            return type(one) is type(other) and _told_apart(one) == _told_apart(other)


def _told_apart(do: d.Do) -> dict[str, object]:
    """What tells one of another where a kind has no rule of its own."""
    return {name: value for name, value in d.plain(do).items() if name not in _MANNER}


def fitting(do: d.Do, told: Told) -> d.Outcome | Nobody:
    """What an answer in the log says where this is asked, which is the same question."""
    match do, told.outcome:
        case d.Collect(most=most), str(digits) if len(digits) > most:
            return Nobody.KNOWS
        case d.Recall(languages=languages), str(language) if language not in languages:
            return None
        case d.Post(fields=fields), str() if isinstance(told.do, d.Post):
            return told.outcome if set(fields) <= set(told.do.fields) else Nobody.KNOWS
        case d.Enqueue(), outcome:
            return _waited(do, told, outcome)
        case d.Transfer(keys=keys), str(key) if key not in (*keys, "answered", "failed"):
            return Nobody.KNOWS
        case _, outcome:
            return outcome


def _waited(do: d.Enqueue, told: Told, outcome: d.Outcome) -> d.Outcome | Nobody:
    then = told.do
    if not isinstance(then, d.Enqueue):
        return Nobody.KNOWS
    if told.waited is not None and do.max_wait < min(then.max_wait, told.waited):
        return "timeout"
    if outcome == "timeout" and do.max_wait > then.max_wait:
        return Nobody.KNOWS
    return Nobody.KNOWS if outcome in then.keys and outcome not in do.keys else outcome


class Memory:
    """The answers of one recorded call, each used once; `at` is where the call stands in them."""

    def __init__(self, told: Sequence[Told]) -> None:
        self.told = told
        self.at = 0
        self._used: set[int] = set()

    @property
    def next(self) -> Told | None:
        """What came next in the recorded call."""
        return self.told[self.at] if self.at < len(self.told) else None

    def find(self, do: d.Do) -> int | None:
        """Where the log answers this; what is only an aside is looked for as far as the next question."""
        if isinstance(do, ASIDE):
            return self._first(do, range(self.at, self.question + 1))
        forward = self._first(do, range(self.at, len(self.told)))
        return self._first(do, range(self.at)) if forward is None else forward

    def _first(self, do: d.Do, among: range) -> int | None:
        free = (n for n in among if n < len(self.told) and n not in self._used)
        return next((n for n in free if same(do, self.told[n].do)), None)

    @property
    def question(self) -> int:
        """Where the next thing stands that is no aside."""
        ahead = range(self.at, len(self.told))
        return next((n for n in ahead if not isinstance(self.told[n].do, ASIDE)), len(self.told))

    @property
    def gone(self) -> bool:
        """Whether the caller had gone by now: at something they only heard, or at what no log tells."""
        if (ahead := self.next) is not None:
            return ahead.cut and isinstance(ahead.do, ASIDE)
        return not self.told or not (self.told[-1].cut or isinstance(self.told[-1].do, d.End))

    def used(self, told: Told) -> bool:
        """Whether this answer has been used."""
        return any(self.told[n] is told for n in self._used)

    def take(self, index: int) -> list[Told]:
        """Use this answer and stand behind it; returns what was passed over to come there.

        A look that the caller does not notice passes over nothing they do: it is merely used.
        """
        passed = [self.told[n] for n in range(self.at, index) if n not in self._used]
        self._used.add(index)
        if isinstance(self.told[index].do, SILENT) and any(
            not isinstance(one.do, UNNOTICED) for one in passed
        ):
            passed = []
        elif index >= self.at:
            self.at = index + 1
        while self.at in self._used:
            self.at += 1
        return passed
