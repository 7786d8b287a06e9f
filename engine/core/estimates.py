"""What callers were told of their wait, held against what it was.

Every `announced` event carries the estimate it was made of, also where no time was told (a *shadow*: the queue tells the place alone). The
told time is the bucket that was spoken; a shadow's is the bucket that would have been.

**How one is judged.** A promise lasts from its announcement until the told time is over.

    the caller was answered before that       kept
    it ran out while they still waited        broken, whatever came afterwards
    they left unanswered before it ran out    not judged: nobody knows whether it would have been kept
    "more than an hour"                       not judged: nothing was promised

Errors are of those who were answered: seconds told (and estimated) less seconds waited from the announcement. A move to another queue ends
a promise as leaving does.

**What follows.** A queue that kept less than 70 % of the promises judged in the last 7 days, at least 20 of them, tells the place alone.
Shadows count as much as what was told: so a queue whose estimates have become right again tells times again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from engine.core.event import Event
from engine.core.waiting import bucket

#: Seconds back that a queue's promises are counted; of at least so many; and the least share of them to be kept.
WINDOW = 7 * 86_400.0
ENOUGH = 20
LEAST = 0.7
#: Seconds by which a told time is too short for people to mind.
SHORT_BY = 30.0

#: Kinds of events that say what was told and what came of it.
KINDS = ("announced", "queued", "connected", "left_queue", "ended")


@dataclass(frozen=True, slots=True)
class Promise:
    """One estimate: of which contact and queue, when, what was estimated (seconds), and the minutes told, or meant (None: over an hour).

    `waited` are the seconds until the caller was answered (None: they were not, or not yet), `kept` how it was judged (None: it was not).
    """

    contact: str
    queue: str
    at: float
    mean: float
    minutes: int | None
    told: bool
    waited: float | None = None
    kept: bool | None = None

    @property
    def seconds(self) -> float | None:
        """The time told, or meant, in seconds."""
        return None if self.minutes is None else self.minutes * 60.0

    def judged(self, at: float, answered: bool) -> Promise:
        """As it stands when the caller is answered, or leaves, or still waits then."""
        waited = max(0.0, at - self.at)
        kept = None
        if self.seconds is not None and (answered or waited > self.seconds):
            kept = waited <= self.seconds
        return replace(self, waited=waited if answered else None, kept=kept)


class Estimates:
    """Promises from a log: those still open, by contact; `take` hands out those that an event has closed."""

    def __init__(self) -> None:
        self._open: dict[str, list[Promise]] = {}

    def take(self, event: Event) -> list[Promise]:
        """Fold one event; the promises it closes, judged."""
        contact = event.contact or ""
        match event.kind:
            case "announced":
                promise = promise_of(event)
                if promise is not None:
                    self._open.setdefault(contact, []).append(promise)
            case "connected":
                return self._close(contact, event.at, answered=True)
            case "queued" if event.data.get("moved_from") is not None:
                return self._close(contact, event.at, answered=False)
            case "left_queue" | "ended":
                return self._close(contact, event.data.get("seen", event.at), answered=False)
        return []

    def standing(self, now: float) -> list[Promise]:
        """The promises of those who still wait, as they stand now: one whose time is over is broken already."""
        return [promise.judged(now, answered=False) for one in self._open.values() for promise in one]

    def _close(self, contact: str, at: float, answered: bool) -> list[Promise]:
        return [promise.judged(at, answered) for promise in self._open.pop(contact, ())]


def promise_of(event: Event) -> Promise | None:
    """The promise of an `announced` event; None where nothing could be estimated."""
    data = event.data
    if data.get("mean") is None:
        return None
    told, minutes = bool(data["told"]), data["minutes"]
    if not told:
        minutes = bucket(data["mean"] + 0.5 * data["sd"])
    return Promise(event.contact or "", data["queue"], event.at, data["mean"], minutes, told)


@dataclass(slots=True)
class _Lately:
    """One queue's judged promises of the last days, in the order they were judged: when, and whether kept."""

    judged: deque[tuple[float, bool]] = field(default_factory=deque)
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """How a queue has kept its promises lately: how many were judged, how many kept, and whether it tells times."""

    judged: int
    kept: int

    @property
    def rate(self) -> float | None:
        """The share that was kept; None where none was judged."""
        return self.kept / self.judged if self.judged else None

    @property
    def tells_times(self) -> bool:
        """False where too few were kept, of enough."""
        return self.judged < ENOUGH or self.kept >= LEAST * self.judged


class Keeping:
    """Which queues keep their promises, carried along with the log; each event costs what it closes."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self._estimates = Estimates()
        self._queues: dict[str, _Lately] = {}
        for event in events:
            self.take(event)

    @property
    def queues(self) -> tuple[str, ...]:
        """Those of which anything is known."""
        return tuple(self._queues)

    def take(self, event: Event) -> frozenset[str]:
        """After one more event; the queues in which it has closed promises."""
        closed = self._estimates.take(event)
        if not closed:
            return frozenset()
        judged = [promise for promise in closed if promise.kept is not None]
        for promise in judged:
            lately = self._queues.setdefault(promise.queue, _Lately())
            lately.judged.append((event.at, bool(promise.kept)))
            lately.kept += bool(promise.kept)
        return frozenset(promise.queue for promise in judged)

    def of(self, queue: str, now: float) -> Record:
        """A queue's record now; what is older than the window is forgotten on the way."""
        lately = self._queues.get(queue)
        if lately is None:
            return Record(0, 0)
        while lately.judged and lately.judged[0][0] <= now - WINDOW:
            lately.kept -= lately.judged.popleft()[1]
        return Record(len(lately.judged), lately.kept)


@dataclass(frozen=True, slots=True)
class Score:
    """How a queue's estimates turned out; seconds and shares are None where there is nothing to take them of.

    `told` times and `shadows` (not told) were estimated; `judged` of both were, and `kept`. Of those answered (`answered`): the mean
    error of the time told (positive: told too long) and of the estimate, their mean absolute errors, and the share told more than
    30 s too short.
    """

    queue: str
    told: int
    shadows: int
    judged: int
    kept: int
    answered: int
    error: float | None
    mae: float | None
    estimate_error: float | None
    estimate_mae: float | None
    too_short: float | None

    @property
    def kept_rate(self) -> float | None:
        """Kept of judged."""
        return self.kept / self.judged if self.judged else None


def score(queue: str, promises: Iterable[Promise]) -> Score:
    """The score of one queue's promises."""
    mine = list(promises)
    served = [(p, p.waited) for p in mine if p.waited is not None]
    told = [(p.seconds - waited) for p, waited in served if p.seconds is not None]
    estimated = [p.mean - waited for p, waited in served]
    return Score(
        queue,
        told=sum(p.told for p in mine),
        shadows=sum(not p.told for p in mine),
        judged=sum(p.kept is not None for p in mine),
        kept=sum(bool(p.kept) for p in mine),
        answered=len(served),
        error=_mean(told),
        mae=_mean([abs(x) for x in told]),
        estimate_error=_mean(estimated),
        estimate_mae=_mean([abs(x) for x in estimated]),
        too_short=_mean([float(x < -SHORT_BY) for x in told]),
    )


def scores(events: Iterable[Event], since: float, now: float) -> dict[str, Score]:
    """The score of every queue in which estimates were made since then, by its name; `events` of KINDS, in order."""
    estimates, promises = Estimates(), list[Promise]()
    for event in events:
        promises += estimates.take(event)
    promises += estimates.standing(now)
    found: dict[str, list[Promise]] = {}
    for promise in sorted((p for p in promises if p.at >= since), key=lambda p: p.at):
        found.setdefault(promise.queue, []).append(promise)
    return {queue: score(queue, found[queue]) for queue in sorted(found)}


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
