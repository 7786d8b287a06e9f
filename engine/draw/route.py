"""How lines run: straight down through the gaps between layers, across on a track of their own there, down again into the next box.

    exit        of the box above
      │
      └─────┐   a track in the gap between two layers
            │
            ▼   the box below, or a passage between two boxes of the next layer

Lines to the same box share passages and tracks, like branches of a river: what has run together goes to one place. Lines that lead back up
leave their gap upwards, through a passage beside their own box. A gap is as high as its tracks need, so no line ever meets a box.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.draw.layout import Line, Rough, Size, layers_between
from engine.draw.tracks import PASSAGE, TRACK, Bundle, Side, arrange

Point = tuple[float, float]

#: Between a track and the boxes of the layer above or below it, in pixels.
ABOVE, BELOW = 20, 26
#: How far from its corner a line may enter a box.
CORNER = 18
#: How far a line may run from where Graphviz has it, to be straight.
DETOUR = 120
#: How near a line may pass a box.
WALL = 8
#: Bends shorter than this look like a slip.
NEAR = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """The boxes' left upper corners, each line's corners from its exit to its arrow's tip, and the whole size, in pixels."""

    corners: tuple[Point, ...]
    paths: tuple[tuple[Point, ...], ...]
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class _Run:
    """A line: where it starts, passes each layer and ends, and the gaps in between, each named by the layer above it."""

    xs: tuple[float, ...]
    gaps: tuple[int, ...]

    def crossings(self) -> Iterator[tuple[int, tuple[Side, float], tuple[Side, float]]]:
        """Each gap, with the sides and places the line comes from and goes to."""
        up = len(self.gaps) > 1 and self.gaps[0] > self.gaps[-1]
        last = len(self.gaps) - 1
        for number, (gap, (here, there)) in enumerate(zip(self.gaps, pairwise(self.xs), strict=True)):
            come = Side.BELOW if up and number > 0 else Side.ABOVE
            leave = Side.ABOVE if up and number < last else Side.BELOW
            yield gap, (come, here), (leave, there)


def route(sizes: Sequence[Size], lines: Sequence[Line], rough: Rough) -> Plan:
    """Give every box its exact place and every line its way."""
    ground = _Ground.of(sizes, lines, rough)
    passages = _passages(ground)
    runs = [_run(ground, passages, number) for number in range(len(lines))]
    bundles: dict[tuple[int, int], Bundle] = {}
    for line, run in zip(lines, runs, strict=True):
        for gap, here, there in run.crossings():
            bundles.setdefault((gap, line.head), Bundle()).ends.update((here, there))
    gaps = sorted({gap for gap, _ in bundles})
    tracks = {gap: arrange([bundle for (at, _), bundle in bundles.items() if at == gap]) for gap in gaps}
    return _plan(ground, runs, bundles, _Heights.of(ground, tracks))


@dataclass(frozen=True, slots=True)
class _Ground:
    """Boxes and lines, and the layers they stand in."""

    sizes: Sequence[Size]
    lines: Sequence[Line]
    rough: Rough
    rows: Sequence[Sequence[int]]
    middles: Sequence[Sequence[float]]

    @classmethod
    def of(cls, sizes: Sequence[Size], lines: Sequence[Line], rough: Rough) -> _Ground:
        """The boxes of each layer, and their middles, from left to right."""
        rows: list[list[int]] = [[] for _ in range(max(rough.layers) + 1)]
        for box in sorted(range(len(sizes)), key=lambda box: rough.lefts[box]):
            rows[rough.layers[box]].append(box)
        middles = [[rough.lefts[box] + sizes[box].width / 2 for box in row] for row in rows]
        return cls(sizes, lines, rough, rows, middles)

    def middle(self, box: int) -> float:
        """Where a box has its middle."""
        return round(self.rough.lefts[box] + self.sizes[box].width / 2, 1)

    def right(self, box: int) -> float:
        """Where a box ends."""
        return self.rough.lefts[box] + self.sizes[box].width

    def space(self, layer: int, x: float) -> int:
        """Which of the spaces beside and between the boxes of a layer a place is in."""
        return bisect_left(self.middles[layer], x)

    def walls(self, layer: int, space: int) -> tuple[float, float]:
        """From where to where a space goes."""
        boxes = self.rows[layer]
        left = self.right(boxes[space - 1]) if space else float("-inf")
        right = self.rough.lefts[boxes[space]] if space < len(boxes) else float("inf")
        return left, right

    def start(self, line: Line) -> float:
        """Where a line begins: below the middle of its exit."""
        left, width = self.sizes[line.tail].ports[line.port]
        return round(self.rough.lefts[line.tail] + left + width / 2, 1)

    def entry(self, head: int, x: float) -> float:
        """Where lines enter a box: in its middle; a single one, that is at `x`, straight from above where it can."""
        alone = sum(line.head == head for line in self.lines) == 1
        inside = self.rough.lefts[head] + CORNER <= x <= self.right(head) - CORNER
        return x if alone and inside else self.middle(head)

    def key(self, number: int, layer: int) -> tuple[int, int, int]:
        """What lines share a passage by: the layer, the space, the box they lead to."""
        return layer, self.space(layer, self.rough.passes[number][layer]), self.lines[number].head


def _passages(ground: _Ground) -> dict[tuple[int, int, int], float]:
    """Where lines pass the layers."""
    found: dict[tuple[int, int, int], float] = {}
    for layer in range(len(ground.rows)):
        wanted: dict[int, dict[int, list[float]]] = {}
        for number, passes in enumerate(ground.rough.passes):
            if layer in passes:
                _, space, head = ground.key(number, layer)
                x = _wanted(ground, found, number, layer)
                wanted.setdefault(space, {}).setdefault(head, []).append(x)
        for space, heads in wanted.items():
            xs = {head: sum(each) / len(each) for head, each in heads.items()}
            order = sorted(xs, key=lambda head: (xs[head], head))
            spread = _spread([xs[head] for head in order], *ground.walls(layer, space))
            found.update({(layer, space, head): x for head, x in zip(order, spread, strict=True)})
    return found


def _wanted(ground: _Ground, found: Mapping[tuple[int, int, int], float], number: int, layer: int) -> float:
    """Where a line would pass a layer: straight below where it is in the layer above, unless that is out of its way."""
    line, rough = ground.lines[number], ground.rough
    there, middle = rough.passes[number][layer], ground.middle(line.head)
    if layer - 1 in rough.passes[number]:
        straight = found[ground.key(number, layer - 1)]
    elif layer - 1 == rough.layers[line.tail]:
        straight = ground.start(line)
    else:
        return there
    left, right = ground.walls(layer, ground.space(layer, there))
    better = [straight, there]
    if layer == rough.layers[line.head] - 1:  # one bend higher up is better than a tiny one above the box
        better = [each for x in better for each in ([middle, x] if abs(x - middle) < NEAR else [x])]
    fits = (x for x in better if left + WALL <= x <= right - WALL and abs(x - there) < DETOUR)
    return next(fits, there)


def _spread(xs: Sequence[float], left: float, right: float) -> list[float]:
    """Places side by side, from left to right, near those wanted, apart from each other and from the walls."""
    apart = min(PASSAGE, (right - left) / (len(xs) + 1))
    low, high = left + min(WALL, apart), right - min(WALL, apart)
    rightwards = _pushed(xs, low, high, apart)
    leftwards = [-x for x in reversed(_pushed([-x for x in reversed(xs)], -high, -low, apart))]
    return min(rightwards, leftwards, key=lambda placed: _bent(xs, placed))


def _pushed(xs: Sequence[float], low: float, high: float, apart: float) -> list[float]:
    """Each place as wanted, or as far to the right of it as the one before it needs."""
    placed: list[float] = []
    for number, x in enumerate(xs):
        least = placed[-1] + apart if placed else low
        placed.append(round(min(max(x, least), high - apart * (len(xs) - 1 - number)), 1))
    return placed


def _bent(xs: Sequence[float], placed: Sequence[float]) -> float:
    """How bad it is to have moved places: short bends are the ugliest."""
    return sum(1 / (1 + abs(x - at)) for x, at in zip(xs, placed, strict=True) if abs(x - at) >= 1)


def _run(ground: _Ground, passages: Mapping[tuple[int, int, int], float], number: int) -> _Run:
    line, layers = ground.lines[number], ground.rough.layers
    tail, head = layers[line.tail], layers[line.head]
    passed = [passages[ground.key(number, layer)] for layer in layers_between(tail, head)]
    start = ground.start(line)
    gaps = range(tail, head) if tail < head else range(tail, head - 2, -1)
    return _Run((start, *passed, ground.entry(line.head, passed[-1] if passed else start)), tuple(gaps))


@dataclass(frozen=True, slots=True)
class _Heights:
    """Where each layer begins and ends, and where the uppermost track above the first one runs."""

    tops: Sequence[float]
    bottoms: Sequence[float]

    @classmethod
    def of(cls, ground: _Ground, tracks: Mapping[int, int]) -> _Heights:
        """Each layer below the tallest box of the one above, and the tracks between them."""
        top, tops, bottoms = _gap(tracks[-1]) if -1 in tracks else 0.0, [], []
        for layer, row in enumerate(ground.rows):
            tops.append(top)
            bottoms.append(top + max(ground.sizes[box].height for box in row))
            top = bottoms[-1] + _gap(tracks.get(layer, 1))
        return cls(tops, bottoms)

    def track(self, gap: int, track: int) -> float:
        """Where a track of the gap below a layer runs."""
        return (self.bottoms[gap] if gap >= 0 else 0.0) + ABOVE + TRACK * track


def _gap(tracks: int) -> float:
    """How high a gap is."""
    return float(ABOVE + BELOW + TRACK * max(0, tracks - 1))


def _plan(
    ground: _Ground, runs: Sequence[_Run], bundles: Mapping[tuple[int, int], Bundle], heights: _Heights
) -> Plan:
    """Everything in its place, moved so that nothing lies left of the paper."""
    rough, sizes = ground.rough, ground.sizes
    shift = -min([*rough.lefts, *(x for run in runs for x in run.xs)])
    corners = tuple(
        (left + shift, heights.tops[layer]) for left, layer in zip(rough.lefts, rough.layers, strict=True)
    )
    paths = []
    for line, run in zip(ground.lines, runs, strict=True):
        start = corners[line.tail][1] + sizes[line.tail].height
        bends = _bends(line, run, bundles, heights)
        points = [(run.xs[0], start), *bends, (run.xs[-1], corners[line.head][1])]
        paths.append(tuple((x + shift, y) for x, y in points))
    rights = [x + size.width for (x, _), size in zip(corners, sizes, strict=True)]
    width = max([*rights, *(x for path in paths for x, _ in path)])
    height = max([*heights.bottoms, *(y for path in paths for _, y in path)])
    return Plan(corners, tuple(paths), width, height)


def _bends(
    line: Line, run: _Run, bundles: Mapping[tuple[int, int], Bundle], heights: _Heights
) -> Iterator[Point]:
    for gap, (here, there) in zip(run.gaps, pairwise(run.xs), strict=True):
        if abs(here - there) >= 1:
            y = heights.track(gap, bundles[gap, line.head].track)
            yield here, y
            yield there, y
