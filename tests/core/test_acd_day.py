"""One day of a site with 20 agents, from before opening until the last phone is down: every caller and every second is accounted for."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from math import log

import pytest
from acd_shell import Shell, site

from engine.core import acd
from engine.core.audit import check_invariants
from engine.core.site import AgentRule, GroupRule, QueueRule

HOUR, QUARTER = 3600.0, 900.0
MIDNIGHT = 1_700_006_400.0
OPENS, CLOSES, LIGHTS_OUT = MIDNIGHT + 8 * HOUR, MIDNIGHT + 20 * HOUR, MIDNIGHT + 22 * HOUR
#: Calls in each hour from 7 to 21 o'clock: a peak at ten that is more than 20 agents can take, a dip at lunch, stragglers.
PROFILE = dict(
    zip(range(7, 22), (8, 120, 230, 330, 290, 170, 180, 230, 250, 220, 170, 120, 70, 25, 10), strict=True)
)

QUEUES = [
    QueueRule("sales", capacity=12, ring=20, wrap_up=30, cool_down=60),
    QueueRule("support", capacity=15, ring=20, wrap_up=60, cool_down=60),
    QueueRule("arabic", capacity=5, ring=25, wrap_up=20, cool_down=30, rona="ready", adjust=-15),
]
MIXES = [
    ("sales",),
    ("sales", "support"),
    ("support",),
    ("support", "arabic"),
    ("sales", "support", "arabic"),
]
GROUPS = [GroupRule("either", ("sales", "support")), GroupRule("arabic_first", ("arabic", "support"))]
#: When each queue closes for the day, long before its agents go, and how long who waits then may stay.
CLOSING = {"sales": (CLOSES - 3 * HOUR, 600.0), "arabic": (CLOSES - HOUR, 0.0), "support": (CLOSES, 900.0)}
#: In the busiest hours a queue after the other is closed for a while: at once, after a minute, or when there is time.
STRIKES = [
    (MIDNIGHT + 9.5 * HOUR + i * 400.0, ("support", "arabic")[i % 2], (0.0, 60.0, 200.0)[i // 2 % 3])
    for i in range(18)
]
STRIKE = 300.0
AGENTS = [
    AgentRule(f"agent{i:02}", MIXES[i % 5], skills=frozenset({"ar"} if i % 5 >= 3 else set()))
    for i in range(20)
]
#: What becomes of an offer: how often, after how long at least, what is reported (nothing: it is answered).
PHONES = [
    (0.92, 3.0, None),
    (0.03, 20.0, "no_answer"),
    (0.02, 4.0, "rejected"),
    (0.01, 0.5, "busy"),
    (0.01, 0.1, "unreachable"),
    (0.01, 0.0, "silence"),  # no report at all
]


class Day(Shell):
    """Agents who come, lunch and go, and callers who come, wait, talk and give up."""

    def __init__(self, seed: int) -> None:
        super().__init__(site(QUEUES, AGENTS, GROUPS))
        self.chance = random.Random(seed)
        self.now = MIDNIGHT
        self.plans: list[tuple[float, int, Callable[[], object]]] = []
        self.planned = 0
        self.check_at = MIDNIGHT
        for i, rule in enumerate(AGENTS):
            self.plan_shift(rule.name, late=i % 2 == 1)
        self.closed: dict[str, float] = {}
        self.plan(MIDNIGHT, lambda: self.shut(dict.fromkeys(CLOSING, MIDNIGHT)))
        self.plan(OPENS, lambda: self.open(*CLOSING))
        for queue, (at, drain) in CLOSING.items():
            self.plan(at, lambda queue=queue, at=at, drain=drain: self.shut({queue: at + drain}))
        for at, queue, drain in STRIKES:
            self.plan(at, lambda queue=queue, until=at + drain: self.shut({queue: until}))
            self.plan(at + STRIKE, lambda queue=queue: self.open(queue))
        for hour, calls in PROFILE.items():
            for _ in range(calls):
                self.plan(MIDNIGHT + hour * HOUR + self.chance.uniform(0.0, HOUR), self.somebody_calls)

    # --- the clock ---

    def plan(self, at: float, do: Callable[[], object]) -> None:
        self.planned += 1
        heappush(self.plans, (at, self.planned, do))

    def after(self, seconds: float, do: Callable[[], object]) -> None:
        self.plan(self.now + seconds, do)

    def live(self) -> None:
        """Until nothing is planned and nothing is due any more."""
        while self.plans:
            at, _, do = heappop(self.plans)
            self.pass_time(at)
            do()
            if self.now >= self.check_at:
                self.check_at += QUARTER
                self.take_stock()
        self.pass_time(self.now + HOUR)
        self.take_stock()

    # --- doors ---

    def shut(self, closed: dict[str, float]) -> None:
        self.closed |= closed
        self.tell(acd.Doors(dict(self.closed)))

    def open(self, *queues: str) -> None:
        self.closed = {queue: until for queue, until in self.closed.items() if queue not in queues}
        self.tell(acd.Doors(dict(self.closed)))

    # --- agents ---

    def plan_shift(self, name: str, late: bool) -> None:
        chance = self.chance
        begins, ends = (OPENS + 3 * HOUR, CLOSES + 900.0) if late else (OPENS, CLOSES - 3 * HOUR)
        lunch = begins + chance.uniform(3.0, 5.0) * HOUR
        self.plan(begins + chance.uniform(-300.0, 300.0), lambda: self.tell(acd.AgentSet(name, "ready")))
        self.plan(lunch, lambda: self.tell(acd.AgentSet(name, "paused", "lunch")))
        self.plan(lunch + 1800.0, lambda: self.tell(acd.AgentSet(name, "ready")))
        self.plan(ends + chance.uniform(0.0, 600.0), lambda: self.tell(acd.AgentSet(name, "logged_out")))

    def rings(self, offer: acd.Offer) -> None:
        chance = self.chance
        ((_, least, report),) = chance.choices(PHONES, [share for share, *_ in PHONES])
        if report is None:
            self.after(least + chance.uniform(0.0, 6.0), lambda: self.picks_up(offer))
        elif report != "silence":
            self.after(least, lambda: self.tell(acd.OfferFailed(offer.offer, report)))
        if report == "no_answer":  # back at the desk, they see that they have been paused
            self.after(least + 120.0, lambda: self.back(offer.agent))

    def back(self, name: str) -> None:
        if self.state.agents[name].reason == "no_answer":
            self.tell(acd.AgentSet(name, "ready"))

    def picks_up(self, offer: acd.Offer) -> None:
        self.tell(acd.Connected(offer.offer))  # too late, sometimes: the caller may have gone
        if offer.contact in self.state.talks:
            end = (
                acd.TalkEnded
                if self.chance.random() < 0.6
                else lambda contact: acd.Left(contact, "abandoned")
            )
            self.after(self.chance.lognormvariate(5.0, 0.6), lambda: self.tell(end(offer.contact)))

    # --- callers ---

    def somebody_calls(self) -> None:
        chance = self.chance
        contact = f"c{len(self.asked):04}"
        group = chance.random() < 0.4
        chosen = chance.choice(GROUPS) if group else None
        queues = chosen.queues if chosen else (chance.choice(QUEUES).name,)
        self.tell(
            acd.Arrived(
                contact,
                queues,
                group=chosen.name if chosen else None,
                closed=frozenset(self.closed),
                priority=8 if chance.random() < 0.1 else 5,
                skills=frozenset({"ar"} if "arabic" in queues else set()),
                max_wait=chance.choice((240.0, 400.0, 900.0)),
            )
        )
        self.after(-240.0 * log(1.0 - chance.random()), lambda: self.gives_up(contact, "abandoned"))
        if chance.random() < 0.05:
            self.after(60.0, lambda: self.gives_up(contact, "key"))

    def gives_up(self, contact: str, reason: str) -> None:
        if contact in self.state.callers:
            self.tell(acd.Left(contact, reason))

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        commands = super().tell(fact)
        for offer in (c for c in commands if isinstance(c, acd.Offer)):
            self.rings(offer)
        return commands

    # --- the books ---

    def take_stock(self) -> None:
        """Every contact is in exactly one place, every offer and every conversation too; a rebuilt floor agrees."""
        state, kinds = self.state, Counter(event.kind for event in self.log)
        assert len(self.asked) == len(self.fate) + len(state.callers)
        assert not self.fate.keys() & state.callers.keys()
        moved = sum(event.data.get("moved_from") is not None for event in self.log)
        assert kinds["queued"] - moved == kinds["left_queue"] + len(state.callers)
        assert kinds["offered"] == kinds["connected"] + kinds["offer_ended"] + len(state.offers)
        assert kinds["connected"] == kinds["talk_ended"] + len(state.talks)
        assert kinds["connected"] == Counter(self.fate.values())["answered"]
        check_invariants(state, self.now)
        assert acd.summary(self.rebuilt(), self.now) == acd.summary(state, self.now)

    def seconds(self, state: str) -> float:
        """How long the agents were in a state, all together, by their own log."""
        total, since = 0.0, dict[str, tuple[str, float]]()
        for event in (e for e in self.log if e.kind == "agent_state"):
            was, at = since.get(event.agent, ("logged_out", MIDNIGHT))
            total += (event.at - at) * (was == state)
            since[event.agent] = (event.data["state"], event.at)
        return total


@pytest.fixture(scope="module")
def day() -> Day:
    lived = Day(seed=2027)
    lived.live()
    return lived


def test_every_caller_of_the_day_ends_in_exactly_one_way(day: Day) -> None:
    outcomes = Counter(day.fate.values())
    assert outcomes.total() == len(day.asked) == sum(PROFILE.values())
    assert outcomes.keys() == {"answered", "abandoned", "flow_out", "timed_out", "refused"}
    assert outcomes["answered"] > 1300
    assert min(outcomes.values()) > 5  # the day is hard enough for everything to happen


def test_at_the_end_of_the_day_nobody_waits_rings_talks_or_is_signed_in(day: Day) -> None:
    state = day.state
    assert not state.callers
    assert not state.offers
    assert not state.talks
    assert {str(agent.state) for agent in state.agents.values()} == {"logged_out"}
    assert acd.next_due(state) is None


def test_the_agents_time_adds_up_to_the_conversations(day: Day) -> None:
    begun = {e.contact: e.at for e in day.log if e.kind == "connected"}
    talked = sum(e.at - begun[e.contact] for e in day.log if e.kind == "talk_ended")
    assert day.seconds("talking") == pytest.approx(talked)
    rung = {e.data["offer"]: e.at for e in day.log if e.kind == "offered"}
    ended = [e for e in day.log if e.kind in ("connected", "offer_ended")]
    assert day.seconds("reserved") == pytest.approx(sum(e.at - rung[e.data["offer"]] for e in ended))


def test_who_waits_at_closing_time_drains_or_moves_with_the_time_they_came(day: Day) -> None:
    came = {e.contact: e for e in day.log if e.kind == "queued" and e.data["moved_from"] is None}
    moves = [e for e in day.log if e.kind == "queued" and e.data["moved_from"] is not None]
    turned_away = [e for e in day.log if e.kind == "left_queue" and e.data["outcome"] == "refused"]
    assert len(moves) > 5
    assert len(turned_away) > 5
    for move in moves:
        first = came[move.contact]
        assert move.data["moved_from"] != move.data["queue"]
        assert all(
            move.data[kept] == first.data[kept] for kept in ("enqueued_at", "priority", "group", "max_wait")
        )
    rung = [e for e in day.log if e.kind == "offered"]
    for at, queue, drain in STRIKES:
        assert not [e for e in rung if e.data["queue"] == queue and at + drain < e.at < at + STRIKE]
    drained = [
        e for e in rung for at, queue, drain in STRIKES if e.data["queue"] == queue and at < e.at < at + drain
    ]
    assert len(drained) > 5


def test_unanswered_phones_and_silent_ones_were_part_of_the_day(day: Day) -> None:
    reasons = Counter(e.data["why"] for e in day.log if e.kind == "offer_ended")
    assert reasons.keys() >= {"no_answer", "rejected", "busy", "unreachable", "abandoned", "paused"}
    assert {e.data["reason"] for e in day.log if e.kind == "agent_state"} >= {"lunch", "no_answer", "busy"}


def test_the_same_day_lived_again_is_the_same_to_the_last_event(day: Day) -> None:
    again = Day(seed=2027)
    again.live()
    assert again.log == day.log
