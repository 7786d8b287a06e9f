"""Erlang's formulas against what they are sums of, and against cases that are known without them."""

from __future__ import annotations

from itertools import pairwise
from math import exp, factorial, inf

import pytest

from engine.staffing.erlang import erlang_a, erlang_b, erlang_c
from engine.staffing.figures import t_quantile


def poisson(mean: float, n: int) -> float:
    return exp(-mean) * mean**n / factorial(n)


@pytest.mark.parametrize(("load", "agents"), [(0.3, 1), (5.0, 6), (10.0, 14), (22.5, 25), (90.0, 100)])
def test_erlang_b_and_c_are_the_sums_they_stand_for(load: float, agents: int) -> None:
    weights = [load**n / factorial(n) for n in range(agents + 1)]
    assert erlang_b(load, agents) == pytest.approx(weights[-1] / sum(weights), rel=1e-12)
    tail = weights[-1] * agents / (agents - load)
    waits = tail / (sum(weights[:-1]) + tail)
    found = erlang_c(load / 180.0, 180.0, agents, 20.0)
    assert found is not None
    spare = (agents - load) / 180.0
    assert found.asa == pytest.approx(waits / spare, rel=1e-12)
    assert found.in_t == pytest.approx(1.0 - waits * exp(-20.0 * spare), rel=1e-12)
    assert found.occupancy == pytest.approx(load / agents)


def test_a_crew_that_cannot_do_the_work_has_no_steady_state_unless_callers_give_up() -> None:
    assert erlang_c(10 / 180.0, 180.0, 10, 20.0) is None
    crowded = erlang_a(12 / 180.0, 180.0, 1 / 120.0, 10, 20.0)
    assert crowded.abandoned > 2 / 12 - 0.01  # at least what they cannot do
    assert crowded.occupancy == pytest.approx(12 * crowded.answered / 10)


def test_patience_as_long_as_talk_makes_every_call_leave_alike_whether_it_waits_or_talks() -> None:
    rate, handle, agents = 12 / 180.0, 180.0, 10
    found = erlang_a(rate, handle, 1 / handle, agents, 20.0)
    waiting = sum((n - agents) * poisson(12.0, n) for n in range(agents + 1, 100))
    assert found.abandoned == pytest.approx(waiting / handle / rate, rel=1e-9)
    assert found.answered + found.abandoned == pytest.approx(1.0)
    busy = sum(min(n, agents) * poisson(12.0, n) for n in range(100))
    assert found.occupancy == pytest.approx(busy / agents, rel=1e-9)


def test_endless_patience_makes_erlang_a_erlang_c() -> None:
    c = erlang_c(8.5 / 200.0, 200.0, 10, 30.0)
    a = erlang_a(8.5 / 200.0, 200.0, 1e-9, 10, 30.0)
    assert c is not None
    assert (a.asa, a.in_t, a.occupancy) == pytest.approx((c.asa, c.in_t, c.occupancy), rel=1e-4)


def test_answered_within_t_grows_to_all_who_are_answered_and_its_area_is_the_mean_wait() -> None:
    rate, handle, theta, agents = 11 / 240.0, 240.0, 1 / 180.0, 10
    at = [erlang_a(rate, handle, theta, agents, float(t)) for t in range(0, 900, 10)]
    shares = [found.in_t for found in at]
    assert shares == pytest.approx(sorted(shares), abs=1e-12)
    assert shares[-1] == pytest.approx(at[0].answered, abs=1e-6)
    later = [at[0].answered - share for share in shares]
    area = sum((a + b) / 2.0 * 10.0 for a, b in pairwise(later))
    assert area / at[0].answered == pytest.approx(at[0].asa, rel=5e-3)


def test_a_large_crew_and_a_long_t_are_no_trouble() -> None:
    found = erlang_a(400 / 300.0, 300.0, 1 / 60.0, 380, 3600.0)
    assert found.in_t == pytest.approx(found.answered, abs=1e-9)
    assert 0.05 < found.abandoned < 0.08


@pytest.mark.parametrize(
    ("freedom", "value"),
    [(1, 12.706), (2, 4.303), (4, 2.776), (9, 2.262), (19, 2.093), (29, 2.045), (100, 1.984)],
)
def test_intervals_use_the_quantiles_of_students_tables(freedom: int, value: float) -> None:
    assert t_quantile(freedom) == pytest.approx(value, abs=5e-4)
    assert t_quantile(freedom, 0.99) > t_quantile(freedom)
    assert t_quantile(freedom) < inf
