"""Logs for reports: ones that chance makes, whole as the engine writes them, and the recount that needs no fold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from engine.core.event import Event

QUEUES = ("sales", "support")
#: How a caller may leave a queue at the log's end of it.
LEAVING = (
    "answered",
    "abandoned",
    "short_abandoned",
    "flow_out",
    "timed_out",
    "refused",
    "failed",
    "stopped",
)


@dataclass
class Log:
    """A log in the making, with the counts that are true of it."""

    events: list[Event] = field(default_factory=list)
    now: float = 1_000_000.0
    contacts: int = 0
    truth: dict[str, Counter[str]] = field(default_factory=lambda: {queue: Counter() for queue in QUEUES})

    def write(self, kind: str, contact: str | None = None, agent: str | None = None, /, **data: Any) -> None:
        self.events.append(Event(kind, self.now, contact, agent, data, len(self.events) + 1))


def live(log: Log, draw: st.DrawFn) -> None:
    """One call, from its arrival to its end, or to where the log ends."""
    log.contacts += 1
    contact = f"c{log.contacts:03}"
    log.write("arrived", contact, flow="support", from_number="7001", channel=contact, to_number="100")
    queue = draw(st.sampled_from(QUEUES))
    if draw(st.booleans()) and draw(st.booleans()):
        table = [{"queue": queue}, {"queue": "other"}]
        log.write("left_queue", contact, queue=None, outcome="refused", decision={"candidates": table})
        log.truth[queue]["refused"] += 1
    elif draw(st.integers(0, 3)) and not wait(log, draw, contact, queue):
        return
    log.write("ended", contact, cause=draw(st.sampled_from(("caller", "flow", "stopped"))))


def wait(log: Log, draw: st.DrawFn, contact: str, queue: str) -> bool:
    """A stay, and those that follow it; False where the log ends with the caller in line."""
    since = log.now
    log.write("queued", contact, queue=queue, enqueued_at=since, moved_from=None)
    if draw(st.booleans()) and draw(st.booleans()):  # told again after a restart
        log.write("queued", contact, queue=queue, enqueued_at=since, moved_from=None)
    log.now += draw(st.sampled_from((0.5, 3.0, 4.999, 5.0, 19.0, 20.0, 21.0, 200.0)))
    what = draw(st.sampled_from((*LEAVING, "moved", "left open", "ended unseen")))
    if what == "moved":
        other = QUEUES[1 - QUEUES.index(queue)]
        log.write("queued", contact, queue=other, enqueued_at=since, moved_from=queue)
        log.truth[queue]["flow_out"] += 1
        log.now += 1.0
        log.write("left_queue", contact, queue=other, outcome="timed_out")
        log.truth[other]["timed_out"] += 1
        return True
    if what == "left open":
        log.truth[queue]["waiting"] += 1
        return False
    if what == "ended unseen":
        log.truth[queue]["failed"] += 1
        log.write("ended", contact, cause="lost")
        return False
    leave(log, draw, contact, queue, what, log.now - since)
    return True


def leave(log: Log, draw: st.DrawFn, contact: str, queue: str, what: str, waited: float) -> None:
    """How a stay ends, and what may follow."""
    if what == "answered":
        log.write("connected", contact, "2001", offer=f"o-{contact}", agent="2001", queue=queue, leg="x")
    log.write("left_queue", contact, queue=queue, outcome=what)
    if what == "answered":
        log.now += 30.0
        log.write("talk_ended", contact, "2001", by="caller", agent="2001")
    if what == "flow_out" and draw(st.booleans()):
        log.write("step", contact, do="Book", outcome=f"{contact}-back1")
        what = "callback_taken"
    if what in ("abandoned", "short_abandoned"):
        what = "short_abandoned" if round(waited, 3) < 5.0 else "abandoned"
    log.truth[queue]["failed" if what == "stopped" else what] += 1


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """A log of up to twenty calls."""
    log = Log()
    for _ in range(draw(st.integers(0, 20))):
        live(log, draw)
        log.now += draw(st.sampled_from((0.0, 1.0, 400.0, 1000.0)))
    log.now += 1.0
    return log
