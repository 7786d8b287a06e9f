"""Verbs that write down what the caller wants: messages, requests, answers to questions; and tell what became of it.

A contact has one request: the first `request`, `comment` or message opens it, later ones add to it.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar

from engine.core import resolution
from engine.core.do import Do, Listen, Look, Note, Outcome, Play, Record
from engine.core.flow import (
    Action,
    ArticleName,
    Asking,
    DigitRange,
    Key,
    Mailbox,
    ProblemCode,
    PromptId,
    Question,
    RequestKind,
    RequestState,
    Seconds,
    StepName,
    Text,
    Variable,
)
from engine.core.request import Noted
from engine.core.way import YES_NO, Way

#: Articles told one after the other.
MOST_ARTICLES = 30
#: Keys while a message is reviewed. Whoever hangs up has sent it: it is kept as soon as it is recorded.
SEND, HEAR, AGAIN = "1", "2", "3"
#: The key that ends a message: pressed once more, or told late, it answers nothing.
ENDED = "#"
#: Keys that answer a question.
YES, NO, REPEAT = "1", "2", "*"
#: What the keys mean that answer whether the matter is resolved, where the flow does not say it.
RESOLVED_KEYS: Mapping[Key, str] = {Key(YES): resolution.YES, Key(NO): resolution.NO}
#: Times a caller may hear their message, or record it anew.
REVIEWS = 5


@dataclass(frozen=True, slots=True)
class Voicemail(Action):
    """Record a message after a tone; the caller ends it with #, by silence or by hanging up. It opens a request.

    With `review` that prompt asks: 1 sends, 2 plays the message back, 3 records it anew.
    """

    voicemail: Mailbox
    _: KW_ONLY
    prompt: PromptId = PromptId("leave_message")
    max: Seconds = Seconds(180)
    silence: Seconds = Seconds(8)
    review: PromptId | None = None
    request: RequestKind = RequestKind("action")
    on_none: StepName | None = None

    def perform(self, way: Way) -> Asking:
        """Record it, and let the caller hear and better it where that is wanted."""
        return (yield from _message(way, self.voicemail, self))

    def message(self, way: Way, mailbox: str, again: bool) -> Record:
        """What to record."""
        review = self.review is not None
        return Record(*way.here, mailbox, self.prompt, self.max, self.silence, self.request, review, again)


@dataclass(frozen=True, slots=True)
class Comment(Action):
    """Record a spoken comment as a request of the kind comment; its prompt is the verb's value."""

    comment: PromptId
    _: KW_ONLY
    max: Seconds = Seconds(120)
    silence: Seconds = Seconds(8)
    review: PromptId | None = None
    on_none: StepName | None = None

    def perform(self, way: Way) -> Asking:
        """Record it."""
        return (yield from _message(way, "comments", self))

    def message(self, way: Way, mailbox: str, again: bool) -> Record:
        """What to record."""
        review = self.review is not None
        return Record(*way.here, mailbox, self.comment, self.max, self.silence, "comment", review, again)


def _message(way: Way, mailbox: str, verb: Voicemail | Comment) -> Asking:
    came = yield verb.message(way, mailbox, again=False)
    for _ in range(REVIEWS):
        if came == "none" or verb.review is None:
            break
        key = yield from way.choose(verb.review, (SEND, HEAR, AGAIN), 6.0)
        if key == HEAR:
            yield Listen(*way.here)
        elif key == ENDED:
            continue
        elif key == AGAIN:
            yield verb.message(
                way, mailbox, again=True
            )  # where nothing is said now, what was said before stays
        else:
            break
    return verb.on_none if came == "none" else None


@dataclass(frozen=True, slots=True)
class Request(Action):
    """Open the request of this contact, or add to it; its number is set as a variable, to be read out.

    An action whose code starts a work order (catalog.yaml) opens one, or hangs on the open one about the same; `work_order` takes its
    number, and with `.known` behind it whether it was open before (yes or no).
    """

    request: RequestKind
    _: KW_ONLY
    code: ProblemCode | None = None
    information: Mapping[Variable, Text] = field(default_factory=dict)
    priority: int = 5
    note: Text = Text("")
    customer: Text = Text("")
    into: Variable = Variable("request")
    work_order: Variable = Variable("work_order")

    def perform(self, way: Way) -> Asking:
        """Write it down."""
        data: dict[str, Any] = {
            "kind": self.request,
            "code": self.code,
            "priority": self.priority,
            "note": way.fill(self.note),
            "customer": way.fill(self.customer),
        }
        if self.information:
            data["information"] = {name: way.fill(text) for name, text in self.information.items()}
        noted = Noted.read((yield Note(*way.here, "request", data)))
        told = (noted.number, noted.work_order, "yes" if noted.known else "no")
        for name, value in zip(self.sets(), told, strict=True):
            way.set(name, value)
        return None

    def sets(self) -> tuple[str, ...]:
        """The request's number, that of its work order (or nothing), and whether that was open before."""
        return self.into, self.work_order, f"{self.work_order}.known"


@dataclass(frozen=True, slots=True)
class Survey(Action):
    """Ask questions, each answered by a key of the scale; silence leaves one unanswered.

    `resolved` names the question that asks whether the matter is resolved: it is answered by `resolved_keys`, which say what each
    key means: yes, no, or neither.
    """

    survey: Variable
    _: KW_ONLY
    questions: Mapping[Variable, PromptId]
    scale: DigitRange
    resolved: Question | None = None
    resolved_keys: Mapping[Key, str] = field(default_factory=lambda: dict(RESOLVED_KEYS))
    timeout: Seconds = Seconds(6)

    def perform(self, way: Way) -> Asking:
        """Ask one after the other, and write each answer down at once."""
        for question, prompt in self.questions.items():
            keys = self._keys(question)
            key = yield from way.choose(prompt, keys, self.timeout, says={}, patient=True)
            if key in keys:
                yield Note(*way.here, "survey", self._answer(question, key))
        return None

    def _keys(self, question: str) -> tuple[str, ...]:
        if question == self.resolved:
            return tuple(self.resolved_keys)
        return tuple(str(key) for key in range(self.scale.least, min(self.scale.most, 9) + 1))

    def _answer(self, question: str, key: str) -> dict[str, Any]:
        """What is written down; `resolved` only where the answer says it."""
        data: dict[str, Any] = {"survey": self.survey, "question": question, "answer": int(key)}
        means = resolution.meaning(self.resolved_keys[Key(key)]) if question == self.resolved else None
        return data if means is None else data | {"resolved": means}


@dataclass(frozen=True, slots=True)
class Status(Action):
    """Tell the state of the caller's open requests, the newest first: this prompt, then that of the request's state.

    A request that hangs on a work order is in the state of that. With a prompt for `resolved` those of the last seven days are told too.
    Prompts can speak `status.request` and `status.work_order`, the numbers. Requests are those of the `customer` variable, or of the
    caller's number.
    """

    status: PromptId
    _: KW_ONLY
    states: Mapping[RequestState, PromptId]
    on_none: StepName
    customer: Variable | None = None
    most: int = 3

    #: The variables in which prompts find a request's number, and that of its work order.
    NUMBER: ClassVar[str] = "status.request"
    WORK_ORDER: ClassVar[str] = "status.work_order"

    def speaks(self) -> tuple[str, ...]:
        """The numbers."""
        return self.NUMBER, self.WORK_ORDER

    def perform(self, way: Way) -> Asking:
        """Look them up and tell them."""
        customer = way.variables.get(self.customer, "") if self.customer else ""
        found = json.loads((yield Look(*way.here, "requests", customer)) or "[]")
        found = [one for one in found if one["state"] != "resolved" or "resolved" in self.states]
        for request in found[: self.most]:
            way.set(self.NUMBER, str(request["number"]))
            way.set(self.WORK_ORDER, str(request.get("work_order") or ""))
            yield from way.play(self.status)
            yield from way.play(self.states.get(RequestState(request["state"])))
        return None if found else self.on_none


@dataclass(frozen=True, slots=True)
class Answers(Action):
    """Tell what knowledge.yaml knows, beginning with an article: questions lead to answers, by 1 (yes) and 2 (no).

    After an answer the prompt `solved` asks whether that helped: 1 leads to `on_solved`, * tells it again, anything else goes on with
    the next action.
    """

    silent_by: ClassVar[tuple[str, ...] | None] = ()

    answers: ArticleName
    _: KW_ONLY
    solved: PromptId
    on_solved: StepName
    timeout: Seconds = Seconds(6)

    #: The variable in which prompts find an article's telephone number.
    NUMBER: ClassVar[str] = "article.number"

    def perform(self, way: Way) -> Asking:
        """Tell articles until one has helped or leads no further."""
        name: str | None = self.answers
        for _ in range(MOST_ARTICLES):
            found = json.loads((yield Look(*way.here, "article", name or "")) or "null")
            if found is None:
                return None
            way.set(self.NUMBER, found["number"])
            if found["say"]:
                yield Play(*way.here, tuple(found["say"]), True)
            name, helped = yield from self._further(way, found)
            if helped:
                return self.on_solved
            if name is None:
                return None
        return None

    def _further(
        self, way: Way, article: Mapping[str, Any]
    ) -> Generator[Do, Outcome, tuple[str | None, bool]]:
        """The article that follows, and whether this one has helped."""
        if article["ask"] is not None:
            key = yield from way.choose(article["ask"], (YES, NO), self.timeout, says=YES_NO, patient=True)
            return {YES: article["yes"], NO: article["no"]}.get(key or ""), False
        if article["next"] is not None:
            return article["next"], False
        key = yield from way.choose(
            self.solved, (YES, NO, REPEAT), self.timeout, says={**YES_NO, REPEAT: "repeat"}, patient=True
        )
        if key == REPEAT:
            return article["name"], False
        yield Note(*way.here, "article", {"article": article["name"], "solved": key == YES})
        return None, key == YES

    def speaks(self) -> tuple[str, ...]:
        """The article's telephone number."""
        return (self.NUMBER,)
