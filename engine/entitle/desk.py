"""Decides who a caller is and whether they may have support, and whether an agent is who they say: asks, guards PINs, counts tries.

Every question has an answer within its source's deadline: a source that is late, gone or wrong is `unreachable`. What a PIN decides leaves
in steps of `STEP` seconds, a comparison is made whether there is a customer or not, and limits count for accounts nobody has: so neither
words nor time tell a stranger which numbers exist.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog

from engine.core.entitlement import AGAIN, Answer, Customer, Standing, standing
from engine.core.event import Event
from engine.core.site import SourceRule
from engine.entitle.breaker import Breaker
from engine.entitle.csvfile import CsvSource
from engine.entitle.http import HttpSource
from engine.entitle.limits import DAY, Limits, Try
from engine.entitle.phone import e164
from engine.entitle.pins import DUMMY, matches
from engine.entitle.port import Source
from engine.entitle.sql import PostgresSource, SqliteSource
from engine.errors import SourceUnreachable

log = structlog.get_logger()

#: What a PIN decides leaves at the end of a step of so many seconds.
STEP = 0.5
#: PINs that are compared at a time: each takes a processor for some ten milliseconds, which calls need too.
AT_ONCE = 2
#: Seconds before the deadline at which a PIN is decided at the latest.
MARGIN = 0.05
#: Seconds within which an agent's PIN is compared.
AGENT_WITHIN = 5.0
#: Why a PIN was not compared: then nobody is let in, whatever counts while the source is down.
TOO_BUSY = "too_many_pins_at_once"
#: How far back tries are counted, in seconds.
MEMORY = DAY


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks for what: `caller` as the call shows it, `number` as it was keyed in, `pin` None where it was lost."""

    contact: str
    source: str
    by: str  # caller | number | pin
    caller: str
    number: str = ""
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided and why; `customer` is None where nobody was made known. `failed_pin`: it counts as a try that failed."""

    outcome: Standing
    why: str
    customer: Customer | None = None
    granted: bool = False
    failed_pin: bool = False
    caller: str = ""
    ms: int = 0

    def answer(self) -> Answer:
        """What the flow is told."""
        c = self.customer
        known = (c.number, c.name, c.level) if c else ("", "", "")
        return Answer(self.outcome, self.granted, *known)

    def event(self, asked: Question, now: float) -> Event:
        """What is written down: never a PIN, nor its hash."""
        data = {
            "source": asked.source,
            "by": asked.by,
            "outcome": str(self.outcome),
            "granted": self.granted,
            "customer": self.customer.number if self.customer else None,
            "level": self.customer.level if self.customer else None,
            "why": self.why,
            "ms": self.ms,
            "caller": self.caller,
            "account": asked.number,
            "failed_pin": self.failed_pin,
        }
        return Event("entitled", now, asked.contact, data=data)


def make_source(rule: SourceRule) -> Source:
    """The source a rule tells of."""
    match rule.kind:
        case "csv":
            return CsvSource(rule)
        case "http":
            return HttpSource(rule)
        case _:
            return SqliteSource(rule) if rule.file else PostgresSource(rule)


@dataclass(slots=True)
class Post:
    """One source and what guards it."""

    rule: SourceRule
    source: Source
    breaker: Breaker


class Desk:
    """All sources of a site. `now` tells seconds since the epoch; `make` gives the source a rule tells of."""

    def __init__(self, now: Callable[[], float], make: Callable[[SourceRule], Source] = make_source) -> None:
        self._now = now
        self._make = make
        self._posts: dict[str, Post] = {}
        self._limits = Limits()
        self._threads = ThreadPoolExecutor(AT_ONCE, "PINs")

    def remember(self, events: Iterable[Event]) -> None:
        """Count the tries that events of the last day tell of, in order."""
        for event in events:
            self._limits.take(event)

    async def open(self, rules: Mapping[str, SourceRule]) -> None:
        """Have these sources, and no others; one that has not changed stays as it is."""
        before, self._posts = self._posts, {}
        for name, rule in rules.items():
            if name in before and before[name].rule == rule:
                self._posts[name] = before.pop(name)
            else:
                self._posts[name] = Post(rule, self._make(rule), Breaker(rule.failures, rule.pause))
        for post in before.values():
            await post.source.close()
        await asyncio.gather(*(post.source.prepare() for post in self._posts.values()))

    async def close(self) -> None:
        """Let go of everything."""
        await self.open({})
        self._threads.shutdown(wait=False, cancel_futures=True)

    # --- one question -------------------------------------------------------------------------

    async def decide(self, asked: Question) -> Decision | None:
        """The decision; None where the PIN must be asked for again. Takes no longer than the source's deadline."""
        if asked.by == "pin" and asked.pin is None:
            return None
        loop = asyncio.get_running_loop()
        began = loop.time()
        post = self._posts.get(asked.source)
        if post is None:
            return Decision(Standing.UNREACHABLE, "no_source", caller=asked.caller)
        caller = e164(asked.caller, post.rule.country)
        decided = await self._guarded(post, asked, caller)
        granted = decided.outcome is Standing.ENTITLED
        if decided.outcome is Standing.UNREACHABLE and decided.why != TOO_BUSY:
            granted = post.rule.on_failure == "open"
        ms = round((loop.time() - began) * 1000)
        return replace(decided, granted=granted, caller=caller or asked.caller, ms=ms)

    async def _guarded(self, post: Post, asked: Question, caller: str | None) -> Decision:
        """A decision within the deadline, through the breaker."""
        loop = asyncio.get_running_loop()
        if asked.by == "caller" and caller is None:
            return Decision(Standing.UNKNOWN, "no_caller_number")
        if not post.breaker.takes(loop.time()):
            return Decision(Standing.UNREACHABLE, "left_alone")
        try:
            async with asyncio.timeout(post.rule.deadline):
                decided = await self._decided(post, asked, caller)
        except TimeoutError:
            return self._failed(post, "deadline", f"no answer within {post.rule.deadline:g} s")
        except SourceUnreachable as error:
            return self._failed(post, *map(str, error.args))
        except BaseException:
            post.breaker.left()
            raise
        post.breaker.worked()
        return decided

    def _failed(self, post: Post, why: str, said: str) -> Decision:
        opened = post.breaker.failed(asyncio.get_running_loop().time())
        log.warning("a source of customers does not answer", source=post.rule.name, why=why, said=said)
        if opened:
            log.error("a source of customers is left alone", source=post.rule.name, for_s=post.rule.pause)
        return Decision(Standing.UNREACHABLE, why)

    async def _decided(self, post: Post, asked: Question, caller: str | None) -> Decision:
        if asked.by == "pin":
            return await self._by_pin(post, asked, caller)
        if asked.by == "caller":
            found = await post.source.by_phone(caller or "")
        else:
            found = await post.source.by_number(asked.number)
        one = found[0] if len(found) == 1 else None
        if one is None:
            return _nobody(found)
        if one.pin is not None:
            return Decision(Standing.UNKNOWN, "needs_pin")
        return self._stands(post, one)

    def _stands(self, post: Post, one: Customer) -> Decision:
        today = datetime.fromtimestamp(self._now(), ZoneInfo(post.rule.timezone)).date()
        outcome, why = standing(one, today)
        return Decision(outcome, why, one)

    # --- number and PIN -----------------------------------------------------------------------

    async def _by_pin(self, post: Post, asked: Question, caller: str | None) -> Decision:
        loop = asyncio.get_running_loop()
        began = loop.time()
        tried = Try(self._now(), caller or asked.caller, (asked.source, asked.number), asked.contact)
        limit = self._limits.reached(tried)
        if limit is None:
            self._limits.begin(tried)
        decided: Decision | None = None
        try:
            decided = await self._compared(post, asked, limit, began + post.rule.deadline - MARGIN)
        finally:
            if decided is None or not decided.failed_pin:
                self._limits.undo(tried)
        await asyncio.sleep(_rest(loop.time() - began, post.rule.deadline))
        return decided

    async def agent(self, asked: Question, secret: str | None) -> str:
        """Why a PIN does not let an agent in who has this hash (None: none, or no agent); empty where it does.

        Counted, compared and timed as customers' PINs are.
        """
        loop = asyncio.get_running_loop()
        began = loop.time()
        tried = Try(self._now(), asked.caller, (asked.source, asked.number), asked.contact)
        limit = self._limits.reached(tried)
        if limit is None:
            self._limits.begin(tried)
        why = TOO_BUSY
        try:
            right = await self._right(asked.pin or "", secret or DUMMY, began + AGENT_WITHIN - MARGIN)
            if right is not None:
                why = limit or ("no_pin" if secret is None else "" if right else "wrong_pin")
        finally:
            if why not in ("no_pin", "wrong_pin"):
                self._limits.undo(tried)
        await asyncio.sleep(_rest(loop.time() - began, AGENT_WITHIN))
        return why

    async def _compared(self, post: Post, asked: Question, limit: str | None, until: float) -> Decision:
        found = await post.source.by_number(asked.number)
        one = found[0] if len(found) == 1 else None
        secret = one.pin if one is not None and one.pin is not None else DUMMY
        right = await self._right(asked.pin or "", secret, until)
        if right is None:
            return Decision(Standing.UNREACHABLE, TOO_BUSY)
        if limit is not None:
            return Decision(Standing.BLOCKED, limit)
        if one is None:
            return replace(_nobody(found), failed_pin=True)
        if not right or one.pin is None:
            return Decision(Standing.UNKNOWN, "wrong_pin" if one.pin else "no_pin", failed_pin=True)
        return self._stands(post, one)

    async def _right(self, pin: str, secret: str, until: float) -> bool | None:
        """Is it the PIN? None where more are given than can be compared in time: that is our fault, not the source's."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(until):
                return await loop.run_in_executor(self._threads, matches, pin, secret)
        except TimeoutError:
            return None


def _nobody(found: Sequence[Customer]) -> Decision:
    return Decision(Standing.UNKNOWN, "several_customers" if found else "no_customer")


def _rest(taken: float, deadline: float) -> float:
    """Seconds until the step in which a decision was made is over, without passing the deadline."""
    end = (math.floor(taken / STEP) + 1) * STEP
    return max(0.0, min(end, deadline - MARGIN) - taken)


def told(decision: Decision | None) -> str:
    """A decision as the flow's outcome."""
    return AGAIN if decision is None else decision.answer().text()
