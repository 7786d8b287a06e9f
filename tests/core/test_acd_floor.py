"""Random days on a small floor: whatever happens in whatever order, the distributor's promises hold after every step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
from acd_shell import GONE, Shell, site
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.core import acd
from engine.core.acd_log import LogFold
from engine.core.audit import check_invariants
from engine.core.ranking import CHOOSERS
from engine.core.site import AgentRule, GroupRule, QueueRule, Settings
from engine.core.skills import held
from engine.core.strategies import STRATEGIES

QUEUES = {
    "sales": QueueRule(
        "sales",
        capacity=6,
        ring=20,
        wrap_up=30,
        cool_down=30,
        wrap_up_codes=("sold", "not_sold"),
        wrap_up_required=True,
        code_within=20,
    ),
    "support": QueueRule("support", capacity=6, ring=15, wrap_up=0, cool_down=10, rona="ready"),
    "night": QueueRule("night", capacity=2, ring=30, wrap_up=5, cool_down=0, count_paused=True, adjust=60),
}
AGENTS = {
    "anna": AgentRule("anna", ("sales",), contact="sip:anna@192.0.2.1"),
    "boris": AgentRule("boris", ("sales", "support"), skills=frozenset({"ar"}), contact="sip:b@192.0.2.1"),
    "chen": AgentRule("chen", ("support", "night"), skills=held({"ar": 2, "fa": 1}), weight=3),
    "dora": AgentRule("dora", ("sales", "support", "night"), skills=frozenset({"fa"})),
}
GROUPS = [GroupRule("nights", ("night", "sales")), GroupRule("all", tuple(QUEUES))]
SKILLS = st.sampled_from(
    [frozenset(), frozenset(), frozenset({"ar"}), frozenset({"fa"}), frozenset({"ar:2", "fa"})]
)


#: Agent and contact -> until when the agent is not offered this contact.
Cooled = dict[tuple[str, str], float]


class Watched(Shell):
    """A shell that holds every offer against the people who stood on the floor before it was made."""

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        state = self.state
        waited = {c.contact: (c.rank(self.now), c.lane) for c in state.callers.values() if not c.offers}
        idled = {a.name: (a.idle_since, a.order) for a in state.agents.values() if a.standing}
        cooled = {(a.name, c): until for a in state.agents.values() for c, until in a.cooling.items()}
        commands = super().tell(fact)
        for offer in (c for c in commands if isinstance(c, acd.Offer)):
            changed = any(isinstance(c, acd.Widened) and c.contact == offer.contact for c in commands)
            assert changed or self.fits(offer.agent, offer.contact)
            cooling = state.agents[offer.agent].cooling.get(offer.contact, 0.0)
            assert max(cooling, cooled.get((offer.agent, offer.contact), 0.0)) <= self.now, (
                "rung again too soon"
            )
            self.check_turn(offer, waited, cooled)
            if not changed:
                self.check_idle(offer, idled, cooled)
        return commands

    def fits(self, agent: str, contact: str) -> bool:
        lane, rule = self.state.callers[contact].lane, AGENTS[agent]
        return (
            lane.queue.name in rule.queues
            and lane.skills <= rule.skills
            and (not lane.only or agent in lane.only)
        )

    def check_turn(self, offer: acd.Offer, waited: dict[str, tuple], cooled: Cooled) -> None:
        """Whoever has waited through this turn, and could have had this agent, comes after the one who got them."""
        for contact, (rank, lane) in waited.items():
            caller = self.state.callers.get(contact)
            if caller is None or caller.offers or caller.lane is not lane:
                continue
            if self.fits(offer.agent, contact):
                resting = (offer.agent, contact) in cooled or contact in self.state.agents[
                    offer.agent
                ].cooling
                assert resting or rank > self.state.callers[offer.contact].rank(self.now), (
                    f"{contact} was passed over"
                )

    def check_idle(self, offer: acd.Offer, idled: dict[str, tuple], cooled: Cooled) -> None:
        """Whoever has stood idle through this turn, and could have had this caller, has not waited longer."""
        if self.settings.queues[offer.queue].strategy not in ("longest_idle", "ring_all"):
            return  # test_acd_strategies.py holds the others to theirs
        for name, idle in idled.items():
            if self.state.agents[name].standing and self.fits(name, offer.contact):
                resting = (name, offer.contact) in cooled or offer.contact in self.state.agents[name].cooling
                assert resting or idle > idled[offer.agent], f"{name} was passed over"


#: Which one of those there are: any number will do.
ANY = st.integers(0, 99)
WISHES = st.sampled_from(["ready", "ready", "ready", "paused", "logged_out", "logged_in"])
#: Most ask from the phone they are at; others sit down at a desk's, at anna's, or at their own again.
PHONES = st.sampled_from([None, None, None, "desk", "anna", "boris"])
PATIENCE = st.sampled_from([90.0, 600.0])
CALLER = st.fixed_dictionaries(
    {
        "queues": st.sampled_from([("sales",), ("support",), ("night", "sales"), tuple(QUEUES)]),
        "group": st.sampled_from([None, "nights", "all", "all"]),
        "closed": st.sampled_from([frozenset(), frozenset(), frozenset(), frozenset({"sales"})]),
        "priority": st.sampled_from([5, 5, 5, 1, 9]),
        "skills": SKILLS,
        "max_wait": PATIENCE,
        "kind": st.sampled_from([acd.CALLER, acd.CALLER, acd.CALLER, acd.CALLBACK]),
        "dial": st.sampled_from([0.0, 25.0]),
        "widen": st.sampled_from(
            [(), (), ((20.0, frozenset()),), ((5.0, frozenset({"ar"})), (40.0, frozenset()))]
        ),
        "prefer": st.sampled_from([(), (), ("anna",), ("dora",), ("boris", "chen"), ("nobody",)]),
        "patience": st.sampled_from([0.0, 15.0, 45.0]),
    }
)


STRATEGY = st.tuples(
    st.sampled_from(["longest_idle", "ring_all", *STRATEGIES]),
    st.sampled_from([0.0, 0.0, 10.0, 60.0]),
    st.sampled_from([2, 3, 10]),
)
GROUP_RULE = st.fixed_dictionaries({"choose": st.sampled_from(sorted(CHOOSERS)), "rebalance": st.booleans()})


class Floor(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.open(site(QUEUES.values(), AGENTS.values(), GROUPS))

    def open(self, settings: Settings) -> None:
        self.shell = Watched(settings)
        self.tell = self.shell.tell

    @initialize(
        callers=st.lists(CALLER, max_size=8),
        strategies=st.tuples(*[STRATEGY] * len(QUEUES)),
        choose=st.tuples(*[GROUP_RULE] * len(GROUPS)),
    )
    def the_day_begins(
        self,
        callers: list[dict[str, Any]],
        strategies: tuple[tuple[str, float, int], ...],
        choose: tuple[dict[str, Any], ...],
    ) -> None:
        queues = [
            replace(q, strategy=s, ageing=a, ring_all_max=most)
            for q, (s, a, most) in zip(QUEUES.values(), strategies, strict=True)
        ]
        groups = [replace(g, **options) for g, options in zip(GROUPS, choose, strict=True)]
        self.open(site(queues, AGENTS.values(), groups))
        for name in AGENTS:
            self.tell(acd.AgentSet(name, "ready"))
        self.callers_come(callers)
        for offer in list(self.shell.state.offers):
            self.tell(acd.Connected(offer))

    @rule(callers=st.lists(CALLER, min_size=1, max_size=4))
    def callers_come(self, callers: list[dict[str, Any]]) -> None:
        for caller in callers:
            self.come(caller)

    @rule(caller=CALLER, earlier=st.sampled_from([None, 7.0]), knows=st.booleans())
    def one_comes_back(self, caller: dict[str, Any], earlier: float | None, knows: bool) -> None:
        """As after a lost link, or from another queue: with an earlier place, or to a queue that was chosen before."""
        enqueued_at = None if earlier is None else self.shell.now - earlier
        self.come({**caller, "enqueued_at": enqueued_at, "queue": caller["queues"][0] if knows else None})

    def come(self, caller: dict[str, Any]) -> None:
        commands = self.tell(acd.Arrived(f"c{len(self.shell.asked):03}", **caller))
        assert isinstance(commands[0], acd.Queued | acd.Refused)

    @rule(closed=st.dictionaries(st.sampled_from(sorted(QUEUES)), st.sampled_from([0.0, 30.0, 600.0])))
    def doors_close(self, closed: dict[str, float]) -> None:
        self.tell(acd.Doors({name: self.shell.now + drain for name, drain in closed.items()}))

    @precondition(lambda self: self.shell.asked)
    @rule(which=ANY, reason=st.sampled_from(sorted(GONE)))
    def leave(self, which: int, reason: str) -> None:
        here = sorted(self.shell.state.callers) or sorted(self.shell.asked)
        self.tell(
            acd.Left(here[which % len(here)], reason, self.shell.now - 50.0 if which % 3 == 0 else None)
        )

    def offer(self, which: int) -> str:
        offers = sorted(self.shell.state.offers)
        return offers[which % len(offers)]

    @precondition(lambda self: self.shell.state.offers)
    @rule(which=ANY, why=st.sampled_from(["rejected", "rejected", "no_answer", "busy", "unreachable"]))
    def offer_fails(self, which: int, why: str) -> None:
        self.tell(acd.OfferFailed(self.offer(which), why))

    @precondition(lambda self: self.shell.state.offers)
    @rule(which=ANY)
    def agent_picks_up(self, which: int) -> None:
        self.tell(acd.PickedUp(self.offer(which)))

    @precondition(lambda self: self.shell.state.offers)
    @rule(which=ANY)
    def agent_answers(self, which: int) -> None:
        self.tell(acd.Connected(self.offer(which)))

    @rule(which=ANY, why=st.sampled_from(["no_answer", "rejected", "busy", "unreachable", "up", None]))
    def late_report(self, which: int, why: str | None) -> None:
        gone = sorted(self.shell.offers.keys() - self.shell.state.offers.keys()) or ["never-made"]
        offer = gone[which % len(gone)]
        before = acd.summary(self.shell.state, self.shell.now)
        report = acd.Connected(offer) if why is None else acd.OfferFailed(offer, why)
        assert self.tell(acd.PickedUp(offer) if why == "up" else report) == []
        assert acd.summary(self.shell.state, self.shell.now) == before

    @precondition(lambda self: self.shell.state.talks)
    @rule(which=ANY)
    def talk_ends(self, which: int) -> None:
        talks = sorted(self.shell.state.talks)
        self.tell(acd.TalkEnded(talks[which % len(talks)], self.shell.now - 50.0 if which % 3 == 0 else None))

    @rule(agent=st.sampled_from(sorted(AGENTS)), wish=WISHES, phone=PHONES)
    def agent_asks(self, agent: str, wish: str, phone: str | None) -> None:
        sits_down = phone if wish != "logged_out" and phone not in {"boris"} - {agent} else None
        self.tell(acd.AgentSet(agent, wish, "lunch" if wish == "paused" else "", sits_down))

    @rule(agent=st.sampled_from(sorted(AGENTS)), code=st.sampled_from(["sold", "not_sold"]))
    def agent_tells_what_it_was_about(self, agent: str, code: str) -> None:
        self.tell(acd.Coded(agent, code))

    @rule(agent=st.sampled_from(sorted(AGENTS)), on=st.booleans())
    def agent_uses_the_phone(self, agent: str, on: bool) -> None:
        self.tell(acd.OwnCall(agent, on))

    @rule(agent=st.sampled_from(sorted(AGENTS)), reachable=st.sampled_from([True, True, False, None]))
    def phone_goes_or_comes_back(self, agent: str, reachable: bool | None) -> None:
        self.tell(acd.PhoneReachable(agent, reachable))

    @rule(seconds=st.sampled_from([0.0, 0.5, 3.0, 10.0, 31.0, 31.0, 8000.0]))
    def time_passes(self, seconds: float) -> None:
        self.shell.pass_time(self.shell.now + seconds)

    @rule(seconds=st.sampled_from([5.0, 40.0]))
    def one_late_tick(self, seconds: float) -> None:
        self.shell.now += seconds
        self.tell(acd.Tick())

    @rule()
    def the_engine_restarts(self) -> None:
        self.shell.state = self.shell.rebuilt()
        self.tell(acd.Tick())

    @invariant()
    def promises_hold(self) -> None:
        check_invariants(self.shell.state, self.shell.now)

    @invariant()
    def places_count_everybody_who_is_ahead(self) -> None:
        state = self.shell.state
        for caller in state.callers.values():
            others = [c for c in state.callers.values() if c.lane.queue is caller.lane.queue and not c.offers]
            ahead = sum(c.key < caller.key for c in others)
            assert acd.position(state, caller.contact) == ahead + 1

    @invariant()
    def nobody_is_lost(self) -> None:
        here = self.shell.state.callers.keys() | self.shell.fate.keys()
        assert here == self.shell.asked.keys()
        assert not self.shell.state.callers.keys() & self.shell.fate.keys()

    @invariant()
    def a_restored_floor_equals_the_live_one(self) -> None:
        again = self.shell.rebuilt()
        assert acd.summary(again, self.shell.now) == acd.summary(self.shell.state, self.shell.now)
        assert acd.next_due(again) == acd.next_due(self.shell.state)

    def teardown(self) -> None:
        """Everybody in line is served, as far as there is somebody; then, left alone, everything ends by itself."""
        for name in AGENTS:
            self.tell(acd.OwnCall(name, False))
        for _ in range(12):
            for offer in list(self.shell.state.offers):
                self.tell(acd.Connected(offer))
            for contact in list(self.shell.state.talks):
                self.tell(acd.TalkEnded(contact))
            self.shell.pass_time(self.shell.now + 5.0)
            check_invariants(self.shell.state, self.shell.now)
        self.shell.pass_time(self.shell.now + 1e6)
        assert acd.next_due(self.shell.state) is None
        assert not self.shell.state.callers
        assert not self.shell.state.offers
        assert LogFold().take_all(self.shell.log).rows() == self.shell.fold.rows()


Floor.TestCase.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestFloor = Floor.TestCase
