"""What a waiting caller is told, and when."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from engine.core.announcing import (
    MINIMUM_GAP,
    Announcement,
    Comfort,
    Due,
    Heard,
    Notice,
    Said,
    Standing,
    next_word,
)
from engine.core.bulletins import Bulletin
from engine.core.event import Event
from engine.core.site import QueueRule
from engine.core.waiting import BUCKETS, Estimate

ENTERED = 1000.0
OUTAGE = Bulletin("mail", "mail_down", ENTERED + 30.0, begun_at=ENTERED + 30.0)


def rule(**options: Any) -> QueueRule:
    return QueueRule("sales", **{"announce_first": 5.0, "announce_every": 60.0, **options})


def wait_of(seconds: float, active: float = 5.0) -> Estimate:
    return Estimate(1, seconds, 0.0, active)


def entered(said: Said | None = None, **more: Any) -> Heard:
    return Heard(queue="sales", entered_at=ENTERED, said=said, **more)


def ask(
    now: float, last: Said | None = None, place: int = 4, seconds: float | None = 100.0, **options: Any
) -> Due:
    standing = Standing(place, None if seconds is None else wait_of(seconds))
    return next_word(rule(**options), entered(last), standing, now)


# --- when place and wait are told ----------------------------------------------------------------


def test_the_first_announcement_comes_when_the_queue_says() -> None:
    assert ask(ENTERED) == Due(None, ENTERED + 5.0)
    assert ask(ENTERED + 5.0) == Due(Announcement(4, 2), ENTERED + 65.0)


def test_the_next_one_comes_a_minute_later_if_the_place_has_improved() -> None:
    last = Said(ENTERED + 5.0, 4, ENTERED + 125.0)
    assert ask(ENTERED + 64.0, last, 3) == Due(None, ENTERED + 65.0)
    assert ask(ENTERED + 65.0, last, 3, 40.0).say == Announcement(3, 1)


def test_a_place_that_has_not_improved_is_told_again_after_90_seconds() -> None:
    last = Said(ENTERED + 5.0, 4, ENTERED + 125.0)
    assert ask(ENTERED + 50.0, last) == Due(None, ENTERED + 65.0)  # it may improve by then
    assert ask(ENTERED + 65.0, last) == Due(None, ENTERED + 75.0)  # looks again soon, in case it does
    assert ask(ENTERED + 90.0, last) == Due(None, ENTERED + 95.0)
    assert ask(ENTERED + 95.0, last).say is not None


def test_no_two_announcements_come_within_20_seconds() -> None:
    last = Said(ENTERED + 5.0, 4, ENTERED + 125.0)
    assert ask(ENTERED + 24.0, last, 1, announce_every=1.0) == Due(None, ENTERED + 25.0)


@pytest.mark.parametrize("place", [0, -1])
def test_who_no_longer_waits_is_told_nothing(place: int) -> None:
    assert ask(ENTERED + 5.0, place=place) == Due(None, None)


def test_a_queue_that_tells_nothing_never_asks_again() -> None:
    assert ask(ENTERED, announce_position=False, announce_wait=False) == Due(None, None)


# --- what is told of them ------------------------------------------------------------------------


def test_position_and_wait_can_each_be_left_out() -> None:
    assert ask(ENTERED + 5.0, announce_wait=False).say == Announcement(4)
    assert ask(ENTERED + 5.0, announce_position=False).say == Announcement(None, 2)


def test_where_no_time_can_be_told_the_position_is_told_alone() -> None:
    assert ask(ENTERED + 5.0, seconds=None) == Due(Announcement(4), ENTERED + 65.0)
    assert ask(ENTERED + 5.0, seconds=None, announce_position=False) == Due(None, ENTERED + 65.0)


def test_more_than_an_hour_is_not_counted_in_minutes() -> None:
    assert ask(ENTERED + 5.0, seconds=4000.0).say == Announcement(4, None, more_than_an_hour=True)


def test_a_queue_whose_promises_were_broken_or_with_too_few_agents_tells_the_position_alone() -> None:
    now, few = ENTERED + 5.0, rule(announce_wait_agents=4)
    broken = Standing(4, wait_of(100.0), times=False)
    assert next_word(rule(), entered(), broken, now).say == Announcement(4)
    assert next_word(few, entered(), Standing(4, wait_of(100.0, 3.9)), now).say == Announcement(4)
    assert next_word(few, entered(), Standing(4, wait_of(100.0, 4.0)), now).say == Announcement(4, 2)


def test_an_estimate_that_is_not_told_is_kept_all_the_same_to_be_scored() -> None:
    said = ask(ENTERED + 5.0, announce_position=False, announce_wait_agents=9).say
    assert said == Announcement(None)
    assert isinstance(said, Announcement)
    assert said.prompts == ()


def test_a_later_figure_never_exceeds_the_last_one_less_the_time_gone_by() -> None:
    last = Said(ENTERED, 4, ENTERED + 600.0)
    # 10 minutes were said 5 minutes ago: 5 are left; 6.5 is not much longer, and 5 is what is said
    assert ask(ENTERED + 300.0, last, 3, 390.0).say == Announcement(3, 5)
    assert ask(ENTERED + 300.0, last, 3, 100.0).say == Announcement(3, 2)


def test_a_wait_that_has_grown_by_more_than_half_is_said_to_take_longer_than_expected() -> None:
    last = Said(ENTERED, 4, ENTERED + 600.0)
    assert ask(ENTERED + 300.0, last, 3, 450.0).say == Announcement(3, 5)
    assert ask(ENTERED + 300.0, last, 3, 451.0).say == Announcement(3, 10, longer_than_expected=True)
    over_an_hour = Announcement(3, None, more_than_an_hour=True, longer_than_expected=True)
    assert ask(ENTERED + 300.0, last, 3, 9000.0).say == over_an_hour


def test_who_waits_longer_than_expected_is_offered_what_the_flow_offers_instead() -> None:
    heard = entered(Said(ENTERED, 4, ENTERED + 60.0))
    longer, as_told = (Standing(4, wait_of(s), if_longer="or_ring_back") for s in (500.0, 1.0))
    said = next_word(rule(), heard, longer, ENTERED + 90.0).say
    assert isinstance(said, Announcement)
    assert said.prompts == ("wait_longer_than_expected", "you_are_number", "wait_about", "or_ring_back")
    said = next_word(rule(), entered(Said(ENTERED, 4, ENTERED + 900.0)), as_told, ENTERED + 90.0).say
    assert isinstance(said, Announcement)
    assert said.prompts == ("you_are_number", "wait_about")


def test_what_was_told_before_still_binds_after_a_word_without_a_time() -> None:
    heard = entered()
    for at, minutes in ((5.0, 10), (95.0, None)):
        data = {
            "queue": "sales",
            "place": 4,
            "position": 4,
            "minutes": minutes,
            "prompts": ["you_are_number"],
        }
        heard = heard.after(Event("announced", ENTERED + at, "x", data=data))
    assert heard.said == Said(ENTERED + 95.0, 4, ENTERED + 605.0)


@given(st.lists(st.tuples(st.floats(20.0, 400.0), st.floats(0.0, 5000.0), st.integers(1, 9)), max_size=12))
def test_promises_are_kept_or_taken_back_in_words(steps: list[tuple[float, float, int]]) -> None:
    heard, now = entered(), ENTERED
    for gap, seconds, place in steps:
        now += gap
        say = next_word(rule(), heard, Standing(place, wait_of(seconds)), now).say
        if not isinstance(say, Announcement):
            continue
        assert say.minutes in (*BUCKETS, None)
        if heard.said is not None and heard.said.until is not None and not say.longer_than_expected:
            assert say.minutes is not None
            assert say.minutes * 60.0 <= max(heard.said.until - now, 60.0)
        data = {"place": place, "position": place, "minutes": say.minutes, "prompts": list(say.prompts)}
        heard = heard.after(Event("announced", now, "x", data=data))


# --- comfort, bulletins, a place that was kept ---------------------------------------------------

QUIET = {"announce_position": False, "announce_wait": False}
SOOTHING = {"comfort": ("thanks", "prepare"), "comfort_every": 50.0}


def heard_so(*told: tuple[float, str, dict[str, Any]]) -> Heard:
    """A stay in which these were told: after so many seconds, a kind, and what belongs to it."""
    heard = Heard().after(Event("queued", ENTERED, "x", data={"queue": "sales"}))
    for after, kind, data in told:
        heard = heard.after(
            Event(kind, ENTERED + after, "x", data={"prompts": ["p"], "seconds": 4.0, **data})
        )
    return heard


def test_comfort_comes_in_its_time_and_goes_round() -> None:
    say = [next_word(rule(**QUIET, **SOOTHING), entered(), Standing(4), ENTERED + s) for s in (49.0, 50.0)]
    assert say == [Due(None, ENTERED + 50.0), Due(Comfort("thanks"), ENTERED + 70.0)]
    heard, spoken = heard_so((50.0, "comforted", {})), []
    for n in range(2, 5):
        due = next_word(rule(**QUIET, **SOOTHING), heard, Standing(4), ENTERED + n * 50.0)
        spoken.append(due.say)
        heard = heard.after(Event("comforted", ENTERED + n * 50.0, "x", data={"prompts": ["p"]}))
    assert spoken == [Comfort("prepare"), Comfort("thanks"), Comfort("prepare")]


def test_between_the_end_of_one_kind_and_the_next_there_are_20_seconds() -> None:
    announced = {"place": 4, "position": 4, "minutes": None}
    heard = heard_so((45.0, "announced", announced))
    assert next_word(rule(**SOOTHING), heard, Standing(4), ENTERED + 50.0) == Due(None, ENTERED + 69.0)
    assert next_word(rule(**SOOTHING), heard, Standing(4), ENTERED + 69.0).say == Comfort("thanks")
    heard = heard_so((5.0, "announced", announced), (55.0, "comforted", {}))
    improved = Standing(3)
    assert next_word(rule(**SOOTHING), heard, improved, ENTERED + 65.0) == Due(None, ENTERED + 79.0)
    assert next_word(rule(**SOOTHING), heard, improved, ENTERED + 79.0).say == Announcement(3)


def test_what_has_been_due_longest_comes_first_so_nothing_is_put_off_for_ever() -> None:
    often, now = rule(announce_every=20.0, **SOOTHING), 0.0
    heard, kinds = heard_so(), []
    for place in range(40, 0, -1):
        due = next_word(often, heard, Standing(place), ENTERED + now)
        if due.say is not None:
            kind = "comforted" if isinstance(due.say, Comfort) else "announced"
            kinds.append(kind)
            data = {"place": place, "position": place, "minutes": None, "prompts": ["p"], "seconds": 3.0}
            heard = heard.after(Event(kind, ENTERED + now, "x", data=data))
        now = (due.ask_at or 0.0) - ENTERED
    assert 3 <= kinds.count("comforted") <= kinds.count("announced")


def test_a_bulletin_comes_first_and_is_heard_once() -> None:
    both = Standing(4, news=(OUTAGE,))
    assert next_word(rule(), entered(), both, ENTERED + 31.0).say == Notice(OUTAGE)
    heard = heard_so((31.0, "bulletin_told", {"name": "mail", "begun_at": OUTAGE.begun_at}))
    assert heard.news([OUTAGE]) == []
    again = Bulletin("mail", "mail_slow", ENTERED + 60.0, begun_at=ENTERED + 60.0)
    assert heard.news([again]) == [again], "what is said anew of the same outage is news"


def test_bulletins_the_flow_has_told_are_no_news() -> None:
    arrived = Heard().after(Event("arrived", ENTERED, "x"))
    assert arrived.news([OUTAGE]) == [OUTAGE]
    looked = arrived.after(Event("step", ENTERED + 31.0, "x", data={"do": "Look", "what": "bulletins"}))
    assert looked.news([OUTAGE]) == []


def test_two_bulletins_are_told_with_a_pause_between() -> None:
    other = Bulletin("vpn", "vpn_down", ENTERED + 30.0, begun_at=ENTERED + 30.0)
    heard = heard_so((31.0, "bulletin_told", {"name": "mail", "begun_at": OUTAGE.begun_at}))
    due = next_word(rule(**QUIET), heard, Standing(4, news=(other,)), ENTERED + 40.0)
    assert due == Due(None, ENTERED + 35.0 + MINIMUM_GAP)


def test_who_comes_back_to_a_kept_place_hears_so_before_their_place() -> None:
    back = Heard().after(Event("queued", ENTERED, "x", data={"queue": "sales", "place_of": "earlier"}))
    said = next_word(rule(place_kept="welcome_back"), back, Standing(2), ENTERED + 5.0).say
    assert isinstance(said, Announcement)
    assert said.prompts == ("welcome_back", "you_are_number")
    quiet = next_word(rule(place_kept="welcome_back", **QUIET), back, Standing(2), ENTERED + 5.0).say
    assert isinstance(quiet, Announcement)
    assert quiet.prompts == ("welcome_back",)
    assert next_word(rule(**QUIET), back, Standing(2), ENTERED + 5.0) == Due(None, None)


def test_a_queue_entered_again_or_another_one_begins_anew_and_a_repeated_word_does_not() -> None:
    heard = heard_so((50.0, "comforted", {}))
    same = heard.after(Event("queued", ENTERED + 60.0, "x", data={"queue": "sales"}))
    assert same == heard, "after a restart the place is told again"
    for event in (
        Event("queued", ENTERED + 60.0, "x", data={"queue": "sales", "moved_from": "other"}),
        Event("queued", ENTERED + 60.0, "x", data={"queue": "support"}),
    ):
        assert (heard.after(event).comforts, heard.after(event).entered_at) == (0, ENTERED + 60.0)
    assert heard.after(Event("left_queue", ENTERED + 60.0, "x", data={})).queue is None
