"""catalog.yaml -> departments, their providers, categories and problem codes, each with its place; and what flows say of codes.

The four levels are read alike: names, each with its options, of which the last holds the next level.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from engine.config.flowfile import FlowFile, first_key
from engine.config.kinds import (
    ANYTHING,
    BAD,
    KINDS,
    LINE,
    Kind,
    Option,
    Reader,
    Ref,
    named,
    options,
    read_options,
)
from engine.config.report import Place, Report, guess
from engine.config.source import Mapping as MappingNode
from engine.config.source import Node, place_of
from engine.core.catalog import CUSTOMER, Category, Department, Problem, Provider
from engine.core.flow import Action, ProblemCode
from engine.core.verbs import Request

FILE = "catalog.yaml"


@dataclass(frozen=True, slots=True)
class Level:
    """One of the four: the word for one entry, its class, and the option that holds what is below (empty: nothing is)."""

    word: str
    cls: Any
    below: str = ""

    @property
    def name(self) -> Kind:
        """What an entry may be called."""
        return KINDS[ProblemCode] if not self.below else named(self.word, f"a {self.word}'s name")

    @property
    def options(self) -> tuple[Option, ...]:
        """What may be written of an entry."""
        if not self.below:
            return tuple(option for option in options(self.cls) if option.name != "name")
        below = replace(ANYTHING, written=f"{self.below}: names, each with its options")
        return Option("title", LINE, required=True), Option(self.below, below, required=True)


#: From the top; the file itself holds `departments`.
TOP = "departments"
LEVELS = (
    Level("department", Department, "providers"),
    Level("provider", Provider, "categories"),
    Level("category", Category, "codes"),
    Level("code", Problem),
)


@dataclass(slots=True)
class CatalogFile:
    """catalog.yaml as it is written: the departments that could be read, and where each code stands."""

    file: str
    departments: dict[str, Department] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    problems: dict[str, Problem] = field(default_factory=dict)


def read_catalog(root: Node, file: str, report: Report) -> CatalogFile:
    """Read the file; what is wrong with it goes to the report."""
    known = CatalogFile(file)
    entries = root.get(TOP) if isinstance(root, MappingNode) else None
    if not isinstance(root, MappingNode) or entries is None or len(root.entries) > 1:
        place = first_key(root) if isinstance(root, MappingNode) else root.place
        text = "catalog.yaml holds 'departments': names, each with a title and providers"
        report.add(place, "not-a-mapping", text, "like departments: { it: { title: IT, providers: … } }")
        return known
    known.departments = _entries(known, entries, 0, place_of(root, TOP, key=True), Reader(report))
    return known


def _entries(known: CatalogFile, node: Node, depth: int, place: Place, reader: Reader) -> dict[str, Any]:
    """All of one level; those that cannot be read are left out."""
    level = LEVELS[depth]
    if not isinstance(node, MappingNode) or not node.entries:
        words = f"at least one {level.word} is expected here: a name with its options"
        reader.report.add(place, "empty-level", words, f"like some_{level.word}: {{ title: … }}")
        return {}
    found: dict[str, Any] = {}
    for name, (key, value) in node.entries.items():
        if level.name.read(key, Reader(reader.report)) is not BAD:
            entry = _entry(known, name, depth, key.place, value, reader)
            found |= {name: entry} if entry is not None else {}
    return found


def _entry(known: CatalogFile, name: str, depth: int, place: Place, node: Node, reader: Reader) -> Any:
    level = LEVELS[depth]
    if level.cls is Problem:
        _once(known, name, place, reader.report)
    if not isinstance(node, MappingNode):
        reader.bad(node, f"a {level.word}'s options are expected here", f"like {name}: {{ title: … }}")
        return None
    values, good = read_options(level.options, node, reader, f"{level.word} '{name}'", place)
    if level.below and level.below in node.entries:
        at = place_of(node, level.below, key=True)
        values[level.below] = _entries(known, values[level.below], depth + 1, at, reader)
    if not good:
        return None
    entry = level.cls(name, **values)
    if isinstance(entry, Problem):
        known.problems[name] = entry
        _sound(entry, node, place, reader.report)
    return entry


def _once(known: CatalogFile, code: str, place: Place, report: Report) -> None:
    if code in known.places:
        also = [(known.places[code], "the other one")]
        text = f"the code '{code}' stands in the catalog twice"
        report.add(place, "same-code", text, "a flow could not tell them apart: rename one", also=also)
    known.places.setdefault(code, place)


def _sound(problem: Problem, node: MappingNode, place: Place, report: Report) -> None:
    """What belongs to a work order has one; what makes two reports the same is asked for."""
    for name in ("due", "priority", "same_by"):
        if name in node.entries and not problem.work_order:
            text = f"'{name}' of code '{problem.name}' means nothing: it starts no work order"
            report.add(
                place_of(node, name, key=True), "code-without-order", text, "write work_order: and its title"
            )
    for name in problem.same_by:
        if name != CUSTOMER and name not in problem.requires:
            text = f"code '{problem.name}' compares reports by '{name}', which it does not require"
            hint = guess(name, [CUSTOMER, *problem.requires]) or f"add it to requires, or write {CUSTOMER}"
            report.add(place_of(node, "same_by"), "unknown-information", text, hint)


def check_codes(known: CatalogFile, flows: Iterable[FlowFile], report: Report) -> None:
    """Every code a flow uses is in the catalog, and every action has what its code requires."""
    for flow in flows:
        for refs in flow.refs.values():
            for ref in refs:
                if ref.to == "code" and ref.name not in known.places:
                    _unknown(known, ref, report)
        for step, actions in flow.steps.items():
            for index, action in enumerate(actions):
                _informed(known, flow, step, index, action, report)


def _unknown(known: CatalogFile, ref: Ref, report: Report) -> None:
    hint = guess(ref.name, known.places) or f"add it to {known.file}"
    report.add(ref.place, "unknown-code", f"there is no problem code '{ref.name}'", hint)


def _informed(
    known: CatalogFile, flow: FlowFile, step: str, index: int, action: Action | None, report: Report
) -> None:
    if not isinstance(action, Request) or action.request != "action":
        return
    problem = known.problems.get(action.code or "")
    lacking = [name for name in problem.requires if name not in action.information] if problem else []
    if problem is None or not lacking:
        return
    text = f"code '{problem.name}' requires {', '.join(lacking)}, which this action does not give"
    near = [hint for name in action.information if (hint := guess(name, lacking)).startswith("did")]
    hint = near[0] if near else f'write information: {{ {lacking[0]}: "{{{{ … }}}}" }}'
    also = [(known.places[problem.name], "the code")]
    report.add(flow.at(step, index, "information", key=True), "missing-information", text, hint, also=also)
