"""What the distributor can be asked: a caller's place and wait, and the whole floor as a table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from math import inf
from typing import Any

from engine.core import waiting
from engine.core.agent import AgentState
from engine.core.floor import State
from engine.core.parties import Agent, Caller, Lane, Queue
from engine.core.skills import told
from engine.core.waiting import Estimate
from engine.core.way import PRIORITY


def position(state: State, contact: str) -> int:
    """The caller's place from 1, contacts being offered to an agent not counted; 0 if they do not wait (any more)."""
    caller = state.callers.get(contact)
    return 0 if caller is None else caller.lane.queue.line.ahead_of(caller.key) + 1


def estimate(state: State, contact: str, now: float) -> Estimate | None:
    """The caller's estimated wait; None if nothing honest can be said (nobody active) or they do not wait."""
    caller = state.callers.get(contact)
    if caller is None:
        return None
    state.learn(now)
    lane, measures = caller.lane, caller.lane.queue.measures
    agents, ahead = in_front(lane, caller.priority, caller.enqueued_at, contact)
    return waiting.estimate(ahead + 1.0, agents, measures.handle_time, measures.theta, lane.ready > 0)


def expected(state: State, name: str) -> float | None:
    """The mean wait of one who came last into a queue now; None if nobody is active there, or there is no such queue."""
    queue = state.queues.get(name)
    if queue is None:
        return None
    lane, measures = state.lane(queue, frozenset()), queue.measures
    agents, ahead = in_front(lane, PRIORITY, inf, "")
    found = waiting.estimate(ahead + 1.0, agents, measures.handle_time, measures.theta, lane.ready > 0)
    return None if found is None else found.mean


def in_front(lane: Lane, priority: int, since: float, contact: str) -> tuple[int, float]:
    """Active agents who may take a caller of this lane, and how many whom they take come first: the line that is told.

    Agents take whoever comes first of all their lines. So of those who stand before the caller in any line, as many count as will
    probably be taken by one of these agents: the share of that line's agents who are among them.
    """
    agents = [agent for agent in lane.queue.agents if agent.active and lane.takes(agent)]
    among = Counter(line for agent in agents for line in agent.lanes if line.count)
    ahead = 0.0
    for line, shared in among.items():
        before = line.ahead_of(line.queue.key(priority, since, contact))
        ahead += before * shared / line.active
    return len(agents), ahead


def is_offered(state: State, contact: str) -> bool:
    """Does a phone ring for this caller now? Nothing is announced meanwhile."""
    caller = state.callers.get(contact)
    return caller is not None and bool(caller.offers)


def overview(state: State, now: float) -> dict[str, Any]:
    """Queues with their callers, live offers, and agents, as JSON values; times in seconds since the epoch."""
    state.learn(now)
    queues = [q for q in state.queues.values() if not q.gone or q.held]
    talking = Counter(agent.queue.name for agent in state.talks.values() if agent.queue is not None)
    rung: dict[str, dict[str, Caller]] = defaultdict(dict)
    for ringing in state.offers.values():
        rung[ringing.caller.lane.queue.name][ringing.caller.contact] = ringing.caller
    return {
        "at": now,
        "queues": {q.name: _queue(state, q, now, rung[q.name].values(), talking[q.name]) for q in queues},
        "agents": {agent.name: _agent(state, agent) for agent in state.agents.values()},
        "offers": [
            {
                "offer": r.id,
                "contact": r.caller.contact,
                "agent": r.agent.name,
                "queue": r.caller.lane.queue.name,
                "offered_at": r.offered_at,
                "ring": r.ring,
            }
            for r in state.offers.values()
        ],
    }


def _queue(state: State, queue: Queue, now: float, rung: Iterable[Caller], talking: int) -> dict[str, Any]:
    standing = [_caller(state.callers[key[2]], i, now) for i, key in enumerate(queue.line, 1)]
    offered = [_caller(caller, 0, now) for caller in rung]
    return {
        "waiting": standing,
        "being_offered": offered,
        "talking": talking,
        "ready": sum(agent.standing for agent in queue.agents),
        "signed_in": sum(agent.signed_in for agent in queue.agents),
        "active": queue.active,
        "handle_time": queue.measures.handle_time,
        "abandon_rate": queue.measures.theta,
        "capacity": queue.rule.capacity,
        "longest_wait": max((c["waited"] for c in standing + offered), default=0.0),
    }


def _caller(caller: Caller, place: int, now: float) -> dict[str, Any]:
    return {
        "contact": caller.contact,
        "kind": caller.kind,
        "position": place,  # 0: an agent's phone is ringing for them
        "priority": caller.priority,
        "skills": sorted(caller.lane.skills),
        "prefer": sorted(caller.lane.only),
        "group": caller.group,
        "enqueued_at": caller.enqueued_at,
        "waited": now - caller.entered_at,
        "max_wait": caller.max_wait,
        "offers": [ringing.id for ringing in caller.offers],
    }


def _agent(state: State, agent: Agent) -> dict[str, Any]:
    pause = state.settings.pause_reasons.get(agent.reason) if agent.state is AgentState.PAUSED else None
    return {
        "title": agent.rule.title,
        "state": str(agent.state),
        "reason": agent.reason,
        "since": agent.since,
        "until": agent.until,
        "limit": pause and pause.limit,
        "contact": agent.contact,
        "then": agent.then,
        "unreachable": agent.unreachable,
        "code": agent.code,
        "phone": agent.seat,
        "own_call": agent.own,
        "idle_since": agent.idle_since,
        "queues": [queue.name for queue in agent.queues],
        "skills": told(agent.rule.skills),
    }
