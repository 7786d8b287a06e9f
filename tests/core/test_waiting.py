"""How long a caller still waits."""

from __future__ import annotations

from math import isclose, sqrt

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from engine.core.waiting import Estimate, bucket, estimate, mean_wait, variance


def test_without_abandonment_the_wait_is_place_times_handle_time_for_each_agent() -> None:
    assert mean_wait(3, 2.0, 180.0, 0.0) == 3 * 180.0 / 2.0
    assert variance(3, 2.0, 180.0, 0.0) == 3 * 90.0**2


def test_a_small_case_by_hand() -> None:
    # A = 2, H = 200 s, θ = 0.005: rates 0.010, 0.015, 0.020 a second
    found = estimate(3, 2.0, 200.0, 0.005)
    assert found is not None
    assert found.mean == pytest.approx(100 + 1 / 0.015 + 50)
    assert found.sd == pytest.approx(sqrt(100**2 + (1 / 0.015) ** 2 + 50**2))
    assert found.seconds == found.mean + 0.5 * found.sd


@given(
    place=st.one_of(st.integers(1, 40), st.integers(41, 3000)),
    active=st.floats(0.01, 1000.0),
    handle_time=st.floats(1.0, 10_000.0),
    theta=st.floats(1e-7, 1.0),
)
@settings(max_examples=300, deadline=None)
def test_the_closed_form_equals_the_sum(place: int, active: float, handle_time: float, theta: float) -> None:
    rates = [active / handle_time + i * theta for i in range(place)]
    mean = mean_wait(place, active, handle_time, theta)
    assert mean is not None
    assert isclose(mean, sum(1 / r for r in rates), rel_tol=1e-6)
    assert isclose(variance(place, active, handle_time, theta), sum(1 / r**2 for r in rates), rel_tol=1e-6)


def test_nobody_there_means_no_estimate_at_all() -> None:
    assert estimate(1, 0.0, 180.0, 0.001) is None
    assert mean_wait(1, 0.0, 180.0, 0.0) is None


def test_the_next_in_line_beside_a_free_agent_waits_for_nothing() -> None:
    assert estimate(1, 1.0, 180.0, 0.0, free=True) == Estimate(1, 0.0, 0.0, 1.0)
    behind = estimate(2, 1.0, 180.0, 0.0, free=True)
    assert behind is not None
    assert behind.mean == 360.0


@pytest.mark.parametrize(
    ("seconds", "minutes"),
    [(0, 1), (60, 1), (60.1, 2), (300, 5), (301, 7), (421, 10), (2700, 45), (3600, 60), (3601, None)],
)
def test_minutes_are_rounded_up_to_what_is_spoken(seconds: float, minutes: int | None) -> None:
    assert bucket(seconds) == minutes
    assert Estimate(1, float(seconds), 0.0, 1.0).minutes == minutes
