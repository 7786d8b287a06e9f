"""What Erlang C and Erlang A say of a queue, where they say anything.

They know one queue of calls at random, agents who serve it alone and are all alike, and talk without memory. So they are asked only of a
queue whose callers could go nowhere else, need no skills, and whose agents serve no other queue to which calls come. They know a
steady state, not a day: the day is cut where the rate of calls or the number of agents changes, each piece is taken as if it were for ever,
and the pieces are put together by their calls. Handling is talk, wrap-up, and the ringing phone; patience is without memory, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from engine.staffing.erlang import Steady, erlang_a, erlang_c
from engine.staffing.plan import Plan, Stream, staffed

#: Formulas by their name.
C, A = "erlang_c", "erlang_a"


@dataclass(frozen=True, slots=True)
class Formula:
    """What a formula says of a queue, by the names of figures; or why it says nothing."""

    figures: dict[str, float]
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch in which calls come at one rate and so many agents are there."""

    seconds: float
    rate: float
    agents: int


def formulas(plan: Plan, queue: str, within: float) -> dict[str, Formula]:
    """Both formulas, for one queue of a plan."""
    streams = [stream for stream in plan.streams if queue in stream.queues]
    if why := _why_not(plan, queue, streams):
        return {C: Formula({}, why), A: Formula({}, why)}
    pieces = pieces_of(plan, queue, streams)
    calls = sum(stream_calls(s) for s in streams)
    talk = sum(s.talk * stream_calls(s) for s in streams) / calls
    handle = talk + plan.settings.queues[queue].wrap_up + plan.phones.pick_up.mean
    theta = sum(stream_calls(s) / s.patience for s in streams) / calls
    return {C: _c(pieces, handle, within), A: _a(pieces, handle, theta, within)}


def stream_calls(stream: Stream) -> float:
    """How many calls a stream has, in the mean."""
    return sum((until - since) * rate for since, until, rate in stream.steps)


def _why_not(plan: Plan, queue: str, streams: Sequence[Stream]) -> str:
    if not any(stream_calls(s) for s in streams):
        return "no calls come to it"
    if any(s.queues != (queue,) for s in streams):
        others = sorted({name for s in streams for name in s.queues} - {queue})
        return f"its callers may also go to {', '.join(others)}"
    if any(not s.plain for s in streams):
        return "its callers need skills, are rung back, or wait for one agent: not everybody is served by anybody"
    called = {name for s in plan.streams for name in s.queues}
    for agent in plan.settings.agents.values():
        shared = sorted(called.intersection(agent.queues) - {queue})
        if queue in agent.queues and shared and plan.hours.get(agent.name):
            return f"its agents serve {', '.join(shared)}, too"
    return ""


def pieces_of(plan: Plan, queue: str, streams: Sequence[Stream]) -> list[Piece]:
    """The day, cut where the rate of calls or the number of agents changes."""
    names = [agent.name for agent in plan.settings.agents.values() if queue in agent.queues]
    there = staffed(plan.hours, names)
    borders = {plan.start, plan.end, *(at for at, _ in there)}
    borders |= {at for s in streams for since, until, _ in s.steps for at in (since, until)}
    cuts = sorted(at for at in borders if plan.start <= at <= plan.end)
    pieces = []
    for since, until in pairwise(cuts):
        rate = sum(r for s in streams for a, b, r in s.steps if a <= since < b)
        agents = max([n for at, n in there if at <= since][-1:], default=0)
        pieces.append(Piece(until - since, rate, agents))
    return pieces


def _c(pieces: Sequence[Piece], handle: float, within: float) -> Formula:
    found: list[tuple[Piece, Steady]] = []
    for piece in pieces:
        if piece.rate > 0:
            steady = erlang_c(piece.rate, handle, piece.agents, within) if piece.agents else None
            if steady is None:
                load = piece.rate * handle
                return Formula(
                    {},
                    f"at times {load:.1f} agents' work comes to {piece.agents}: the line would grow for ever",
                )
            found.append((piece, steady))
    return _together(found, pieces, handle)


def _a(pieces: Sequence[Piece], handle: float, theta: float, within: float) -> Formula:
    if theta <= 0.0 or theta == inf:
        return Formula({}, "nobody gives up")
    if any(piece.rate > 0 and not piece.agents for piece in pieces):
        return Formula({}, "at times nobody is there")
    found = [(p, erlang_a(p.rate, handle, theta, p.agents, within)) for p in pieces if p.rate > 0]
    return _together(found, pieces, handle)


def _together(found: Sequence[tuple[Piece, Steady]], pieces: Sequence[Piece], handle: float) -> Formula:
    """Pieces by their calls; agents' time by all of it, with calls or without."""
    calls = sum(p.rate * p.seconds for p, _ in found)
    served = sum(p.rate * p.seconds * s.answered for p, s in found)
    staff = sum(p.agents * p.seconds for p in pieces)
    return Formula(
        {
            "answered": served,
            "asa_s": sum(p.rate * p.seconds * s.answered * s.asa for p, s in found) / served,
            "sl_offered": sum(p.rate * p.seconds * s.in_t for p, s in found) / calls,
            "abandonment_rate_raw": sum(p.rate * p.seconds * s.abandoned for p, s in found) / calls,
            "occupancy": served * handle / staff,
        }
    )
