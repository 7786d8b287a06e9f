"""One turn of the distributor: a fact is taken in, and whoever it frees or brings is matched with somebody on the other side.

The rules are told in `acd.py`; here every step of them is one small method. Each method leaves the floor's promise intact: whoever
stands in line fits no ready agent, and whoever is ready fits nobody in line (cool-downs aside).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from engine.core.agent import (
    AFTER_WRAP_UP,
    CODE_MISSING,
    NO_CODE,
    PHONE_TAKEN,
    REQUESTS,
    AgentState,
    Cause,
    step,
)
from engine.core.choosing import candidate, expected_wait
from engine.core.facts import (
    CALLBACK,
    CALLER,
    TAKEN,
    UNREACHABLE,
    AgentChanged,
    AgentSet,
    Arrived,
    AskCalledOff,
    Cancel,
    Coded,
    Command,
    Doors,
    Offer,
    OwnCall,
    PhoneReachable,
    Queued,
    Refused,
    TimedOut,
    Widened,
)
from engine.core.floor import Agent, Caller, Lane, Queue, Ringing, State
from engine.core.measures import COUNTS_AS, unseen
from engine.core.ranking import LEAST_BUSY, Candidate, Choice, excluded, for_callback, pick, shorter
from engine.core.reasons import Scored
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

READY, RESERVED, PAUSED = AgentState.READY, AgentState.RESERVED, AgentState.PAUSED
WRAP_UP, LOGGED_OUT, TALKING = AgentState.WRAP_UP, AgentState.LOGGED_OUT, AgentState.TALKING
ANYBODY: frozenset[str] = frozenset()  # a lane of whoever has the skills
LEAST_COOL_DOWN = 1.0  # a phone that fails at once must not be rung in a tight circle


def rest_until(ringing: Ringing, now: float) -> float:
    """Until when an agent who fails this offer now is not offered its contact again."""
    return now + max(ringing.caller.lane.queue.rule.cool_down, LEAST_COOL_DOWN)


def entered(fact: Arrived, since: float) -> float:
    """When somebody who has the place of this time came to their queue."""
    return since if fact.entered_at is None else fact.entered_at


class Turn:
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
        queues = self.state.queues
        here = {
            c.queue for c in found if excluded(c) is None and self._is_preferred_in(queues[c.queue], fact)
        }
        return [c._replace(wanted=c.queue in here) for c in found] if here else found

    def _is_preferred_in(self, queue: Queue, fact: Arrived) -> bool:
        return bool(self.state.preferred(queue, fact.skills, fact.prefer))

    def _rule_of(self, group: str | None) -> str:
        known = self.state.settings.groups.get(group) if group is not None else None
        return LEAST_BUSY if known is None else known.choose

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

    def _time_out(self, caller: Caller) -> None:
        self._drop(caller)
        self.commands.append(TimedOut(caller.contact))

    # --- closing time ---

    def doors(self, fact: Doors) -> None:
        """Know which queues are closed; who waits in one that has just closed may stay until it drains."""
        for queue in self.state.queues.values():
            drains_at = fact.closed.get(queue.name)
            if drains_at == queue.drains_at:
                continue
            queue.drains_at = drains_at
            if drains_at is not None:
                self.state.deserted[queue.name] = None  # where nobody is left, nobody is waited for
                if drains_at > self.now:
                    self.state.timers.set(drains_at, DRAINED, queue.name)

    def send_on(self) -> None:
        """Let callers go on whose queue is closed and who have nobody to wait for there any more: the end of every turn."""
        self._let_anybody()
        while self.state.deserted:
            names, self.state.deserted = self.state.deserted, {}
            for queue in [self.state.queues[name] for name in names if name in self.state.queues]:
                self._send_on(queue)

    def _send_on(self, queue: Queue) -> None:
        for key in list(queue.line) if queue.drains_at is not None else ():
            caller = self.state.callers[key[2]]
            if self._is_over(caller):
                self.state.step_out(caller)
                self._move(caller)

    def _is_over(self, caller: Caller) -> bool:
        """Has the caller's queue closed for them, too?"""
        lane, queue = caller.lane, caller.lane.queue
        if queue.drains_at is None:
            return False
        anybody = self.state.lane(queue, lane.skills) if lane.only else lane
        return self.now >= queue.drains_at or not anybody.staffed

    def _move(self, caller: Caller) -> None:
        """To an open queue of their group, with their place in time; out of line already."""
        old = caller.lane.queue
        choice = self._elsewhere(caller)
        if choice.candidate is None:
            self._drop(caller)
            self.commands.append(Refused(caller.contact, choice.refusal, choice.decision, old.name))
            return
        self._go_over(caller, choice.candidate, choice.decision)

    def _go_over(self, caller: Caller, chosen: Candidate, decision: dict[str, Any]) -> None:
        """Into the queue chosen, with the time they came; out of line already."""
        old, new = caller.lane.queue, self.state.queues[chosen.queue]
        old.release(caller)
        new.hold(caller)
        new.last_chosen = self.now
        was = caller.lane
        self.state.quit(caller)
        caller.key = new.key(caller.priority, caller.enqueued_at, caller.contact)
        self.state.join(
            caller, self.state.lane(new, was.skills, self.state.preferred(new, was.skills, was.only))
        )
        if was.only:
            self.state.await_change(caller)
        self.commands.append(
            Queued(
                caller.contact, new.name, caller.enqueued_at, chosen.place, chosen.wait, decision, old.name
            )
        )
        self._place(caller)

    def _elsewhere(self, caller: Caller) -> Choice:
        state, now = self.state, self.now
        state.learn(now)
        found, rule = self._in_group(caller), self._rule_of(caller.group)
        if caller.kind == CALLBACK:
            return for_callback(found, now, rule)
        return pick(found, now, rule, moving=True)

    def _in_group(self, caller: Caller) -> list[Candidate]:
        """The queues of the caller's group as they would find them now; their own one where it is in none."""
        state, queue = self.state, caller.lane.queue.name
        group = state.settings.groups.get(caller.group or "")
        names = group.queues if group else (queue,)
        fact = Arrived(caller.contact, names, skills=caller.lane.skills, priority=caller.priority)
        return [candidate(state, name, fact, caller.enqueued_at, self.now) for name in names]

    def _rebalance(self, caller: Caller) -> None:
        """To a queue of their group in which they are served much sooner, if there is one."""
        state = self.state
        if not caller.offers:
            state.learn(self.now)
            found = self._in_group(caller)
            here = caller.lane.queue.name
            choice = shorter(found, self.now, here) if any(c.queue == here for c in found) else None
            if choice is not None and choice.candidate is not None:
                caller.moved = True
                state.step_out(caller)
                self._go_over(caller, choice.candidate, choice.decision)
        state.mind(caller, self.now)

    def _widen(self, caller: Caller, anybody: bool = False) -> None:
        """More agents will do from now on: fewer skills, or not only the preferred ones. In line or being offered alike."""
        skills, only = caller.lane.skills, caller.lane.only
        while caller.widen and caller.entered_at + caller.widen[0][0] <= self.now:
            skills, caller.widen = caller.widen[0][1], caller.widen[1:]
        only = self.state.preferred(caller.lane.queue, skills, only)
        if anybody or caller.patient_until <= self.now:
            only = ANYBODY
        self.state.step_out(caller)
        self._belong(caller, skills, only)
        if caller.offers:
            self._ring_more(caller)
        else:
            self._place(caller)

    def _belong(self, caller: Caller, skills: frozenset[str], only: frozenset[str]) -> None:
        state, queue = self.state, caller.lane.queue
        state.quit(caller)
        state.join(caller, state.lane(queue, skills, only))
        state.await_change(caller)
        if queue.drains_at is not None:  # nobody may be there who could take them now
            state.deserted[queue.name] = None
        self.commands.append(Widened(caller.contact, tuple(sorted(skills)), tuple(sorted(only))))

    def _let_anybody(self) -> None:
        """Nobody waits for preferred agents who have all gone."""
        while self.state.left_alone:
            lanes, self.state.left_alone = self.state.left_alone, {}
            for lane in lanes:
                for key in list(lane) if not lane.active else ():
                    self._widen(self.state.callers[key[2]], anybody=True)

    def _say_place(self, caller: Caller) -> None:
        queue = caller.lane.queue
        place = queue.line.ahead_of(caller.key) + 1
        wait = expected_wait(queue, place, caller.lane.ready)
        self.commands.append(Queued(caller.contact, queue.name, caller.enqueued_at, place, wait, {}))

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

    def offer_failed(self, offer: str, why: str) -> None:
        """Send the caller on, then see to the agent."""
        ringing = self.state.offers.get(offer)
        if ringing is None:
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

    def talk_ended(self, contact: str, seen: float | None = None) -> None:
        """The agent goes into wrap-up, or past it where the queue has none; time that nobody saw is not handle time."""
        agent = self.state.talks.pop(contact, None)
        if agent is None or agent.queue is None:
            return
        wrap_up = agent.queue.rule.wrap_up
        agent.connected_at += unseen(self.now, seen, agent.connected_at)
        if wrap_up <= 0.0:
            agent.state = WRAP_UP
            self._wrap_up_over(agent)
            return
        self._change(agent, step(agent.state, Cause.TALK_ENDED), until=self.now + wrap_up)

    def _wrap_up_over(self, agent: Agent) -> None:
        """Its time is: a code that is missing is waited for, and not for ever."""
        assert agent.queue is not None
        if agent.code or not agent.queue.rule.wrap_up_required:
            self._wrapped(agent)
        elif agent.reason == CODE_MISSING:
            agent.then_reason = agent.then_reason or NO_CODE
            self._wrapped(agent, None if agent.then else Cause.CODE_LATE)
        else:
            until = self.now + agent.queue.rule.code_within
            self._change(agent, step(agent.state, Cause.CODE_OWED), CODE_MISSING, until)

    def coded(self, fact: Coded) -> None:
        """Keep the code; who is in wrap-up only for want of it is done."""
        agent = self.state.agents.get(fact.agent)
        if agent is None or agent.state not in (TALKING, WRAP_UP):
            return
        agent.code = fact.code
        if agent.reason == CODE_MISSING:
            self._wrapped(agent)
        else:
            self._report(agent)

    def _wrapped(self, agent: Agent, cause: Cause | None = None) -> None:
        """Learn from the finished contact, then honour what was asked for meanwhile."""
        assert agent.queue is not None
        self.state.finished.append((agent.queue, agent.name, agent.connected_at, self.now))
        agent.contact = agent.queue = None
        agent.code = ""
        agent.idle_since = self.now
        cause = cause or AFTER_WRAP_UP[agent.then]
        reason, agent.then, agent.then_reason = agent.then_reason, "", ""
        self._settle(agent, step(agent.state, cause), reason)

    def agent_set(self, fact: AgentSet) -> None:
        """Do what an agent asks for, now or when their conversation is over."""
        cause = REQUESTS.get(fact.state)
        if cause is None:
            raise ValueError(
                f"agent {fact.agent}: '{fact.state}' cannot be asked for; ask for ready, paused, logged_in or logged_out"
            )
        agent = self.state.agents.get(fact.agent)
        if agent is not None and not agent.gone:
            self._say(agent, cause, fact)

    def _say(self, agent: Agent, cause: Cause, fact: AgentSet) -> None:
        phone = "" if fact.phone == agent.name else fact.phone
        moves = phone is not None and phone != agent.phone
        arrives = moves or LOGGED_OUT in (agent.state, agent.then)
        if moves and phone is not None:
            self._sit_down(agent, phone, cause)
        self._ask(agent, cause, fact)
        if arrives and LOGGED_OUT not in (agent.state, agent.then):
            self._be_alone(agent)

    def _sit_down(self, agent: Agent, phone: str, cause: Cause) -> None:
        """From now on this phone rings for them; one that rings elsewhere stops, and the caller goes to whoever is next."""
        agent.phone = phone
        if agent.offer is None or step(RESERVED, cause) is not None:
            self._report(agent)
            return
        ringing = self.state.offers[agent.offer]
        self._cancel(ringing, "moved")
        self._to_another(ringing.caller)
        self._free(agent, Cause.WITHDRAWN)

    def _be_alone(self, agent: Agent) -> None:
        """Log out whoever else is signed in at their phone."""
        for other in list(self.state.agents.values()) if agent.seat else ():
            if other is not agent and other.seat == agent.seat and other.state is not LOGGED_OUT:
                self._ask(other, Cause.ASKS_LOGOUT, AgentSet(other.name, LOGGED_OUT, PHONE_TAKEN))

    def own_call(self, fact: OwnCall) -> None:
        """Their phone is in a call of their own, or no longer: heeded now, or when they would be ready."""
        agent = self.state.agents.get(fact.agent)
        if agent is None or agent.own == fact.on:
            return
        agent.own = fact.on
        target = step(agent.state, Cause.OWN_CALL if fact.on else Cause.OWN_CALL_ENDED)
        if target is None:
            self._report(agent)
        else:
            agent.idle_since = self.now
            self._take_away(agent, target, "")

    def phone(self, fact: PhoneReachable) -> None:
        """Take an agent whose phone is gone from those who can be offered a caller, and give them back when it is there again.

        One who speaks stays as they are; where nobody can tell any more, their own word counts again.
        """
        agent = self.state.agents.get(fact.agent)
        if agent is None:
            return
        was, agent.unreachable = agent.unreachable, fact.reachable is False
        ours = agent.state is PAUSED and agent.reason == UNREACHABLE
        if agent.unreachable and not was and (target := step(agent.state, Cause.PHONE_GONE)) is not None:
            self._take_away(agent, target, UNREACHABLE)
        elif fact.reachable and ours and (was or agent.until is None):
            agent.idle_since = self.now
            self._free(agent, Cause.PHONE_BACK)
        elif was != agent.unreachable:
            self._report(agent)

    def _take_away(self, agent: Agent, target: AgentState, reason: str) -> None:
        """Bring an agent to where nobody is offered to them; whoever rings for them goes to somebody else."""
        ringing = self.state.offers[agent.offer] if agent.offer else None
        why = UNREACHABLE if reason == UNREACHABLE else str(target)
        if ringing is not None:
            self._cancel(ringing, why)
        elif agent.state is RESERVED:
            self._call_off(agent, why)
        self._settle(agent, target, reason)
        if ringing is not None:
            self._to_another(ringing.caller)

    def dismiss(self, agent: Agent) -> None:
        """Log out an agent the site no longer names, after their conversation."""
        agent.gone = True
        if agent.state is LOGGED_OUT:
            self.state.dismiss(agent)
        else:
            fact = AgentSet(agent.name, LOGGED_OUT, "no longer named in site.yaml")
            self._ask(agent, Cause.ASKS_LOGOUT, fact)

    def look_again(self, agent: Agent) -> None:
        """Give a ready agent the caller they could not have until now."""
        caller = self.state.best_caller(agent, self.now) if agent.standing else None
        if caller is not None:
            self.state.stand_down(agent)
            self.state.step_out(caller)
            self._offer(agent, caller, agent)

    def _ask(self, agent: Agent, cause: Cause, fact: AgentSet) -> None:
        target = step(agent.state, cause)
        if target is None:
            return
        if target is agent.state and target is not PAUSED:
            self._remember(agent, cause, fact)
        elif agent.state is WRAP_UP:
            if cause is Cause.ASKS_READY and agent.owes_code:
                return  # nobody passes by it; who asks is told so before
            agent.then_reason = fact.reason
            self._wrapped(agent, cause)
        elif agent.state is RESERVED:
            self._take_away(agent, target, fact.reason)
        else:
            agent.idle_since = self.now
            self._settle(agent, target, fact.reason)

    def _call_off(self, agent: Agent, why: str) -> None:
        assert agent.contact is not None
        del self.state.asks[agent.contact]
        self.commands.append(AskCalledOff(agent.contact, agent.name, why))
        agent.contact = None

    def _to_another(self, caller: Caller) -> None:
        if caller.lane.only and not caller.lane.active:
            self._belong(caller, caller.lane.skills, ANYBODY)
        if caller.offers:
            self._ring_more(caller)
        elif self.now >= caller.deadline:
            self._time_out(caller)
        elif self._is_over(caller):
            self._move(caller)
        else:
            self._place(caller)

    def _remember(self, agent: Agent, cause: Cause, fact: AgentSet) -> None:
        then = "" if cause is Cause.ASKS_READY else fact.state
        if (then, fact.reason) != (agent.then, agent.then_reason):
            agent.then, agent.then_reason = then, fact.reason if then else ""
            self.state.refresh(agent)
            self._report(agent)

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
        if kind == WRAP_UP_ENDS and agent.state is WRAP_UP:
            self._wrap_up_over(agent)
        elif kind == WRAP_UP_ENDS:
            agent.idle_since = self.now
            self._free(agent, Cause.RESTED)
        else:
            if kind == COOLED:
                del agent.cooling[contact]
            self.look_again(agent)
