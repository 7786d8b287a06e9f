"""Where callers can go in a flow: every step ends, a silent caller reaches an end, and variables are set before they are used.

open end          the last action of a step goes on, but there is nothing to go on to
never reached     an action after one that always leaves the step
unreached step    no way leads there from the first step
silent loop       a way round on which the caller does nothing. Silence means: menu and ask take `otherwise`, language goes on, a queue
                  ends by its timeout (or refuses), nobody speaks into the voicemail (or something is heard), opening hours and
                  switches may fall any way. Any circle made of such ways is an error, and is shown.
unset variable    a text or prompt inserts a variable that some way there has not set; a switch reads one that no way has set
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.config.flowfile import FlowFile
from engine.config.kinds import slots
from engine.config.prompts import Catalog
from engine.config.report import Report
from engine.core import flow as f
from engine.core import verbs
from engine.core.verbs import VERBS

#: Variables every call has from its start.
GIVEN = frozenset({"language", "from_number", "to_number"})
#: Steps of a circle that are shown; of a longer one its beginning and its end are.
SHOWN = 12
MOST_VARIABLES = 500


@dataclass(frozen=True, slots=True)
class Way:
    """A jump from an action to a step: `path` is where in the action it is written."""

    step: str
    index: int
    target: str
    path: tuple[str, ...]


def check_paths(file: FlowFile, flow: f.Flow, catalog: Catalog | None, report: Report) -> None:
    """Every rule about ways through one flow that could be read whole."""
    _ends(file, flow, report)
    _reach(file, flow, report)
    _silence(file, flow, report)
    _Variables(file, flow, catalog, report).check()


def reached(actions: tuple[f.Action, ...]) -> Iterator[tuple[int, f.Action]]:
    """A step's actions up to the first that always leaves it."""
    for index, action in enumerate(actions):
        yield index, action
        if action.ends:
            return


def _ways(flow: f.Flow, step: str, *, quiet: bool = False) -> list[Way]:
    """The ways out of a step, of all callers or of silent ones, to steps that exist."""
    found: list[Way] = []
    for index, action in reached(flow.steps[f.StepName(step)]):
        leads = f.jumps(action, silent=quiet)
        found += [Way(step, index, jump.target, jump.path) for jump in leads if jump.target in flow.steps]
        if quiet and not action.passes:
            break
    return found


def _ends(file: FlowFile, flow: f.Flow, report: Report) -> None:
    ends = ", ".join(sorted(name for name, verb in VERBS.items() if verb.ends))
    for step, actions in flow.steps.items():
        after = len(list(reached(actions)))
        last = actions[after - 1]
        if not last.ends:
            text = f"step '{step}' ends with '{f.keyword(last)}': after it the caller has nowhere to go"
            hint = f"end the step with one of {ends}"
            report.add(file.at(step, after - 1), "open-end", text, hint)
        if after < len(actions):
            text = f"nothing after '{f.keyword(last)}' is ever reached"
            report.warn(file.at(step, after), "never-reached", text, "delete it, or move it up")


def _reach(file: FlowFile, flow: f.Flow, report: Report) -> None:
    if flow.first not in flow.steps:
        return
    seen: set[str] = set()
    todo: list[str] = [flow.first]
    while todo:
        step = todo.pop()
        if step not in seen:
            seen.add(step)
            todo += [way.target for way in _ways(flow, step)]
    for step in flow.steps:
        if step not in seen:
            report.warn(
                file.step(step), "unused-step", f"no way leads to step '{step}'", "delete it, or lead there"
            )


def _silence(file: FlowFile, flow: f.Flow, report: Report) -> None:
    """Report one circle for every step from which silence can lead back to itself, each circle once."""
    told: set[str] = set()
    ways = {str(step): _ways(flow, step, quiet=True) for step in flow.steps}
    for step in ways:
        circle = None if step in told else _circle(ways, step)
        if circle:
            told.update(way.step for way in circle)
            last = circle[-1]
            path = " → ".join([*_shortened([way.step for way in circle]), step])
            text = f"a caller who stays silent goes round for ever: {path}"
            hint = "let one of these ways lead to a step that ends"
            report.add(file.at(last.step, last.index, *last.path), "silent-loop", text, hint)


def _shortened(steps: list[str]) -> list[str]:
    """A long way as its two ends."""
    return steps if len(steps) <= SHOWN else [*steps[: SHOWN // 2], "…", *steps[-SHOWN // 2 :]]


def _circle(ways: Mapping[str, list[Way]], start: str) -> list[Way] | None:
    """The shortest way of a silent caller from a step back to it."""
    came: dict[str, Way] = {}
    todo = deque([start])
    while todo:
        step = todo.popleft()
        for way in ways[step]:
            if way.target == start:
                return _back(came, way, start)
            if way.target not in came:
                came[way.target] = way
                todo.append(way.target)
    return None


def _back(came: dict[str, Way], way: Way, start: str) -> list[Way]:
    circle = [way]
    while circle[0].step != start:
        circle.insert(0, came[circle[0].step])
    return circle


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


class _Variables:
    """Which variables are set where: known at each step's start, found by going round until nothing changes."""

    def __init__(self, file: FlowFile, flow: f.Flow, catalog: Catalog | None, report: Report) -> None:
        self.file, self.flow, self.catalog, self.report = file, flow, catalog, report
        self.known: dict[str, _Known] = {}

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
                case verbs.Switch() if action.switch not in known.maybe:
                    self._unset(step, index, action.switch, ("switch",))
                case verbs.Set():
                    self._texts(step, index, action, known)
            self._prompts(step, index, action, known)
            known = self._after(action, known)

    def _texts(self, step: str, index: int, action: verbs.Set, known: _Known) -> None:
        for name, text in action.set.items():
            for used in slots(text):
                if used not in known.sure:
                    self._unset(step, index, used, ("set", name))
            known = known.plus(name)

    def _prompts(self, step: str, index: int, action: f.Action, known: _Known) -> None:
        if self.catalog is None:
            return
        for ref in self.file.refs[step, index]:
            if ref.to != "prompt":
                continue
            asked = isinstance(action, verbs.Ask) and ref.name == action.confirm
            now = known.plus(action.into) if asked and isinstance(action, verbs.Ask) else known
            for language in self.flow.languages:
                for used in self.catalog.variables(language, ref.name):
                    if used not in now.sure:
                        text = f"prompt '{ref.name}' speaks '{used}', which is not set on every way here"
                        also = [(self.catalog.place(language, ref.name), "the prompt's text")]
                        hint = "set it first, or ask for it"
                        self.report.add(ref.place, "unset-variable", text, hint, also=also)

    def _unset(self, step: str, index: int, name: str, path: tuple[str, ...]) -> None:
        place = self.file.at(step, index, *path)
        text = f"variable '{name}' is used here, but is not set on the way here"
        self.report.add(place, "unset-variable", text, "set it first, or ask for it")
