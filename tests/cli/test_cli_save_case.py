"""Stored calls, saved as cases from the command line."""

from __future__ import annotations

import asyncio
import shutil
import time
from pathlib import Path

import pytest
from cli_kit import Quietline, Said, arrived
from stored_calls import events, store

from engine.config import load_unrecorded
from engine.core import do as d
from engine.core.entitlement import Answer, Standing
from engine.core.event import Event
from engine.pbx.render import REPOSITORY
from engine.store.ledger import open_ledger

SHIPPED = REPOSITORY / "ivr_flows"
NOW = time.time() - 60
GOLD = Answer(Standing.ENTITLED, True, "471188", "Somebody", "gold").text()
UNKNOWN = Answer(Standing.UNKNOWN, False).text()

FORM = """\
flow: form
steps:
  who:
    - switch: from_number
      cases: { "7001": friend }
      otherwise: stranger
  friend:
    - webhook: crm
      send: { who: "{{ from_number }}" }
      into: { state: order }
      on_failed: stranger
    - say: welcome
    - menu: main_menu
      choices: { "#": stranger, "*": friend }
      otherwise: stranger
  stranger:
    - hangup: goodbye
"""


KNOWN = """\
flow: known
steps:
  greeting:
    - entitlement: customers
      by: caller
      on_unknown: identify
      on_expired: bye
      on_blocked: bye
      on_unreachable: bye
    - goto: desk
  identify:
    - entitlement: customers
      by: pin
      number: customer_number
      pin: customer_pin
      on_unknown: bye
      on_expired: bye
      on_blocked: bye
      on_unreachable: bye
    - goto: desk
  desk:
    - queue: support
      on_key: { 1: message }
      on_timeout: message
    - hangup: goodbye
  message:
    - voicemail: office
      on_none: bye
    - hangup: goodbye
  bye:
    - hangup: goodbye
"""


class Office:
    """A copy of the shipped site with a flow of its own, and calls it had."""

    def __init__(self, folder: Path, quietline: Quietline) -> None:
        self.state, self.site = folder / "state", folder / "ivr_flows"
        self.state.mkdir()
        shutil.copytree(SHIPPED, self.site)
        text = (SHIPPED / "site.yaml").read_text("utf-8").replace("../prompts", str(REPOSITORY / "prompts"))
        for old, more in (
            ("\nnumbers:", '  "106": form\n  "107": known\n'),
            ("\nservices:", "  crm: { url: 'http://127.0.0.1:9/' }\n"),
        ):
            at = text.index("\n", text.index(old) + 1) + 1
            text = text[:at] + more + text[at:]
        (self.site / "site.yaml").write_text(text, "utf-8")
        (self.site / "known.yaml").write_text(KNOWN)
        (self.site / "form.yaml").write_text(FORM)
        self._quietline = quietline
        self.loaded, _ = load_unrecorded(self.site)

    def call(self, flow: str, to_number: str, *told: d.Outcome, cause: str = "") -> str:
        """A call is in the store; its id is returned. With a cause it ended by that."""
        made = list(events(self.loaded.snapshot.flows[flow], "c1", to_number, NOW, told))
        if cause:
            made[-1] = Event("ended", made[-1].at, "c1", data={"cause": cause})
        asyncio.run(store(self.state, self.loaded, [made]))
        return "c1"

    def save(self, name: str, *words: object, contact: str = "c1") -> Said:
        where = ("--site", self.site, "--state", self.state)
        return self._quietline("replay", contact, "--save-case", name, *where, *words)

    def test(self, *names: str) -> Said:
        return self._quietline("test", *names, "--site", self.site)

    def cases(self, file: str) -> str:
        return (self.site / "tests" / file).read_text("utf-8")


@pytest.fixture
def office(tmp_path: Path, quietline: Quietline) -> Office:
    return Office(tmp_path, quietline)


def test_a_call_becomes_a_case_behind_the_others_and_passes(office: Office) -> None:
    before = office.cases("support.yaml")
    office.call("support", "100", "9", "1", "done")
    said = office.save("a_real_call")
    assert said.status == 0 and said.out.endswith("`quietline test support/a_real_call` passes.\n")
    after = office.cases("support.yaml")
    assert after.startswith(before)
    case = after.removeprefix(before)
    assert (
        '    number: "100"\n' in case and "    inputs: 9 1 done\n" in case and "    ends: answered\n" in case
    )
    assert "hears: [welcome, main_menu, not_understood, main_menu, connecting_support, goodbye]" in case
    assert "reaches: [greeting, main_menu, support]" in case and "clock: 20" in case and "7001" not in case
    assert office.test("support/a_real_call").out == "1 case: it passed.\n"


@pytest.mark.parametrize(
    ("flow", "number", "told", "written"),
    [
        ("support", "100", ["1"], "inputs: 1 hangup"),
        ("support", "100", [], "inputs: hangup"),
        ("support", "100", ["3"], "inputs: 3 hangup"),
        ("support", "100", [None, None, None, "full", "left"], "inputs: silence silence silence full left"),
        ("known", "107", [GOLD, "done"], "inputs: entitled:gold done"),
        ("known", "107", [UNKNOWN, "471188", "••••", UNKNOWN, "471188", "•••••", GOLD, "1", "none"], "0000 unknown"),
        ("sales", "103", ["holiday", "left"], "inputs: holiday left"),
        ("form", "106", ['{"state":"late, but \\"sure\\""}', "*", None, "#"], "from: "),
        ("form", "106", [None], "inputs: failed"),
    ],
)  # fmt: skip
def test_calls_of_every_kind_become_cases_that_pass(
    office: Office, flow: str, number: str, told: list[d.Outcome], written: str
) -> None:
    office.call(flow, number, *told)
    said = office.save("it")
    assert said.status == 0 and f"`quietline test {flow}/it` passes." in said.out, office.cases(
        f"{flow}.yaml"
    )
    assert written in office.cases(f"{flow}.yaml")
    assert office.test(f"{flow}/it").out == "1 case: it passed.\n"


def test_what_may_concern_the_caller_is_told(office: Office) -> None:
    office.call("known", "107", UNKNOWN, "471188", "••••", GOLD, "done")
    said = office.save("it")
    assert "What the caller keyed in stands in it (471188)" in said.out
    assert "Zeros stand for secret digits" in said.out and "Somebody" not in office.cases("known.yaml")


def test_the_caller_s_number_stands_in_a_case_only_where_the_flow_goes_by_it(office: Office) -> None:
    office.call("form", "106", None)
    assert "The caller's number stands in it" in office.save("it").out
    assert 'from: "7001"' in office.cases("form.yaml")


def test_a_new_file_begins_as_cases_do(office: Office) -> None:
    office.call("support", "100", "1", "done")
    said = office.save("it", "--file", "tests/from_calls.yaml")
    assert "tests/from_calls.yaml: case it, from call c1; `quietline test from_calls/it` passes." in said.out
    head = office.cases("from_calls.yaml").splitlines()[:3]
    assert head == ["# yaml-language-server: $schema=../case.schema.json", "cases:", "  it:"]


@pytest.mark.parametrize(
    "text",
    [
        "# ours\ncases:\n    one: { flow: support, hears: [] }   # wide\n",
        "cases:\n one:\n  flow: support\n  hears: []\n# the end",
        "cases:\r\n  one: { flow: support, hears: [] }\r\n",
    ],
)
def test_a_file_is_added_to_as_it_is_written(office: Office, text: str) -> None:
    file = office.site / "tests" / "ours.yaml"
    file.write_bytes(text.encode())
    office.call("support", "100", "1", "done")
    assert office.save("it", "--file", "tests/ours.yaml").status == 0
    after = file.read_bytes().decode()
    assert after.startswith(text) and ("\r\n" in text) == ("\r\n" in after.removeprefix(text))
    assert office.test("ours/it").out == "1 case: it passed.\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cases: { one: { flow: support, hears: [] } }\n", "write its cases one below the other"),
        ("cases: [\n", "cannot be added to: "),
        ("flow: support\n", "it holds no cases"),
        ("cases:\n  it: { flow: support, hears: [] }\n", "has a case 'it' already: choose another name"),
    ],
)
def test_a_file_that_cannot_be_added_to_stays_as_it_is(office: Office, text: str, says: str) -> None:
    file = office.site / "tests" / "ours.yaml"
    file.write_text(text)
    office.call("support", "100", "1", "done")
    assert says in office.save("it", "--file", "tests/ours.yaml").sentence
    assert file.read_text() == text


def test_what_cannot_be_saved_is_one_sentence(office: Office, quietline: Quietline) -> None:
    office.call("support", "100", "1", "done")
    assert "no case can be called 'a case'" in office.save("a case").sentence
    assert "site.yaml is no file of cases" in office.save("it", "--file", "site.yaml").sentence
    assert "elsewhere.yaml is no file of cases" in office.save("it", "--file", "/tmp/elsewhere.yaml").sentence
    where = ("--site", office.site, "--state", office.state)
    assert (
        "one contact becomes a case" in quietline("replay", "--last", 3, "--save-case", "it", *where).sentence
    )
    assert "--file says where" in quietline("replay", "c1", "--file", "tests/x.yaml", *where).sentence

    async def open_call() -> None:
        async with open_ledger(office.state / "quietline.db", durable=False) as ledger:
            await ledger.append(arrived("open", at=NOW))

    asyncio.run(open_call())
    assert (
        "call open cannot be made a case: it is still going on" in office.save("it", contact="open").sentence
    )
    (office.site / "support.yaml").unlink()
    assert office.save("it").status == 1


def test_a_case_of_a_call_that_would_go_another_way_now_says_so(office: Office) -> None:
    office.call("support", "100", "1", "done")
    text = (office.site / "support.yaml").read_text("utf-8")
    (office.site / "support.yaml").write_text(
        text.replace("{ 1: support, 2: sales, 3", "{ 1: sales, 2: support, 3")
    )
    said = office.save("it")
    assert said.status == 0 and "On this site the call would not go as it did" in said.out
    assert office.test("support/it").status == 1
