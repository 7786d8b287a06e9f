"""One turn of the distributor: a fact is taken in, and whoever it frees or brings is matched with somebody on the other side.

The rules are told in `acd.py`; here and in the layers below every step of them is one small method:

    Matching    an agent is reserved, an offer made; who is free gets somebody of the other side
    Moving      callers go to another queue, or more agents will do
    Attending   what agents do and ask for
    Turn        callers come and go, offers end, time passes
    Conversing  agents are called into conversations (asking.py)
"""

from __future__ import annotations

from dataclasses import replace

from engine.core.agent import AgentState, Cause, step
from engine.core.attending import Attending
from engine.core.choosing import candidate, expected_wait
from engine.core.facts import (
    CALLBACK,
    LOST,
    TAKEN,
    Arrived,
    Cancel,
    Queued,
    Refused,
)
from engine.core.matching import ANYBODY
from engine.core.parties import Agent, Caller, Queue, Ringing
from engine.core.ranking import LEAST_BUSY, Candidate, Choice, excluded, for_callback, pick
from engine.core.timers import (
    COOLED,
    DRAINED,
    LOOK_AGAIN,
    OFFER_OVERDUE,
    REBALANCE,
    WIDENS,
    WRAP_UP_ENDS,
    Timer,
)

LEAST_COOL_DOWN = 1.0  # a phone that fails at once must not be rung in a tight circle


def rest_until(ringing: Ringing, now: float) -> float:
    """Until when an agent who fails this offer now is not offered its contact again."""
    return now + max(ringing.caller.lane.queue.rule.cool_down, LEAST_COOL_DOWN)


def entered(fact: Arrived, since: float) -> float:
    """When somebody who has the place of this time came to their queue."""
    return since if fact.entered_at is None else fact.entered_at


class Turn(Attending):
    """A turn that may be about anything but conversations."""

    __slots__ = ()

    # --- callers ---

    def arrived(self, fact: Arrived) -> None:
        """Choose a queue, and an agent if one is free; a contact already here is told its place again."""
        self.state.learn(self.now)
        if fact.contact in self.state.callers:
            self._say_place(self.state.callers[fact.contact])
        elif fact.contact not in self.state.talks:
            self._enter(fact)

    def _enter(self, fact: Arrived) -> None:
        state = self.state
        since = self.now if fact.enqueued_at is None else fact.enqueued_at
        while fact.widen and entered(fact, since) + fact.widen[0][0] <= self.now:  # a place they had before
            fact = replace(fact, skills=fact.widen[0][1], widen=fact.widen[1:])
        chosen, refusal, decision = self._choose(fact, since)
        if chosen is None:
            self.commands.append(Refused(fact.contact, refusal, decision))
            return
        queue = state.queues[chosen.queue]
        lane, only = queue.lanes[fact.skills], ANYBODY
        if fact.prefer and entered(fact, since) + fact.patience > self.now:
            only = state.preferred(queue, fact.skills, fact.prefer)
            lane = state.lane(queue, fact.skills, only)
        caller = state.callers[fact.contact] = Caller(fact, since, lane)
        queue.hold(caller)
        if fact.widen or only:
            state.join(caller, caller.lane)
            state.await_change(caller)
        if fact.group is not None:
            state.mind(caller, self.now)
        self.commands.append(
            Queued(fact.contact, queue.name, since, chosen.place, chosen.wait, decision),
        )
        self._place(caller)
        if queue.drains_at is not None:  # a place they had before it closed
            state.deserted[queue.name] = None

    def _choose(self, fact: Arrived, since: float) -> Choice:
        state, now = self.state, self.now
        if fact.queue is not None:
            state.queue(fact.queue)
            return Choice(candidate(state, fact.queue, fact, since, now), "", {})
        found = [candidate(state, name, fact, since, now) for name in fact.queues]
        if fact.prefer and fact.patience:
            found = self._where_preferred(found, fact)
        rule = self._rule_of(fact.group) if fact.group else LEAST_BUSY
        choice = for_callback(found, now, rule) if fact.kind == CALLBACK else pick(found, now, rule)
        if choice.candidate is not None:
            state.queues[choice.candidate.queue].last_chosen = now
        return choice

    def _where_preferred(self, found: list[Candidate], fact: Arrived) -> list[Candidate]:
        """Only the queues in which a preferred agent is there, if there is one."""
        queues, on_no_line = self.state.queues, fact.kind == CALLBACK  # whom no queue is too full for
        able = [c for c in found if excluded(c, on_no_line) is None]
        here = {c.queue for c in able if self._is_preferred_in(queues[c.queue], fact)}
        return [c._replace(wanted=c.queue in here) for c in found] if here else found

    def _is_preferred_in(self, queue: Queue, fact: Arrived) -> bool:
        return bool(self.state.preferred(queue, fact.skills, fact.prefer))

    def _say_place(self, caller: Caller) -> None:
        queue = caller.lane.queue
        place = queue.line.ahead_of(caller.key) + 1
        wait = expected_wait(queue, place, caller.lane.ready)
        self.commands.append(Queued(caller.contact, queue.name, caller.enqueued_at, place, wait, {}))

    def left(self, contact: str, reason: str, seen: float | None = None) -> None:
        """The caller is gone: out of line, away from a ringing phone, or out of a conversation."""
        caller = self.state.callers.get(contact)
        if caller is None:
            self.talk_ended(contact, seen)
            return
        self.state.step_out(caller)
        agents = self._cancel_all(caller, reason)
        self._drop(caller, reason == "abandoned", seen)
        for agent in agents:
            self._free(agent, Cause.WITHDRAWN)

    # --- how offers end ---

    def offer_failed(self, offer: str, why: str) -> None:
        """Send the caller on, then see to the agent."""
        ringing = self.state.offers.get(offer)
        if ringing is None:
            return
        if why == LOST:
            self._lost(ringing)
            return
        agent, caller = ringing.agent, ringing.caller
        rule = caller.lane.queue.rule
        self._close(ringing)
        rest = rest_until(ringing, self.now)
        agent.cooling[caller.contact] = rest
        caller.cooled.append(agent.name)
        self.state.timers.set(rest, COOLED, agent.name, caller.contact)
        agent.idle_since = self.now  # to the back: one who never answers is not rung first for ever
        if agent.name in caller.lane.only:  # the one they waited for does not take them
            self._belong(caller, caller.lane.skills, ANYBODY)
        self._to_another(caller)
        if why == "rejected" or (why == "no_answer" and rule.rona == "ready"):
            self._free(agent, Cause.DECLINED)
        else:
            until = None if why == "no_answer" else rest
            self._settle(agent, step(agent.state, Cause.UNANSWERED), why, until)

    def _lost(self, ringing: Ringing) -> None:
        """As if it had not been made: the agent is free again, in their place, and may be the next who is rung for this caller."""
        agent, caller = ringing.agent, ringing.caller
        self._close(ringing)
        self._to_another(caller)
        self._free(agent, Cause.WITHDRAWN)

    def picked_up(self, offer: str) -> None:
        """Whoever picks up first has the caller; the phones of all others stop, and they are free as if they had not rung."""
        ringing = self.state.offers.get(offer)
        if ringing is None:
            return
        ringing.picked_up = True
        for agent in self._cancel_all(ringing.caller, TAKEN, winner=ringing):
            self._free(agent, Cause.WITHDRAWN)

    def connected(self, offer: str) -> None:
        """The caller is answered; the agent talks. Nobody waits for this turn, so what was put off is done in it."""
        self.state.learn(self.now)
        ringing = self.state.offers.get(offer)
        if ringing is None:
            return
        agent, caller = ringing.agent, ringing.caller
        self._close(ringing)
        others = self._cancel_all(caller, TAKEN)
        self._drop(caller)
        agent.contact = caller.contact
        agent.queue = caller.lane.queue
        agent.connected_at = self.now
        self.state.talks[caller.contact] = agent
        for lane in agent.lanes:
            lane.clear()
        self._change(agent, step(agent.state, Cause.CONNECTED))
        for other in others:
            self._free(other, Cause.WITHDRAWN)

    # --- time ---

    def run_due(self) -> None:
        """Do everything that is due, earliest first; agents become free before a caller's time is up."""
        state = self.state
        while (timer := state.timers.take(self.now)) is not None:
            if state.is_live(timer):
                self._due(timer)

    def _due(self, timer: Timer) -> None:
        state, (_, kind, name, contact) = self.state, timer
        if kind in (WRAP_UP_ENDS, COOLED, LOOK_AGAIN):
            self._agent_due(kind, state.agents[name], contact)
        elif kind == OFFER_OVERDUE:
            ringing = state.offers[name]
            self.commands.append(Cancel(name, ringing.caller.contact, ringing.agent.name, "unreachable"))
            self.offer_failed(name, "unreachable")
        elif kind == DRAINED:
            state.deserted[name] = None
            self.send_on()
        elif kind == WIDENS:
            self._widen(state.callers[name])
        elif kind == REBALANCE:
            self._rebalance(state.callers[name])
        else:
            caller = state.callers[name]
            state.step_out(caller)
            self._time_out(caller)

    def _agent_due(self, kind: int, agent: Agent, contact: str) -> None:
        if kind == WRAP_UP_ENDS and agent.state is AgentState.WRAP_UP:
            self._wrap_up_over(agent)
        elif kind == WRAP_UP_ENDS:
            agent.idle_since = self.now
            self._free(agent, Cause.RESTED)
        else:
            if kind == COOLED:
                del agent.cooling[contact]
            self.look_again(agent)
