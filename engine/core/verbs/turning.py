"""Verbs that decide where the call goes on, or that it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

from engine.core.do import End, Look
from engine.core.flow import Action, Asking, FlowName, Leave, PromptId, Schedule, StepName, Text, Variable
from engine.core.way import Way


@dataclass(frozen=True, slots=True)
class Set(Action):
    """Set variables; `{{ name }}` inserts the value of another one."""

    set: Mapping[Variable, Text]

    def perform(self, way: Way) -> Asking:
        """Set them in their order."""
        yield from ()
        for name, text in self.set.items():
            way.set(name, way.fill(text))
        return None

    def sets(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self.set)


@dataclass(frozen=True, slots=True)
class Switch(Action):
    """Go to the step named for a variable's value."""

    ends: ClassVar[bool] = True

    switch: Variable
    _: KW_ONLY
    cases: Mapping[str, StepName]
    otherwise: StepName

    def perform(self, way: Way) -> Asking:
        """Compare the value, letter by letter."""
        yield from ()
        return self.cases.get(way.variables.get(self.switch, ""), self.otherwise)


@dataclass(frozen=True, slots=True)
class Hours(Action):
    """Go on while a schedule is open; holiday, override and emergency count as closed unless their own `on_*` is given."""

    hours: Schedule
    _: KW_ONLY
    on_closed: StepName
    on_holiday: StepName | None = None
    on_override: StepName | None = None
    on_emergency: StepName | None = None

    def perform(self, way: Way) -> Asking:
        """Have the schedule looked up."""
        match (yield Look(*way.here, "hours", self.hours)):
            case "open":
                return None
            case "holiday":
                return self.on_holiday or self.on_closed
            case "override":
                return self.on_override or self.on_closed
            case "emergency":
                return self.on_emergency or self.on_closed
            case _:
                return self.on_closed


@dataclass(frozen=True, slots=True)
class Goto(Action):
    """Go on at another step."""

    ends: ClassVar[bool] = True

    goto: StepName

    def perform(self, way: Way) -> Asking:
        """Go there."""
        yield from ()
        return self.goto


@dataclass(frozen=True, slots=True)
class Hangup(Action):
    """Say goodbye, if a prompt is given, and end the call."""

    ends: ClassVar[bool] = True

    hangup: PromptId | None = None

    def perform(self, way: Way) -> Asking:
        """End it."""
        yield End(*way.here, self.hangup)
        return Leave.CALL


@dataclass(frozen=True, slots=True)
class Run(Action):
    """Go through another flow, and come back here at its `back`; variables are shared."""

    run: FlowName

    def perform(self, way: Way) -> Asking:
        """Go through it."""
        return (yield from way.run(self.run))


@dataclass(frozen=True, slots=True)
class Back(Action):
    """Go back to the flow that ran this one; in a flow that a number leads to, end the call."""

    ends: ClassVar[bool] = True

    back: None = None

    def perform(self, way: Way) -> Asking:
        """Leave the flow."""
        yield from ()
        return Leave.FLOW
