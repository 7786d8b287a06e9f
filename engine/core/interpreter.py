"""The flow interpreter: pure. It yields what to do and is sent what came of it.

A call's place in its flow is its history of outcomes: sending them again to a fresh interpreter brings it back to the same place. So
nothing here reads a clock, a file or a random number; every fact arrives as an outcome, and every outcome is a short text or None, which is
what the event log keeps. What each verb asks for stands with the verb (`engine.core.verbs`).

A flow that goes round without asking the caller anything is ended after `PATIENCE` actions: nobody is stranded, not even by a flow that
an older version of the checker let through.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from engine.core.do import Do, End, Outcome
from engine.core.flow import Flow, Leave
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


#: What the flow knows of every call from its start.
GIVEN = ("language", "from_number", "to_number")


def of_contact(flow: Flow, arrived: Mapping[str, Any], history: Iterable[Outcome] = ()) -> Walk:
    """The interpreter of a contact whose `arrived` event holds this data; a callback begins at the action that asked for it."""
    variables = {name: arrived[name] for name in GIVEN}
    asked = arrived.get("callback")
    if asked is None:
        return replay(flow, history, variables)
    return replay(flow, history, {**asked["variables"], **variables}, (asked["step"], asked["index"]))


def replay(
    flow: Flow,
    history: Iterable[Outcome] = (),
    variables: Mapping[str, str] | None = None,
    ringing_back: Place | None = None,
) -> Walk:
    """A fresh interpreter brought to where `history` ends; `ringing_back` is the action that asked for this callback."""
    way = Way.begin(flow, variables)
    asking = _whole(way, ringing_back)
    walk = Walk(way, asking, next(asking, None))
    for outcome in history:
        if walk.do is None:
            break
        walk.send(outcome)
    return walk
