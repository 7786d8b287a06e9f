"""Opening hours: overrides, exceptions, holidays, nights, changes of clocks, several sites."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config.opening import one_day, weekly
from engine.core.hours import HORIZON, Door, next_opening, state
from engine.core.site import Override, ScheduleRule, Settings, Site, Span

SOFIA, DUBAI, VANCOUVER = "Europe/Sofia", "Asia/Dubai", "America/Vancouver"


def site(name: str, zone: str, hours: str, **more: Mapping[date, object]) -> Site:
    return Site(name, zone, weekly(hours), **more)  # type: ignore[arg-type]


def settings(*sites: Site, override: Override | None = None) -> Settings:
    rule = ScheduleRule("all", tuple(s.name for s in sites), override)
    return Settings(("en",), {}, {s.name: s for s in sites}, {"all": rule}, {}, {}, {}, {})


def at(text: str, zone: str = SOFIA, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def door(house: Settings, when: float) -> Door:
    return state(house, "all", when).state


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("2026-06-01T07:59:59", Door.CLOSED),
        ("2026-06-01T08:00:00", Door.OPEN),
        ("2026-06-01T17:59:59", Door.OPEN),
        ("2026-06-01T18:00:00", Door.CLOSED),
        ("2026-06-06T23:00:00", Door.OPEN),
        ("2026-06-07T01:59:59", Door.OPEN),
        ("2026-06-07T02:00:00", Door.CLOSED),
        ("2026-06-07T22:30:00", Door.CLOSED),
    ],
)
def test_a_week_with_a_night_opens_and_closes_to_the_second(when: str, expected: Door) -> None:
    house = settings(site("sofia", SOFIA, "Mon-Fri 08:00-18:00, Sat 22:00-02:00"))
    assert door(house, at(when)) is expected


def test_a_holiday_takes_the_night_that_begins_on_it_and_leaves_the_night_before() -> None:
    night = site("sofia", SOFIA, "daily 22:00-06:00", holidays={date(2026, 3, 3): "Liberation Day"})
    house = settings(night)
    assert door(house, at("2026-03-03T05:00")) is Door.OPEN
    assert door(house, at("2026-03-03T23:00")) is Door.HOLIDAY
    after_midnight = state(house, "all", at("2026-03-04T05:00"))
    assert (after_midnight.state, after_midnight.holiday) == (Door.HOLIDAY, "Liberation Day")
    assert after_midnight.next_change == at("2026-03-04T22:00")


def test_an_exception_stands_over_a_holiday_and_a_holiday_over_the_week() -> None:
    day = date(2026, 12, 24)
    open_on_it = site(
        "sofia",
        SOFIA,
        "Mon-Fri 08:00-18:00",
        holidays={day: "Christmas Eve", date(2026, 12, 25): "Christmas Day"},
        exceptions={day: one_day("10:00-14:00", day.weekday())},
    )
    house = settings(open_on_it)
    assert door(house, at("2026-12-24T09:00")) is Door.CLOSED
    assert door(house, at("2026-12-24T10:00")) is Door.OPEN
    assert door(house, at("2026-12-25T10:00")) is Door.HOLIDAY
    assert door(house, at("2026-12-25T03:00")) is Door.HOLIDAY


def test_a_day_closed_by_exception_is_closed_and_no_holiday() -> None:
    day = date(2026, 6, 1)
    house = settings(site("sofia", SOFIA, "Mon-Fri 08:00-18:00", exceptions={day: ()}))
    assert door(house, at("2026-06-01T09:00")) is Door.CLOSED
    assert next_opening(house, "all", at("2026-06-01T09:00")) == at("2026-06-02T08:00")


@pytest.mark.parametrize(
    ("override", "expected"), [(Override.OPEN, Door.OPEN), (Override.CLOSED, Door.OVERRIDE)]
)
def test_an_override_stands_over_everything(override: Override, expected: Door) -> None:
    day = date(2026, 6, 1)
    house = settings(
        site("sofia", SOFIA, "daily 08:00-18:00", holidays={day: "x"}, exceptions={day: ()}),
        override=override,
    )
    for when in ("2026-06-01T09:00", "2026-06-02T09:00", "2026-06-02T03:00"):
        assert state(house, "all", at(when)) == state(house, "all", 0.0)
        assert door(house, at(when)) is expected
    assert next_opening(house, "all", 5.0) == (5.0 if override is Override.OPEN else None)


def test_an_override_of_a_schedule_leaves_its_sites_alone() -> None:
    house = settings(site("sofia", SOFIA, "daily 08:00-18:00"), override=Override.CLOSED)
    assert state(house, "sofia", at("2026-06-01T09:00")).state is Door.OPEN


def test_a_night_shift_is_an_hour_longer_when_clocks_go_back_and_shorter_when_they_go_forward() -> None:
    house = settings(site("sofia", SOFIA, "Sat 22:00-06:00"))
    for night, hours in (("2026-10-24", 9), ("2026-03-28", 7), ("2026-06-06", 8)):
        start = at(f"{night}T22:00")
        now = state(house, "all", start)
        assert now.next_change is not None
        assert now.next_change - start == hours * 3600
        assert door(house, start - 1) is Door.CLOSED


def test_an_hour_that_comes_twice_is_open_both_times() -> None:
    house = settings(site("sofia", SOFIA, "Sun 03:15-03:45"))
    first, second = at("2026-10-25T03:15"), at("2026-10-25T03:45", fold=1)
    assert second - first == 90 * 60
    assert door(house, first) is Door.OPEN
    assert door(house, at("2026-10-25T03:20", fold=1)) is Door.OPEN
    assert door(house, second) is Door.CLOSED
    assert state(house, "all", first).next_change == second


def test_a_range_that_begins_in_a_skipped_hour_opens_at_the_change() -> None:
    house = settings(site("sofia", SOFIA, "Sun 03:30-05:00"))
    change = at("2026-03-29T04:00")
    assert next_opening(house, "all", at("2026-03-29T01:00")) == change
    assert door(house, change - 1) is Door.CLOSED
    assert door(house, change) is Door.OPEN


def test_a_range_that_is_skipped_whole_does_not_open_that_day() -> None:
    house = settings(site("sofia", SOFIA, "Sun 03:10-03:50"))
    assert next_opening(house, "all", at("2026-03-28T12:00")) == at("2026-04-05T03:10")


def test_a_schedule_is_open_while_any_of_its_sites_is() -> None:
    house = settings(
        site("sofia", SOFIA, "daily 08:00-16:00"),
        site("dubai", DUBAI, "daily 08:00-18:00"),
    )
    morning = state(house, "all", at("2026-06-01T07:00", DUBAI))
    assert (morning.state, morning.next_change) == (Door.CLOSED, at("2026-06-01T08:00", DUBAI))
    both = state(house, "all", at("2026-06-01T09:00", DUBAI))
    assert (both.site, both.next_change) == ("sofia", at("2026-06-01T18:00", DUBAI))
    late = state(house, "all", at("2026-06-01T17:30", DUBAI))
    assert (late.site, late.next_change) == ("dubai", at("2026-06-01T18:00", DUBAI))


def test_one_sites_holiday_matters_only_when_it_keeps_the_schedule_shut() -> None:
    feast = {date(2026, 6, 1): "Feast"}
    house = settings(
        site("sofia", SOFIA, "daily 08:00-18:00", holidays=feast), site("dubai", DUBAI, "daily 08:00-10:00")
    )
    assert door(house, at("2026-06-01T09:00", DUBAI)) is Door.OPEN
    shut = state(house, "all", at("2026-06-01T12:00"))
    assert (shut.state, shut.site, shut.holiday) == (Door.HOLIDAY, "sofia", "Feast")
    assert door(house, at("2026-06-01T20:00")) is Door.CLOSED


def test_what_never_opens_has_no_next_opening_and_what_always_is_open_never_closes() -> None:
    never, always = settings(site("s", SOFIA, "never")), settings(site("s", SOFIA, "always"))
    assert state(never, "all", 1e9).next_change is None
    assert next_opening(never, "all", 1e9) is None
    assert state(always, "all", 1e9).is_open
    assert state(always, "all", 1e9).next_change is None


def test_no_schedule_means_open_and_an_unknown_one_closed() -> None:
    house = settings(site("s", SOFIA, "never"))
    assert state(house, None, 0.0).is_open
    assert state(house, "gone", 0.0).state is Door.CLOSED


def test_a_closing_far_beyond_the_horizon_is_not_looked_for() -> None:
    day = date(2031, 1, 1)
    house = settings(site("s", SOFIA, "always", exceptions={day: ()}))
    assert state(house, "all", at("2026-01-01T00:00")).next_change is None
    assert state(house, "all", at("2030-12-20T00:00")).next_change == at("2031-01-01T00:00")


_spans = st.builds(
    lambda d, o, n: Span(d, o, o + n), st.integers(0, 6), st.integers(0, 1439), st.integers(1, 1439)
)
_days = st.dates(date(2026, 1, 1), date(2027, 12, 31))
_sites = st.builds(
    Site,
    name=st.sampled_from("abcd"),
    timezone=st.sampled_from([SOFIA, DUBAI, VANCOUVER, "Asia/Tehran", "Australia/Lord_Howe"]),
    hours=st.lists(_spans, max_size=8).map(tuple),
    holidays=st.dictionaries(_days, st.just("holiday"), max_size=20),
    exceptions=st.dictionaries(_days, st.lists(_spans, max_size=2).map(tuple), max_size=20),
)
_instants = st.datetimes(datetime(2026, 1, 2), datetime(2027, 12, 30), timezones=st.just(UTC)).map(
    lambda d: float(int(d.timestamp()))
)


@given(st.lists(_sites, min_size=1, max_size=3, unique_by=lambda s: s.name), _instants)
def test_the_door_stands_as_told_until_the_next_change_and_differently_at_it(
    sites: list[Site], now: float
) -> None:
    house = settings(*sites)
    current = state(house, "all", now)
    if current.next_change is None:
        later = [now + days * 86_400 for days in (1, 3, 10)]
        assert all(state(house, "all", when).is_open == current.is_open for when in later)
        return
    assert now < current.next_change <= now + (HORIZON + 3) * 86_400
    middle = now + (current.next_change - now) // 2
    for when in (middle, current.next_change - 1):
        assert state(house, "all", max(when, now)).is_open == current.is_open
    assert state(house, "all", current.next_change).is_open != current.is_open


@given(_sites, _instants)
def test_away_from_a_change_of_clocks_the_door_follows_the_wall_clock(here: Site, now: float) -> None:
    """Against a second reading of the rules: compare wall-clock minutes, one day at a time."""
    zone = ZoneInfo(here.timezone)
    wall = datetime.fromtimestamp(now, zone)
    around = {(wall + timedelta(hours=h)).utcoffset() for h in range(-60, 61, 6)}
    if len(around) > 1:
        return
    expected = False
    for back in (0, 1):
        day = wall.date() - timedelta(days=back)
        spans = here.exceptions.get(day)
        if spans is None:
            spans = () if day in here.holidays else tuple(s for s in here.hours if s.weekday == day.weekday())
        minute = wall.hour * 60 + wall.minute + back * 1440
        expected = expected or any(s.opens <= minute < s.closes for s in spans)
    assert state(settings(here), "all", now).is_open == expected
