"""Whose phone is in a call that no offer of ours has made: they are not rung until it is over.

A call says whose it is in two ways: it comes from a phone of the house that proves itself, and then it is the call of whoever is signed in
there; or an agent has said in it who they are, by number and PIN. A phone with which a supervisor listens is in a call, too. All of it
stands in the contact, so a restart knows it again.

In an Asterisk of somebody else's a phone may be in a call that never comes here. Asterisk says which phones are in use, and not by whom:
one is in a call of its own where it has been in use for STEADY seconds while no leg of ours was there. So a leg of ours that Asterisk
reports before we do, or longer, changes nothing, nor does a phone that only flickers; the same holds for the end of such a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from engine.call.distributor import Distributor
from engine.core import acd
from engine.core.agent import AgentState
from engine.core.contact import Contact
from engine.core.parties import Agent

#: Seconds for which a phone has to be in use, or no longer, before that is believed.
STEADY: Final = 1.0
#: States in which a leg of ours is at the agent's phone, or on its way there.
OURS: Final = (AgentState.RESERVED, AgentState.TALKING)


class OwnCalls:
    """The calls of agents' phones, by contact or a supervisor's leg: the phone, and who they said they are (either may be empty)."""

    def __init__(self, distributor: Distributor) -> None:
        self._distributor = distributor
        self._calls: dict[str, tuple[str, str]] = {}
        #: The endpoints in use, as Asterisk tells; of these the ones in calls of their own; and what is to be believed soon.
        self._used: frozenset[str] = frozenset()
        self._foreign: set[str] = set()
        self._waiting: dict[str, asyncio.TimerHandle] = {}

    def begun(self, contact: str, phone: str, agent: str = "") -> None:
        """A phone of the house is in a call, or somebody in one has said which agent they are."""
        self._calls[contact] = (phone, agent)
        self.tell()

    def ended(self, contact: str) -> None:
        """A call is over, whoever's it was."""
        if self._calls.pop(contact, None) is not None:
            self.tell()

    def restore(self, contacts: Iterable[Contact]) -> None:
        """Know those that are open, and no others: after a restart, or a lost link."""
        known = list(contacts)
        self._calls = {c.id: (c.phone, c.signed_in) for c in known if c.phone or c.signed_in}
        listens = [c.supervision for c in known if c.supervision is not None]
        self._calls |= {one.leg: (one.phone, "") for one in listens}
        self.tell()

    def used(self, endpoints: frozenset[str]) -> None:
        """Asterisk tells which phones are in use."""
        self._used = endpoints
        for line in {*endpoints, *self._foreign, *self._waiting}:
            self._look(line)

    def look(self, agent: Agent) -> None:
        """A leg of ours may have come to an agent's phone, or gone from there."""
        if not (self._used or self._foreign or self._waiting):
            return
        line = self._line(agent)
        if line in self._used or line in self._foreign or line in self._waiting:
            self._look(line)

    def _look(self, line: str) -> None:
        """Is a phone in use, with no leg of ours there? Believed once that has held for a while."""
        agents = self._distributor.state.agents.values()
        now = line in self._used and not any(one.state in OURS and self._line(one) == line for one in agents)
        if now == (line in self._foreign):
            if (timer := self._waiting.pop(line, None)) is not None:
                timer.cancel()
        elif line not in self._waiting:
            loop = asyncio.get_running_loop()
            self._waiting[line] = loop.call_later(STEADY, self._believe, line, now)

    def _believe(self, line: str, foreign: bool) -> None:
        del self._waiting[line]
        if foreign:
            self._foreign.add(line)
        else:
            self._foreign.discard(line)
        self.tell()

    def _line(self, agent: Agent) -> str:
        """The endpoint of their phone; empty behind a trunk, whose state is that of all its phones."""
        rung = self._distributor.rung(agent.name)
        return "" if rung is None or rung.behind_trunk else rung.line

    def tell(self) -> None:
        """Tell the distributor of every agent it knows otherwise; also after somebody has sat down at another phone."""
        phones = {phone for phone, _ in self._calls.values() if phone}
        agents = {agent for _, agent in self._calls.values()}
        for agent in list(self._distributor.state.agents.values()):
            on = (
                agent.seat in phones
                or agent.name in agents
                or (bool(self._foreign) and self._line(agent) in self._foreign)
            )
            if on != agent.own:
                self._distributor.submit(acd.OwnCall(agent.name, on))
