"""The interpreter: what each verb does with each outcome, that replay is exact, and that nobody is stranded."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import load_site
from engine.core import do as d
from engine.core import flow as f
from engine.core import interpreter as i
from engine.core import verbs as v
from engine.core.entitlement import Answer, Standing
from engine.core.hours import Door
from engine.core.knowledge import Article
from engine.core.way import MOST_TEXT, PATIENCE

KEYS = "0123456789*#"
SITE = load_site(Path(__file__).parents[2] / "ivr_flows")
SHIPPED = SITE.flows


def flow(**steps: tuple[f.Action, ...]) -> f.Flow:
    named = {f.StepName(name): actions for name, actions in steps.items()}
    return f.Flow("test", named, (f.LanguageCode("en"), f.LanguageCode("bg")))


def one(action: f.Action) -> f.Flow:
    """A flow of this action; every step it can lead to says its own name and ends."""
    ends = {name: (v.Say((f.PromptId(name),)), v.Hangup()) for name in ("a", "b", "c", "d", "e")}
    return flow(start=(action, v.Goto(f.StepName("next"))), next=(v.Hangup(),), **ends)


def where(flow: f.Flow, *outcomes: d.Outcome, **variables: str) -> str:
    """The step a caller is in after these outcomes; "end" once the call has ended."""
    do = i.replay(flow, outcomes, variables).do
    return do.step if do else "end"


def step(name: str) -> f.StepName:
    return f.StepName(name)


def prompt(name: str) -> f.PromptId:
    return f.PromptId(name)


def keys(**targets: str) -> Mapping[f.Key, f.StepName]:
    return {f.Key(key.removeprefix("k")): step(to) for key, to in targets.items()}


# --- the verbs --------------------------------------------------------------------------------


MENU = v.Menu(prompt("m"), choices=keys(k1="a", k2="b"), otherwise=step("c"), invalid=prompt("no"), retries=1)


def test_a_menu_leads_where_the_key_says() -> None:
    assert where(one(MENU), "1") == "a"
    assert where(one(MENU), "2") == "b"
    assert i.replay(one(MENU)).do == d.Choose("start", 0, "m", ("1", "2"), 6)


def test_a_wrong_key_is_told_and_asked_again_and_the_last_one_leads_to_otherwise() -> None:
    walk = i.replay(one(MENU), ["9"])
    assert walk.do == d.Play("start", 0, ("no",), True)
    assert isinstance(walk.send(None), d.Choose)
    assert where(one(MENU), "9", None, "8") == "c"


def test_silence_is_asked_again_without_an_apology_and_leads_to_otherwise() -> None:
    assert isinstance(i.replay(one(MENU), [None]).do, d.Choose)
    assert where(one(MENU), None, None) == "c"


LANGUAGE = v.Language(
    prompt("l"), choices={f.Key("1"): f.LanguageCode("en"), f.Key("2"): f.LanguageCode("bg")}, retries=1
)


def test_a_language_is_kept_and_silence_keeps_the_first() -> None:
    assert i.replay(one(LANGUAGE), ["2"]).way.variables["language"] == "bg"
    silent = i.replay(one(LANGUAGE), [None, "7"])
    assert silent.way.variables["language"] == "en"
    assert silent.do == d.End("next", 0, None)


def test_a_choice_of_language_is_spoken_once_in_each_of_them() -> None:
    assert i.replay(one(LANGUAGE)).do == d.Choose("start", 0, "l", ("1", "2"), 6, ("en", "bg"))


ASK = v.Ask(
    prompt("number"),
    into=f.Variable("n"),
    digits=f.DigitRange(3, 4),
    otherwise=step("a"),
    confirm=prompt("right"),
    invalid=prompt("no"),
    retries=1,
)


def test_digits_are_kept_once_they_are_confirmed() -> None:
    walk = i.replay(one(ASK), ["471"])
    assert walk.do == d.Choose("start", 0, "right", ("1", "2"), 6)
    walk.send("1")
    assert walk.way.variables["n"] == "471"
    assert walk.do == d.End("next", 0, None)


def test_digits_that_are_not_confirmed_are_asked_again_and_forgotten_in_the_end() -> None:
    assert isinstance(i.replay(one(ASK), ["471", "2"]).do, d.Collect)
    walk = i.replay(one(ASK), ["471", "2", "472", None])
    assert walk.do == d.Play("a", 0, ("a",), True)
    assert "n" not in walk.way.variables


@pytest.mark.parametrize("few_or_many", ["1", "12", "12345"])
def test_too_few_or_too_many_digits_are_told_and_asked_again(few_or_many: str) -> None:
    assert i.replay(one(ASK), [few_or_many]).do == d.Play("start", 0, ("no",), True)
    assert where(one(ASK), few_or_many, None, None) == "a"


def runs(inner: f.Flow, **steps: tuple[f.Action, ...]) -> f.Flow:
    return replace(flow(**steps), runs={"inner": inner})


def test_a_flow_that_is_run_shares_its_variables_and_comes_back_after_the_action_that_ran_it() -> None:
    inner = flow(only=(v.Set({f.Variable("x"): f.Text("{{ y }}!")}), v.Say((prompt("in"),)), v.Back()))
    outer = runs(
        inner, a=(v.Set({f.Variable("y"): f.Text("1")}), v.Run(f.FlowName("inner")), v.Hangup(prompt("bye")))
    )
    walk = i.replay(outer)
    assert walk.do == d.Play("inner.only", 1, ("in",), True)
    assert walk.send(None) == d.End("a", 2, "bye")
    assert walk.way.variables["x"] == "1!"


def test_a_call_that_ends_in_a_flow_that_is_run_has_ended() -> None:
    walk = i.replay(runs(flow(only=(v.Hangup(),)), a=(v.Run(f.FlowName("inner")), v.Hangup(prompt("bye")))))
    assert walk.do == d.End("inner.only", 0, None)
    assert walk.send(None) is None


def test_back_where_nobody_ran_the_flow_ends_the_call() -> None:
    assert i.replay(flow(a=(v.Back(),))).do == d.End("a", 0, None)


def test_going_round_through_flows_that_are_run_ends_too() -> None:
    inner = flow(only=(v.Back(),))
    assert isinstance(i.replay(runs(inner, a=(v.Run(f.FlowName("inner")), v.Goto(step("a"))))).do, d.End)


REVIEWED = v.Voicemail(f.Mailbox("office"), review=prompt("review"), on_none=step("b"))


def test_a_message_is_heard_and_recorded_anew_as_long_as_the_caller_likes_up_to_a_bound() -> None:
    walk = i.replay(one(REVIEWED), ["left", "2"])
    assert walk.do == d.Listen("start", 0)
    walk.send(None)
    walk.send("3")
    assert walk.do == d.Record(
        "start", 0, "office", "leave_message", 180, 8, "action", review=True, again=True
    )
    walk.send("none")
    assert walk.send("1") == d.End("next", 0, None)
    assert where(one(REVIEWED), "left", *["2", None] * 5) == "next"


def test_the_key_that_ended_a_message_does_not_send_it() -> None:
    assert i.replay(one(REVIEWED), ["left", "#"]).do == d.Choose("start", 0, "review", ("1", "2", "3"), 6)


@pytest.mark.parametrize("key", ["1", "7", None])
def test_a_message_is_sent_by_its_key_by_another_and_by_silence(key: str | None) -> None:
    assert where(one(REVIEWED), "left", key) == "next"


def test_a_caller_who_says_nothing_is_not_asked_to_review_it() -> None:
    assert where(one(REVIEWED), "none") == "b"


def test_a_request_is_written_down_with_its_variables_and_its_number_can_be_spoken() -> None:
    ask = v.Request(
        f.RequestKind("action"),
        code=f.ProblemCode("jam"),
        note=f.Text("of {{ from_number }}"),
        information={f.Variable("from"): f.Text("{{ from_number }}")},
    )
    walk = i.replay(one(ask), (), {"from_number": "+1"})
    data = {"kind": "action", "code": "jam", "priority": 5, "note": "of +1", "customer": ""}
    assert walk.do == d.Note("start", 0, "request", {**data, "information": {"from": "+1"}})
    walk.send("17")
    assert walk.way.variables["request"] == "17"


@pytest.mark.parametrize(
    ("outcome", "order", "known"),
    [("17 3 known", "3", "yes"), ("17 3 new", "3", "no"), ("17", "", "no"), (None, "", "no")],
)
def test_a_flow_knows_the_work_order_and_whether_it_was_open_before(
    outcome: str | None, order: str, known: str
) -> None:
    walk = i.replay(one(v.Request(f.RequestKind("action"), work_order=f.Variable("job"))), [outcome])
    assert (walk.way.variables["job"], walk.way.variables["job.known"]) == (order, known)


def test_resolved_requests_are_told_only_where_there_is_a_prompt_for_that() -> None:
    found = json.dumps([{"number": 12, "state": "resolved", "work_order": 3}])
    assert where(one(STATUS), found) == "b"
    states = {f.RequestState("resolved"): prompt("is_done")}
    walk = i.replay(one(v.Status(prompt("number"), states=states, on_none=step("b"))), [found])
    assert (walk.do, walk.way.variables["status.work_order"]) == (d.Play("start", 0, ("number",), True), "3")
    assert walk.send(None) == d.Play("start", 0, ("is_done",), True)


def test_a_survey_writes_down_what_was_answered_and_nothing_else() -> None:
    questions = {f.Variable("solved"): prompt("s"), f.Variable("kind"): prompt("k")}
    survey = v.Survey(f.Variable("after"), questions=questions, scale=f.DigitRange(1, 5))
    walk = i.replay(one(survey), ["4"])
    assert walk.do == d.Note("start", 0, "survey", {"survey": "after", "question": "solved", "answer": 4})
    assert walk.send(None) == d.Choose("start", 0, "k", ("1", "2", "3", "4", "5"), 6)
    assert where(one(survey), None, "9") == "next"


@pytest.mark.parametrize(
    ("key", "noted"),
    [("1", {"resolved": False}), ("3", {}), ("5", {"resolved": True}), ("2", None), (None, None)],
)
def test_the_question_whether_it_is_resolved_has_keys_of_its_own_with_their_meaning(
    key: str | None, noted: dict[str, bool] | None
) -> None:
    questions = {f.Variable("solved"): prompt("s"), f.Variable("kind"): prompt("k")}
    means = {f.Key("1"): "no", f.Key("3"): "neither", f.Key("5"): "yes"}
    survey = v.Survey(
        f.Variable("after"),
        questions=questions,
        scale=f.DigitRange(1, 2),
        resolved=f.Question("solved"),
        resolved_keys=means,
    )
    walk = i.replay(one(survey), [])
    assert walk.do == d.Choose("start", 0, "s", ("1", "3", "5"), 6)
    asked = walk.send(key)
    if noted is not None:
        answer = {"survey": "after", "question": "solved", "answer": int(key or "")}
        assert asked == d.Note("start", 0, "survey", answer | noted)
        asked = walk.send(None)
    assert asked == d.Choose("start", 0, "k", ("1", "2"), 6)


STATUS = v.Status(prompt("number"), states={f.RequestState("open"): prompt("is_open")}, on_none=step("b"))


def test_the_state_of_open_requests_is_told_one_after_the_other() -> None:
    found = json.dumps([{"number": 12, "state": "open"}, {"number": 9, "state": "waiting"}])
    walk = i.replay(one(STATUS), [found])
    assert (walk.do, walk.way.variables["status.request"]) == (d.Play("start", 0, ("number",), True), "12")
    assert walk.send(None) == d.Play("start", 0, ("is_open",), True)
    walk.send(None)
    assert walk.way.variables["status.request"] == "9"
    assert walk.send(None) == d.End("next", 0, None)


@pytest.mark.parametrize("outcome", ["[]", None])
def test_who_has_no_request_and_who_cannot_be_looked_up_are_led_where_the_flow_says(
    outcome: str | None,
) -> None:
    assert where(one(STATUS), outcome) == "b"


WEBHOOK = v.Webhook(
    f.ServiceName("parcels"),
    send={f.Variable("number"): f.Text("{{ from_number }}"), f.Variable("pin"): f.Text("{{ pin }}")},
    into={f.Variable("state"): f.Variable("parcel.state")},
    on_failed=step("b"),
)


def test_what_a_service_answers_is_set_where_the_flow_says() -> None:
    walk = i.replay(one(WEBHOOK), (), {"from_number": "{{ pin }}", "pin": "12"})
    assert walk.do == d.Post("start", 0, "parcels", {"number": "{{ pin }}", "pin": "12"}, {}, ("state",))
    assert walk.send('{"state": "late"}') == d.End("next", 0, None)
    assert walk.way.variables["parcel.state"] == "late"
    assert where(one(WEBHOOK), None) == "b"


def test_secret_digits_are_sent_by_the_name_of_their_variable() -> None:
    pin = v.Ask(
        prompt("pin"), into=f.Variable("pin"), digits=f.DigitRange(4, 4), otherwise=step("a"), secret=True
    )
    ends = {"a": (v.Hangup(),), "b": (v.Hangup(),)}
    walk = i.replay(flow(start=(pin, WEBHOOK, v.Hangup()), **ends), ["••••"], {"from_number": "+1"})
    assert walk.do == d.Post("start", 1, "parcels", {"number": "+1"}, {"pin": "pin"}, ("state",))


ANSWERS = v.Answers(f.ArticleName("printer"), solved=prompt("helped"), on_solved=step("b"))


def article(name: str, **fields: object) -> str:
    return json.dumps(asdict(Article(name, **fields)))  # type: ignore[arg-type]


def test_a_question_leads_to_its_answer_and_what_helped_is_written_down() -> None:
    asks = article("printer", ask="light", yes="paper", no="power")
    walk = i.replay(one(ANSWERS), [asks])
    assert walk.do == d.Choose("start", 0, "light", ("1", "2"), 6)
    assert walk.send("2") == d.Look("start", 0, "article", "power")
    assert walk.send(article("power", say=("plug",), number="+1")) == d.Play("start", 0, ("plug",), True)
    assert walk.way.variables["article.number"] == "+1"
    assert walk.send(None) == d.Choose("start", 0, "helped", ("1", "2", "*"), 6)
    assert walk.send("1") == d.Note("start", 0, "article", {"article": "power", "solved": True})
    assert walk.send(None) == d.Play("b", 0, ("b",), True)


def test_an_article_is_told_again_and_one_that_did_not_help_goes_on() -> None:
    says = article("printer", say=("plug",))
    walk = i.replay(one(ANSWERS), [says, None, "*"])
    assert walk.do == d.Look("start", 0, "article", "printer")
    assert where(one(ANSWERS), says, None, "*", says, None, "2", None) == "next"


@pytest.mark.parametrize("outcomes", [[None], [article("printer", ask="light", yes="a", no="b"), None]])
def test_an_article_that_is_gone_and_a_silent_caller_go_on(outcomes: list[str | None]) -> None:
    assert where(one(ANSWERS), *outcomes) == "next"


NAMED = v.RecordName(f.Variable("who"), prompt=prompt("name"), otherwise=step("b"))


def test_words_are_recorded_until_something_is_said_and_can_be_said_back() -> None:
    walk = i.replay(
        flow(start=(NAMED, v.SayBack(f.Variable("who")), v.Hangup()), b=(v.Hangup(),)), [None, "c-w1"]
    )
    assert walk.do == d.Listen("start", 1, "c-w1")
    assert where(one(NAMED), None, None) == "b"
    assert where(one(v.SayBack(f.Variable("who")))) == "next"


OUTAGE = v.Bulletin(prompt("enough"), on_content=step("b"))
TOLD = json.dumps(
    [
        {"name": "mail", "prompt": "mail_down", "scope": {}},
        {"name": "vpn", "prompt": "vpn_down", "scope": {"to_number": "100"}},
        {"name": "gold", "prompt": "gold_down", "scope": {"customer.level": "gold"}},
    ]
)


def test_outages_that_concern_the_caller_are_told_and_who_is_content_is_written_down() -> None:
    walk = i.replay(one(OUTAGE), [TOLD], {"to_number": "100"})
    assert walk.do == d.Play("start", 0, ("mail_down", "vpn_down"), True)
    assert walk.send(None) == d.Choose("start", 0, "enough", ("1",), 4)
    noted = walk.send("1")
    assert isinstance(noted, d.Note)
    assert noted.data["note"] == "content with bulletin mail, vpn"
    assert walk.send("17") == d.Play("b", 0, ("b",), True)


@pytest.mark.parametrize("outcomes", [["[]"], [None], [TOLD, None, None], [TOLD, None, "5"]])
def test_without_an_outage_and_for_whoever_wants_more_the_flow_goes_on(outcomes: list[str | None]) -> None:
    assert where(one(OUTAGE), *outcomes) == "next"


def test_outages_are_told_without_a_question_where_the_flow_asks_none() -> None:
    assert where(one(v.Bulletin()), TOLD, None) == "next"


def test_what_is_collected_knows_whether_it_is_secret() -> None:
    secret = v.Ask(
        prompt("pin"), into=f.Variable("pin"), digits=f.DigitRange(4, 4), otherwise=step("a"), secret=True
    )
    assert i.replay(one(secret)).do == d.Collect("start", 0, "pin", 4, 4, 6, "pin", secret=True)


def test_set_inserts_variables_and_nothing_for_one_that_is_not_there() -> None:
    action = v.Set({f.Variable("x"): f.Text("{{ from_number }}-{{ nobody }}!")})
    walk = i.replay(one(action), (), {"from_number": "123"})
    assert walk.way.variables["x"] == "123-!"


def test_a_variable_that_is_doubled_for_ever_stays_short() -> None:
    double = v.Set({f.Variable("x"): f.Text("{{ x }}{{ x }}")})
    walk = i.replay(flow(a=(v.Set({f.Variable("x"): f.Text("ab")}), *[double] * 60, v.Hangup())))
    assert walk.way.variables["x"] == "ab" * (MOST_TEXT // 2)


def test_switch_leads_to_the_case_of_a_value_or_otherwise() -> None:
    switch = v.Switch(f.Variable("level"), cases={"gold": step("a")}, otherwise=step("b"))
    assert where(one(switch), level="gold") == "a"
    assert where(one(switch), level="tin") == "b"
    assert where(one(switch)) == "b"


@pytest.mark.parametrize(
    ("state", "bare", "full"),
    [
        ("open", "next", "next"),
        ("closed", "a", "a"),
        ("holiday", "a", "b"),
        ("override", "a", "c"),
        ("emergency", "a", "d"),
    ],
)
def test_hours_go_on_while_open_and_what_is_not_told_apart_is_closed(
    state: str, bare: str, full: str
) -> None:
    office = f.Schedule("office")
    assert where(one(v.Hours(office, on_closed=step("a"))), state) == bare
    told = v.Hours(
        office, on_closed=step("a"), on_holiday=step("b"), on_override=step("c"), on_emergency=step("d")
    )
    assert where(one(told), state) == full


@pytest.mark.parametrize(
    ("came", "bare", "full"),
    [
        ("done", "next", "next"),
        ("timeout", "a", "a"),
        ("full", "a", "b"),
        ("unstaffed", "a", "c"),
        ("closed", "a", "d"),
        ("1", "a", "e"),
        (None, "a", "a"),
    ],
)
def test_a_queue_leads_where_its_outcome_says_and_to_on_timeout_where_nothing_is_said(
    came: str | None, bare: str, full: str
) -> None:
    sales = f.QueueName("sales")
    assert where(one(v.Queue(sales, on_timeout=step("a"))), came) == bare
    told = v.Queue(
        sales,
        on_timeout=step("a"),
        on_full=step("b"),
        on_unstaffed=step("c"),
        on_closed=step("d"),
        on_key=keys(k1="e"),
    )
    assert where(one(told), came) == full


def test_voicemail_goes_on_with_or_without_a_message_unless_the_flow_says_otherwise() -> None:
    box = f.Mailbox("office")
    assert where(one(v.Voicemail(box)), "left") == where(one(v.Voicemail(box)), "none") == "next"
    assert where(one(v.Voicemail(box, on_none=step("a"))), "none") == "a"
    assert i.replay(one(v.Voicemail(box))).do == d.Record(
        "start", 0, "office", "leave_message", 180, 8, "action"
    )


def test_nothing_follows_the_end_and_outcomes_beyond_it_are_ignored() -> None:
    bye = one(v.Hangup(prompt("bye")))
    assert i.replay(bye).do == d.End("start", 0, "bye")
    assert where(bye, None, "1", "2", None) == "end"
    assert i.replay(bye, [None]).send("1") is None


def test_a_call_starts_at_the_first_step_or_where_the_flow_says() -> None:
    two = {step("a"): (v.Hangup(),), step("b"): (v.Hangup(),)}
    assert where(f.Flow("x", two, (f.LanguageCode("en"),))) == "a"
    assert where(f.Flow("x", two, (f.LanguageCode("en"),), start=step("b"))) == "b"


# --- nobody is stranded -----------------------------------------------------------------------


def test_a_step_without_an_end_ends_the_call() -> None:
    assert i.replay(flow(a=(v.Say((prompt("x"),)),)), [None]).do == d.End("a", 0, None)


def test_a_flow_that_goes_round_by_itself_is_ended() -> None:
    assert isinstance(i.replay(flow(a=(v.Goto(step("b")),), b=(v.Goto(step("a")),))).do, d.End)


def test_a_caller_who_goes_on_pressing_keys_is_not_cut_off() -> None:
    menu = v.Menu(prompt("m"), choices=keys(k1="a"), otherwise=step("b"))
    walk = i.replay(flow(a=(menu,), b=(v.Hangup(),)), ["1"] * (3 * PATIENCE))
    assert isinstance(walk.do, d.Choose)


def silent_outcomes(do: d.Do) -> tuple[d.Outcome, ...]:
    """Whatever can come of something when the caller does nothing and no agent answers."""
    match do:
        case d.Look(what="hours"):
            return tuple(door.value for door in Door)
        case d.Look(what="article"):
            return (json.dumps(asdict(SITE.settings.articles[do.name])),)
        case d.Look(what="bulletins"):
            return ("[]", json.dumps([{"name": "mail", "prompt": "outage_mail", "scope": {}}]))
        case d.Look(what="requests"):
            return ("[]", json.dumps([{"number": 17, "state": "working"}]))
        case d.Enqueue():
            return ("timeout", "full", "unstaffed", "closed")
        case d.Record():
            return ("none", "left")
        case d.Entitle():
            return tuple(Answer(one, one is Standing.ENTITLED).text() for one in Standing)
        case _:
            return (None,)


def any_outcomes(do: d.Do) -> st.SearchStrategy[d.Outcome]:
    """Whatever can come of something."""
    match do:
        case d.Choose(keys=right):
            return st.none() | st.sampled_from(right) | st.sampled_from(KEYS)
        case d.Collect(most=most):
            return st.none() | st.text("0123456789", min_size=1, max_size=most)
        case d.Enqueue(keys=right):
            return st.sampled_from(("done", *silent_outcomes(do), *right))
        case _:
            return st.sampled_from(silent_outcomes(do))


@pytest.mark.parametrize("name", sorted(SHIPPED))
def test_a_silent_caller_of_a_shipped_flow_reaches_an_end_soon_whatever_happens(name: str) -> None:
    ways: list[list[d.Outcome]] = [[]]
    longest = 0
    while ways:
        way = ways.pop()
        longest = max(longest, len(way))
        assert longest < 60
        do = i.replay(SHIPPED[name], way).do
        ways += [[*way, outcome] for outcome in silent_outcomes(do)] if do else []
    assert longest >= 1


def random_outcome(do: d.Do, chance: random.Random) -> d.Outcome:
    """Whatever a caller or the world may answer."""
    said: tuple[d.Outcome, ...]
    match do:
        case d.Choose(keys=right):
            said = (None, *right, chance.choice(KEYS))
        case d.Collect(most=most):
            said = (None, "".join(chance.choices("0123456789", k=chance.randint(1, most))))
        case d.Enqueue(keys=right):
            said = ("done", *silent_outcomes(do), *right)
        case d.Transfer():
            said = ("answered", "busy", "no_answer")
        case d.Capture():
            said = (None, "name-1")
        case d.Rule():
            said = ("set", "refused")
        case d.Book():
            said = (None, "booked")
        case d.Post(fields=wanted):
            said = (None, json.dumps(dict.fromkeys(wanted, "ready")))
        case d.Recall(languages=known):
            said = (None, *known)
        case _:
            said = silent_outcomes(do)
    return chance.choice(said)


@pytest.mark.parametrize("name", sorted(set(SITE.settings.numbers.values())))
def test_a_thousand_callers_of_each_shipped_number_reach_an_end_whatever_they_do(name: str) -> None:
    chance = random.Random(name)
    for _ in range(1000):
        walk, asked = i.replay(SHIPPED[name]), 0
        while walk.do is not None:
            asked += 1
            assert asked < 400
            # Nobody goes on for ever: after a while the caller is silent, and nobody answers.
            walk.send(random_outcome(walk.do, chance) if asked < 60 else silent_outcomes(walk.do)[0])


# --- random flows and callers -----------------------------------------------------------------

MOST_STEPS, RETRIES = 5, 2
steps = st.integers(0, MOST_STEPS - 1).map(lambda n: step(f"s{n}"))
maybe_steps = st.none() | steps
prompts = st.sampled_from("pqr").map(prompt)
variables = st.sampled_from("xyz").map(f.Variable)
choices = st.dictionaries(st.sampled_from(KEYS).map(f.Key), steps, min_size=1, max_size=4)
retries = st.integers(0, RETRIES)
texts = st.sampled_from(["", "1", "{{ x }}", "{{ y }}{{ z }}", "{{ from_number }}"]).map(f.Text)
digits = st.tuples(st.integers(1, 3), st.integers(0, 3)).map(lambda d: f.DigitRange(d[0], d[0] + d[1]))
languages = st.sampled_from(["en", "bg"]).map(f.LanguageCode)

goes_on = st.one_of(
    st.builds(v.Say, st.tuples(prompts), interrupt=st.booleans()),
    st.builds(
        v.Language,
        prompts,
        choices=st.dictionaries(st.sampled_from("123").map(f.Key), languages, min_size=1),
        retries=retries,
    ),
    st.builds(
        v.Ask,
        prompts,
        into=variables,
        digits=digits,
        otherwise=steps,
        confirm=st.none() | prompts,
        invalid=st.none() | prompts,
        retries=retries,
    ),
    st.builds(v.Set, st.dictionaries(variables, texts, min_size=1)),
    st.builds(
        v.Hours,
        st.just(f.Schedule("office")),
        on_closed=steps,
        on_holiday=maybe_steps,
        on_override=maybe_steps,
        on_emergency=maybe_steps,
    ),
    st.builds(
        v.Queue,
        st.just(f.QueueName("sales")),
        on_timeout=steps,
        on_full=maybe_steps,
        on_unstaffed=maybe_steps,
        on_key=st.just({}) | choices,
    ),
    st.builds(v.Voicemail, st.just(f.Mailbox("office")), on_none=maybe_steps),
)
leaves = st.one_of(
    st.builds(v.Goto, steps),
    st.builds(
        v.Menu, prompts, choices=choices, otherwise=steps, invalid=st.none() | prompts, retries=retries
    ),
    st.builds(v.Switch, variables, cases=st.dictionaries(st.just("1"), steps), otherwise=steps),
    st.builds(v.Hangup, st.none() | prompts),
)
bodies = st.builds(lambda many, last: (*many, last), st.lists(goes_on, max_size=3), leaves)
flows = st.lists(bodies, min_size=MOST_STEPS, max_size=MOST_STEPS).map(
    lambda many: flow(**{f"s{n}": body for n, body in enumerate(many)})
)


def seen(walk: i.Walk) -> tuple[d.Do | None, str, int, dict[str, str]]:
    known = walk.way
    return walk.do, known.step, known.index, dict(known.variables)


def test_who_stands_in_somebodys_place_goes_on_there_as_who_they_are() -> None:
    asked = one(replace(MENU, choices=keys(k1="a", k2="next")))
    given = {"language": "en", "from_number": "+359", "to_number": "100"}
    stands = {"variables": {**given, "language": "bg", "from_number": "2000"}, "told": ["9"]}
    walk = i.Beginning.of({**given, "stands": stands}).walk(asked)
    assert (walk.do, walk.told) == (i.replay(asked, ["9"]).do, 1)
    assert {name: walk.way.variables[name] for name in given} == given
    again = i.Beginning.of({**given, "stands": stands}).walk(asked, [None, "1"])
    assert again.do is not None and again.do.step == "a"


@settings(deadline=None, max_examples=60)
@given(flows | st.sampled_from(list(SHIPPED.values())), st.data())
def test_replay_is_exact_for_any_caller_of_any_flow_at_every_moment(
    any_flow: f.Flow, data: st.DataObject
) -> None:
    given_ = {"from_number": "+359888000001", "language": "en"}
    live, history = i.replay(any_flow, (), given_), list[d.Outcome]()
    while live.do is not None and len(history) < 25:
        assert seen(i.replay(any_flow, history, given_)) == seen(live)
        history.append(data.draw(any_outcomes(live.do)))
        live.send(history[-1])
    # What the log keeps is JSON: it brings the caller back just as well.
    stored = json.loads(json.dumps(history))
    assert seen(i.replay(any_flow, stored, given_)) == seen(live)


@settings(deadline=None, max_examples=60)
@given(flows, st.randoms(use_true_random=False))
def test_a_silent_caller_of_any_flow_reaches_an_end_within_so_many_things_asked(
    any_flow: f.Flow, chance: object
) -> None:
    walk, asked = i.replay(any_flow), 0
    while walk.do is not None:
        asked += 1
        assert asked <= PATIENCE * (RETRIES + 1) + 1
        last = walk.do
        outcomes = silent_outcomes(last)
        walk.send(chance.choice(outcomes))
    assert isinstance(last, d.End)


@settings(deadline=None, max_examples=60)
@given(flows, st.data())
def test_everything_asked_belongs_to_the_action_that_asks_and_can_be_written_down(
    any_flow: f.Flow, data: st.DataObject
) -> None:
    walk = i.replay(any_flow)
    for _ in range(25):
        do = walk.do
        if do is None:
            break
        assert do.index < len(any_flow.steps[step(do.step)])
        assert json.loads(json.dumps(d.plain(do)))["do"] in d.DOES
        walk.send(data.draw(any_outcomes(do)))


# --- words ------------------------------------------------------------------------------------

SPOKEN = v.Menu(
    prompt("m"),
    choices=keys(k1="a", k2="b"),
    otherwise=step("e"),
    invalid=prompt("no"),
    by_key=prompt("press"),
    unsure={f.Key("1"): prompt("meant_a")},
    retries=3,
)


@pytest.mark.parametrize(
    "outcomes, wanted",
    [
        (["2"], "b"),
        (["operator"], "e"),
        (["repeat", "1"], "a"),
        (["1?", "1"], "a"),
        (["1?", "2", "2"], "m"),
        (["1?", None, "1"], "a"),
        (["2?"], "no"),
        (["?"], "no"),
        (["?", None, "?"], "press"),
        (["9", None, "?", None, "9"], "no"),
        (["9", None, "?", None, "?"], "press"),
        (["repeat"] * 3, "no"),
        (["?", None, "?", None, "?", None, "?"], "e"),
    ],
)
def test_words_lead_as_keys_do_and_are_asked_back_or_told_where_they_are_not_understood(
    outcomes: list[d.Outcome], wanted: str
) -> None:
    match i.replay(one(SPOKEN), outcomes).do:
        case d.Play(prompts=(heard, *_)) | d.Choose(prompt=heard):
            assert heard == wanted
        case do:
            raise AssertionError(f"{do} is not heard")


def test_a_menu_says_what_may_be_said_and_its_events_do_not() -> None:
    do = i.replay(one(SPOKEN)).do
    assert isinstance(do, d.Choose)
    assert do.says == (("1", "a"), ("2", "b"), ("repeat", "repeat"), ("operator", "operator"))
    assert "says" not in d.plain(do)
    assert d.asked(d.plain(do)) == do


@pytest.mark.parametrize(
    "outcomes, wanted",
    [
        (["4711", "1"], "next"),
        (["4711?", "1"], "next"),
        (["?"], "no"),
        (["operator"], "a"),
        (["4711", "operator"], "a"),
        (["repeat", "471", "?", "1"], "next"),
    ],
)
def test_digits_may_be_said_and_are_read_back(outcomes: list[d.Outcome], wanted: str) -> None:
    do = i.replay(one(ASK), outcomes).do
    assert do is not None
    assert wanted in (do.step, *getattr(do, "prompts", ()))


def test_digits_that_were_not_surely_understood_and_are_not_read_back_are_none() -> None:
    plain = replace(ASK, confirm=None)
    assert i.replay(one(plain), ["4711?"]).do == d.Play("start", 0, ("no",), True)
    assert where(one(plain), "4711") == "next"


def test_secret_digits_cannot_be_said() -> None:
    asked, secret = (i.replay(one(replace(ASK, secret=hidden))).do for hidden in (False, True))
    assert isinstance(asked, d.Collect) and isinstance(secret, d.Collect)
    assert asked.says and not secret.says
