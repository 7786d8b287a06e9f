"""How big a box is and where everything in it stands, before anyone knows where the box will stand.

┌──────────────────────────┐
│ main_menu                │   the step
├──────────────────────────┤
│ menu  “For support, …”   │   a row for each action: verb, what it is about
│       timeout 5s         │   its options, where any are set
└──(1)──(2)──(otherwise)───┘   exits on the lower edge; a ring where calls end
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from engine.draw.layout import Size
from engine.draw.picture import Box, Exit, Row
from engine.draw.text import cut, width

PAD, HEAD, ROW, OPTIONS, FOOT = 14, 34, 22, 16, 24
PILL, GAP, RING = 22, 8, 18
NAME_SIZE, TEXT_SIZE, SMALL_SIZE, PILL_SIZE = 14.5, 13, 11, 12
MOST_TEXT, MOST_LABEL, LEAST_WIDTH = 245, 150, 150
BETWEEN = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it is drawn: its texts fit, `y` is its upper edge in the box."""

    row: Row
    about: str
    options: str
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Pill:
    """An exit as it is drawn on the box's lower edge."""

    exit: Exit
    label: str
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Shape:
    """A box as it is drawn; `size` includes the lower halves of the exits, `body` is the height without them."""

    box: Box
    name: str
    lines: tuple[Line, ...]
    pills: tuple[Pill, ...]
    ring: int | None
    column: int
    body: int
    size: Size


def shape(box: Box) -> Shape:
    """Measure a step."""
    column = PAD + ceil(max(width(row.verb, TEXT_SIZE, bold=True) for row in box.rows)) + BETWEEN
    lines = _lines(box)
    name = cut(box.name, MOST_TEXT + 40, NAME_SIZE, bold=True)
    labels = [_label(way) for way in box.exits]
    widths = [max(PILL + 6, ceil(width(label, PILL_SIZE, bold=True)) + 18) for label in labels]
    foot = sum(widths) + GAP * (len(widths) - 1) + (RING + GAP if box.ends else 0)
    inside = [column + ceil(_widest(line)) + PAD for line in lines]
    heads = 2 * PAD + ceil(width(name, NAME_SIZE, bold=True))
    whole = max(LEAST_WIDTH, heads, foot + 2 * PAD, *inside)
    pills, after = _placed(box, labels, widths, (whole - foot) // 2)
    body = HEAD + sum(line.height for line in lines) + FOOT
    ports = tuple((pill.x, pill.width) for pill in pills)
    size = Size(whole, body + PILL // 2, ports)
    return Shape(box, name, lines, pills, after if box.ends else None, column, body, size)


def _lines(box: Box) -> tuple[Line, ...]:
    lines, y = list[Line](), HEAD + 6
    for row in box.rows:
        about = cut(row.about, MOST_TEXT, TEXT_SIZE)
        options = cut(row.options, MOST_TEXT, SMALL_SIZE)
        height = ROW + (OPTIONS if options else 0)
        lines.append(Line(row, about, options, y, height))
        y += height
    return tuple(lines)


def _widest(line: Line) -> float:
    marks = width("“”", TEXT_SIZE) if line.row.quoted else 0
    return max(width(line.about, TEXT_SIZE) + marks, width(line.options, SMALL_SIZE))


def _label(way: Exit) -> str:
    label = cut(", ".join(way.labels), MOST_LABEL, PILL_SIZE, bold=True)
    return f"{label} → {cut(way.target, MOST_LABEL, PILL_SIZE, bold=True)}" if way.far else label


def _placed(box: Box, labels: list[str], widths: list[int], x: int) -> tuple[tuple[Pill, ...], int]:
    """The exits beside one another from `x` on, and the middle of the ring that follows them."""
    pills = []
    for way, label, wide in zip(box.exits, labels, widths, strict=True):
        pills.append(Pill(way, label, x, wide))
        x += wide + GAP
    return tuple(pills), x + RING // 2
