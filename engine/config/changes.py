"""site.yaml with values that only count for once: `queues.sales.strategy=least_occupied`, as `quietline simulate --set` is told.

A change is the way to a value and the value, written as in the file. It is put into a copy of what was read of site.yaml before anything is
checked, so what can be wrong with it is told by the checks and in the words of `quietline check`; its place is the change itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.config.report import Place, Report, guess
from engine.config.sitekinds import SECTIONS
from engine.config.source import Mapping as MappingNode
from engine.config.source import Node, Scalar, parse
from engine.errors import SetupError

#: What changes are called in reports.
FILE = "--set"


def changed(root: Node, changes: Sequence[str], report: Report) -> Node:
    """The tree of site.yaml with changes; what cannot be read stands in the report. Raises SetupError where a way leads nowhere."""
    if not changes:
        return root
    root = _moved(root, 0)
    for text in changes:
        way, equals, written = text.partition("=")
        names = [name.strip() for name in way.split(".")]
        if not equals or not all(names):
            raise SetupError(f"{FILE} {text[:60]!r} changes nothing: write it like queues.sales.wrap_up=20s")
        value = _value(text, len(way) + 1, written, report)
        if value is not None:
            _put(_section(root, names, text), names[-1], text, value)
    return root


def _value(text: str, before: int, written: str, report: Report) -> Node | None:
    """The value, read where it stands in the change: so many characters on."""
    file = f"{FILE} {text}"
    if not written.strip() or "\n" in text:
        raise SetupError(f"{FILE} {text[:60]!r} lacks a value: write it like queues.sales.wrap_up=20s")
    found = parse(written, file, report)
    report.remember(file, text)
    return None if found is None else _moved(found, before)


def _moved(node: Node, by: int) -> Node:
    place = Place(node.place.file, node.place.line, node.place.col + by, node.place.end + by)
    match node:
        case Scalar(_, text, empty):
            return Scalar(place, text, empty)
        case MappingNode(_, entries):
            moved = {name: (_key(key, by), _moved(value, by)) for name, (key, value) in entries.items()}
            return MappingNode(place, moved)
        case _:
            return type(node)(place, [_moved(item, by) for item in node.items])


def _key(key: Scalar, by: int) -> Scalar:
    place = key.place
    return Scalar(Place(place.file, place.line, place.col + by, place.end + by), key.text)


def _section(root: Node, names: Sequence[str], text: str) -> MappingNode:
    """The mapping in which the value stands; what site.yaml has among the names of a section is not made anew."""
    node = root
    for depth, name in enumerate(names[:-1]):
        found = node.get(name) if isinstance(node, MappingNode) else None
        if found is None and isinstance(node, MappingNode) and depth == 0 and len(names) == 2:
            found = MappingNode(node.place)
            node.entries[name] = (Scalar(_place(text), name), found)
        if isinstance(found, Scalar) and found.empty and isinstance(node, MappingNode):
            found = MappingNode(found.place)
            node.entries[name] = (node.entries[name][0], found)
        if not isinstance(found, MappingNode):
            raise SetupError(_nowhere(node, names, depth, text))
        node = found
    if not isinstance(node, MappingNode):
        raise SetupError(_nowhere(node, names, 0, text))
    if len(names) == 2 and names[0] in SECTIONS and names[1] not in node.entries:
        raise SetupError(_nowhere(node, names, 1, text))
    return node


def _nowhere(node: Node, names: Sequence[str], depth: int, text: str) -> str:
    known = list(node.entries) if isinstance(node, MappingNode) else []
    hint = guess(names[depth], known)
    where = ".".join(names[:depth]) or "site.yaml"
    return f"{FILE} {text[:60]!r}: {where} has no {names[depth][:40]!r} with options{f': {hint}' if hint else ''}"


def _put(node: MappingNode, name: str, text: str, value: Node) -> None:
    node.entries[name] = (Scalar(_place(text), name), value)


def _place(text: str) -> Place:
    way = text.partition("=")[0]
    return Place(f"{FILE} {text}", 1, 1, len(way) + 1)
