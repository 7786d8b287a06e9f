"""A recorded call, led through another version of its flow: where its way parts from what it was, and how it goes on.

The flow is walked by the interpreter of real calls. What it asks for is answered

    by the site             opening hours and articles as they are in the site the flow belongs to (`Knows`), at the time of the call
    by the log              what the caller, agents, services and sources answered to the same question (`engine.core.memory`)
    by the site             what the log does not hold and the site knows all the same: a schedule that was not looked up then
    by nobody               then it ends there: what the caller would have done is not guessed

The way has parted (a `Parting`) where the caller goes to another step and finds other things there, is asked something else or no more,
in another order, or where the call ends or goes on although it did not. Steps that are merely renamed, looks the caller does not notice and
other words in the same step are no partings; what is heard, looked up or written otherwise is kept as a `Change`.

A caller who hung up while something was played had gone by the time anything further is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from engine.core import do as d
from engine.core import interpreter as i
from engine.core.flow import Flow
from engine.core.memory import ASIDE, SILENT, UNNOTICED, Memory, Nobody, fitting
from engine.core.recorded import Told

#: What the site answers at a moment of the call (seconds since the epoch), given what the log says (nobody knows, where it says nothing).
Knows = Callable[[d.Do, float, d.Outcome | Nobody], d.Outcome | Nobody]


class Ends(StrEnum):
    """Why a call is led no further."""

    OVER = "over"  # the flow has come to its end
    GONE = "gone"  # the call ended here, as it did
    UNKNOWN = "unknown"  # nobody knows what would have been answered


class What(StrEnum):
    """How something that is no parting has changed."""

    MORE = "more"  # was not there
    LESS = "less"  # is there no more
    OTHER = "other"  # is there, with other options
    ANSWER = "answer"  # the site answers otherwise


@dataclass(frozen=True, slots=True)
class Passed:
    """One thing the edited flow asks for and what comes of it; `gone`: the call ended at it."""

    do: d.Do
    outcome: d.Outcome
    told: Told | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Parting:
    """Where the way parts: after `at`, which the edited flow asks for, `then` came and `now` comes (None: the call ends)."""

    at: Passed | None
    then: Told | None
    now: d.Do | None


@dataclass(frozen=True, slots=True)
class Change:
    """Something heard, looked up or written otherwise: what came then, and what comes now."""

    what: What
    then: Told | None
    now: d.Do | None
    answer: d.Outcome = None


@dataclass(slots=True)
class Course:
    """How the call goes through the edited flow; `variables` are those at its end."""

    passed: list[Passed] = field(default_factory=list)
    partings: list[Parting] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    ends: Ends = Ends.OVER
    #: What nobody has answered.
    open: d.Do | None = None
    #: How many of `passed` come before the first parting.
    common: int = 0
    #: The caller's variables before each thing passed.
    spoken: list[dict[str, str]] = field(default_factory=list)


def retrace(flow: Flow, told: Sequence[Told], begins: i.Beginning, began: float, knows: Knows) -> Course:
    """Lead a call through a flow; `told` is what it was asked then, `begins` how it starts, `began` when that was."""
    return _Tracer(begins.walk(flow), Memory(told), began, knows).course()


class _Tracer:
    def __init__(self, walk: i.Walk, memory: Memory, began: float, knows: Knows) -> None:
        self._walk = walk
        self._memory = memory
        self._now = began
        self._knows = knows
        self._course = Course()
        self._decided: Passed | None = None
        self._before: d.Do | None = None
        self._left: list[Told] = []

    def course(self) -> Course:
        """The whole way; what was passed over and not come back to is there no more."""
        course = self._led()
        course.changes += [Change(What.LESS, one, None) for one in self._left if not self._memory.used(one)]
        return course

    def _led(self) -> Course:
        while (do := self._walk.do) is not None:
            passed = self._pass(do)
            if passed is None:
                return self._course
            self._course.passed.append(passed)
            if not isinstance(do, ASIDE):
                self._decided = passed
            self._before = do
            if passed.gone:
                self._course.ends = Ends.GONE
                return self._course
            self._walk.send(passed.outcome)
        return self._course

    def _pass(self, do: d.Do) -> Passed | None:
        """What comes of something asked for; None where nobody knows."""
        self._course.spoken.append(dict(self._walk.way.variables))
        index = self._memory.find(do)
        expected = self._memory.next
        if index is None:
            return self._unasked(do, expected)
        told = self._memory.told[index]
        exact, turned = index == self._memory.at, index < self._memory.at
        passed = self._memory.take(index)
        self._compare(do, told, expected, passed, exact)
        if turned and not isinstance(do, SILENT):
            self._part(expected, do)
        logged = fitting(do, told)
        if told.cut and not (isinstance(do, d.Enqueue) and logged == "timeout"):
            return Passed(do, told.outcome, told, gone=True)
        return self._answered(do, logged, told)

    def _answered(self, do: d.Do, logged: d.Outcome | Nobody, told: Told) -> Passed | None:
        outcome = self._knows(do, self._now, logged)
        self._now = max(self._now, told.at)
        if isinstance(outcome, Nobody):
            self._decided = Passed(do, told.outcome, told)
            self._stop(do)
            return None
        if outcome != told.outcome:
            self._course.changes.append(Change(What.ANSWER, told, do, outcome))
        return Passed(do, outcome, told)

    def _unasked(self, do: d.Do, expected: Told | None) -> Passed | None:
        """Something that was not asked then."""
        if isinstance(do, ASIDE):
            self._aside(do, expected)
            return Passed(do, self._number(do))
        if self._memory.gone:
            return Passed(do, None, expected, gone=True)
        outcome = None if isinstance(do, d.End) else self._knows(do, self._now, Nobody.KNOWS)
        if isinstance(outcome, Nobody):
            self._part(expected, do)
            self._stop(do)
            return None
        if isinstance(do, SILENT):
            self._course.changes.append(Change(What.MORE, expected, do, outcome))
        else:
            self._part(expected, do)
        return Passed(do, outcome)

    def _number(self, do: d.Do) -> d.Outcome:
        """A request that is written otherwise has the number it had."""
        if not (isinstance(do, d.Note) and do.what == "request"):
            return None
        notes = (one.outcome for one in self._memory.told if isinstance(one.do, d.Note) and one.outcome)
        return next(notes, None)

    def _stop(self, do: d.Do) -> None:
        self._course.ends, self._course.open = Ends.UNKNOWN, do
        if not self._course.partings:
            self._part(self._memory.next, do)

    def _aside(self, do: d.Do, expected: Told | None) -> None:
        """Words that were not said then: elsewhere, they are where the caller goes now; in the same step they are other words."""
        if expected is not None and self._elsewhere(do, expected):
            self._part(expected, do)
        else:
            self._course.changes.append(Change(What.MORE, expected, do))

    def _elsewhere(self, do: d.Do, expected: Told) -> bool:
        """Whether this is a step the caller has gone to that is not the one they went to then."""
        stayed = self._before is not None and self._before.step == do.step
        ahead = self._memory.told[self._memory.at : self._memory.question + 1]
        return not stayed and all(one.do.step != do.step for one in [expected, *ahead])

    def _compare(
        self, do: d.Do, told: Told, expected: Told | None, passed: Sequence[Told], exact: bool
    ) -> None:
        loud = [one for one in passed if not isinstance(one.do, UNNOTICED)]
        jumped = self._before is not None and self._before.step != do.step
        elsewhere = jumped and expected is not None and do.step not in (expected.do.step, told.do.step)
        other_end = isinstance(do, d.End) and _prompt(do) != _prompt(told.do)
        if expected is not None and (loud or (elsewhere and (not exact or other_end))):
            self._part(expected, do)
            return
        self._left += passed
        if _manner(do) != _manner(told.do):
            self._course.changes.append(Change(What.OTHER, told, do))

    def _part(self, then: Told | None, now: d.Do | None) -> None:
        last = self._course.partings[-1] if self._course.partings else None
        if last is not None and last.at is self._decided and last.then is then:
            return  # still the same parting: nothing was decided since
        if last is None:
            self._course.common = len(self._course.passed)
        self._course.partings.append(Parting(self._decided, then, now))


def _prompt(do: d.Do) -> str | None:
    return getattr(do, "prompt", None)


def _manner(do: d.Do) -> tuple[object, ...]:
    """What may change of something asked for that is the same question all the same."""
    match do:
        case d.Choose(prompt=prompt, keys=keys):
            return prompt, frozenset(keys)
        case d.Collect(prompt=prompt, least=least, most=most):
            return prompt, least, most
        case d.Enqueue(priority=priority, skills=skills, max_wait=wait, keys=keys) as do:
            return (
                priority,
                skills,
                wait,
                frozenset(keys),
                do.widen,
                do.prefer,
                do.patience,
                do.keep_time,
                do.if_longer,
            )
        case d.Transfer(ring=ring, announce=announce, music=music, keys=keys):
            return ring, announce, music, frozenset(keys)
        case d.Record(prompt=prompt, request=request):
            return prompt, request
        case d.Capture(prompt=prompt) | d.End(prompt=prompt):
            return (prompt,)
        case d.Post(data=data, fields=fields):
            return tuple(sorted(data.items())), fields
        case d.Rule(until=until, why=why):
            return until, why
        case _:
            return ()
