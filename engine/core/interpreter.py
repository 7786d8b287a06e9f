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

from engine.core.do import Asking, Do, End, Outcome
from engine.core.flow import Flow, StepName
from engine.core.verbs import Hangup
from engine.core.way import Way


def run(way: Way) -> Generator[Do, Outcome, None]:
    """Yield what to do, one thing at a time, until the call's end."""
    target: str | None = way.step
    while target is not None:
        way.step = target
        target = yield from _step(way)


def _step(way: Way) -> Asking:
    for index, action in enumerate(way.flow.steps[StepName(way.step)]):
        way.index = index
        if not way.goes_on():
            break
        target = yield from action.perform(way)
        if target is not None or isinstance(action, Hangup):
            return target
    # A step without an end does not pass the checker; ending the call is the only thing left that strands nobody.
    yield End(*way.here, None)
    return None


@dataclass(slots=True)
class Walk:
    """A caller's way so far, what asks on it, and what is wanted next (None: the call has ended)."""

    way: Way
    asking: Generator[Do, Outcome, None]
    do: Do | None

    def send(self, outcome: Outcome) -> Do | None:
        """Tell what came of `do`; returns and keeps what is wanted next."""
        try:
            self.do = self.asking.send(outcome)
        except StopIteration:
            self.do = None
        return self.do


def replay(flow: Flow, history: Iterable[Outcome] = (), variables: Mapping[str, str] | None = None) -> Walk:
    """A fresh interpreter brought to where `history` ends."""
    way = Way(flow, variables)
    asking = run(way)
    walk = Walk(way, asking, next(asking, None))
    for outcome in history:
        if walk.do is None:
            break
        walk.send(outcome)
    return walk
