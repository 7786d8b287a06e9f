"""A plan from what a staffing file says: calls at random at their rates, shifts with breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from engine.core.facts import AgentSet, Arrived
from engine.core.site import AgentRule, Settings
from engine.staffing.draws import NEVER, Length
from engine.staffing.plan import Caller, Move, Phones, Plan, Stream, chance

#: The day that is meant where none is named: an ordinary Monday, without a change of the clocks.
ANY_DAY = date(2026, 1, 12)
DAY_MINUTES = 24 * 60


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one kind: what the distributor is asked for, how many an hour from each minute of the day on, talk and patience."""

    name: str
    asked: Arrived
    an_hour: Mapping[int, float]
    talk: Length
    patience: Length = NEVER


@dataclass(frozen=True, slots=True)
class Shift:
    """Agents who come and go together; minutes of the day. `breaks` last so many seconds, the next agent's `apart` seconds later."""

    name: str
    agents: tuple[AgentRule, ...]
    begins: int
    ends: int
    breaks: Mapping[int, float]
    apart: float = 0.0


@dataclass(frozen=True, slots=True)
class Staffing:
    """A staffing file, checked against a site."""

    calls: tuple[Calls, ...]
    shifts: tuple[Shift, ...]
    day: date | None = None
    timezone: str = "UTC"
    begins: int = 0
    ends: int = DAY_MINUTES
    days: int | None = None
    phones: Phones = field(default_factory=Phones)


def planned(staffing: Staffing, settings: Settings) -> Plan:
    """The plan of a staffing file on a site."""
    at = _clock(staffing.day or ANY_DAY, staffing.timezone)
    opens, start, end = at(0), at(staffing.begins), at(staffing.ends)
    rules = {agent.name: agent for shift in staffing.shifts for agent in shift.agents}
    steps = {calls.name: _steps(calls, at) for calls in staffing.calls}

    def callers(day: str) -> list[Caller]:
        found = [
            c for calls in staffing.calls for c in _callers(calls, steps[calls.name], day, staffing.phones)
        ]
        return sorted(found, key=lambda caller: caller.at)

    return Plan(
        replace(settings, agents=rules),
        opens,
        start,
        end,
        _hours(staffing.shifts, at),
        callers,
        tuple(_stream(calls, steps[calls.name]) for calls in staffing.calls),
        staffing.phones,
        None if staffing.day else (),
    )


def _clock(day: date, timezone: str) -> Callable[[int], float]:
    """From a minute of the day, as the clocks there show it, to seconds since the epoch."""
    zone = ZoneInfo(timezone)

    def at(minute: int) -> float:
        whole, rest = divmod(minute, DAY_MINUTES)
        wall = datetime.combine(day + timedelta(days=whole), datetime.min.time()) + timedelta(minutes=rest)
        return wall.replace(tzinfo=zone).timestamp()

    return at


def _steps(calls: Calls, at: Callable[[int], float]) -> tuple[tuple[float, float, float], ...]:
    """(from, until, calls a second), where there are any."""
    times = sorted(calls.an_hour)
    ends = [*times[1:], DAY_MINUTES]
    return tuple(
        (at(a), at(b), calls.an_hour[a] / 3600.0)
        for a, b in zip(times, ends, strict=True)
        if calls.an_hour[a] > 0
    )


def _stream(calls: Calls, steps: tuple[tuple[float, float, float], ...]) -> Stream:
    asked = calls.asked
    plain = not (asked.skills or asked.widen)
    return Stream(asked.queues, plain, steps, calls.talk.mean, calls.patience.mean, calls.name)


def arrivals(steps: Iterable[tuple[float, float, float]], luck: Random) -> list[float]:
    """Moments at random at these rates: a Poisson process."""
    found = []
    for since, until, rate in steps:
        at = since + luck.expovariate(rate)
        while at < until:
            found.append(at)
            at += luck.expovariate(rate)
    return found


def _callers(
    calls: Calls, steps: Sequence[tuple[float, float, float]], day: str, phones: Phones
) -> list[Caller]:
    """The callers of one kind on one day. What a caller is like does not hang on when they come, nor on who else comes."""
    luck, own = chance(day, calls.name, "arrivals"), chance(day, calls.name, "callers")
    found = []
    for number, at in enumerate(arrivals(steps, luck), 1):
        talk, patience, pick_up, further = own.random(), own.random(), own.random(), own.getrandbits(48)
        found.append(
            Caller(
                at,
                replace(calls.asked, contact=f"{calls.name}-{number}"),
                calls.talk.draw(talk),
                calls.patience.draw(patience),
                pick_up=phones.pick_up.draw(pick_up),
                luck=further,
            )
        )
    return found


def _hours(shifts: Iterable[Shift], at: Callable[[int], float]) -> dict[str, tuple[Move, ...]]:
    """When each agent comes, rests and goes; one of several shifts has all of them."""
    found: dict[str, list[Move]] = {}
    for shift in shifts:
        for place, agent in enumerate(shift.agents):
            found.setdefault(agent.name, []).extend(_moves(shift, agent.name, place, at))
    return {name: tuple(sorted(moves, key=lambda move: move[0])) for name, moves in found.items()}


def _moves(shift: Shift, name: str, place: int, at: Callable[[int], float]) -> list[Move]:
    ends = at(shift.ends)
    moves: list[Move] = [(at(shift.begins), AgentSet(name, "ready"))]
    for begins, seconds in sorted(shift.breaks.items()):
        away = at(begins) + place * shift.apart
        if away < ends:
            moves.append((away, AgentSet(name, "paused", "break")))
        if away + seconds < ends:
            moves.append((away + seconds, AgentSet(name, "ready")))
    return [*moves, (ends, AgentSet(name, "logged_out"))]
