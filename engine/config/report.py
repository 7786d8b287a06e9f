"""What is wrong with a site's files: collected, sorted, and shown with the line it is about.

One problem is shown as

    file:line:column: level[code]: what is wrong
     7 |       timeout: 6
       |                ^ what to do
       = other_file:12: the other place, where two files disagree

Whatever comes from a file is shown with control and direction characters escaped: a file cannot move the reader's cursor, colour the
screen or turn the line round. The caret counts screen columns, so it stands right under wide letters too.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

#: A shown source line is cut to this many characters around the caret.
_SHOWN = 160
#: A name is compared with so many others, to say which was meant; with more it would take too long.
_COMPARED = 1000
#: Characters that change the direction of the text around them, and those that cannot be seen and join nothing.
_DIRECTION = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029\ufeff\u200b\u2060\u00ad"
)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of one line: `line` and `col` count from 1, `end` is the column after its last character."""

    file: str
    line: int = 1
    col: int = 1
    end: int = 2

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col}"


class Level(StrEnum):
    """An error keeps the site from loading; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what, what to do, and the other places it concerns."""

    place: Place
    level: Level
    code: str
    text: str
    hint: str = ""
    also: tuple[tuple[Place, str], ...] = ()


@dataclass(slots=True)
class Report:
    """Everything that is wrong, found in one go."""

    problems: set[Problem] = field(default_factory=set)
    lines: dict[str, Sequence[str]] = field(default_factory=dict)

    def remember(self, file: str, text: str) -> None:
        """Keep a file's text, so that its lines can be shown."""
        self.lines[file] = text.splitlines()

    def add(
        self,
        place: Place,
        code: str,
        text: str,
        hint: str = "",
        *,
        level: Level = Level.ERROR,
        also: Iterable[tuple[Place, str]] = (),
    ) -> None:
        """Note a problem; the same one twice counts once."""
        self.problems.add(Problem(place, level, code, text, hint, tuple(also)))

    def warn(
        self, place: Place, code: str, text: str, hint: str = "", *, also: Iterable[tuple[Place, str]] = ()
    ) -> None:
        """Note something that works but is probably not meant."""
        self.add(place, code, text, hint, level=Level.WARNING, also=also)

    def faulty(self, place: Place) -> bool:
        """Whether something is wrong at this very place: then no more need be said about it."""
        return any(p.place == place for p in self.problems)

    @property
    def errors(self) -> int:
        """How many errors there are; any keeps the site from loading."""
        return sum(p.level is Level.ERROR for p in self.problems)

    @property
    def warnings(self) -> int:
        """How many warnings there are."""
        return len(self.problems) - self.errors

    def ordered(self) -> list[Problem]:
        """All problems by file, line and column."""
        return sorted(self.problems, key=lambda p: (p.place, p.level, p.code, p.text, p.hint, p.also))

    def render(self) -> str:
        """The whole report as text; empty when nothing is wrong."""
        if not self.problems:
            return ""
        return "\n".join([*(self._show(p) for p in self.ordered()), self.count()])

    def count(self) -> str:
        """The last line: how many errors and warnings."""
        return f"{plural(self.errors, 'error')}, {plural(self.warnings, 'warning')}"

    def as_json(self) -> list[dict[str, Any]]:
        """Every problem as JSON values, in order."""
        return [
            {
                "file": p.place.file,
                "line": p.place.line,
                "column": p.place.col,
                "end_column": p.place.end,
                "level": str(p.level),
                "code": p.code,
                "text": p.text,
                "hint": p.hint,
                "also": [{"file": o.file, "line": o.line, "column": o.col, "text": t} for o, t in p.also],
            }
            for p in self.ordered()
        ]

    def as_github(self) -> list[str]:
        """Every problem as a workflow command, which GitHub shows beside the line it is about."""
        return [_command(p) for p in self.ordered()]

    def _show(self, problem: Problem) -> str:
        place = problem.place
        head = f"{printable(str(place))}: {problem.level}[{problem.code}]: {printable(problem.text)}"
        return "\n".join([head, *self._excerpt(place, problem.hint), *self._others(problem)])

    def _excerpt(self, place: Place, hint: str) -> list[str]:
        lines = self.lines.get(place.file, ())
        number, hint = str(place.line), printable(hint)
        if not 0 < place.line <= len(lines):
            return [f"   = {hint}"] if hint else []
        line, col, end = _window(lines[place.line - 1], place.col, place.end)
        before, marked = _width(line[: col - 1]), _width(line[col - 1 : end - 1])
        caret = " " * before + "^" * max(1, marked)
        pad = " " * len(number)
        return [f" {number} | {printable(line)}".rstrip(), f" {pad} | {caret} {hint}".rstrip()]

    @staticmethod
    def _others(problem: Problem) -> list[str]:
        return [f"   = {printable(str(place))}: {printable(text)}" for place, text in problem.also]


def _command(p: Problem) -> str:
    about = {"file": p.place.file, "line": p.place.line, "col": p.place.col, "endColumn": p.place.end - 1}
    named = {**about, "title": p.code}
    given = ",".join(f"{name}={_escaped(str(value), '%:,')}" for name, value in named.items())
    text = f"{p.text}: {p.hint}" if p.hint else p.text
    return f"::{p.level} {given}::{_escaped(printable(text), '%')}"


def _escaped(text: str, signs: str) -> str:
    return "".join(f"%{ord(c):02X}" if c in signs + "\r\n" else c for c in text)


def plural(n: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{n} {word}{'' if n == 1 else 's'}"


def in_languages(languages: Sequence[str]) -> str:
    """`in language 'en'`, `in languages 'bg' and 'en'`: one mistake is told once, not once a language."""
    *most, last = (f"'{language}'" for language in languages)
    return f"in languages {', '.join(most)} and {last}" if most else f"in language {last}"


def printable(text: str) -> str:
    """Text that is safe on a terminal: control and direction characters become visible escapes."""
    return "".join(_shown(c) for c in text)


def guess(word: str, known: Iterable[str]) -> str:
    """A hint for a name nobody knows: the likely one, or all of them where they are few."""
    names = sorted(set(known))
    if len(names) > _COMPARED:
        return ""
    if close := likely(word, names):
        return f"did you mean '{close}'?"
    if not names:
        return ""
    return f"known: {', '.join(names)}" if len(names) <= 8 else ""


def likely(word: str, known: Iterable[str]) -> str:
    """The name that was probably meant; empty where none is near."""
    names = sorted(set(known))
    close = difflib.get_close_matches(word[:100], names, 1, 0.6) if len(names) <= _COMPARED else []
    return close[0] if close else ""


def _shown(char: str) -> str:
    if char == "\t":
        return " "
    if char in _DIRECTION or unicodedata.category(char) in ("Cc", "Cs"):
        return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"
    return char


def _width(text: str) -> int:
    return sum(_char_width(c) for c in text)


def _char_width(char: str) -> int:
    shown = _shown(char)
    if len(shown) > 1:
        return len(shown)
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def _window(line: str, col: int, end: int) -> tuple[str, int, int]:
    """Cut a very long line to what surrounds the caret."""
    end = min(end, len(line) + 1)
    if len(line) <= _SHOWN:
        return line, col, end
    start = max(0, min(col - 1 - _SHOWN // 4, len(line) - _SHOWN))
    cut = line[start : start + _SHOWN]
    return cut, col - start, min(end - start, len(cut) + 1)
