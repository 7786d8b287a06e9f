"""The floor as those see it who watch: folded from events that are on disk, told as messages that hold JSON values only.

    snapshot   everything as it is: queues, agents, who waits
    queue      a queue as it is now; the newest state replaces one that was not told yet
    agent      an agent as they are now, likewise
    contact    something happened to a contact; none is left out
    offer      an agent's phone rings, was picked up, is connected, or the offer came to nothing
    missed     the reader was too slow: so many messages are lost; a snapshot follows

Whatever somebody outside has a hand in (numbers, names, reasons) is cleaned: no control or formatting characters, and no more than LONGEST
of them. Of a step only what says where the call is: what a caller keyed in stays in the log.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.core.agent import AgentState
from engine.core.event import Event
from engine.core.line import Key as Place
from engine.core.line import key_of
from engine.core.site import Settings

Message = dict[str, Any]
#: A queue or an agent of which the newest state counts: ("queue" or "agent", its name).
Key = tuple[str, str]

LONGEST = 80
#: So many of those who wait in a queue are named, the first ones.
MOST_NAMED = 100
OFFERS = frozenset({"offered", "offer_ended", "picked_up", "connected"})
#: Kinds that the floor is folded from.
FLOOR_KINDS = (
    *("queued", "offered", "offer_ended", "connected", "transferred", "left_queue"),
    *("ended", "agent_state", "doors"),
)
#: What is told of a contact's event, by its kind; of kinds that are not here only that they happened.
TOLD: Mapping[str, tuple[str, ...]] = {
    "arrived": ("from_number", "to_number", "flow", "language", "via"),
    "step": ("step", "index", "do", "language"),
    "queued": (
        "queue",
        "group",
        "priority",
        "position",
        "enqueued_at",
        "entered_at",
        "estimate",
        "moved_from",
        "kind",
    ),
    "announced": ("position", "minutes"),
    "dialled": ("number", "try"),
    "dial_ended": ("why", "again_at"),
    "callback_cancelled": ("by",),
    "left_queue": ("queue", "outcome", "why"),
    "talk_ended": ("by", "agent"),
    "phone_held": ("to",),
    "phone_resumed": ("to",),
    "held": ("by",),
    "resumed": ("by",),
    "calling": ("kind", "to", "how"),
    "calling_answered": ("to",),
    "calling_ended": ("to", "why"),
    "conferenced": ("by",),
    "released": ("why",),
    "parked": ("by", "until", "slot"),
    "transferred": ("kind", "to", "from", "how", "queue", "joined"),
    "joined": ("contact",),
    "wrap_up_code": ("code", "queue", "resolved"),
    "transferring": ("to", "trunk"),
    "transfer_answered": ("to",),
    "transfer_connected": ("to",),
    "transfer_ended": ("to", "why"),
    "pressed": ("key",),
    "comforted": ("queue", "seconds"),
    "bulletin_told": ("name", "seconds"),
    "consent": ("given",),
    "recording_started": ("recording", "by", "queue"),
    "recording_paused": ("recording", "by"),
    "recording_resumed": ("recording", "by"),
    "recording_ended": ("recording", "by"),
    "recording_kept": ("recording", "seconds", "until"),
    "recording_deleted": ("recording", "why"),
    "supervision_asked": ("mode", "phone", "agent", "by"),
    "supervision_began": ("mode", "phone"),
    "supervision_changed": ("mode", "phone", "by"),
    "supervision_ended": ("phone", "why"),
    "agent_sign_in": ("outcome", "by", "why", "phone"),
    "voice": ("kind", "who", "round_trip_ms"),
    "recording": ("mailbox",),
    "message": ("mailbox", "seconds"),
    "request": ("number", "kind", "code", "priority"),
    "request_state": ("number", "state"),
    "request_owner": ("number", "owner"),
    "entitled": ("outcome", "granted", "customer", "level"),
    "article": ("article", "solved"),
    "survey": ("survey", "question", "resolved"),
    "ended": ("cause",),
}
#: Steps whose outcome is a word of ours, or one key of a menu.
OUTCOMES_TOLD = frozenset({"Choose", "Enqueue", "RingBack", "Transfer", "Record"})


def clean(value: Any) -> Any:
    """A value as it may be told: texts without control or formatting characters, and not longer than LONGEST."""
    if not isinstance(value, str):
        return value if isinstance(value, int | float | bool) else None
    kept = (letter for letter in value[: 4 * LONGEST] if _plain(letter))
    return "".join(kept)[:LONGEST]


def _plain(letter: str) -> bool:
    return letter == " " or unicodedata.category(letter)[0] not in "CZ"


@dataclass(slots=True)
class _Caller:
    """One who waits with the priority they came with, in the order of `key`, since `since`; `offers` ring for them."""

    contact: str
    queue: str
    priority: int
    key: Place
    since: float
    kind: str
    offers: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Watched:
    """The floor after the events taken; `settings` and `expected` (a queue's wait in seconds for one who comes now) are asked when told."""

    settings: Callable[[], Settings]
    expected: Callable[[str], float | None]
    seq: int = 0
    callers: dict[str, _Caller] = field(default_factory=dict)
    agents: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    #: Agents in conversations: the queue and contact of each.
    talks: dict[str, tuple[str, str]] = field(default_factory=dict)
    offers: dict[str, str] = field(default_factory=dict)
    closed: frozenset[str] = frozenset()
    changed: dict[Key, None] = field(default_factory=dict)

    def take_all(self, events: Iterable[Event]) -> Watched:
        """Fold events in their order."""
        for event in events:
            self.take(event)
        return self

    def take(self, event: Event) -> None:
        """Fold one event; what it changes stands in `changed` until that is told."""
        self.seq = max(self.seq, event.seq)
        contact, data = event.contact or "", event.data
        match event.kind:
            case "queued":
                self._gone(contact)
                rule = self.settings().queues.get(data["queue"])
                ageing = rule.ageing if rule is not None else 0.0
                priority, enqueued_at = data["priority"], float(data["enqueued_at"])
                key = key_of(ageing, priority, enqueued_at, contact)
                kind = str(data.get("kind", "caller"))
                since = float(data.get("entered_at", enqueued_at))
                self.callers[contact] = _Caller(contact, data["queue"], priority, key, since, kind)
                self._touch_queue(data["queue"])
            case "offered":
                self.offers[data["offer"]] = data["queue"]
                self._rings(contact, data["offer"], True)
            case "offer_ended":
                self.offers.pop(data["offer"], None)
                self._rings(contact, data["offer"], False)
            case "connected":
                self.offers.pop(data["offer"], None)
                self._gone(contact)
                self.talks[event.agent or data["agent"]] = (data["queue"], contact)
                self._touch_queue(data["queue"])
            case "transferred" if data["kind"] == "agent":
                self.talks[data["to"]] = (data["queue"] or "", contact)
                self._touch_queue(data["queue"] or "")
            case "left_queue":
                self._gone(contact)
            case "ended":
                self._gone(contact)
                for agent in [agent for agent, (_, with_whom) in self.talks.items() if with_whom == contact]:
                    self._hangs_up(agent)
            case "agent_state":
                self._agent(event.agent or "", data)
            case "doors":
                self._doors(frozenset(data["closed"]))
            case _:
                pass

    def _rings(self, contact: str, offer: str, on: bool) -> None:
        if (caller := self.callers.get(contact)) is not None:
            (caller.offers.add if on else caller.offers.discard)(offer)
            self._touch_queue(caller.queue)

    def _gone(self, contact: str) -> None:
        if (caller := self.callers.pop(contact, None)) is not None:
            self._touch_queue(caller.queue)

    def _hangs_up(self, agent: str) -> None:
        if (talk := self.talks.pop(agent, None)) is not None:
            self._touch_queue(talk[0])

    def _agent(self, agent: str, data: Mapping[str, Any]) -> None:
        self.agents[agent] = data
        self.changed["agent", agent] = None
        if data["state"] != AgentState.TALKING:
            self._hangs_up(agent)
        rule = self.settings().agents.get(agent)
        for queue in rule.queues if rule is not None else ():
            self._touch_queue(queue)

    def _doors(self, closed: frozenset[str]) -> None:
        for queue in closed ^ self.closed:
            self._touch_queue(queue)
        self.closed = closed

    def _touch_queue(self, queue: str) -> None:
        self.changed["queue", queue] = None

    # --- what is told ---

    def snapshot(self, now: float) -> Message:
        """Everything as it is."""
        settings = self.settings()
        queues = {name: self.queue(name, now) for name in {*settings.queues, *self._used_queues()}}
        agents = {name: self.agent(name) for name in {**settings.agents, **self.agents}}
        waiting = [
            {"queue": clean(name), **caller} for name, queue in queues.items() for caller in queue["callers"]
        ]
        return {
            "type": "snapshot",
            "seq": self.seq,
            "at": now,
            "queues": dict(sorted(queues.items())),
            "agents": agents,
            "waiting": waiting,
        }

    def _used_queues(self) -> set[str]:
        return {caller.queue for caller in self.callers.values()}

    def state(self, key: Key, now: float) -> Message:
        """A queue or an agent as it is now."""
        kind, name = key
        about = self.queue(name, now) if kind == "queue" else self.agent(name)
        return {"type": kind, "seq": self.seq, "at": now, kind: clean(name), **about}

    def queue(self, name: str, now: float) -> Message:
        """A queue's callers and agents; `position` 0 means that a phone rings for them."""
        line = sorted((c for c in self.callers.values() if c.queue == name), key=lambda caller: caller.key)
        standing = [caller for caller in line if not caller.offers]
        offered = [caller for caller in line if caller.offers]
        places = [(caller, 0) for caller in offered] + [(c, i) for i, c in enumerate(standing, 1)]
        states = [
            self._state_of(agent) for agent, rule in self.settings().agents.items() if name in rule.queues
        ]
        return {
            "waiting": len(standing),
            "being_offered": len(offered),
            "longest_wait_s": max((self._waited(caller, now) for caller in line), default=0.0),
            "ready": states.count(AgentState.READY),
            "talking": sum(queue == name for queue, _ in self.talks.values()),
            "paused": states.count(AgentState.PAUSED),
            "signed_in": len(states) - states.count(AgentState.LOGGED_OUT),
            "open": name not in self.closed,
            "expected_wait_s": self.expected(name),
            "callers": [self._caller(caller, place, now) for caller, place in places[:MOST_NAMED]],
        }

    def _state_of(self, agent: str) -> str:
        return str(self.agents[agent]["state"]) if agent in self.agents else AgentState.LOGGED_OUT

    @staticmethod
    def _waited(caller: _Caller, now: float) -> float:
        return round(max(0.0, now - caller.since), 3)

    def _caller(self, caller: _Caller, place: int, now: float) -> Message:
        return {
            "contact": clean(caller.contact),
            "position": place,
            "priority": caller.priority,
            "kind": clean(caller.kind),
            "waited_s": self._waited(caller, now),
        }

    def agent(self, name: str) -> Message:
        """An agent's state, since when and until when, with whom they are, and who asked for the last change (empty: nobody)."""
        data = self.agents.get(name) or {"state": AgentState.LOGGED_OUT}
        rule = self.settings().agents.get(name)
        return {
            "title": clean(rule.title) if rule is not None else "",
            "state": clean(str(data["state"])),
            "reason": clean(data.get("reason") or ""),
            "contact": clean(data.get("contact")),
            "since": data.get("since"),
            "until": data.get("until"),
            "then": clean(str(data.get("then") or "")),
            "by": clean(str(data.get("by") or "")),
        }


def happened(event: Event) -> Message | None:
    """What happened to a contact or an offer, as it is told; None for what concerns neither."""
    if event.contact is None:
        return None
    head = {"seq": event.seq, "at": event.at, "contact": clean(event.contact), "event": clean(event.kind)}
    if event.kind in OFFERS:
        about = {name: clean(event.data[name]) for name in ("offer", "queue", "why") if name in event.data}
        return {"type": "offer", **head, "agent": clean(event.agent or event.data.get("agent")), **about}
    data = {name: clean(event.data[name]) for name in TOLD.get(event.kind, ()) if name in event.data}
    if event.kind == "step" and event.data.get("do") in OUTCOMES_TOLD:
        data["outcome"] = clean(event.data.get("outcome"))
    if event.kind == "agent_sign_in" and event.data.get("outcome") == "let_in":
        data["agent"] = clean(event.agent)  # what others key in for a name may be anything, a PIN too
    if event.kind == "voice":
        data |= {f"mos_{way}": clean((event.data.get(way) or {}).get("mos")) for way in ("spoken", "heard")}
    return {"type": "contact", **head, "data": data}


def missed(count: int, seq: int, now: float) -> Message:
    """So many messages are lost."""
    return {"type": "missed", "seq": seq, "at": now, "count": count}
