"""Random days on which agents call each other into conversations: nobody is rung twice, and everybody is free again in the end."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import precondition, rule
from test_acd_floor import AGENTS, ANY, QUEUES, Floor, Watched

from engine.core import acd
from engine.core.conversation import AGENT
from engine.core.site import Settings

FAILURES = ["no_answer", "rejected", "busy", "unreachable", "cancelled"]


class Talks(Watched):
    """A shell that also writes down what happens in conversations."""

    def tell(self, fact: acd.Fact) -> list[acd.Command]:
        asking = self.state.asks.get(getattr(fact, "contact", ""))
        ringing = {one.agent.name for one in self.state.asks.values()} | {
            one.agent.name for one in self.state.offers.values()
        }
        match fact:
            case acd.AskAnswered(contact) if asking is not None and not asking.answered:
                self._event("calling_answered", contact, asking.agent.name, to=asking.agent.name)
            case acd.AskEnded(contact) | acd.TalkEnded(contact) if asking is not None:
                self._event("calling_ended", contact, asking.agent.name, to=asking.agent.name)
            case acd.Left(contact) if asking is not None:
                self._event("calling_ended", contact, asking.agent.name, to=asking.agent.name)
            case acd.HandedOver(contact, to) | acd.Joined(contact, _, to):
                self._event("transferred", contact, None, **to)
        commands = super().tell(fact)
        for command in commands:
            if isinstance(command, acd.Asked):
                assert command.agent not in ringing, "rung twice"
                data = {"kind": AGENT, "to": command.agent, **command._asdict()}
                del data["agent"], data["contact"]
                self._event("calling", command.contact, command.agent, **data)
            elif isinstance(command, acd.AskCalledOff):
                self._event("calling_ended", command.contact, command.agent, to=command.agent)
        return commands


class Conversations(Floor):
    def open(self, settings: Settings) -> None:
        self.shell = Talks(settings)
        self.tell = self.shell.tell
        #: Contacts whose agent has left them to us: only somebody who is asked can have them.
        self.released: set[str] = set()

    def talk(self, which: int) -> str:
        talks = sorted(self.shell.state.talks)
        return talks[which % len(talks)]

    @precondition(lambda self: self.shell.state.talks)
    @rule(which=ANY, whom=ANY, queue=st.sampled_from(sorted(QUEUES)), answers=st.booleans())
    def somebody_is_called_in(self, which: int, whom: int, queue: str, answers: bool) -> None:
        contact = self.talk(which)
        self.call_in(contact, whom, queue, "consult")
        if answers:
            self.shell.pass_time(self.shell.now + 3.0)
            self.tell(acd.AskAnswered(contact))

    @precondition(lambda self: self.released - self.shell.state.asks.keys())
    @rule(which=ANY, whom=ANY)
    def somebody_is_rung_for_a_caller_who_is_alone(self, which: int, whom: int) -> None:
        alone = sorted(self.released - self.shell.state.asks.keys())
        self.call_in(alone[which % len(alone)], whom, "sales", "back")

    def call_in(self, contact: str, whom: int, queue: str, how: str) -> None:
        """Mostly somebody who can be had; now and then anybody."""
        state = self.shell.state
        free = [name for name in sorted(AGENTS) if not acd.why_not(state, name, contact)]
        names = free if free and whom % 5 else sorted(AGENTS)
        agent = names[whom % len(names)]
        before = state.asks.get(contact)
        self.tell(acd.Ask(contact, agent, queue, how, 20.0))
        after = state.asks.get(contact)
        assert after is before if agent not in free else after is not None and after.agent.name == agent

    def asked(self, which: int) -> str:
        asked = sorted(self.shell.state.asks)
        return asked[which % len(asked)]

    @precondition(lambda self: self.shell.state.asks)
    @rule(which=ANY)
    def they_answer(self, which: int) -> None:
        self.tell(acd.AskAnswered(self.asked(which)))

    @precondition(lambda self: self.shell.state.asks)
    @rule(which=ANY, why=st.sampled_from(FAILURES))
    def they_come_no_more(self, which: int, why: str) -> None:
        self.tell(acd.AskEnded(self.asked(which), why))

    @precondition(lambda self: self.shell.state.asks)
    @rule(which=ANY)
    def they_get_the_caller(self, which: int) -> None:
        contact = self.asked(which)
        asking = self.shell.state.asks[contact]
        data = {"kind": AGENT, "to": asking.agent.name, "queue": asking.queue.name}
        self.tell(acd.HandedOver(contact, data))
        assert self.shell.state.talks[contact].name == data["to"]
        self.released.discard(contact)

    @precondition(lambda self: len(self.shell.state.talks.keys() - self.shell.state.asks.keys()) > 1)
    @rule(which=ANY, whom=ANY)
    def two_conversations_are_joined(self, which: int, whom: int) -> None:
        state = self.shell.state
        alone = sorted(state.talks.keys() - state.asks.keys())
        contact = alone.pop(which % len(alone))
        other = alone[whom % len(alone)]
        first, second = state.talks[contact], state.talks[other]
        began, queue = second.connected_at, second.queue
        assert queue is not None
        data = {"kind": AGENT, "to": second.name, "queue": queue.name, "joined": other}
        self.tell(acd.Joined(contact, other, data))
        assert state.talks[contact] is second and other not in state.talks
        assert (second.connected_at, second.queue, second.code) == (began, queue, "")
        assert first.state != "talking"

    @precondition(lambda self: self.shell.state.talks)
    @rule(which=ANY)
    def the_agent_leaves_the_caller_to_us(self, which: int) -> None:
        contact = self.talk(which)
        self.tell(acd.Released(contact, "blind"))
        self.released.add(contact)

    def teardown(self) -> None:
        for contact in sorted(self.shell.state.asks):
            self.tell(acd.Left(contact, "abandoned"))
        super().teardown()


Conversations.TestCase.settings = settings(
    max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
TestConversations = Conversations.TestCase
