"""A call's trace: every line as a person reads it, while it happens; no secret and no control character in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import pytest

from engine.config import compile_flow
from engine.config.prompts import Catalog, load_catalog
from engine.config.report import Report
from engine.config.trace import Trace, clock, length
from engine.core import do as d
from engine.core import interpreter as i
from engine.core.entitlement import Answer, Standing
from engine.core.event import Event
from engine.core.flow import Flow
from engine.core.site import Settings

SITE = Settings(("en",), {}, {}, {}, {}, {}, {}, {})
FLOW = """\
flow: help
steps:
  greeting:
    - say: welcome
    - menu: main_menu
      choices: { 1: desk, 2: account }
      invalid: wrong
      retries: 1
      otherwise: message
  account:
    - ask: pin
      into: pin
      digits: 4
      secret: yes
      otherwise: desk
    - ask: number
      into: customer
      digits: 6
      otherwise: desk
    - say: read_number
    - goto: desk
  desk:
    - hours: office
      on_closed: message
    - queue: support
      on_timeout: message
      on_key: { 1: message }
    - hangup: goodbye
  message:
    - voicemail: office
      on_none: bye
    - hangup: goodbye
  bye:
    - hangup
"""
TEXTS = """\
welcome: Good day.
main_menu: For help, press 1.
wrong: That is no choice.
goodbye: Goodbye.
leave_message: Please leave a message.
pin: Your PIN, please.
number: Your number, please.
read_number: "Your number is {{ customer | digits }}."
you_are_number: You are number {{ position | number }}.
wait_about: You will wait about {{ minutes | minutes }}.
"""


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("prompts")
    (folder / "en.yaml").write_text(TEXTS, "utf-8")
    return load_catalog(folder, Report())


@pytest.fixture(scope="module")
def flow() -> Flow:
    return compile_flow(FLOW, "help", SITE)


class Log:
    """The events of one call; what the flow asks is taken from the flow itself, as the engine does."""

    def __init__(self, flow: Flow, /, **arrived: str) -> None:
        self.flow, self.events, self.now = flow, list[Event](), 1000.0
        data = {"from_number": "+35929998877", "to_number": "100", "channel": "1.1", "flow": flow.name}
        data |= {"flow_hash": flow.hash, "language": "en", "via": "sip"} | arrived
        given_ = {name: data[name] for name in ("language", "from_number", "to_number")}
        self.walk = i.replay(flow, (), given_)
        self.tell("arrived", **data).tell("answered")

    def tell(self, kind: str, after: float = 0.0, **data: Any) -> Log:
        self.now += after
        stored = json.loads(json.dumps(data))
        self.events.append(Event(kind, self.now, "c-1", data.get("agent"), stored, len(self.events) + 1))
        return self

    def came(self, *outcomes: d.Outcome, after: float = 2.0, heard: bool = True) -> Log:
        """What the flow asks came to these outcomes, one after the other."""
        for outcome in outcomes:
            do = self.walk.do
            assert do is not None
            self.walk.send(outcome)
            language = self.walk.way.variables["language"]
            about = {"outcome": outcome, "language": language, "playing_at": self.now if heard else None}
            self.tell("step", after, **d.plain(do), **about)
        return self


def told(catalog: Catalog, flow: Flow | None, events: Iterable[Event]) -> list[str]:
    trace = Trace(catalog, {flow.hash: flow} if flow else {})
    return [str(line).rstrip() for event in events for line in trace.feed(event)]


def candidate(queue: str, **figures: Any) -> dict[str, Any]:
    row = {
        "queue": queue,
        "excluded": None,
        "ready": 0,
        "waiting": 0,
        "held": 0,
        "capacity": 100,
        "active": 2.0,
    }
    return row | {"place": 1, "wait": 40.0, "adjust": 0.0, "idle_since": None, "last_chosen": None} | figures


def queued(log: Log, rule: str, *rows: dict[str, Any]) -> Log:
    decision = {"rule": rule, "chosen": rows[0]["queue"], "at": log.now, "candidates": list(rows)}
    about = {"queue": rows[0]["queue"], "group": "support", "priority": 5, "skills": [], "max_wait": 600.0}
    return log.tell("queued", **about, enqueued_at=log.now, position=2, estimate=40.0, decision=decision)


OFFER = {"offer": "o-1", "agent": "2001", "queue": "sofia"}
AGAIN = {"offer": "o-2", "agent": "2002", "queue": "sofia"}


def test_a_call_is_told_line_by_line(catalog: Catalog, flow: Flow) -> None:
    log = Log(flow).came(None, "9", None, "1", "open")
    queued(log, "call_surplus", candidate("sofia"), candidate("dubai", wait=65.0, adjust=5.0, waiting=3))
    log.tell("announced", 5, position=2, minutes=4, prompts=["you_are_number", "wait_about"])
    log.tell("offered", 3, **OFFER, leg="l", ring=20.0).tell("offer_ended", 20, **OFFER, why="no_answer")
    log.tell("offered", **AGAIN, leg="l", ring=20.0).tell("picked_up", 4, **AGAIN, leg="l")
    log.tell("connected", 0.1, **AGAIN, leg="l").tell("left_queue", queue="sofia", outcome="answered")
    log.tell("talk_ended", 125, by="agent", agent="2002").came("done", None).tell("ended", cause="flow")
    assert told(catalog, flow, log.events) == [
        f"   0:00.0            ☏ +35929998877 calls 100: flow help, version {flow.hash[:8]}",
        "   0:00.0            answered",
        "   0:00.0  greeting  ♪ Good day.",
        "   0:02.0            ♪ For help, press 1.",
        "   0:04.0            ← 9, not one of 1 2",
        "   0:04.0            ♪ That is no choice.",
        "   0:06.0            ♪ For help, press 1.",
        "   0:08.0            ← 1 → desk",
        "   0:10.0  desk      ? hours office: open",
        "   0:10.0            ⏳ number 2 in queue sofia of group support, priority 5, about 40 s to wait",
        "   0:10.0              shortest wait: sofia (chosen) 40 s, 0 waiting; dubai 65 s + 5.0 s, 3 waiting",
        "   0:15.0            ♪ You are number 2. You will wait about 4 min.",
        "   0:18.0            ☎ agent 2001 rings, for 20 s at most",
        "   0:38.0            ☎ agent 2001 does not answer",
        "   0:38.0            ☎ agent 2002 rings, for 20 s at most",
        "   0:42.0            ☎ agent 2002 picks up",
        "   0:42.1            ⇄ connected with agent 2002 of sofia after waiting 32 s",
        "   2:47.1            ⇄ agent 2002 ends the conversation after 2 min 05 s",
        "   2:49.1            ♪ Goodbye.",
        "   2:51.1            ✕ the flow came to its end: answered, waited 32 s, talked 2 min 05 s",
    ]


def test_what_is_being_heard_is_told_when_it_begins(catalog: Catalog, flow: Flow) -> None:
    trace = Trace(catalog, {flow.hash: flow})
    log = Log(flow)
    now = [str(line) for event in log.events for line in trace.feed(event)]
    assert now[-1].endswith("♪ Good day.")


def test_why_the_quietest_queue_was_chosen_is_told(catalog: Catalog, flow: Flow) -> None:
    log = Log(flow).came(None, "1", "open")
    rows = [
        candidate("sofia", ready=2),
        candidate("dubai", ready=1, waiting=1),
        candidate("goa", excluded="closed"),
    ]
    queued(log, "agent_surplus", *rows)
    assert told(catalog, flow, log.events)[-1].endswith(
        "largest share of its agents free: sofia (chosen) 2 free, 0 waiting, staff 2; dubai 1 free, 1 waiting, staff 2; goa closed"
    )


def test_a_queue_that_takes_nobody_says_why_and_where_the_caller_goes(catalog: Catalog, flow: Flow) -> None:
    log = Log(flow).came(None, "1", "open")
    rows = [candidate("sofia", excluded="full"), candidate("dubai", excluded="unstaffed")]
    decision = {"rule": "none", "chosen": None, "at": log.now, "candidates": rows}
    log.tell("left_queue", queue=None, outcome="refused", why="full", decision=decision).came("full", after=0)
    assert [line[21:] for line in told(catalog, flow, log.events)[-4:]] == [
        "⏳ not taken into queue sofia, dubai: full",
        "  no queue can take the call: sofia full; dubai unstaffed",
        "→ message (full)",
        "♪ Please leave a message.",
    ]


def test_a_move_at_closing_time_and_the_last_door_that_closes_are_told(catalog: Catalog, flow: Flow) -> None:
    log = Log(flow).came(None, "1", "open")
    queued(log, "call_surplus", candidate("sofia"))
    came = log.now
    rows = [candidate("dubai", waiting=1), candidate("sofia", excluded="closed")]
    decision = {"rule": "call_surplus", "chosen": "dubai", "at": came + 60, "candidates": rows}
    moved = {"queue": "dubai", "group": "support", "priority": 5, "skills": [], "max_wait": 600.0}
    log.tell(
        "queued",
        60,
        **moved,
        enqueued_at=came,
        position=2,
        estimate=None,
        decision=decision,
        moved_from="sofia",
    )
    rows = [candidate("dubai", excluded="closed"), candidate("sofia", excluded="closed")]
    none = {"rule": "none", "chosen": None, "at": log.now, "candidates": rows}
    log.tell("left_queue", 30, queue="dubai", outcome="refused", why="closed", decision=none)
    assert [line[21:] for line in told(catalog, flow, log.events)[-4:]] == [
        "⏳ sofia is closed: now number 2 in queue dubai of group support, priority 5",
        "  shortest wait: dubai (chosen) 40 s, 1 waiting; sofia closed",
        "⏳ queue dubai is closed, and no other can take the call: leaves after waiting 90 s",
        "  no queue can take the call: dubai closed; sofia closed",
    ]


def test_an_override_said_in_a_call_is_told_with_its_end(catalog: Catalog, flow: Flow) -> None:
    log = Log(flow)
    log.tell("override", 5, schedule="office", set="closed", until=1_780_304_400.0, by="phone +359", why="")
    log.tell("override", 5, schedule="office", set="none", until=None, by="phone +359", why="")
    assert [line[21:] for line in told(catalog, flow, log.events)[-2:]] == [
        "⚑ office: closed until 2026-06-01 09:00 UTC, by phone +359",
        "⚑ office: none, by phone +359",
    ]


def test_a_key_while_waiting_and_a_message_are_told(catalog: Catalog, flow: Flow) -> None:
    log = Log(flow).came(None, "1", "open")
    queued(log, "call_surplus", candidate("sofia"))
    log.tell("pressed", 12, key="1").tell("left_queue", queue="sofia", outcome="flow_out").came("1", after=0)
    log.tell("recording", 3, recording="r", mailbox="office")
    log.tell("message", 9, mailbox="office", file="r.wav", seconds=8.7).tell("ended", cause="caller")
    assert [line[21:] for line in told(catalog, flow, log.events)[-7:]] == [
        "← 1 while waiting",
        "⏳ leaves queue sofia after waiting 12 s",
        "→ message (key 1)",
        "♪ Please leave a message.",
        "● recording a message for office",
        "● a message of 8.7 s for office is kept",
        "✕ the caller hung up: voicemail, waited 12 s",
    ]


def test_what_a_key_typed_ahead_kept_from_being_heard_is_not_told_as_heard(
    catalog: Catalog, flow: Flow
) -> None:
    log = Log(flow).came(None, "1", after=0, heard=False)
    assert [line[21:] for line in told(catalog, flow, log.events)[2:6]] == [
        "♪ Good day.",
        "(not heard: a key was there before)",
        "♪ For help, press 1.",
        "(not heard) ← 1 → desk",
    ]


# --- secrets ----------------------------------------------------------------------------------


def test_secret_digits_are_dots_in_a_trace(catalog: Catalog, flow: Flow) -> None:
    log = Log(flow).came(None, "2", d.hidden("4711"), "777888", None, "open")
    lines = [line[21:] for line in told(catalog, flow, log.events)]
    assert "← ••••" in lines
    assert "← 777888" in lines
    assert "♪ Your number is 777888." in lines


# --- customers --------------------------------------------------------------------------------

CUSTOMERS = """\
flow: contract
steps:
  greeting:
    - language: number
      choices: { 1: en }
      remember: yes
    - entitlement: crm
      by: pin
      number: number
      pin: pin
      on_unknown: bye
      on_expired: bye
      on_blocked: bye
    - queue: sofia
      on_timeout: bye
    - hangup: goodbye
  bye:
    - hangup
"""


def decided(log: Log, outcome: str, **more: Any) -> Log:
    data = {
        "source": "crm",
        "by": "pin",
        "outcome": outcome,
        "granted": outcome == "entitled",
        "customer": None,
    }
    data |= {
        "level": None,
        "why": "wrong_pin",
        "ms": 500,
        "caller": "+1",
        "account": "4711",
        "failed_pin": True,
    }
    return log.tell("entitled", **{**data, **more})


def test_who_a_caller_is_found_to_be_is_told_with_its_reason(catalog: Catalog) -> None:
    flow = compile_flow(CUSTOMERS, "contract", SITE)
    log = Log(flow).came("en", "4711", d.hidden("1234"), "again", "4711", d.hidden("1234"))
    decided(log, "unknown").came(Answer(Standing.UNKNOWN, False).text())
    log.came("4711", d.hidden("1234"))
    known = Answer(Standing.EXPIRED, False, "4711", "Ana", "gold").text()
    decided(log, "expired", customer="4711", level="gold", why="contract_ended").came(known)
    lines = [line[21:] for line in told(catalog, flow, log.events)]
    assert [line for line in lines if line[:1] in "?→"] == [
        "? en was chosen in an earlier call",
        "? the PIN was lost in a restart: it is asked for again",
        "? crm by pin: unknown, nobody, wrong pin, 500 ms",
        "? crm by pin: expired, customer 4711, level gold, contract ended, 500 ms",
        "→ bye",
    ]
    assert "1234" not in " ".join(lines)


def test_who_is_let_in_although_nobody_could_be_asked_is_told_as_that(catalog: Catalog) -> None:
    flow = compile_flow(CUSTOMERS, "contract", SITE)
    log = Log(flow).came(None, "1")
    log.tell("remembered", who=["caller +1"], language="en").came(None, "4711", d.hidden("1234"))
    decided(log, "unreachable", granted=True, why="deadline")
    lines = [line[21:] for line in told(catalog, flow, log.events)]
    assert "✎ en is remembered for the next call" in lines
    assert lines[-1] == "? crm by pin: unreachable (let in all the same), nobody, deadline, 500 ms"


# --- what else must hold ----------------------------------------------------------------------


def test_an_agent_who_picked_up_has_hung_up_and_not_rejected_the_call(catalog: Catalog, flow: Flow) -> None:
    log = Log(flow).came(None, "1", "open")
    queued(log, "call_surplus", candidate("sofia"))
    for about in (OFFER, AGAIN):
        log.tell("offered", **about, ring=20.0).tell("offer_ended", 1, **about, why="rejected")
    log.tell("offered", **OFFER, ring=20.0).tell("picked_up", 1, **OFFER)
    log.tell("offer_ended", 4, **OFFER, why="rejected")
    ends = [line[21:] for line in told(catalog, flow, log.events) if "reject" in line or "hung up" in line]
    assert ends == [
        "☎ agent 2001 rejects the call",
        "☎ agent 2002 rejects the call",
        "☎ agent 2001 has hung up",
    ]


def test_a_message_that_is_played_back_is_told_when_it_begins(catalog: Catalog) -> None:
    text = FLOW.replace("    - voicemail: office", "    - voicemail: office\n      review: number")
    flow = compile_flow(text, "help", SITE)
    log = Log(flow).came(None, "1", "closed")
    log.tell("recording", 3, recording="r", mailbox="office")
    log.tell("message", 9, mailbox="office", file="r.wav", seconds=8.7).came("r.wav", after=0)
    while not isinstance(log.walk.do, d.Choose):
        log.came(None, after=0)
    begun = log.came("2").now
    lines = told(catalog, flow, log.events)
    assert lines[-1].endswith("♪ (the message)") and lines[-1].split()[0] == clock(begun - 1000.0)
    assert told(catalog, flow, log.came(None, after=8.7).events)[-1].endswith("♪ Your number, please.")


def test_a_line_of_json_holds_the_event_and_its_lines(catalog: Catalog, flow: Flow) -> None:
    trace = Trace(catalog, {flow.hash: flow})
    arrived, answered = Log(flow).events
    trace.feed(arrived)
    got = trace.as_json(answered, trace.feed(answered))
    assert list(got) == ["seq", "at", "kind", "agent", "data", "line"]
    assert (got["seq"], got["kind"], got["line"]) == (2, "answered", "answered\n♪ Good day.")


def test_a_callers_number_cannot_write_on_the_terminal(catalog: Catalog, flow: Flow) -> None:
    log = Log(flow, from_number="\x1b]0;gone\x07\u202e123")
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e]", "".join(told(catalog, flow, log.events)))


def test_events_that_another_version_of_the_flow_wrote_are_still_told(catalog: Catalog, flow: Flow) -> None:
    other = compile_flow(FLOW.replace("say: welcome", "say: goodbye"), "help", SITE)
    log = Log(flow).came(None, "1", "open")
    trace = Trace(catalog, {flow.hash: other})
    lines = [str(line)[21:] for event in log.events for line in trace.feed(event)]
    assert lines[2:] == ["♪ Goodbye.", "♪ Good day.", "♪ For help, press 1.", "← 1", "? hours office: open"]


def test_a_call_that_met_no_engine_and_one_to_an_unknown_number_are_told(
    catalog: Catalog, flow: Flow
) -> None:
    spooled = Log(flow, flow="", flow_hash="", via="fallback")
    spooled.tell("message", 20, mailbox="fallback", file="x.wav", seconds=12.0).tell("ended", cause="caller")
    lines = told(catalog, flow, spooled.events)
    assert "taken by the fallback, no engine was there" in lines[0]
    assert lines[-1].endswith("✕ the caller hung up: voicemail")
    spooled.events[-1] = Event("ended", spooled.now, "c-1", None, {"cause": "flow"}, 4)
    assert told(catalog, flow, spooled.events)[-1].endswith("✕ the fallback ended the call: voicemail")
    lost = Log(flow, flow="", flow_hash="", to_number="999").tell("ended", cause="unknown_number")
    assert told(catalog, flow, lost.events)[-1].endswith("✕ the number leads to no flow: failed")
    gone = told(catalog, flow, Log(flow).tell("ended", cause="lost").events)[
        -1
    ]  # also where it was Asterisk that had died
    assert gone.endswith("✕ the caller was gone when engine and Asterisk were together again: ivr_hangup")


def test_what_a_step_asked_can_be_read_back_from_the_log(flow: Flow) -> None:
    log = Log(flow).came(None, "2", "4711", "1", "777888", None, "open", "timeout", "none", None)
    walk = i.replay(flow)
    for event in log.events[2:]:
        assert d.asked(event.data) == walk.do
        walk.send(event.data["outcome"])


@pytest.mark.parametrize(
    ("seconds", "shown", "spoken"),
    [
        *[(0, "0:00.0", "0 s"), (9.96, "0:10.0", "10.0 s"), (59.97, "1:00.0", "60 s")],
        *[(3723.4, "1:02:03.4", "62 min 03 s"), (9000, "2:30:00.0", "2 h 30 min")],
    ],
)  # fmt: skip
def test_times_are_readable(seconds: float, shown: str, spoken: str) -> None:
    assert (clock(seconds), length(seconds)) == (shown, spoken)
