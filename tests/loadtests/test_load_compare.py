"""A call that the records tell differently is found, whichever side lost it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from engine.load.compare import Batch, differences
from engine.load.figures import spread
from engine.load.scenario import Scenario
from engine.load.sipp import SippResult

TALKS = Scenario(
    Path("uac-talks.xml"), "Talks.", "caller", "100", frozenset({"answered"}), frozenset({"support"})
)
NUMBERS = ("7001", "7002", "7003")
PLAYED = SippResult("uac-talks", 0, 3, 3, 0, marks={number: {"answered": 5.0} for number in NUMBERS})
PHONE = SippResult(
    "uas-agent", 0, 3, 3, 0, marks={"-": {"answered": 1.0, "answered#2": 2.0, "answered#3": 3.0}}
)


def record(number: str, **changed: Any) -> dict[str, Any]:
    whole = {
        "id": f"c{number}",
        "from_number": number,
        "outcome": "answered",
        "queue": "support",
        "agent": "2001",
        "answered_at": 1.0,
        "connected_at": 2.0,
        "ended_at": 3.0,
    }
    return whole | changed


RECORDS = [record(number) for number in NUMBERS]
BATCH = Batch(TALKS, NUMBERS, PLAYED)


def told(records: list[dict[str, Any]], result: SippResult = PLAYED) -> list[str]:
    return differences([Batch(TALKS, NUMBERS, result)], records, {"2001": PHONE})


def test_two_stories_that_agree_have_no_difference() -> None:
    assert told(RECORDS) == []


def test_a_call_without_a_record_is_named() -> None:
    assert told(RECORDS[:2]) == ["uac-talks, caller 7003: 0 contact records, one is due"]


def test_a_call_with_two_records_is_named_with_both() -> None:
    twice = [*RECORDS, record("7002", id="again")]
    assert "uac-talks, caller 7002: 2 contact records (c7002, again), one is due" in told(twice)


def test_somebody_who_is_rung_back_has_another_record_for_that() -> None:
    assert told([*RECORDS, record("7002", id="c7002-back", callback_of="c7002", ended_at=None)]) == []


def test_a_record_that_has_not_ended_is_named() -> None:
    assert told([*RECORDS[:2], record("7003", ended_at=None)]) == [
        "uac-talks, caller 7003, contact c7003: the record has not ended"
    ]


def test_an_outcome_or_queue_nobody_scripted_is_named() -> None:
    assert told([*RECORDS[:2], record("7003", outcome="failed", queue="sales")]) == [
        "uac-talks, caller 7003, contact c7003: outcome is failed, scripted is answered",
        "uac-talks, caller 7003, contact c7003: queue is sales, scripted is support",
    ]


def test_an_answer_only_one_side_saw_is_named() -> None:
    assert told([*RECORDS[:2], record("7003", answered_at=None)]) == [
        "uac-talks, caller 7003, contact c7003: SIPp's call was answered, the record's answered_at is None"
    ]
    unheard = replace(PLAYED, marks={number: {"answered": 5.0} for number in NUMBERS[:2]})
    assert told(RECORDS, unheard) == [
        "uac-talks, caller 7003, contact c7003: SIPp's call was never answered, the record's answered_at is 1.0"
    ]


def test_calls_that_failed_or_were_never_made_are_counted_with_sipps_reason() -> None:
    failed = replace(PLAYED, status=1, successful=2, failed=1, errors=("unexpected BYE",))
    assert told(RECORDS, failed) == ["uac-talks: 1 of 3 calls did not go as scripted: unexpected BYE"]
    fewer = replace(PLAYED, created=2, successful=2)
    assert told(RECORDS[:2], fewer) == ["uac-talks: SIPp made 2 of 3 calls"]
    assert "contact c7003 came from 7003, which called nobody" in " ".join(told(RECORDS, fewer))


def test_an_agent_who_spoke_more_by_the_records_than_by_the_phone_is_named() -> None:
    quiet = {"2001": replace(PHONE, marks={"-": {"offered": 1.0, "answered": 1.0}})}
    assert differences([BATCH], RECORDS, quiet) == [
        "agent 2001: 3 records name them, their phone answered 1 calls"
    ]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_percentiles_are_values_that_were_measured_and_never_fall(values: list[float]) -> None:
    found = spread(values)
    assert found.p50 <= found.p90 <= found.p99 <= found.most == max(values)
    assert {found.p50, found.p90, found.p99} <= set(values)
    assert sum(value <= found.p90 for value in values) >= 0.9 * len(values)
