"""A stored call -> the text of a case that goes the same way.

What came of each question becomes an input, in the words of `quietline rehearse`. Hours follow from the clock where the site on disk would
have stood like that; where it would not (an override, another calendar) they are inputs. What the call heard, reached, wrote down and how
it ended becomes what must come of it.

Nothing of the caller's that the flow does not need goes into the case: their number only where the call goes another way without it,
no number or name of a customer that a source has told, no notes. Secret digits were never recorded: zeros stand for them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

from engine.cases.play import Result, judged, prompts, walk
from engine.cases.run import Runner
from engine.cases.watch import Watch
from engine.config.casefile import cases_in, is_id
from engine.config.rehearse import AT_THE_PHONE, HANGUP, Given, is_known
from engine.config.report import Report
from engine.core import do as d
from engine.core import hours
from engine.core import interpreter as i
from engine.core.bulletins import concerns
from engine.core.contact import Outcome
from engine.core.entitlement import AGAIN, Answer, Standing
from engine.core.flow import Flow
from engine.core.recorded import Recorded, Told
from engine.core.request import Noted
from engine.core.verbs.manning import BLOCKED, REFUSED
from engine.errors import SetupError

SILENCE = "silence"
#: What of something written down is the flow's and not the caller's.
_FLOWS_OWN = (
    *("kind", "code", "survey", "question", "answer", "resolved"),
    *("article", "solved", "mailbox", "request"),
)
_PLAIN = re.compile(r"[A-Za-z][\w./+-]*(?: [\w./=+:-]*[\w])*")
_WIDTH = 110


@dataclass(frozen=True, slots=True)
class Saved:
    """A case's text, and what of the call it keeps: whether the caller's number stands in it, whether secret digits are stood in for.

    `result` is what comes of the case on the site as it is; `alike` whether it reaches the steps that the call reached.
    """

    text: str
    result: Result
    alike: bool
    numbered: bool
    secret: bool


def saved(name: str, call: Recorded, version: Flow, runner: Runner) -> Saved:
    """The plainest case that goes the way of this call; without one, the plainest. Raises SetupError where the site cannot read any."""
    ways = _Ways(name, call, version, runner)
    tried = (ways.case(numbered, clocked) for numbered, clocked in product((False, True), (True, False)))
    first = next(tried)
    if first.alike and first.result.passed:
        return first
    return next((one for one in tried if one.alike and one.result.passed), first)


class _Ways:
    """The ways in which one call can be written down."""

    def __init__(self, name: str, call: Recorded, version: Flow, runner: Runner) -> None:
        self._name = name
        self._call = call
        self._runner = runner
        self._site = runner.site.snapshot
        self._version = version
        watch = Watch(version)
        self._walk = i.replay(watch.flow, call.outcomes, call.given)
        self._reached = [one.step for one in watch.reached]

    def case(self, numbered: bool, clocked: bool) -> Saved:
        """The call with or without its caller's number and its clock, tried on the site."""
        words = list(self._inputs(clocked))
        text = self._text(words, numbered, clocked)
        report = Report()
        found = cases_in(f"cases:\n{text}", "", self._runner.site, report)
        if not found:
            raise SetupError(
                f"call {self._call.contact.id} cannot be a case on this site: {report.ordered()[0].text}"
            )
        walked = walk(found[0], self._runner.settings(found[0].at), self._runner.site.catalog)
        been = [one.step for one in walked.reached][: len(self._reached)]
        secret = any(
            isinstance(one.do, d.Collect) and one.do.secret and one.outcome for one in self._call.told
        )
        return Saved(text, judged(found[0], walked), been == self._reached, numbered, secret)

    # --- the text -----------------------------------------------------------------------------

    def _text(self, words: Sequence[str], numbered: bool, clocked: bool) -> str:
        contact = self._call.contact
        day = datetime.fromtimestamp(contact.arrived_at, UTC)
        lines = [f"about: call {contact.id} of {day:%Y-%m-%d}", *self._called()]
        if clocked:
            lines.append(f"clock: {self._clock()}")
        if contact.from_number and numbered:
            lines.append(f"from: {json.dumps(contact.from_number)}")
        lines += self._languages()
        if words:
            lines += _inputs(words)
        lines += _list("hears", self._heard())
        lines += _list("reaches", self._reached)
        lines += _list("writes", [_map(one) for one in self._written()])
        if (ends := self._ends()) is not None:
            lines.append(f"ends: {ends}")
        return "\n".join([f"  {self._name}:", *(f"    {line}" for line in lines), ""])

    def _called(self) -> list[str]:
        contact, settings = self._call.contact, self._site.settings
        if settings.numbers.get(contact.to_number) == contact.flow:
            return [f"number: {json.dumps(contact.to_number)}"]
        return [f"flow: {contact.flow}"]

    def _clock(self) -> str:
        settings, at = self._site.settings, self._call.contact.arrived_at
        looked = (
            one.do.name for one in self._call.told if isinstance(one.do, d.Look) and one.do.what == "hours"
        )
        known = (name for name in looked if name in settings.schedules or name in settings.sites)
        zone = hours.zone_of(settings, next(known, ""))
        local = datetime.fromtimestamp(at, ZoneInfo(zone)).replace(second=0, microsecond=0)
        if local.replace(fold=0, tzinfo=ZoneInfo(zone)).timestamp() != local.timestamp():
            local, zone = datetime.fromtimestamp(at, UTC).replace(second=0, microsecond=0), "UTC"
        return f"{local:%Y-%m-%dT%H:%M} {zone}"

    def _languages(self) -> Iterator[str]:
        language = self._call.given.get("language", "")
        if language and language != self._version.languages[0]:
            yield f"language: {language}"
        for one in self._call.told:
            if isinstance(one.do, d.Recall) and one.outcome is not None:
                yield f"remembered: {one.outcome}"
                return

    def _heard(self) -> list[str]:
        return [prompt for one in self._call.told for prompt in prompts(one.do) if is_id(prompt)]

    def _written(self) -> Iterator[Mapping[str, Any]]:
        for one in self._call.told:
            match one.do:
                case d.Note(what=what, data=data) if not one.cut:
                    yield {
                        "what": what,
                        **{k: v for k, v in data.items() if k in _FLOWS_OWN and v not in (None, "")},
                    }
                case d.Record(mailbox=mailbox, request=request) if one.outcome == "left":
                    yield {"what": "message", "mailbox": mailbox, **({"request": request} if request else {})}

    def _ends(self) -> str | None:
        """How the call ended, where a case can end so."""
        contact = self._call.contact
        last = self._call.told[-1] if self._call.told else None
        if contact.outcome in (None, Outcome.FAILED) or (
            last is not None and last.cut and not self._farewell(last)
        ):
            return None
        return "abandoned" if contact.outcome == Outcome.SHORT_ABANDONED else contact.outcome

    # --- inputs -------------------------------------------------------------------------------

    def _inputs(self, clocked: bool) -> Iterator[str]:
        walk, contact = i.replay(self._version, (), self._call.given), self._call.contact
        for one in self._call.told:
            if one.cut:
                yield from self._farewell(one)
                return
            if not is_known(one.do, self._site.settings, Given(contact.arrived_at if clocked else None)):
                yield from _word(one, walk.way.variables)
            walk.send(one.outcome)

    def _farewell(self, last: Told) -> list[str]:
        """How the caller left at what was asked last; nothing where no word says that."""
        if last.outcome is None:
            return _leaving(last.do)
        after = i.replay(self._version, [*self._call.outcomes, last.outcome], self._call.given).do
        return [last.outcome, *(_leaving(after) if after is not None else [])]


def _leaving(do: d.Do) -> list[str]:
    """The word by which a caller hangs up here."""
    if isinstance(do, AT_THE_PHONE):
        return [HANGUP]
    return [f"{HANGUP}:{prompt}" for prompt in prompts(do)[:1]]


def _word(one: Told, variables: Mapping[str, str]) -> Iterator[str]:
    """What somebody who rehearses would say where this is asked; nothing where they are not asked."""
    match one.do, one.outcome:
        case ((d.Play() | d.Listen() | d.Remember() | d.End()), _):
            return
        case d.Look(what="bulletins"), outcome:
            told = [found["prompt"] for found in _found(outcome) if concerns(found["scope"], variables)]
            yield ",".join(told) or "none"
        case d.Look(what="requests"), outcome:
            yield ",".join(map(_request, _found(outcome))) or "none"
        case d.Note(what="request"), outcome:
            if Noted.read(outcome).known:
                yield "known"
        case d.Note(), _:
            return
        case d.Collect(secret=True), str(dots):
            yield "0" * len(dots)
        case d.Book(), outcome:
            yield "refused" if outcome is None else "agreed"
        case d.Capture(), outcome:
            yield "said" if outcome is not None else SILENCE
        case d.Entitle(), outcome:
            yield _standing(outcome)
        case d.SignIn(number=number), outcome:
            yield _signed_in(number, outcome)
        case d.Post(fields=fields), outcome:
            yield _answer(fields, outcome)
        case _, outcome:
            yield SILENCE if outcome is None else outcome


def _found(outcome: d.Outcome) -> list[Any]:
    found: list[Any] = json.loads(outcome or "[]")
    return found


def _request(found: Mapping[str, Any]) -> str:
    order = f":{found['work_order']}" if found.get("work_order") else ""
    return f"{found['number']}:{found['state']}{order}"


def _signed_in(number: str, outcome: d.Outcome) -> str:
    if outcome is None or outcome in (REFUSED, BLOCKED, AGAIN):
        return outcome or "stranger"
    return "let_in" if number else f"phone:{outcome.partition(' ')[0]}"


def _standing(outcome: d.Outcome) -> str:
    if outcome == AGAIN:
        return AGAIN
    answer = Answer.read(outcome)
    leveled = answer.level and answer.outcome in (Standing.ENTITLED, Standing.EXPIRED, Standing.BLOCKED)
    return f"{answer.outcome}:{answer.level}" if leveled else str(answer.outcome)


def _answer(fields: Sequence[str], outcome: d.Outcome) -> str:
    if outcome is None:
        return "failed"
    if not fields:
        return "ok"
    told: dict[str, str] = json.loads(outcome)
    simple = all(
        re.fullmatch(r"[^,\n{]*", value) and re.fullmatch(r"\w+", name) for name, value in told.items()
    )
    return (
        ",".join(f"{name}={value}" for name, value in told.items())
        if simple
        else json.dumps(told, ensure_ascii=False)
    )


# --- YAML ---------------------------------------------------------------------------------------


def _scalar(text: str) -> str:
    """A text as YAML: quoted where it could be read otherwise."""
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _inputs(words: Sequence[str]) -> list[str]:
    """A line of words; a list where one of them has spaces or quotation marks."""
    if all(re.fullmatch(r"[^\s'\"\\]+", word) for word in words):
        line = " ".join(words)
        plain = re.fullmatch(r"[A-Za-z0-9][\w:=,. -]*", line) and not re.search(r": |:$| -(?: |$)", line)
        return (
            [f"inputs: {line if plain else json.dumps(line, ensure_ascii=False)}"]
            if len(line) <= 400
            else _list("inputs", words)
        )
    return _list("inputs", words)


def _map(values: Mapping[str, Any]) -> str:
    texts = {
        name: {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
        for name, value in values.items()
    }
    return f"{{ {', '.join(f'{name}: {_scalar(text)}' for name, text in texts.items())} }}"


def _list(name: str, items: Iterable[str]) -> list[str]:
    """`name: [a, b]`, in several lines where one would be too long; nothing for none."""
    shown = [one if one.startswith("{ ") else _scalar(one) for one in items]
    whole = f"{name}: [{', '.join(shown)}]"
    if not shown:
        return []
    if len(whole) <= _WIDTH:
        return [whole]
    return [f"{name}:", *(f"  - {one}" for one in shown)]
