"""Who is let in: what a caller's number, a customer's number and a PIN open, how often a PIN may be tried, and a source that is down."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TypeVar

import pytest
from entitle_kit import ANA, ANA_PHONE, BORIS_PHONE, PLAIN, PLAIN_PHONE, Listed, rule

from engine.core.entitlement import Answer, Customer, Standing
from engine.core.event import Event
from engine.core.site import SourceRule
from engine.entitle.desk import AT_ONCE, STEP, Decision, Desk, Question
from engine.errors import SourceUnreachable
from engine.sim.clock import VirtualTimeLoop, run

T = TypeVar("T")
HOUR, DAY = 3600.0, 86_400.0


class Counter:
    """A desk in virtual time, asked as calls ask it; `log` is what was written down."""

    def __init__(self, source: Listed, given: SourceRule | None = None) -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        self.loop, self.log, self.source = loop, list[Event](), source
        self.desk = Desk(loop.wall, lambda _: source)
        self.rule = given or rule()

    async def open(self) -> Counter:
        await self.desk.open({"customers": self.rule})
        return self

    async def ask(
        self,
        by: str,
        number: str = "",
        pin: str | None = None,
        *,
        caller: str = BORIS_PHONE,
        contact: str = "c",
    ) -> Decision:
        asked = Question(contact, "customers", by, caller, number, pin)
        decision = await self.desk.decide(asked)
        assert decision is not None
        self.log.append(decision.event(asked, self.loop.wall()))
        return decision

    async def outcome(self, *args: str | None, **kwargs: str) -> tuple[str, str]:
        decision = await self.ask(*args, **kwargs)  # type: ignore[arg-type]
        return str(decision.outcome), decision.why


def at_counter(
    act: Callable[[Counter], Awaitable[T]], *customers: Customer, given: SourceRule | None = None
) -> T:
    """Do something at a counter that knows these customers (Ana with a PIN and one without, if none are named)."""

    async def main() -> T:
        counter = await Counter(Listed(*(customers or (ANA, PLAIN))), given).open()
        try:
            return await act(counter)
        finally:
            await counter.desk.close()

    return run(main())


def asked(*args: str | None, given: SourceRule | None = None, **kwargs: str) -> tuple[str, str]:
    """The outcome of one question, and why."""
    return at_counter(lambda counter: counter.outcome(*args, **kwargs), given=given)


# --- who is known by what -----------------------------------------------------------------------


def test_a_callers_number_lets_in_a_customer_whom_no_pin_protects() -> None:
    assert asked("caller", caller="0888 000 003") == ("entitled", "contract_runs")
    assert asked("caller", caller="+359 888 000 003") == ("entitled", "contract_runs")


@pytest.mark.parametrize("by", ["caller", "number"])
def test_what_a_pin_protects_is_opened_by_nothing_less_and_nothing_is_told_of_it(by: str) -> None:
    decision = at_counter(lambda counter: counter.ask(by, "4711", caller=ANA_PHONE))
    assert (decision.outcome, decision.why) == (Standing.UNKNOWN, "needs_pin")
    assert decision.answer() == Answer(Standing.UNKNOWN, False)


@pytest.mark.parametrize("shown", ["", "anonymous", "Restricted", "unavailable", "2001"])
def test_a_withheld_number_is_no_identity_and_nobody_is_asked(shown: str) -> None:
    async def act(counter: Counter) -> int:
        assert await counter.outcome("caller", caller=shown) == ("unknown", "no_caller_number")
        return counter.source.asked

    assert at_counter(act, replace(PLAIN, phones=("", "anonymous", "2001"))) == 0


def test_a_phone_of_two_customers_tells_neither() -> None:
    async def act(counter: Counter) -> tuple[str, str]:
        return await counter.outcome("caller", caller=PLAIN_PHONE)

    assert at_counter(act, PLAIN, replace(PLAIN, number="4713")) == ("unknown", "several_customers")


def test_number_and_pin_let_in_from_any_phone_and_the_level_is_told() -> None:
    decision = at_counter(lambda counter: counter.ask("pin", "4711", "1234", caller="anonymous"))
    assert decision.answer() == Answer(Standing.ENTITLED, True, "4711", "Ana", "gold")


@pytest.mark.parametrize(
    ("number", "pin", "why"),
    [("4711", "1235", "wrong_pin"), ("9999", "1234", "no_customer"), ("4712", "1234", "no_pin")],
)
def test_a_wrong_pin_and_a_number_nobody_has_are_the_same_to_a_caller(
    number: str, pin: str, why: str
) -> None:
    decision = at_counter(lambda counter: counter.ask("pin", number, pin))
    assert (decision.answer(), decision.why) == (Answer(Standing.UNKNOWN, False), why)


NOON = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("begins", "ends", "outcome"),
    [
        (date(2026, 3, 2), date(2026, 3, 2), "entitled"),
        (date(2026, 3, 3), None, "expired"),
        (None, date(2026, 3, 1), "expired"),
    ],
)
def test_a_contract_runs_from_its_first_day_to_its_last(
    begins: date | None, ends: date | None, outcome: str
) -> None:
    one = replace(PLAIN, begins=begins, ends=ends)
    decision = at_counter(lambda counter: counter.ask("number", "4712"), one)
    assert (str(decision.outcome), decision.granted) == (outcome, outcome == "entitled")


def test_the_day_is_that_of_the_sources_time_zone() -> None:
    one = replace(PLAIN, ends=date(2026, 3, 1))
    honolulu = rule(timezone="Pacific/Honolulu")  # where Monday 09:00 UTC is still Sunday
    assert at_counter(lambda c: c.outcome("number", "4712"), one, given=honolulu)[0] == "entitled"
    assert at_counter(lambda c: c.outcome("number", "4712"), one)[0] == "expired"


def test_a_blocked_customer_is_blocked_also_with_the_right_pin() -> None:
    blocked = replace(ANA, blocked=True)
    assert at_counter(lambda c: c.outcome("pin", "4711", "1234"), blocked) == ("blocked", "customer_blocked")
    assert at_counter(lambda c: c.outcome("pin", "4711", "1111"), blocked) == ("unknown", "wrong_pin")


# --- how often a PIN may be tried ---------------------------------------------------------------


async def try_wrong(
    counter: Counter, times: int, *, caller: str = BORIS_PHONE, number: str = "4711"
) -> list[str]:
    """Wrong PINs, each in a call of its own; the reasons."""
    start = len(counter.log)
    return [
        (await counter.ask("pin", number, "0000", caller=caller, contact=f"c{start + n}-{caller}")).why
        for n in range(times)
    ]


@pytest.mark.parametrize("number", ["4711", "9999"])
def test_a_call_has_three_wrong_pins_whatever_the_account(number: str) -> None:
    async def act(counter: Counter) -> list[str]:
        return [(await counter.ask("pin", number, "0000")).why for _ in range(4)]

    assert at_counter(act)[3] == "too_many_tries_in_call"


@pytest.mark.parametrize("number", ["4711", "9999"])
def test_five_wrong_pins_an_hour_from_one_number_then_even_the_right_one_is_refused(number: str) -> None:
    async def act(counter: Counter) -> None:
        await try_wrong(counter, 5, number=number)
        assert await counter.outcome("pin", "4711", "1234", contact="right") == (
            "blocked",
            "too_many_tries_by_caller",
        )
        assert await counter.outcome("pin", "4711", "1234", contact="right", caller="0888000002") == (
            "blocked",
            "too_many_tries_by_caller",
        )
        assert (await counter.outcome("pin", "4711", "1234", caller=ANA_PHONE))[0] == "entitled"
        await asyncio.sleep(HOUR)
        assert (await counter.outcome("pin", "4711", "1234", contact="later"))[0] == "entitled"

    at_counter(act)


@pytest.mark.parametrize("number", ["4711", "9999"])
def test_ten_wrong_pins_a_day_for_one_account_whoever_tries_and_whether_it_exists(number: str) -> None:
    async def act(counter: Counter) -> None:
        for n in range(10):
            assert (await try_wrong(counter, 1, caller=f"+35988800010{n}", number=number)) in (
                ["wrong_pin"],
                ["no_customer"],
            )
        assert await try_wrong(counter, 1, number=number) == ["too_many_tries_for_account"]
        await asyncio.sleep(DAY)
        assert await try_wrong(counter, 1, number=number) in (["wrong_pin"], ["no_customer"])

    at_counter(act)


def test_what_is_refused_by_a_limit_does_not_make_it_last_longer() -> None:
    async def act(counter: Counter) -> None:
        await try_wrong(counter, 5)
        await asyncio.sleep(HOUR / 2)
        assert set(await try_wrong(counter, 20)) == {"too_many_tries_by_caller"}
        await asyncio.sleep(HOUR / 2)
        assert (await counter.outcome("pin", "4711", "1234", contact="later"))[0] == "entitled"

    at_counter(act)


def test_callers_who_withhold_their_number_count_as_one() -> None:
    async def act(counter: Counter) -> list[str]:
        return await try_wrong(counter, 6, caller="anonymous")

    assert at_counter(act)[-1] == "too_many_tries_by_caller"


def test_right_pins_are_not_counted() -> None:
    async def act(counter: Counter) -> set[str]:
        return {(await counter.ask("pin", "4711", "1234")).why for _ in range(12)}

    assert at_counter(act) == {"contract_runs"}


def test_calls_at_the_same_moment_have_no_more_tries_than_one_after_the_other() -> None:
    async def act(counter: Counter) -> list[str]:
        counter.source.takes = 0.3
        asks = [counter.ask("pin", "4711", "0000", contact=f"c{n}") for n in range(40)]
        return [one.why for one in await asyncio.gather(*asks)]

    assert at_counter(act).count("wrong_pin") == 5


def test_a_restart_forgets_no_try() -> None:
    async def act(counter: Counter) -> None:
        await try_wrong(counter, 3)
        counter.desk = Desk(counter.loop.wall, lambda _: counter.source)
        counter.desk.remember(counter.log)
        await counter.open()
        assert await try_wrong(counter, 3) == ["wrong_pin", "wrong_pin", "too_many_tries_by_caller"]

    at_counter(act)


def test_a_lost_pin_is_asked_for_again_and_counts_as_no_try() -> None:
    async def act(counter: Counter) -> None:
        lost = Question("c", "customers", "pin", BORIS_PHONE, "4711", None)
        assert [await counter.desk.decide(lost) for _ in range(7)] == [None] * 7
        assert (await counter.outcome("pin", "4711", "1234"))[0] == "entitled"

    at_counter(act)


@pytest.mark.parametrize("takes", [0.0, 0.2, 0.7])
def test_the_time_a_decision_takes_does_not_tell_whether_an_account_exists(takes: float) -> None:
    async def act(counter: Counter) -> list[int]:
        counter.source.takes = takes
        given = [("4711", "1234"), ("4711", "0000"), ("9999", "0000"), ("4712", "0000")]
        times = [(await counter.ask("pin", number, pin, contact=number + pin)).ms for number, pin in given]
        await try_wrong(counter, 5)
        return [*times, (await counter.ask("pin", "9999", "0000", contact="limited")).ms]

    steps = {0.0: 1, 0.2: 1, 0.7: 2}[takes]
    assert at_counter(act) == [steps * STEP * 1000] * 5


def test_nothing_of_a_pin_or_its_hash_is_written_down_or_shown() -> None:
    async def act(counter: Counter) -> str:
        wrong = await counter.ask("pin", "4711", "8642")
        right = await counter.ask("pin", "4711", "1234")
        question = Question("c", "customers", "pin", BORIS_PHONE, "4711", "1234")
        return repr([wrong, right, question, counter.log, right.answer().text()])

    shown = at_counter(act)
    assert not [secret for secret in ("8642", "1234", "scrypt") if secret in shown]
    assert "4711" in shown


# --- a source that is down ----------------------------------------------------------------------


@pytest.mark.parametrize(("on_failure", "granted"), [("open", True), ("closed", False)])
def test_a_source_that_is_down_lets_in_who_the_site_says(on_failure: str, granted: bool) -> None:
    async def act(counter: Counter) -> Decision:
        counter.source.fault = SourceUnreachable("http", "status 503")
        return await counter.ask("caller")

    decision = at_counter(act, given=rule(on_failure=on_failure))
    assert (decision.outcome, decision.granted, decision.why) == (Standing.UNREACHABLE, granted, "http")


@pytest.mark.parametrize("by", ["caller", "number", "pin"])
def test_no_call_waits_longer_than_the_deadline(by: str) -> None:
    async def act(counter: Counter) -> tuple[str, float]:
        counter.source.takes = 3600.0
        began = counter.loop.time()
        return (await counter.ask(by, "4711", "1234")).why, counter.loop.time() - began

    assert at_counter(act) == ("deadline", 2.0)


def test_a_source_that_fails_is_left_alone_then_tried_by_one_call_and_taken_up_again() -> None:
    async def act(counter: Counter) -> None:
        counter.source.fault = SourceUnreachable("sql", "gone")
        assert [await counter.outcome("caller") for _ in range(5)] == [("unreachable", "sql")] * 3 + [
            ("unreachable", "left_alone")
        ] * 2
        assert counter.source.asked == 3
        await asyncio.sleep(30.0)
        assert [(await counter.outcome("caller"))[1] for _ in range(2)] == ["sql", "left_alone"]
        await asyncio.sleep(30.0)
        counter.source.fault, counter.source.takes = None, 1.0
        both = await asyncio.gather(
            counter.ask("caller", caller=PLAIN_PHONE), counter.ask("caller", caller=PLAIN_PHONE)
        )
        assert [one.why for one in both] == ["contract_runs", "left_alone"]
        assert await counter.outcome("caller", caller=PLAIN_PHONE) == ("entitled", "contract_runs")

    at_counter(act)


def test_answers_in_between_keep_the_source_in_use() -> None:
    async def act(counter: Counter) -> set[str]:
        whys = set()
        for n in range(20):
            counter.source.fault = SourceUnreachable("sql", "gone") if n % 3 else None
            whys.add((await counter.ask("caller", caller=PLAIN_PHONE)).why)
        return whys

    assert at_counter(act) == {"sql", "contract_runs"}


def test_a_source_that_cannot_be_asked_costs_no_try() -> None:
    async def act(counter: Counter) -> None:
        counter.source.fault = SourceUnreachable("sql", "gone")
        await try_wrong(counter, 8)
        counter.source.fault = None
        await asyncio.sleep(30.0)
        assert await try_wrong(counter, 5) == ["wrong_pin"] * 5

    at_counter(act)


async def test_more_pins_than_can_be_compared_in_time_let_nobody_in_and_do_not_count_against_the_source() -> (
    None
):
    desk, free = Desk(time.time, lambda _: Listed(ANA)), threading.Event()
    await desk.open({"customers": rule(on_failure="open", deadline=1.0, failures=1)})
    for _ in range(AT_ONCE):
        desk._threads.submit(free.wait)
    began = time.monotonic()
    question = Question("c", "customers", "pin", BORIS_PHONE, "4711", "1234")
    busy = await desk.decide(question)
    free.set()
    quiet = await desk.decide(question)
    await desk.close()
    assert busy is not None and quiet is not None
    assert (busy.outcome, busy.granted, busy.why) == (Standing.UNREACHABLE, False, "too_many_pins_at_once")
    assert time.monotonic() - began < 4
    assert quiet.outcome is Standing.ENTITLED


def test_a_source_that_the_site_no_longer_has_is_unreachable_and_lets_nobody_in() -> None:
    async def act(counter: Counter) -> Decision:
        await counter.desk.open({})
        return await counter.ask("caller", caller=PLAIN_PHONE)

    decision = at_counter(act, given=rule(on_failure="open"))
    assert (decision.outcome, decision.why, decision.granted) == (Standing.UNREACHABLE, "no_source", False)
