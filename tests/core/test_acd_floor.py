"""Random days on a small floor: whatever happens in whatever order, the distributor's promises hold after every step."""

from __future__ import annotations

import hypothesis.strategies as st
from acd_shell import GONE, Shell, site
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from engine.core import acd
from engine.core.acd_log import LogFold
from engine.core.audit import check_invariants
from engine.core.site import AgentRule, QueueRule

QUEUES = {
    "sales": QueueRule("sales", capacity=6, ring=20, wrap_up=30, cool_down=30),
    "support": QueueRule("support", capacity=6, ring=15, wrap_up=0, cool_down=10, rona="ready"),
    "night": QueueRule("night", capacity=2, ring=30, wrap_up=5, cool_down=0, count_paused=True, adjust=60),
}
AGENTS = {
    "anna": AgentRule("anna", ("sales",)),
    "boris": AgentRule("boris", ("sales", "support"), skills=frozenset({"ar"})),
    "chen": AgentRule("chen", ("support", "night"), skills=frozenset({"ar", "fa"})),
    "dora": AgentRule("dora", ("sales", "support", "night"), skills=frozenset({"fa"})),
}
SITE = site(QUEUES.values(), AGENTS.values())
SKILLS = st.sampled_from(
    [frozenset(), frozenset(), frozenset({"ar"}), frozenset({"fa"}), frozenset({"ar", "fa"})]
)


#: Agent and contact -> until when the agent is not offered this contact.
Cooled = dict[tuple[str, str], float]


class Watched(Shell):
    """A shell that holds every offer against the people who stood on the floor before it was made."""

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        state = self.state
        waited = {c.contact: c.key for c in state.callers.values() if c.offer is None}
        idled = {a.name: (a.idle_since, a.order) for a in state.agents.values() if a.standing}
        cooled = {(a.name, c): until for a in state.agents.values() for c, until in a.cooling.items()}
        commands = super().tell(fact)
        for offer in (c for c in commands if isinstance(c, acd.Offer)):
            assert self.fits(offer.agent, offer.contact)
            assert cooled.get((offer.agent, offer.contact), 0.0) <= self.now, "rung again too soon"
            self.check_turn(offer, waited, cooled)
            self.check_idle(offer, idled, cooled)
        return commands

    def fits(self, agent: str, contact: str) -> bool:
        caller, rule = self.state.callers[contact], AGENTS[agent]
        return caller.lane.queue.name in rule.queues and self.asked[contact].skills <= rule.skills

    def check_turn(self, offer: acd.Offer, waited: dict[str, tuple], cooled: Cooled) -> None:
        """Whoever has waited through this turn, and could have had this agent, comes after the one who got them."""
        for contact, key in waited.items():
            caller = self.state.callers.get(contact)
            if caller is not None and caller.offer is None and self.fits(offer.agent, contact):
                resting = (offer.agent, contact) in cooled or contact in self.state.agents[
                    offer.agent
                ].cooling
                assert resting or key > self.state.callers[offer.contact].key, f"{contact} was passed over"

    def check_idle(self, offer: acd.Offer, idled: dict[str, tuple], cooled: Cooled) -> None:
        """Whoever has stood idle through this turn, and could have had this caller, has not waited longer."""
        for name, idle in idled.items():
            if self.state.agents[name].standing and self.fits(name, offer.contact):
                resting = (name, offer.contact) in cooled or offer.contact in self.state.agents[name].cooling
                assert resting or idle > idled[offer.agent], f"{name} was passed over"


class Floor(RuleBasedStateMachine):
    contacts = Bundle("contacts")

    def __init__(self) -> None:
        super().__init__()
        self.shell = Watched(SITE)
        self.tell = self.shell.tell
        self.count = 0

    @initialize(busy=st.booleans())
    def the_day_begins(self, busy: bool) -> None:
        """Often everybody is in a conversation already, so that lines form."""
        for agent in AGENTS.values() if busy else ():
            self.tell(acd.AgentSet(agent.name, "ready"))
            self.tell(
                acd.Arrived(f"first-{agent.name}", agent.queues[:1], skills=agent.skills, max_wait=90.0)
            )
            for offer in list(self.shell.state.offers):
                self.tell(acd.Connected(offer))

    @rule(target=contacts, data=st.data(), skills=SKILLS, priority=st.sampled_from([5, 5, 5, 1, 9]))
    def arrive(self, data: st.DataObject, skills: frozenset[str], priority: int) -> str:
        self.count += 1
        queues = data.draw(st.sampled_from([("sales",), ("support",), ("night", "sales"), tuple(QUEUES)]))
        closed = data.draw(st.sampled_from([frozenset(), frozenset(), frozenset({"sales"})]))
        earlier = data.draw(st.sampled_from([None, None, self.shell.now - 7.0]))
        contact = f"c{self.count:03}"
        fact = acd.Arrived(
            contact, queues, "all" if len(queues) > 1 else None, closed, priority, skills, 90.0, earlier
        )
        commands = self.tell(fact)
        assert isinstance(commands[0], acd.Queued | acd.Refused)
        return contact

    @rule(contact=contacts, reason=st.sampled_from(sorted(GONE)))
    def leave(self, contact: str, reason: str) -> None:
        self.tell(acd.Left(contact, reason))

    @rule(data=st.data(), why=st.sampled_from(["no_answer", "rejected", "busy", "unreachable"]))
    def offer_fails(self, data: st.DataObject, why: str) -> None:
        # Any offer ever made: most reports come late for offers that are gone, and must do no harm.
        offers = sorted(self.shell.state.offers) or sorted(self.shell.offers) or ["never-made"]
        self.tell(acd.OfferFailed(data.draw(st.sampled_from(offers)), why))

    @rule(data=st.data())
    def agent_answers(self, data: st.DataObject) -> None:
        offers = sorted(self.shell.state.offers) or sorted(self.shell.offers) or ["never-made"]
        self.tell(acd.Connected(data.draw(st.sampled_from(offers))))

    @rule(data=st.data(), why=st.sampled_from(["no_answer", "rejected", "busy", "unreachable", None]))
    def late_report(self, data: st.DataObject, why: str | None) -> None:
        gone = sorted(self.shell.offers.keys() - self.shell.state.offers.keys()) or ["never-made"]
        offer = data.draw(st.sampled_from(gone))
        before = acd.summary(self.shell.state, self.shell.now)
        assert self.tell(acd.Connected(offer) if why is None else acd.OfferFailed(offer, why)) == []
        assert acd.summary(self.shell.state, self.shell.now) == before

    @rule(data=st.data())
    def talk_ends(self, data: st.DataObject) -> None:
        talks = sorted(self.shell.state.talks) or ["nobody"]
        self.tell(acd.TalkEnded(data.draw(st.sampled_from(talks))))

    @rule(
        agent=st.sampled_from(sorted(AGENTS)),
        wish=st.sampled_from(["ready", "ready", "ready", "paused", "logged_out"]),
    )
    def agent_asks(self, agent: str, wish: str) -> None:
        self.tell(acd.AgentSet(agent, wish, "lunch" if wish == "paused" else ""))

    @rule(seconds=st.sampled_from([0.0, 0.5, 3.0, 10.0, 31.0, 100.0, 8000.0]))
    def time_passes(self, seconds: float) -> None:
        self.shell.pass_time(self.shell.now + seconds)

    @rule(seconds=st.sampled_from([5.0, 40.0, 200.0]))
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
            others = [
                c for c in state.callers.values() if c.lane.queue is caller.lane.queue and c.offer is None
            ]
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
        assert LogFold(SITE).take_all(self.shell.log).rows() == self.shell.fold.rows()


Floor.TestCase.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestFloor = Floor.TestCase
