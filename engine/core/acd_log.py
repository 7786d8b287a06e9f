"""The distributor's rows, folded from the event log (kinds and data as in docs/architecture.md).

What each kind must carry, beyond what the table there says: the event's `at` is the `now` that was given to `decide`, and an
`agent_state` carries every field of its AgentChanged. Then `restore(settings, rows, now)` with the rows of LogFold equals the live state.

    queued        the caller waits (again: moved to another queue, or recovered)    offered      their offer rings
    widened       more agents will do for them from now on
    picked_up     its agent has picked up: nobody else is rung for this caller
    offer_ended   it does not; with `rest_until` the agent cools down until then     connected    they are out of line, and talk
    calling …     an agent is called into a conversation (calling_answered: consulted, calling_ended: no more); transferred: has the caller
    left_queue    they are out of line, unless connected said so                    talk_ended   the agent wraps up
    doors         which queues are closed, and until when those who wait there may stay
    ended         whatever was still open of this contact is closed, a conversation without `talk_ended` too
    seen          in left_queue and talk_ended: the time after it was seen by nobody, and is not learned from
    agent_state   the agent's row; leaving talk and wrap-up completes a handled contact
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.core.conversation import AGENT
from engine.core.event import Event
from engine.core.facts import CALLER, AgentChanged, Arrived, Offer
from engine.core.measures import COUNTS_AS, Handled, Presence, Waited, unseen
from engine.core.ranking import REBALANCED
from engine.core.rebuild import Consult, CoolDown, Rows, Talk

CHANGED_FIELDS = AgentChanged._fields[1:]  # all but the agent
BUSY_WITH_CONTACT = ("talking", "wrap_up")


@dataclass(slots=True)
class LogFold:
    """Folds events into rows."""

    _agents: dict[str, AgentChanged] = field(default_factory=dict)
    _waiting: dict[str, Arrived] = field(default_factory=dict)
    _ended: set[str] = field(default_factory=set)
    _offers: dict[str, tuple[Offer, float]] = field(default_factory=dict)
    _picked_up: set[str] = field(default_factory=set)
    _talks: dict[str, Talk] = field(default_factory=dict)  # by agent
    _consults: dict[str, Consult] = field(default_factory=dict)  # by contact
    _cool_downs: dict[tuple[str, str], CoolDown] = field(default_factory=dict)
    _handled: list[Handled] = field(default_factory=list)
    _waited: list[Waited] = field(default_factory=list)
    _chosen: dict[str, float] = field(default_factory=dict)
    _rung: dict[str, str] = field(default_factory=dict)
    _presence: dict[str, Presence] = field(default_factory=lambda: defaultdict(Presence))
    _closed: dict[str, float] = field(default_factory=dict)
    _serial: int = 0

    def take_all(self, events: Iterable[Event]) -> LogFold:
        """Fold events in their order."""
        for event in events:
            self.take(event)
        return self

    def take(self, event: Event) -> None:
        """Fold one event; kinds that do not concern the distributor are passed over."""
        contact, data = event.contact or "", event.data
        match event.kind:
            case "queued":
                self._queued(contact, event.at, data)
            case "widened":
                self._widened(contact, event.at, data)
            case "offered":
                offer = Offer(data["offer"], contact, data["agent"], data["queue"], data["ring"])
                self._offers[offer.offer] = (offer, event.at)
                self._rung[offer.queue] = offer.agent
                self._serial += 1
            case "picked_up" if data["offer"] in self._offers:
                self._picked_up.add(data["offer"])
            case "offer_ended":
                self._offer_ended(contact, data)
            case "connected":
                self._over(data["offer"])
                self._talks[data["agent"]] = Talk(contact, data["agent"], data["queue"], event.at)
                self._left(contact, event.at, abandoned=False)
            case "left_queue":
                abandoned = data["outcome"] in ("abandoned", "short_abandoned")
                self._left(contact, data.get("seen", event.at), abandoned)
            case "calling" | "calling_answered" | "calling_ended" | "transferred":
                self._conversed(event)
            case "talk_ended":
                self._consults.pop(contact, None)
                self._talk_ended(event.agent or "", event.at, data.get("seen"))
            case "doors":
                self._closed = dict(data["closed"])
            case "ended":
                self._waiting.pop(contact, None)
                self._consults.pop(contact, None)
                self._ended.add(contact)
            case "agent_state":
                self._agent_state(event.agent or "", event.at, data)
            case _:
                pass

    def rows(self) -> Rows:
        """The rows as they stand after the events taken."""
        offers = [pair for pair in self._offers.values() if pair[0].contact in self._waiting]
        talks = [talk for talk in self._talks.values() if not self._broken_off(talk)]
        return Rows(
            agents=tuple(self._agents.values()),
            waiting=tuple(self._waiting.values()),
            offers=tuple(offers),
            picked_up=frozenset(self._picked_up),
            talks=tuple(talks),
            consults=tuple(self._consults.values()),
            cool_downs=tuple(self._cool_downs.values()),
            handled=tuple(self._handled),
            waited=tuple(self._waited),
            chosen=dict(self._chosen),
            rung=dict(self._rung),
            presence={agent: known.past for agent, known in self._presence.items()},
            closed=dict(self._closed),
            serial=self._serial,
        )

    def _broken_off(self, talk: Talk) -> bool:
        """The contact has ended without a word about this conversation: nobody will ever report its end."""
        agent = self._agents.get(talk.agent)
        return talk.contact in self._ended and agent is not None and agent.state == "talking"

    def _conversed(self, event: Event) -> None:
        contact, data = event.contact or "", event.data
        consult = self._consults.get(contact)
        match event.kind:
            case "calling" if data["kind"] == AGENT:
                row = Consult(data["ask"], contact, data["to"], data["queue"], data["ring"], event.at)
                self._consults[contact] = row
                self._serial += 1
            case "calling_answered" if consult is not None:
                self._consults[contact] = replace(consult, answered_at=event.at)
            case "calling_ended":
                self._consults.pop(contact, None)
            case "transferred":
                self._consults.pop(contact, None)
                if data["kind"] == AGENT:
                    talk = Talk(contact, data["to"], data["queue"], event.at)
                    before = self._talks.get(data["to"]) if "joined" in data else None
                    began = talk.connected_at if before is None else before.connected_at
                    self._talks[data["to"]] = replace(talk, connected_at=began)

    def _queued(self, contact: str, at: float, data: Mapping[str, Any]) -> None:
        queue, decision, before = data["queue"], data.get("decision") or {}, self._waiting.get(contact)
        rebalanced = decision.get("rule") == REBALANCED
        self._waiting[contact] = Arrived(
            contact,
            (queue,),
            group=data.get("group"),
            priority=data["priority"],
            skills=frozenset(data["skills"]),
            max_wait=data["max_wait"],
            enqueued_at=data["enqueued_at"],
            queue=queue,
            kind=data.get("kind", CALLER),
            dial=data.get("dial", 0.0),
            moved=rebalanced or (before is not None and before.moved),
            entered_at=data.get("entered_at"),
            widen=tuple((seconds, frozenset(skills)) for seconds, skills in data.get("widen", ())),
            prefer=tuple(data.get("prefer", ())),
            patience=data.get("patience", 0.0),
        )
        if decision:
            self._chosen[queue] = at

    def _widened(self, contact: str, at: float, data: Mapping[str, Any]) -> None:
        arrived = self._waiting.get(contact)
        if arrived is not None and arrived.enqueued_at is not None:
            since = arrived.enqueued_at if arrived.entered_at is None else arrived.entered_at
            skills = frozenset(data["skills"])
            widen = tuple(later for later in arrived.widen if since + later[0] > at)
            prefer = tuple(data["prefer"])
            self._waiting[contact] = replace(arrived, skills=skills, widen=widen, prefer=prefer)

    def _over(self, offer: str) -> None:
        self._offers.pop(offer, None)
        self._picked_up.discard(offer)

    def _offer_ended(self, contact: str, data: Mapping[str, Any]) -> None:
        self._over(data["offer"])
        if (until := data.get("rest_until")) is not None:
            self._cool_downs[contact, data["agent"]] = CoolDown(contact, data["agent"], until)

    def _left(self, contact: str, at: float, abandoned: bool) -> None:
        arrived = self._waiting.pop(contact, None)
        if arrived is not None and arrived.queue is not None and arrived.enqueued_at is not None:
            if arrived.kind == CALLER:
                since = arrived.enqueued_at if arrived.entered_at is None else arrived.entered_at
                waited = max(0.0, at - since)
                self._waited.append(Waited(contact, arrived.queue, waited, abandoned))
            for pair in [pair for pair in self._cool_downs if pair[0] == contact]:
                del self._cool_downs[pair]

    def _talk_ended(self, agent: str, at: float, seen: float | None) -> None:
        talk = self._talks.get(agent)
        if talk is not None and seen is not None:
            began = talk.connected_at
            self._talks[agent] = replace(talk, connected_at=began + unseen(at, seen, began))

    def _agent_state(self, agent: str, at: float, data: Mapping[str, Any]) -> None:
        changed = AgentChanged(agent, **{name: data[name] for name in CHANGED_FIELDS if name in data})
        self._agents[agent] = changed
        self._presence[agent].turn(COUNTS_AS[changed.state], at)
        talk = self._talks.get(agent)
        if talk is not None and changed.state not in BUSY_WITH_CONTACT:
            del self._talks[agent]
            self._handled.append(Handled(talk.contact, talk.queue, agent, talk.connected_at, at))
