"""What a person did where YAML could not be read: the slip itself, which is often a line above the place where reading stopped.

Each rule looks at the line where reading stopped, and at the nearest line above that says something. The first that knows the slip tells
its place, what is wrong and what to write; where none does, `engine.config.source` says what it could not read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.config.report import plural

#: Quotation marks of books.
_QUOTES = "“”„‟‘’‚‹›«»"
#: Characters that look like a space, or like nothing, and are neither.
ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200d\u202f\u205f\u2060\u3000]")


@dataclass(frozen=True, slots=True)
class Slip:
    """A stretch of a line (line, column and end count from 0), what is wrong there, and what to do."""

    line: int
    col: int
    end: int
    text: str
    hint: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Where reading stopped and why, in libyaml's words; `opened` is where a bracket was opened that never closed."""

    lines: Sequence[str]
    line: int
    problem: str
    opened: tuple[int, int] | None = None

    @property
    def text(self) -> str:
        """The line where reading stopped; empty at the file's end."""
        return self.lines[self.line] if self.line < len(self.lines) else ""

    @property
    def above(self) -> int | None:
        """The nearest line above that holds more than a comment."""
        numbers = range(min(self.line, len(self.lines)) - 1, -1, -1)
        return next((n for n in numbers if self.lines[n].split("#")[0].strip()), None)


def odd_name(char: str) -> str:
    """How a character is called that cannot be seen."""
    return f"U+{ord(char):04X} ({unicodedata.name(char, 'unnamed').lower()})"


def odd(word: str) -> str:
    """What to do about a character in a word that is not what it looks like; empty where there is none."""
    if found := ODD_SPACE.search(word):
        return f"it holds the character {odd_name(found[0])}: delete it, and type a plain space where one belongs"
    if quotes := [c for c in word if c in _QUOTES]:
        return f'{quotes[0]} is no quotation mark here: write "…", or none'
    plain = "".join(_plain(c) for c in word)
    if plain != word and re.search("[0-9-]", plain):
        return f"write {plain}"
    foreign = [c for c in word if unicodedata.name(c, "").startswith(("CYRILLIC", "GREEK"))]
    if foreign and re.search("[A-Za-z]", word):
        return f"'{foreign[0]}' is the character {odd_name(foreign[0])}, not the letter it looks like"
    if re.search(r"\S#", word):
        return "a comment begins with a space before its #"
    return ""


def _plain(char: str) -> str:
    """A digit of any script as 0-9, a dash of any length as -."""
    digit = unicodedata.digit(char, None)
    if digit is not None and unicodedata.category(char) == "Nd":
        return str(digit)
    return "-" if char in "–—−" else char


def slip(stop: Stop) -> Slip | None:
    """The slip, if one of the rules knows it."""
    return next((found for rule in _RULES if (found := rule(stop))), None)


def _around(stop: Stop) -> list[int]:
    return [n for n in (stop.above, stop.line) if n is not None and n < len(stop.lines)]


def _odd_space(stop: Stop) -> Slip | None:
    for number in _around(stop):
        found = re.match(rf"[ -]*({ODD_SPACE.pattern})", stop.lines[number])
        if found:
            text = f"this is no space but the character {odd_name(found[1])}"
            return Slip(number, found.start(1), found.end(1), text, "delete it and type a space")
    return None


def _merge(stop: Stop) -> Slip | None:
    """`<<<<<<< HEAD`"""
    for number in range(min(stop.line + 1, len(stop.lines))):
        if found := re.match(r"(<{7}|={7}|>{7})(?:\s.*)?$", stop.lines[number]):
            hint = "keep one of the two versions, and delete these lines"
            return Slip(
                number, 0, len(found[0].rstrip()), "a merge of two versions has left its marks here", hint
            )
    return None


def _dash(stop: Stop) -> Slip | None:
    """`-say: welcome`"""
    for number in _around(stop):
        found = re.match(r"\s*(-)([A-Za-z_]\w*):", stop.lines[number])
        if found:
            hint = f"write - {found[2]}:"
            return Slip(number, found.start(1), found.end(2), "a space is missing behind '-'", hint)
    return None


def _bracket(stop: Stop) -> Slip | None:
    """`{ 1: desk; 2: message }`, `{ #: desk }`, `{ note: “{{ name }}” }`"""
    if stop.opened is None:
        return None
    line, col = stop.opened
    rest = stop.lines[line][col:] if line < len(stop.lines) else ""
    found = re.search(rf"(;)|\s(#):|(?<=[\s:{{\[])([{_QUOTES}])", rest)
    if not found or rest[:1] not in ("{", "["):
        return None
    at = col + found.start(found.lastindex or 0)
    if found[3]:
        return Slip(line, at, at + 1, f"{found[3]} is no quotation mark here", 'write "…"')
    if found[1]:
        return Slip(line, at, at + 1, "entries are separated by ',' and not by ';'", "write ',' here")
    return Slip(line, at, at + 1, "behind a space, # begins a comment", 'the key # stands in quotes: "#"')


def _star(stop: Stop) -> Slip | None:
    """`*: desk`"""
    found = re.search(r"(?:^|[\s{,])(\*)\s*:", stop.text)
    if not found or "alphabetic" not in stop.problem:
        return None
    return Slip(stop.line, found.start(1), found.end(1), "the key * stands in quotes", 'write "*"')


def _behind_quote(stop: Stop) -> Slip | None:
    """`welcome: "Good" day.`"""
    found = re.match(r"""[^"'#]*:\s+(?:"[^"]*"|'[^']*')\s*([^\s#,\]}:].*)""", stop.text)
    if not found or "did not find expected" not in stop.problem:
        return None
    hint = "put all of the text in the other kind of quotes"
    return Slip(stop.line, found.start(1), found.end(1), "the text goes on behind its closing quote", hint)


def _colon(stop: Stop) -> Slip | None:
    """`say: Note: we are closed`"""
    found = re.match(r"\s*(?:- +)?([\w.-]+): +([^\s\"'\[{|>].*:(?:\s.*)?)$", stop.text)
    if not found or "mapping values" not in stop.problem:
        return None
    value = found[2].rstrip()
    hint = f'write {found[1]}: "{value}"' if len(value) <= 60 and '"' not in value else "put it in quotes"
    return Slip(
        stop.line,
        found.start(2),
        found.start(2) + len(value),
        "a text with ': ' in it stands in quotes",
        hint,
    )


def _no_colon(stop: Stop) -> Slip | None:
    """A line of its own that is neither key nor item, and another key below it."""
    number = stop.above
    if number is None or not re.search("mapping values|expected ':'", stop.problem):
        return None
    found = re.match(r"\s*([^\s#\"'\[{-][^:]*?)\s*$", stop.lines[number])
    if not found:
        return None
    hint = "write name: and its value; or indent it, if it belongs to the text above"
    return Slip(number, found.start(1), found.end(1), "this line has no ':'", hint)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _item(line: str) -> bool:
    return line.lstrip(" ").startswith("- ")


def _levels(stop: Stop) -> list[int]:
    """How far the lines are indented that the one where reading stopped could go on from, the deepest first."""
    levels: list[int] = []
    for number in range(stop.line - 1, -1, -1):
        line = stop.lines[number]
        if not line.split("#")[0].strip():
            continue
        for level in (len(line) - len(line.lstrip(" -")) if _item(line) else _indent(line), _indent(line)):
            if not levels or level < levels[-1]:
                levels.append(level)
    return levels


def _dash_or_not(stop: Stop) -> Slip | None:
    """Of two lines that are indented alike one begins with '- '."""
    above, line = stop.above, stop.text
    if above is None or "did not find expected" not in stop.problem:
        return None
    other, indent = stop.lines[above], _indent(line)
    if indent != _indent(other) or _item(other) == _item(line):
        return None
    text = (
        "this line begins with '- ', the one above does not"
        if _item(line)
        else "'- ' is missing before this line"
    )
    return Slip(stop.line, indent, len(line.rstrip()), text, "begin both with '- ', or none of them")


def _indentation(stop: Stop) -> Slip | None:
    line, levels = stop.text, _levels(stop)
    indent = _indent(line)
    if not line.strip() or not levels or not re.search("did not find expected|mapping values", stop.problem):
        return None
    spaces = plural(indent, "space")
    if indent > levels[0]:
        text = f"this line is indented by {spaces}, the one above by {levels[0]}"
        return Slip(
            stop.line,
            indent,
            len(line.rstrip()),
            text,
            f"indent it by {levels[0]}; what stands above has its value already",
        )
    if indent not in levels:
        shown = " or ".join(str(level) for level in levels[:4])
        text = f"this line is indented by {spaces}, those it could go on from by {shown}"
        return Slip(stop.line, indent, len(line.rstrip()), text, "indent it as the lines it belongs to")
    if "'-' indicator" in stop.problem and not _item(line):
        text = f"a list item beginning with '- ' is expected here: the line is indented by {spaces}"
        return Slip(
            stop.line,
            indent,
            len(line.rstrip()),
            text,
            f"indent it by {levels[0]} if it belongs to the line above",
        )
    return None


_RULES: tuple[Callable[[Stop], Slip | None], ...] = (
    *(_merge, _odd_space, _dash, _bracket, _star, _behind_quote, _colon, _no_colon, _dash_or_not, _indentation),
)  # fmt: skip
