"""What runs across in the gap between two layers: each bundle of lines to one box has a track, and tracks of one gap never touch.

Which runs above which decides how often lines cross; neighbours change places as long as that helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

#: Between two tracks, and between passages side by side, in pixels.
TRACK, PASSAGE = 13, 12
#: How many crossings are better than two lines upon each other.
_OVERLAP = 100
_ROUNDS = 60


class Side(IntEnum):
    """From which side of a gap a line comes, or to which it goes."""

    ABOVE = -1
    BELOW = 1


@dataclass(slots=True)
class Bundle:
    """All lines to one box in one gap: where they come in and go out, and the track they share, counted from above."""

    ends: set[tuple[Side, float]] = field(default_factory=set)
    track: int = 0


@dataclass(frozen=True, slots=True)
class _Across:
    """A bundle's track, from where to where, with the places where its lines come from above and go down."""

    bundle: Bundle
    left: float
    right: float
    up: tuple[float, ...]
    down: tuple[float, ...]

    @classmethod
    def of(cls, bundle: Bundle) -> _Across:
        """What there is to know of a bundle whose ends are all known."""
        ends = sorted(bundle.ends)
        xs = [x for _, x in ends]
        up, down = (tuple(x for side, x in ends if side is wanted) for wanted in Side)
        return cls(bundle, min(xs), max(xs), up, down)


def arrange(bundles: Sequence[Bundle]) -> int:
    """Give the bundles of a gap their tracks, with few crossings; how many tracks there are."""
    across = (each for each in map(_Across.of, bundles) if each.right - each.left >= 1)
    order = sorted(across, key=lambda each: (each.left, each.right))
    for _ in range(_ROUNDS):
        if not _better(order):
            break
    for number, each in enumerate(order):
        meeting = [other.bundle.track + 1 for other in order[:number] if _meet(each, other)]
        each.bundle.track = max(meeting, default=0)
    return max((each.bundle.track + 1 for each in order), default=0)


def _better(order: list[_Across]) -> bool:
    """Let neighbours change places where that saves crossings; whether any did."""
    changed = False
    for at in range(len(order) - 1):
        above, below = order[at : at + 2]
        if _cost(below, above) < _cost(above, below):
            order[at], order[at + 1] = below, above
            changed = True
    return changed


def _meet(one: _Across, other: _Across) -> bool:
    """Whether two bundles would touch on the same track."""
    return one.left - TRACK < other.right and other.left - TRACK < one.right


def _cost(above: _Across, below: _Across) -> int:
    """How often two bundles cross when one runs above the other; lines upon each other are far worse."""
    crossed = sum(below.left < x < below.right for x in above.down)
    crossed += sum(above.left < x < above.right for x in below.up)
    return crossed + _OVERLAP * sum(abs(x - y) < PASSAGE / 2 for x in above.down for y in below.up)
