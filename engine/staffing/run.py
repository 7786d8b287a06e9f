"""One day, lived by the production distributor: `decide` of the core, told what callers and agents do, on a clock that is a number.

What the engine would have written to its log is folded at once into the books that reports are made of; nothing is counted here. The run
is over when everybody has gone: callers who came before the end are answered, or leave, after it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from heapq import heappop, heappush
from math import inf
from random import Random
from typing import Any

from engine.core import acd
from engine.core.agent import AgentState
from engine.core.event import Event
from engine.core.facts import (
    CALLER,
    AgentChanged,
    AgentSet,
    Arrived,
    Cancel,
    Coded,
    Command,
    Connected,
    Fact,
    Left,
    Offer,
    OfferFailed,
    Queued,
    Refused,
    TalkEnded,
    Tick,
    TimedOut,
)
from engine.core.floor import State, next_due
from engine.core.stays import Books
from engine.staffing.plan import Caller, Plan
from engine.staffing.telling import Teller

TICK = Tick()
#: How callers leave a line of their own accord, as the log says it.
GONE = {"abandoned": "abandoned", "key": "flow_out", "failed": "failed"}
NO_ANSWER = "no_answer"
#: How soon a phone says that it will not be answered, where it says so.
SAYS_NO = 1.0


class Run:
    """A day in progress."""

    def __init__(self, plan: Plan, callers: list[Caller], seed: str) -> None:
        self.plan = plan
        self.state: State = acd.restore(plan.settings, plan.rows, plan.opens)
        self.books = Books()
        self.teller = Teller(self.state)
        self.now = plan.opens
        self.callers: dict[str, Caller] = {}
        self.tried: dict[str, int] = {}
        self._failing = tuple(plan.phones.failed.items())
        self._seed = seed
        self._plans: list[tuple[float, int, Callable[[Any], None], Any]] = []
        self._planned = 0
        for at, fact in plan.moves():
            self._at(at, self.tell, fact)
        for caller in callers:
            self._at(caller.at, self._arrives, caller)

    def live(self) -> Books:
        """Until nothing is planned and nothing is due any more; the books of all that happened."""
        plans, state = self._plans, self.state
        while True:
            due = next_due(state)
            if due is not None and (not plans or due <= plans[0][0]):
                self.now = max(self.now, due)
                self.tell(TICK)
            elif plans:
                at, _, do, about = heappop(plans)
                self.now = max(self.now, at)
                do(about)
            else:
                return self.books

    def tell(self, fact: Fact) -> None:
        """Tell the distributor, and do what it says."""
        for command in acd.decide(self.state, fact, self.now):
            self._obey(command)

    def _at(self, at: float, do: Callable[[Any], None], about: Any) -> None:
        self._planned += 1
        heappush(self._plans, (at, self._planned, do, about))

    def _write(self, kind: str, contact: str | None, agent: str | None, data: dict[str, Any]) -> None:
        if contact is not None and kind == "left_queue":
            self.teller.left(contact)
        self.books.take(Event(kind, self.now, contact, agent, data))

    # --- what the distributor says ---

    def _obey(self, command: Command) -> None:
        match command:
            case AgentChanged():
                changed = command._asdict()
                self._write("agent_state", None, changed.pop("agent"), changed)
            case Offer(offer, contact, agent, queue):
                self._write("offered", contact, agent, {"offer": offer, "agent": agent, "queue": queue})
                self._rings(command)
            case Queued():
                self._queued(command)
            case Cancel(offer, contact, agent, why):
                self._write("offer_ended", contact, agent, {"offer": offer, "why": why})
            case Refused(contact, why, decision, queue):
                data = {"queue": queue, "outcome": "refused", "why": why, "decision": decision}
                self._write("left_queue", contact, None, data)
                self._goes_on(contact, "refused")
            case TimedOut(contact):
                self._write("left_queue", contact, None, {"queue": None, "outcome": "timed_out"})
                self._goes_on(contact, "timed_out")
            case _:
                pass

    def _queued(self, said: Queued) -> None:
        here = self.state.callers.get(said.contact)
        kind = here.kind if here is not None else self.callers[said.contact].arrived.kind
        data: dict[str, Any] = {"queue": said.queue, "enqueued_at": said.enqueued_at, "kind": kind}
        if said.moved_from is not None:
            data["moved_from"] = said.moved_from
        if here is not None and here.entered_at != said.enqueued_at:
            data["entered_at"] = here.entered_at
        event = Event("queued", self.now, said.contact, None, data)
        self.books.take(event)
        if here is not None and kind == CALLER and (at := self.teller.queued(event)) is not None:
            self._at(at, self._tells, said.contact)

    def _tells(self, contact: str) -> None:
        """A caller in line hears what is due."""
        event, again = self.teller.look(contact, self.now)
        if event is not None:
            self.books.take(event)
        if again is not None:
            self._at(again, self._tells, contact)

    # --- phones ---

    def _rings(self, offer: Offer) -> None:
        """Decide what becomes of an offer: picked up in time, or not."""
        caller, tries = self.callers[offer.contact], self.tried.get(offer.contact, 0)
        self.tried[offer.contact] = tries + 1
        seconds, why, luck = caller.pick_up, None, None
        if tries or self._failing or seconds is None:
            luck = Random(caller.luck + tries)
            u, why = luck.random(), self._why_not(luck.random())
            seconds = seconds if seconds is not None and not tries else self.plan.phones.pick_up.draw(u)
        if why is None and seconds < offer.ring + caller.arrived.dial:
            self._at(self.now + seconds, self._picked_up, offer)
        else:
            after = offer.ring if why in (None, NO_ANSWER) else min(SAYS_NO, offer.ring)
            away = self.plan.phones.back_after.draw(luck.random() if luck is not None else 0.5)
            self._at(self.now + after, self._failed, (OfferFailed(offer.offer, why or NO_ANSWER), away))

    def _why_not(self, u: float) -> str | None:
        for why, share in self._failing:
            if u < share:
                return why
            u -= share
        return None

    def _picked_up(self, offer: Offer) -> None:
        if offer.offer not in self.state.offers:
            return
        contact, agent = offer.contact, offer.agent
        data = {"offer": offer.offer, "agent": agent, "queue": offer.queue}
        self._write("connected", contact, agent, data)
        self._write("left_queue", contact, None, {"queue": offer.queue, "outcome": "answered"})
        self.tell(Connected(offer.offer))
        self._at(self.now + self.callers[contact].talk, self._talked, contact)

    def _failed(self, about: tuple[OfferFailed, float]) -> None:
        """An offer comes to nothing; who did not hear it is back after a while, if ever."""
        failed, away = about
        ringing = self.state.offers.get(failed.offer)
        if ringing is not None:
            data = {"offer": failed.offer, "agent": ringing.agent.name, "why": failed.why}
            self._write("offer_ended", ringing.caller.contact, ringing.agent.name, data)
            self.tell(failed)
            if failed.why == NO_ANSWER and away < inf:
                self._at(self.now + away, self._back, ringing.agent.name)

    def _back(self, name: str) -> None:
        """Who did not hear their phone sees that they are paused."""
        agent = self.state.agents[name]
        if agent.state is AgentState.PAUSED and agent.reason == NO_ANSWER:
            self.tell(AgentSet(name, "ready"))

    # --- conversations ---

    def _talked(self, contact: str) -> None:
        agent = self.state.talks[contact]
        self._write("talk_ended", contact, agent.name, {"agent": agent.name})
        self.tell(TalkEnded(contact))
        rule = agent.queue.rule if agent.queue is not None else None
        if rule is not None and rule.wrap_up_required and agent.contact == contact and not agent.code:
            self.tell(Coded(agent.name, rule.wrap_up_codes[0]))
        wrap = self.callers[contact].wrap
        if wrap is not None:
            self._at(self.now + wrap, self._wrapped, (agent.name, contact))
        self._goes_on(contact, "answered")

    def _wrapped(self, about: tuple[str, str]) -> None:
        """An agent who needs no more time asks for ready."""
        agent = self.state.agents[about[0]]
        if agent.state is AgentState.WRAP_UP and agent.contact == about[1] and not agent.then:
            self.tell(AgentSet(agent.name, "ready"))

    # --- callers ---

    def _arrives(self, caller: Caller) -> None:
        contact = caller.arrived.contact
        self.callers[contact] = caller
        self.tried.pop(contact, None)
        self.tell(self._as_of_now(caller))
        if contact in self.state.callers:
            leaves = min(caller.patience, caller.goes_after)
            if leaves < caller.arrived.max_wait + caller.arrived.dial + 3600.0:
                why = "abandoned" if caller.patience <= caller.goes_after else caller.reason
                self._at(self.now + leaves, self._leaves, (caller, why))

    def _as_of_now(self, caller: Caller) -> Arrived:
        """What the distributor is told: a place in time that is kept is as old as it was; closed is what is closed now."""
        arrived = caller.arrived
        closed = frozenset(name for name in arrived.queues if self._is_closed(name))
        if caller.kept:
            return replace(arrived, closed=closed, enqueued_at=self.now - caller.kept, entered_at=self.now)
        return replace(arrived, closed=closed) if closed else arrived

    def _is_closed(self, name: str) -> bool:
        queue = self.state.queues.get(name)
        return queue is not None and queue.drains_at is not None

    def _leaves(self, about: tuple[Caller, str]) -> None:
        """A caller has had enough; nothing where they are answered, or gone, or in another queue."""
        caller, why = about
        contact = caller.arrived.contact
        here = self.state.callers.get(contact)
        if here is None or self.callers[contact] is not caller:
            return
        data = {"queue": here.lane.queue.name, "outcome": GONE[why]}
        self._write("left_queue", contact, None, data)
        self.tell(Left(contact, why))
        if why != "abandoned":
            self._goes_on(contact, GONE[why])

    def _goes_on(self, contact: str, ended: str) -> None:
        """A call that went on to another queue goes on there, where this stay ended as it did then."""
        caller = self.callers[contact]
        if caller.then is not None and caller.ends == ended:
            self._at(self.now + caller.gap, self._arrives, caller.then)


def lived(plan: Plan, number: int, seed: str) -> Books:
    """The books of one day; the same plan, number and seed give the same day."""
    day = f"{seed}/{number}"
    return Run(plan, plan.callers(day), day).live()
