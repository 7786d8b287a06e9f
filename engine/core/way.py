"""One caller's way through a flow: where they are, what they have said, and the questions that verbs have in common."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping

from engine.core.do import Choose, Do, Outcome, Play
from engine.core.flow import Flow

#: Actions run since the caller last pressed a key or spoke to an agent.
PATIENCE = 300
#: Characters a variable keeps: one that is set to itself twice, again and again, must not fill the memory.
MOST_TEXT = 1000

_SLOT = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")


class Way:
    """Where a caller is. `variables` are texts; `language` is among them from the start."""

    def __init__(self, flow: Flow, variables: Mapping[str, str] | None = None) -> None:
        self.flow = flow
        self.variables: dict[str, str] = {"language": flow.languages[0], **(variables or {})}
        self.step: str = flow.first
        self.index = 0
        self._left = PATIENCE

    @property
    def here(self) -> tuple[str, int]:
        """The action that asks: its step, and its index in it."""
        return self.step, self.index

    def goes_on(self) -> bool:
        """Count one more action; False when too many have run since the caller was last heard."""
        self._left -= 1
        return self._left >= 0

    def heard(self, outcome: Outcome) -> Outcome:
        """An outcome that may come from the caller; if it does they are there, and patience begins anew."""
        if outcome is not None:
            self._left = PATIENCE
        return outcome

    def set(self, name: str, value: str) -> None:
        """Give a variable a value, cut to what one may hold."""
        self.variables[name] = value[:MOST_TEXT]

    def fill(self, text: str) -> str:
        """Insert variables where `{{ name }}` stands; a name that is not set inserts nothing."""
        return _SLOT.sub(lambda found: self.variables.get(found[1], ""), text)

    def play(self, prompt: str | None) -> Generator[Do, Outcome, None]:
        """Play a prompt, if there is one."""
        if prompt is not None:
            yield Play(*self.here, (prompt,), True)

    def choose(self, prompt: str, keys: Iterable[str], timeout: float) -> Generator[Do, Outcome, Outcome]:
        """Play a prompt and wait for a key."""
        return self.heard((yield Choose(*self.here, prompt, tuple(keys), timeout)))
