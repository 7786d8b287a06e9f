"""A plan from the log of a day that has been: the callers who came, the agents who were there, the doors as they stood.

What really happened is kept: when callers came, for which queues, with what skills and priority; how long those who were answered talked;
when those who gave up did. What nobody saw is drawn, anew for each simulated day: the talk of callers whom nobody answered, from those of
their queue who talked; and how much longer callers would have waited who were answered, from `patience.py`, given that they had waited so
long. So a base run repeats the day as far as it is known, and its intervals tell only of what is not; `vary` draws whole days like it
instead: calls at random at the half-hours' rates, callers with the talk and the patience of that queue.

Calls that went on to another queue go on there where the stay before ends as it did. Agents come, pause and go when they did; pauses that
an unheard phone brought are left out, for phones are unheard by chance here, as often as they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from random import Random
from statistics import fmean

from engine.core.acd_log import LogFold
from engine.core.agent import AgentState
from engine.core.event import Event
from engine.core.facts import CALLBACK, CALLER, FAILURES, AgentSet, Arrived, Doors, OwnCall
from engine.core.rebuild import Rows
from engine.core.site import Settings
from engine.core.stays import ON, Books
from engine.staffing.draws import Length, Observed
from engine.staffing.filed import arrivals
from engine.staffing.patience import Patience, Wait, estimated
from engine.staffing.plan import BACK_AFTER, PICK_UP, Caller, Move, Phones, Plan, Stream, chance

#: Stretches within which calls are taken to come at one rate, seconds.
HALF_HOUR = 1800.0
#: Pauses that no agent has asked for, and that the simulated phones bring by themselves.
BY_PHONE = frozenset({"no_answer", "busy", "rejected"})
#: Ways to leave a line, as the log says them, after which the call may go on.
ENDS = {"short_abandoned": "abandoned", "stopped": "failed"}


@dataclass(slots=True)
class Seen:
    """One stay as the log tells it: what was asked for, and what came of it; times are seconds since the epoch."""

    at: float
    asked: Arrived
    queue: str
    kept: float = 0.0  # seconds by which their place was older
    ended: str = ""
    until: float = 0.0
    offered_at: float | None = None
    talk: float | None = None
    wrap: float | None = None

    @property
    def waited(self) -> float:
        """Seconds in line."""
        return max(0.0, self.until - self.at)


@dataclass(slots=True)
class Past:
    """The log of a day, folded."""

    calls: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    hours: dict[str, list[tuple[float, AgentSet | OwnCall]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    doors: list[Move] = field(default_factory=list)
    pick_ups: list[float] = field(default_factory=list)
    failed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    #: How long agents were paused who had not heard their phone, until they asked for ready, or until something else.
    unheard: list[Wait] = field(default_factory=list)
    _offered: dict[str, float] = field(default_factory=dict)
    _paused: dict[str, float] = field(default_factory=dict)
    _standing: dict[str, str] = field(default_factory=dict)

    def take(self, e: Event, settings: Settings) -> None:
        """Fold one event."""
        contact, d = e.contact or "", e.data
        match e.kind:
            case "queued":
                self._queued(contact, e, settings)
            case "left_queue":
                self._left(contact, e, settings)
            case "offered":
                self._offered[d["offer"]] = e.at
                if seen := self._last(contact):
                    seen.offered_at = e.at
            case "connected":
                began = self._offered.pop(d["offer"], None)
                if began is not None:
                    self.pick_ups.append(e.at - began)
            case "offer_ended":
                self._offered.pop(d["offer"], None)
                if d["why"] in FAILURES:
                    self.failed[d["why"]] += 1
            case "doors":
                self.doors.append((e.at, Doors(dict(d["closed"]))))
            case "agent_state":
                self._agent(e)
            case _:
                pass

    def _last(self, contact: str) -> Seen | None:
        stays = self.calls.get(contact)
        return stays[-1] if stays and not stays[-1].ended else None

    def _queued(self, contact: str, e: Event, settings: Settings) -> None:
        d, here = e.data, self._last(contact)
        if here is not None:
            return  # moved to another queue by rule, or told again after a restart: the rule is at work here, too
        group = settings.groups.get(d.get("group") or "")
        known = group is not None and d["queue"] in group.queues
        since = d.get("entered_at", d["enqueued_at"])
        asked = Arrived(
            contact,
            group.queues if group is not None and known else (d["queue"],),
            group=group.name if group is not None and known else None,
            priority=d["priority"],
            skills=frozenset(d["skills"]),
            max_wait=d["max_wait"],
            kind=d.get("kind", CALLER),
            dial=d.get("dial", 0.0),
            widen=tuple((after, frozenset(skills)) for after, skills in d.get("widen", ())),
            prefer=tuple(d.get("prefer", ())),
            patience=d.get("patience", 0.0),
        )
        self.calls[contact].append(Seen(since, asked, d["queue"], max(0.0, since - d["enqueued_at"])))

    def _left(self, contact: str, e: Event, settings: Settings) -> None:
        outcome, here = ENDS.get(e.data["outcome"], e.data["outcome"]), self._last(contact)
        if here is None and outcome == "refused":
            found = (e.data.get("decision") or {}).get("candidates") or []
            names = tuple(str(c["queue"]) for c in found if c["queue"] in settings.queues)
            group = next((g.name for g in settings.groups.values() if g.queues == names), None)
            if not names:
                return
            here = Seen(e.at, Arrived(contact, names, group=group), names[0])
            self.calls[contact].append(here)
        if here is not None:
            here.ended, here.until = outcome, float(e.data.get("seen", e.at))

    def _agent(self, e: Event) -> None:
        """When agents come, pause and go: what they asked for counts from when they did."""
        name, d = e.agent or "", e.data
        state, reason = d.get("then") or d["state"], d.get("then_reason") or d.get("reason", "")
        by_phone = state == AgentState.PAUSED and reason in BY_PHONE
        unheard = by_phone and reason == "no_answer"
        if name in self._paused and not unheard:
            self.unheard.append(Wait(e.at - self._paused.pop(name), state == AgentState.READY))
        elif unheard:
            self._paused.setdefault(name, e.at)
        away = state if state in ("paused", "logged_out", "own_call") and not by_phone else "ready"
        before = self._standing.get(name, "logged_out")
        if away == before:
            return
        self._standing[name] = away
        moves = self.hours[name]
        if before == "own_call":
            moves.append((e.at, OwnCall(name, False)))
        if away == "own_call":
            moves.append((e.at, OwnCall(name, True)))
        elif not (before == "own_call" and away == "ready"):
            moves.append((e.at, AgentSet(name, away, reason if away == "paused" else "")))


def past_of(events: Sequence[Event], settings: Settings, end: float) -> Past:
    """Fold the log of a day until its end, with the talk and the wrap-up of every conversation as reports know them."""
    past, books = Past(), Books()
    for event in events:
        past.take(event, settings)
        books.take(event)
    talks: dict[str, list[tuple[float, float | None]]] = defaultdict(list)
    for stay in books.stays:
        if stay.outcome == "answered" and stay.kind != ON and stay.talk_s is not None:
            talks[stay.contact].append((stay.talk_s, stay.wrap_s))
    past.unheard += [Wait(end - at, False) for at in past._paused.values() if at < end]
    for contact, stays in past.calls.items():
        answered = [seen for seen in stays if seen.ended == "answered"]
        for seen, (talk, wrap) in zip(answered, talks[contact], strict=False):
            seen.talk, seen.wrap = talk, wrap
    return past


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a queue's callers are like: how long they talk, when they hang up, when they press a key."""

    talk: Length | None
    patience: Patience
    keys: Patience


def learnt(stays: Iterable[Seen]) -> Learnt:
    """From all stays of one queue."""
    known = [s for s in stays if s.ended and s.ended != "refused" and s.asked.kind == CALLER]
    talks = sorted(s.talk for s in known if s.talk is not None)
    return Learnt(
        Observed(tuple(talks)) if talks else None,
        estimated([Wait(s.waited, s.ended == "abandoned") for s in known]),
        estimated([Wait(s.waited, s.ended == "flow_out") for s in known]),
    )


def planned(
    before: Sequence[Event],
    events: Sequence[Event],
    settings: Settings,
    start: float,
    end: float,
    *,
    vary: bool = False,
) -> Plan:
    """The plan of a day: `events` of the day and of what it was part of, `before` what the distributor had learnt from."""
    past = past_of(events, settings, end)
    made = _Planner(past, settings, start, end)
    return Plan(
        settings,
        start,
        start,
        end,
        made.hours(),
        made.like if vary else made.again,
        made.streams(),
        made.phones,
        made.doors(),
        _rows(before),
        tuple(made.notes()),
        not vary,
    )


def _rows(before: Sequence[Event]) -> Rows:
    """What the distributor knew when the day began: handle times, waits, and which queues were chosen last."""
    known = LogFold().take_all(before).rows()
    return Rows(
        handled=known.handled, waited=known.waited, chosen=known.chosen, rung=known.rung, closed=known.closed
    )


class _Planner:
    """Makes callers of what a day has shown."""

    def __init__(self, past: Past, settings: Settings, start: float, end: float) -> None:
        self.past, self.settings, self.start, self.end = past, settings, start, end
        stays = [s for seen in past.calls.values() for s in seen]
        by_queue: dict[str, list[Seen]] = defaultdict(list)
        for s in stays:
            by_queue[s.queue].append(s)
        self.learnt = {name: learnt(found) for name, found in sorted(by_queue.items())}
        everybody = learnt(stays)
        self.talk = everybody.talk
        self.phones = _phones(past)
        self.calls = [
            seen
            for _, seen in sorted(past.calls.items())
            if seen
            and start <= seen[0].at < end
            and all(s.ended and s.queue in settings.queues for s in seen)
        ]
        self.calls.sort(key=lambda seen: seen[0].at)

    # --- callers ---

    def again(self, day: str) -> list[Caller]:
        """The callers who came; what nobody saw of them is drawn."""
        found = []
        for number, seen in enumerate(self.calls):
            luck = chance(day, "again", number)
            if (caller := self._caller(seen, luck)) is not None:
                found.append(caller)
        return found

    def like(self, day: str) -> list[Caller]:
        """Callers who might have come: as many at random, each half-hour's like those who came then."""
        luck, found = chance(day, "like", "arrivals"), list[Caller]()
        for since, until, seen in self._half_hours():
            if not seen:
                continue
            for number, at in enumerate(arrivals([(since, until, len(seen) / (until - since))], luck)):
                own = chance(day, "like", since, number)
                model = own.choice(seen)
                caller = self._caller(model, own, known=False)
                if caller is not None:
                    name = f"{int(since)}-{number}"
                    found.append(_renamed(replace(caller, at=at), name))
        return sorted(found, key=lambda caller: caller.at)

    def _half_hours(self) -> list[tuple[float, float, list[list[Seen]]]]:
        found, since = [], self.start
        while since < self.end:
            until = min(since + HALF_HOUR, self.end)
            found.append((since, until, [seen for seen in self.calls if since <= seen[0].at < until]))
            since = until
        return found

    def _caller(self, seen: Sequence[Seen], luck: Random, known: bool = True) -> Caller | None:
        """A caller with the stays of their call, the last one first."""
        caller: Caller | None = None
        for place in range(len(seen) - 1, -1, -1):
            stay = seen[place]
            if stay.asked.kind == CALLBACK and stay.talk is None:
                continue
            after = seen[place + 1].at - stay.until - (stay.talk or 0.0) if caller is not None else 0.0
            caller = self._stay(stay, luck, known, caller, max(0.0, after))
        return caller

    def _stay(self, s: Seen, luck: Random, known: bool, then: Caller | None, gap: float) -> Caller:
        queue = self.learnt[s.queue]
        a, b, c, d = luck.random(), luck.random(), luck.random(), luck.random()
        talk = s.talk if s.talk is not None and known else self._talk(queue, a)
        patience, key, reason = self._patience(s, queue, known, b, c)
        rule = self.settings.queues[s.queue]
        early = s.wrap is not None and s.wrap < rule.wrap_up - 0.5
        rang = s.until - s.offered_at if s.ended == "answered" and s.offered_at is not None else None
        return Caller(
            s.at,
            s.asked,
            talk,
            patience,
            key,
            reason,
            s.wrap if early else None,
            rang if rang is not None and known else self.phones.pick_up.draw(d),
            luck.getrandbits(48),
            s.kept,
            s.ended,
            gap,
            then,
        )

    def _talk(self, queue: Learnt, u: float) -> float:
        length = queue.talk or self.talk
        return length.draw(u) if length is not None else self.settings_talk()

    def settings_talk(self) -> float:
        """Where nobody talked all day: what the site reckons with."""
        return fmean(rule.handle_time for rule in self.settings.queues.values())

    def _patience(self, s: Seen, queue: Learnt, known: bool, u: float, v: float) -> tuple[float, float, str]:
        """When they hang up, and when they go another way: as they did, or later than they were there."""
        if s.asked.kind == CALLBACK:
            return inf, inf, "key"
        seen = s.waited if known and s.ended != "refused" else 0.0
        hangs_up, key = queue.patience.curve.beyond(seen, u), queue.keys.curve.beyond(seen, v)
        if not known:
            return hangs_up, key, "key"
        match s.ended:
            case "abandoned":
                return seen, key, "key"
            case "flow_out":
                return hangs_up, seen, "key"
            case "failed":
                return hangs_up, seen, "failed"
            case _:
                return hangs_up, key, "key"

    # --- all else ---

    def doors(self) -> tuple[Move, ...]:
        """As they stood when the day began, and every change."""
        return tuple((max(at, self.start), fact) for at, fact in self.past.doors)

    def hours(self) -> dict[str, tuple[Move, ...]]:
        """When agents of the site came and went; who was there when the day began is there then."""
        found: dict[str, tuple[Move, ...]] = {}
        for name, moves in sorted(self.past.hours.items()):
            if name not in self.settings.agents:
                continue
            later = tuple(move for move in moves if move[0] >= self.start)
            first = tuple((self.start, fact) for fact in _standing([f for at, f in moves if at < self.start]))
            if any(isinstance(fact, AgentSet) and fact.state != "logged_out" for _, fact in (*first, *later)):
                found[name] = (*first, *later)
        return found

    def streams(self) -> tuple[Stream, ...]:
        """Calls as the formulas know them: what asks for the same queues, by the half-hour."""
        kinds: dict[tuple[str, ...], list[Seen]] = defaultdict(list)
        for seen in self.calls:
            for s in seen:
                kinds[s.asked.queues].append(s)
        return tuple(self._stream(queues, stays) for queues, stays in sorted(kinds.items()))

    def _stream(self, queues: tuple[str, ...], stays: Sequence[Seen]) -> Stream:
        steps = []
        for since, until, _ in self._half_hours():
            count = sum(since <= s.at < until for s in stays)
            steps.append((since, until, count / (until - since)))
        plain = all(
            s.asked.kind == CALLER and not (s.asked.skills or s.asked.widen or s.asked.prefer) for s in stays
        )
        all_learnt = learnt(stays)
        talk = all_learnt.talk.mean if all_learnt.talk is not None else self.settings_talk()
        return Stream(queues, plain, tuple(steps), talk, all_learnt.patience.curve.tail.mean)

    def notes(self) -> list[str]:
        """What has to be said about the data."""
        found = [f"{name}: patience by {one.patience.method}" for name, one in self.learnt.items()]
        if unheard := self.past.unheard:
            back = sum(wait.gave_up for wait in unheard)
            found.append(
                f"phones: {len(unheard)} rang unheard; {back} of their agents were back before they logged out"
            )
        left = sum(1 for seen in self.past.calls.values() if seen and self.start <= seen[0].at < self.end)
        if left > len(self.calls):
            found.append(
                f"{left - len(self.calls)} calls are left out: not over yet, or of queues the site has no more"
            )
        gone = sorted(set(self.past.hours) - set(self.settings.agents))
        if gone:
            found.append(f"agents the site has no more: {', '.join(gone)}")
        return found


def _phones(past: Past) -> Phones:
    """How phones were answered that day."""
    picked = Observed(tuple(sorted(past.pick_ups))) if past.pick_ups else PICK_UP
    offers = len(past.pick_ups) + sum(past.failed.values())
    failed = {why: n / offers for why, n in sorted(past.failed.items())} if past.pick_ups else {}
    return Phones(picked, failed, estimated(past.unheard).curve if past.unheard else BACK_AFTER)


def _standing(facts: Sequence[AgentSet | OwnCall]) -> list[AgentSet | OwnCall]:
    """What still holds of an agent's moves: the last state asked for, and a call of their own that goes on."""
    asked = [fact for fact in facts if isinstance(fact, AgentSet)][-1:]
    own = [fact for fact in facts[-1:] if isinstance(fact, OwnCall) and fact.on]
    return [*asked, *own]


def _renamed(caller: Caller, name: str) -> Caller:
    """A call under another name, with all its stays."""
    then = None if caller.then is None else _renamed(caller.then, name)
    return replace(caller, arrived=replace(caller.arrived, contact=name), then=then)
