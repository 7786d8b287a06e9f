"""Whose phone is in a call that no offer of ours has made: they are not rung until it is over.

A call says whose it is in two ways: it comes from a phone of the house that proves itself, and then it is the call of whoever is signed in
there; or an agent has said in it who they are, by number and PIN. A phone with which a supervisor listens is in a call, too. All of it
stands in the contact, so a restart knows it again.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.call.distributor import Distributor
from engine.core import acd
from engine.core.contact import Contact


class OwnCalls:
    """The calls of agents' phones, by contact or a supervisor's leg: the phone, and who they said they are (either may be empty)."""

    def __init__(self, distributor: Distributor) -> None:
        self._distributor = distributor
        self._calls: dict[str, tuple[str, str]] = {}

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

    def tell(self) -> None:
        """Tell the distributor of every agent it knows otherwise; also after somebody has sat down at another phone."""
        phones = {phone for phone, _ in self._calls.values() if phone}
        agents = {agent for _, agent in self._calls.values()}
        for agent in list(self._distributor.state.agents.values()):
            on = agent.seat in phones or agent.name in agents
            if on != agent.own:
                self._distributor.submit(acd.OwnCall(agent.name, on))
