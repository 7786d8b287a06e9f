"""What would happen to a call at another time: the way of a silent caller, with every look at opening hours on it.

Everything is looked up as it is at that one moment, as if the call took no time. Nobody answers in a queue that is open, no service
answers, and nobody is known; whatever depends on these is told as it goes in a rehearsal.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from engine.config.prompts import Catalog
from engine.config.rehearse import heard, line, silence, untold
from engine.core import do as d
from engine.core import interpreter as i
from engine.core.coverage import queues_of
from engine.core.flow import Flow
from engine.core.hours import HoursState, state
from engine.core.moment import readings
from engine.core.overrides import Rulings
from engine.core.site import Settings

_MOST_LINES = 2000


def route(
    flow: Flow, settings: Settings, catalog: Catalog, number: str, at: float, rulings: Rulings
) -> Iterator[str]:
    """A silent caller's way through a flow at a moment, a line each; queues and schedules say why they are open or closed."""
    walk, shown = i.replay(flow, (), {"to_number": number, "from_number": ""}), ""
    width = max(len(step) for step in flow.steps)
    for _ in range(_MOST_LINES):
        if (do := walk.do) is None:
            return
        outcome, why = _outcome(do, settings, at, rulings)
        if untold(do):
            walk.send(outcome)
            continue
        told = line(do, outcome, heard(do, catalog, walk.way.variables), settings)
        yield f"{'' if do.step == shown else do.step:<{width}}  {told}".rstrip()
        yield from (f"{'':<{width}}    {text}" for text in why)
        shown = do.step
        walk.send(outcome)


def _outcome(do: d.Do, settings: Settings, at: float, rulings: Rulings) -> tuple[d.Outcome, list[str]]:
    match do:
        case d.Look(what="hours", name=name):
            now = state(settings, name, at, rulings)
            return str(now.state), [f"{name}: {reason(now, settings, at)}"]
        case d.Enqueue(queue=queue):
            queues = {name: settings.queues[name].schedule for name in queues_of(settings, queue)}
            stands = {name: state(settings, schedule, at, rulings) for name, schedule in queues.items()}
            why = [f"{name}: {reason(now, settings, at, queues[name])}" for name, now in stands.items()]
            return ("timeout" if any(now.is_open for now in stands.values()) else "closed"), why
        case _:
            return silence(do, settings), []


def reason(now: HoursState, settings: Settings, at: float, schedule: str | None = "") -> str:
    """How something stands, why, and until when."""
    if schedule is None and now.is_open:
        return "open, it has no schedule"
    words = str(now.state) if now.is_open or now.state == "closed" else f"closed ({now.state})"
    parts = [words if schedule in ("", None) else f"{words} by {schedule}"]
    if now.holiday:
        parts.append(f"{now.holiday} in {now.site}")
    elif now.site:
        parts.append(f"{'at' if now.is_open else 'because of'} {now.site}")
    if now.ruling is not None:
        parts.append(
            f"said by {now.ruling.by or 'somebody'}" + (f": {now.ruling.why}" if now.ruling.why else "")
        )
    if now.next_change is not None:
        parts.append(f"until {_clock(now.next_change, settings, now.site, at)}")
    return ", ".join(parts)


def _clock(at: float, settings: Settings, site: str | None, now: float) -> str:
    zone = (
        settings.sites[site].timezone if site else next((s.timezone for s in settings.sites.values()), "UTC")
    )
    there = datetime.fromtimestamp(at, ZoneInfo(zone))
    day = "" if there.date() == datetime.fromtimestamp(now, ZoneInfo(zone)).date() else f"{there:%Y-%m-%d} "
    return f"{day}{there:%H:%M} {zone}"


def told_readings(wall: datetime, zone: str) -> tuple[tuple[float, ...], str]:
    """The instants a wall-clock time means, and what is to be said where it is not exactly one."""
    found = readings(wall, ZoneInfo(zone))
    shown = f"{wall:%Y-%m-%d %H:%M} {zone}"
    if len(found) == 2:
        return found, f"{shown} comes twice: clocks are set back that night. Both readings follow."
    if not found:
        before, after = _skip(wall, ZoneInfo(zone))
        return (), f"{shown} does not exist: clocks go from {before:%H:%M} to {after:%H:%M} that night"
    return found, ""


def _skip(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The gap in which a wall-clock time lies: the last minute's end before the change, and the first one after it."""
    one = timedelta(minutes=1)
    before = after = wall
    while not readings(before, zone):
        before -= one
    while not readings(after, zone):
        after += one
    return before + one, after
