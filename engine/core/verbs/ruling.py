"""The verb by which a person says over the phone that something is closed or open."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from engine.core.do import Rule
from engine.core.flow import Action, Asking, Ruled, StepName, Text, Until, Word
from engine.core.way import Way


@dataclass(frozen=True, slots=True)
class Override(Action):
    """Say that a schedule, a site or everything is open, closed or in an emergency, until a time or until `none` takes it back.

    `pin` is what the caller was asked for with `secret: yes`; it is held against `override_pin` of site.yaml.
    """

    silent_by: ClassVar[tuple[str, ...] | None] = ("on_refused",)
    passes: ClassVar[bool] = False

    override: Ruled
    _: KW_ONLY
    to: Word
    pin: Text
    on_refused: StepName
    until: Until | None = None
    why: str = ""

    def perform(self, way: Way) -> Asking:
        """Have it said, if the digits are right."""
        held = way.secret(self.pin) or ""
        came = yield Rule(*way.here, self.override, self.to, self.until, self.why, held)
        return None if came == "set" else self.on_refused

    def confides(self) -> tuple[str, ...]:
        """The digits, which are compared and go nowhere."""
        return ("pin",)
