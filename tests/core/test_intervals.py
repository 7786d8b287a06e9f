"""A report's intervals: borders on the clock, days of 23 and 25 hours, nothing counted twice."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.intervals import INTERVALS, grid

SOFIA = ZoneInfo("Europe/Sofia")


def at(text: str, zone: ZoneInfo = SOFIA) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


def test_borders_are_on_the_clock_and_the_first_and_last_interval_are_cut() -> None:
    made = grid(at("2026-11-02T08:07"), at("2026-11-02T08:50"), "15m", SOFIA)
    assert [made.borders(i) for i in range(4)] == [
        (at("2026-11-02T08:07"), at("2026-11-02T08:15")),
        (at("2026-11-02T08:15"), at("2026-11-02T08:30")),
        (at("2026-11-02T08:30"), at("2026-11-02T08:45")),
        (at("2026-11-02T08:45"), at("2026-11-02T08:50")),
    ]
    assert made.index(at("2026-11-02T08:15")) == 1  # a border belongs to what begins there
    assert made.index(at("2026-11-02T08:50")) is None


@pytest.mark.parametrize(
    ("day", "after", "hours"),
    [("2026-03-29", "2026-03-30", 23), ("2026-10-25", "2026-10-26", 25), ("2026-11-02", "2026-11-03", 24)],
)
def test_a_day_is_one_though_the_clocks_change(day: str, after: str, hours: int) -> None:
    start, end = at(f"{day}T00:00"), at(f"{after}T00:00")
    assert len(grid(start, end, "day", SOFIA).starts) == 1
    assert len(grid(start, end, "hour", SOFIA).starts) == hours
    assert len(grid(start, end, "15m", SOFIA).starts) == 4 * hours


def test_hours_are_those_of_zones_that_are_off_by_three_quarters() -> None:
    kathmandu = ZoneInfo("Asia/Kathmandu")
    made = grid(at("2026-11-02T08:00", kathmandu), at("2026-11-02T10:00", kathmandu), "hour", kathmandu)
    assert list(made.starts) == [at("2026-11-02T08:00", kathmandu), at("2026-11-02T09:00", kathmandu)]


def test_more_intervals_than_anybody_reads_are_refused() -> None:
    with pytest.raises(ValueError, match="choose a longer interval"):
        grid(0.0, 4e9, "15m", SOFIA)


moments = st.floats(1.7e9, 1.7e9 + 40 * 86_400)


@given(moments, moments, st.sampled_from(INTERVALS), moments, moments)
def test_the_parts_of_a_stretch_add_up_to_what_of_it_lies_in_the_report(
    one: float, other: float, interval: str, start: float, end: float
) -> None:
    first, last = min(one, other), max(one, other) + 1.0
    made = grid(first, last, interval, SOFIA)
    parts = list(made.parts(start, end))
    inside = max(0.0, min(end, last) - max(start, first))
    assert sum(seconds for _, seconds in parts) == pytest.approx(inside, abs=1e-3)
    assert all(made.index(made.borders(i)[0]) == i for i, _ in parts)
    assert [i for i, _ in parts] == sorted({i for i, _ in parts})
