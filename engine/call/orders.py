"""The work orders of the running engine: opened by what callers report, moved on by people; each change is an event first.

Which work orders are open is known here at once, not read from the store: of two callers who report the same problem at the same moment
one opens the work order, and the other one's request hangs on it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from engine.call.remarks import remark
from engine.core import work_order as fold
from engine.core.catalog import Problem
from engine.core.contact import Contact
from engine.core.event import Event
from engine.core.request import REQUEST_STATES
from engine.core.work_order import RESOLVED, WorkOrder
from engine.errors import SetupError
from engine.store.archive import Archive
from engine.store.ledger import Ledger

#: A caller's number that tells them from others: not a word such as anonymous.
_NUMBER = re.compile(r"\+?[0-9]{3,}")


def phone(number: str) -> str:
    """Who does something by calling in."""
    return f"phone {number}".strip()


def caller(number: str) -> str:
    """By what whoever calls from this number is known again; empty for who withholds it."""
    return f"caller {number}" if _NUMBER.fullmatch(number) else ""


class WorkOrders:
    """Those that are not resolved; `open` is by number."""

    def __init__(self, ledger: Ledger, archive: Archive, events: Iterable[Event] = ()) -> None:
        self._ledger, self._archive = ledger, archive
        self.open = fold.folded(events)

    def reported(
        self, contact: Contact, request: dict[str, Any], problem: Problem | None, at: float
    ) -> list[Event]:
        """The events of a request as it is now, to be written together; an action with a problem hangs on a work order from now on."""
        before = request["work_order"]
        starts = problem is not None and problem.work_order and request["kind"] == "action"
        if problem is None or not starts or before in self.open:
            return self._taken(Event("request", at, contact.id, data=request))
        about = problem.about(_who(contact, request), request["information"])
        order = fold.same(self.open, problem.name, about)
        opens: list[Event] = []
        request["known"] = order is not None
        if order is None:
            number = self._ledger.next_work_order()
            order = fold.started(problem, number, request, about, request["by"], at)
            opens = [order.event(at, contact.id)]
        request["work_order"] = order.number
        events = [*opens, Event("request", at, contact.id, data=request)]
        if before is not None or order.state != "open":
            events.append(_follows(order, request["number"], contact.id, at))
        return self._taken(*events)

    async def move(self, number: int, asked: Mapping[str, Any], at: float) -> dict[str, Any]:
        """Put a work order and all its requests into a state, which is on disk then. Raises SetupError with a sentence."""
        state, by, why = _read(asked)
        order = self.open.get(number)
        if order is None:
            known = await self._archive.work_order(number)
            raise SetupError(
                f"there is no work order {number}: `quietline work-orders list` shows them"
                if known is None
                else f"work order {number} is resolved: a problem that comes back has a new one"
            )
        moved = order.moved(state, by, why)
        follow = [_follows(moved, one, contact, at) for one, contact in order.requests.items()]
        await self._ledger.append(*self._taken(moved.event(at), *follow))
        return {"number": number, "state": state, "requests": sorted(order.requests)}

    async def move_request(self, number: int, asked: Mapping[str, Any], at: float) -> dict[str, Any]:
        """Put a request that hangs on no work order into a state, which is on disk then. Raises SetupError with a sentence."""
        state, by, why = _read(asked)
        request = await self._archive.request(number)
        if request is None:
            raise SetupError(f"there is no request {number}: `quietline requests list` shows them")
        holding = next((one.number for one in self.open.values() if number in one.requests), None)
        if holding is not None:
            raise SetupError(
                f"request {number} hangs on work order {holding} and follows it: "
                f"use `quietline work-orders set {holding} …` or `close {holding}`"
            )
        await self._ledger.append(fold.request_moved(number, request["contact"], state, by, why, None, at))
        return {"number": number, "state": state}

    async def change_request(
        self, number: int, asked: Mapping[str, Any], agents: Collection[str], at: float
    ) -> dict[str, Any]:
        """Make a request somebody's, where an `owner` is given, else put it into a state. Raises SetupError with a sentence."""
        if "owner" in asked:
            return await self.assign(number, asked, agents, at)
        return await self.move_request(number, asked, at)

    async def assign(
        self, number: int, asked: Mapping[str, Any], agents: Collection[str], at: float
    ) -> dict[str, Any]:
        """Make a request an agent's (`owner`; empty: nobody's), which is on disk then. Raises SetupError with a sentence."""
        owner = remark(asked, "owner")
        if owner and owner not in agents:
            raise SetupError(f"there is no agent {owner[:60]!r}: this site has {', '.join(agents)}")
        request = await self._archive.request(number)
        if request is None:
            raise SetupError(f"there is no request {number}: `quietline requests list` shows them")
        by, why = remark(asked, "by"), remark(asked, "why")
        await self._ledger.append(fold.request_owned(number, request["contact"], owner, by, why, at))
        return {"number": number, "state": request["state"], "owner": owner or None}

    def _taken(self, *events: Event) -> list[Event]:
        for event in events:
            fold.taken(self.open, event)
        return list(events)


def _who(contact: Contact, request: Mapping[str, Any]) -> str:
    """Whose problem it is: a customer's, else whoever calls from this number; empty for who withholds it."""
    if request["customer"]:
        return f"customer {request['customer']}"
    return caller(contact.from_number)


def _follows(order: WorkOrder, request: int, contact: str, at: float) -> Event:
    return fold.request_moved(request, contact, order.state, order.by, order.why, order.number, at)


def _read(asked: Mapping[str, Any]) -> tuple[str, str, str]:
    state = str(asked.get("state") or "").strip()
    if state not in REQUEST_STATES:
        raise SetupError(f"{state[:60]!r} is no state: {', '.join(REQUEST_STATES)}")
    by, why = remark(asked, "by"), remark(asked, "why")
    if state == RESOLVED and not by:
        raise SetupError("say who closes it: --by NAME")
    return state, by, why
