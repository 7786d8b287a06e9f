"""Rebuilding the distributor from what was written down, comparing two of them, and taking in a changed site.

`restore` needs rows, not a history: who waits, what rings, who talks, each agent's last `AgentChanged`, and the recent
contacts the estimates learn from. After it, send a `Tick`: whatever became due meanwhile happens then.

Rows that contradict each other must not strand anybody: a caller without a live offer simply waits; an agent who was reserved for an
offer or talking in a conversation that is not among the rows gets a pause that is over at once, and the next Tick frees them;
a ready agent beside a caller who fits (a cool-down ended meanwhile) looks again at that Tick.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.core.agent import PHONE_GONE, AgentState
from engine.core.facts import AgentChanged, AgentSet, Arrived, Command, Offer
from engine.core.floor import State
from engine.core.measures import Handled, Presence, Waited
from engine.core.parties import Agent, Asking, Caller, Queue, Ringing
from engine.core.phones import phone_named
from engine.core.site import Settings
from engine.core.timers import COOLED, DRAINED, LOOK_AGAIN, OFFER_OVERDUE, WRAP_UP_ENDS
from engine.core.turn import Turn

IN_CONTACT = frozenset({AgentState.TALKING, AgentState.WRAP_UP})


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation that goes on, or (`agent` in wrap-up) has ended."""

    contact: str
    agent: str
    queue: str
    connected_at: float


@dataclass(frozen=True, slots=True)
class Consult:
    """`agent` is called into the conversation of `contact`, which came from `queue`; `answered_at`: they speak since then."""

    ask: str
    contact: str
    agent: str
    queue: str
    ring: float
    at: float
    answered_at: float | None = None


@dataclass(frozen=True, slots=True)
class CoolDown:
    """`agent` failed an offer of `contact` and is not offered it again until `until`."""

    contact: str
    agent: str
    until: float


@dataclass(frozen=True, slots=True)
class Rows:
    """All the distributor is made of; sequences of measures in the order they happened.

    `agents`: each agent's last AgentChanged. `waiting`: every contact in a queue, those being offered included, as Arrived with `queue`
    and `enqueued_at`. `offers`: live ones with the time they were made; `picked_up`: those whose agent has picked up. `talks`: of agents
    talking or in wrap-up. `consults`: of agents called into a conversation. `handled`: the last 100 of each queue and all of the last 2
    h. `waited`: the last 200 of each queue. `chosen`: when each queue was last chosen. `rung`: whom each queue offered somebody last.
    `presence`: what each agent has been doing, as `measures.Presence` keeps it. `closed`: the last Doors. `serial`: how many offers were
    ever made, where known.
    """

    agents: Sequence[AgentChanged] = ()
    waiting: Sequence[Arrived] = ()
    offers: Sequence[tuple[Offer, float]] = ()
    picked_up: frozenset[str] = frozenset()
    talks: Sequence[Talk] = ()
    consults: Sequence[Consult] = ()
    cool_downs: Sequence[CoolDown] = ()
    handled: Sequence[Handled] = ()
    waited: Sequence[Waited] = ()
    chosen: Mapping[str, float] = field(default_factory=dict)
    rung: Mapping[str, str] = field(default_factory=dict)
    presence: Mapping[str, Sequence[tuple[float, int]]] = field(default_factory=dict)
    closed: Mapping[str, float] = field(default_factory=dict)
    serial: int = 0


def restore(settings: Settings, rows: Rows, now: float) -> State:
    """A state equal to the one the rows were written from; rows about agents or queues the site no longer names are left out."""
    state = State(settings)
    state.serial = rows.serial
    for name, at in rows.chosen.items():
        if name in state.queues:
            state.queues[name].last_chosen = at
    for name, agent in rows.rung.items():
        if name in state.queues:
            state.queues[name].last_rung = agent
    for name, drains_at in rows.closed.items():
        if name in state.queues:
            state.queues[name].drains_at = drains_at
    _learn(state, rows)
    for arrived in rows.waiting:
        _restore_caller(state, arrived, now)
    for changed in rows.agents:
        if changed.agent in state.agents:
            _restore_agent(state.agents[changed.agent], changed)
            state.agents[changed.agent].presence = Presence(rows.presence.get(changed.agent, ()))
    for offer, at in rows.offers:
        _restore_offer(state, offer, at, offer.offer in rows.picked_up)
    for talk in rows.talks:
        _restore_talk(state, talk)
    for consult in rows.consults:
        _restore_consult(state, consult)
    for cool in rows.cool_downs:
        if cool.until > now:
            _restore_cool_down(state, cool)
    for known in state.agents.values():
        _reconcile(state, known, now)
    state.rewire()
    state.deserted = {}  # who should move has a timer
    for queue in state.queues.values():
        if queue.drains_at is not None and (queue.drains_at > now or queue.line.count):
            state.timers.set(queue.drains_at, DRAINED, queue.name)
    state.learn(now)
    for known in state.agents.values():
        if known.standing and state.best_caller(known, now) is not None:
            state.timers.set(now, LOOK_AGAIN, known.name)
    state.left_alone = {}
    for caller in state.callers.values():
        state.mind(caller, now)
        state.await_change(caller)
        if caller.lane.only and not caller.lane.active:
            state.left_alone[caller.lane] = None
    return state


def _learn(state: State, rows: Rows) -> None:
    for done in rows.handled:
        if done.queue in state.queues:
            state.finished.append((state.queues[done.queue], done.agent, done.connected_at, done.wrapped_at))
    for waited in rows.waited:
        if waited.queue in state.queues:
            state.queues[waited.queue].measures.waited(waited.seconds, waited.abandoned)


def _restore_caller(state: State, fact: Arrived, now: float) -> None:
    queue = state.queue(fact.queue or fact.queues[0])
    since = now if fact.enqueued_at is None else fact.enqueued_at
    lane = state.lane(queue, fact.skills, frozenset(fact.prefer))
    state.callers[fact.contact] = Caller(fact, since, lane)


def _restore_agent(agent: Agent, row: AgentChanged) -> None:
    agent.state = AgentState(row.state)
    agent.reason, agent.contact, agent.until = row.reason, row.contact, row.until
    agent.since, agent.idle_since = row.since, row.idle_since
    agent.then, agent.then_reason, agent.unreachable = row.then, row.then_reason, row.unreachable
    agent.code, agent.phone, agent.own = row.code, row.phone, row.own


def _restore_offer(state: State, offer: Offer, at: float, picked_up: bool) -> None:
    agent, caller = state.agents.get(offer.agent), state.callers.get(offer.contact)
    if agent is None or caller is None or agent.state is not AgentState.RESERVED or agent.offer:
        return
    ringing = state.offers[offer.offer] = Ringing(offer.offer, agent, caller, offer.ring, at)
    ringing.picked_up = picked_up
    caller.offers = (*caller.offers, ringing)
    agent.offer, agent.contact = ringing.id, caller.contact
    overdue = at + offer.ring + caller.dial + caller.lane.queue.overdue
    state.timers.set(overdue, OFFER_OVERDUE, offer.offer)


def _restore_talk(state: State, talk: Talk) -> None:
    agent = state.agents.get(talk.agent)
    if agent is None or agent.state not in IN_CONTACT or agent.contact != talk.contact:
        return
    agent.queue, agent.connected_at = state.queue(talk.queue), talk.connected_at
    if agent.state is AgentState.TALKING:
        state.talks[talk.contact] = agent


def _restore_consult(state: State, row: Consult) -> None:
    agent = state.agents.get(row.agent)
    wanted = AgentState.RESERVED if row.answered_at is None else AgentState.TALKING
    if agent is None or agent.state is not wanted or agent.contact != row.contact or agent.offer:
        return
    queue = state.queue(row.queue)
    asking = state.asks[row.contact] = Asking(row.ask, agent, row.contact, queue, row.ring, row.at)
    if row.answered_at is not None:
        asking.answered = True
        agent.queue, agent.connected_at = queue, row.answered_at


def _restore_cool_down(state: State, row: CoolDown) -> None:
    agent, caller = state.agents.get(row.agent), state.callers.get(row.contact)
    if agent is not None and caller is not None:
        agent.cooling[row.contact] = row.until
        caller.cooled.append(agent.name)
        state.timers.set(row.until, COOLED, agent.name, row.contact)


def _reconcile(state: State, agent: Agent, now: float) -> None:
    asked = agent.contact in state.asks and state.asks[agent.contact].agent is agent
    lost_offer = agent.state is AgentState.RESERVED and agent.offer is None and not asked
    lost_talk = agent.state in IN_CONTACT and agent.queue is None
    if lost_offer or lost_talk:
        wish = agent.then
        agent.state = AgentState(wish) if wish else AgentState.PAUSED
        agent.reason = agent.then_reason if wish else "restored"
        agent.until = None if wish else now
        agent.contact, agent.then, agent.then_reason, agent.code = None, "", "", ""
        if agent.state is AgentState.LOGGED_OUT:
            agent.phone = ""
    if agent.until is not None:
        state.timers.set(agent.until, WRAP_UP_ENDS, agent.name)


def reload(state: State, settings: Settings, now: float) -> list[Command]:
    """Take in a changed site; returns what follows from it.

    Contacts stay in their queue: one that is no longer named takes nobody new, and its agents serve it until it is empty.
    Agents no longer named are logged out, after their conversation; new ones marked `ready` are ready.
    """
    turn = Turn(state, now)
    state.settings = settings
    _reload_queues(state, settings)
    fresh, removed = _reload_agents(state, settings)
    state.rewire()
    for caller in state.callers.values():
        state.mind(caller, now)
        if caller.lane.only and not caller.lane.active:
            state.left_alone[caller.lane] = None
    for agent in removed:
        turn.dismiss(agent)
    for agent in fresh:
        turn.agent_set(AgentSet(agent.name, AgentState.READY))
    for agent in list(state.agents.values()):
        if agent.phone and phone_named(settings, agent.phone) is None:
            turn.agent_set(AgentSet(agent.name, AgentState.LOGGED_OUT, PHONE_GONE))
    for agent in list(state.agents.values()):
        turn.look_again(agent)
    turn.send_on()
    return turn.commands


def _reload_queues(state: State, settings: Settings) -> None:
    for name, rule in settings.queues.items():
        queue = state.queues.setdefault(name, Queue(rule))
        queue.obey(rule)
        queue.gone = False
        queue.measures.set_prior(rule.handle_time)
    for name in state.queues.keys() - settings.queues.keys():
        state.queues[name].gone, state.queues[name].drains_at = True, None
        if not state.queues[name].held:
            del state.queues[name]


def _reload_agents(state: State, settings: Settings) -> tuple[list[Agent], list[Agent]]:
    """The agents who are new and ready, and those no longer named."""
    fresh, named = [], {}
    for order, (name, rule) in enumerate(settings.agents.items()):
        agent = state.agents.get(name)
        if agent is None:
            agent = Agent(rule, order)
            if rule.ready:
                fresh.append(agent)
        agent.rule, agent.order, agent.gone = rule, order, False
        named[name] = agent
    removed = [agent for name, agent in state.agents.items() if name not in named]
    for order, agent in enumerate(removed, len(named)):
        agent.order = order  # no two agents have the same: it is the last tie-break
    state.agents = {**named, **{agent.name: agent for agent in removed}}
    return fresh, removed


def summary(state: State, now: float) -> dict[str, Any]:
    """Everything that decides what happens next, as plain values: two states with equal summaries behave alike.

    Left out are offer serials, lanes nobody waits in and stale timers, which a rebuilt state need not have.
    """
    state.learn(now)
    return {
        "queues": {q.name: _queue_summary(q) for q in state.queues.values()},
        "agents": {a.name: _agent_summary(a, now) for a in state.agents.values()},
        "callers": {
            c.contact: (
                c.lane.queue.name,
                sorted(c.lane.skills),
                c.key,
                c.entered_at,
                c.deadline,
                c.group,
                tuple(ringing.id for ringing in c.offers),
                c.kind,
                c.dial,
                c.moved,
                c.look_at,
                sorted(c.lane.only),
                c.widen,
                c.widens_at,
            )
            for c in state.callers.values()
        },
        "offers": {
            r.id: (r.agent.name, r.caller.contact, r.ring, r.offered_at, r.picked_up)
            for r in state.offers.values()
        },
        "talks": {contact: agent.name for contact, agent in state.talks.items()},
        "asks": {
            contact: (one.id, one.agent.name, one.queue.name, one.ring, one.at, one.answered)
            for contact, one in state.asks.items()
        },
        "recent": sorted(state.recent),
    }


def _queue_summary(q: Queue) -> dict[str, Any]:
    names = {(*sorted(lane.skills), "", *sorted(lane.only)): lane for lane in q.lanes.values()}
    lanes = {name: list(lane) for name, lane in names.items() if lane.count}
    return {
        "line": list(q.line),
        "lanes": lanes,
        "held": q.held,
        "callbacks": q.callbacks,
        "weight": q.weight,
        "last_chosen": q.last_chosen,
        "last_rung": q.last_rung,
        "ringing": sorted(q.ringing),
        "drains_at": q.drains_at,
        **q.measures.summary(),
    }


def _agent_summary(a: Agent, now: float) -> dict[str, Any]:
    return {
        "state": (str(a.state), a.reason, a.since, a.until, a.idle_since, str(a.then), a.then_reason),
        "unreachable": a.unreachable,
        "at": (a.phone, a.own, a.code),
        "busy": (a.contact, a.offer, a.queue and a.queue.name, a.connected_at if a.queue else None),
        "cooling": {contact: until for contact, until in a.cooling.items() if until > now},
        "present": (a.active, a.signed_in, a.standing, dict(a.weights)),
        "shares": a.shares.summary(),
        "presence": a.presence.past,
    }
