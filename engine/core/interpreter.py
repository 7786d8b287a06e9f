"""The flow interpreter: pure. It yields what to do and is sent what came of it.

A call's place in its flow is its history of outcomes: sending them again to a fresh interpreter brings it back to the same place. So
nothing here reads a clock, a file or a random number; every fact arrives as an outcome, and every outcome is a short text or None, which is
what the event log keeps. What each verb asks for stands with the verb (`engine.core.verbs`).

A flow that goes round without asking the caller anything is ended after `PATIENCE` actions: nobody is stranded, not even by a flow that
an older version of the checker let through.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine.core.do import Do, End, Outcome
from engine.core.event import Event
from engine.core.flow import Flow, Leave
from engine.core.verbs import Callback
from engine.core.way import Way


def _whole(way: Way, ringing_back: Place | None) -> Generator[Do, Outcome, None]:
    """The whole call: where a flow that nobody ran goes back, the call ends."""
    if (yield from way.go(ringing_back)) is Leave.FLOW:
        yield End(*way.here, None)


#: An action: its step and its index in it.
Place = tuple[str, int]


@dataclass(slots=True)
class Walk:
    """A caller's way so far, what asks on it, and what is wanted next (None: the call has ended)."""

    way: Way
    asking: Generator[Do, Outcome, None]
    do: Do | None
    #: How many outcomes it has been told.
    told: int = 0

    def send(self, outcome: Outcome) -> Do | None:
        """Tell what came of `do`; returns and keeps what is wanted next."""
        self.told += 1
        try:
            self.do = self.asking.send(outcome)
        except StopIteration:
            self.do = None
        return self.do

    def follow(self, history: Iterable[Outcome]) -> Walk:
        """Go on as far as these outcomes lead."""
        for outcome in history:
            if self.do is None:
                break
            self.send(outcome)
        return self


#: What the flow knows of every call from its start.
GIVEN = ("language", "from_number", "to_number")


@dataclass(frozen=True, slots=True)
class Stood:
    """How far somebody had come in a flow in whose place the caller is: what they began with, and what they were told."""

    variables: Mapping[str, str]
    told: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Beginning:
    """How a contact begins: the variables it is given, and of a callback the action that asked for it, and which of them are secret.

    `stands`: not at the flow's beginning, but in the place of somebody else; what is asked from then on is asked of the caller.
    """

    variables: Mapping[str, str]
    ringing_back: Place | None = None
    secret: tuple[str, ...] = ()
    stands: Stood | None = None

    @classmethod
    def of(cls, arrived: Mapping[str, Any]) -> Beginning:
        """As the data of an `arrived` event tells it."""
        asked = arrived.get("callback") or {}
        variables = {**asked.get("variables", {}), **{name: arrived[name] for name in GIVEN}}
        place = (asked["step"], asked["index"]) if asked else None
        stood = arrived.get("stands")
        stands = Stood(stood["variables"], tuple(stood["told"])) if stood else None
        return cls(variables, place, tuple(asked.get("secret", ())), stands)

    def walk(self, flow: Flow, history: Iterable[Outcome] = ()) -> Walk:
        """The interpreter of such a contact, brought to where `history` ends."""
        if self.stands is None:
            return replay(flow, history, self.variables, self.ringing_back, self.secret)
        walk = replay(flow, self.stands.told, self.stands.variables)
        walk.way.variables.update(self.variables)
        return walk.follow(history)

    def found_in(self, flow: Flow) -> Beginning | None:
        """The same in another version of its flow, where its action may stand elsewhere; None: nobody is rung back there any more."""
        if self.ringing_back is None:
            return self
        step, index = self.ringing_back
        here = [
            (name, n)
            for name, actions in flow.steps.items()
            for n, a in enumerate(actions)
            if isinstance(a, Callback)
        ]
        found = sorted(here, key=lambda at: (at != (step, index), at[0] != step))
        return replace(self, ringing_back=(str(found[0][0]), found[0][1])) if found else None


def replay(
    flow: Flow,
    history: Iterable[Outcome] = (),
    variables: Mapping[str, str] | None = None,
    ringing_back: Place | None = None,
    secret: Iterable[str] = (),
) -> Walk:
    """A fresh interpreter brought to where `history` ends; `ringing_back` is the action that asked for this callback.

    `secret` are the variables whose digits stand nowhere.
    """
    way = Way.begin(flow, variables)
    way.caller.secret.update(secret)
    asking = _whole(way, ringing_back)
    return Walk(way, asking, next(asking, None)).follow(history)


def begins_flow(event: Event) -> bool:
    """Does a flow begin with this event: has somebody called, or been sent to a number of the house's?"""
    return "flow_hash" in event.data


def so_far(events: Iterable[Event]) -> tuple[Mapping[str, Any], list[Outcome]]:
    """How the flow began that the caller is in, and the outcomes its interpreter was told, in order."""
    begun: Mapping[str, Any] = {}
    told: list[Outcome] = []
    for event in events:
        if begins_flow(event):
            begun, told = event.data, []
        elif event.kind == "step":
            told.append(event.data["outcome"])
    return begun, told
