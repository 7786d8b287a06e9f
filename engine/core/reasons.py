"""Why this agent, or this caller: the table of candidates of an offer, JSON values only, as it stands in the event `offered`.

    of: agent     a caller had come or their last offer had failed, and one of the agents who were ready was chosen
    of: caller    an agent had become free, and of all the callers they can help the one whose turn it was; `joins`: nobody was in line for
                  them, and so many phones rang for this one already

At most ROWS candidates are told, those who come first, and how many there were. On the way of a call no table is made: what was chosen
among stays as it was until somebody joins or leaves, and just before that, or when the shell asks, it is written down (`State.settle`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from engine.core.strategies import Standing, Strategy

if TYPE_CHECKING:
    from engine.core.parties import Agent, Caller, Lane

ROWS = 10
Reason = dict[str, Any]
#: The score of each agent, whoever is rung first.
Scored = Sequence[tuple[float, Standing]]
#: A lane's entry: idle since, order, stamp, agent.
Entry = tuple[float, int, int, "Agent"]


def of_agents(
    lane: Lane,
    caller: Caller,
    winner: Agent,
    idle_since: float,
    now: float,
    scored: Scored,
    agents: Mapping[str, Agent],
) -> Reason:
    """Why this agent, who stands down already; `scored` is empty where the longest idle is rung."""
    strategy = lane.queue.strategy
    if scored:
        rows = [_row(strategy, score, agent) for score, agent in scored[:ROWS]]
    else:
        rows = [_idle_row(winner, idle_since)]
        rows += [_idle_row(agent, since) for since, agent in _idlest(lane, caller.contact, now)]
    resting = [agents[name] for name in dict.fromkeys(caller.cooled) if name in agents]
    resting = [
        agent for agent in resting if agent is not winner and agent.cooling.get(caller.contact, 0.0) > now
    ]
    return {
        "of": "agent",
        **({"only": sorted(lane.only)} if lane.only else {}),
        "strategy": strategy.name,
        "at": now,
        "chosen": winner.name,
        "ready": lane.ready + 1 - sum(agent.standing and lane in agent.lanes for agent in resting),
        "resting": [agent.name for agent in resting],
        "candidates": rows,
    }


def of_callers(agent: Agent, chosen: Caller, first: dict[str, Caller], now: float) -> Reason:
    """Why this caller, who has stepped out of line already; `first` are those who stand there, by contact."""
    rows = [_line_row(chosen, now)]
    heads = []
    for lane in agent.lanes:
        for key in lane:
            if agent.cooling.get(key[2], 0.0) <= now:
                heads.append(first[key[2]])
                break
    rows += [
        _line_row(caller, now) for caller in sorted(heads, key=lambda caller: caller.rank(now))[: ROWS - 1]
    ]
    along = len(chosen.offers) - 1
    return {
        "of": "caller",
        **({"joins": along} if along > 0 else {}),
        "at": now,
        "chosen": chosen.contact,
        "waiting": sum(lane.count for lane in agent.lanes) + 1,
        "candidates": rows,
    }


def _row(strategy: Strategy, score: float, agent: Standing) -> Reason:
    about = {name: getattr(agent, name) for name in strategy.inputs}
    return {"agent": agent.agent, "score": score, "idle_since": agent.idle_since, **about}


def _idle_row(agent: Agent, idle_since: float) -> Reason:
    return {"agent": agent.name, "score": idle_since, "idle_since": idle_since}


def _line_row(caller: Caller, now: float) -> Reason:
    reached = {"reached": round(-caller.rank(now)[0], 2)} if caller.lane.queue.rule.ageing else {}
    return {
        **reached,
        "contact": caller.contact,
        "queue": caller.lane.queue.name,
        "priority": caller.priority,
        "enqueued_at": caller.enqueued_at,
    }


def _idlest(lane: Lane, contact: str, now: float) -> Iterator[tuple[float, Agent]]:
    """Who would have been next, in order, found without taking the heap apart."""
    heap = lane.heap
    near: list[tuple[Entry, int]] = [(heap[0], 0)] if heap else []
    told = 1
    while near and told < ROWS:
        entry, at = heappop(near)
        since, _, stamp, agent = entry
        if stamp == agent.stamp and agent.cooling.get(contact, 0.0) <= now:
            told += 1
            yield since, agent
        for below in (2 * at + 1, 2 * at + 2):
            if below < len(heap):
                heappush(near, (heap[below], below))
