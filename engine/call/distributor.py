"""The one owner of queues and agents: facts in, `decide`, events written, commands delivered.

A turn is one synchronous piece: decide, turn commands into events, append them. The commands wait in order for their commit and only then
go to the contacts' inboxes (law 3), so the next turn can already be decided while the disk works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog

from engine.call.diary import Diary
from engine.call.promises import Promises
from engine.core import acd
from engine.core.acd import Command, Fact
from engine.core.acd_log import LogFold
from engine.core.board import is_offered
from engine.core.doors import Doors
from engine.core.event import Event
from engine.core.owing import LastTalk, Owing
from engine.core.phones import Rung, rung
from engine.core.places import Place, Places, is_known
from engine.core.site import Settings
from engine.core.waiting import Estimate
from engine.store.ledger import Ledger

log = structlog.get_logger()

#: Seconds after which a timer looks at the clock again, which may have been set forward.
LOOK_AGAIN = 30.0
#: Where commands for a contact go; False when the contact is not here (any more).
Deliver = Callable[[str, Command], bool]


class Distributor:
    """Owns the distributor's state; every change goes through `submit`."""

    def __init__(
        self,
        state: acd.State,
        ledger: Ledger,
        now: Callable[[], float],
        doors: Doors | None = None,
        places: Places | None = None,
        promises: Promises | None = None,
        owing: Owing | None = None,
    ) -> None:
        self.state = state
        self.places = places or Places()
        self.promises = promises or Promises(now)
        self.owing = owing or Owing()
        self.doors = doors or Doors(state.settings)
        #: When the doors are to be looked at next, seconds since the epoch.
        self._doors_due = 0.0
        self._ledger = ledger
        self._diary = Diary(state, ledger, self.owing)
        self._now = now
        self._outbox: asyncio.Queue[tuple[asyncio.Future[None], list[Command]]] = asyncio.Queue()
        self._timer: asyncio.TimerHandle | None = None
        #: What the timer is set for, seconds since the epoch.
        self._due: float | None = None
        #: Until calls are seen nothing is decided by the clock alone: who should have waited too long may have been gone for hours.
        self._held = True
        #: Who wants to hear when queues open or close, by contact.
        self.listeners: dict[str, Callable[[acd.Doors], None]] = {}
        #: Hears of every change of an agent, once it is on disk.
        self.on_agent: Callable[[acd.AgentChanged], None] = lambda changed: None

    def submit(self, fact: Fact) -> asyncio.Future[None]:
        """Take in a fact; the future is done when what follows from it is on disk."""
        now = self._now()
        self._mind_doors(now)
        return self._turn(fact, now)

    def override(self, event: Event) -> asyncio.Future[None]:
        """Take in what a person says over the calendars; the future is done when it is on disk."""
        written = self._ledger.append(event)
        self.doors.take(event)
        self._look_at_doors()
        return written

    def _look_at_doors(self) -> None:
        self._doors_due = 0.0
        self._mind_doors(self._now())
        self._set_timer()

    def _mind_doors(self, now: float) -> None:
        """Tell the distributor which queues are closed where that has changed; not while nobody knows who is still there."""
        if self._held or now < self._doors_due:
            return
        before = self._closed()
        closed, self._doors_due = self.doors.look(now, before)
        if closed != before:
            self._turn(acd.Doors(closed), now)
            self._tell(closed)

    def _closed(self) -> dict[str, float]:
        return {q.name: q.drains_at for q in self.state.queues.values() if q.drains_at is not None}

    def _tell(self, closed: Mapping[str, float]) -> None:
        for hear in list(self.listeners.values()):
            hear(acd.Doors(closed))

    def _turn(self, fact: Fact, now: float) -> asyncio.Future[None]:
        events = self._diary.of_fact(fact, now)
        commands = acd.decide(self.state, fact, now)
        for command in commands:
            events.extend(self._diary.of_command(command, fact, now))
        self._learn(events)
        written = self._ledger.append(*events)
        if commands:
            self._outbox.put_nowait((written, commands))
        self._set_timer()
        return written

    def _learn(self, events: Iterable[Event]) -> None:
        """What becomes of places that are kept, of what callers were told of their wait, and of what agents can tell of."""
        for event in events:
            self.places.take(event)
            self.promises.take(event)
            self.owing.take(event)

    def reload(self, settings: Settings) -> None:
        """Take in a changed site."""
        now = self._now()
        commands = acd.reload(self.state, settings, now)
        events = [event for command in commands for event in self._diary.of_command(command, acd.Tick(), now)]
        self._learn(events)
        self._outbox.put_nowait((self._ledger.append(*events), commands))
        self.doors.settings = settings
        self._look_at_doors()
        self._tell(self._closed())  # a queue may be there again

    async def run(self, deliver: Deliver) -> None:
        """Deliver commands after their commit, in order, until cancelled."""
        try:
            while True:
                written, commands = await self._outbox.get()
                await written
                for command in commands:
                    self._dispatch(command, deliver)
        finally:
            if self._timer is not None:
                self._timer.cancel()

    def hold(self) -> None:
        """Asterisk reports no more: what becomes due waits."""
        self._held = True

    def go_on(self) -> None:
        """Asterisk reports, and who is gone has been told: do what became due."""
        self._held = False
        self._doors_due = 0.0
        self.submit(acd.Tick())

    def position(self, contact: str) -> int:
        """The caller's place from 1; 0 when they do not wait."""
        return acd.position(self.state, contact)

    def estimate(self, contact: str) -> Estimate | None:
        """The caller's estimated wait, where anything honest can be said."""
        return acd.estimate(self.state, contact, self._now())

    def expected(self, queue: str) -> float | None:
        """The mean wait in seconds of a caller who came to a queue now; None where it cannot be told."""
        return acd.expected(self.state, queue)

    def offering(self, contact: str) -> bool:
        """True while a phone rings for this caller."""
        return is_offered(self.state, contact)

    def last_talk(self, agent: str) -> LastTalk | None:
        """The agent's last conversation, while they can still tell what it was about."""
        return self.owing.of(agent, self._now())

    def rung(self, agent: str) -> Rung | None:
        """How an agent is rung where they are now; None where they have no phone."""
        known = self.state.agents.get(agent)
        return None if known is None else rung(self.state.settings, known.rule, known.phone)

    def overview(self) -> dict[str, Any]:
        """Queues, how each has kept its promises, callers and agents, as JSON values."""
        told = acd.overview(self.state, self._now())
        for name, queue in told["queues"].items():
            queue["promises"] = self.promises.shown(name)
        return told

    def _dispatch(self, command: Command, deliver: Deliver) -> None:
        if isinstance(command, acd.AgentChanged):
            self.on_agent(command)
            return
        if isinstance(command, acd.Asked):
            return  # who asks for an agent has waited for the commit already
        if not deliver(command.contact, command) and isinstance(command, acd.Offer):
            # The contact ended in the very moment of the offer: its Left is on the way, nobody will ring.
            log.debug("an offer found its caller gone", offer=command.offer, contact=command.contact)

    def place_of(self, contact: str, queues: Sequence[str], group: str | None) -> Place | None:
        """The place that is kept for whoever calls here, in these queues or this group."""
        known = self._ledger.open.get(contact)
        number = known.from_number if known else ""
        return self.places.of(number, queues, group, self._now()) if is_known(number) else None

    def _set_timer(self) -> None:
        due = self._next_due()
        if self._timer is not None:
            if due == self._due:
                return  # set anew with every fact, a stream of facts would put off a due Tick for ever
            self._timer.cancel()
        self._timer, self._due = None, due
        if due is not None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(min(LOOK_AGAIN, max(0.0, due - self._now())), self._tick)

    def _next_due(self) -> float | None:
        due = acd.next_due(self.state)
        moving = self.doors.rulings or any(q.rule.schedule for q in self.state.queues.values())
        if self._held or not moving:
            return due
        return self._doors_due if due is None else min(due, self._doors_due)

    def _tick(self) -> None:
        self._timer = None
        if self._held:
            return
        due = self._next_due()
        if due is not None and due <= self._now():
            self.submit(acd.Tick())
        else:
            self._set_timer()


#: Events that the distributor's state is folded from.
ACD_KINDS = (
    "queued",
    "widened",
    "offered",
    "picked_up",
    "offer_ended",
    "connected",
    "left_queue",
    "calling",
    "calling_answered",
    "calling_ended",
    "transferred",
    "talk_ended",
    "doors",
    "ended",
    "agent_state",
)


def rebuilt(settings: Settings, events: list[Event], now: float) -> acd.State:
    """The state that these events (in order, of ACD_KINDS) leave behind."""
    return acd.restore(settings, LogFold().take_all(events).rows(), now)
