"""`quietline requests` and `quietline work-orders`: what callers want and what is done about it.

Lists are read from the store, beside a running engine or without one; changes are the running engine's.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import cyclopts
from cyclopts import Parameter

from engine.cli.ask import ask
from engine.cli.console import clock, print_json, say, table
from engine.cli.place import STATE, JsonOption, StateOption
from engine.cli.records import store_of
from engine.core.event import Event
from engine.errors import SetupError
from engine.release.live import login
from engine.store.archive import open_archive

requests = cyclopts.App(name="requests", help="What callers want.", help_format="plaintext")
work_orders = cyclopts.App(
    name="work-orders", help="What is done about what callers want.", help_format="plaintext"
)

AllOption = Annotated[bool, Parameter(name="--all", negative="", help="Resolved ones, too.")]
ByOption = Annotated[str, Parameter(help="Who does it; else this user.")]
WhyOption = Annotated[str, Parameter(help="Why, for those who look it up.")]
Wanted = Annotated[Literal["open", "working", "waiting"], Parameter(help="Its new state.")]


@requests.command(name="list")
async def list_requests(
    *, everything: AllOption = False, state: StateOption = STATE, json: JsonOption = False
) -> None:
    """Show the requests that are not resolved, the oldest first."""
    async with open_archive(store_of(state)) as archive:
        found = await archive.all_requests(resolved=everything)
    if json:
        for one in found:
            print_json(one)
    else:
        show_requests(found, "No requests." if everything else "No request is open.")


@requests.command(name="show")
async def show_request(number: int, /, *, state: StateOption = STATE, json: JsonOption = False) -> None:
    """Tell one request, and what happened to it.

    Parameters
    ----------
    number
        The request's number.
    """
    async with open_archive(store_of(state)) as archive:
        found = await archive.request(number)
        if found is None:
            raise SetupError(f"there is no request {number}: `quietline requests list --all` shows them")
        history = await archive.history_of_request(number, found["contact"])
    if json:
        print_json({**found, "history": [plain(event) for event in history]})
        return
    information = ", ".join(f"{name} {value}" for name, value in found["information"].items())
    facts = {**found, "information": information, "call": f"`quietline trace {found['contact']}`"}
    show(f"Request {number}", facts, ("kind", "code", "state", "priority", "customer", "from_number"))
    show("", facts, ("information", "work_order", "owner", "call", "note"))
    show_history(history)


@requests.command(name="set")
def set_request(
    number: int, wanted: Wanted, /, *, by: ByOption = "", why: WhyOption = "", state: StateOption = STATE
) -> None:
    """Put a request into a state; one that hangs on a work order follows that.

    Parameters
    ----------
    number
        The request's number.
    """
    move(state, "requests", number, wanted, by, why)


@requests.command(name="close")
def close_request(
    number: int, /, *, by: ByOption = "", why: WhyOption = "", state: StateOption = STATE
) -> None:
    """Resolve a request; one that hangs on a work order follows that.

    Parameters
    ----------
    number
        The request's number.
    """
    move(state, "requests", number, "resolved", by, why)


@requests.command(name="assign")
def assign_request(
    number: int,
    agent: str = "",
    /,
    *,
    by: ByOption = "",
    why: WhyOption = "",
    state: StateOption = STATE,
) -> None:
    """Make a request an agent's, whom `prefer: owner` of a queue waits for.

    Parameters
    ----------
    number
        The request's number.
    agent
        Whose it is from now on; nobody's if not given.
    """
    asked = {"owner": agent, "by": by or login(), "why": why}
    told = change(state, "requests", number, asked)
    say(f"Request {number} is {f'of agent {agent}' if agent else 'of nobody'}{later(told)}.")


@work_orders.command(name="list")
async def list_orders(
    *, everything: AllOption = False, state: StateOption = STATE, json: JsonOption = False
) -> None:
    """Show the work orders that are not resolved, the oldest first."""
    async with open_archive(store_of(state)) as archive:
        found = await archive.work_orders(resolved=everything)
    if json:
        for one in found:
            print_json(one)
    elif not found:
        say("No work orders." if everything else "No work order is open.")
    else:
        heads = ("number", "code", "title", "state", "priority", "about", "requests", "opened", "due")
        table(heads, ((*map(str, (one[name] for name in heads[:7])), *times(one)) for one in found))


def times(order: dict[str, Any]) -> tuple[str, str]:
    """When a work order was opened, and when it is due; one that is late says so."""
    late = order["due_at"] is not None and order["due_at"] < (order["closed_at"] or time.time())
    return clock(order["opened_at"]), clock(order["due_at"]) + (" (late)" if late else "")


@work_orders.command(name="show")
async def show_order(number: int, /, *, state: StateOption = STATE, json: JsonOption = False) -> None:
    """Tell one work order, what hangs on it, and what happened to it.

    Parameters
    ----------
    number
        The work order's number.
    """
    async with open_archive(store_of(state)) as archive:
        found = await archive.work_order(number)
        if found is None:
            raise SetupError(
                f"there is no work order {number}: `quietline work-orders list --all` shows them"
            )
        hanging = await archive.requests_of(number)
        history = await archive.history_of_work_order(number)
    if json:
        print_json({**found, "requests": hanging, "history": [plain(event) for event in history]})
        return
    facts = dict(zip(("opened", "due"), times(found), strict=True))
    names = ("code", "title", "state", "priority", "about", "customer", "opened", "due")
    show(f"Work order {number}", {**found, **facts}, names)
    say("")
    show_requests(hanging, "")
    show_history(history)


@work_orders.command(name="set")
def set_order(
    number: int, wanted: Wanted, /, *, by: ByOption = "", why: WhyOption = "", state: StateOption = STATE
) -> None:
    """Put a work order and all its requests into a state.

    Parameters
    ----------
    number
        The work order's number.
    """
    move(state, "work-orders", number, wanted, by, why)


@work_orders.command(name="close")
def close_order(
    number: int, /, *, by: ByOption = "", why: WhyOption = "", state: StateOption = STATE
) -> None:
    """Resolve a work order and all its requests; a problem that comes back has a new one.

    Parameters
    ----------
    number
        The work order's number.
    """
    move(state, "work-orders", number, "resolved", by, why)


def move(state: Path, what: str, number: int, wanted: str, by: str, why: str) -> None:
    """Ask the engine for a state, and say what came of it."""
    told = change(state, what, number, {"state": wanted, "by": by or login(), "why": why})
    thing = "Request" if what == "requests" else "Work order"
    hanging = told.get("requests") or []
    more = f", and with it request{'s' if len(hanging) > 1 else ''} {', '.join(map(str, hanging))}"
    say(f"{thing} {number} is {wanted}{more if hanging else ''}{later(told)}.")


def change(state: Path, what: str, number: int, asked: dict[str, str]) -> dict[str, Any]:
    """Ask the engine for a change; what is so then."""
    if number < 1:
        raise SetupError(f"{number} is no number: `quietline {what} list` shows them")
    return dict(ask(state, "POST", f"/{what}/{number}", asked))


def later(told: dict[str, Any]) -> str:
    """What is said of a change that waits for the disk."""
    return f"; it is not on disk yet: {told['unwritten']}" if "unwritten" in told else ""


def show_requests(found: list[dict[str, Any]], none: str) -> None:
    """Requests as a table; `none` is said where there are none."""
    if not found:
        say(none)
        return
    heads = (
        "number",
        "kind",
        "code",
        "state",
        "priority",
        "customer",
        "from",
        "work order",
        "opened",
        "call",
    )
    names = ("number", "kind", "code", "state", "priority", "customer", "from_number", "work_order")
    cells = (
        (*(shown(one[name]) for name in names), clock(one["opened_at"]), one["contact"]) for one in found
    )
    table(heads, cells)


def show(title: str, facts: dict[str, Any], names: Iterable[str]) -> None:
    """Facts, one a line; those that are not known are left out."""
    if title:
        say(title)
    for name in names:
        if shown(facts[name]):
            say(f"  {name.replace('_', ' '):<12} {shown(facts[name])}")


def show_history(events: Iterable[Event]) -> None:
    """What happened, when, by whom and why."""
    say("")
    rows = (
        (
            clock(e.at),
            happened(e),
            shown(e.data.get("by")),
            shown(e.data.get("why")),
        )
        for e in events
    )
    table(("when", "what", "by", "why"), rows)


def happened(event: Event) -> str:
    """In a word or two: a state, an owner, or that it was asked for."""
    if event.kind == "request_owner":
        return f"owner {event.data['owner'] or 'nobody'}"
    return shown(event.data.get("state")) or "asked"


def shown(value: object) -> str:
    """A value in a table; nothing for none."""
    return "" if value is None else str(value)


def plain(event: Event) -> dict[str, Any]:
    """An event as JSON values."""
    return {"at": event.at, "event": event.kind, **event.data}
