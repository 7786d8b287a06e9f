"""The verb callback: the number is found and confirmed, the place is kept, and the callback's own contact begins where it was asked for."""

from __future__ import annotations

import pytest

from engine.config.prompts import Catalog
from engine.config.rehearse import rehearse
from engine.core import do as d
from engine.core.contact import fold
from engine.core.event import Event
from engine.core.flow import (
    CallbackOrder,
    DigitRange,
    Flow,
    LanguageCode,
    PromptId,
    QueueName,
    ServiceName,
    StepName,
    Text,
    Variable,
)
from engine.core.interpreter import Beginning, replay
from engine.core.site import OutboundRule, QueueRule, Settings
from engine.core.verbs import Back, Callback, Goto, Hangup, Run, Survey, Webhook

NUMBER = "+359888000001"
CALLBACK = Callback(
    PromptId("is_it_right"),
    in_queue=QueueName("support"),
    on_declined=StepName("declined"),
    other_number=PromptId("which"),
    invalid=PromptId("not_that_one"),
    first=CallbackOrder("caller"),
    then=StepName("afterwards"),
)
SURVEY = Survey(Variable("s"), questions={Variable("q"): PromptId("how_was_it")}, scale=DigitRange(1, 5))
FLOW = Flow(
    "back",
    {
        StepName("ask"): (CALLBACK, Hangup(PromptId("agreed"))),
        StepName("declined"): (Hangup(PromptId("sorry")),),
        StepName("afterwards"): (SURVEY, Hangup(PromptId("bye"))),
    },
    (LanguageCode("en"),),
    hash="v1",
)
OPEN = Settings(
    *(("en",), {}, {}, {}, {"support": QueueRule("support")}, {}, {}, {}),
    outbound={"out": OutboundRule("out", ("+359888*", "700*"))},
)
GIVEN = {"language": "en", "from_number": NUMBER, "to_number": "100"}


@pytest.mark.parametrize(
    ("history", "asked"),
    [
        ([], "Look outbound"),
        ([NUMBER], "Choose is_it_right"),
        ([NUMBER, "1"], "Book support"),
        ([NUMBER, "1", "c-back"], "End agreed"),
        ([NUMBER, "1", None], "End sorry"),
        ([NUMBER, None], "End sorry"),
        ([NUMBER, "5"], "End sorry"),
        ([NUMBER, "2"], "Collect which"),
        ([None], "Collect which"),
        ([None, None], "End sorry"),
        ([None, "12"], "Play not_that_one"),
        ([None, "12", None], "Collect which"),
        ([None, "70012345"], "Look outbound"),
        ([None, "70012345", None], "Play not_that_one"),
        ([None, "70012345", "70012345"], "Choose is_it_right"),
        ([None, "70012345", "70012345", "1"], "Book support"),
    ],
)
def test_a_number_that_may_be_rung_is_found_and_confirmed(history: list[str | None], asked: str) -> None:
    do = replay(FLOW, history, GIVEN).do
    match do:
        case d.Look(what=what):
            told = f"Look {what}"
        case d.Book(queue=queue):
            told = f"Book {queue}"
        case (
            d.Play(prompts=(prompt,))
            | d.Choose(prompt=prompt)
            | d.Collect(prompt=prompt)
            | d.End(prompt=prompt)
        ):
            told = f"{type(do).__name__} {prompt}"
        case _:
            told = repr(do)
    assert told == asked


def test_nobody_is_asked_for_another_number_where_the_flow_takes_none() -> None:
    strict = Callback(
        PromptId("is_it_right"), in_queue=QueueName("support"), on_declined=StepName("declined")
    )
    flow = Flow("back", {**FLOW.steps, StepName("ask"): (strict, Hangup())}, FLOW.languages)
    withheld = replay(flow, [None], GIVEN).do
    assert isinstance(withheld, d.End) and withheld.prompt == "sorry"
    choice = replay(flow, [NUMBER], GIVEN).do
    assert isinstance(choice, d.Choose) and choice.keys == ("1",)


def begins(step: str = "ask", index: int = 0) -> Beginning:
    asked = {
        "of": "c",
        "step": step,
        "index": index,
        "queue": "support",
        "enqueued_at": 7.0,
        "variables": {"x": "1"},
    }
    return Beginning.of({**GIVEN, "callback": asked})


def test_digits_that_were_secret_in_the_call_are_secret_when_its_caller_is_rung_back() -> None:
    verb = Callback(
        PromptId("is_it_right"),
        in_queue=QueueName("support"),
        on_declined=StepName("ask"),
        then=StepName("tell"),
    )
    send = {Variable("pin"): Text("{{ pin }}"), Variable("who"): Text("{{ from_number }}")}
    tell = Webhook(ServiceName("desk"), send=send, on_failed=StepName("ask"))
    flow = Flow("back", {StepName("ask"): (verb, Hangup()), StepName("tell"): (tell, Hangup())}, ("en",))
    asked = {"of": "c", "step": "ask", "index": 0, "queue": "support", "enqueued_at": 7.0}
    kept = {"variables": {"pin": "••••"}, "secret": ["pin"]}
    do = Beginning.of({**GIVEN, "callback": {**asked, **kept}}).walk(flow, ["done"]).do
    assert isinstance(do, d.Post)
    assert (dict(do.secret), dict(do.data)) == ({"pin": "pin"}, {"who": NUMBER})


@pytest.mark.parametrize(
    ("history", "asked"),
    [
        ([], ["RingBack"]),
        (["done"], ["Choose"]),
        (["unreached"], ["Note"]),
        (["timeout"], ["Note"]),
        (["unreached", "17"], ["End"]),
        (["cancelled"], ["End"]),
    ],
)
def test_its_own_contact_begins_by_being_rung_back(history: list[str | None], asked: list[str]) -> None:
    walk = begins().walk(FLOW, history)
    assert [type(walk.do).__name__] == asked
    assert walk.way.variables["x"] == "1"


def test_whom_nobody_reached_is_a_request_for_a_person() -> None:
    do = begins().walk(FLOW, ["unreached"]).do
    assert isinstance(do, d.Note)
    assert do.data["kind"] == "action" and do.data["note"] == f"callback to {NUMBER}: nobody answered"


def test_in_another_version_of_the_flow_the_action_is_found_where_it_stands_now() -> None:
    moved = Flow("back", {StepName("new"): (Goto(StepName("ask")),), **FLOW.steps}, FLOW.languages)
    assert begins().found_in(moved) == begins()
    steps = {StepName("elsewhere"): (Hangup(), CALLBACK, Hangup())}
    elsewhere = begins().found_in(Flow("back", steps, FLOW.languages))
    assert elsewhere is not None and elsewhere.ringing_back == ("elsewhere", 1)
    assert begins().found_in(Flow("back", {StepName("a"): (Hangup(),)}, FLOW.languages)) is None


def test_an_action_in_a_flow_that_is_run_is_found_by_the_name_things_asked_for_have() -> None:
    outer = Flow("outer", {StepName("go"): (Run(FLOW.name), Back())}, FLOW.languages, runs={"back": FLOW})  # type: ignore[arg-type]
    do = replay(outer, [NUMBER, "1"], GIVEN).do
    assert isinstance(do, d.Book) and do.step == "back.ask"
    assert outer.holding(do.step) == (FLOW, "ask")


def test_a_rehearsal_goes_on_with_the_callback_where_inputs_are_left(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    catalog = Catalog(tmp_path_factory.mktemp("none"))
    lines = rehearse(FLOW, OPEN, catalog, ["1", "agreed", "done", "4"], NUMBER)
    told = [line.split("  ", 1)[1].strip() for line in lines]
    assert told[0] == f"? may {NUMBER} be rung → yes"
    assert told[2] == f"↩ place in support kept for {NUMBER} → agreed"
    assert "↩ rung back from support, the caller first → done" in told
    assert any("how_was_it" in line and "← 4" in line for line in told)


def test_a_rehearsal_rings_nobody_whom_the_site_does_not_allow(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    lines = rehearse(FLOW, OPEN, Catalog(tmp_path_factory.mktemp("none")), [], "+441234567")
    assert lines[0].endswith("? may +441234567 be rung → no")
    assert lines[-1].endswith("♪ [sorry]  ✕")


def arrived(**more: object) -> Event:
    data = {**GIVEN, "channel": "", "flow": "back", "flow_hash": "v1", "via": "callback"}
    asked = {"of": "c", "step": "ask", "index": 0, "queue": "support", "enqueued_at": 7.0, "variables": {}}
    return Event("arrived", 10.0, "c-back", data={**data, "callback": asked, **more})


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([("left_queue", {"queue": "support", "outcome": "unreached"})], "unreached"),
        ([("left_queue", {"queue": "support", "outcome": "timed_out"})], "timed_out"),
        (
            [
                ("callback_cancelled", {"by": "a", "why": ""}),
                ("left_queue", {"queue": "support", "outcome": "unreached"}),
            ],
            "cancelled",
        ),
    ],
)
def test_the_record_of_a_callback_says_what_became_of_it(
    events: list[tuple[str, dict[str, object]]], outcome: str
) -> None:
    story = [arrived(), *(Event(kind, 20.0, "c-back", data=data) for kind, data in events)]
    contact = fold("c-back", [*story, Event("ended", 30.0, "c-back", data={"cause": "flow"})])
    assert (contact.outcome, contact.callback_of, contact.kept_since) == (outcome, "c", 7.0)


def test_a_try_is_counted_only_where_it_says_so() -> None:
    tried = [
        ("dialled", {"channel": "p1", "number": NUMBER, "try": 1}),
        ("dial_ended", {"why": "busy", "counts": True, "again_at": 99.0}),
        ("dialled", {"channel": "p2", "number": NUMBER, "try": 2}),
        ("dial_ended", {"why": "agent_gone", "counts": False, "again_at": 50.0}),
    ]
    contact = fold("c-back", [arrived(), *(Event(kind, 20.0, "c-back", data=data) for kind, data in tried)])
    assert (contact.tries, contact.channel, contact.again_at) == (1, "", 50.0)
