"""How well people hear each other: the E-model's own figures, and what is told of a leg."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.core.contact import Contact, apply
from engine.core.event import Event
from engine.core.quality import G711, Direction, RtpReport, Sound, estimated, opinion, rating, whose

REPORT = RtpReport("1.0", heard=True, sequence=1, lost=0, loss=0.0, jitter=0.0)


@pytest.mark.parametrize(
    ("rated", "score"),
    [
        (-5, 1.0),
        (0, 1.0),
        (50, 2.58),
        (60, 3.10),
        (70, 3.60),
        (80, 4.03),
        (90, 4.34),
        (93.2, 4.41),
        (100, 4.5),
        (120, 4.5),
    ],
)
def test_ratings_become_the_scores_of_g_107_annex_b(rated: float, score: float) -> None:
    assert opinion(rated) == pytest.approx(score, abs=0.01)


@pytest.mark.parametrize(
    ("loss", "delay", "rated"),
    [
        (0.0, 0.0, 93.2),  # the default values of G.107
        (0.0, 0.1, 93.2),  # up to 100 ms cost nothing
        (0.0, 0.15, 93.04),
        (0.0, 0.4, 69.13),  # G.114 draws about 70 there
        (0.01, 0.0, 89.56),
        (0.05, 0.0, 77.42),
        (0.05, 0.4, 53.35),  # impairments add up
    ],
)
def test_loss_and_delay_cost_what_the_e_model_says(loss: float, delay: float, rated: float) -> None:
    assert rating(loss, delay) == pytest.approx(rated, abs=0.01)


def test_a_score_is_never_out_of_its_range() -> None:
    scores = [opinion(r / 10) for r in range(-100, 1200)]
    assert min(scores) == 1.0 and max(scores) == 4.5


def test_jitter_and_the_round_trip_count_as_delay() -> None:
    assert estimated(REPORT, None) == pytest.approx(4.41, abs=0.01)
    late = estimated(replace(REPORT, jitter=0.1), 0.4)
    assert late == pytest.approx(opinion(rating(0.0, 0.02 + 0.2 + 0.2))) and late < 3.6


def test_a_leg_tells_means_and_the_worst_of_each_direction() -> None:
    sound = Sound("caller", "+359")
    for n, (loss, jitter, trip) in enumerate([(0.0, 0.002, 0.02), (0.1, 0.01, 0.04)], 1):
        report = replace(REPORT, sequence=250 * n, lost=25, loss=loss, jitter=jitter, round_trip=trip)
        sound = sound.after(report, 100.0 + 5 * n)
    told = sound.told("1.0", G711)
    assert (told["codec"], told["from_at"], told["until_at"]) == ("g711", 105.0, 110.0)
    assert told["spoken"] is None and (told["round_trip_ms"], told["round_trip_ms_max"]) == (30.0, 40.0)
    heard = told["heard"]
    assert (heard["reports"], heard["lost"], heard["loss_percent"], heard["loss_percent_max"]) == (
        2,
        25,
        5.0,
        10.0,
    )
    assert (heard["jitter_ms"], heard["jitter_ms_max"]) == (6.0, 10.0)
    assert 1.0 < heard["mos_min"] < heard["mos"] < 4.41


def test_what_was_not_reported_is_absent_and_not_good() -> None:
    told = Sound("agent", "2001").after(replace(REPORT, heard=False), 5.0).told("1.0", None)
    assert told["heard"] is None and told["round_trip_ms"] is None and told["spoken"]["reports"] == 1
    assert told["codec"] is None and told["from_at"] == told["until_at"] == 5.0


def test_a_report_between_which_and_the_last_nothing_came_makes_nothing_better() -> None:
    lossy = replace(REPORT, sequence=100, loss=0.2)
    on_hold = replace(lossy, loss=0.0)
    assert Direction().after(lossy, None).after(on_hold, None).told == Direction().after(lossy, None).told


def test_every_channel_of_a_call_is_somebodys() -> None:
    contact = Contact("1-0", channel="1.0", from_number="+359")
    offered = Event(
        "offered", 1.0, "1-0", "2001", {"leg": "1-0~1", "offer": "1-0~1", "queue": "desk", "agent": "2001"}
    )
    connected = Event(
        "connected", 2.0, "1-0", "2001", {"leg": "1-0~1", "offer": "1-0~1", "queue": "desk", "agent": "2001"}
    )
    assert whose(contact, "1.0") == ("caller", "+359")
    assert whose(contact, "1-0~1") is None
    rung = apply(contact, offered)
    assert whose(rung, "1-0~1") == whose(apply(rung, connected), "1-0~1") == ("agent", "2001")
