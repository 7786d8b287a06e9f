"""Conversations of which it can still be told what they were about: each agent's last one.

Until the agent speaks with the next caller, and for a day at most: a code that was forgotten, or that a crash cut off, can be given late,
and a wrong one can be put right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.core.conversation import AGENT
from engine.core.event import Event

#: Kinds of events that this is folded from.
KINDS = ("connected", "transferred")
#: Seconds after its beginning in which a conversation can be told about.
FOR = 86_400.0


@dataclass(frozen=True, slots=True)
class LastTalk:
    """A conversation: whose, from which queue, and when it began (seconds since the epoch)."""

    contact: str
    queue: str
    at: float


class Owing:
    """Each agent's last conversation."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._last: dict[str, LastTalk] = {}
        for event in events:
            self.take(event)

    def take(self, event: Event) -> None:
        """After one more event; most change nothing."""
        contact, data = event.contact or "", event.data
        match event.kind:
            case "connected":
                self._last[data["agent"]] = LastTalk(contact, data["queue"], event.at)
            case "transferred" if data["kind"] == AGENT:
                self._last[data["to"]] = LastTalk(contact, data["queue"] or "", event.at)

    def of(self, agent: str, now: float) -> LastTalk | None:
        """The conversation that this agent can still tell about."""
        last = self._last.get(agent)
        return last if last is not None and now - last.at < FOR else None
