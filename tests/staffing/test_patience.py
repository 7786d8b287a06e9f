"""Patience from logs in which most callers did not lose it."""

from __future__ import annotations

from math import inf
from random import Random

import pytest

from engine.staffing.draws import Exponential, Lognormal, Observed, Surviving
from engine.staffing.patience import ENOUGH, Wait, estimated, kaplan_meier, rate

#: Weeks of remission under 6-mercaptopurine (Freireich and others, 1963): the example of the textbooks, with its known curve.
REMISSION = [
    *((6, True), (6, True), (6, True), (6, False), (7, True), (9, False), (10, True), (10, False)),
    *((11, False), (13, True), (16, True), (17, False), (19, False), (20, False), (22, True), (23, True)),
    *((25, False), (32, False), (32, False), (34, False), (35, False)),
]
CURVE = {6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448}


def test_the_curve_of_the_textbooks_example_is_found() -> None:
    waits = [Wait(float(weeks), gave_up) for weeks, gave_up in REMISSION]
    curve = kaplan_meier(waits, Exponential(10.0))
    assert dict(zip(map(int, curve.times), curve.shares, strict=True)) == pytest.approx(CURVE, abs=5e-4)
    assert rate(waits) == pytest.approx(9 / 359)


def censored(patience: Lognormal | Exponential, served: Exponential, count: int) -> list[Wait]:
    luck = Random(2026)
    found = []
    for _ in range(count):
        lost, got = patience.draw(luck.random()), served.draw(luck.random())
        found.append(Wait(min(lost, got), lost < got))
    return found


@pytest.mark.parametrize("patience", [Exponential(180.0), Lognormal(180.0, 120.0)])
def test_callers_who_were_answered_first_count_for_what_they_are(patience: Lognormal | Exponential) -> None:
    waits = censored(patience, Exponential(60.0), 4000)
    found = estimated(waits)
    gave_up = [wait.seconds for wait in waits if wait.gave_up]
    assert found.gave_up == len(gave_up) < 1600
    assert sum(gave_up) / len(gave_up) < 100.0  # what one would believe who left the others out
    for u in (0.1, 0.25, 0.5):
        assert found.curve.draw(u) == pytest.approx(patience.draw(u), rel=0.12)


def test_few_who_gave_up_make_one_rate_and_none_makes_nobody_give_up() -> None:
    few = [*(Wait(30.0, False) for _ in range(50)), *(Wait(60.0, True) for _ in range(ENOUGH - 1))]
    found = estimated(few)
    assert found.mean == pytest.approx((50 * 30.0 + 60.0 * (ENOUGH - 1)) / (ENOUGH - 1))
    assert "one rate of giving up" in found.method
    none = estimated([Wait(30.0, False)] * 50)
    assert none.curve.draw(0.999) == none.mean == inf
    assert none.method == "nobody of 50 gave up: nobody does"


def test_somebody_who_has_waited_long_gives_up_later_and_by_the_curve_of_those_who_had() -> None:
    curve = Surviving((10.0, 20.0, 30.0), (0.75, 0.5, 0.25), Exponential(100.0))
    us = [i / 1000 for i in range(1, 1000)]
    lengths = [curve.beyond(15.0, u) for u in us]
    assert min(lengths) == 20.0
    assert sum(length == 20.0 for length in lengths) == pytest.approx(333, abs=2)
    assert sum(length > 30.0 for length in lengths) == pytest.approx(333, abs=2)
    tail = [curve.beyond(40.0, u) - 40.0 for u in us]
    assert sum(tail) / len(tail) == pytest.approx(100.0, rel=0.02)


@pytest.mark.parametrize("length", [Exponential(90.0), Lognormal(240.0, 180.0), Observed((5.0, 10.0, 45.0))])
def test_lengths_have_the_mean_they_say(length: Exponential | Lognormal | Observed) -> None:
    drawn = [length.draw((i + 0.5) / 20_000) for i in range(20_000)]
    assert sum(drawn) / len(drawn) == pytest.approx(length.mean, rel=0.005)
