"""A flow's YAML -> a `Flow`, with the place of everything that the checks will speak about.

The verbs come from `engine.core.verbs.VERBS`; this module knows none of them by name. One action has one keyword (the first field of its
class); its other keys are the options.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

from engine.config.kinds import (
    ANYTHING,
    KINDS,
    LANGUAGE,
    LINE,
    Option,
    Reader,
    Ref,
    list_of,
    named,
    options,
    read_options,
)
from engine.config.kinds import short as quoted
from engine.config.mishaps import odd
from engine.config.report import Place, Report, guess
from engine.config.source import Mapping as MappingNode
from engine.config.source import Node, Scalar, Sequence, parse, place_of
from engine.core.flow import Action, Flow, LanguageCode, StepName
from engine.core.site import Settings
from engine.core.verbs import VERBS
from engine.errors import SiteError

#: Where the names used above the steps are kept among a flow's references.
HEAD = ("", 0)
#: More than any real flow has; what is checked about ways through it takes time by their number.
MAX_STEPS = 1000
MAX_ACTIONS = 200
#: Files of a site's folder that are no flows.
NO_FLOWS = ("site.yaml", "catalog.yaml", "knowledge.yaml")
FLOW_NAME = named("flow", "the flow's name, which is also its file's name")
STEP_NAME = KINDS[StepName]


@dataclass(slots=True)
class FlowFile:
    """One flow as it is written: `flow` is None while anything in it cannot be read; `refs` are the names each action uses."""

    name: str
    file: str
    text: str
    root: MappingNode
    languages: tuple[str, ...]
    flow: Flow | None = None
    steps: dict[str, list[Action | None]] = field(default_factory=dict)
    refs: dict[tuple[str, int], list[Ref]] = field(default_factory=dict)
    #: Whether the flows it runs have been linked; then `text` is what is stored of it.
    linked: bool = False
    #: Whether its languages are what it, or the site, says; else nobody can say which language is none of them.
    languages_read: bool = True

    def step(self, name: str) -> Place:
        """Where a step's name stands."""
        return place_of(self.root, "steps", name, key=True)

    def at(self, step: str, index: int, *path: str, key: bool = False) -> Place:
        """Where an action, or something in it, stands; what is not written stands where its keyword does."""
        steps = cast("MappingNode", self.root.get("steps"))
        action = cast("Sequence", steps.get(step)).items[index]
        if not path or not isinstance(action, MappingNode):
            return keyword_place(action)
        written = path[0] in action.entries
        return place_of(action, *path, key=key) if written else keyword_place(action)


def keyword_place(action: Node) -> Place:
    """Where an action's keyword stands."""
    if isinstance(action, MappingNode):
        return next((k.place for n, (k, _) in action.entries.items() if n in VERBS), first_key(action))
    return action.place


def first_key(node: MappingNode) -> Place:
    """Where a mapping's first key stands: the visible beginning of the mapping."""
    return next((k.place for k, _ in node.entries.values()), node.place)


def source_hash(text: str) -> str:
    """The version of a flow: SHA-256 of its source text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_flow(text: str, file: str, languages: tuple[str, ...], report: Report) -> FlowFile | None:
    """Read a flow; None when its file is no readable mapping. `languages` are the site's, for a flow that names none."""
    before = report.errors
    root = parse(text, file, report)
    if root is None:
        return None
    if not isinstance(root, MappingNode):
        report.add(root.place, "not-a-mapping", "a flow begins with 'flow: name'", "see docs/flows.md")
        return None
    reader = Reader(report)
    head, _ = read_options(FLOW_OPTIONS, root, reader, "a flow", first_key(root))
    name = head.get("flow")
    known = FlowFile(
        name if isinstance(name, str) else "",
        file,
        text,
        root,
        tuple(head.get("languages") or languages) or ("en",),
    )
    known.refs[HEAD] = reader.refs
    _read_steps(known, reader)
    if report.errors == before:
        known.flow = Flow(
            name=known.name,
            steps={StepName(s): tuple(a for a in actions if a) for s, actions in known.steps.items()},
            languages=tuple(LanguageCode(x) for x in known.languages),
            title=head.get("title") or "",
            start=head.get("start"),
            hash=source_hash(text),
        )
    return known


def compile_flow(text: str, name: str, settings: Settings) -> Flow:
    """Rebuild a stored version of a flow from its source text; only parses, checks no references. Raises SiteError."""
    report = Report()
    known = read_flow(text, f"{name}.yaml", settings.languages, report)
    if known is None or known.flow is None:
        raise SiteError(report.render())
    return known.flow


FLOW_OPTIONS = (
    Option("flow", FLOW_NAME, required=True),
    Option("title", LINE, required=False),
    Option("languages", list_of(LANGUAGE, empty=False), required=False),
    Option("start", STEP_NAME, required=False),
    Option("steps", replace(ANYTHING, written="named steps, each a list of actions"), required=True),
)


def _read_steps(known: FlowFile, reader: Reader) -> None:
    steps = known.root.get("steps")
    if steps is None:
        return
    if isinstance(steps, Sequence):
        hint = "write greeting: without '- ' before it, and a list of actions below"
        reader.bad(steps, "steps have names, and are no list", hint, "empty-step")
        return
    if not isinstance(steps, MappingNode) or not steps.entries:
        reader.bad(
            steps,
            "named steps are expected here",
            "like greeting: followed by a list of actions",
            "empty-step",
        )
        return
    if len(steps.entries) > MAX_STEPS:
        first = [key for key, _ in steps.entries.values()][MAX_STEPS]
        text = f"the flow has {len(steps.entries):,} steps; {MAX_STEPS:,} is the most"
        reader.report.add(first.place, "too-big", text, "make several flows of it")
        return
    for name, (key, node) in steps.entries.items():
        STEP_NAME.read(key, Reader(reader.report))  # a step's own name is no reference
        known.steps[name] = _read_step(known, name, node, reader)


def _read_step(known: FlowFile, step: str, node: Node, reader: Reader) -> list[Action | None]:
    if not isinstance(node, Sequence) or not node.items:
        place = known.step(step)
        reader.report.add(
            place, "empty-step", f"step '{step}' needs a list of actions", "each begins with '- '"
        )
        return []
    if len(node.items) > MAX_ACTIONS:
        text = f"step '{step}' has {len(node.items):,} actions; {MAX_ACTIONS} is the most"
        reader.report.add(node.items[MAX_ACTIONS].place, "too-big", text, "make several steps of it")
        return []
    actions: list[Action | None] = []
    for index, item in enumerate(node.items):
        own = Reader(reader.report)
        actions.append(read_action(item, own))
        known.refs[step, index] = own.refs
    return actions


def read_action(node: Node, reader: Reader) -> Action | None:
    """One item of a step's list; None when it cannot be read."""
    if isinstance(node, Scalar):
        return _bare(node, reader)
    if isinstance(node, Sequence):
        reader.bad(node, "an action is expected here, not a list", "like - say: welcome", "unknown-action")
        return None
    verbs = [name for name in node.entries if name in VERBS]
    if not verbs:
        _unknown(node, reader)
        return None
    word, *more = verbs
    for extra in more:
        text = f"one action has one keyword; '{extra}' comes on top of '{word}'"
        reader.report.add(node.key(extra), "two-actions", text, f"start a new list item: - {extra}")
    own = {option.name for option in options(VERBS[word])}
    others = {option.name for extra in more for option in options(VERBS[extra])} - own
    alone = MappingNode(node.place, {k: v for k, v in node.entries.items() if k not in others})
    action = _build(word, alone, reader)
    return None if more else action


def _build(word: str, node: MappingNode, reader: Reader) -> Action | None:
    wanted = options(VERBS[word])
    entry = node.entries[word]
    if isinstance(entry[1], Scalar) and entry[1].empty and not wanted[0].required:
        node = MappingNode(node.place, {k: v for k, v in node.entries.items() if k != word})
    values, good = read_options(wanted, node, reader, word, entry[0].place)
    if not good:
        return None
    for option in wanted:
        if option.kind.to and option.name not in values and isinstance(option.default, str):
            reader.refs.append(Ref(option.kind.to, option.default, entry[0].place))
    return VERBS[word](**values)


def _bare(node: Scalar, reader: Reader) -> Action | None:
    """A keyword alone: `- hangup`."""
    cls = VERBS.get(node.text)
    if cls is None:
        hint = odd(node.text) or _spaced(node.text) or guess(node.text, VERBS)
        reader.report.add(node.place, "unknown-action", f"{quoted(node.text)} is not an action", hint)
        return None
    first = options(cls)[0]
    if first.required:
        reader.report.add(
            node.place,
            "missing-value",
            f"'{node.text}' needs a value",
            f"write {node.text}: and {first.kind.written}",
        )
        return None
    return cls()


def _spaced(text: str) -> str:
    """A keyword and its value with no colon or no space between them, or with another sign."""
    found = re.match(r"([a-z_]+)(?:\s*[:=]\s*|\s+)(\S.*)", text)
    return f"write {found[1]}: {found[2]}" if found and found[1] in VERBS else ""


def _unknown(node: MappingNode, reader: Reader) -> None:
    """No keyword among an action's keys: the likeliest misspelling, else the first key, is named."""
    likely = next((n for n in node.entries if guess(n, VERBS)), None)
    name = likely or next(iter(node.entries), "")
    if not name:
        reader.bad(node, "an action is missing here", "like say: welcome", "unknown-action")
        return
    having = [word for word, cls in VERBS.items() if name in {option.name for option in options(cls)}]
    belongs = f"it is an option of {', '.join(having[:4])}: without '- ', as far to the right as the keyword"
    hint = odd(name) or guess(name, VERBS) or (belongs if having else f"known: {', '.join(VERBS)}")
    reader.report.add(node.key(name), "unknown-action", f"{quoted(name)} is not an action", hint)


def flow_paths(folder: Path) -> list[Path]:
    """The files of a site's folder that are flows: every .yaml but those that are something else."""
    return sorted(p for p in folder.glob("*.yaml") if p.name not in NO_FLOWS)
