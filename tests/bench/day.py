"""A day of a 20-agent site lived through the distributor, as tests/core does it: `python -m tests.bench.day`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rich.console import Console

from tests.bench.answer import verdict
from tests.bench.figure import Figure, show

ROUNDS, ALLOWED_S = 3, 10.0


def lived() -> float:
    """Seconds one day takes, its books balanced every quarter of an hour."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "core"))
    from test_acd_day import Day  # type: ignore[import-not-found]

    begun = time.perf_counter()
    Day(seed=2026).live()
    return time.perf_counter() - begun


def main() -> int:
    """Print the figure; 1 when a day takes too long."""
    took = [lived() for _ in range(ROUNDS)]
    figure: Figure = verdict("a day of a 20-agent site", "s", took, "≤ 10 s", most=ALLOWED_S)
    show([figure], Console())
    return 0 if figure.met else 1


if __name__ == "__main__":
    raise SystemExit(main())
