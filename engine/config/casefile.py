"""The cases of `tests/*.yaml` beside a site: calls an admin writes down, with what must come of them.

    cases:
      wrong_keys_lead_to_a_person:
        number: "100"                     # or flow: support
        clock: 2026-12-24T10:00 Europe/Sofia      # hours are then looked up, not given
        inputs: 9 9 9 done                # as behind `quietline rehearse support`
        hears: [not_understood, connecting_operator]    # in this order; other things may be heard between
        reaches: [main_menu, operator]
        ends: answered

What cannot be read, or names something the site does not have, is reported at its place like anything else of the site.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from engine.config.kinds import (
    KINDS,
    LANGUAGE,
    LINE,
    Kind,
    Option,
    Reader,
    Wrong,
    choice,
    list_of,
    map_of,
    named,
    read_options,
    scalar,
    short,
)
from engine.config.load import Loaded, shown
from engine.config.prompts import Catalog
from engine.config.report import Place, Report, guess
from engine.config.source import Mapping as MappingNode
from engine.config.source import Node, Scalar, parse, place_of, read
from engine.core import flow as f
from engine.core.contact import Outcome
from engine.core.flow import Flow

#: Where a site's cases stand, seen from its folder.
FOLDER = "tests"
#: What `writes` can ask for: the kind of thing written, and its fields.
WRITTEN = ("request", "survey", "article", "message")


@dataclass(frozen=True, slots=True)
class Case:
    """One case: what comes in, and what must come of it; None and () expect nothing. `at` is seconds since the epoch."""

    name: str
    file: str
    root: MappingNode
    flow: Flow
    to_number: str = ""
    from_number: str = ""
    language: str = ""
    remembered: str | None = None
    at: float | None = None
    inputs: tuple[str, ...] = ()
    hears: tuple[str, ...] | None = None
    reaches: tuple[str, ...] | None = None
    ends: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    writes: tuple[Mapping[str, str], ...] | None = None
    about: str = ""

    def place(self, *path: str | int) -> Place:
        """Where something of the case stands; its name's neighbourhood where it is not written."""
        return place_of(self.root, "cases", self.name, *path, key=not path)

    @property
    def title(self) -> str:
        """How the case is called on the command line: file/name."""
        return f"{Path(self.file).stem}/{self.name}"


def _moment(text: str) -> float:
    local, _, zone = text.strip().partition(" ")
    hint = "write it like 2026-12-24T10:00 Europe/Sofia"
    try:
        at = datetime.fromisoformat(local)
    except ValueError:
        raise Wrong(f"{short(text)} is no moment", hint) from None
    if at.tzinfo is not None or not 1971 <= at.year <= 2200:
        raise Wrong(f"{short(text)} is no local time between 1971 and 2200", hint)
    try:
        return at.replace(tzinfo=ZoneInfo(zone.strip())).timestamp()
    except (ValueError, LookupError, OSError):
        raise Wrong(f"{short(zone)} is no time zone", hint) from None


def _words(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise Wrong("a quotation mark is not closed", "a word with spaces stands in quotes") from None


def _called(text: str) -> str:
    if not re.fullmatch(r"\+?[0-9*#A-Za-z._-]{1,64}", text):
        raise Wrong(f"{short(text)} is no number of a caller", "write it like '+35921234567'")
    return text


def _inputs() -> Kind:
    """A line of words, or a list of them."""
    line = scalar(
        "inputs", "words as behind `quietline rehearse FLOW`", _words, {"type": ["string", "number"]}
    )
    listed = list_of(LINE)

    def take(node: Node, reader: Reader) -> Any:
        return (line if isinstance(node, Scalar) else listed).read(node, reader)

    return replace(line, written=f"{line.written}, or a list of them", read=take, schema=listed.schema)


STEP = named(
    "reached", "a step of the flow, or flow.step of one it runs", r"[A-Za-z0-9_.-]{1,200}", "step", typed=True
)
_CALLED = r"[A-Za-z0-9_-]{1,100}"
CASE_NAME = named("case", "a case's name", _CALLED)
OPTIONS = (
    Option("about", LINE, False),
    Option("flow", KINDS[f.FlowName], False),
    Option("number", LINE, False),
    Option(
        "clock",
        scalar("clock", "a moment such as 2026-12-24T10:00 Europe/Sofia", _moment, LINE.schema),
        False,
    ),
    Option("language", LANGUAGE, False),
    Option(
        "remembered", replace(LANGUAGE, written="the language this caller chose in an earlier call"), False
    ),
    Option("from", scalar("from", "the caller's number", _called, LINE.schema), False),
    Option("inputs", _inputs(), False),
    Option("hears", list_of(replace(LINE, written="a prompt's id, or words of it, in their order")), False),
    Option("reaches", list_of(STEP), False),
    Option(
        "ends", choice(*(o for o in Outcome if o not in (Outcome.SHORT_ABANDONED, Outcome.FAILED))), False
    ),
    Option("variables", map_of(KINDS[f.Variable], LINE), False),
    Option("writes", list_of(map_of(named("field", "a field"), LINE)), False),
)
_EXPECTING = ("hears", "reaches", "ends", "variables", "writes")


def case_paths(folder: Path) -> list[Path]:
    """The files of a site's folder that hold cases."""
    return sorted((folder / FOLDER).glob("*.yaml"))


def read_cases(paths: Iterable[Path], site: Loaded, report: Report) -> list[Case]:
    """Every case that can be read; what is wrong with others stands in the report."""
    found: list[Case] = []
    for path in paths:
        root = read(path, shown(path), report)
        if root is not None:
            found += _file(root, shown(path), site, report)
    return found


def cases_in(text: str, file: str, site: Loaded, report: Report) -> list[Case]:
    """The cases of a file's text, as `read_cases` reads them."""
    root = parse(text, file, report)
    return [] if root is None else _file(root, file, site, report)


def names_in(text: str, file: str, report: Report) -> tuple[list[str], int]:
    """The names of a file's cases, and how far in the first of them stands; none where it is no file of cases."""
    root = parse(text, file, report)
    cases = root.get("cases") if isinstance(root, MappingNode) else None
    if not isinstance(cases, MappingNode) or not cases.entries:
        return [], 0
    return list(cases.entries), next(iter(cases.entries.values()))[0].place.col - 1


def _file(root: Node, file: str, site: Loaded, report: Report) -> list[Case]:
    cases = root.get("cases") if isinstance(root, MappingNode) else None
    if not isinstance(root, MappingNode) or not isinstance(cases, MappingNode) or not cases.entries:
        place = root.place if cases is None else cases.place
        report.add(
            place,
            "not-a-mapping",
            "a file of cases holds 'cases:' and, below it, named ones",
            "see docs/flows.md",
        )
        return []
    for name, (key, _) in root.entries.items():
        if name != "cases":
            report.add(key.place, "unknown-option", f"{short(name)} is not an option of a file of cases")
    read_ones = (_case(name, key, node, root, site, report) for name, (key, node) in cases.entries.items())
    return [case for case in read_ones if case is not None]


def _case(name: str, key: Scalar, node: Node, root: MappingNode, site: Loaded, report: Report) -> Case | None:
    before = report.errors
    CASE_NAME.read(key, Reader(report))
    if not isinstance(node, MappingNode):
        report.add(
            key.place,
            "bad-value",
            f"case {short(name)} needs inputs and what must come of them",
            "see docs/flows.md",
        )
        return None
    values, _ = read_options(OPTIONS, node, Reader(report), f"case {short(name)}", key.place)
    flow = _flow(values, node, key.place, site, report)
    if report.errors == before and not any(option in node.entries for option in _EXPECTING):
        report.add(
            key.place,
            "missing-option",
            f"case {short(name)} expects nothing",
            f"write {', '.join(_EXPECTING)}",
        )
    if flow is None or report.errors > before:
        return None
    _check(values, node, flow, site, report)
    taken = {
        "to_number": values.pop("number", ""),
        "from_number": values.pop("from", ""),
        "at": values.pop("clock", None),
    }
    values.pop("flow", None)
    return Case(name, key.place.file, root, flow, **taken, **values) if report.errors == before else None


def _flow(
    values: Mapping[str, Any], node: MappingNode, at: Place, site: Loaded, report: Report
) -> Flow | None:
    """The flow the call begins in."""
    numbers, flows = site.snapshot.settings.numbers, site.snapshot.flows
    match values.get("flow"), values.get("number"):
        case None, None:
            if not {"flow", "number"} & node.entries.keys():
                report.add(
                    at, "missing-option", "a case needs 'flow' or 'number'", "which flow or number is called"
                )
            return None
        case str(name), None:
            if name not in flows:
                report.add(
                    place_of(node, "flow"),
                    "unknown-flow",
                    f"there is no flow {short(name)}",
                    guess(name, flows),
                )
            return flows.get(name)
        case None, str(number):
            if number not in numbers:
                hint = guess(number, numbers)
                report.add(
                    place_of(node, "number"), "unknown-flow", f"{short(number)} leads to no flow", hint
                )
            return flows.get(numbers.get(number, ""))
        case _:
            report.add(
                place_of(node, "flow", key=True),
                "not-used",
                "'flow' and 'number' stand both",
                "leave one out",
            )
            return None


def _check(values: Mapping[str, Any], node: MappingNode, flow: Flow, site: Loaded, report: Report) -> None:
    """Names of steps, prompts, languages and kinds of things written."""
    for option in ("language", "remembered"):
        if option in values and values[option] not in flow.languages:
            text = f"flow '{flow.name}' does not speak {short(values[option])}"
            report.add(
                place_of(node, option), "unknown-language", text, guess(values[option], flow.languages)
            )
    steps = steps_of(flow)
    if values.get("reaches") == ():
        report.add(
            node.key("reaches"), "missing-value", "a step is missing here", "every call reaches the first one"
        )
    for index, step in enumerate(values.get("reaches", ())):
        if step not in steps:
            text = f"flow '{flow.name}' has no step {short(step)}"
            report.add(_item(node, "reaches", index), "unknown-step", text, guess(step, steps))
    for index, said in enumerate(values.get("hears", ())):
        if is_id(said) and not known(said, site.catalog):
            text = f"there is no prompt {short(said)}"
            hint = guess(said, site.catalog.ids(site.catalog.languages[0]))
            report.add(_item(node, "hears", index), "missing-prompt", text, hint)
    for index, written in enumerate(values.get("writes", ())):
        if written.get("what") not in WRITTEN:
            report.add(
                _item(node, "writes", index),
                "missing-option",
                "'what' says what is written",
                " or ".join(WRITTEN),
            )


def _item(node: MappingNode, option: str, index: int) -> Place:
    return place_of(node, option, index)


def steps_of(flow: Flow, path: str = "") -> list[str]:
    """The names by which the steps of a flow, and of those it runs, are reached."""
    inner = [step for name, run in flow.runs.items() for step in steps_of(run, f"{path}{name}.")]
    return [path + step for step in flow.steps] + inner


def is_case_name(text: str) -> bool:
    """Whether a case can be called so."""
    return re.fullmatch(_CALLED, text) is not None


def is_id(said: str) -> bool:
    """Whether something heard is named by its prompt's id rather than its words."""
    return re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", said) is not None


def known(prompt: str, catalog: Catalog) -> bool:
    """Whether a prompt of this id is there in any language."""
    return any(catalog.text(language, prompt) for language in catalog.languages)
