"""A flow's picture as SVG: every step, action and exit is a link to its line; it needs no script and no font of its own.

Colours follow the reader's light or dark setting, and the picture brings its own background. The same flow gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, dist
from xml.sax.saxutils import escape, quoteattr

from engine.draw import layout
from engine.draw.layout import Size
from engine.draw.picture import Picture, heading, sentence
from engine.draw.route import Plan, Point, route
from engine.draw.shapes import (
    HEAD,
    NAME_SIZE,
    PAD,
    PILL,
    PILL_SIZE,
    RING,
    SMALL_SIZE,
    TEXT_SIZE,
    Line,
    Pill,
    Shape,
    shape,
)
from engine.draw.style import STYLE
from engine.draw.text import cut, rtl, width
from engine.draw.words import Sort

_EDGE = 28
_TITLE = 56
_START = 30
_ROUND = 9
_WIDEST = 2.5


def svg(picture: Picture, language: str) -> str:
    """The picture as an SVG document; `language` is that of the words callers hear."""
    shapes = tuple(shape(box) for box in picture.boxes)
    start, sizes, lines = _start(picture), [each.size for each in shapes], _lines(shapes)
    first = next(i for i, each in enumerate(shapes) if each.box.first)
    plan = planned([start, *sizes], [layout.Line(0, 0, first + 1), *lines])
    title = picture.title or picture.name
    wide = ceil(max(plan.width, width(title, 20, bold=True), width(heading(picture), 12)) + 2 * _EDGE)
    high = ceil(plan.height + 2 * _EDGE + _TITLE)
    shift = f"translate({_n((wide - plan.width) / 2)} {_EDGE + _TITLE})"
    parts = [
        *_opening(picture, title, wide, high),
        f'<g transform="{shift}">',
        *_drawn(picture, shapes, start, plan, language),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _start(picture: Picture) -> Size:
    """The mark a call starts at, with the numbers that lead there."""
    wide = ceil(width(_numbers(picture), PILL_SIZE, bold=True)) + 44
    return Size(wide, _START, ((0, wide),))


def _numbers(picture: Picture) -> str:
    return cut(", ".join(picture.numbers) or picture.name, 300, PILL_SIZE, bold=True)


def _lines(shapes: tuple[Shape, ...]) -> list[layout.Line]:
    """A line for each exit; the start is box 0, so steps count from 1."""
    numbers = {each.box.name: number for number, each in enumerate(shapes, 1)}
    return [
        layout.Line(numbers[each.box.name], port, numbers[pill.exit.target])
        for each in shapes
        for port, pill in enumerate(each.pills)
        if not pill.exit.far
    ]


def planned(sizes: list[Size], lines: list[layout.Line]) -> Plan:
    """Where everything stands and runs; what would be far wider than high is laid out less flat."""
    for steps in (1, 2, 3, 4):
        plan = route(sizes, lines, layout.rough(sizes, lines, steps))
        if plan.width <= _WIDEST * plan.height:
            break
    return plan


def _opening(picture: Picture, title: str, wide: int, high: int) -> Iterator[str]:
    name = picture.name
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}"'
        f' role="graphics-document" aria-labelledby="{name}-title {name}-desc">'
    )
    yield f'<title id="{name}-title">{escape(title)}</title>'
    yield f'<desc id="{name}-desc">{escape(picture.about)}</desc>'
    yield f"<style>{STYLE}</style>"
    yield '<rect class="paper" width="100%" height="100%" rx="14"/>'
    yield _text("title", _EDGE, _EDGE + 18, title)
    yield _text("note", _EDGE, _EDGE + 38, heading(picture))


def _drawn(
    picture: Picture, shapes: tuple[Shape, ...], start: Size, plan: Plan, language: str
) -> Iterator[str]:
    """Lines lie under boxes; where lines run together, the one that tells most is seen."""
    first, *corners = plan.corners
    start_path, *paths = plan.paths
    yield _way("verb", start_path)
    exits = [(each, pill) for each in shapes for pill in each.pills if not pill.exit.far]
    drawn = zip(exits, paths, strict=True)
    upper = sorted(drawn, key=lambda one: list(Sort).index(one[0][1].exit.sort), reverse=True)
    yield from (_exit(each, pill, path) for (each, pill), path in upper)
    yield from _mark(picture, first, start)
    for each, corner in zip(shapes, corners, strict=True):
        yield from _box(picture, each, corner, language)
        yield from _pills(picture, each, corner)


def _mark(picture: Picture, corner: Point, size: Size) -> Iterator[str]:
    x, y = corner
    yield f'<g class="start"><title>{escape("Calls start here")}</title>'
    yield f'<rect x="{_n(x)}" y="{_n(y)}" width="{size.width}" height="{size.height}" rx="{_START / 2:g}"/>'
    yield f'<circle cx="{_n(x + 18)}" cy="{_n(y + _START / 2)}" r="5"/>'
    yield _text("number", x + 31, y + 19.5, _numbers(picture))
    yield "</g>"


def _exit(each: Shape, pill: Pill, points: tuple[Point, ...]) -> str:
    """The line of an exit."""
    return _way(_kind(pill), points, _about(each, pill))


def _way(kind: str, points: tuple[Point, ...], about: str = "") -> str:
    """A line with its arrow's head; lines end downwards."""
    x, y = points[-1]
    title = f"<title>{escape(about)}</title>" if about else ""
    tip = f"M{_n(x)} {_n(y)}l-5 -9h10z"
    ends = [*points[:-1], (x, y - 7)]
    return f'<g class="way {kind}">{title}<path d="{_rounded(ends)}"/><path class="tip" d="{tip}"/></g>'


def _rounded(points: list[Point]) -> str:
    """A path whose corners are round, as far as its pieces are long enough."""
    told = [f"M{_at(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(_ROUND, dist(before, corner) / 2, dist(corner, after) / 2)
        told.append(
            f"L{_at(_toward(corner, before, radius))}Q{_at(corner)} {_at(_toward(corner, after, radius))}"
        )
    return "".join([*told, f"L{_at(points[-1])}"])


def _toward(start: Point, end: Point, length: float) -> Point:
    """The place that lies a length from one point in the direction of another."""
    part = length / (dist(start, end) or 1)
    return start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part


def _at(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _box(picture: Picture, each: Shape, corner: Point, language: str) -> Iterator[str]:
    """A step: its frame and name are a link to it, each row one to its action."""
    box, wide = each.box, each.size.width
    state = "step" + (" first" if box.first else "") + ("" if box.reached else " lost")
    yield f'<g class="{state}" id="{picture.name}-{box.name}" transform="translate({_n(corner[0])} {_n(corner[1])})">'
    yield f"<a href={_href(picture, box.line)}><title>{escape(sentence(box))}</title>"
    yield f'<rect class="frame" width="{wide}" height="{each.body}" rx="10"/>'
    yield f'<path class="head" d="M.5 {HEAD}V10A9.5 9.5 0 0 1 10 .5H{wide - 10}A9.5 9.5 0 0 1 {wide - 0.5:g} 10V{HEAD}Z"/>'
    yield _text("name", PAD, 22.5, each.name)
    yield "</a>"
    for line in each.lines:
        yield from _row(picture, each, line, language)
    yield "</g>"


def _row(picture: Picture, each: Shape, line: Line, language: str) -> Iterator[str]:
    row, base = line.row, line.y + 15.5
    about = " ".join(part for part in (row.verb, row.names, f"({row.about})" if row.quoted else "") if part)
    state = "row" if row.reached else "row lost"
    yield f'<a class="{state}" href={_href(picture, row.line)}><title>{escape(f"{about}; {row.options}" if row.options else about)}</title>'
    yield f'<rect x="6" y="{line.y}" width="{each.size.width - 12}" height="{line.height}" rx="5"/>'
    yield _text("verb", PAD, base, row.verb)
    if row.quoted:
        yield _spoken(each.column, base, line.about, language)
    elif line.about:
        yield _text("about", each.column, base, line.about)
    if line.options:
        yield _text("options", each.column, base + 15, line.options)
    yield "</a>"


def _spoken(x: float, y: float, words: str, language: str) -> str:
    """Words callers hear, in their own direction; either way they begin beside the verb."""
    more = f" xml:lang={quoteattr(language)}"
    if rtl(words):
        return _text("said", x, y, f"«{words}»", f'{more} direction="rtl" text-anchor="end"')
    return _text("said", x, y, f"“{words}”", more)


def _pills(picture: Picture, each: Shape, corner: Point) -> Iterator[str]:
    yield f'<g transform="translate({_n(corner[0])} {_n(corner[1] + each.body)})">'
    for pill in each.pills:
        far = quoteattr(f"#{picture.name}-{pill.exit.target}")
        link = far if pill.exit.far else _href(picture, pill.exit.line)
        yield f'<a class="exit {_kind(pill)}" href={link}><title>{escape(_about(each, pill))}</title>'
        yield f'<rect x="{pill.x}" y="{-PILL / 2:g}" width="{pill.width}" height="{PILL}" rx="{PILL / 2:g}"/>'
        yield _text("label", pill.x + pill.width / 2, 4.2, pill.label)
        yield "</a>"
    if each.ring is not None:
        yield '<g class="end"><title>The call ends here</title>'
        yield f'<circle class="ring" cx="{each.ring}" cy="0" r="{RING / 2:g}"/><circle cx="{each.ring}" cy="0" r="5"/></g>'
    yield "</g>"


def _kind(pill: Pill) -> str:
    return str(pill.exit.sort) + ("" if pill.exit.reached else " lost")


def _about(each: Shape, pill: Pill) -> str:
    return f"{each.box.name} → {pill.exit.target}: {', '.join(pill.exit.written)}"


def _href(picture: Picture, line: int) -> str:
    return quoteattr(picture.href(line))


_SIZES = {
    "title": 20,
    "note": 12,
    "name": NAME_SIZE,
    "verb": TEXT_SIZE,
    "about": TEXT_SIZE,
    "said": TEXT_SIZE,
    "options": SMALL_SIZE,
    "label": PILL_SIZE,
    "number": PILL_SIZE,
}


def _text(kind: str, x: float, y: float, text: str, more: str = "") -> str:
    size = f'font-size="{_SIZES[kind]:g}"'
    return f'<text class="{kind}" x="{_n(x)}" y="{_n(y)}" {size}{more}>{escape(text)}</text>'


def _n(value: float) -> str:
    """A length in pixels, to a tenth."""
    return f"{round(value, 1) + 0.0:g}" if abs(value) < 100_000 else f"{value:.0f}"
