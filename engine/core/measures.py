"""What the distributor learns from contacts: handle time H, abandon rate θ, and how agents divide their time.

- H of a queue: mean of its last 100 handled contacts (bridged until wrap-up is over), shrunk to the configured prior with weight 5.
- θ of a queue: abandons ÷ seconds waited, over the last 200 contacts that queued; 0 until 20 are seen.
- Busy share of an agent (`Presence`): seconds reserved, talking and in wrap-up ÷ these and the seconds ready, since they signed in and
  within the last 60 min; pauses count in neither.
- Share of an agent in a queue: their seconds on its contacts ÷ on all contacts, of those finished in the last 2 h; 1/k for an agent
  of k queues until 20 of them are seen.

Everything is kept as whole microseconds and whole parts of 2⁴⁰, so sums can be carried along one by one and still
equal, to the last bit, the sums of the same rows read back from the log.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from engine.core.agent import AgentState

HANDLED_KEPT = 100
WAITED_KEPT = 200
PRIOR_WEIGHT = 5
SEEN_ENOUGH = 20
SHARE_WINDOW = 7200.0  # seconds
SHARE_UNIT = 1 << 40
BUSY_WINDOW = 3600.0  # seconds

#: What a state counts as in a busy share: ready, busy, away, or signed out.
_READY, _BUSY, _AWAY, _OUT = range(4)
COUNTS_AS: Mapping[str, int] = {
    AgentState.READY: _READY,
    AgentState.RESERVED: _BUSY,
    AgentState.TALKING: _BUSY,
    AgentState.WRAP_UP: _BUSY,
    AgentState.OWN_CALL: _BUSY,
    AgentState.PAUSED: _AWAY,
    AgentState.LOGGED_OUT: _OUT,
}


@dataclass(frozen=True, slots=True)
class Handled:
    """One contact an agent has finished: bridged at `connected_at`, wrap-up over at `wrapped_at`."""

    contact: str
    queue: str
    agent: str
    connected_at: float
    wrapped_at: float


@dataclass(frozen=True, slots=True)
class Waited:
    """One contact that has left a queue's line after `seconds`, answered or not; `abandoned` if the caller hung up."""

    contact: str
    queue: str
    seconds: float
    abandoned: bool


def unseen(now: float, seen: float | None, began: float) -> float:
    """Seconds of something that `began` and is over `now`, in which nobody saw it; 0 where its end was seen."""
    return 0.0 if seen is None else now - max(seen, began)


def micro(seconds: float) -> int:
    """Seconds as whole microseconds."""
    return round(seconds * 1e6)


class Measures:
    """One queue's H (`handle_time`, seconds) and θ (`theta`, per second), kept up to date."""

    __slots__ = (
        "_abandons",
        "_handled",
        "_handled_sum",
        "_prior",
        "_waited",
        "_waited_sum",
        "handle_time",
        "theta",
    )

    def __init__(self, prior: float) -> None:
        self._handled: deque[int] = deque()
        self._handled_sum = 0
        self._waited: deque[tuple[int, bool]] = deque()
        self._waited_sum = 0
        self._abandons = 0
        self.theta = 0.0
        self.set_prior(prior)

    def set_prior(self, prior: float) -> None:
        """Take another configured handle time, seconds (at least one, since it is divided by)."""
        self._prior = max(prior, 1.0)
        self._refresh_handle_time()

    def handled(self, seconds: float) -> None:
        """Count a finished contact's handle time."""
        self._handled.append(micro(seconds))
        self._handled_sum += self._handled[-1]
        if len(self._handled) > HANDLED_KEPT:
            self._handled_sum -= self._handled.popleft()
        self._refresh_handle_time()

    def waited(self, seconds: float, abandoned: bool) -> None:
        """Count a contact that has left the line."""
        self._waited.append((micro(seconds), abandoned))
        self._waited_sum += self._waited[-1][0]
        self._abandons += abandoned
        if len(self._waited) > WAITED_KEPT:
            oldest, gave_up = self._waited.popleft()
            self._waited_sum -= oldest
            self._abandons -= gave_up
        known = len(self._waited) >= SEEN_ENOUGH and self._waited_sum > 0
        self.theta = self._abandons * 1e6 / self._waited_sum if known else 0.0

    def summary(self) -> dict[str, object]:
        """Everything that is kept, for comparing two states."""
        return {"handled": list(self._handled), "waited": list(self._waited)}

    def _refresh_handle_time(self) -> None:
        total = PRIOR_WEIGHT * self._prior + self._handled_sum / 1e6
        self.handle_time = total / (PRIOR_WEIGHT + len(self._handled))


class Shares:
    """How one agent has divided their time over the last 2 h."""

    __slots__ = ("_contacts", "_spent", "_total")

    def __init__(self) -> None:
        self._spent: dict[str, int] = {}
        self._total = 0
        self._contacts = 0

    def add(self, queue: str, spent: int) -> None:
        """Count a finished contact of `spent` microseconds."""
        self._count(queue, spent, 1)

    def expire(self, queue: str, spent: int) -> None:
        """Forget a contact that has become too old."""
        self._count(queue, -spent, -1)

    def weights(self, queues: Sequence[str]) -> list[int]:
        """The agent's share in each queue, in parts of 2⁴⁰."""
        if self._contacts < SEEN_ENOUGH or not self._total:
            return [SHARE_UNIT // max(len(queues), 1)] * len(queues)
        return [self._spent.get(queue, 0) * SHARE_UNIT // self._total for queue in queues]

    def summary(self) -> dict[str, object]:
        """Everything that is kept, for comparing two states."""
        return {"spent": {q: s for q, s in self._spent.items() if s}, "contacts": self._contacts}

    def _count(self, queue: str, spent: int, contacts: int) -> None:
        self._spent[queue] = self._spent.get(queue, 0) + spent
        self._total += spent
        self._contacts += contacts


class Presence:
    """What one agent has been doing since they signed in, as far as their busy share goes: when what began."""

    __slots__ = ("_past", "at")

    def __init__(self, past: Iterable[tuple[float, int]] = ()) -> None:
        self._past: deque[tuple[float, int]] = deque(past)
        #: What they are doing now counts as this: see COUNTS_AS.
        self.at = self._past[-1][1] if self._past else _OUT

    def turn(self, counts_as: int, now: float) -> None:
        """Note that what the agent does from now on counts as this."""
        if counts_as == self.at:
            return
        self.at, past = counts_as, self._past
        if counts_as == _OUT:
            past.clear()
            return
        past.append((now, counts_as))
        while past[0][0] <= now - BUSY_WINDOW and past[1][0] <= now - BUSY_WINDOW:
            past.popleft()

    def occupied(self, now: float) -> float:
        """The busy share; 0 for somebody who has neither been busy nor ready."""
        spent = [0.0, 0.0, 0.0]
        until, first = now, now - BUSY_WINDOW
        for began, counts_as in reversed(self._past):
            if began <= first:
                spent[counts_as] += max(0.0, until - first)
                break
            if until > began:
                spent[counts_as] += until - began
            until = began
        seconds = spent[_BUSY] + spent[_READY]
        return spent[_BUSY] / seconds if seconds else 0.0

    @property
    def past(self) -> tuple[tuple[float, int], ...]:
        """All that is kept: when what began, the last hour of it."""
        return tuple(self._past)
