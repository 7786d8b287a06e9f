"""Where callers can go in a flow: every step ends, and a silent caller reaches an end.

open end          the last action of a step goes on, but there is nothing to go on to
never reached     an action after one that always leaves the step
unreached step    no way leads there from the first step
silent loop       a way round on which the caller does nothing. Silence means: menu and ask take `otherwise`, language goes on, a queue
                  ends by its timeout (or refuses), nobody speaks into the voicemail (or something is heard), opening hours and
                  switches may fall any way. Any circle made of such ways is an error, and is shown.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.config.flowfile import FlowFile
from engine.config.report import Report
from engine.core import flow as f
from engine.core.verbs import VERBS

#: Steps of a circle that are shown; of a longer one its beginning and its end are.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Way:
    """A jump from an action to a step: `path` is where in the action it is written."""

    step: str
    index: int
    target: str
    path: tuple[str, ...]


def check_paths(file: FlowFile, flow: f.Flow, report: Report, meant: frozenset[str] = frozenset()) -> None:
    """Every rule about ways through one flow that could be read whole; a step `meant` by a misspelt jump is not unused."""
    _ends(file, flow, report)
    _reach(file, flow, report, meant)
    _silence(file, flow, report)


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


def _reach(file: FlowFile, flow: f.Flow, report: Report, meant: frozenset[str]) -> None:
    if flow.first not in flow.steps:
        return
    seen: set[str] = set()
    todo: list[str] = [flow.first, *meant]
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
