"""Work orders: what somebody does about the requests that hang on them.

An action request whose problem code starts a work order opens one, or hangs on the open one that is about the same: the same code, and the
same customer (or whatever the code's `same_by` names). All requests of a work order are in its state; a resolved one takes no more, so
that a problem that comes back has a new one. The last `work_order` event of a number is what it is now; `request` events tell what hangs
on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from engine.core.catalog import Problem
from engine.core.event import Event

RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One that is not resolved. `about` is what its reports have in common (empty: no other report joins it); `by` and `why` are the last
    change's; `requests` are the numbers of those that hang on it, each with its contact."""

    number: int
    code: str
    title: str
    customer: str
    about: str
    priority: int
    state: str
    due_at: float | None
    by: str
    why: str = ""
    requests: Mapping[int, str] = field(default_factory=dict)

    def event(self, at: float, contact: str | None = None) -> Event:
        """The event that makes it what it is now."""
        data = asdict(self)
        del data["requests"]
        return Event("work_order", at, contact, data=data)

    def moved(self, state: str, by: str, why: str) -> WorkOrder:
        """The same in another state."""
        return replace(self, state=state, by=by, why=why)


Orders = Mapping[int, WorkOrder]


def started(
    problem: Problem, number: int, request: Mapping[str, Any], about: str, by: str, at: float
) -> WorkOrder:
    """The standard work order of a problem, for the request that reports it first."""
    return WorkOrder(
        number,
        problem.name,
        problem.work_order,
        request["customer"],
        about,
        problem.priority or request["priority"],
        "open",
        None if problem.due is None else at + problem.due,
        by,
    )


def same(orders: Orders, code: str, about: str) -> WorkOrder | None:
    """The open one that is about the same, if there is one."""
    found = (one for one in orders.values() if about and (one.code, one.about) == (code, about))
    return next(found, None)


def folded(events: Iterable[Event]) -> dict[int, WorkOrder]:
    """The open work orders these events leave behind."""
    found: dict[int, WorkOrder] = {}
    for event in events:
        taken(found, event)
    return found


def taken(orders: dict[int, WorkOrder], event: Event) -> None:
    """Take one more event in; one of another kind changes nothing."""
    match event.kind:
        case "work_order":
            before = orders.pop(event.data["number"], None)
            if event.data["state"] != RESOLVED:
                requests = before.requests if before is not None else {}
                orders[event.data["number"]] = WorkOrder(**event.data, requests=requests)
        case "request" if (order := orders.get(event.data.get("work_order") or 0)) is not None:
            hanging = {**order.requests, event.data["number"]: str(event.contact)}
            orders[order.number] = replace(order, requests=hanging)


def request_owned(number: int, contact: str, owner: str, by: str, why: str, at: float) -> Event:
    """The event that makes a request an agent's, or (empty) nobody's."""
    data = {"number": number, "owner": owner, "by": by, "why": why}
    return Event("request_owner", at, contact, data=data)


def request_moved(
    number: int, contact: str, state: str, by: str, why: str, order: int | None, at: float
) -> Event:
    """The event that puts a request into a state: because somebody says so, or its work order is there."""
    data = {"number": number, "state": state, "by": by, "why": why, "work_order": order}
    return Event("request_state", at, contact, data=data)
