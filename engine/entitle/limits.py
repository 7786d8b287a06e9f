"""How many PINs may be tried: 3 in a call, 5 an hour from one caller number, 10 a day for one account.

Only tries that failed count, whether the account exists or not. They are counted from the events, so a restart forgets none. A
try counts from the moment it is begun, so that many calls at once have no more of them. Callers who withhold their number count as one.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TypeVar

from engine.core.entitlement import TRIES
from engine.core.event import Event

K = TypeVar("K")

HOUR, DAY = 3600.0, 86_400.0
PER_CALLER, PER_ACCOUNT = 5, 10
IN_CALL, BY_CALLER, FOR_ACCOUNT = LIMITS = (
    "too_many_tries_in_call",
    "too_many_tries_by_caller",
    "too_many_tries_for_account",
)


@dataclass(eq=False, slots=True)
class Try:
    """One try: when (seconds since the epoch), from which caller number, for which account (a source and a number), in which contact."""

    at: float
    caller: str
    account: tuple[str, str]
    contact: str


@dataclass(slots=True)
class Limits:
    """The tries of the last day."""

    _tries: deque[Try] = field(default_factory=deque)
    _by_caller: dict[str, list[Try]] = field(default_factory=lambda: defaultdict(list))
    _by_account: dict[tuple[str, str], list[Try]] = field(default_factory=lambda: defaultdict(list))

    def take(self, event: Event) -> None:
        """Count an `entitled` or `agent_sign_in` event that tells of a try that failed."""
        d = event.data
        if d.get("failed_pin"):
            self.begin(Try(event.at, d["caller"], (d["source"], d["account"]), event.contact or ""))

    def reached(self, wanted: Try) -> str | None:
        """Which limit forbids this try; None if it may be made."""
        self._forget(wanted.at)
        caller = self._by_caller.get(wanted.caller, [])
        if sum(one.contact == wanted.contact for one in caller) >= TRIES:
            return IN_CALL
        if sum(one.at > wanted.at - HOUR for one in caller) >= PER_CALLER:
            return BY_CALLER
        if len(self._by_account.get(wanted.account, [])) >= PER_ACCOUNT:
            return FOR_ACCOUNT
        return None

    def begin(self, one: Try) -> None:
        """Count a try."""
        self._tries.append(one)
        self._by_caller[one.caller].append(one)
        self._by_account[one.account].append(one)

    def undo(self, one: Try) -> None:
        """A try did not fail, or nothing came of it."""
        if one in self._tries:
            self._tries.remove(one)
            self._drop(one)

    def _forget(self, now: float) -> None:
        while self._tries and self._tries[0].at <= now - DAY:
            self._drop(self._tries.popleft())

    def _drop(self, one: Try) -> None:
        _take_out(self._by_caller, one.caller, one)
        _take_out(self._by_account, one.account, one)


def _take_out(held: dict[K, list[Try]], key: K, one: Try) -> None:
    held[key].remove(one)
    if not held[key]:
        del held[key]
