"""What no case reaches: steps, actions and jumps (a key, `otherwise`, an `on_*`, a case of a switch).

Each has its place in the flow's file. Of a step that no case reaches only the step is listed. An action is listed where cases begin the
one before it and all leave there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.cases.watch import Branch
from engine.config.flowfile import FlowFile, read_flow
from engine.config.report import Place, Report
from engine.core.flow import Flow, jumps, keyword


@dataclass(frozen=True, slots=True)
class Gap:
    """Something no case reaches."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the flows the cases reach: counts of steps, actions and jumps, and what is left."""

    reached: int
    all: int
    gaps: tuple[Gap, ...]

    @property
    def percent(self) -> int:
        """In whole percent; 100 only where nothing is left."""
        return 100 * self.reached // self.all if self.all else 100


def branches(flow: Flow) -> Iterator[Branch]:
    """Everything in a flow that a call can pass, those of the flows it runs not among them."""
    for step, actions in flow.steps.items():
        yield Branch(flow.name, step)
        for index, action in enumerate(actions):
            if index:  # the first one is begun wherever the step is reached
                yield Branch(flow.name, step, index)
            for jump in jumps(action):
                yield Branch(flow.name, step, index, jump.path)


def covered(
    flows: Mapping[str, Flow], sources: Mapping[str, str], folder: str, seen: Iterable[Branch]
) -> Coverage:
    """What of these flows was seen; `folder` is how their files' folder is called in places."""
    wanted = {branch for flow in flows.values() for branch in branches(flow)}
    reached = wanted & set(seen)
    left = wanted - reached
    gaps: list[Gap] = []
    for name, flow in flows.items():
        file = read_flow(sources[name], f"{folder}/{name}.yaml", flow.languages, Report())
        if file is not None:
            gaps += sorted(_gaps(flow, file, left), key=lambda gap: gap.place)
    return Coverage(len(reached), len(wanted), tuple(gaps))


def _gaps(flow: Flow, file: FlowFile, left: set[Branch]) -> Iterator[Gap]:
    for branch in branches(flow):
        whole = Branch(branch.flow, branch.step) in left
        before = (
            branch.index > 1
            and not branch.path
            and Branch(branch.flow, branch.step, branch.index - 1) in left
        )
        unbegun = bool(branch.path) and Branch(branch.flow, branch.step, branch.index) in left
        if branch not in left or (whole and branch.index >= 0) or before or unbegun:
            continue
        yield Gap(_place(branch, file), _text(branch, flow))


def _place(branch: Branch, file: FlowFile) -> Place:
    if branch.index < 0:
        return file.step(branch.step)
    return file.at(branch.step, branch.index, *branch.path, key=True)


def _text(branch: Branch, flow: Flow) -> str:
    if branch.index < 0:
        return f"step '{branch.step}'"
    action = next(actions for name, actions in flow.steps.items() if name == branch.step)[branch.index]
    if not branch.path:
        return f"step '{branch.step}', action {branch.index + 1} ({keyword(action)})"
    to = next(jump.target for jump in jumps(action) if jump.path == branch.path)
    return f"step '{branch.step}', {' '.join(branch.path)} → {to}"
