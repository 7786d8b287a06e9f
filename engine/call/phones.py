"""Agents' phones: who cannot be reached is taken from those who can be offered a caller, and given back when the phone is there again.

The feed tells of endpoints; here they become agents. An agent is told of by the phone they are signed in at. An agent who asks for
ready while their phone is gone has it asked at once, so that a phone just switched on need not wait for its turn.
"""

from __future__ import annotations

from engine.ami.port import Feed, PhonesUnknown, PhonesUp
from engine.call.distributor import Distributor
from engine.call.own_calls import OwnCalls
from engine.core import acd
from engine.core.agent import AgentState
from engine.core.parties import Agent


class Phones:
    """Tells the distributor whose phone is gone and whose is back."""

    def __init__(self, distributor: Distributor, feed: Feed, own_calls: OwnCalls) -> None:
        self._distributor, self._own_calls = distributor, own_calls
        self._feed = feed
        #: Endpoints that can be reached; None while nobody knows.
        self._up: frozenset[str] | None = None
        distributor.on_agent = self._changed

    def take(self, report: PhonesUp | PhonesUnknown) -> None:
        """Something is known of the phones, or nothing any more."""
        match report:
            case PhonesUp(endpoints, in_use):
                self._up = endpoints
                self._own_calls.used(in_use)
            case PhonesUnknown():
                self._up = None
                self._own_calls.used(frozenset())
        self.tell()

    def tell(self) -> None:
        """Tell the distributor of every agent it knows otherwise; also after the site has changed."""
        for agent in list(self._distributor.state.agents.values()):
            self._tell(agent)

    def _tell(self, agent: Agent) -> None:
        rung = self._distributor.rung(agent.name)
        reachable = None if self._up is None or rung is None else rung.line in self._up
        paused = agent.state is AgentState.PAUSED and agent.reason == acd.UNREACHABLE
        if agent.unreachable != (reachable is False) or (reachable and paused and agent.until is None):
            self._distributor.submit(acd.PhoneReachable(agent.name, reachable))

    def _changed(self, changed: acd.AgentChanged) -> None:
        if changed.unreachable and changed.reason == acd.UNREACHABLE:
            rung = self._distributor.rung(changed.agent)
            if rung is not None:
                self._feed.look(rung.line)
        agent = self._distributor.state.agents.get(changed.agent)
        if agent is not None:
            self._tell(agent)  # they may be at another phone
            self._own_calls.look(agent)  # a leg of ours may be there from now on, or no longer
