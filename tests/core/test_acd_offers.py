"""Very many offers with random timing: no double offer, no lost caller, no stuck agent, and the log adds up.

Ten thousand by default; QUIETLINE_OFFERS=100000 makes it as many as are wanted. Nobody waits for anything: time is a number. Reports are
on their way for a while, so they cross: an agent answers in the very moment in which the caller hangs up, a phone rings out as it is
withdrawn.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from acd_shell import Shell, site

from engine.core import acd
from engine.core.audit import check_invariants
from engine.core.site import AgentRule, GroupRule, QueueRule

OFFERS = int(os.environ.get("QUIETLINE_OFFERS", "10000"))
QUEUES = [
    QueueRule("sales", capacity=30, ring=20, wrap_up=5, cool_down=15),
    QueueRule("support", capacity=30, ring=15, wrap_up=0, cool_down=0, rona="ready"),
    QueueRule("front", capacity=30, ring=15, wrap_up=4, cool_down=5, strategy="ring_all", ring_all_max=3),
    QueueRule("night", capacity=10, ring=10, wrap_up=3, cool_down=40, count_paused=True, whisper=("wait",)),
]
#: Anna and Boris are wanted by all queues at once; some callers need what only two can do.
AGENTS = [
    AgentRule("anna", ("sales", "support", "night", "front"), skills=frozenset({"ar"})),
    AgentRule("boris", ("sales", "support", "night", "front")),
    AgentRule("chen", ("sales", "front")),
    AgentRule("dora", ("support", "night", "front"), skills=frozenset({"ar"})),
    AgentRule("emil", ("night", "front")),
]
SITE = site(QUEUES, AGENTS, [GroupRule("all", tuple(queue.name for queue in QUEUES))])
#: What becomes of a phone that rings, and how often.
FATES = {
    "answered": 60,
    "no_answer": 8,
    "rejected": 8,
    "busy": 4,
    "unreachable": 4,
    "silence": 3,
    "crossed": 8,
    "off": 5,
}
#: Seconds a report is on its way.
SLOWEST = 0.4


class Trial(Shell):
    """Callers who come without end until enough offers were made, agents who do anything, and reports that are late."""

    def __init__(self, seed: int) -> None:
        super().__init__(SITE)
        self.chance = random.Random(seed)
        self.plans: list[tuple[float, int, Callable[[], object]]] = []
        self.number = count()
        self.callers = count()
        self.happened: Counter[str] = Counter()
        for agent in AGENTS:
            self.tell(acd.AgentSet(agent.name, "ready"))
        self.somebody_calls()

    # --- time ---

    def after(self, seconds: float, do: Callable[[], object]) -> None:
        heappush(self.plans, (self.now + seconds, next(self.number), do))

    def late(self, fact: acd.Fact) -> None:
        self.after(self.chance.uniform(0.0, SLOWEST), lambda: self.report(fact))

    def live(self) -> None:
        while self.plans:
            at, _, do = heappop(self.plans)
            self.act_on(self.pass_time(at))
            do()
        self.act_on(self.pass_time(self.now + 10_000.0))

    def report(self, fact: acd.Fact) -> None:
        self.act_on(self.tell(fact))

    def act_on(self, commands: list[acd.Command]) -> None:
        for command in commands:
            if isinstance(command, acd.Offer):
                self.ring(command)

    # --- people ---

    def somebody_calls(self) -> None:
        chance, contact = self.chance, f"c{next(self.callers)}"
        queues = chance.choice(
            [("sales",), ("support",), ("front",), ("night", "sales"), ("sales", "support", "night")]
        )
        skills = frozenset({"ar"} if chance.random() < 0.2 else ())
        self.happened["arrived"] += 1
        self.report(
            acd.Arrived(contact, queues, skills=skills, priority=chance.choice((1, 5, 5, 9)), max_wait=90.0)
        )
        if chance.random() < 0.4:
            reason = chance.choice(("abandoned", "abandoned", "key"))
            self.after(chance.uniform(0.5, 120.0), lambda: self.report(acd.Left(contact, reason)))
        if chance.random() < 0.05:
            self.somebody_does_something(chance.choice(AGENTS).name)
        if len(self.offers) < OFFERS:
            self.after(chance.expovariate(1 / 4.0), self.somebody_calls)

    def somebody_does_something(self, agent: str) -> None:
        chance = self.chance
        match chance.choice(("paused", "logged_out", "phone")):
            case "phone":
                self.report(acd.PhoneReachable(agent, False))
                self.after(chance.uniform(1.0, 30.0), lambda: self.report(acd.PhoneReachable(agent, True)))
            case word:
                self.report(acd.AgentSet(agent, word, "lunch"))
        self.after(chance.uniform(1.0, 40.0), lambda: self.report(acd.AgentSet(agent, "ready")))

    def ring(self, offer: acd.Offer) -> None:
        """Nobody may have more phones ringing for them than their queue allows, and nobody's phone may ring for two."""
        self.happened["offered"] += 1
        state = self.state
        assert sum(ringing.agent.name == offer.agent for ringing in state.offers.values()) <= 1, (
            f"{offer}: double"
        )
        most = 3 if offer.queue == "front" else 1
        assert sum(ringing.caller.contact == offer.contact for ringing in state.offers.values()) <= most, (
            f"{offer}: double"
        )
        chance = self.chance
        fate = chance.choices(list(FATES), list(FATES.values()))[0]
        rang = chance.uniform(0.0, offer.ring)
        match fate:
            case "answered":
                self.after(rang, lambda: self.answered(offer))
            case "crossed":
                self.after(rang, lambda: self.crossed(offer))
            case "off":
                self.after(rang, lambda: self.report(acd.PhoneReachable(offer.agent, False)))
                self.after(rang + 20.0, lambda: self.report(acd.PhoneReachable(offer.agent, True)))
            case "no_answer":
                self.after(offer.ring, lambda: self.late(acd.OfferFailed(offer.offer, fate)))
                self.after(offer.ring + 30.0, lambda: self.report(acd.AgentSet(offer.agent, "ready")))
            case "silence":
                pass
            case _:
                self.after(rang, lambda: self.late(acd.OfferFailed(offer.offer, fate)))

    def crossed(self, offer: acd.Offer) -> None:
        """The agent answers as the caller hangs up: both reports are on their way, in any order."""
        self.late(acd.Left(offer.contact, "abandoned"))
        self.late(acd.PickedUp(offer.offer))
        self.late(acd.Connected(offer.offer))
        self.after(SLOWEST + 0.1, lambda: self.report(acd.TalkEnded(offer.contact)))

    def answered(self, offer: acd.Offer) -> None:
        """Picking up is told at once, or a little later: then another phone may be picked up meanwhile, or they speak already."""
        (self.report if self.chance.random() < 0.5 else self.late)(acd.PickedUp(offer.offer))
        self.late(acd.Connected(offer.offer))
        self.after(
            SLOWEST + self.chance.expovariate(1 / 8.0), lambda: self.late(acd.TalkEnded(offer.contact))
        )


def recount(trial: Trial) -> None:
    """Everything that was offered has ended in one way, everybody who came is gone in one way, and the log says the same of both."""
    kinds = Counter(event.kind for event in trial.log)
    ends = Counter(event.data["why"] for event in trial.log if event.kind == "offer_ended")
    assert kinds["offered"] == trial.happened["offered"] == len(trial.offers)
    assert kinds["offered"] == kinds["connected"] + sum(ends.values())
    ended = [event.data["offer"] for event in trial.log if event.kind in ("offer_ended", "connected")]
    assert sorted(ended) == sorted(trial.offers), "an offer has two ends, or none"
    fates = Counter(trial.fate.values())
    assert sum(fates.values()) == trial.happened["arrived"] == len(trial.asked)
    left = Counter(event.data["outcome"] for event in trial.log if event.kind == "left_queue")
    assert left == fates - Counter(refused=fates["refused"]) + Counter(refused=left["refused"])
    assert left["answered"] == kinds["connected"] == kinds["talk_ended"]
    whys = {"no_answer", "rejected", "busy", "unreachable", "abandoned", "paused", "logged_out", "taken"}
    assert set(ends) >= whys


def test_very_many_offers_lose_nobody_double_nothing_and_add_up() -> None:
    trial = Trial(seed=20261128)
    trial.live()
    assert len(trial.offers) >= OFFERS
    state = trial.state
    check_invariants(state, trial.now)
    assert not (state.offers or state.callers or state.talks), "somebody is stuck"
    assert {str(agent.state) for agent in state.agents.values()} <= {"ready", "paused", "logged_out"}
    assert all(agent.contact is None and not agent.cooling for agent in state.agents.values())
    recount(trial)
    assert acd.summary(trial.rebuilt(), trial.now) == acd.summary(state, trial.now)
