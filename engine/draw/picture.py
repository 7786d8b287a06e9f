"""What is drawn of a flow: a box for each step, a row for each action, an exit for each step it can lead to.

All ways of a step to one other step share an exit. Whatever callers cannot get to (a step no way
leads to, an action after one that always leaves the step) is drawn, and marked `reached=False`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.config.flowfile import FlowFile
from engine.config.prompts import Catalog
from engine.config.report import plural, printable
from engine.core import flow as f
from engine.draw import words as w

#: Lines to one step; of more, the picture would be a knot.
MOST_LINES = 8


@dataclass(frozen=True, slots=True)
class Row:
    """An action: its verb, what it is about (`quoted` where these are words callers hear), other options; its line."""

    verb: str
    about: str
    quoted: bool
    options: str
    names: str
    line: int
    reached: bool


@dataclass(frozen=True, slots=True)
class Exit:
    """A way to another step: all that leads there, as labels, as written (`on_timeout`), and the first one's line.

    `far`: no line is drawn to a step that many lead to; the exit names it.
    """

    target: str
    labels: tuple[str, ...]
    written: tuple[str, ...]
    sort: w.Sort
    line: int
    reached: bool
    far: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A step; `ends` where calls end in it."""

    name: str
    line: int
    rows: tuple[Row, ...]
    exits: tuple[Exit, ...]
    ends: bool
    first: bool
    reached: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A flow to be drawn; `numbers` are those that lead to it, `link` what a line's number is put behind."""

    name: str
    title: str
    numbers: tuple[str, ...]
    boxes: tuple[Box, ...]
    link: str

    @property
    def about(self) -> str:
        """The whole flow in sentences, for those who cannot see the picture."""
        calls = f"Calls to {', '.join(self.numbers)}" if self.numbers else "Calls"
        first = next((box.name for box in self.boxes if box.first), "")
        return " ".join([f"{calls} start at {first}.", *(sentence(box) for box in self.boxes)])

    def href(self, line: int) -> str:
        """The address of a line of the flow's file."""
        return f"{self.link}#L{line}"


def picture(
    flow: f.Flow, file: FlowFile, catalog: Catalog, language: str, numbers: Iterable[str], link: str
) -> Picture:
    """What is drawn of a checked flow; `language` is the one its prompts are told in."""
    reached = _reached(flow)
    boxes = tuple(_box(flow, file, step, reached, catalog, language) for step in flow.steps)
    return Picture(flow.name, _line(flow.title), tuple(numbers), _without_knots(boxes), link)


def sentence(box: Box) -> str:
    """A step in a sentence: where callers go from it."""
    told = [f"leads to {way.target} ({', '.join(way.written)})" for way in box.exits]
    told += ["ends the call"] if box.ends else []
    told += [] if box.reached else ["is never reached"]
    return f"{box.name} {' and '.join(told) or 'leads nowhere'}."


def heading(picture: Picture) -> str:
    """The line under a picture's title."""
    return f"{picture.name}, {plural(len(picture.boxes), 'step')}"


def _without_knots(boxes: tuple[Box, ...]) -> tuple[Box, ...]:
    """Where very many exits lead to one step, only one line is drawn to it, from the last step written before it."""
    order = {box.name: number for number, box in enumerate(boxes)}
    leading: dict[str, list[str]] = {}
    for box in boxes:
        for way in box.exits:
            leading.setdefault(way.target, []).append(box.name)
    drawn = {
        target: max((n for n in names if order[n] < order[target]), key=lambda n: order[n], default=names[0])
        for target, names in leading.items()
        if len(names) > MOST_LINES
    }
    return tuple(
        replace(
            box,
            exits=tuple(replace(w, far=drawn.get(w.target, box.name) != box.name) for w in box.exits),
        )
        for box in boxes
    )


def _box(
    flow: f.Flow, file: FlowFile, step: f.StepName, reached: set[str], catalog: Catalog, language: str
) -> Box:
    live = step in reached
    alive = list(_followed(flow.steps[step]))
    told = [each for each in alive if not _only_leads(each[1])] or alive
    rows = tuple(_row(action, file.at(step, i).line, on, catalog, language) for i, action, on in told)
    found = [
        _way(action, jump, file, (step, i), live and on)
        for i, action, on in alive
        for jump in f.jumps(action)
    ]
    exits = _joined(found)
    ends = any(_ends(action) and on for _, action, on in alive)
    return Box(step, file.step(step).line, rows, exits, ends, step == flow.first, live)


def _row(action: f.Action, line: int, reached: bool, catalog: Catalog, language: str) -> Row:
    heard = " ".join(text for prompt in w.prompts(action) if (text := catalog.text(language, prompt)))
    about = heard or w.argument(action)
    return Row(
        verb=f.keyword(action),
        about=_line(about),
        quoted=bool(heard),
        options=_line(w.options(action)),
        names=_line(w.argument(action)),
        line=line,
        reached=reached,
    )


def _way(action: f.Action, jump: f.Jump, file: FlowFile, at: tuple[str, int], reached: bool) -> Exit:
    """One way to one step, written in an action's own option or entry."""
    return Exit(
        target=jump.target,
        labels=(_line(w.label(jump)),),
        written=(_line(" ".join(jump.path)),),
        sort=w.sort(action, jump),
        line=file.at(*at, *jump.path).line,
        reached=reached,
    )


def _joined(found: list[Exit]) -> tuple[Exit, ...]:
    """One exit for all the ways to one step, in the order in which they are written."""
    together: dict[tuple[str, bool], list[Exit]] = {}
    for way in found:
        together.setdefault((way.target, way.reached), []).append(way)
    return tuple(_one(each) for each in together.values())


def _one(found: list[Exit]) -> Exit:
    """One exit in place of several to the same step; what tells most gives its colour."""
    order = list(w.Sort)
    return replace(
        found[0],
        labels=tuple(dict.fromkeys(label for way in found for label in way.labels)),
        written=tuple(dict.fromkeys(text for way in found for text in way.written)),
        sort=min((way.sort for way in found), key=order.index),
    )


def _line(text: str) -> str:
    """A text on one line, without characters that could turn or break it."""
    return printable(re.sub(r"\s+", " ", text).strip())


def _only_leads(action: f.Action) -> bool:
    """Whether an action is nothing but a way to another step: its exit tells all of it."""
    return not w.options(action) and [jump.path for jump in f.jumps(action)] == [(f.keyword(action),)]


def _ends(action: f.Action) -> bool:
    """Whether a call ends with an action: nothing comes after it, and it leads nowhere."""
    return action.ends and not any(f.jumps(action))


def _followed(actions: tuple[f.Action, ...]) -> list[tuple[int, f.Action, bool]]:
    """A step's actions by number, each with whether callers get that far in the step."""
    last = next((i for i, action in enumerate(actions) if action.ends), len(actions))
    return [(index, action, index <= last) for index, action in enumerate(actions)]


def _reached(flow: f.Flow) -> set[str]:
    """The steps a caller can get to."""
    seen, ahead = {str(flow.first)}, [flow.first]
    while ahead:
        for _, action, on in _followed(flow.steps[ahead.pop()]):
            new = [way.target for way in f.jumps(action) if on and way.target not in seen]
            seen.update(new)
            ahead += map(f.StepName, new)
    return seen
