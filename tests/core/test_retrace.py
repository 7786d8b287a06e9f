"""A recorded call led through an edited flow: answers belong to questions, and what nobody answered is not guessed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stored_calls import QUIET, events

from engine.config import load_site
from engine.core import do as d
from engine.core import interpreter as i
from engine.core.entitlement import Answer, Standing
from engine.core.event import Event
from engine.core.flow import DigitRange, Flow
from engine.core.interpreter import Beginning
from engine.core.memory import Nobody
from engine.core.recorded import Told, again, recorded
from engine.core.retrace import Course, Ends, retrace
from engine.core.verbs import (
    Ask,
    Bulletin,
    Goto,
    Hangup,
    Hours,
    Language,
    Menu,
    Queue,
    Request,
    Say,
    Voicemail,
    Webhook,
)

Steps = dict[str, tuple[object, ...]]

WELCOME, NOTICE, THANKS, BYE = Say(("welcome",)), Say(("notice",)), Say(("thanks",)), Hangup("bye")
CHOICES, SWAPPED = {"1": "support", "2": "sales"}, {"1": "sales", "2": "support"}
MAIN = Menu("main", choices=CHOICES, otherwise="bye", invalid="wrong", retries=2)
MORE = Menu("sure", choices={"1": "sales"}, otherwise="sales")
HOURS = Hours("office", on_closed="bye")
WAIT = Queue("support", on_timeout="message", on_key={"5": "message"}, max_wait=600.0)
SALES = Queue("sales", on_timeout="bye")
ASK = Ask("number", into="account", digits=DigitRange(4, 6), otherwise="bye", confirm="right")
FOUR = replace(ASK, digits=DigitRange(4, 4))
BASE: Steps = {
    "start": (WELCOME, Goto("menu")),
    "menu": (MAIN,),
    "support": (HOURS, ASK, THANKS, WAIT, BYE),
    "sales": (SALES, BYE),
    "message": (Voicemail("office", prompt="leave"), BYE),
    "bye": (BYE,),
}


def flow(steps: Steps, **others: tuple[object, ...]) -> Flow:
    return Flow("f", {**steps, **others}, ("en", "bg"))


def call(
    *outcomes: d.Outcome, on: Flow | None = None, gone: bool = False, waited: float = 30.0
) -> list[Told]:
    """What the base flow was told: these outcomes of whatever it asks that has one; `gone`: then the caller hung up."""
    walk, told, left = i.replay(on or flow(BASE)), list[Told](), list(outcomes)
    while walk.do is not None:
        quiet = isinstance(walk.do, d.Play | d.End | d.Remember | d.Note)
        if not quiet and not left:
            break
        outcome = None if quiet else left.pop(0)
        wait = waited if isinstance(walk.do, d.Enqueue) else None
        told.append(Told(walk.do, outcome, float(len(told)), wait))
        walk.send(outcome)
    if gone and walk.do is not None:
        told.append(
            Told(
                walk.do, None, float(len(told)), waited if isinstance(walk.do, d.Enqueue) else None, cut=True
            )
        )
    return told


@dataclass
class Site:
    """What the site knows: hours by name; nothing else."""

    hours: dict[str, str] = field(default_factory=dict)

    def knows(self, do: d.Do, at: float, logged: d.Outcome | Nobody) -> d.Outcome | Nobody:
        return self.hours.get(do.name, logged) if isinstance(do, d.Look) else logged


def traced(edited: Flow, told: list[Told], **hours: str) -> Course:
    return retrace(edited, told, Beginning({}), 0.0, Site(hours).knows)


def shown(course: Course) -> str:
    """The first parting: step then → step now."""
    if not course.partings:
        return ""
    then, now = course.partings[0].then, course.partings[0].now
    return f"{then.do.step if then else '-'} → {now.step if now else '-'}"


ANSWERED = call("1", "open", "471188", "1", "done")
VOICEMAIL = call("1", "open", "471188", "1", "timeout", "left", waited=600.2)
WRONG_KEYS = call("9", "8", "2", "done")
CLOSED = call("1", "closed")
KEY = call("1", "open", "471188", "1", "5", "none")
GAVE_UP = call("1", "open", "471188", "1", gone=True, waited=400.0)
GREETED = [Told(d.Play("start", 0, ("welcome",), True), None, 0.0, cut=True)]


def start(*actions: object) -> Flow:
    return flow(BASE, start=actions)


def menu(*actions: object) -> Flow:
    return flow(BASE, menu=actions)


def support(*actions: object) -> Flow:
    return flow(BASE, support=actions)


def message(*actions: object) -> Flow:
    return flow(BASE, message=actions)


def waiting(**options: object) -> Flow:
    return support(HOURS, ASK, THANKS, replace(WAIT, **options), BYE)


RENAMED = flow(
    {
        {"support": "helpdesk"}.get(name, name): tuple(
            replace(a, choices={"1": "helpdesk", "2": "sales"}) if isinstance(a, Menu) else a for a in actions
        )
        for name, actions in BASE.items()
    }
)
SAME_WAY = [
    ("an added say before the menu", menu(NOTICE, MAIN), ANSWERED, 1),
    ("an added say at the end of a step", start(WELCOME, NOTICE, Goto("menu")), ANSWERED, 1),
    ("a removed say", start(Goto("menu")), ANSWERED, 1),
    ("another greeting", start(NOTICE, Goto("menu")), ANSWERED, 2),
    ("another greeting for who hung up during it", start(NOTICE, Goto("menu")), GREETED, 1),
    ("a renamed step", RENAMED, VOICEMAIL, 0),
    ("a reworded menu", menu(replace(MAIN, menu="main_new")), ANSWERED, 1),
    ("another key that nobody pressed", menu(replace(MAIN, choices=CHOICES | {"3": "bye"})), WRONG_KEYS, 3),
    ("more tries", menu(replace(MAIN, retries=5)), WRONG_KEYS, 0),
    ("hours that are looked up no more", support(ASK, THANKS, WAIT, BYE), ANSWERED, 1),
    ("hours looked up after the digits", support(ASK, HOURS, THANKS, WAIT, BYE), ANSWERED, 0),
    ("a request written down", support(HOURS, ASK, Request("action"), THANKS, WAIT, BYE), ANSWERED, 1),
    ("a priority", waiting(priority=9), ANSWERED, 1),
    ("a longer wait for who was answered", waiting(max_wait=900.0), ANSWERED, 1),
    ("a shorter wait than the one that timed out", waiting(max_wait=60.0), VOICEMAIL, 1),
    ("something new behind where the caller hung up", message(NOTICE, *BASE["message"]), GAVE_UP, 0),
]


@pytest.mark.parametrize(("about", "to", "told", "changes"), SAME_WAY, ids=[row[0] for row in SAME_WAY])
def test_the_way_is_the_same_with(about: str, to: Flow, told: list[Told], changes: int) -> None:
    course = traced(to, told)
    assert (course.partings, course.ends is Ends.UNKNOWN) == ([], False), about
    assert len(course.changes) == changes, course.changes


WHICH = Language("which", choices={"1": "en"}, remember=True)
BETWEEN = {"news": (Say(("news",)), Goto("menu")), "start": (WELCOME, Goto("news"))}
SHUT = {"shut": (Hangup("closed_now"),), "support": (replace(HOURS, on_closed="shut"), *BASE["support"][1:])}
OTHER_WAY = [
    (
        "a key that leads elsewhere",
        menu(replace(MAIN, choices=SWAPPED)),
        ANSWERED,
        "support → sales",
        "sales",
    ),
    (
        "a key that leads nowhere",
        menu(replace(MAIN, choices={"2": "sales"})),
        ANSWERED,
        "support → menu",
        "main",
    ),
    ("fewer tries", menu(replace(MAIN, retries=0)), WRONG_KEYS, "menu → bye", ""),
    ("a new question", start(WELCOME, replace(MAIN, menu="new")), ANSWERED, "menu → start", "new"),
    ("a question that is put no more", support(HOURS, WAIT, BYE), ANSWERED, "support → support", ""),
    ("another order", support(WAIT, ASK, BYE), ANSWERED, "support → support", ""),
    ("another queue", waiting(queue="vip"), ANSWERED, "support → support", "vip"),
    ("fewer digits", support(HOURS, FOUR, WAIT, BYE), ANSWERED, "support → support", "number"),
    ("a wait shorter than it took", waiting(max_wait=20.0), ANSWERED, "support → message", "leave"),
    ("a wait shorter than their patience", waiting(max_wait=20.0), GAVE_UP, "- → message", "leave"),
    (
        "a wait longer than the one that timed out",
        waiting(max_wait=900.0),
        VOICEMAIL,
        "message → support",
        "support",
    ),
    ("a key that no longer ends the waiting", waiting(on_key={}), KEY, "message → support", "support"),
    ("a step in between", flow(BASE | BETWEEN), ANSWERED, "menu → news", ""),
    ("another goodbye elsewhere", flow(BASE | SHUT), CLOSED, "bye → shut", ""),
    ("an end where the call went on", menu(BYE), ANSWERED, "menu → menu", ""),
    ("a question where the call ended", flow(BASE, bye=(MORE,)), CLOSED, "bye → bye", "sure"),
    (
        "a service never asked",
        start(Webhook("crm", on_failed="bye"), Goto("menu")),
        ANSWERED,
        "start → start",
        "crm",
    ),
    ("a language never looked for", start(WHICH, Goto("menu")), ANSWERED, "start → start", "recall"),
]


def named(do: d.Do | None) -> str:
    match do:
        case None:
            return ""
        case d.Choose(prompt=name) | d.Collect(prompt=name) | d.Enqueue(queue=name) | d.Post(service=name):
            return name
        case d.Record(prompt=name):
            return name
        case _:
            return type(do).__name__.lower()


@pytest.mark.parametrize(
    ("about", "to", "told", "way", "unknown"), OTHER_WAY, ids=[row[0] for row in OTHER_WAY]
)
def test_the_way_parts_at(about: str, to: Flow, told: list[Told], way: str, unknown: str) -> None:
    course = traced(to, told)
    assert shown(course) == way, about
    assert named(course.open) == unknown
    assert (course.ends is Ends.UNKNOWN) == bool(unknown)


def test_hours_are_those_of_the_edited_site() -> None:
    course = traced(flow(BASE), ANSWERED, office="closed")
    assert shown(course) == "support → bye" and course.ends is Ends.OVER
    assert course.partings[0].at is not None and course.partings[0].at.outcome == "closed"
    new = start(WELCOME, Hours("always", on_closed="bye"), Goto("menu"))
    assert traced(new, ANSWERED, always="open").partings == []
    assert shown(traced(new, ANSWERED, always="closed")) == "menu → bye"


def test_outages_that_were_never_asked_for_stop_there() -> None:
    assert named(traced(start(Bulletin(), Goto("menu")), ANSWERED).open) == "look"


def test_one_parting_is_told_once() -> None:
    told = [NOTICE, *BASE["sales"]]
    course = traced(flow(BASE, menu=(replace(MAIN, choices=SWAPPED),), sales=tuple(told)), ANSWERED)
    assert [(one.then.do.step, one.now.step) for one in course.partings] == [("support", "sales")]


def test_a_loop_takes_each_answer_once() -> None:
    loop = {"ask": (Menu("more", choices={"1": "ask", "2": "out"}, otherwise="out"),), "out": (Hangup(),)}
    told = call("1", "1", "2", on=flow(loop))
    assert traced(flow(loop), told).partings == []
    once = flow(loop, ask=(Menu("more", choices={"1": "out", "2": "ask"}, otherwise="out"),))
    assert shown(traced(once, told)) == "ask → out"
    for_ever = flow(loop, ask=(Menu("more", choices={"1": "ask", "2": "ask"}, otherwise="out"),))
    course = traced(for_ever, told)
    assert shown(course) == "out → ask" and named(course.open) == "more" and len(course.passed) == 3


# --- any call ---------------------------------------------------------------------------------


SHIPPED = load_site(Path(__file__).parents[2] / "ivr_flows").flows
ENTITLED = [
    Answer(standing, standing is Standing.ENTITLED, "4711", "", "gold").text() for standing in Standing
]


def answers(do: d.Do) -> list[d.Outcome]:
    """What may come of something asked for."""
    match do:
        case d.Choose(keys=keys):
            return [None, "7", *keys]
        case d.Collect(least=least, most=most, secret=secret):
            return [None, *(("•" if secret else "4") * count for count in (least - 1, least, most) if count)]
        case d.Look(what="hours"):
            return ["open", "closed", "holiday", "override", "emergency"]
        case d.Entitle():
            return [*ENTITLED]
        case d.Enqueue(keys=keys):
            return ["done", "timeout", "full", "unstaffed", "closed", *keys]
        case d.Record():
            return ["left", "none"]
        case d.Capture():
            return [None, "words"]
        case d.Note():
            return ["1"]
        case _:
            return [None]


@st.composite
def calls(draw: st.DrawFn) -> tuple[Flow, list[Event]]:
    """A call to a shipped flow: any answers, to the end or until the caller hangs up."""
    to = draw(st.sampled_from([SHIPPED[name] for name in sorted(SHIPPED)]))
    walk, told = i.replay(to), list[d.Outcome]()
    while walk.do is not None and len(told) < 30:
        if isinstance(walk.do, QUIET):
            walk.send(None)
            continue
        if draw(st.integers(0, 9)) == 0:
            break
        told.append(draw(st.sampled_from(answers(walk.do))))
        walk.send(told[-1])
    return to, list(events(to, "c", "100", 1e9, told))


@given(calls())
@settings(max_examples=200, deadline=None)
def test_any_call_comes_again_from_its_log_and_is_the_same_to_the_end_on_its_own_version(
    made: tuple[Flow, list[Event]],
) -> None:
    to, log = made
    call, astray = again(recorded("c", log), to)
    assert astray is None
    course = retrace(to, call.told, call.begins, 1e9, Site().knows)
    assert (course.partings, course.changes) == ([], [])
    assert [one.do for one in course.passed] == [one.do for one in call.told]
    assert course.ends is (Ends.GONE if call.told[-1].cut else Ends.OVER)


@given(calls(), st.sampled_from(sorted(SHIPPED)))
@settings(max_examples=100, deadline=None)
def test_any_call_comes_to_an_end_on_any_flow(made: tuple[Flow, list[Event]], name: str) -> None:
    call, _ = again(recorded("c", made[1]), made[0])
    course = retrace(SHIPPED[name], call.told, call.begins, 1e9, Site().knows)
    assert (course.open is not None) == (course.ends is Ends.UNKNOWN)
    assert course.partings or course.ends is not Ends.UNKNOWN
    used = [one.told for one in course.passed if one.told is not None]
    assert len(used) == len({id(one) for one in used})
