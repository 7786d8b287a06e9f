"""Which steps, actions and jumps a call passes, seen from outside: no verb knows that it is watched.

A watched flow is the flow with two changes. Each name of a step that an action leads to knows where it is written (it is still that name),
so two jumps to the same step can be told apart; and the steps tell when they are looked up, and their actions when they are begun.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from engine.core.flow import Action, Flow, StepName


@dataclass(frozen=True, slots=True, order=True)
class Branch:
    """A place calls pass: a step (`index` is -1), an action of it, or with `path` a jump written in that action."""

    flow: str
    step: str
    index: int = -1
    path: tuple[str, ...] = ()


class _Jump(str):
    """A step's name that knows where it is written."""

    branch: Branch


@dataclass(frozen=True, slots=True)
class Reached:
    """A step a call comes to, named as the trace names it; `before` is how many things had been asked for by then."""

    step: str
    before: int


class Watch:
    """One flow, watched; `told` is set to how many things have been asked for."""

    def __init__(self, flow: Flow) -> None:
        self.reached: list[Reached] = []
        self.branches: set[Branch] = set()
        self.told = 0
        self.flow = self._watched(flow, "")

    def begin(self) -> None:
        """Forget the last call's steps; branches are kept."""
        self.reached, self.told = [], 0

    def _watched(self, flow: Flow, path: str) -> Flow:
        steps = {name: _Step(self, flow.name, name, actions) for name, actions in flow.steps.items()}
        runs = {name: self._watched(run, f"{path}{name}.") for name, run in flow.runs.items()}
        return replace(flow, steps=_Steps(self, flow.name, path, steps), runs=runs)


class _Steps(dict[StepName, tuple[Action, ...]]):
    """A flow's steps, which tell when one is looked up."""

    def __init__(
        self, watch: Watch, flow: str, path: str, steps: Mapping[StepName, tuple[Action, ...]]
    ) -> None:
        super().__init__(steps)
        self._watch, self._flow, self._path = watch, flow, path

    def __getitem__(self, name: StepName) -> tuple[Action, ...]:
        """The step's actions; who looks them up is on the way there."""
        if isinstance(name, _Jump):
            self._watch.branches.add(name.branch)
        self._watch.branches.add(Branch(self._flow, str(name)))
        self._watch.reached.append(Reached(f"{self._path}{name}", self._watch.told))
        return super().__getitem__(name)


class _Step(tuple[Action, ...]):
    """A step's actions, which tell when one of them is begun."""

    _watch: Watch
    _at: tuple[str, str]

    def __new__(cls, watch: Watch, flow: str, name: str, actions: tuple[Action, ...]) -> _Step:
        jumping = (_jumping(action, Branch(flow, name, n)) for n, action in enumerate(actions))
        made = super().__new__(cls, jumping)
        made._watch, made._at = watch, (flow, name)
        return made

    def __iter__(self) -> Iterator[Action]:
        """The actions; each is begun as it is taken."""
        for index, action in enumerate(super().__iter__()):
            self._watch.branches.add(Branch(*self._at, index))
            yield action


def _jumping(action: Action, at: Branch) -> Action:
    """The action with names of steps that know where they are written."""
    marked: dict[str, Any] = {}
    for option in fields(action):
        value = getattr(action, option.name)
        if "StepName" not in str(option.type) or value is None:
            continue
        if isinstance(value, Mapping):
            marked[option.name] = {k: _jump(v, at, option.name, str(k)) for k, v in value.items()}
        else:
            marked[option.name] = _jump(value, at, option.name)
    return replace(action, **marked) if marked else action


def _jump(target: str, at: Branch, *path: str) -> _Jump:
    made = _Jump(target)
    made.branch = replace(at, path=path)
    return made
