"""A case -> what came of it: walked with the interpreter of real calls, and held against what must come of it.

Expectations that are lists are looked for one after the other: other things may come between, none may come before its turn. The line
that departs is the first one behind what was still as expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.cases.watch import Reached, Watch
from engine.config.casefile import Case, is_id
from engine.config.prompts import Catalog
from engine.config.rehearse import Columns, Given, Passed, RehearsalError, passing
from engine.config.report import Place, guess
from engine.core import do as d
from engine.core import interpreter as i
from engine.core.contact import Contact, outcome_of
from engine.core.request import Noted
from engine.core.site import Settings

_LEFT = {
    "timeout": "timed_out",
    "full": "refused",
    "unstaffed": "refused",
    "closed": "refused",
    "done": "answered",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """One expectation that did not come true: where it is written, what is wrong, and how many lines of the rehearsal were right."""

    place: Place
    text: str
    hint: str
    right: int


@dataclass(frozen=True, slots=True)
class Result:
    """A case, walked: its lines, and what did not come true (nothing: it passes)."""

    case: Case
    lines: tuple[str, ...]
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether everything came as expected."""
        return not self.failures


@dataclass(slots=True)
class Walked:
    """One walk, so far: the things passed, the steps in their order, and why it ended early."""

    passed: list[Passed] = field(default_factory=list)
    reached: list[Reached] = field(default_factory=list)
    variables: Mapping[str, str] = field(default_factory=dict)
    trouble: str = ""

    @property
    def ends(self) -> str:
        """How the contact would end on record; where inputs go on to the callback it asked for, how that one does."""
        contact, cause = Contact(""), "flow"
        for one in self.passed:
            contact = _after(contact, one)
            cause = "caller" if one.gone else cause
        return str(outcome_of(contact, cause, 0.0))


def _after(contact: Contact, one: Passed) -> Contact:
    match one.do, one.outcome:
        case d.Book(), str():
            return replace(contact, callback=True)
        case d.RingBack(), outcome:  # a contact of its own
            connected = 0.0 if outcome == "done" else None
            return Contact(
                "",
                last_left=_LEFT.get(outcome or "", outcome),
                connected_at=connected,
                cancelled=outcome == "cancelled",
            )
        case d.Enqueue(), None if one.gone:
            return replace(contact, last_left="abandoned")
        case d.Enqueue(), outcome:
            connected = 0.0 if outcome == "done" else contact.connected_at
            return replace(contact, last_left=_LEFT.get(outcome or "", "key"), connected_at=connected)
        case d.Transfer(), "answered":
            return replace(contact, transferred_to=one.do.to)
        case d.Record(), "left":
            return replace(contact, messages=contact.messages + 1)
        case _:
            return contact


def walk(case: Case, settings: Settings, catalog: Catalog, watch: Watch | None = None) -> Walked:
    """Walk a case's call to its end, or to the first input that fits nowhere; `watch` watches the case's flow."""
    watch, walked = watch or Watch(case.flow), Walked()
    watch.begin()
    variables = {"from_number": case.from_number, "to_number": case.to_number}
    variables["language"] = case.language or case.flow.languages[0]
    way = i.replay(watch.flow, (), variables)
    try:
        for one in passing(way, settings, catalog, case.inputs, Given(case.at, case.remembered)):
            walked.passed.append(one)
            watch.told += 1
    except RehearsalError as error:
        walked.trouble = str(error)
    walked.reached, walked.variables = watch.reached, way.way.variables
    return walked


def judged(case: Case, walked: Walked) -> Result:
    """What a walk comes to beside what the case expects."""
    columns = Columns(case.flow)
    shown = [columns.shown(one) for one in walked.passed]
    lines = tuple(line for few in shown for line in few)
    upto = [sum(map(len, shown[:n])) for n in range(len(shown) + 1)]
    found = _trouble(case, walked) or [*_hears(case, walked), *_reaches(case, walked), *_rest(case, walked)]
    return Result(case, lines, tuple(replace(one, right=upto[min(one.right, len(shown))]) for one in found))


def _trouble(case: Case, walked: Walked) -> list[Failure]:
    if not walked.trouble:
        return []
    return [Failure(case.place("inputs"), walked.trouble, "", len(walked.passed))]


def _hears(case: Case, walked: Walked) -> Iterable[Failure]:
    said = [(prompt, one.heard, n) for n, one in enumerate(walked.passed) for prompt in prompts(one.do)]
    at, right = 0, 0
    if case.hears == () and said:
        yield Failure(
            case.place("hears"), f"{_quoted(said[0][0])} is heard, and nothing should be", "", said[0][2]
        )
    for index, wanted in enumerate(case.hears or ()):
        here = next((k for k in range(at, len(said)) if _is(wanted, *said[k][:2])), None)
        if here is None:
            before = f"after {_quoted((case.hears or ())[index - 1])}" if index else "in the call"
            other = [prompt for prompt, _, _ in said[at:]]
            hint = f"heard: {', '.join(other)}" if other else "nothing more is heard"
            yield Failure(case.place("hears", index), f"{_quoted(wanted)} is not heard {before}", hint, right)
            return
        at, right = here + 1, said[here][2] + 1


def _is(wanted: str, prompt: str, text: str) -> bool:
    return wanted == prompt if is_id(wanted) else wanted in text


def _quoted(text: str) -> str:
    return f"'{text}'"


def prompts(do: d.Do) -> tuple[str, ...]:
    """The prompts something asked for plays, in their order."""
    played = getattr(do, "prompts", None) or (getattr(do, "prompt", None),)
    return tuple(prompt for prompt in played if prompt)


def _reaches(case: Case, walked: Walked) -> Iterable[Failure]:
    at, been = 0, [one.step for one in walked.reached]
    for index, wanted in enumerate(case.reaches or ()):
        if wanted not in been[at:]:
            ahead = ", ".join(been[at:])
            before = f"after {_quoted((case.reaches or ())[index - 1])}" if index else "in the call"
            hint = f"the call goes to {ahead}" if ahead else "the call goes nowhere else"
            right = walked.reached[at].before if at < len(been) else len(walked.passed)
            yield Failure(
                case.place("reaches", index), f"step {_quoted(wanted)} is not reached {before}", hint, right
            )
            return
        at = been.index(wanted, at) + 1


def _rest(case: Case, walked: Walked) -> Iterable[Failure]:
    whole = len(walked.passed)
    if case.ends is not None and walked.ends != case.ends:
        text = f"the call ends as {walked.ends}, not as {case.ends}"
        yield Failure(case.place("ends"), text, "", whole)
    for name, wanted in case.variables.items():
        value = walked.variables.get(name)
        if value != wanted:
            text = (
                f"{name} is not set"
                if value is None
                else f"{name} is {_quoted(value)}, not {_quoted(wanted)}"
            )
            hint = guess(name, walked.variables) if value is None else ""
            yield Failure(case.place("variables", name), text, hint, whole)
    yield from _writes(case, walked)


def _writes(case: Case, walked: Walked) -> Iterable[Failure]:
    wrote = [(written, n) for n, one in enumerate(walked.passed) if (written := _written(one))]
    at = 0
    if case.writes == () and wrote:
        text = f"{_told(wrote[0][0])} is written down, and nothing should be"
        yield Failure(case.place("writes"), text, "", wrote[0][1])
    for index, wanted in enumerate(case.writes or ()):
        here = next((k for k in range(at, len(wrote)) if wanted.items() <= wrote[k][0].items()), None)
        if here is None:
            left = "; ".join(_told(one) for one, _ in wrote[at:]) or "nothing"
            text = f"{_told(wanted)} is not written down"
            right = wrote[at][1] if at < len(wrote) else len(walked.passed)
            yield Failure(case.place("writes", index), text, f"written: {left}", right)
            return
        at = here + 1


def _written(one: Passed) -> dict[str, str]:
    match one.do:
        case d.Note(what=what, data=data):
            noted = Noted.read(one.outcome)
            order = {"work_order": "known" if noted.known else "new"} if noted.work_order else {}
            return {"what": what, **order, **_texts(data.get("information", {})), **_texts(data)}
        case d.Record(mailbox=mailbox, request=request) if one.outcome == "left":
            return {"what": "message", "mailbox": mailbox, "request": request or ""}
        case _:
            return {}


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    yes_no = {True: "yes", False: "no"}
    plain = {k: v for k, v in data.items() if v not in (None, "") and not isinstance(v, Mapping)}
    return {k: yes_no[v] if isinstance(v, bool) else str(v) for k, v in plain.items()}


def _told(written: Mapping[str, str]) -> str:
    about = [f"{name} {value}" for name, value in written.items() if name != "what"]
    return ", ".join([written.get("what", ""), *about])


def marked(lines: Sequence[str], right: int) -> list[str]:
    """A rehearsal up to the line that departs, which is marked; that is the last one where the end is not as expected."""
    right = min(right, len(lines) - 1)
    return [f"  {line}" for line in lines[:right]] + [f"> {line}" for line in lines[right : right + 1]]
