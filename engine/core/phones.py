"""Phones that agents sign in at: desks' phones, other agents' own ones, and numbers outside that may be rung.

A phone has one name: that of `phones` in site.yaml, the agent's whose own it is, or a number that `outbound` allows. An agent's own phone
is theirs until they sign in elsewhere; nobody who has none can be ready before they have signed in somewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.outbound import dialable, way_out
from engine.core.site import AgentRule, Settings


@dataclass(frozen=True, slots=True)
class Rung:
    """What Asterisk is told to dial, and whether a trunk stands between: then a phone that never rings was not reached."""

    endpoint: str
    behind_trunk: bool = False

    @property
    def line(self) -> str:
        """The endpoint that has to be there for it to ring: behind a trunk the other side stands for all its phones."""
        return self.endpoint.removeprefix("PJSIP/").rpartition("@")[2]


def phone_named(settings: Settings, text: str) -> str | None:
    """The name of the phone that somebody means; None where there is no such phone."""
    if text in settings.phones or (text in settings.agents and settings.agents[text].has_phone):
        return text
    number = dialable(text)
    return number if number is not None and way_out(settings.outbound, number) else None


def rung(settings: Settings, agent: AgentRule, phone: str) -> Rung | None:
    """How an agent is rung who is signed in at this phone (empty: at their own); None: they cannot be."""
    if phone in settings.phones:
        return Rung(f"PJSIP/{endpoint_of_phone(phone)}")
    own = settings.agents.get(phone) if phone else agent
    if own is not None:
        return _own(own)
    way = way_out(settings.outbound, phone)
    return None if way is None else Rung(way.endpoint, True)


def _own(agent: AgentRule) -> Rung | None:
    if agent.trunk is not None:
        return Rung(f"PJSIP/{agent.number}@trunk-{agent.trunk}", True)
    return Rung(f"PJSIP/{endpoint_of_agent(agent.name)}") if agent.has_phone else None


def phone_at(settings: Settings, endpoint: str) -> str | None:
    """The phone whose endpoint this is in Asterisk; None where it is no phone of the house's."""
    kind, _, name = endpoint.partition("-")
    known = {"agent": settings.agents, "phone": settings.phones}.get(kind, {})
    return name if name in known else None


def endpoint_of_channel(channel: str) -> str:
    """The endpoint in a channel's name, such as PJSIP/agent-2001-0000001a."""
    return channel.partition("/")[2].rpartition("-")[0]


def endpoint_of_agent(name: str) -> str:
    """The endpoint of an agent's own phone in Asterisk."""
    return f"agent-{name}"


def endpoint_of_phone(name: str) -> str:
    """The endpoint of a desk's phone in Asterisk."""
    return f"phone-{name}"
