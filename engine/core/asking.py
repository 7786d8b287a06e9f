"""Agents who are called into a conversation, and what becomes of those in it: consulting, handing over, being left.

An agent who is called by name is reserved before their phone rings, as in an offer, and only if they are ready; so nobody is rung twice.
The one who has just sent a caller on is reserved out of the wrap-up of that very caller, where the caller comes back.

    Ask            reserved, if that can be                      AskAnswered    a consultation: they talk, the caller is not theirs
    AskEnded       they did not answer (as a failed offer), or the consultation is over: ready again, without wrap-up
    HandedOver     the agent of the conversation wraps up; the agent who was asked, if one was, has the caller now
    Joined         likewise, and the agent of another conversation, which ends by it, has the caller now: for them it goes on, without
                   wrap-up in between, and with the wrap-up of the queue in which they were reached
    Released       the agent of the conversation wraps up; whoever carries out the transfer looks after the caller
"""

from __future__ import annotations

from engine.core.agent import AFTER_WRAP_UP, AgentState, Cause, step
from engine.core.facts import FAILURES, Ask, Asked
from engine.core.floor import State
from engine.core.parties import Agent, Asking
from engine.core.turn import LEAST_COOL_DOWN, Turn


def why_not(state: State, name: str, contact: str) -> str:
    """Why this agent cannot be called in for this contact now: unknown, busy, unreachable, or a state; empty where they can."""
    agent = state.agents.get(name)
    if agent is None or agent.gone:
        return "unknown"
    if contact in state.asks:
        return "busy"
    if agent.unreachable:
        return "unreachable"
    if agent.own:
        return "own_call"
    if agent.state is AgentState.WRAP_UP and agent.contact == contact and not agent.then:
        return ""
    return "" if agent.state is AgentState.READY else str(agent.state)


class Conversing(Turn):
    """A turn that may be about a conversation."""

    __slots__ = ()

    def ask(self, fact: Ask) -> None:
        """Reserve the agent, then ring them; nothing where they cannot be had."""
        state = self.state
        if why_not(state, fact.agent, fact.contact):
            return
        agent = state.agents[fact.agent]
        back = agent.state is AgentState.WRAP_UP
        if back:
            assert agent.queue is not None
            state.finished.append((agent.queue, agent.name, agent.connected_at, self.now))
            agent.queue, agent.code = None, ""
        else:
            state.stand_down(agent)
        state.serial += 1
        ask = f"{int(self.now * 1000)}-{state.serial}"
        queue = state.queue(fact.queue)
        state.asks[fact.contact] = Asking(ask, agent, fact.contact, queue, fact.ring, self.now)
        agent.contact = fact.contact
        self._change(agent, step(agent.state, Cause.CALLED_BACK if back else Cause.OFFERED))
        self.commands.append(
            Asked(ask, fact.contact, agent.name, queue.name, fact.how, fact.ring, fact.by, fact.second)
        )

    def ask_answered(self, contact: str) -> None:
        """The agent who was asked talks with the one who asks."""
        asking = self.state.asks.get(contact)
        if asking is not None and not asking.answered:
            asking.answered = True
            self._talk(asking)

    def _talk(self, asking: Asking) -> None:
        agent = asking.agent
        agent.contact, agent.queue, agent.connected_at = asking.contact, asking.queue, self.now
        if agent.state is not AgentState.TALKING:
            self._change(agent, step(agent.state, Cause.CONNECTED))

    def ask_ended(self, contact: str, why: str) -> None:
        """They are not called in any more: a failed offer, or the end of a consultation."""
        asking = self.state.asks.pop(contact, None)
        if asking is None:
            return
        agent, rule = asking.agent, asking.queue.rule
        agent.contact = None
        if asking.answered:
            self._consulted(agent)
        elif why == "rejected" or (why == "no_answer" and rule.rona == "ready"):
            agent.idle_since = self.now
            self._free(agent, Cause.DECLINED)
        elif why in FAILURES:
            agent.idle_since = self.now
            rest = None if why == "no_answer" else self.now + max(rule.cool_down, LEAST_COOL_DOWN)
            self._settle(agent, step(agent.state, Cause.UNANSWERED), why, rest)
        else:
            self._free(agent, Cause.WITHDRAWN)

    def _consulted(self, agent: Agent) -> None:
        """Ready again at once, or what they have asked for meanwhile: it was not their caller."""
        agent.queue, agent.code = None, ""
        agent.idle_since = self.now
        cause, reason = AFTER_WRAP_UP[agent.then], agent.then_reason
        agent.then = agent.then_reason = ""
        agent.state = AgentState.WRAP_UP
        self._settle(agent, step(agent.state, cause), reason)

    def handed_over(self, contact: str) -> None:
        """The conversation goes on with whoever was asked."""
        super().talk_ended(contact)
        asking = self.state.asks.pop(contact, None)
        if asking is not None:
            self._talk(asking)
            self.state.talks[contact] = asking.agent

    def joined(self, contact: str, other: str) -> None:
        """The conversation goes on with the agent of another one."""
        super().talk_ended(contact)
        agent = self.state.talks.pop(other, None)
        if agent is not None:
            agent.contact, agent.code = contact, ""  # a code that they have given was about the other one
            self.state.talks[contact] = agent
            self._report(agent)

    def released(self, contact: str) -> None:
        """The conversation goes on without its agent, for a while."""
        super().talk_ended(contact)

    def talk_ended(self, contact: str, seen: float | None = None) -> None:
        """Whoever was called in is free, too."""
        if contact in self.state.asks:
            self.ask_ended(contact, "over")
        super().talk_ended(contact, seen)
