"""What agents do: they sign in, ask for a state, tell codes, finish conversations, lose their phone and have it back."""

from __future__ import annotations

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
from engine.core.facts import (
    UNREACHABLE,
    AgentSet,
    AskCalledOff,
    Coded,
    OwnCall,
    PhoneReachable,
)
from engine.core.measures import unseen
from engine.core.moving import Moving
from engine.core.parties import Agent

RESERVED, PAUSED, WRAP_UP = AgentState.RESERVED, AgentState.PAUSED, AgentState.WRAP_UP
LOGGED_OUT, TALKING = AgentState.LOGGED_OUT, AgentState.TALKING


class Attending(Moving):
    """A turn that may be about an agent."""

    __slots__ = ()

    # --- conversations ---

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

    # --- what they ask for ---

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

    def _remember(self, agent: Agent, cause: Cause, fact: AgentSet) -> None:
        if cause is Cause.LOGS_IN and agent.then != LOGGED_OUT:
            return  # they are signed in, and stay so: a pause stands
        then = "" if cause in (Cause.ASKS_READY, Cause.LOGS_IN) else fact.state
        if (then, fact.reason) != (agent.then, agent.then_reason):
            agent.then, agent.then_reason = then, fact.reason if then else ""
            self.state.refresh(agent)
            self._report(agent)

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

    # --- phones ---

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

    def _call_off(self, agent: Agent, why: str) -> None:
        assert agent.contact is not None
        del self.state.asks[agent.contact]
        self.commands.append(AskCalledOff(agent.contact, agent.name, why))
        agent.contact = None
