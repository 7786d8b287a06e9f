"""Random days on a small floor: whatever happens in whatever order, the distributor's promises hold after every step."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from engine.core import acd
from engine.core.acd_log import LogFold
from engine.core.audit import check_invariants
from engine.core.event import Event
from engine.core.site import AgentRule, GroupRule, QueueRule, Settings

QUEUES = {
    "sales": QueueRule("sales", capacity=4, ring=20, wrap_up=30, cool_down=30),
    "support": QueueRule("support", capacity=4, ring=15, wrap_up=0, cool_down=10, rona="ready"),
    "night": QueueRule("night", capacity=2, ring=30, wrap_up=5, cool_down=0, count_paused=True, adjust=60),
}
AGENTS = {
    "anna": AgentRule("anna", ("sales",)),
    "boris": AgentRule("boris", ("sales", "support"), skills=frozenset({"ar"})),
    "chen": AgentRule("chen", ("support", "night"), skills=frozenset({"ar", "fa"})),
    "dora": AgentRule("dora", ("sales", "support", "night"), skills=frozenset({"fa"})),
}
SITE = Settings(
    languages=("en",),
    numbers={},
    sites={},
    schedules={},
    queues=QUEUES,
    groups={"all": GroupRule("all", tuple(QUEUES))},
    agents=AGENTS,
    trunks={},
)
SKILLS = st.sampled_from(
    [frozenset(), frozenset(), frozenset({"ar"}), frozenset({"fa"}), frozenset({"ar", "fa"})]
)
GONE = {"abandoned": "abandoned", "key": "flow_out", "failed": "failed"}


class Shell:
    """What the real shell does with facts and commands, as far as the log goes: writes events, nothing else."""

    def __init__(self) -> None:
        self.state = acd.State(SITE)
        self.now = 1_000_000.0
        self.log: list[Event] = []
        self.fold = LogFold(SITE)
        self.asked: dict[str, acd.Arrived] = {}
        self.offers: dict[str, acd.Offer] = {}
        self.fate: dict[str, str] = {}

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        self._before(fact)
        commands = acd.decide(self.state, fact, self.now)
        self._write_fact(fact)
        for command in commands:
            self._write_command(command)
        return commands

    def _before(self, fact: acd.Fact) -> None:
        self.live_before = set(self.state.offers)
        self.talks_before = {contact: agent.name for contact, agent in self.state.talks.items()}
        self.callers_before = set(self.state.callers)

    def _event(
        self, kind: str, contact: str | None = None, agent: str | None = None, /, **data: object
    ) -> None:
        self.log.append(Event(kind, self.now, contact, agent, data))
        self.fold.take(self.log[-1])

    def _write_fact(self, fact: acd.Fact) -> None:
        match fact:
            case acd.Arrived():
                self.asked[fact.contact] = fact
            case acd.Left() if fact.contact in self.callers_before:
                self._leave(fact.contact, GONE[fact.reason])
            case acd.Left() | acd.TalkEnded() if fact.contact in self.talks_before:
                self._event("talk_ended", fact.contact, self.talks_before[fact.contact])
            case acd.OfferFailed() if fact.offer in self.live_before:
                offer = self.offers[fact.offer]
                self._event("offer_ended", offer.contact, offer=offer.offer, agent=offer.agent, why=fact.why)
            case acd.Connected() if fact.offer in self.live_before:
                offer = self.offers[fact.offer]
                self._event(
                    "connected", offer.contact, offer=offer.offer, agent=offer.agent, queue=offer.queue
                )
                self._leave(offer.contact, "answered")
            case _:
                pass

    def _write_command(self, command: acd.Command) -> None:
        match command:
            case acd.Queued():
                asked = self.asked[command.contact]
                self._event(
                    "queued",
                    command.contact,
                    queue=command.queue,
                    group=asked.group,
                    priority=asked.priority,
                    skills=sorted(asked.skills),
                    max_wait=asked.max_wait,
                    enqueued_at=command.enqueued_at,
                    decision=command.decision,
                )
            case acd.Refused():
                self.fate[command.contact] = "refused"
            case acd.TimedOut():
                self._leave(command.contact, "timed_out")
            case acd.Offer():
                assert command.offer not in self.offers, "an offer's id was used twice"
                self.offers[command.offer] = command
                self._event("offered", command.contact, **command._asdict())
            case acd.Cancel():
                self._event(
                    "offer_ended", command.contact, offer=command.offer, agent=command.agent, why=command.why
                )
            case acd.AgentChanged():
                self._event("agent_state", None, command.agent, **command._asdict())

    def _leave(self, contact: str, outcome: str) -> None:
        assert contact not in self.fate, f"{contact} left the queue twice"
        self.fate[contact] = outcome
        self._event("left_queue", contact, outcome=outcome)

    def rebuilt(self) -> acd.State:
        return acd.restore(SITE, self.fold.rows(), self.now)


class Floor(RuleBasedStateMachine):
    contacts = Bundle("contacts")
    reports = Bundle("reports")

    def __init__(self) -> None:
        super().__init__()
        self.shell = Shell()
        self.count = 0

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        before = {a.name: a.idle_since for a in self.shell.state.agents.values() if a.standing}
        commands = self.shell.tell(fact)
        self.check_offers(before, commands)
        return commands

    def check_offers(self, idle_before: dict[str, float], commands: list[acd.Command]) -> None:
        for offer in (c for c in commands if isinstance(c, acd.Offer)):
            asked, agent = self.shell.asked[offer.contact], AGENTS[offer.agent]
            assert asked.skills <= agent.skills
            assert offer.queue in agent.queues

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
        # As in life: the shell ticks at every due moment on the way.
        end = self.shell.now + seconds
        while (due := acd.next_due(self.shell.state)) is not None and due <= end:
            self.shell.now = due
            self.tell(acd.Tick())
        self.shell.now = end
        self.tell(acd.Tick())

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
        """Left alone, everything ends by itself: no caller waits, no agent stays reserved or wraps up."""
        for _ in range(500):
            if (due := acd.next_due(self.shell.state)) is None:
                break
            self.shell.now = due
            self.tell(acd.Tick())
        assert not self.shell.state.callers
        assert not self.shell.state.offers
        assert LogFold(SITE).take_all(self.shell.log).rows() == self.shell.fold.rows()


Floor.TestCase.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestFloor = Floor.TestCase
