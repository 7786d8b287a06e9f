"""A queue as a caller finds it: the figures that the rules of `ranking` compare, read from the floor's indexes."""

from __future__ import annotations

from engine.core import waiting
from engine.core.facts import Arrived
from engine.core.floor import State
from engine.core.line import NOBODY
from engine.core.parties import Queue
from engine.core.ranking import Candidate


def candidate(state: State, name: str, fact: Arrived, since: float, now: float) -> Candidate:
    """A queue as this caller finds it now; one the site does not have (any more) counts as closed."""
    queue = state.queues.get(name)
    if queue is None or (queue.gone and fact.queue is None):
        return Candidate(name, False, False, 0, 0, 0, 0, 0.0, 1, None, 0.0, None, None)
    lane = state.lane(queue, fact.skills)
    rule = queue.rule
    place = queue.line.ahead_of(queue.key(fact.priority, since, fact.contact)) + 1
    front = state.idlest(lane, fact.contact, now) if lane.ready else None
    first = queue.line.first
    return Candidate(
        name,
        name not in fact.closed and queue.drains_at is None,
        lane.staffed or any(state.lane(queue, skills).staffed for _, skills in fact.widen),
        rule.capacity,
        queue.held - queue.callbacks,
        queue.line.count,
        lane.ready,
        queue.active,
        place,
        expected_wait(queue, place, lane.ready),
        rule.adjust,
        None if front is None else front.idle_since,
        queue.last_chosen,
        0.0
        if first is NOBODY
        else now - state.callers[first[2]].enqueued_at
        if rule.ageing
        else now - first[1],
    )


def expected_wait(queue: Queue, place: int, ready: int) -> float | None:
    """Mean wait in seconds at a place of a queue; nothing for the next in line while a fitting agent is ready."""
    if ready and place == 1:
        return 0.0
    return waiting.mean_wait(place, queue.active, queue.measures.handle_time, queue.measures.theta)
