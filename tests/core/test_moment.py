"""Moments as people write them: the next coming of a time, lengths, dates; what comes twice and what never comes."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from engine.core.moment import BadMoment, dated, is_until, readings, until

SOFIA = "Europe/Sofia"


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("18:00", "2026-06-01T15:00"),
        ("12:00", "2026-06-02T09:00"),  # it is just over for today
        ("2h", "2026-06-01T11:00"),
        ("1h30m", "2026-06-01T10:30"),
        ("90m", "2026-06-01T10:30"),
        ("2026-12-24 18:00", "2026-12-24T16:00"),
        ("2026-12-24", "2026-12-23T22:00"),
        ("2026-06-02T10:00 Asia/Dubai", "2026-06-02T06:00"),
        ("2026-10-25 03:30", "2026-10-25T01:30"),  # comes twice: it lasts until the second one
    ],
)
def test_an_end_is_the_next_such_moment_in_its_zone(text: str, expected: str) -> None:
    assert until(text, SOFIA, utc("2026-06-01T09:00")) == utc(expected)
    assert is_until(text)


@pytest.mark.parametrize(
    "text", ["", "soon", "25:00", "12:60", "0m", "-2h", "2h30", "2026-02-30 10:00", "18:00 Mars/Base"]
)
def test_what_names_no_moment_to_come_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadMoment, match=r".+"):
        until(text, SOFIA, utc("2026-06-01T09:00"))
    assert not is_until(text)


def test_what_is_over_is_refused() -> None:
    with pytest.raises(BadMoment, match="is over already"):
        until("2026-05-31", SOFIA, utc("2026-06-01T09:00"))


def test_an_hour_comes_once_twice_or_never() -> None:
    zone = ZoneInfo(SOFIA)
    assert readings(datetime(2026, 6, 1, 3, 30), zone) == (utc("2026-06-01T00:30"),)
    assert readings(datetime(2026, 10, 25, 3, 30), zone) == (utc("2026-10-25T00:30"), utc("2026-10-25T01:30"))
    assert readings(datetime(2026, 3, 29, 3, 30), zone) == ()


def test_a_zone_may_be_written_behind_or_be_given() -> None:
    wall = datetime(2026, 10, 25, 3, 30)
    assert dated("2026-10-25T03:30 Asia/Dubai", None) == (wall, "Asia/Dubai")
    assert dated("2026-10-25 03:30Z", None) == (wall, "UTC")
    assert dated("2026-10-25 03:30", SOFIA) == (wall, SOFIA)
    with pytest.raises(BadMoment, match="no time zone is called 'Europe/Sofa'"):
        dated("2026-10-25 03:30 Europe/Sofa", None)
