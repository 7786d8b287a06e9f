"""The distributor with the least of a shell around it: facts in, events out, virtual time."""

from __future__ import annotations

from collections.abc import Iterable

from engine.core import acd
from engine.core.acd_log import LogFold
from engine.core.event import Event
from engine.core.site import AgentRule, GroupRule, QueueRule, Settings

GONE = {"abandoned": "abandoned", "key": "flow_out", "failed": "failed", "unreached": "unreached"}


def seen(moment: float | None) -> dict[str, float]:
    """What an event about an end carries that nobody saw."""
    return {} if moment is None else {"seen": moment}


class Shell:
    """What the real shell does with facts and commands, as far as the log goes: writes events, nothing else; time is a number."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.state = acd.State(settings)
        self.now = 1_000_000.0
        self.log: list[Event] = []
        self.fold = LogFold()
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
                self._leave(fact.contact, GONE[fact.reason], **seen(fact.seen))
            case acd.Left() | acd.TalkEnded() if fact.contact in self.talks_before:
                self._event("talk_ended", fact.contact, self.talks_before[fact.contact], **seen(fact.seen))
            case acd.OfferFailed() if fact.offer in self.live_before:
                offer = self.offers[fact.offer]
                self._offer_ended(offer.offer, offer.contact, offer.agent, fact.why)
            case acd.PickedUp() if fact.offer in self.live_before:
                offer = self.offers[fact.offer]
                self._event("picked_up", offer.contact, offer.agent, offer=offer.offer)
            case acd.Doors():
                self._event("doors", closed=dict(fact.closed))
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
                asked, here = self.asked[command.contact], self.state.callers.get(command.contact)
                only = sorted(here.lane.only) if here else []
                self._event(
                    "queued",
                    command.contact,
                    queue=command.queue,
                    group=asked.group,
                    priority=asked.priority,
                    skills=sorted(here.lane.skills if here else asked.skills),
                    widen=[[seconds, sorted(s)] for seconds, s in here.widen] if here else [],
                    prefer=only,
                    patience=asked.patience if only else 0.0,
                    max_wait=asked.max_wait,
                    kind=asked.kind,
                    dial=asked.dial,
                    enqueued_at=command.enqueued_at,
                    decision=command.decision,
                    moved_from=command.moved_from,
                )
            case acd.Widened(contact, skills, prefer):
                self._event("widened", contact, skills=list(skills), prefer=list(prefer))
            case acd.Refused(contact, why, _, str()):
                self._leave(contact, "refused", why=why)
            case acd.Refused():
                self.fate[command.contact] = "refused"
            case acd.TimedOut():
                self._leave(command.contact, "timed_out")
            case acd.Offer():
                assert command.offer not in self.offers, "an offer's id was used twice"
                self.offers[command.offer] = command
                reason = self.state.reason(command.offer)
                self._event("offered", command.contact, decision=reason, **command._asdict())
            case acd.Cancel():
                self._offer_ended(command.offer, command.contact, command.agent, command.why)
            case acd.AgentChanged():
                self._event("agent_state", None, command.agent, **command._asdict())

    def _offer_ended(self, offer: str, contact: str, agent: str, why: str) -> None:
        known = self.state.agents.get(agent)
        rest = known.cooling.get(contact) if known else None
        self._event("offer_ended", contact, offer=offer, agent=agent, why=why, rest_until=rest)

    def _leave(self, contact: str, outcome: str, **about: object) -> None:
        assert contact not in self.fate, f"{contact} left the queue twice"
        self.fate[contact] = outcome
        self._event("left_queue", contact, outcome=outcome, **about)

    def rebuilt(self) -> acd.State:
        return acd.restore(self.settings, self.fold.rows(), self.now)

    def pass_time(self, until: float) -> list[acd.Command]:
        """Tick at every due moment on the way to `until`, as the real shell's timer does."""
        commands = []
        while (due := acd.next_due(self.state)) is not None and due <= until:
            self.now = max(self.now, due)
            commands += self.tell(acd.Tick())
        self.now = max(self.now, until)
        return commands


def site(
    queues: Iterable[QueueRule], agents: Iterable[AgentRule], groups: Iterable[GroupRule] = ()
) -> Settings:
    """A site of nothing but queues, agents and groups."""
    return Settings(
        languages=("en",),
        numbers={},
        sites={},
        schedules={},
        queues={queue.name: queue for queue in queues},
        groups={group.name: group for group in groups},
        agents={agent.name: agent for agent in agents},
        trunks={},
    )
