"""Which variables are set where in a flow, and who may see them.

unset variable    a text or prompt inserts a variable that some way there has not set; a switch reads one that no way has set
secret used       digits asked for with `secret: yes` are spoken, compared or copied; they may only be given to a look-up or a service
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from engine.config.flowfile import FlowFile
from engine.config.kinds import slots
from engine.config.paths import reached
from engine.config.prompts import Catalog
from engine.config.report import Report
from engine.core import flow as f
from engine.core import verbs
from engine.core.way import LEVEL

#: Variables every call has from its start.
GIVEN = frozenset({"language", "from_number", "to_number"})
MOST_VARIABLES = 500
_CONFIDE = "secret digits can only be given to a look-up or a service"


def check_variables(files: list[FlowFile], catalog: Catalog | None, report: Report) -> None:
    """Every rule about the variables of the flows that could be read whole; a flow that is run begins with what is known there."""
    flows = {file.name: file for file in files if file.flow is not None}
    inner = {name for file in flows.values() if file.flow for name in file.flow.runs}
    shared = _Shared(flows, catalog, report)
    for name in flows:
        if name not in inner:
            shared.through(name, _Known(GIVEN, GIVEN))


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


def reads(action: f.Action) -> Iterator[tuple[tuple[str, ...], str, list[str]]]:
    """The variables an action reads: where, the text that inserts them (empty where one is named), and their names."""
    for option in fields(action):
        value = getattr(action, option.name)
        if option.type == "Text":
            yield (option.name,), value, slots(value)
        elif option.type == "Mapping[Variable, Text]":
            yield from (((option.name, key), text, slots(text)) for key, text in value.items())
        elif option.type == "Variable | None" and value is not None:
            yield (option.name,), "", [value]
        elif "Level" in str(option.type) and isinstance(value, Mapping):
            yield (option.name,), "", [LEVEL]


def alone(text: str) -> bool:
    """Is a text nothing but one value?"""
    return text.strip().startswith("{{") and text.strip().endswith("}}") and len(slots(text)) == 1


class _Shared:
    """What is checked: all flows, and what is known where they go back, by what was known where they began."""

    def __init__(self, files: Mapping[str, FlowFile], catalog: Catalog | None, report: Report) -> None:
        self.files, self.catalog, self.report = files, catalog, report
        self._done: dict[tuple[str, _Known], _Known | None] = {}

    def through(self, name: str, known: _Known) -> _Known | None:
        """What is known where a flow goes back; None where it never does, or where it runs itself (reported elsewhere)."""
        key = (name, known)
        if key not in self._done:
            self._done[key] = None
            if name in self.files:
                self._done[key] = _Variables(self.files[name], self).check(known)
        return self._done[key]


class _Variables:
    """Which variables are set where in one flow: known at each step's start, found by going round until nothing changes."""

    def __init__(self, file: FlowFile, shared: _Shared) -> None:
        assert file.flow is not None
        self.file, self.flow, self.shared = file, file.flow, shared
        self.catalog, self.report = shared.catalog, shared.report
        self.known: dict[str, _Known] = {}
        self.back: _Known | None = None
        asks = [a for step in self.flow.steps.values() for a in step if isinstance(a, verbs.Ask)]
        self.secret = frozenset(str(ask.into) for ask in asks if ask.secret)

    def check(self, given: _Known) -> _Known | None:
        """What is known where the flow goes back; None where it never does."""
        if self.flow.first not in self.flow.steps or self._too_many():
            return None
        self._arrive(self.flow.first, given)
        todo = [str(self.flow.first)]
        while todo:
            step = todo.pop()
            for target, known in self._leave(step):
                if target in self.flow.steps and self._arrive(target, known):
                    todo.append(target)
        for step, known in self.known.items():
            self._use(step, known)
        return self.back

    def _too_many(self) -> bool:
        """Following so many variables along all ways would take for ever."""
        actions = [action for step in self.flow.steps.values() for action in step]
        names = [name for a in actions for name in (*a.sets(), *a.gives())]
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
            leaving = known.minus(*action.takes_back()).plus(*action.gives())
            yield from ((jump.target, leaving) for jump in f.jumps(action))
            known = self._after(action, known)

    def _after(self, action: f.Action, known: _Known) -> _Known:
        if isinstance(action, verbs.Run):
            return self.shared.through(action.run, known) or known
        return known.plus(*action.sets(), *action.gives())

    def _use(self, step: str, known: _Known) -> None:
        for index, action in reached(self.flow.steps[f.StepName(step)]):
            match action:
                case verbs.Switch(switch=name):
                    if name not in known.maybe:
                        self._unset(step, index, name, ("switch",))
                    self._disclosed(step, index, name, ("switch",))
                case verbs.Back():
                    self.back = known if self.back is None else self.back.joined(known)
                case verbs.Set():
                    self._set(step, index, action, known)
                case _:
                    self._texts(step, index, action, known)
            self._prompts(step, index, action, known)
            known = self._after(action, known)

    def _set(self, step: str, index: int, action: verbs.Set, known: _Known) -> None:
        for name, text in action.set.items():
            for used in slots(text):
                if used not in known.sure:
                    self._unset(step, index, used, ("set", name))
                self._disclosed(step, index, used, ("set", name))
            known = known.plus(name)

    def _texts(self, step: str, index: int, action: f.Action, known: _Known) -> None:
        """What other actions read: texts with values in them, and variables by their names."""
        for path, text, names in reads(action):
            for used in names:
                if used not in (known.sure if text else known.maybe):
                    self._unset(step, index, used, path)
                if path[0] not in action.confides() or not alone(text):
                    self._disclosed(step, index, used, path)

    def _prompts(self, step: str, index: int, action: f.Action, known: _Known) -> None:
        if self.catalog is None:
            return
        for ref in self.file.refs[step, index]:
            if ref.to != "prompt":
                continue
            asked = isinstance(action, verbs.Ask) and ref.name == action.confirm
            now = known.plus(*action.sets()) if asked else known.plus(*action.speaks())
            for used, languages in self._spoken(ref.name, self.catalog).items():
                also = [(self.catalog.place(x, ref.name), "the prompt's text") for x in languages]
                if used in self.secret:
                    text = f"prompt '{ref.name}' speaks '{used}', which is secret"
                    self.report.add(ref.place, "secret-used", text, _CONFIDE, also=also)
                elif used not in now.sure:
                    text = f"prompt '{ref.name}' speaks '{used}', which is not set on every way here"
                    hint = "set it first, or ask for it"
                    self.report.add(ref.place, "unset-variable", text, hint, also=also)

    def _spoken(self, prompt: str, catalog: Catalog) -> dict[str, list[str]]:
        """The variables a prompt speaks, each with the languages in which it does."""
        spoken: dict[str, list[str]] = {}
        for language in self.flow.languages:
            for used in catalog.variables(language, prompt):
                spoken.setdefault(used, []).append(language)
        return spoken

    def _unset(self, step: str, index: int, name: str, path: tuple[str, ...]) -> None:
        place = self.file.at(step, index, *path)
        text = f"variable '{name}' is used here, but is not set on the way here"
        self.report.add(place, "unset-variable", text, "set it first, or ask for it")

    def _disclosed(self, step: str, index: int, name: str, path: tuple[str, ...]) -> None:
        if name in self.secret:
            text = f"variable '{name}' is secret: it cannot be compared or copied"
            self.report.add(self.file.at(step, index, *path), "secret-used", text, _CONFIDE)
