"""The verbs entitlement and language, and priorities by level: what they ask for, in which order, and where they lead."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core import do as d
from engine.core import flow as f
from engine.core import interpreter as i
from engine.core import verbs as v
from engine.core.entitlement import AGAIN, TRIES, Answer, Standing

LET_IN = Answer(Standing.ENTITLED, True, "4711", "Ana", "gold").text()
UNKNOWN = Answer(Standing.UNKNOWN, False).text()


def step(name: str) -> f.StepName:
    return f.StepName(name)


def prompt(name: str) -> f.PromptId:
    return f.PromptId(name)


def asks(by: str, **more: Any) -> f.Flow:
    """A flow that asks, goes on to a queue, and says the name of the step it is led to."""
    ways = {f"on_{name}": step(name) for name in ("unknown", "expired", "blocked", "unreachable")}
    prompts = {"number": prompt("number"), "pin": prompt("pin"), "invalid": prompt("wrong")}
    asking = v.Entitlement(f.SourceName("crm"), by=by, **{**ways, **prompts, **more})
    priority = {f.Level("gold"): 8, f.Level("silver"): 6}
    queue = v.Queue(f.QueueName("desk"), on_timeout=step("unknown"), priority=priority)
    steps = {
        name: (v.Say((prompt(name),)), v.Hangup())
        for name in ("unknown", "expired", "blocked", "unreachable")
    }
    named = {step("start"): (asking, queue, v.Hangup()), **{step(name): a for name, a in steps.items()}}
    return f.Flow("test", named, (f.LanguageCode("en"),))


def asked(flow: f.Flow, *outcomes: d.Outcome) -> d.Do:
    do = i.replay(flow, outcomes).do
    assert do is not None
    return do


NUMBER = d.Collect("start", 0, "number", 4, 12, 6, "customer.number", False)
PIN = d.Collect("start", 0, "pin", 4, 8, 6, "customer.pin", True)


def test_by_caller_nothing_is_asked_of_the_caller() -> None:
    assert asked(asks("caller")) == d.Entitle("start", 0, "crm", "caller", "", "")


def test_by_pin_number_and_pin_are_asked_and_the_pin_stays_in_the_call() -> None:
    assert asked(asks("pin")) == NUMBER
    assert asked(asks("pin"), "4711") == PIN
    assert asked(asks("pin"), "4711", "••••") == d.Entitle("start", 0, "crm", "pin", "4711", "customer.pin")


@pytest.mark.parametrize(("level", "priority"), [("gold", 8), ("silver", 6), ("tin", 5), ("", 5)])
def test_who_is_let_in_goes_on_and_waits_by_their_level(level: str, priority: int) -> None:
    walk = i.replay(asks("caller"), [Answer(Standing.ENTITLED, True, "4711", "Ana", level).text()])
    assert isinstance(walk.do, d.Enqueue)
    assert walk.do.priority == priority
    known = {"number": "4711", "name": "Ana", "level": level, "entitled": "yes"}
    assert {name: walk.way.variables[f"customer.{name}"] for name in known} == known


@pytest.mark.parametrize("by", ["caller", "number", "pin"])
@pytest.mark.parametrize("outcome", ["expired", "blocked", "unreachable"])
def test_who_is_not_let_in_is_led_where_the_flow_says_and_asked_no_more(by: str, outcome: str) -> None:
    given = {"caller": [], "number": ["4711"], "pin": ["4711", "••••"]}[by]
    walk = i.replay(asks(by), [*given, Answer(Standing(outcome), False, "4711", "", "gold").text()])
    assert walk.do == d.Play(outcome, 0, (outcome,), True)
    assert walk.way.variables["customer.entitled"] == "no"
    assert walk.way.variables["customer.level"] == "gold"


def test_a_source_that_is_down_but_open_lets_callers_go_on_without_a_level() -> None:
    walk = i.replay(asks("caller"), [Answer(Standing.UNREACHABLE, True).text()])
    assert isinstance(walk.do, d.Enqueue)
    assert (walk.do.priority, walk.way.variables["customer.entitled"]) == (5, "yes")


def test_a_flow_without_a_way_for_an_unreachable_source_takes_them_as_unknown() -> None:
    down = Answer(Standing.UNREACHABLE, False).text()
    assert asked(asks("caller", on_unreachable=None), down).step == "unknown"


TRY = {"number": ("4711", UNKNOWN), "pin": ("4711", "••••", UNKNOWN)}


@pytest.mark.parametrize("by", ["number", "pin"])
def test_there_are_three_tries_each_with_all_its_questions(by: str) -> None:
    given: list[d.Outcome] = []
    for _ in range(TRIES - 1):
        given += TRY[by]
        assert asked(asks(by), *given) == d.Play("start", 0, ("wrong",), True)
        given.append(None)
        assert asked(asks(by), *given) == NUMBER
    assert asked(asks(by), *given, *TRY[by]) == d.Play("unknown", 0, ("unknown",), True)


def test_too_few_digits_and_silence_are_tries_too() -> None:
    few = [*("47", None), *("4711", "•••", None), None]
    assert asked(asks("pin"), *few).step == "unknown"
    assert asked(asks("pin"), None, None, None).step == "unknown"
    assert asked(asks("pin"), None) == NUMBER


def test_a_pin_lost_in_a_restart_is_asked_for_again_and_no_try_is_used_up() -> None:
    lost = ["4711", "••••", AGAIN] * 9
    assert asked(asks("pin"), *lost) == NUMBER
    assert isinstance(
        asked(asks("pin"), *lost, *TRY["pin"], None, *TRY["pin"], None, "4711", "••••", LET_IN), d.Enqueue
    )


@given(st.sampled_from(list(Standing)), st.booleans(), st.text(), st.text(), st.text())
def test_an_answer_is_the_same_after_it_was_written_down(
    outcome: Standing, granted: bool, number: str, name: str, level: str
) -> None:
    answer = Answer(outcome, granted, number, name, level)
    assert Answer.read(answer.text()) == answer


@pytest.mark.parametrize(
    "text", [None, "", "entitled", "[]", "{}", "7", '{"outcome": "granted"}', '{"outcome": "entitled"}']
)
def test_what_is_no_answer_lets_nobody_in(text: str | None) -> None:
    assert not Answer.read(text).granted


# --- the language that is remembered ------------------------------------------------------------

CHOICES = {f.Key("1"): f.LanguageCode("en"), f.Key("2"): f.LanguageCode("bg")}
LANGUAGE = v.Language(prompt("l"), choices=CHOICES, remember=True, retries=0)
TWICE = f.Flow(
    "test",
    {step("start"): (LANGUAGE, v.Say((prompt("hello"),)), LANGUAGE, v.Hangup())},
    (f.LanguageCode("en"),),
)
HELLO = d.Play("start", 1, ("hello",), True)


def test_a_language_is_looked_up_asked_for_and_remembered() -> None:
    walk = i.replay(TWICE)
    assert walk.do == d.Recall("start", 0, ("en", "bg"))
    assert isinstance(walk.send(None), d.Choose)
    assert walk.send("2") == d.Remember("start", 0, "bg")
    assert walk.send(None) == HELLO


def test_a_language_that_is_known_is_not_asked_for_but_can_be_chosen_anew_in_the_same_call() -> None:
    walk = i.replay(TWICE, ["bg"])
    assert (walk.do, walk.way.variables["language"]) == (HELLO, "bg")
    assert isinstance(walk.send(None), d.Choose)
    assert walk.send("1") == d.Remember("start", 2, "en")


def test_silence_is_remembered_as_nothing() -> None:
    assert i.replay(TWICE, [None, None]).do == HELLO


def test_a_language_that_is_not_to_be_remembered_is_asked_for_every_time() -> None:
    plain = v.Language(prompt("l"), choices=CHOICES)
    flow = f.Flow("test", {step("start"): (plain, v.Hangup())}, (f.LanguageCode("en"),))
    assert isinstance(asked(flow), d.Choose)
    assert asked(flow, "2") == d.End("start", 1, None)
