"""Coverage and overrides: edges compared with every single minute, daylight saving, who stands over whom."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from engine.config.opening import one_day, weekly
from engine.core.coverage import local, sites_of, uncovered
from engine.core.event import Event
from engine.core.hours import Door, next_opening, open_stretches, state, verdict
from engine.core.overrides import Ruling, Rulings, Word, folded
from engine.core.site import GroupRule, Override, QueueRule, ScheduleRule, Settings, Site
from engine.core.stretches import Stretch, common, merged, minus

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
ZONES = ["Europe/Sofia", "Asia/Dubai", "America/Vancouver", "Australia/Lord_Howe", "America/St_Johns", "UTC"]
WEEKS = [
    "Mon-Fri 08:00-18:00",
    "Mon-Fri 08:00-18:00, Sat 22:00-02:00",
    "daily 22:00-06:00",
    "daily 02:30-03:30",
    "Sun 00:00-24:00",
    "always",
    "never",
    "Sat 20:00-08:00, Sun 20:00-08:00",
]


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def place(*sites: Site, group: Iterable[str] | None = None, **changes: object) -> Settings:
    """A site with a queue for each place, `x_desk` following the hours of x, and a group of them all."""
    queues = {f"{s.name}_desk": QueueRule(f"{s.name}_desk", schedule=s.name) for s in sites}
    parts: dict[str, object] = {
        "languages": ("en",),
        "numbers": {},
        "sites": {s.name: s for s in sites},
        "schedules": {},
        "queues": queues,
        "groups": {"all": GroupRule("all", tuple(group or queues))},
        "agents": {},
        "trunks": {},
    }
    return Settings(**(parts | changes))  # type: ignore[arg-type]


def said(schedule: str, word: Word, at: float, until: float | None = None) -> Rulings:
    return {schedule: Ruling(schedule, word, until, "anna", "", at)}


def by_the_minute(open_at: Iterable[bool], start: float) -> list[Stretch]:
    return merged(
        (start + i * MINUTE, start + (i + 1) * MINUTE) for i, is_open in enumerate(open_at) if is_open
    )


SITES = st.builds(
    lambda name, zone, week, holiday, exception: Site(
        name,
        zone,
        weekly(week),
        {date(2026, 10, 24): "Holiday", date(2026, 3, 28): "Holiday"} if holiday else {},
        {date(2026, 10, 25): one_day("01:30-03:30", 6), date(2026, 3, 29): ()} if exception else {},
    ),
    st.just("x"),
    st.sampled_from(ZONES),
    st.sampled_from(WEEKS),
    st.booleans(),
    st.booleans(),
)
STARTS = st.sampled_from(
    [utc(day) for day in ("2026-10-23", "2026-03-07", "2026-03-27", "2026-04-03", "2026-10-30", "2026-06-01")]
)
WORDS = st.one_of(
    st.none(),
    st.tuples(
        st.sampled_from(["s0", "s1", "both", "everything"]),
        st.sampled_from([Word.OPEN, Word.CLOSED, Word.EMERGENCY]),
        st.integers(-600, 4000),
        st.one_of(st.none(), st.integers(1, 3000)),
    ),
)


@effort(max_examples=15, deadline=None)
@given(STARTS, SITES, SITES, WORDS, WORDS, st.sampled_from([None, *Override]), st.booleans())
def test_edges_and_minutes_agree_over_changes_of_clocks_holidays_and_overrides(
    start: float, one: Site, two: Site, first: object, second: object, written: Override | None, away: bool
) -> None:
    sites = (
        Site("s0", one.timezone, one.hours, one.holidays, one.exceptions, emergency=away),
        Site("s1", two.timezone, two.hours, two.holidays, two.exceptions),
    )
    house = place(*sites, schedules={"both": ScheduleRule("both", ("s0", "s1"), written)})
    rulings: dict[str, Ruling] = {}
    for schedule, word, minute, length in (x for x in (first, second) if x is not None):  # type: ignore[attr-defined]
        begins = start + minute * MINUTE
        until = None if length is None else begins + length * MINUTE
        rulings |= said(schedule, word, begins, until)
    minutes = 3 * 1440
    end = start + minutes * MINUTE
    for name in ("s0", "both", None):
        stood = [verdict(house, name, start + i * MINUTE, rulings).is_open for i in range(minutes)]
        assert open_stretches(house, name, start, end, rulings) == by_the_minute(stood, start)


@pytest.mark.parametrize("zone", ZONES)
def test_a_year_by_its_edges_is_the_year_quarter_by_quarter(zone: str) -> None:
    night = Site("night", zone, weekly("Mon-Thu 18:00-09:00, Sun 01:30-03:15"))
    day = Site("day", "Europe/Sofia", weekly("Mon-Fri 08:00-18:00"), {date(2026, 12, 25): "Christmas"})
    house = place(night, day)
    start, end = utc("2026-01-01"), utc("2026-12-31")
    found = uncovered(house, "all", start, end)
    edges = iter(found)
    begins, ends = next(edges)
    for at in range(int(start), int(end), 900):  # every quarter of an hour: no zone here changes within one
        while at >= ends:
            begins, ends = next(edges, (end, end + DAY))
        covered = verdict(house, "night", at).is_open or verdict(house, "day", at).is_open
        assert covered == (at < begins), datetime.fromtimestamp(at, UTC)


def test_a_night_with_a_change_of_clocks_is_uncovered_for_as_long_as_it_really_is() -> None:
    house = place(Site("sofia", "Europe/Sofia", weekly("daily 06:00-22:00")))
    spring = uncovered(house, "all", utc("2026-03-28T12:00"), utc("2026-03-29T12:00"))
    autumn = uncovered(house, "all", utc("2026-10-24T12:00"), utc("2026-10-25T12:00"))
    assert spring == [(utc("2026-03-28T20:00"), utc("2026-03-29T03:00"))]
    assert autumn == [(utc("2026-10-24T19:00"), utc("2026-10-25T04:00"))]


def test_three_sites_round_the_globe_leave_what_none_of_them_covers() -> None:
    house = place(
        Site("sofia", "Europe/Sofia", weekly("daily 08:00-16:00")),
        Site("vancouver", "America/Vancouver", weekly("daily 06:00-14:00")),
        Site("sydney", "Australia/Sydney", weekly("daily 07:00-15:00")),
    )
    found = uncovered(house, "all", utc("2026-07-01T00:00"), utc("2026-07-02T00:00"))
    assert found == []
    winter = uncovered(house, "all", utc("2026-01-14T00:00"), utc("2026-01-15T00:00"))
    assert winter == [(utc("2026-01-14T04:00"), utc("2026-01-14T06:00"))]
    assert sites_of(house, "all") == ("sofia", "vancouver", "sydney")


def test_a_queue_without_a_schedule_covers_everything_but_an_emergency() -> None:
    house = place(Site("a", "UTC", ()), queues={"a_desk": QueueRule("a_desk")})
    assert uncovered(house, "all", 0.0, DAY) == []
    fire = said("everything", Word.EMERGENCY, HOUR, 2 * HOUR)
    assert uncovered(house, "all", 0.0, DAY, fire) == [(HOUR, 2 * HOUR)]


def test_four_hundred_days_of_six_sites_are_looked_through_in_less_than_a_second() -> None:
    house = place(*(Site(f"s{i}", zone, weekly(WEEKS[i])) for i, zone in enumerate(ZONES)))
    before = time.perf_counter()
    uncovered(house, "all", utc("2026-01-01"), utc("2026-01-01") + 400 * DAY)
    assert time.perf_counter() - before < 1.0


NOON = utc("2026-06-01T12:00")  # a Monday
OFFICE = Site("office", "UTC", weekly("Mon-Fri 08:00-18:00"))
BRANCH = Site("branch", "UTC", weekly("Mon-Fri 08:00-18:00"))
BOTH = {"both": ScheduleRule("both", ("office", "branch"))}


def test_an_emergency_stands_over_an_override_and_an_override_over_the_calendar() -> None:
    house = place(OFFICE, BRANCH, schedules=BOTH)
    opened = said("both", Word.OPEN, NOON - 1)
    assert state(house, "both", NOON + 8 * HOUR, opened).state is Door.OPEN
    fire = opened | said("office", Word.EMERGENCY, NOON - 1) | said("branch", Word.EMERGENCY, NOON - 1)
    assert state(house, "both", NOON, fire).state is Door.EMERGENCY
    half = opened | said("office", Word.EMERGENCY, NOON - 1)
    assert state(house, "both", NOON, half).state is Door.OPEN
    assert state(house, "office", NOON, half).state is Door.EMERGENCY


def test_an_emergency_of_the_whole_place_closes_queues_that_never_close() -> None:
    house = place(OFFICE, emergency=True)
    assert state(house, None, NOON).state is Door.EMERGENCY
    assert state(house, "office", NOON).state is Door.EMERGENCY
    assert state(place(OFFICE), None, NOON, said("everything", Word.EMERGENCY, NOON)).state is Door.EMERGENCY


def test_an_emergency_at_one_site_leaves_the_other_open() -> None:
    house = place(Site("office", "UTC", OFFICE.hours, emergency=True), BRANCH, schedules=BOTH)
    assert state(house, "both", NOON).site == "branch"
    night = state(house, "both", NOON + 10 * HOUR)
    assert night.state is Door.CLOSED


def test_a_persons_word_stands_over_the_one_in_the_file_and_ends_by_itself() -> None:
    house = place(OFFICE, schedules={"stock": ScheduleRule("stock", ("office",), Override.CLOSED)})
    words = said("stock", Word.OPEN, NOON, NOON + HOUR)
    assert state(house, "stock", NOON - 1, words).state is Door.OVERRIDE
    now = state(house, "stock", NOON, words)
    assert (now.state, now.next_change, now.ruling) == (Door.OPEN, NOON + HOUR, words["stock"])
    assert state(house, "stock", NOON + HOUR, words).state is Door.OVERRIDE


def test_a_closed_override_tells_when_it_opens_again() -> None:
    house = place(OFFICE)
    lunch = said("office", Word.CLOSED, NOON, NOON + HOUR)
    assert next_opening(house, "office", NOON, lunch) == NOON + HOUR
    through = said("office", Word.CLOSED, NOON, NOON + 8 * HOUR)
    assert next_opening(house, "office", NOON, through) == NOON + 20 * HOUR
    for_ever = said("office", Word.CLOSED, NOON)
    assert next_opening(house, "office", NOON, for_ever) is None


def test_an_override_of_one_site_is_told_where_it_is_why_a_schedule_is_closed() -> None:
    words = said("office", Word.CLOSED, NOON) | said("branch", Word.CLOSED, NOON)
    now = state(place(OFFICE, BRANCH, schedules=BOTH), "both", NOON, words)
    assert (now.state, now.site) == (Door.OVERRIDE, "office")


def word(at: float, schedule: str, what: str, until: float | None = None) -> Event:
    return Event(
        "override", at, data={"schedule": schedule, "set": what, "until": until, "by": "x", "why": "y"}
    )


def test_the_last_word_about_a_name_counts_and_none_takes_it_back() -> None:
    log = [
        word(1.0, "a", "closed"),
        word(2.0, "b", "open", 9.0),
        word(3.0, "a", "open"),
        word(4.0, "b", "none"),
    ]
    assert folded(log) == {"a": Ruling("a", Word.OPEN, None, "x", "y", 3.0)}
    assert folded(log[:2])["b"].until == 9.0


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6),
)
def test_stretches_are_sets_of_moments(one: list[Stretch], other: list[Stretch]) -> None:
    def moments(stretches: Iterable[Stretch]) -> set[int]:
        return {at for start, end in stretches for at in range(int(start), int(end))}

    a, b = merged(one), merged(other)
    assert moments(a) == moments(one)
    assert moments(minus(a, b)) == moments(a) - moments(b)
    assert moments(common([a, b])) == moments(a) & moments(b)
    assert a == merged(a)


def test_local_clocks_are_told_in_each_sites_own_zone() -> None:
    house = place(Site("sofia", "Europe/Sofia", ()))
    assert local(house, "sofia", utc("2026-07-01T21:30")).isoformat() == "2026-07-02T00:30:00+03:00"
    assert local(house, "sofia", utc("2026-01-01T21:30")).tzinfo == ZoneInfo("Europe/Sofia")
