"""Which variables are set where in a flow, and who may see them.

unset variable    a text or prompt inserts a variable that some way there has not set; a switch reads one that no way has set
secret used       digits asked for with `secret: yes` are spoken, compared or copied; they may only be given to a look-up or a service
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.config.flowfile import FlowFile
from engine.config.kinds import slots
from engine.config.paths import reached
from engine.config.prompts import Catalog
from engine.config.report import Report
from engine.core import flow as f
from engine.core import verbs

#: Variables every call has from its start.
GIVEN = frozenset({"language", "from_number", "to_number"})
MOST_VARIABLES = 500
_CONFIDE = "secret digits can only be given to a look-up or a service"


def check_variables(file: FlowFile, flow: f.Flow, catalog: Catalog | None, report: Report) -> None:
    """Every rule about the variables of one flow that could be read whole."""
    Variables(file, flow, catalog, report).check()


@dataclass(frozen=True, slots=True)
class _Known:
    """Variables at one point: `sure` are set on every way there, `maybe` on one at least."""

    sure: frozenset[str]
    maybe: frozenset[str]

    def plus(self, *names: str) -> _Known:
        return (
            self if self.sure.issuperset(names) else _Known(self.sure.union(names), self.maybe.union(names))
        )

    def minus(self, *names: str) -> _Known:
        return _Known(self.sure.difference(names), self.maybe)

    def joined(self, other: _Known) -> _Known:
        return _Known(self.sure & other.sure, self.maybe | other.maybe)


class Variables:
    """Which variables are set where: known at each step's start, found by going round until nothing changes."""

    def __init__(self, file: FlowFile, flow: f.Flow, catalog: Catalog | None, report: Report) -> None:
        self.file, self.flow, self.catalog, self.report = file, flow, catalog, report
        self.known: dict[str, _Known] = {}
        asks = [a for step in flow.steps.values() for a in step if isinstance(a, verbs.Ask)]
        self.secret = frozenset(str(ask.into) for ask in asks if ask.secret)

    def check(self) -> None:
        if self.flow.first not in self.flow.steps or self._too_many():
            return
        self._arrive(self.flow.first, _Known(GIVEN, GIVEN))
        todo = [str(self.flow.first)]
        while todo:
            step = todo.pop()
            for target, known in self._leave(step):
                if target in self.flow.steps and self._arrive(target, known):
                    todo.append(target)
        for step, known in self.known.items():
            self._use(step, known)

    def _too_many(self) -> bool:
        """Following so many variables along all ways would take for ever."""
        names = [name for step in self.flow.steps.values() for a in step for name in a.sets()]
        count = len(set(names))
        if count > MOST_VARIABLES:
            place = self.file.step(self.flow.first)
            text = f"the flow sets {count:,} variables; {MOST_VARIABLES} is the most"
            self.report.add(place, "too-big", text, "make several flows of it")
        return count > MOST_VARIABLES

    def _arrive(self, step: str, known: _Known) -> bool:
        """Take in one more way to a step; does it change what is known there?"""
        before = self.known.get(step)
        self.known[step] = known if before is None else before.joined(known)
        return self.known[step] != before

    def _leave(self, step: str) -> Iterator[tuple[str, _Known]]:
        known = self.known[step]
        for _, action in reached(self.flow.steps[f.StepName(step)]):
            leaving = known.minus(*action.takes_back())
            yield from ((jump.target, leaving) for jump in f.jumps(action))
            known = self._after(action, known)

    @staticmethod
    def _after(action: f.Action, known: _Known) -> _Known:
        return known.plus(*action.sets())

    def _use(self, step: str, known: _Known) -> None:
        for index, action in reached(self.flow.steps[f.StepName(step)]):
            match action:
                case verbs.Switch(switch=name):
                    if name not in known.maybe:
                        self._unset(step, index, name, ("switch",))
                    self._disclosed(step, index, name, ("switch",))
                case verbs.Set():
                    self._set(step, index, action, known)
                case _:
                    pass
            self._prompts(step, index, action, known)
            known = self._after(action, known)

    def _set(self, step: str, index: int, action: verbs.Set, known: _Known) -> None:
        for name, text in action.set.items():
            for used in slots(text):
                if used not in known.sure:
                    self._unset(step, index, used, ("set", name))
                self._disclosed(step, index, used, ("set", name))
            known = known.plus(name)

    def _prompts(self, step: str, index: int, action: f.Action, known: _Known) -> None:
        if self.catalog is None:
            return
        for ref in self.file.refs[step, index]:
            if ref.to != "prompt":
                continue
            asked = isinstance(action, verbs.Ask) and ref.name == action.confirm
            now = known.plus(*action.sets()) if asked else known
            for language in self.flow.languages:
                for used in self.catalog.variables(language, ref.name):
                    if used in self.secret:
                        text = f"prompt '{ref.name}' speaks '{used}', which is secret"
                        also = [(self.catalog.place(language, ref.name), "the prompt's text")]
                        self.report.add(ref.place, "secret-used", text, _CONFIDE, also=also)
                    elif used not in now.sure:
                        text = f"prompt '{ref.name}' speaks '{used}', which is not set on every way here"
                        also = [(self.catalog.place(language, ref.name), "the prompt's text")]
                        hint = "set it first, or ask for it"
                        self.report.add(ref.place, "unset-variable", text, hint, also=also)

    def _unset(self, step: str, index: int, name: str, path: tuple[str, ...]) -> None:
        place = self.file.at(step, index, *path)
        text = f"variable '{name}' is used here, but is not set on the way here"
        self.report.add(place, "unset-variable", text, "set it first, or ask for it")

    def _disclosed(self, step: str, index: int, name: str, path: tuple[str, ...]) -> None:
        if name in self.secret:
            text = f"variable '{name}' is secret: it cannot be compared or copied"
            self.report.add(self.file.at(step, index, *path), "secret-used", text, _CONFIDE)
