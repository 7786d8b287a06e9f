"""YAML text -> a tree in which every key and value knows its file, line and column.

How it works: libyaml's event stream (PyYAML's `CSafeLoader`) is composed into our own three node classes with a
stack, never by recursion, so that no nesting can exhaust the interpreter. All scalars stay text: `0123`, `22:00`,
`no` and `on` mean what was typed. What an admin does not need and what can only surprise is refused with a code of
ours: duplicate keys, anchors, aliases, merge keys, tags, a second document. Input is bounded in size, depth and
scalar length before anything is built.

The first thing that cannot be read (a key set twice can) ends the reading of that file: one clean problem in the
report, never an exception of the library.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from engine.config.mishaps import Slip, Stop, slip
from engine.config.report import Place, Report

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_SCALAR = 10_000
MAX_NODES = 100_000
#: Keys set twice that are told one by one.
MAX_TWICE = 20
#: So many files' trees are kept, each of so many characters of text at most.
MAX_TREES, MAX_KEPT = 100, 100_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, always text; `empty` means nothing at all was written."""

    place: Place
    text: str
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    place: Place
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values, in the order they were written."""

    place: Place
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        entry = self.entries.get(key)
        return entry[1] if entry else None

    def key(self, key: str) -> Place:
        """Where a key stands; the whole mapping's place if it is not there."""
        entry = self.entries.get(key)
        return entry[0].place if entry else self.place


Node = Scalar | Sequence | Mapping


class Unreadable(Exception):
    """Reading a file ends here; the arguments are those of `Report.add`."""

    def __init__(self, place: Place, code: str, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.place, self.code, self.text, self.hint = place, code, text, hint


def place_of(root: Node, *path: str | int, key: bool = False) -> Place:
    """Where the value at `path` stands (or its key); the nearest enclosing place where the path leads nowhere."""
    node, place = root, root.place
    for part in path:
        match node:
            case Mapping() if str(part) in node.entries:
                name, node = node.entries[str(part)]
                place = name.place if key else node.place
            case Sequence() if isinstance(part, int) and part < len(node.items):
                node = node.items[part]
                place = node.place
            case _:
                return place
    return place


def read(path: Path, file: str, report: Report) -> Node | None:
    """Read a file into a tree; None when it cannot be read, and the report then says why."""
    text = read_text(path, file, report)
    return None if text is None else parse(text, file, report)


def read_text(path: Path, file: str, report: Report) -> str | None:
    """A file's text as it stands; None when it cannot be read, and the report then says why."""
    try:
        raw = _bytes(path)
    except OSError as error:
        reason = (error.strerror or "it cannot be opened").lower()
        hint = "check its name and its permissions"
        report.add(Place(file), "cannot-read", f"the file cannot be read: {reason}", hint)
        return None
    try:
        return _decoded(raw, file)
    except Unreadable as problem:
        report.remember(file, raw[:MAX_BYTES].decode("utf-8", "replace"))
        report.add(problem.place, problem.code, problem.text, problem.hint)
        return None


def parse(text: str, file: str, report: Report) -> Node | None:
    """Text into a tree; None when it cannot be read, and the report then says why."""
    text = text.removeprefix("\ufeff")
    report.remember(file, text[:MAX_BYTES])
    try:
        _refuse_characters(text, file)
        root = _composed(text, file, report)
    except Unreadable as problem:
        report.add(problem.place, problem.code, problem.text, problem.hint)
        return None
    _lost_keys(text, file, report)
    if root is None:
        report.add(Place(file), "empty-file", "the file says nothing", "delete it, or write what it is for")
    return root


def _lost_keys(text: str, file: str, report: Report) -> None:
    """`#: step` on a line of its own is a comment, though the key # was meant."""
    for number, line in enumerate(text.splitlines(), 1) if "#:" in text else ():
        if re.match(r"\s+#: *[\w\"']", line):
            at = line.index("#")
            place = Place(file, number, at + 1, at + 2)
            report.warn(place, "comment-key", "this line is a comment", 'the key # stands in quotes: "#"')


def _bytes(path: Path) -> bytes:
    """A file's bytes, at most one more than may be; raises OSError. A pipe or device would never end."""
    if not path.is_file():
        is_there = errno.EISDIR if path.is_dir() else errno.EINVAL if path.exists() else errno.ENOENT
        raise OSError(is_there, "it is not a file" if is_there == errno.EINVAL else os.strerror(is_there))
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _decoded(raw: bytes, file: str) -> str:
    if len(raw) > MAX_BYTES:
        raise Unreadable(Place(file), "too-big", f"the file has more than {MAX_BYTES:,} bytes")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line, col = before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1
        place = Place(file, line, col, col + 1)
        raise Unreadable(
            place, "not-utf8", f"byte {raw[error.start]:#04x} is not UTF-8 text", "save the file as UTF-8"
        ) from None


_REFUSED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|\ufeff")


def _refuse_characters(text: str, file: str) -> None:
    if len(text) > MAX_BYTES:
        raise Unreadable(
            Place(file), "too-big", f"the file has {len(text):,} characters; {MAX_BYTES:,} is the most"
        )
    found = _REFUSED.search(text)
    if found is None:
        return
    lines = text[: found.start() + 1].splitlines() or [""]
    place = Place(file, len(lines), max(1, len(lines[-1])), len(lines[-1]) + 1)
    raise Unreadable(
        place, "bad-character", f"the character U+{ord(found[0]):04X} cannot stand in a file", "delete it"
    )


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet; `key` waits for its value."""

    node: Sequence | Mapping
    key: Scalar | None = None


def _composed(text: str, file: str, report: Report) -> Node | None:
    """The tree of a text: of a site that is read again nearly all are kept. None with a fault is, and nobody changes one."""
    kept = _TREES.pop((file, text), None)
    said = len(report.problems)
    root = kept or _composed_anew(text, file, report)
    if root is not None and len(report.problems) == said and len(text) <= MAX_KEPT:
        _TREES[file, text] = root
        if len(_TREES) > MAX_TREES:
            del _TREES[next(iter(_TREES))]
    return root


#: The trees of texts read lately, the last one at the end: by file and text.
_TREES: dict[tuple[str, str], Node] = {}


def _composed_anew(text: str, file: str, report: Report) -> Node | None:
    composer = _Composer(file, text.splitlines(), report)
    try:
        for event in _events(text):
            composer.take(event)
    except yaml.MarkedYAMLError as error:
        raise _in_our_words(error, composer) from None
    except yaml.YAMLError:
        raise Unreadable(
            Place(file),
            "yaml-syntax",
            "this is not YAML that can be read",
            "check quotes, colons and indentation",
        ) from None
    return composer.root


def _events(text: str) -> Iterator[yaml.Event]:
    loader = yaml.CSafeLoader(text)
    try:
        while loader.check_event():
            event = loader.get_event()
            if event is not None:
                yield event
    finally:
        loader.dispose()


class _Composer:
    """Builds the tree from events, with a stack of what is still open."""

    def __init__(self, file: str, lines: list[str], report: Report) -> None:
        self.file, self.lines, self.report = file, lines, report
        self.root: Node | None = None
        self.open: list[_Open] = []
        self.nodes = 0
        self.twice = 0

    def place(self, event: yaml.Event) -> Place:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:
            return Place(self.file)
        return self.stretch(start.line, start.column, end.column if end.line == start.line else None)

    def stretch(self, line: int, col: int, end: int | None) -> Place:
        """A stretch of one line; without an end it runs to the line's last character. Counts from 0."""
        if end is None:
            end = len(self.lines[line].rstrip()) if line < len(self.lines) else col + 1
        return Place(self.file, line + 1, col + 1, max(end, col + 1) + 1 if end <= col else end + 1)

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.AliasEvent():
                raise Unreadable(
                    self.place(event),
                    "no-anchors",
                    "aliases (*name) are not used here",
                    "write it out; queue_defaults holds what all queues share",
                )
            case yaml.ScalarEvent():
                self._refuse_extras(event)
                self._add(self._scalar(event))
            case yaml.SequenceStartEvent():
                self._refuse_extras(event)
                self._enter(Sequence(self.place(event)))
            case yaml.MappingStartEvent():
                self._refuse_extras(event)
                self._enter(Mapping(self.place(event)))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self.open.pop()
            case yaml.DocumentStartEvent() if self.root is not None:
                raise Unreadable(
                    self.place(event),
                    "two-documents",
                    "a second document begins here ('---')",
                    "one file holds one document; delete the line, or make two files",
                )

    def _refuse_extras(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise Unreadable(self.place(event), "too-big", f"the file holds more than {MAX_NODES:,} values")
        if event.anchor is not None:
            raise Unreadable(
                self.place(event),
                "no-anchors",
                f"anchors (&{event.anchor}) are not used here",
                "write it out; queue_defaults holds what all queues share",
            )
        if event.tag is not None:
            raise Unreadable(
                self.place(event),
                "no-tags",
                "tags (!…) are not used here",
                "delete the tag; every value is read as it is typed",
            )

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        if len(event.value) > MAX_SCALAR:
            raise Unreadable(
                self.place(event),
                "too-big",
                f"this value has {len(event.value):,} characters; {MAX_SCALAR:,} is the most",
            )
        plain = event.implicit[0]
        return Scalar(self.place(event), event.value, empty=plain and event.value in ("", "~"))

    def _enter(self, node: Sequence | Mapping) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise Unreadable(
                node.place,
                "too-deep",
                f"this is nested more than {MAX_DEPTH} levels deep",
                "check the brackets",
            )
        self._add(node)
        self.open.append(_Open(node))

    def _add(self, node: Node) -> None:
        if not self.open:
            self.root = node
            return
        top = self.open[-1]
        if isinstance(top.node, Sequence):
            top.node.items.append(node)
        elif top.key is None:
            top.key = self._key(top.node, node)
        else:
            top.node.entries.setdefault(top.key.text, (top.key, node))
            top.key = None

    def _key(self, mapping: Mapping, node: Node) -> Scalar:
        if not isinstance(node, Scalar) or node.empty:
            raise Unreadable(
                node.place,
                "bad-key",
                "a key must be one plain word or number",
                "text with {{ name }} belongs in quotes",
            )
        if node.text == "<<":
            raise Unreadable(
                node.place,
                "no-anchors",
                "merge keys (<<) are not used here",
                "write it out; queue_defaults holds what all queues share",
            )
        if node.text in mapping.entries:
            first = mapping.entries[node.text][0].place.line
            text = f"'{node.text}' is already set on line {first}"
            self.report.add(node.place, "duplicate-key", text, "keep one of the two")
            self.twice += 1
            if self.twice >= MAX_TWICE:
                text = f"{MAX_TWICE} keys are set twice: nothing behind this one is read"
                raise Unreadable(node.place, "too-big", text, "mend those above, and check again")
        return node


#: What libyaml says (the beginning of it) -> what an admin reads.
_WORDS: tuple[tuple[str, str, str], ...] = (
    ("mapping values are not allowed", "this ':' makes no sense here", "put text with a ':' in quotes; check the indentation"),
    ("could not find expected ':'", "this line has no ':' after its key", "write key: value"),
    ("did not find expected key", "this line does not fit the lines above it", "check the indentation and the quotes"),
    ("did not find expected '-' indicator", "a list item beginning with '- ' is expected here", "check the indentation"),
    ("did not find expected ',' or ']'", "the list opened with '[' is not closed", "put ']' at its end, ',' between its items"),
    ("did not find expected ',' or '}'", "what was opened with '{' is not closed", "put '}' at its end, ',' between its entries"),
    ("found unexpected end of stream", "the quote opened here is never closed", "put the same quote at the end of the text"),
    ("found unexpected document indicator", "the quote opened here is never closed", "put the same quote at the end"),
    ("found unknown escape character", "this '\\' escape is unknown", "use 'single quotes', in which '\\' is itself"),
    ("found invalid Unicode character escape", "this '\\' escape is no character", "write the character itself"),
    ("did not find expected hexdecimal", "this '\\' escape is no character", "use 'single quotes', in which '\\' is itself"),
    ("block sequence entries are not allowed", "a list item cannot begin here", "put '- ' on a line of its own"),
    ("did not find expected node content", "a value is missing here", "put text in quotes if it begins with a sign"),
    ("did not find expected <document start>", "this line does not belong to what stands above", "check the indentation"),
    ("found undefined tag handle", "tags (!…) are not used here", "delete the tag, or put the text in quotes"),
    ("did not find expected alphabetic or numeric", "'&' and '*' are not used here", "put the text in quotes"),
    ("found incompatible YAML document", "lines that begin with '%' are not used here", "delete the line"),
    ("found unknown directive", "lines that begin with '%' are not used here", "delete the line"),
    ("found a tab character", "a tab cannot indent a line", "use spaces"),
)  # fmt: skip


def _in_our_words(error: yaml.MarkedYAMLError, composer: _Composer) -> Unreadable:
    problem = error.problem or ""
    if found := _slip(error, problem, composer.lines):
        place = composer.stretch(found.line, found.col, found.end)
        return Unreadable(place, "yaml-syntax", found.text, found.hint)
    opened = any(kind in (error.context or "") for kind in ("quoted scalar", "flow sequence", "flow mapping"))
    mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
    line, col = (mark.line, mark.column) if mark else (0, 0)
    line = min(line, max(0, len(composer.lines) - 1))
    place = composer.stretch(line, col, col + 1)
    if problem.startswith("found character that cannot start"):
        return _cannot_start(place, composer.lines[line][col : col + 1] if composer.lines else "")
    for beginning, text, hint in _WORDS:
        if problem.startswith(beginning):
            return Unreadable(place, "yaml-syntax", text, hint)
    return Unreadable(
        place,
        "yaml-syntax",
        "from here on this cannot be read",
        "check quotes, brackets, colons and indentation",
    )


def _slip(error: yaml.MarkedYAMLError, problem: str, lines: list[str]) -> Slip | None:
    mark = error.problem_mark or error.context_mark
    context, opened = error.context_mark, error.context or ""
    bracket = (context.line, context.column) if context is not None and "flow" in opened else None
    return slip(Stop(lines, mark.line if mark else 0, problem, bracket))


def _cannot_start(place: Place, char: str) -> Unreadable:
    if char == "\t":
        return Unreadable(place, "yaml-syntax", "a tab cannot indent a line", "use spaces")
    hint = (
        "delete this line: it comes from where the text was copied"
        if char == "`" and place.col == 1
        else "put the value in quotes"
    )
    return Unreadable(place, "yaml-syntax", f"a value cannot begin with '{char}'", hint)
