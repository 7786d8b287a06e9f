"""Verbs that tell what is known before anybody is bothered: outages."""

from __future__ import annotations

import json
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from engine.core.bulletins import concerns
from engine.core.do import Look, Note, Play
from engine.core.flow import Action, Asking, PromptId, Seconds, StepName
from engine.core.way import Way

#: The key of a caller who knows enough.
CONTENT = "1"


@dataclass(frozen=True, slots=True)
class Bulletin(Action):
    """Play the known outages that concern this caller; none, and the flow goes on at once.

    With `bulletin: PROMPT` and `on_content` the caller is asked afterwards: 1 is content, which is written down as a request for
    information; anything else goes on.
    """

    silent_by: ClassVar[tuple[str, ...] | None] = ()

    bulletin: PromptId | None = None
    _: KW_ONLY
    on_content: StepName | None = None
    timeout: Seconds = Seconds(4)

    def perform(self, way: Way) -> Asking:
        """Look them up, play them, and ask."""
        found = json.loads((yield Look(*way.here, "bulletins", "")) or "[]")
        told = [one for one in found if concerns(one["scope"], way.variables)]
        if not told:
            return None
        yield Play(*way.here, tuple(one["prompt"] for one in told), True)
        if self.bulletin is None or self.on_content is None:
            return None
        if (yield from way.choose(self.bulletin, (CONTENT,), self.timeout)) != CONTENT:
            return None
        names = ", ".join(one["name"] for one in told)
        yield Note(*way.here, "request", {"kind": "information", "note": f"content with bulletin {names}"})
        return self.on_content
