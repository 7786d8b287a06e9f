"""In which layer each box stands, how far to the right, and between which boxes long lines pass: Graphviz's layered layout.

Every box is given to Graphviz as a table of empty cells of our own sizes, so that no font on this machine matters; the cells of its last
row are the exits, and lines begin under them. What comes back is rough: layers and what stands where in them. `route` makes it exact.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pygraphviz

#: Between boxes of one layer, in pixels.
BESIDE = 36
#: Boxes from which on good must do instead of best.
MANY = 150
_INCH = 72
_STEPS = 16


@dataclass(frozen=True, slots=True)
class Size:
    """A box in whole pixels; `ports` are its exits' left edges and widths, from left to right, not overlapping."""

    width: int
    height: int
    ports: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """From an exit (by number) of one box (by number) to another box."""

    tail: int
    port: int
    head: int


@dataclass(frozen=True, slots=True)
class Rough:
    """Each box's layer, from the top, and left edge in pixels; for each line, where it passes the layers between its ends."""

    layers: tuple[int, ...]
    lefts: tuple[float, ...]
    passes: tuple[dict[int, float], ...]


def rough(sizes: Sequence[Size], lines: Sequence[Line], steps: int = 1) -> Rough:
    """Lay out boxes, the first on top, with few crossings of the lines between them.

    `steps`: boxes side by side below the same one take that many layers by turns, so that the whole is less wide.
    """
    deeper = _deeper(lines, steps)
    graph = pygraphviz.AGraph(directed=True, strict=False, nodesep=BESIDE / _INCH, splines="spline")
    for number, size in enumerate(sizes):
        graph.add_node(f"n{number}", shape="plain", label=_table(size))
    for number, line in enumerate(lines):
        graph.add_edge(
            f"n{line.tail}",
            f"n{line.head}",
            key=str(number),
            tailport=f"p{line.port}:s",
            headport="n",
            minlen=deeper[number],
        )
    if (
        len(sizes) > MANY
    ):  # the best layers and places take time by the cube; nobody sees the difference there
        graph.graph_attr.update(nslimit=2, nslimit1=2)
    graph.layout(prog="dot")
    return _read(graph, sizes, lines)


def layers_between(tail: int, head: int) -> range:
    """The layers a line passes, in its order: those between its ends, or all from its own back up to the one it leads to."""
    return range(tail + 1, head) if tail < head else range(tail, head - 1, -1)


def _deeper(lines: Sequence[Line], steps: int) -> list[int]:
    """How many layers each line leads down at least: more than one, by turns, to boxes that one line alone leads to."""
    count = Counter(line.head for line in lines)
    turn = Counter[int]()
    found = []
    for line in lines:
        alone = count[line.head] == 1
        found.append(1 + turn[line.tail] % steps if alone else 1)
        turn[line.tail] += alone
    return found


def _table(size: Size) -> str:
    """A box for Graphviz: one cell above, below it a cell for each exit and each gap between them."""
    cells, at = [], 0
    for number, (left, width) in enumerate(size.ports):
        cells += [_cell(left - at), _cell(width, f' PORT="p{number}"')]
        at = left + width
    cells = [cell for cell in [*cells, _cell(size.width - at)] if cell]
    above = _cell(size.width, f' COLSPAN="{len(cells)}"', size.height - 1)
    start = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'
    return f"<{start}<TR>{above}</TR><TR>{''.join(cells)}</TR></TABLE>>"


def _cell(width: int, more: str = "", height: int = 1) -> str:
    return f'<TD FIXEDSIZE="TRUE" WIDTH="{width}" HEIGHT="{height}"{more}></TD>' if width > 0 else ""


def _read(graph: pygraphviz.AGraph, sizes: Sequence[Size], lines: Sequence[Line]) -> Rough:
    """Boxes of one layer have their middles at one height; Graphviz counts upwards."""
    middles = [_point(graph.get_node(f"n{number}").attr["pos"]) for number in range(len(sizes))]
    heights = sorted({round(y) for _, y in middles}, reverse=True)
    layers = tuple(heights.index(round(y)) for _, y in middles)
    lefts = tuple(x - size.width / 2 for (x, _), size in zip(middles, sizes, strict=True))
    passes = tuple(
        {
            layer: _at(curve, heights[layer])
            for curve in [_curve(graph, line, number)]
            for layer in layers_between(layers[line.tail], layers[line.head])
        }
        for number, line in enumerate(lines)
    )
    return Rough(layers, lefts, passes)


def _curve(graph: pygraphviz.AGraph, line: Line, number: int) -> list[tuple[float, float]]:
    """Points along a line, close together, from Graphviz's `e,tip start control control point …`."""
    told = graph.get_edge(f"n{line.tail}", f"n{line.head}", str(number)).attr["pos"]
    _, *points = map(_point, told.replace("e,", "").split())
    return [
        _bezier(points[start : start + 4], step / _STEPS)
        for start in range(0, len(points) - 1, 3)
        for step in range(_STEPS + 1)
    ]


def _bezier(points: Sequence[tuple[float, float]], t: float) -> tuple[float, float]:
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    x, y = (sum(w * p[axis] for w, p in zip(weights, points, strict=True)) for axis in (0, 1))
    return x, y


def _at(curve: Sequence[tuple[float, float]], height: float) -> float:
    """How far to the right a curve comes closest to a height."""
    return min(curve, key=lambda point: abs(point[1] - height))[0]


def _point(told: str) -> tuple[float, float]:
    x, y = map(float, told.split(","))
    return x, y
