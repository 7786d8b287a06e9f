"""Virtual time: an asyncio loop that jumps to the next timer instead of waiting for it.

How the jump is decided, each time the loop has nothing ready to run:

    real I/O is ready (a socket, a thread's result)   run it; virtual time stands still
    something outside is busy                         wait for it in real time; virtual time stands still
    a timer is set                                    virtual time is now that timer's
    nothing at all                                    nobody can ever wake anybody: Deadlock, with who waits where

"Busy" is what the loop cannot see: a store that commits on a thread of its own. Its owner passes a hook that answers
True from the moment work is handed over until the *loop* has taken its result. `run_in_executor` (and so
`asyncio.to_thread`) is watched without a hook.
"""

from __future__ import annotations

import asyncio
import inspect
import selectors
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import Executor
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Busy = Callable[[], bool]

#: Monday 2026-03-02 09:00 UTC: where simulated days begin unless told otherwise.
MONDAY_MORNING: Final = 1_772_442_000.0

#: Rounds of the loop after which a loop that is never idle looks for real I/O all the same.
LOOK: Final = 16

#: Real seconds something outside may stay busy before the run is given up.
PATIENCE: Final = 60.0


class Deadlock(RuntimeError):
    """Every task waits, no timer is set, and nothing outside is at work; the text names the tasks."""


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` starts at 0 and passes only by jumping; `epoch` is the wall clock's start."""

    def __init__(self, *, epoch: float = MONDAY_MORNING, busy: Iterable[Busy] = ()) -> None:
        self._virtual_now = 0.0
        self._in_executor = 0
        self.epoch = epoch
        self.busy_hooks: list[Busy] = list(busy)
        super().__init__(_JumpingSelector(self))
        self._clock_resolution = 1e-9

    def time(self) -> float:
        """Seconds since the loop began, in virtual time."""
        return self._virtual_now

    def wall(self) -> float:
        """Seconds since the epoch, UTC, in virtual time: the clock to hand to the engine."""
        return self.epoch + self._virtual_now

    def busy(self) -> bool:
        """Is anything outside the loop at work, so that time must not pass?"""
        return self._in_executor > 0 or any(hook() for hook in self.busy_hooks)

    def jump(self, seconds: float) -> None:
        """Let virtual time pass."""
        self._virtual_now += seconds

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run on a thread, as any loop does; virtual time stands still until the result is taken."""
        future = super().run_in_executor(executor, func, *args)
        self._in_executor += 1
        future.add_done_callback(self._left_executor)
        return future

    async def shutdown_default_executor(self, *args: Any) -> None:
        """End the threads; virtual time stands still meanwhile."""
        self._in_executor += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._in_executor -= 1

    def _left_executor(self, _: asyncio.Future[Any]) -> None:
        self._in_executor -= 1


class _JumpingSelector(selectors.BaseSelector):
    """A selector that moves virtual time instead of sleeping."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        self._real = selectors.DefaultSelector()
        self._loop = loop
        self._rounds = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        # Asked before the poll: work that ends in between has already left its wake-up in the poll's reach.
        outside = self._loop.busy()
        at_work = timeout is not None and timeout <= 0
        self._rounds += 1
        if at_work and not outside and self._rounds % LOOK:
            return []
        ready = self._real.select(0)
        if ready or at_work:
            return ready
        if outside:
            return self._wait_outside()
        if timeout is None:
            raise Deadlock(_who_waits(self._loop))
        self._loop.jump(timeout)
        return []

    def _wait_outside(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for the outside in real time; virtual time stands still."""
        give_up = time.monotonic() + PATIENCE
        while self._loop.busy():
            ready = self._real.select(0.05)
            if ready:
                return ready
            if time.monotonic() > give_up:
                raise Deadlock(
                    f"something outside the loop has been busy for {PATIENCE:g} s of real time; a busy hook never cleared?"
                )
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.get_key(fileobj)

    def close(self) -> None:
        self._real.close()


def run(main: Coroutine[Any, Any, T], *, epoch: float = MONDAY_MORNING, busy: Iterable[Busy] = ()) -> T:
    """Run `main` to its end in virtual time, as `asyncio.run` does in real time; Deadlock when it can never end."""
    result: list[T] = []

    async def keep() -> None:
        # Runner has its task's result written out as text when it ends, whole days of events included.
        result.append(await main)

    with asyncio.Runner(loop_factory=lambda: VirtualTimeLoop(epoch=epoch, busy=busy)) as runner:
        runner.run(keep())
    return result[0]


def _who_waits(loop: asyncio.AbstractEventLoop) -> str:
    """One line a task: its name and the innermost line it waits in."""
    lines = [f"  {task.get_name()} waits at {_place(task)}" for task in asyncio.all_tasks(loop)]
    return "\n".join(["every task waits and no timer is set; nobody can ever wake them:", *sorted(lines)])


def _place(task: asyncio.Task[Any]) -> str:
    coroutine: Any = task.get_coro()
    while inspect.iscoroutine(inner := coroutine.cr_await):
        coroutine = inner
    frame = coroutine.cr_frame
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
