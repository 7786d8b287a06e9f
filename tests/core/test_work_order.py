"""Work orders: what is the same problem, which one takes a report, and the state that their events leave behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.core.catalog import CUSTOMER, Category, Department, Problem, Provider, problems
from engine.core.event import Event
from engine.core.flow import Seconds, Variable
from engine.core.request import Noted, continues, opened
from engine.core.work_order import WorkOrder, folded, same, started

SITE, SERIAL = Variable("site"), Variable("serial")
JAM = Problem("jam", "Jam", (SITE, SERIAL), "Free it", Seconds(3600))
REQUEST = {"number": 4, "customer": "4711", "priority": 7}


def asked(order: int | None, number: int = 4, contact: str = "c1") -> Event:
    return Event("request", 1.0, contact, data={"number": number, "work_order": order})


@pytest.mark.parametrize(
    ("same_by", "who", "given", "about"),
    [
        ((CUSTOMER,), "customer 4711", {"site": "A"}, "customer 4711"),
        ((CUSTOMER,), "", {"site": "A"}, ""),
        ((SITE,), "", {"site": "  Head   Office "}, "site head office"),
        ((SITE,), "customer 4711", {"site": " "}, ""),
        ((SITE,), "customer 4711", {}, ""),
        ((CUSTOMER, SERIAL), "caller +1", {"serial": "7"}, "caller +1, serial 7"),
    ],
)
def test_a_problem_is_about_what_its_code_says(
    same_by: tuple[Variable, ...], who: str, given: dict[str, str], about: str
) -> None:
    assert replace(JAM, same_by=same_by).about(who, given) == about


def test_a_work_order_has_its_code_s_title_and_time_and_the_first_report_s_priority_unless_the_code_has_one() -> (
    None
):
    order = started(JAM, 3, REQUEST, "customer 4711", "phone 1", 100.0)
    assert (order.title, order.due_at, order.priority, order.state) == ("Free it", 3700.0, 7, "open")
    assert started(replace(JAM, priority=2, due=None), 3, REQUEST, "", "", 100.0) == replace(
        order, priority=2, due_at=None, about="", by=""
    )


def test_only_an_open_one_of_the_same_code_about_the_same_takes_a_report() -> None:
    order = started(JAM, 3, REQUEST, "customer 4711", "phone 1", 100.0)
    orders = {3: order, 4: replace(order, number=4, about="")}
    assert same(orders, "jam", "customer 4711") == order
    assert [
        same(orders, *other) for other in (("toner", "customer 4711"), ("jam", "customer 1"), ("jam", ""))
    ] == [None] * 3


def test_the_events_tell_what_is_open_and_what_hangs_on_it() -> None:
    order = started(JAM, 3, REQUEST, "customer 4711", "phone 1", 100.0)
    other = replace(order, number=5)
    events = [order.event(100.0, "c1"), asked(3), asked(3, 6, "c2"), other.event(101.0, "c3"), asked(None, 8)]
    assert folded(events) == {3: replace(order, requests={4: "c1", 6: "c2"}), 5: other}
    working = order.moved("working", "mila", "")
    assert folded([*events, working.event(102.0)])[3] == replace(working, requests={4: "c1", 6: "c2"})
    closed = order.moved("resolved", "mila", "done").event(103.0)
    assert list(folded([*events, closed, asked(3, 9)])) == [5]


def before(**more: Any) -> dict[str, Any]:
    return opened(None, 4, {"kind": "action", "code": "jam", "information": {"site": "A"}, **more})


@pytest.mark.parametrize(
    ("code", "more"), [("jam", True), (None, True), ("toner", False)], ids=["the same", "none", "another"]
)
def test_a_second_problem_is_a_second_request(code: str | None, more: bool) -> None:
    assert continues(before(), {"kind": "action", "code": code}) is more
    assert not continues(None, {"code": code})


def test_what_is_noted_later_adds_to_a_request_and_takes_nothing_from_it() -> None:
    later = {"kind": "information", "code": None, "information": {"serial": "7", "site": ""}}
    known = opened(before(), 4, later)
    assert (known["kind"], known["information"]) == ("information", {"site": "A", "serial": "7"})
    hanging = opened({**before(), "work_order": 3}, 4, later)
    assert (hanging["kind"], hanging["work_order"]) == ("action", 3)


@pytest.mark.parametrize("text", ["17", "17 3 new", "17 3 known", ""])
def test_what_a_flow_is_told_of_a_request_can_be_read_again(text: str) -> None:
    assert Noted.read(text).text() == text


def test_a_catalog_knows_its_codes_wherever_they_stand() -> None:
    def departments(*names: str) -> dict[str, Department]:
        return {
            name: Department(
                name, name, {"p": Provider("p", "P", {"c": Category("c", "C", {name: Problem(name, name)})})}
            )
            for name in names
        }

    assert list(problems(departments("b", "a"))) == ["b", "a"]


def test_an_order_s_event_holds_all_but_what_hangs_on_it() -> None:
    order = started(JAM, 3, REQUEST, "customer 4711", "phone 1", 100.0)
    event = order.event(100.0)
    assert "requests" not in event.data and WorkOrder(**event.data) == order
