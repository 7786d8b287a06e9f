"""Virtual time jumps, stands still while the outside works, and never hangs."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from engine.sim.clock import MONDAY_MORNING, Deadlock, VirtualTimeLoop, run


def test_a_day_passes_in_an_instant() -> None:
    async def day() -> float:
        loop = asyncio.get_running_loop()
        for _ in range(1440):
            await asyncio.sleep(60)
        return loop.time()

    began = time.monotonic()
    assert run(day()) == pytest.approx(86_400)
    assert time.monotonic() - began < 5


def test_the_wall_clock_moves_with_virtual_time() -> None:
    async def hour() -> float:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        await asyncio.sleep(3600)
        return loop.wall()

    assert run(hour()) == MONDAY_MORNING + 3600
    assert run(hour(), epoch=1000.0) == 4600.0


def test_timers_fire_in_their_order_whatever_order_they_were_set_in() -> None:
    async def main() -> list[int]:
        heard: list[int] = []

        async def sleeper(n: int) -> None:
            await asyncio.sleep(n)
            heard.append(n)

        await asyncio.gather(*(sleeper(n) for n in (5, 1, 4, 2, 3)))
        return heard

    assert run(main()) == [1, 2, 3, 4, 5]


def test_a_deadlock_is_an_error_that_names_who_waits() -> None:
    async def forgotten() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(
        Deadlock, match=r"(?s)nobody can ever wake them.*test_virtual_time\.py:\d+ in forgotten"
    ):
        run(forgotten())


def test_a_thread_at_work_holds_time_still() -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        watchdog = asyncio.create_task(asyncio.sleep(1000))
        await asyncio.to_thread(time.sleep, 0.05)
        watchdog.cancel()
        return loop.time()

    assert run(main()) == 0.0


def test_a_busy_hook_holds_time_still_until_the_loop_has_the_result() -> None:
    in_flight: set[int] = set()

    async def main() -> float:
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def taken() -> None:
            in_flight.clear()
            done.set_result(None)

        def commit() -> None:
            time.sleep(0.05)
            loop.call_soon_threadsafe(taken)

        in_flight.add(1)
        thread = threading.Thread(target=commit)
        thread.start()
        async with asyncio.timeout(0.001):
            await done
        thread.join()
        return loop.time()

    assert run(main(), busy=[lambda: bool(in_flight)]) == 0.0
