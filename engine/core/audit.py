"""What must hold between two decisions, counted afresh without any index: for tests, simulations and `doctor`."""

from __future__ import annotations

from engine.core.agent import AgentState
from engine.core.facts import CALLBACK
from engine.core.floor import ACTIVE, State
from engine.core.line import NOBODY
from engine.core.parties import Agent, Caller
from engine.core.timers import COOLED, DRAINED, MAX_WAIT, OFFER_OVERDUE, REBALANCE, WIDENS, WRAP_UP_ENDS


def check_invariants(state: State, now: float) -> None:
    """Raise AssertionError with the first broken promise; walks everything, so not for use on the way of a call."""
    _offers(state)
    _talks(state)
    _phones(state)
    _lines(state)
    _lanes(state)
    _weights(state)
    _nobody_waits_beside_a_free_agent(state, now)
    _closed_queues_drain(state, now)
    _everything_ends(state, now)


def _offers(state: State) -> None:
    for ringing in state.offers.values():
        agent, caller = ringing.agent, ringing.caller
        assert agent.offer == ringing.id and ringing in caller.offers, (
            f"{ringing.id}: agent and caller know different offers"
        )
        assert not ringing.picked_up or caller.offers == (ringing,), f"{caller.contact}: others ring on"
        assert agent.state is AgentState.RESERVED, f"{agent.name} has an offer but is {agent.state}"
        assert state.callers.get(caller.contact) is caller, f"{caller.contact} is offered but not in a queue"
    for caller in state.callers.values():
        assert len(caller.offers) == sum(r.caller is caller for r in state.offers.values()), (
            f"{caller.contact} knows an offer that is over"
        )
        assert caller.kind != CALLBACK or len(caller.offers) <= 1, (
            f"{caller.contact}: two phones for a callback"
        )
    for queue in state.queues.values():
        rung = {c.contact for c in state.callers.values() if c.offers and c.lane.queue is queue}
        assert queue.ringing.keys() == (rung if queue.at_once > 1 else set()), f"{queue.name}: not who rings"
    offered = [r.agent.name for r in state.offers.values()]
    assert len(offered) == len(set(offered)), f"an agent has two offers: {sorted(offered)}"
    reserved = {a.name for a in state.agents.values() if a.state is AgentState.RESERVED}
    asked = {one.agent.name for one in state.asks.values() if not one.answered}
    assert reserved == set(offered) | asked, (
        f"reserved without an offer, or the other way round: {reserved ^ (set(offered) | asked)}"
    )


def _talks(state: State) -> None:
    consulted = {one.agent.name for one in state.asks.values() if one.answered}
    talking = {
        a.contact: a.name
        for a in state.agents.values()
        if a.state is AgentState.TALKING and a.name not in consulted
    }
    for contact, one in state.asks.items():
        wanted = AgentState.TALKING if one.answered else AgentState.RESERVED
        assert one.agent.state is wanted, f"{one.agent.name} is called in but {one.agent.state}"
        assert one.agent.contact == contact, f"{one.agent.name} is called into another conversation"
        assert contact not in state.callers, f"{contact} waits while somebody is called in"
    assert {c: a.name for c, a in state.talks.items()} == talking, "talks and talking agents differ"
    assert not talking.keys() & state.callers.keys(), "a contact talks and waits at once"


def _phones(state: State) -> None:
    here = [a for a in state.agents.values() if AgentState.LOGGED_OUT not in (a.state, a.then) and a.seat]
    seats = [agent.seat for agent in here]
    assert len(seats) == len(set(seats)), f"two agents at one phone: {sorted(seats)}"
    for agent in state.agents.values():
        assert agent.state is not AgentState.LOGGED_OUT or not agent.phone, (
            f"{agent.name}: at a phone, signed out"
        )


def _lines(state: State) -> None:
    for queue in state.queues.values():
        held = [c for c in state.callers.values() if c.lane.queue is queue]
        keys = sorted(c.key for c in held if not c.offers)
        assert list(queue.line) == keys, f"{queue.name}: the line has lost its order or somebody"
        assert queue.held == len(held), f"{queue.name}: holds {len(held)}, counted {queue.held}"
        kept = sum(c.kind == CALLBACK for c in held)
        assert queue.callbacks == kept, f"{queue.name}: {queue.callbacks} callbacks, counted {kept}"
        laned = sorted(key for lane in queue.lanes.values() for key in lane)
        assert laned == keys, f"{queue.name}: the lanes do not add up to the line"
        for line in [queue.line, *queue.lanes.values()]:
            assert line.first == next(iter(line), NOBODY), f"{queue.name}: a line's head is not its first"


def _fits(agent: Agent, caller: Caller) -> bool:
    lane = caller.lane
    return lane.queue in agent.queues and lane.takes(agent)


def _lanes(state: State) -> None:
    for queue in state.queues.values():
        for lane in queue.lanes.values():
            able = [a for a in state.agents.values() if queue in a.queues and lane.takes(a)]
            assert all((lane in a.lanes) == (a in able) for a in queue.agents), (
                f"{queue.name}: a lane is lost"
            )
            owned = sum(c.lane is lane for c in state.callers.values())
            assert not lane.only or owned == lane.callers > 0, (
                f"{queue.name}: {lane.only} are waited for by nobody"
            )
            assert not lane.only or not lane.count or lane.active, f"{queue.name}: {lane.only} have all gone"
            assert lane.ready == sum(a.state is AgentState.READY for a in able), (
                f"{queue.name}: ready miscounted"
            )
            assert lane.active == sum(a.active for a in able), f"{queue.name}: active miscounted"
            assert lane.signed_in == sum(a.signed_in for a in able), f"{queue.name}: signed in miscounted"


def _weights(state: State) -> None:
    for agent in state.agents.values():
        assert agent.active == (agent.state in ACTIVE and not agent.then), f"{agent.name}: active is wrong"
        assert not (agent.standing and agent.unreachable), f"{agent.name} is ready without a phone"
        assert agent.standing == (agent.state is AgentState.READY), (
            f"{agent.name}: standing by while {agent.state}"
        )
        assert not (agent.own and agent.state in (AgentState.READY, AgentState.RESERVED)), (
            f"{agent.name} is {agent.state} in a call of their own"
        )
        assert agent.own or agent.state is not AgentState.OWN_CALL, f"{agent.name}: no call of their own"
    for queue in state.queues.values():
        weight = 0
        for agent in (a for a in state.agents.values() if a.active and queue in a.queues):
            names = [q.name for q in agent.queues]
            weight += agent.shares.weights(names)[names.index(queue.name)]
        assert queue.weight == weight, f"{queue.name}: A is {weight}, carried along as {queue.weight}"


def _nobody_waits_beside_a_free_agent(state: State, now: float) -> None:
    ready = [a for a in state.agents.values() if a.state is AgentState.READY]
    for caller in (c for c in state.callers.values() if not c.offers or c.wants_more(now)):
        for agent in ready:
            cooling = agent.cooling.get(caller.contact, 0.0) > now
            assert cooling or not _fits(agent, caller), f"{caller.contact} waits while {agent.name} is ready"


def _closed_queues_drain(state: State, now: float) -> None:
    for caller in (c for c in state.callers.values() if not c.offers):
        queue = caller.lane.queue
        if queue.drains_at is not None:
            assert now < queue.drains_at, f"{caller.contact} waits in {queue.name}, which has drained"
            assert caller.lane.staffed, f"{caller.contact} waits in {queue.name}, which everybody has left"
    assert not state.deserted, f"nobody looked after {state.deserted}"


def _everything_ends(state: State, now: float) -> None:
    timers = [timer for timer in state.timers if state.is_live(timer)]
    assert all(timer[0] > now for timer in timers), "something due was left undone"
    live = {timer[1:] for timer in timers}
    for agent in state.agents.values():
        assert agent.until is None or (WRAP_UP_ENDS, agent.name, "") in live, (
            f"{agent.name}: {agent.state} never ends"
        )
        assert agent.state is not AgentState.WRAP_UP or agent.until is not None, (
            f"{agent.name}: endless wrap-up"
        )
        for contact in agent.cooling:
            assert (COOLED, agent.name, contact) in live, f"{agent.name}: cools down for {contact} for ever"
    for queue in state.queues.values():
        drained = queue.drains_at is None or queue.drains_at <= now
        assert drained or (DRAINED, queue.name, "") in live, f"{queue.name} never drains"
    for offer in state.offers:
        assert (OFFER_OVERDUE, offer, "") in live, f"offer {offer} never ends"
    for caller in state.callers.values():
        due = [caller.entered_at + seconds for seconds, _ in caller.widen[:1]]
        due += [caller.patient_until] if caller.lane.only else []
        assert caller.widens_at == min(due, default=None), f"{caller.contact}: nothing widens"
        assert caller.widens_at is None or (WIDENS, caller.contact, "") in live, (
            f"{caller.contact} never widens"
        )
        assert caller.look_at is None or (REBALANCE, caller.contact, "") in live, f"{caller.contact} stays"
        group = state.settings.groups.get(caller.group or "")
        looks = group is not None and group.rebalance and not caller.moved
        assert looks == (caller.look_at is not None), f"{caller.contact} is not looked after"
        assert caller.offers or (MAX_WAIT, caller.contact, "") in live, f"{caller.contact} waits for ever"
