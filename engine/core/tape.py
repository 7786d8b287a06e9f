"""Recordings of conversations, as their events tell them.

recording_started    two tracks are recorded: what the caller says, and what the caller hears
recording_paused     silence is written in place of both, so that times stay true
recording_resumed    what is said is written again
recording_ended      nothing more is recorded; the file is made of both tracks next
recording_kept       the file is there: the caller on the left, everybody else on the right
recording_deleted    it was kept for as long as its queue says, or holds nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.core.site import Settings

YES, NO, ON_DEMAND = "yes", "no", "on_demand"
#: The sides of a recording: what the caller says, and what they hear.
SIDES: Mapping[str, Literal["in", "out"]] = {"i": "in", "o": "out"}


@dataclass(frozen=True, slots=True)
class Tape:
    """One recording in progress."""

    name: str
    paused: bool = False


def tape_name(contact: str, number: int) -> str:
    """A contact's recording of this number, counted from 0."""
    return f"{contact}-r{number}"


def may_record(settings: Settings, queue: str, agent: str | None) -> str:
    """Whether this agent's conversations of this queue are recorded: yes, no, or on_demand. The agent's word stands over the queue's."""
    rule, known = settings.queues.get(queue), settings.agents.get(agent or "")
    if known is not None and known.record is not None:
        return known.record
    return NO if rule is None else rule.record
