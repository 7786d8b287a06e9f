"""What is asked of an agent, whichever way it comes: a command, a program over HTTP, a phone. Refused in one sentence, or done.

    state      ready, paused, logged_out, or logged_in: ready where they were logged out, else as they are; who had asked
               to log out when their conversation is over stays
    reason     why they pause; one of `pause_reasons` where site.yaml has some
    phone      where they are from now on
    code       what the conversation was about that they are in, or wrap up, or that was their last one, also in place of
               a wrong one; one of its queue's
    note       a line beside the code
    resolved   yes or no, beside a code that asks whether the matter is resolved (`resolved: ask`); said by nobody, it stays open
    by         who asks

A code is taken before the state, so that both can be said at once; with a pause or log-out no caller gets in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.call.distributor import Distributor
from engine.call.own_calls import OwnCalls
from engine.call.remarks import remark
from engine.core import acd
from engine.core.agent import CODE_MISSING, LOGGED_IN, AgentState
from engine.core.parties import Agent
from engine.core.phones import phone_named
from engine.core.resolution import ASK, NO, YES, meaning
from engine.core.site import QueueRule, Settings, WrapUpCode
from engine.errors import BadWord

STATES = (AgentState.READY, AgentState.PAUSED, AgentState.LOGGED_OUT, LOGGED_IN)
IN_CONTACT = (AgentState.TALKING, AgentState.WRAP_UP)


@dataclass(slots=True)
class Agents:
    """The agents of a running engine; what they may ask for follows the newest release."""

    distributor: Distributor
    own_calls: OwnCalls

    @property
    def _settings(self) -> Settings:
        return self.distributor.state.settings

    def told(self) -> dict[str, Any]:
        """All agents as they stand, as JSON values."""
        return dict(self.distributor.overview()["agents"])

    def ask(self, name: str, asked: Mapping[str, Any]) -> tuple[dict[str, Any], Awaitable[object]]:
        """Do it: what the agent is then, and what is done when that is on disk. Raises BadWord with a sentence."""
        agent = self.distributor.state.agents.get(name)
        if agent is None or agent.gone:
            raise BadWord(
                f"there is no agent {name[:60]!r}: this site has {listed(self._settings.agents)}", "agent"
            )
        facts = self._facts(agent, asked)
        written = [self.distributor.submit(fact) for fact in facts]
        self.own_calls.tell()  # they may be at another phone
        return self.told()[name], asyncio.gather(*written)

    def choices(self, name: str, what: str) -> list[dict[str, Any]]:
        """What an agent can choose from over the phone, in the order of its keys: `what` is pause_reasons, or wrap_up_codes."""
        agent, known = self.distributor.state.agents.get(name), self._settings
        if what == "pause_reasons":
            return [{"name": one.name, "prompt": one.prompt} for one in known.pause_reasons.values()]
        rule = self._told_of(agent) if agent is not None else None
        codes = rule.wrap_up_codes if rule is not None else ()
        return [known.wrap_up_codes[code].choice for code in codes]

    def _facts(self, agent: Agent, asked: Mapping[str, Any]) -> Sequence[acd.Fact]:
        """Everything is looked at before anything is done."""
        code, state = remark(asked, "code"), remark(asked, "state")
        if not code and remark(asked, "resolved"):
            raise BadWord("resolved is said of a conversation, beside its code: give a code too", "code")
        if not code and not state:
            raise BadWord(f"say what agent {agent.name} shall be: {listed(STATES)}; or give a code", "state")
        coded = [self._coded(agent, code, asked)] if code else []
        if not state:
            return coded
        wish = self._set(agent, state, asked, coded=bool(code))
        if coded and agent.reason == CODE_MISSING and state in (AgentState.PAUSED, AgentState.LOGGED_OUT):
            # Remembered before the code ends their wrap-up: nobody is offered to somebody who is leaving.
            return [acd.AgentSet(agent.name, AgentState.PAUSED, wish.reason, by=wish.by), *coded, wish]
        return [*coded, wish]

    def _coded(self, agent: Agent, code: str, asked: Mapping[str, Any]) -> acd.Coded:
        rule = self._told_of(agent)
        if rule is None:
            raise BadWord(f"agent {agent.name} has no conversation that a code could be given for", "code")
        known = rule.wrap_up_codes
        if not known:
            raise BadWord(f"queue {rule.name} has no wrap-up codes", "code")
        if code not in known:
            raise BadWord(f"{code!r} is no wrap-up code of queue {rule.name}: it has {listed(known)}", "code")
        resolved = _resolved(self._settings.wrap_up_codes[code], remark(asked, "resolved"))
        return acd.Coded(agent.name, code, remark(asked, "note"), remark(asked, "by"), resolved)

    def _told_of(self, agent: Agent) -> QueueRule | None:
        """The queue of the conversation that a code of theirs is about now: the one they are in, or the last one."""
        if agent.queue is not None and agent.state in IN_CONTACT:
            return agent.queue.rule
        last = self.distributor.last_talk(agent.name)
        return None if last is None else self._settings.queues.get(last.queue)

    def _set(self, agent: Agent, state: str, asked: Mapping[str, Any], *, coded: bool) -> acd.AgentSet:
        if state not in STATES:
            raise BadWord(f"{state!r} is no state to ask for: {listed(STATES)}", "state")
        phone = self._phone(agent, state, remark(asked, "phone"))
        if state == AgentState.READY and not coded and agent.state is AgentState.WRAP_UP and agent.owes_code:
            assert agent.queue is not None
            codes = listed(agent.queue.rule.wrap_up_codes)
            raise BadWord(f"queue {agent.queue.name} wants a wrap-up code first: {codes}", "code")
        reason = self._reason(state, remark(asked, "reason"))
        return acd.AgentSet(agent.name, state, reason, phone, remark(asked, "by"))

    def _reason(self, state: str, reason: str) -> str:
        known = self._settings.pause_reasons
        if state != AgentState.PAUSED or not known or reason in known:
            return reason
        if reason:
            raise BadWord(f"{reason!r} is no reason for a pause: this site has {listed(known)}", "reason")
        raise BadWord(f"a pause needs a reason: {listed(known)}", "reason")

    def _phone(self, agent: Agent, state: str, phone: str) -> str | None:
        if state == AgentState.LOGGED_OUT:
            return None
        found = phone_named(self._settings, phone) if phone else None
        if phone and found is None:
            raise BadWord(self._no_phone(phone), "phone")
        if not phone and not agent.seat:
            raise BadWord(f"agent {agent.name} has no phone of their own: say at which one they are", "phone")
        return found

    def _no_phone(self, phone: str) -> str:
        own = [name for name, agent in self._settings.agents.items() if agent.has_phone]
        return f"there is no phone {phone!r}: this site has {listed([*self._settings.phones, *own])}"


def _resolved(code: WrapUpCode, said: str) -> bool | None:
    """Whether the matter is resolved with this code: as the code says, or as the agent does where it asks."""
    if said not in ("", YES, NO):
        raise BadWord(f"{said[:60]!r} does not say whether it is resolved: yes or no", "resolved")
    if said and code.resolved not in (said, ASK):
        means = f"says itself that it is {'' if code.resolved == YES else 'not '}resolved"
        means = means if code.resolved else "says nothing of whether it is resolved, and asks nobody"
        raise BadWord(f"code {code.name} {means}: leave it out, or give another code", "resolved")
    return meaning(said or code.resolved)


def listed(names: Sequence[str] | Mapping[str, object]) -> str:
    """Names in a sentence."""
    return ", ".join(map(str, names))
