"""What an engine has on record of scenarios, whichever Asterisk it ran on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine.app import Engine
from engine.core import acd
from engine.core.bulletins import Bulletin
from engine.core.event import Event
from engine.errors import EngineError, SetupError
from engine.sim.scenario import AGAIN, OrderPlan, Scenario

#: Stands behind the number of somebody who is rung back.
BACK = " back"


@dataclass(frozen=True)
class Told:
    """What the engine has on record of one scenario, by the number each caller called from; a callback's has `back` behind it."""

    records: dict[str, dict[str, Any]]
    events: dict[str, list[Event]]


async def set_agents(engine: Engine, ready: tuple[str, ...]) -> None:
    """Let these agents, and no others, take calls."""
    distributor = engine.house.distributor
    for agent in engine.house.site.settings.agents:
        await distributor.submit(acd.AgentSet(agent, "ready" if agent in ready else "logged_out"))


async def told_by(engine: Engine) -> Told:
    """Read the archive. AssertionError when a contact is still open, or one number has two."""
    records: dict[str, dict[str, Any]] = {}
    events: dict[str, list[Event]] = {}
    for contact in await engine.archive.contacts():
        caller = contact["from_number"] + (BACK if contact["callback_of"] else "")
        if caller in records and not contact["callback_of"]:
            caller += AGAIN
        assert contact["ended_at"] is not None, f"contact {contact['id']} was never closed"
        assert caller not in records, f"{caller} has two contacts"
        records[caller] = contact
        events[caller] = await engine.archive.events(contact["id"])
    return Told(records, events)


#: Seconds between two tries of an order that meets no conversation, and for how long it is tried.
TRY_AGAIN, TRIED_FOR = 0.5, 8.0


async def give_orders(current: Callable[[], Engine | None], scenario: Scenario) -> None:
    """Ask of conversations what the scenario says, of the engine that is there then; who is in none yet is asked again for a while."""
    began = asyncio.get_running_loop().time()
    for plan in sorted(scenario.orders, key=lambda one: one.at):
        await asyncio.sleep(max(0.0, began + plan.at - asyncio.get_running_loop().time()))
        until = asyncio.get_running_loop().time() + TRIED_FOR
        while asyncio.get_running_loop().time() < until:
            engine = current()
            if engine is not None and engine.ready and await taken(engine, plan):
                break
            await asyncio.sleep(TRY_AGAIN)


async def taken(engine: Engine, plan: OrderPlan) -> bool:
    """Ask one thing; a refusal is an answer, too."""
    if plan.do == "bulletin":
        await begin_bulletin(engine, plan)
        return True
    try:
        return await engine.switchboard.order(plan.who, {"do": plan.do, "to": plan.to}) is not None
    except SetupError:
        return True


async def begin_bulletin(engine: Engine, plan: OrderPlan) -> None:
    """Begin one that concerns a single caller, with the prompt the order names."""
    now = engine.house.now()
    concerned = {"from_number": plan.who}
    await engine.house.bulletins.begin(Bulletin(f"for {plan.who}", plan.to, now, None, concerned), now)


def disagreements(scenario: Scenario, told: Told) -> list[str]:
    """Where the records depart from what the scenario expects."""
    wrong = []
    for caller in scenario.callers:
        got = told.records.get(caller.known_as)
        if got is None:
            wrong.append(f"{caller.known_as}: no contact")
            continue
        for name, allowed in caller.expect.items():
            if name == "callback":
                value = told.records.get(caller.known_as + BACK, {}).get("outcome")
            elif name == "joined":
                value = _joined(told, got)
            else:
                value = got[name] if name in got else _of_events(name, told.events[caller.known_as], got)
            if value not in allowed:
                wrong.append(f"{caller.known_as}: {name} is {value!r}, not {' or '.join(map(repr, allowed))}")
    return wrong


def _joined(told: Told, record: dict[str, Any]) -> str | None:
    """How the contact ended that this caller was joined with (None: none), and that both say so."""
    if record["joined"] is None:
        return None
    (other,) = [number for number, one in told.records.items() if one["id"] == record["joined"]]
    two = told.records[other]
    cause = _of_events("cause", told.events[other], two)
    mutual = "" if two["joined"] == record["id"] else ", and does not know it"
    return f"{two['from_number']} {two['outcome']} {two['agent'] or 'nobody'} {cause}{mutual}"


def _of_events(name: str, events: list[Event], record: dict[str, Any]) -> Any:
    """What a scenario may expect beside the record's fields."""
    match name:
        case "cause":
            return next(event.data["cause"] for event in events if event.kind == "ended")
        case "hold":
            return round(record["hold_s"] or 0.0)
        case "path":
            return ", ".join(f"{leg['to']} {leg['how']} {leg['ended']}" for leg in record["legs"])
        case "messages":
            return sum(event.kind == "message" for event in events)
        case "recorded":
            return round(sum(event.data["seconds"] for event in events if event.kind == "recording_kept"))
        case "transfer":
            ends = [event.data for event in events if event.kind == "transfer_ended"]
            return " ".join(data.get("why") or data["by"] for data in ends)
        case "hears":
            kinds = ("announced", "comforted", "bulletin_told")
            return " ".join(event.data["prompts"][-1] for event in events if event.kind in kinds)
        case "decided":
            decided = [event.data for event in events if event.kind == "entitled"]
            return " ".join(":".join(filter(None, (d["outcome"], d["level"]))) for d in decided)
        case "signed_in":
            return " ".join(event.data["outcome"] for event in events if event.kind == "agent_sign_in")
        case _:
            raise EngineError(f"a scenario expects {name!r}, which no contact has")
