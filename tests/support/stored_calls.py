"""Calls that were never placed, as the log would hold them: a flow walked with given outcomes, and its events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.config import Loaded
from engine.core import do as d
from engine.core import interpreter as i
from engine.core.event import Event
from engine.core.flow import Flow
from engine.store.ledger import open_ledger

#: Seconds each caller waits in a queue, and everything else takes.
WAIT, TAKES = 30.0, 1.0
QUIET = (d.Play, d.End, d.Remember, d.Listen)


def events(
    flow: Flow,
    contact: str,
    to_number: str,
    at: float,
    outcomes: Iterable[d.Outcome],
    from_number: str = "7001",
) -> Iterator[Event]:
    """A call's events: what asks for an answer takes the next outcome, and where none is left the caller hangs up."""
    about = {"from_number": from_number, "to_number": to_number, "channel": contact, "via": "sip"}
    version = {"flow": flow.name, "flow_hash": flow.hash, "language": flow.languages[0]}
    yield Event("arrived", at, contact, data={**about, **version})
    yield Event("answered", at, contact)
    given = {"language": flow.languages[0], "from_number": from_number, "to_number": to_number}
    walk, left = i.replay(flow, (), given), list(outcomes)
    while (do := walk.do) is not None and (isinstance(do, QUIET) or left):
        outcome = None if isinstance(do, QUIET) else left.pop(0)
        at += TAKES
        for event in _beside(do, outcome, contact, at):
            at = event.at
            yield event
        walk.send(outcome)
        told = {"outcome": outcome, "language": walk.way.variables["language"], "playing_at": at}
        yield Event("step", at, contact, data={**d.plain(do), **told})
    if isinstance(walk.do, d.Enqueue):
        yield _queued(walk.do, contact, at)
        at += WAIT
        yield Event("left_queue", at, contact, data={"queue": walk.do.queue, "outcome": "abandoned"})
    yield Event("ended", at, contact, data={"cause": "flow" if walk.do is None else "caller"})


def _beside(do: d.Do, outcome: d.Outcome, contact: str, at: float) -> Iterator[Event]:
    """What happens while a caller waits or speaks."""
    if isinstance(do, d.Enqueue) and outcome not in ("full", "unstaffed", "closed"):
        yield _queued(do, contact, at)
        if outcome == "done":
            leg = {"offer": "o", "queue": do.queue, "leg": "l"}
            yield Event("connected", at + WAIT, contact, "2001", leg)
            yield Event("left_queue", at + WAIT, contact, data={"queue": do.queue, "outcome": "answered"})
            yield Event("talk_ended", at + WAIT + 60, contact, "2001", {"by": "agent", "agent": "2001"})
        else:
            how = {"queue": do.queue, "outcome": "timed_out" if outcome == "timeout" else "flow_out"}
            yield Event("left_queue", at + (do.max_wait if outcome == "timeout" else WAIT), contact, data=how)
    elif isinstance(do, d.Enqueue):
        yield Event(
            "left_queue",
            at,
            contact,
            data={"queue": None, "outcome": "refused", "why": outcome, "decision": {}},
        )
    elif isinstance(do, d.Record) and outcome == "left":
        kept = {
            "recording": "r",
            "mailbox": do.mailbox,
            "file": f"{contact}.wav",
            "seconds": 5.0,
            "replaces": None,
        }
        yield Event("message", at, contact, data={**kept, "reviewed": do.review})


def _queued(do: d.Enqueue, contact: str, at: float) -> Event:
    queued = {"queue": do.queue, "group": None, "enqueued_at": at, "position": 1}
    return Event("queued", at, contact, data={**queued, "estimate": None, "decision": {}})


async def store(state: Path, site: Loaded, calls: Iterable[Iterable[Event]]) -> None:
    """A state's database with these calls, and the versions of the site's flows."""
    async with open_ledger(state / "quietline.db", durable=False) as ledger:
        for name, flow in site.snapshot.flows.items():
            await ledger.put_flow(flow.hash, name, site.sources[name], 0.0)
        for call in calls:
            await ledger.append(*call)
