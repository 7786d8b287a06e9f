"""How long a caller still waits, and what they are told about it."""

from __future__ import annotations

from math import isclose, sqrt

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from engine.core.site import QueueRule
from engine.core.waiting import (
    BUCKETS,
    Announcement,
    Due,
    Estimate,
    Said,
    bucket,
    estimate,
    mean_wait,
    next_announcement,
    variance,
)

RULE = QueueRule("sales", announce_first=5.0, announce_every=60.0)
ENTERED = 1000.0


# --- the estimate --------------------------------------------------------------------------------


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


# --- when it is told -----------------------------------------------------------------------------


def wait_of(seconds: float) -> Estimate:
    return Estimate(1, seconds, 0.0, 1.0)


def ask(
    now: float, last: Said | None = None, place: int = 4, seconds: float | None = 100.0, **options: object
) -> Due:
    rule = QueueRule("sales", **{"announce_first": 5.0, "announce_every": 60.0, **options})  # type: ignore[arg-type]
    return next_announcement(rule, ENTERED, last, place, None if seconds is None else wait_of(seconds), now)


def test_the_first_announcement_comes_when_the_queue_says() -> None:
    assert ask(ENTERED) == Due(None, ENTERED + 5.0)
    assert ask(ENTERED + 5.0) == Due(Announcement(4, 2), ENTERED + 65.0)


def test_the_next_one_comes_a_minute_later_if_the_place_has_improved() -> None:
    last = Said(ENTERED + 5.0, 4, 2)
    assert ask(ENTERED + 64.0, last, 3) == Due(None, ENTERED + 65.0)
    assert ask(ENTERED + 65.0, last, 3, 40.0).say == Announcement(3, 1)


def test_a_place_that_has_not_improved_is_told_again_after_90_seconds() -> None:
    last = Said(ENTERED + 5.0, 4, 2)
    assert ask(ENTERED + 65.0, last) == Due(None, ENTERED + 75.0)  # looks again soon, in case it improves
    assert ask(ENTERED + 90.0, last) == Due(None, ENTERED + 95.0)
    assert ask(ENTERED + 95.0, last).say is not None


def test_no_two_announcements_come_within_20_seconds() -> None:
    last = Said(ENTERED + 5.0, 4, 2)
    assert ask(ENTERED + 24.0, last, 1, announce_every=1.0) == Due(None, ENTERED + 25.0)


@pytest.mark.parametrize("place", [0, -1])
def test_who_no_longer_waits_is_told_nothing(place: int) -> None:
    assert ask(ENTERED + 5.0, place=place) == Due(None, None)


def test_a_queue_that_announces_nothing_never_asks_again() -> None:
    assert ask(ENTERED, announce_position=False, announce_wait=False) == Due(None, None)


# --- what is told --------------------------------------------------------------------------------


def test_position_and_wait_can_each_be_left_out() -> None:
    assert ask(ENTERED + 5.0, announce_wait=False).say == Announcement(4)
    assert ask(ENTERED + 5.0, announce_position=False).say == Announcement(None, 2)


def test_where_no_time_can_be_told_the_position_is_told_alone() -> None:
    assert ask(ENTERED + 5.0, seconds=None) == Due(Announcement(4), ENTERED + 65.0)
    assert ask(ENTERED + 5.0, seconds=None, announce_position=False) == Due(None, ENTERED + 65.0)


def test_more_than_an_hour_is_not_counted_in_minutes() -> None:
    assert ask(ENTERED + 5.0, seconds=4000.0).say == Announcement(4, None, more_than_an_hour=True)


def test_a_later_figure_never_exceeds_the_last_one_less_the_time_gone_by() -> None:
    last = Said(ENTERED, 4, 10)
    # 10 minutes were said 5 minutes ago: 5 are left; 6.5 is not much longer, and 5 is what is said
    assert ask(ENTERED + 300.0, last, 3, 390.0).say == Announcement(3, 5)
    assert ask(ENTERED + 300.0, last, 3, 100.0).say == Announcement(3, 2)


def test_a_wait_that_has_grown_by_more_than_half_is_said_to_take_longer_than_expected() -> None:
    last = Said(ENTERED, 4, 10)
    assert ask(ENTERED + 300.0, last, 3, 450.0).say == Announcement(3, 5)
    assert ask(ENTERED + 300.0, last, 3, 451.0).say == Announcement(3, 10, longer_than_expected=True)
    over_an_hour = Announcement(3, None, more_than_an_hour=True, longer_than_expected=True)
    assert ask(ENTERED + 300.0, last, 3, 9000.0).say == over_an_hour


@given(st.lists(st.tuples(st.floats(20.0, 400.0), st.floats(0.0, 5000.0), st.integers(1, 9)), max_size=12))
def test_promises_are_kept_or_taken_back_in_words(steps: list[tuple[float, float, int]]) -> None:
    last, now = None, ENTERED
    for gap, seconds, place in steps:
        now += gap
        say = next_announcement(RULE, ENTERED, last, place, wait_of(seconds), now).say
        if say is None:
            continue
        assert say.minutes in (*BUCKETS, None)
        if last is not None and last.minutes is not None and not say.longer_than_expected:
            left = last.minutes * 60.0 - (now - last.at)
            assert say.minutes is not None
            assert say.minutes * 60.0 <= max(left, 60.0)
        last = Said(now, place, say.minutes)
