"""What an engine has on record of scenarios, whichever Asterisk it ran on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.app import Engine
from engine.core import acd
from engine.core.event import Event
from engine.errors import EngineError
from engine.sim.scenario import Scenario

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
        assert contact["ended_at"] is not None, f"contact {contact['id']} was never closed"
        assert caller not in records, f"{caller} has two contacts"
        records[caller] = contact
        events[caller] = await engine.archive.events(contact["id"])
    return Told(records, events)


def disagreements(scenario: Scenario, told: Told) -> list[str]:
    """Where the records depart from what the scenario expects."""
    wrong = []
    for caller in scenario.callers:
        got = told.records.get(caller.from_number)
        if got is None:
            wrong.append(f"{caller.from_number}: no contact")
            continue
        for name, allowed in caller.expect.items():
            if name == "callback":
                value = told.records.get(caller.from_number + BACK, {}).get("outcome")
            else:
                value = got[name] if name in got else _of_events(name, told.events[caller.from_number])
            if value not in allowed:
                wrong.append(
                    f"{caller.from_number}: {name} is {value!r}, not {' or '.join(map(repr, allowed))}"
                )
    return wrong


def _of_events(name: str, events: list[Event]) -> Any:
    """What a scenario may expect beside the record's fields."""
    match name:
        case "cause":
            return events[-1].data["cause"]
        case "messages":
            return sum(event.kind == "message" for event in events)
        case "transfer":
            ends = [event.data for event in events if event.kind == "transfer_ended"]
            return " ".join(data.get("why") or data["by"] for data in ends)
        case "decided":
            decided = [event.data for event in events if event.kind == "entitled"]
            return " ".join(":".join(filter(None, (d["outcome"], d["level"]))) for d in decided)
        case _:
            raise EngineError(f"a scenario expects {name!r}, which no contact has")
