"""Whoever Asterisk turns away: all are counted, the first of a minute have a line each, the others one line together."""

from __future__ import annotations

import asyncio
from typing import Any

from structlog.testing import capture_logs

from engine.ami.port import Alarm
from engine.call.alarms import LOGGED, MINUTE, Alarms
from engine.counters import Counters
from engine.sim.clock import run

WRONG = Alarm("InvalidPassword", "PJSIP", "2010", "192.0.2.7")
COUNTED = 'quietline_security_events_total{event="InvalidPassword",service="PJSIP"}'


def logged(counters: Counters, *minutes: list[Alarm]) -> list[Any]:
    async def main() -> None:
        alarms = Alarms(counters)
        for minute in minutes:
            for one in minute:
                alarms.take(one)
            await asyncio.sleep(MINUTE + 1)

    with capture_logs() as lines:
        run(main())
    return lines


def test_each_is_counted_and_logged_with_name_and_address() -> None:
    counters = Counters()
    (line,) = logged(counters, [WRONG])
    assert (line["why"], line["service"], line["account"], line["address"]) == (
        "InvalidPassword",
        "PJSIP",
        "2010",
        "192.0.2.7",
    )
    assert counters.told()[COUNTED] == 1


def test_a_scan_of_thousands_fills_no_disk_and_no_number_is_lost() -> None:
    counters = Counters()
    scan = [Alarm("InvalidPassword", "PJSIP", str(n), f"192.0.2.{n % 3}") for n in range(5000)]
    lines = logged(counters, scan, [WRONG])
    assert len(lines) == LOGGED + 2  # the first ones, the others together, and the one of the next minute
    assert (lines[LOGGED]["times"], lines[LOGGED]["addresses"]) == (5000 - LOGGED, 3)
    assert counters.told()[COUNTED] == 5001
    assert counters.told()["quietline_security_events_unlogged_total"] == 5000 - LOGGED


def test_an_army_of_addresses_takes_no_more_memory_than_a_thousand() -> None:
    lines = logged(Counters(), [Alarm("FailedACL", "PJSIP", "x", str(n)) for n in range(5000)])
    assert lines[-1]["addresses"] == 1001 and lines[-1]["most_from"] == "other"


def test_what_strangers_write_makes_no_new_series_and_no_new_line() -> None:
    counters = Counters()
    hostile = Alarm("Made\nUp", "Gopher", "a\r\nEvent: Login\x1b[2J" + "x" * 500, "\u202e1.2.3.4")
    (line,) = logged(counters, [hostile])
    assert counters.told()['quietline_security_events_total{event="other",service="other"}'] == 1
    assert line["account"].startswith("aEvent: Login[2Jxxx") and len(line["account"]) == 80
    assert line["address"] == "1.2.3.4" and line["why"] == "other"
