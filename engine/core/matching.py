"""Bringing callers and agents together: an agent is reserved, an offer is made, and whoever is free is matched with the other side.

Each method leaves the floor's promise intact: whoever stands in line fits no ready agent, and whoever is ready fits nobody in line
(cool-downs aside).
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.agent import (
    AgentState,
    Cause,
    step,
)
from engine.core.facts import (
    CALLER,
    UNREACHABLE,
    AgentChanged,
    Cancel,
    Command,
    Offer,
)
from engine.core.floor import State
from engine.core.measures import COUNTS_AS
from engine.core.parties import Agent, Caller, Lane, Ringing
from engine.core.reasons import Scored
from engine.core.timers import (
    OFFER_OVERDUE,
    WRAP_UP_ENDS,
)

READY, RESERVED, PAUSED, LOGGED_OUT = (
    AgentState.READY,
    AgentState.RESERVED,
    AgentState.PAUSED,
    AgentState.LOGGED_OUT,
)
ANYBODY: frozenset[str] = frozenset()  # a lane of whoever has the skills


class Matching:
    """One decision being made: the state, the moment, and the commands so far."""

    __slots__ = ("commands", "now", "state")

    def __init__(self, state: State, now: float) -> None:
        self.state = state
        self.now = now
        self.commands: list[Command] = []
        state.open = None
        if state.reasons:
            state.reasons = {}

    # --- callers ---

    def _place(self, caller: Caller) -> None:
        state, lane = self.state, caller.lane
        agent = state.next_agent(lane, caller.contact, self.now) if lane.ready else None
        if agent is None:
            state.stand(caller)
            return
        state.stand_down(agent)
        scored = () if lane.queue.strategy.by_idle_time else state.scored
        self._offer(agent, caller, lane, scored)
        if lane.queue.at_once > 1:
            self._ring_more(caller)

    def _ring_more(self, caller: Caller) -> None:
        """Beside the phones that ring for them already, those of all others who are ready, the longest idle first."""
        state, lane = self.state, caller.lane
        while caller.wants_more(self.now):
            agent = state.idlest(lane, caller.contact, self.now)
            if agent is None:
                return
            state.stand_down(agent)
            self._offer(agent, caller, lane)

    def _drop(self, caller: Caller, abandoned: bool = False, seen: float | None = None) -> None:
        if caller.kind == CALLER:  # nobody loses patience with a callback
            waited = (self.now if seen is None else seen) - caller.entered_at
            caller.lane.queue.measures.waited(max(0.0, waited), abandoned)
        self.state.forget(caller)

    # --- offers ---

    def _offer(self, agent: Agent, caller: Caller, among: Lane | Agent, scored: Scored = ()) -> None:
        """Reserve the agent, then offer; neither stands among the free any more. `among`: whose agents or callers were chosen from."""
        state, queue = self.state, caller.lane.queue
        rule = queue.rule
        state.serial += 1
        # Time and a serial number: unique even if a restart should lose count.
        ringing = Ringing(f"{int(self.now * 1000)}-{state.serial}", agent, caller, rule.ring, self.now)
        state.offers[ringing.id] = ringing
        caller.offers += (ringing,)
        agent.offer, agent.contact = ringing.id, caller.contact
        queue.last_rung = agent.name
        if queue.at_once > 1:
            queue.ringing[caller.contact] = caller
        state.timers.set(self.now + rule.ring + caller.dial + queue.overdue, OFFER_OVERDUE, ringing.id)
        self._change(agent, RESERVED)
        self.commands.append(Offer(ringing.id, caller.contact, agent.name, rule.name, rule.ring))
        state.open = (ringing, among, agent.idle_since, scored)

    def _cancel(self, ringing: Ringing, why: str) -> Agent:
        self._close(ringing)
        self.commands.append(Cancel(ringing.id, ringing.caller.contact, ringing.agent.name, why))
        return ringing.agent

    def _cancel_all(self, caller: Caller, why: str, winner: Ringing | None = None) -> Sequence[Agent]:
        """Withdraw all offers that ring for a caller, but the winner's; the agents are still to be freed."""
        offers = caller.offers
        return [self._cancel(one, why) for one in offers if one is not winner] if offers else ()

    def _close(self, ringing: Ringing) -> None:
        agent, caller = ringing.agent, ringing.caller
        del self.state.offers[ringing.id]
        agent.offer = agent.contact = None
        if len(caller.offers) > 1:
            caller.offers = tuple(other for other in caller.offers if other is not ringing)
        else:
            caller.offers = ()
            caller.lane.queue.ringing.pop(caller.contact, None)

    # --- agents ---

    def _free(self, agent: Agent, cause: Cause) -> None:
        self._settle(agent, step(agent.state, cause))

    def _settle(
        self, agent: Agent, target: AgentState | None, reason: str = "", until: float | None = None
    ) -> None:
        """Bring an agent to ready (and at once to the next caller), paused or logged_out."""
        state = self.state
        if agent.standing:
            state.stand_down(agent)
        if target is READY and agent.unreachable:
            target, reason, until = PAUSED, UNREACHABLE, None
        elif target is READY and agent.own:
            target = step(READY, Cause.OWN_CALL)
        if target is not READY:
            self._change(agent, target, reason, until)
            return
        agent.state, agent.until = target, None
        caller = state.best_caller(agent, self.now)
        if caller is None:
            self._change(agent, target)
            state.stand_by(agent)
            state.learn(self.now)
        else:
            state.step_out(caller)
            self._offer(agent, caller, agent)

    def _change(
        self, agent: Agent, target: AgentState | None, reason: str = "", until: float | None = None
    ) -> None:
        assert target is not None, f"{agent.name}: no way leads on from {agent.state}"
        agent.state, agent.reason, agent.until, agent.since = target, reason, until, self.now
        if target is LOGGED_OUT:
            agent.phone = ""
        if (counts_as := COUNTS_AS[target]) != agent.presence.at:
            agent.presence.turn(counts_as, self.now)
        if until is not None:
            self.state.timers.set(until, WRAP_UP_ENDS, agent.name)
        self.state.refresh(agent)
        self._report(agent)
        if agent.gone and target is LOGGED_OUT:
            self.state.dismiss(agent)

    def _report(self, a: Agent) -> None:
        self.commands.append(
            AgentChanged(
                a.name,
                a.state,
                a.reason,
                a.contact,
                a.until,
                a.since,
                a.idle_since,
                a.then,
                a.then_reason,
                a.unreachable,
                a.code,
                a.phone,
                a.own,
            )
        )
