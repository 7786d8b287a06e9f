"""What callers were told of their wait is held against what it was, and a queue that breaks its promises makes none."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from engine.core.estimates import ENOUGH, KINDS, WINDOW, Keeping, Score, scores
from engine.core.event import Event

AT = 1_000_000.0


def announced(contact: str, at: float, minutes: int | None, mean: Any = 60.0, **more: Any) -> Event:
    data = {"queue": "sales", "mean": mean, "sd": 0.0, "minutes": minutes, "told": True, **more}
    return Event("announced", at, contact, data={"prompts": [], **data})


def ends(contact: str, at: float, how: str) -> list[Event]:
    left = Event("left_queue", at, contact, data={"queue": "sales", "outcome": how})
    moved = Event("queued", at, contact, data={"queue": "other", "moved_from": "sales"})
    return {"answered": [Event("connected", at, contact), left], "moved": [moved]}.get(how, [left])


def scored(*events: Event, now: float = AT + 9000.0) -> Score:
    return scores(events, AT, now)["sales"]


@pytest.mark.parametrize(
    ("minutes", "how", "after", "judged", "kept"),
    [
        (2, "answered", 119.0, 1, 1),
        (2, "answered", 121.0, 1, 0),
        (2, "abandoned", 119.0, 0, 0),
        (2, "abandoned", 121.0, 1, 0),
        (2, "timed_out", 121.0, 1, 0),
        (2, "moved", 30.0, 0, 0),
        (None, "answered", 9000.0, 0, 0),
    ],
)
def test_a_promise_is_kept_broken_or_not_judged(
    minutes: int | None, how: str, after: float, judged: int, kept: int
) -> None:
    score = scored(announced("c", AT, minutes), *ends("c", AT + after, how))
    assert (score.told, score.judged, score.kept) == (1, judged, kept)
    assert score.answered == (how == "answered")


def test_who_still_waits_when_the_told_time_is_over_has_been_told_wrongly() -> None:
    assert scored(announced("c", AT, 2), now=AT + 119.0).judged == 0
    late = scored(announced("c", AT, 2), now=AT + 121.0)
    assert (late.judged, late.kept) == (1, 0)


def test_an_end_nobody_saw_counts_from_when_the_caller_was_last_seen() -> None:
    seen = Event("left_queue", AT + 500.0, "c", data={"outcome": "abandoned", "seen": AT + 60.0})
    assert scored(announced("c", AT, 2), seen).judged == 0


def test_errors_are_those_of_answered_callers_by_what_was_told_and_by_what_was_estimated() -> None:
    told = [announced("a", AT, 2, 90.0), announced("b", AT, 1, 50.0), announced("c", AT, 5, 250.0)]
    ended = [
        *ends("a", AT + 100.0, "answered"),
        *ends("b", AT + 100.0, "answered"),
        *ends("c", AT + 9, "abandoned"),
    ]
    score = scored(*told, *ended)
    assert (score.told, score.answered, score.judged, score.kept) == (3, 2, 2, 1)
    assert (score.error, score.mae) == ((20 - 40) / 2, (20 + 40) / 2)
    assert (score.estimate_error, score.estimate_mae) == ((-10 - 50) / 2, (10 + 50) / 2)
    assert (score.too_short, score.kept_rate) == (0.5, 0.5)


def test_what_was_not_told_is_scored_as_the_time_that_would_have_been() -> None:
    quiet = announced("c", AT, None, 100.0, sd=60.0, told=False)  # 130 s: 3 minutes
    score = scored(quiet, *ends("c", AT + 170.0, "answered"))
    assert (score.told, score.shadows, score.judged, score.kept, score.error) == (0, 1, 1, 1, 10.0)


def test_each_announcement_of_a_wait_is_judged_by_itself_and_before_since_none_is() -> None:
    events = [announced("c", AT - 60.0, 1), announced("c", AT, 5), announced("c", AT + 60.0, 2)]
    score = scored(*events, *ends("c", AT + 200.0, "answered"))
    assert (score.told, score.kept) == (2, 1)


def test_where_nothing_could_be_estimated_there_is_nothing_to_score() -> None:
    nobody = announced("c", AT, None, told=False, mean=None, sd=None)
    old = Event("announced", AT, "d", data={"position": 1, "minutes": 2, "prompts": []})
    assert scores([nobody, old], AT, AT + 10.0) == {}


# --- which queues promise ------------------------------------------------------------------------


def promises(keeping: Keeping, at: float, kept: int, broken: int, told: bool = True) -> None:
    for n in range(kept + broken):
        contact = f"{at}-{n}"
        keeping.take(announced(contact, at - 300.0, 2 if told else None, 110.0, told=told))
        for event in ends(contact, at - (200.0 if n < kept else 0.0), "answered"):
            keeping.take(event)


def test_a_queue_that_breaks_too_many_promises_makes_none_until_its_estimates_are_right_again() -> None:
    keeping = Keeping()
    promises(keeping, AT, 13, 6)
    assert keeping.of("sales", AT).tells_times, "too few to judge by"
    promises(keeping, AT + 1.0, 0, 1)
    assert (keeping.of("sales", AT).judged, keeping.of("sales", AT).tells_times) == (ENOUGH, False)
    promises(keeping, AT + 2.0, 4, 0, told=False)
    assert keeping.of("sales", AT).rate == 17 / 24
    assert keeping.of("sales", AT).tells_times, "shadows count"


def test_what_is_older_than_seven_days_counts_no_more() -> None:
    keeping = Keeping()
    promises(keeping, AT, 0, 30)
    assert not keeping.of("sales", AT + WINDOW - 1.0).tells_times
    assert keeping.of("sales", AT + WINDOW).judged == 0
    assert keeping.of("sales", AT + WINDOW).tells_times


stories = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(["told", "shadow", "answered", "abandoned", "moved", "timed_out"]),
        st.sampled_from([1, 2, 5]),
        st.floats(0.0, 400.0),
    ),
    max_size=60,
)


@given(stories)
def test_what_is_carried_along_equals_what_a_report_counts(story: list[tuple[int, str, int, float]]) -> None:
    now, log = AT, list[Event]()
    for who, what, minutes, gap in story:
        now += gap
        if what in ("told", "shadow"):
            log.append(announced(f"c{who}", now, minutes, minutes * 60.0, told=what == "told"))
        else:
            log += ends(f"c{who}", now, what)
    log += [event for n in range(6) for event in ends(f"c{n}", now, "abandoned")]
    record = Keeping(log).of("sales", now)
    score = scores(log, AT, now).get("sales")
    assert (record.judged, record.kept) == ((score.judged, score.kept) if score else (0, 0))
    by_hand = [judged(log, n) for n, event in enumerate(log) if event.kind == "announced"]
    assert record.judged == sum(kept is not None for kept in by_hand)
    assert record.kept == sum(bool(kept) for kept in by_hand)
    assert {event.kind for event in log} <= set(KINDS)


def judged(log: list[Event], n: int) -> bool | None:
    """A promise judged by looking for what came next, nothing carried along."""
    told, minutes = log[n], log[n].data["minutes"]
    after = next(e for e in log[n:] if e.contact == told.contact and e.kind != "announced")
    waited = after.at - told.at
    return (
        waited <= minutes * 60.0
        if after.kind == "connected"
        else (False if waited > minutes * 60.0 else None)
    )
