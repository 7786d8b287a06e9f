"""Reports: rows of tallies over the books, by queue, agent, site or flow, and by interval.

The site of a queue is what `site` says there; else the site that is its schedule, or the only one of its schedule; else none. An agent's
site is that of the first of their queues that has one. A contact belongs to the site of the queue it is in; an agent's time to the agent's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from engine.core.contact import Outcome
from engine.core.estimates import Promise
from engine.core.facts import CALLER
from engine.core.first_contact import Asked, resolved_contacts
from engine.core.intervals import Grid
from engine.core.kpi import ratio
from engine.core.site import Settings
from engine.core.stays import Books, Life, Span, Stay
from engine.core.tally import Row, Tally, Terms, merged

QUEUES, AGENTS, SITES, CALLS = "queues", "agents", "sites", "calls"
#: What a row of each report is about: its first column.
ABOUT = {QUEUES: "queue", AGENTS: "agent", SITES: "site", CALLS: "flow"}
#: What belongs to no site or flow.
NONE = "-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; empty choices mean everything."""

    about: str
    grid: Grid
    terms: Terms = field(default_factory=Terms)
    queues: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    sites: frozenset[str] = frozenset()


class Line(NamedTuple):
    """One row: about whom, in which interval."""

    name: str
    interval: int
    row: Row


@dataclass(frozen=True, slots=True)
class Report:
    """Rows in order of time and name, and the row of all of it."""

    wanted: Wanted
    lines: Sequence[Line]
    total: Row
    #: Contacts that entered less those that left and wait; calls that came in less those that ended and go on.
    conservation_error: int


def site_of_queue(settings: Settings, name: str) -> str:
    """The site a queue belongs to; NONE where none can be told."""
    rule = settings.queues.get(name)
    if rule is None:
        return NONE
    schedule = settings.schedules.get(rule.schedule or "")
    places = schedule.any_of if schedule is not None else (rule.schedule,)
    only = places[0] if len(places) == 1 and places[0] in settings.sites else None
    return rule.site or only or NONE


def site_of_agent(settings: Settings, name: str) -> str:
    """The site of the first of an agent's queues that has one."""
    rule = settings.agents.get(name)
    found = (site_of_queue(settings, queue) for queue in (rule.queues if rule else ()))
    return next((site for site in found if site != NONE), NONE)


def report(books: Books, asked: Sequence[Asked], settings: Settings, wanted: Wanted, now: float) -> Report:
    """The report that is wanted, as the books stand now."""
    if wanted.about == CALLS:
        return _Calls(books, asked, settings, wanted, now).report()
    return _Floor(books, asked, settings, wanted, now).report()


class _Floor:
    """Rows about queues, agents or sites."""

    def __init__(
        self, books: Books, asked: Sequence[Asked], settings: Settings, wanted: Wanted, now: float
    ) -> None:
        self.books, self.asked, self.settings, self.wanted, self.now = books, asked, settings, wanted, now
        self.tallies: dict[tuple[int, str], Tally] = {}
        self.total = self._tally()

    def report(self) -> Report:
        """Count everything and make the rows."""
        for stay in self.books.stays:
            self._stay(stay)
        for offer in self.books.offers:
            if self._chosen(offer.queue, offer.agent):
                self._into(self._names(offer.queue, offer.agent), offer.at, partial(Tally.offer, offer=offer))
        for span in (*self.books.spans, *self.books.states_now(self.now)):
            self._span(span)
        if self.wanted.about != AGENTS:
            for life in self.books.lives.values():
                self._callback(life)
            for promise in self.books.promises_now(self.now):
                if self._chosen(promise.queue, None):
                    self._into(self._names(promise.queue, None), promise.at, partial(told, promise=promise))
        self._first_contacts()
        for life in self.books.lives.values():
            self._said(life)
        keys = sorted(key for key, tally in self.tallies.items() if not tally.empty)
        lines = [Line(name, i, self._row(self.tallies[i, name])) for i, name in keys]
        wrong = [tally.conservation_error for tally in self.tallies.values()]
        error = sum(map(abs, wrong)) if self.wanted.about != AGENTS else 0
        return Report(self.wanted, lines, self._row(self.total), error)

    def _tally(self) -> Tally:
        return Tally(self.wanted.terms, self.now)

    def _row(self, t: Tally) -> Row:
        if self.wanted.about == AGENTS:
            return merged((t.offering(), t.handling(), t.time()))
        return merged(
            (
                *(t.contacts(), t.service(), t.waiting(), t.told()),
                *(t.handling(), t.offering(), t.time(), t.back()),
            )
        )

    def _chosen(self, queue: str | None, agent: str | None) -> bool:
        w = self.wanted
        site = site_of_queue(self.settings, queue) if queue is not None else self._agents_site(agent)
        return (
            (not w.queues or queue is None or queue in w.queues)
            and (not w.agents or agent in w.agents)
            and (not w.sites or site in w.sites)
        )

    def _agents_site(self, agent: str | None) -> str:
        return site_of_agent(self.settings, agent or "")

    def _names(self, queue: str, agent: str | None) -> tuple[str, ...]:
        match self.wanted.about:
            case "agents":
                return (agent,) if agent is not None else ()
            case "sites":
                return (site_of_queue(self.settings, queue),)
            case _:
                return (queue,)

    def _into(self, names: Iterable[str], at: float, count: Callable[[Tally], None]) -> None:
        index = self.wanted.grid.index(at)
        if index is None:
            return
        found = [self._at(index, name) for name in names]
        for tally in (*found, *([self.total] if found else [])):
            count(tally)

    def _at(self, index: int, name: str) -> Tally:
        tally = self.tallies.get((index, name))
        if tally is None:
            tally = self.tallies[index, name] = self._tally()
        return tally

    def _stay(self, stay: Stay) -> None:
        self._of(stay, partial(Tally.stay, stay=stay))

    def _when(self, stay: Stay) -> float:
        """A queue's contacts count when they were enqueued, an agent's conversations and callbacks when they began."""
        if self.wanted.about != AGENTS and stay.kind == CALLER:
            return stay.since
        return stay.until or 0.0

    def _span(self, span: Span) -> None:
        if not self._chosen(None, span.agent) or not self._serves(span.agent):
            return
        names = self._names_of_agent(span.agent)
        for index, seconds in self.wanted.grid.parts(span.start, min(span.end, self.now)):
            for name in names:
                self._at(index, name).span(span.state, seconds)
            self.total.span(span.state, seconds)

    def _serves(self, agent: str) -> bool:
        rule = self.settings.agents.get(agent)
        return not self.wanted.queues or (rule is not None and not self.wanted.queues.isdisjoint(rule.queues))

    def _names_of_agent(self, agent: str) -> tuple[str, ...]:
        match self.wanted.about:
            case "agents":
                return (agent,)
            case "sites":
                return (self._agents_site(agent),)
            case _:
                rule = self.settings.agents.get(agent)
                queues = rule.queues if rule is not None else ()
                return tuple(q for q in queues if not self.wanted.queues or q in self.wanted.queues)

    def _callback(self, life: Life) -> None:
        if life.callback_of is not None and life.queue is not None and self._chosen(life.queue, None):
            names = self._names(life.queue, None)
            self._into(names, life.arrived_at, lambda tally: tally.callbacks.append(life))

    def _first_contacts(self) -> None:
        for contact, alone, early in resolved_contacts(self.asked, self.now):
            life = self.books.lives.get(contact)
            stay = life.stay if life is not None else None
            if stay is not None:
                self._of(stay, partial(Tally.first_contact, alone=alone, provisional=early))

    def _said(self, life: Life) -> None:
        """What agents say counts for each of them, else the last word alone; what callers say, where they spoke with somebody last."""
        marks = list(life.marks.items())
        for agent, resolved in marks if self.wanted.about == AGENTS else marks[-1:]:
            self._of(life.talks[agent], partial(Tally.mark, resolved=resolved))
        if life.answered is not None and (stay := life.stayed) is not None:
            self._of(stay, partial(Tally.answer, resolved=life.answered))

    def _of(self, stay: Stay, count: Callable[[Tally], None]) -> None:
        """Count something where a stay counts."""
        if self._chosen(stay.queue, stay.agent):
            self._into(self._names(stay.queue, stay.agent), self._when(stay), count)


def told(tally: Tally, promise: Promise) -> None:
    """Count what a caller was told."""
    tally.promises.append(promise)


def _said(tally: Tally, life: Life) -> None:
    """Count the last word about a contact, of its agents and of its caller."""
    for resolved in [*life.marks.values()][-1:]:
        tally.mark(resolved)
    if life.answered is not None:
        tally.answer(life.answered)


#: How a contact ends, in the order of the rows.
ENDS = tuple(Outcome)


@dataclass(slots=True)
class _Flow:
    """Calls of one flow in one interval."""

    lives: list[Life] = field(default_factory=list)
    backs: list[Life] = field(default_factory=list)
    first: Tally = field(default_factory=lambda: Tally(Terms(), 0.0))

    def row(self, terms: Terms, now: float) -> Row:
        """Calls that came in, by how they ended; what became of callbacks."""
        ends = [_end(life, terms, now) for life in self.lives]
        counts: Row = {str(end): ends.count(end) for end in ENDS}
        arrived, open_ = len(ends), ends.count(None)
        return {
            "arrivals": arrived,
            **counts,
            "in_progress": open_,
            "conservation_error": self.error,
            "ivr_hangup_rate": ratio(ends.count(Outcome.IVR_HANGUP), arrived),
            "refusal_rate": ratio(ends.count(Outcome.REFUSED), arrived),
            **self.first.resolution(),
            **Tally(terms, now, callbacks=self.backs).back(),
        }

    @property
    def error(self) -> int:
        """Calls that came in less those that ended in a way we know and those that go on."""
        known = sum(life.outcome in ENDS for life in self.lives)
        return len(self.lives) - known - sum(life.ended_at is None for life in self.lives)


def _end(life: Life, terms: Terms, now: float) -> Outcome | None:
    """How a call ended, its abandon short or not by what is asked now."""
    if life.outcome is Outcome.ABANDONED and life.stay is not None and life.stay.waited(now) < terms.short:
        return Outcome.SHORT_ABANDONED
    return life.outcome


class _Calls:
    """Rows about flows: calls as they came in, queued or not."""

    def __init__(
        self, books: Books, asked: Sequence[Asked], settings: Settings, wanted: Wanted, now: float
    ) -> None:
        self.books, self.asked, self.settings, self.wanted, self.now = books, asked, settings, wanted, now
        self.flows: dict[tuple[int, str], _Flow] = {}
        self.total = _Flow()

    def report(self) -> Report:
        """Count every call that came in."""
        for life in self.books.lives.values():
            for flow in self._places(life):
                (flow.lives if life.callback_of is None else flow.backs).append(life)
                _said(flow.first, life)
        for contact, alone, early in resolved_contacts(self.asked, self.now):
            if (found := self.books.lives.get(contact)) is not None:
                for flow in self._places(found):
                    flow.first.first_contact(alone, early)
        terms = self.wanted.terms
        lines = [Line(name, i, self.flows[i, name].row(terms, self.now)) for i, name in sorted(self.flows)]
        error = sum(abs(flow.error) for flow in self.flows.values())
        return Report(self.wanted, lines, self.total.row(terms, self.now), error)

    def _places(self, life: Life) -> Iterator[_Flow]:
        index = self.wanted.grid.index(life.arrived_at)
        if index is None or not self._chosen(life):
            return
        yield self.flows.setdefault((index, life.flow or NONE), _Flow())
        yield self.total

    def _chosen(self, life: Life) -> bool:
        """By the last queue the call was in; without a choice, every call."""
        queue, agent = (life.stay.queue, life.stay.agent) if life.stay is not None else ("", None)
        w = self.wanted
        return (
            (not w.queues or queue in w.queues)
            and (not w.agents or agent in w.agents)
            and (not w.sites or site_of_queue(self.settings, queue) in w.sites)
        )
