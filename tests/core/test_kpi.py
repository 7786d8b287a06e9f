"""The service levels, on the figures of the trade's own pages; and what a ratio of nothing is."""

from __future__ import annotations

import pytest

from engine.core.kpi import Decided, mean, occupancy, quantile, ratio, service_levels, utilisation

ICMI = Decided(answered=1000, answered_in_t=860, abandoned=60, abandoned_in_t=20, short=10)
#: 70 in time, 10 given up in time, 20 for whom T has passed: answered late, or waiting still.
CISCO_LATE = Decided(answered=90, answered_in_t=70, abandoned=10, abandoned_in_t=10, short=0)
CISCO_WAITING = Decided(answered=70, answered_in_t=70, abandoned=10, abandoned_in_t=10, short=0, overdue=20)
FORUM = Decided(answered=300, answered_in_t=200, abandoned=100, abandoned_in_t=50, short=50)

VECTORS = [
    (ICMI, "sl_offered", 81.1),
    (ICMI, "sl_excl_short", 81.9),
    (ICMI, "sl_excl_abn_in_t", 82.7),
    (ICMI, "sl_abn_positive", 83.0),
    (ICMI, "sl_answered_only", 86.0),
    (CISCO_LATE, "sl_excl_abn_in_t", 77.8),
    (CISCO_LATE, "sl_offered", 70.0),
    (CISCO_LATE, "sl_abn_positive", 80.0),
    (CISCO_WAITING, "sl_excl_abn_in_t", 77.8),
    (CISCO_WAITING, "sl_offered", 70.0),
    (CISCO_WAITING, "sl_abn_positive", 80.0),
    (FORUM, "sl_excl_short", 57.14),
]


@pytest.mark.parametrize(("counts", "name", "percent"), VECTORS)
def test_a_service_level_is_what_the_trades_own_example_says(
    counts: Decided, name: str, percent: float
) -> None:
    found = service_levels(counts)[name]
    assert found is not None
    digits = len(str(percent).partition(".")[2])
    assert round(100 * found, digits) == percent


def test_the_form_that_counts_short_abandons_as_served_is_none_of_the_five() -> None:
    other = ratio(ICMI.answered_in_t + ICMI.short, ICMI.answered + ICMI.abandoned)
    assert other == pytest.approx(0.821, abs=5e-4)
    assert other not in service_levels(ICMI).values()


def test_moved_contacts_count_against_every_service_level_but_the_last_when_asked_for() -> None:
    moved = Decided(answered=8, answered_in_t=6, abandoned=2, abandoned_in_t=1, short=1, flow_out=2)
    without, with_them = service_levels(moved), service_levels(moved, flow_outs=True)
    assert without["sl_offered"] == pytest.approx(6 / 10)
    assert with_them == {
        "sl_offered": pytest.approx(6 / 12),
        "sl_excl_short": pytest.approx(6 / 11),
        "sl_excl_abn_in_t": pytest.approx(6 / 11),
        "sl_abn_positive": pytest.approx(7 / 12),
        "sl_answered_only": pytest.approx(6 / 8),
    }


def test_a_ratio_of_nothing_is_none_and_never_a_figure() -> None:
    nothing = Decided(0, 0, 0, 0, 0)
    assert set(service_levels(nothing).values()) == {None}
    only_short = Decided(answered=0, answered_in_t=0, abandoned=3, abandoned_in_t=3, short=3)
    assert service_levels(only_short)["sl_excl_short"] is None
    assert service_levels(only_short)["sl_offered"] == 0.0
    assert (mean([]), quantile([], 0.9), occupancy(0.0, 0.0)) == (None, None, None)
    assert set(utilisation(0.0, 0.0, 0.0).values()) == {None}


def test_a_quantile_is_a_wait_that_happened() -> None:
    waits = [9.0, 1.0, 3.0, 2.0, 100.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    assert quantile(waits, 0.5) == 5.0
    assert quantile(waits, 0.9) == 9.0
    assert quantile(waits, 1.0) == 100.0
    assert quantile([7.0], 0.9) == 7.0


def test_occupancy_and_both_utilisations_of_a_worked_hour() -> None:
    # 30 min with callers, 15 min ready, 15 min paused
    assert occupancy(1800.0, 900.0) == pytest.approx(2 / 3)
    assert utilisation(1800.0, 900.0, 3600.0) == {
        "utilisation_handling": pytest.approx(0.5),
        "utilisation_available": pytest.approx(0.75),
    }
