"""`quietline requests` and `quietline work-orders`: read from the store, changed by the running engine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from cli_kit import FakeEngine, Quietline, arrived

from engine.core.event import Event
from engine.core.work_order import WorkOrder, request_moved
from engine.store.ledger import open_ledger

AT = 1_900_000_000.0
ORDER = WorkOrder(1, "jam", "Free the printer", "4711", "customer 4711", 6, "open", AT + 60, "phone 7001")
REQUEST = {
    "number": 1,
    "kind": "action",
    "code": "jam",
    "priority": 5,
    "note": "at the door",
    "customer": "4711",
}
MORE = {"information": {"serial_number": "77"}, "work_order": 1, "known": False, "by": "phone 7001"}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A store with a request on a work order that was closed, and one that stands for itself."""

    async def write() -> None:
        async with open_ledger(tmp_path / "quietline.db", durable=False) as ledger:
            events = [
                *(
                    arrived("c1", at=AT),
                    ORDER.event(AT, "c1"),
                    Event("request", AT, "c1", data={**REQUEST, **MORE}),
                ),
                Event("ended", AT + 2, "c1", data={"cause": "caller"}),
                ORDER.moved("resolved", "mila", "new rollers").event(AT + 90),
                request_moved(1, "c1", "resolved", "mila", "new rollers", 1, AT + 90),
                *(
                    arrived("c2", "7002", AT),
                    Event("request", AT, "c2", data={**REQUEST, "number": 2, "note": ""}),
                ),
            ]
            await ledger.append(*events)

    asyncio.run(write())
    return tmp_path


def test_requests_that_are_not_resolved_are_listed_and_all_where_that_is_asked_for(
    quietline: Quietline, state: Path
) -> None:
    lines = quietline("requests", "list", "--state", state).out.splitlines()
    assert [line.split()[0] for line in lines] == ["number", "2"]
    listed = quietline("requests", "list", "--all", "--json", "--state", state).out.splitlines()
    assert [(one["number"], one["state"]) for one in map(json.loads, listed)] == [
        (1, "resolved"),
        (2, "open"),
    ]


def test_a_request_is_shown_with_all_that_happened_to_it(quietline: Quietline, state: Path) -> None:
    printed = quietline("requests", "show", 1, "--state", state).out
    for words in ("serial_number 77", "work order   1", "at the door", "`quietline trace c1`"):
        assert words in printed
    told = json.loads(quietline("requests", "show", 1, "--json", "--state", state).out)
    assert [(one["event"], one["by"]) for one in told["history"]] == [
        ("request", "phone 7001"),
        ("request_state", "mila"),
    ]


def test_a_work_order_is_shown_with_what_hangs_on_it_and_who_closed_it_why(
    quietline: Quietline, state: Path
) -> None:
    assert quietline("work-orders", "list", "--state", state).out == "No work order is open.\n"
    row = quietline("work-orders", "list", "--all", "--state", state).out.splitlines()[1]
    assert row.split()[:2] == ["1", "jam"] and row.endswith("(late)")
    printed = quietline("work-orders", "show", 1, "--state", state).out
    assert "Free the printer" in printed and "new rollers" in printed and "c1" in printed
    told = json.loads(quietline("work-orders", "show", 1, "--json", "--state", state).out)
    assert [one["number"] for one in told["requests"]] == [1]
    assert [one["state"] for one in told["history"]] == ["open", "resolved"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("requests", "show", 9), "there is no request 9: `quietline requests list --all` shows them"),
        (
            ("work-orders", "show", 9),
            "there is no work order 9: `quietline work-orders list --all` shows them",
        ),
        (("work-orders", "close", 9), "no engine runs on "),
        (("requests", "close", 0), "0 is no number: `quietline requests list` shows them"),
    ],
)
def test_what_is_not_there_is_one_sentence(
    quietline: Quietline, state: Path, words: tuple[object, ...], sentence: str
) -> None:
    assert quietline(*words, "--state", state).sentence.startswith(sentence)


def test_a_work_order_is_closed_with_all_its_requests(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    words = ("close", 3, "--by", "mila", "--why", "new cable", "--state", tmp_path)
    assert quietline("work-orders", *words).out == "Work order 3 is resolved, and with it requests 4, 5.\n"
    assert quietline("requests", "set", 2, "working", "--by", "ivan", "--state", tmp_path).out == (
        "Request 2 is working.\n"
    )
    assert engine.moved == [
        ("order", 3, {"state": "resolved", "by": "mila", "why": "new cable"}),
        ("request", 2, {"state": "working", "by": "ivan", "why": ""}),
    ]


def test_a_request_is_given_to_an_agent_and_taken_back(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    rest = ("--by", "mila", "--why", "on duty", "--state", tmp_path)
    assert quietline("requests", "assign", 2, "2001", *rest).out == "Request 2 is of agent 2001.\n"
    assert quietline("requests", "assign", 2, *rest).out == "Request 2 is of nobody.\n"
    assert engine.moved == [
        ("request", 2, {"owner": owner, "by": "mila", "why": "on duty"}) for owner in ("2001", "")
    ]


def test_what_the_engine_refuses_is_its_sentence(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    said = quietline("requests", "close", 7, "--state", tmp_path)
    assert said.sentence == "request 7 hangs on work order 3 and follows it"
    assert engine.moved == []


def test_a_change_that_is_not_on_disk_yet_says_so(
    quietline: Quietline, engine: FakeEngine, tmp_path: Path
) -> None:
    engine.disk_takes, engine.trouble = 4.0, "the disk is full"
    printed = quietline("work-orders", "set", 3, "waiting", "--by", "mila", "--state", tmp_path).out
    assert printed == "Work order 3 is waiting; it is not on disk yet: the disk is full.\n"
