"""Somebody listens to a conversation, as its events tell it.

    supervision_asked      their phone rings next
    supervision_began      they hear the agent and whoever the agent speaks with
    supervision_changed    and from now on otherwise: listen, whisper, barge
    supervision_ended      no more

In `listen` nobody hears them; in `whisper` the agent does, in `barge` all do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

LISTEN, WHISPER, BARGE = "listen", "whisper", "barge"
#: How the channel that hears an agent speaks to them: not at all, to the agent, to both sides.
SPEAKS: Mapping[str, Literal["none", "out", "both"]] = {LISTEN: "none", WHISPER: "out", BARGE: "both"}


@dataclass(frozen=True, slots=True)
class Supervision:
    """A supervisor's phone and leg, and whom they listen to; `turns` counts how often the way was changed."""

    mode: str
    phone: str
    leg: str
    agent: str
    #: The channel of whoever they listen to.
    target: str
    began: bool = False
    turns: int = 0

    @property
    def snoop(self) -> str:
        """The channel that hears the agent."""
        return f"{self.leg}x{self.turns}"
