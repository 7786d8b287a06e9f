"""Stored calls, walked again: against the version they began with, and against a site that is to go live.

    async for one in replays(archive, loaded, await archive.latest(200), folder="ivr_flows"):
        if one.verdict is Verdict.DIFFERS:
            print(one.sentence)      # 1795526562-0: ivr_flows/support.yaml:14: pressed 1: then step 'support': …; now step 'sales': …

How a call is led through a flow that it never passed is told in `engine.core.retrace`, and which answer belongs to which question in
`engine.core.memory`.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from engine.cases.retold import changed, did, goes, parts, what_happens
from engine.config.flowfile import FlowFile, read_flow
from engine.config.load import Loaded
from engine.config.rehearse import HANGUP, heard, line, untold
from engine.config.report import Place, Report
from engine.config.subflows import compile_stored
from engine.core import bulletins, hours, overrides
from engine.core import do as d
from engine.core.event import Event
from engine.core.flow import Flow
from engine.core.memory import Nobody
from engine.core.recorded import Recorded, again, recorded
from engine.core.retrace import Course, Ends, Parting, retrace
from engine.errors import EngineError, SetupError
from engine.store.archive import Archive


class Verdict(StrEnum):
    """What a site makes of a stored call."""

    SAME = "same"  # the same to the end
    CHANGED = "changed"  # the same way, with other words or options
    DIFFERS = "differs"  # it goes another way
    APART = "apart"  # it cannot be compared; the sentence says why


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the way parts: after this place of the edited flow, what was done there, where they went then and would go now."""

    place: Place | None
    step: str
    did: str
    then: str
    now: str

    def __str__(self) -> str:
        at = f"{self.place.file}:{self.place.line}: " if self.place is not None else ""
        return f"{at}{self.did}: then {self.then}; now {self.now}"

    def as_json(self) -> dict[str, Any]:
        """As JSON values; no file and line where a number leads elsewhere."""
        at = {"file": self.place.file, "line": self.place.line} if self.place is not None else {}
        return {**at, "step": self.step, "did": self.did, "then": self.then, "now": self.now}


@dataclass(frozen=True, slots=True)
class Replayed:
    """One stored call beside a site.

    `unlike` says where the version it began with does not come to what the log says (empty: it does), `unread` why that version cannot be
    asked; `sentence` is the verdict in one line;
    `goes_on` are lines like those of a rehearsal from where the way parts, and `ends` how that ends.
    """

    contact: str
    verdict: Verdict
    sentence: str
    unlike: str = ""
    unread: str = ""
    differences: tuple[Difference, ...] = ()
    changes: tuple[str, ...] = ()
    goes_on: tuple[str, ...] = ()
    ends: str = ""
    steps: int = 0

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self) | {
            "verdict": str(self.verdict),
            "differences": [one.as_json() for one in self.differences],
        }


async def replays(
    archive: Archive, loaded: Loaded, contacts: Iterable[str], folder: str = ""
) -> AsyncIterator[Replayed]:
    """Every one of these contacts (their ids), in order, beside this site; none of them ends it.

    `folder` is how the site's folder is called in places. Raises StoreError only where the store itself cannot be read.
    """
    replayer = await Replayer.begin(archive, loaded, folder)
    for contact in contacts:
        yield await replayer.replayed(contact)


@dataclass(frozen=True, slots=True)
class Recalled:
    """A contact as the log holds it; `unlike` and `unread` as in Replayed."""

    call: Recorded
    unlike: str = ""
    unread: str = ""


@dataclass(slots=True)
class Replayer:
    """Replays contacts of one store beside one site; what many contacts need is read once."""

    archive: Archive
    loaded: Loaded
    folder: str
    rulings: list[Event]
    told: list[Event]
    _versions: dict[str, Flow | str] = field(default_factory=dict)
    _files: dict[str, FlowFile | None] = field(default_factory=dict)
    _first_year: int = field(default_factory=lambda: datetime.now(UTC).year)

    @classmethod
    async def begin(cls, archive: Archive, loaded: Loaded, folder: str = "") -> Replayer:
        """With the overrides and the bulletins there have been."""
        return cls(archive, loaded, folder, await archive.overrides(), await archive.bulletins())

    async def replayed(self, contact: str) -> Replayed:
        """One contact beside the site."""
        known = await self.recalled(contact)
        return replace(self._beside(known.call), unlike=known.unlike, unread=known.unread)

    async def recalled(self, contact: str) -> Recalled:
        """A contact as the log holds it, and what the version it began with makes of it."""
        events = await self.archive.events(contact)
        if not events or events[0].kind != "arrived":
            await self.archive.contact(contact)  # says that there is none
            return Recalled(recorded(contact, events))
        call = recorded(contact, events)
        version = await self.version(call.contact.flow_hash)
        if isinstance(version, str):
            return Recalled(call, unread=version)
        call, astray = again(call, version)
        if astray is None:
            return Recalled(call)
        asked, logged = (goes(do) for do in (astray.asked, astray.logged))
        text = f"after {astray.after} things that come again its version has {asked}, and the log {logged}"
        return Recalled(call, unlike=text)

    async def version(self, digest: str) -> Flow | str:
        """A stored version; or, in a sentence, why there is none."""
        if not digest:
            return ""
        if digest not in self._versions:
            settings = self.loaded.snapshot.settings
            try:
                self._versions[digest] = await compile_stored(digest, settings, self.archive.flow_source)
            except EngineError as error:
                why = str(error).splitlines()[0].rstrip(".")
                self._versions[digest] = f"version {digest[:8]} of its flow cannot be read: {why}"
        return self._versions[digest]

    # --- beside the site ------------------------------------------------------------------------

    def _beside(self, call: Recorded) -> Replayed:
        contact, settings = call.contact, self.loaded.snapshot.settings
        leads = settings.numbers.get(contact.to_number, "") if contact.callback_of is None else contact.flow
        if (why := self._apart(call)) is not None:
            return Replayed(contact.id, Verdict.APART, f"{contact.id}: {why}")
        if leads != contact.flow:
            return self._elsewhere(call, leads)
        if contact.flow and not call.told:
            text = f"{contact.id}: it ended before anything was answered"
            return Replayed(contact.id, Verdict.APART, text)
        flow = self.loaded.snapshot.flows.get(leads)
        if flow is None:
            text = f"{contact.id}: {contact.to_number} leads nowhere, then and now"
            return Replayed(contact.id, Verdict.SAME, text)
        begins = call.begins.found_in(flow)
        if begins is None:
            text = f"{contact.id}: flow {flow.name} lets nobody be rung back any more"
            return Replayed(contact.id, Verdict.APART, text)
        course = retrace(flow, call.told, begins, contact.arrived_at, self._knows)
        return self._judged(call, flow, course)

    async def savable(self, contact: str) -> tuple[Recorded, Flow]:
        """A contact that can be made a case, and the version it began with. Raises SetupError where it cannot."""
        known = await self.recalled(contact)
        version = await self.version(known.call.contact.flow_hash)
        why = self._apart(known.call) or known.unread or known.unlike
        if (of := known.call.contact.callback_of) is not None:
            why = f"it is a callback; call {of} asked for it"
        if why or isinstance(version, str):
            raise SetupError(f"call {contact} cannot be made a case: {why or 'it passed no flow'}")
        flow = known.call.contact.flow
        if flow not in self.loaded.snapshot.flows:
            raise SetupError(f"call {contact} cannot be made a case: this site has no flow {flow!r} any more")
        return known.call, version

    def _apart(self, call: Recorded) -> str | None:
        contact = call.contact
        if not contact.arrived_at:
            return "its events are no longer in the store"
        if contact.via == "fallback":
            return "no engine was there: the fallback took it, and it passed no flow"
        if contact.ended_at is None:
            return "it is still going on, and can be replayed when it has ended"
        return None

    def _elsewhere(self, call: Recorded, leads: str) -> Replayed:
        contact = call.contact
        then = f"flow {contact.flow}" if contact.flow else "no flow"
        gone = "" if not contact.flow or contact.flow in self.loaded.snapshot.flows else ", which is no more"
        now = f"flow {leads}" if leads else "no flow"
        found = Difference(None, "", f"called {contact.to_number}", f"{then}{gone}", now)
        return Replayed(contact.id, Verdict.DIFFERS, f"{contact.id}: {found}", differences=(found,))

    def _judged(self, call: Recorded, flow: Flow, course: Course) -> Replayed:
        contact, steps = call.contact.id, len(call.told)
        changes = tuple(dict.fromkeys(filter(None, map(changed, course.changes))))
        if not course.partings:
            verdict = Verdict.CHANGED if changes else Verdict.SAME
            but = f", but {'; '.join(changes)}" if changes else ""
            text = (
                f"{contact}: the same way to the end{but}" if changes else f"{contact}: the same to the end"
            )
            return Replayed(contact, verdict, text, changes=changes, steps=steps)
        found = tuple(self._difference(flow, parting) for parting in course.partings)
        return Replayed(
            contact,
            Verdict.DIFFERS,
            f"{contact}: {found[0]}",
            differences=found,
            changes=changes,
            goes_on=tuple(self._lines(course)),
            ends=_ends(course),
            steps=steps,
        )

    def _difference(self, flow: Flow, parting: Parting) -> Difference:
        then, now = parts(parting)
        if parting.at is None:
            return Difference(self._place(flow, flow.first, -1), flow.first, "from the start", then, now)
        do = parting.at.do
        return Difference(self._place(flow, do.step, do.index), do.step, did(parting.at), then, now)

    def _place(self, flow: Flow, step: str, index: int) -> Place | None:
        """Where an action stands; the step is `flow.step` in a flow that is run."""
        *path, name = step.split(".")
        for run in path:
            flow = flow.runs[run]
        if flow.name not in self._files:
            shown = f"{self.folder}/{flow.name}.yaml" if self.folder else f"{flow.name}.yaml"
            source = self.loaded.sources[flow.name]
            self._files[flow.name] = read_flow(source, shown, flow.languages, Report())
        file = self._files[flow.name]
        if file is None:
            return None
        return file.step(name) if index < 0 else file.at(name, index)

    def _lines(self, course: Course) -> Iterable[str]:
        """How it goes on from where the way parts."""
        step, settings = "", self.loaded.snapshot.settings
        for passed, spoken in list(zip(course.passed, course.spoken, strict=False))[course.common :]:
            if untold(passed.do):
                continue
            text = heard(passed.do, self.loaded.catalog, spoken)
            outcome = HANGUP if passed.gone and not isinstance(passed.do, d.Capture) else passed.outcome
            shown = line(passed.do, outcome, text, settings) + ("  ✕" if passed.gone else "")
            before = "" if passed.do.step == step else passed.do.step
            step = passed.do.step
            yield f"{before:<16}  {shown}"

    # --- what the site knows --------------------------------------------------------------------

    def _knows(self, do: d.Do, at: float, logged: d.Outcome | Nobody) -> d.Outcome | Nobody:
        match do:
            case d.Look(what="hours", name=name):
                return self._hours(name, at, logged)
            case d.Look(what="article", name=name):
                article = self.loaded.snapshot.settings.articles.get(name)
                told = None if article is None else json.dumps(asdict(article))
                return (
                    logged
                    if isinstance(logged, str) and told and json.loads(logged) == json.loads(told)
                    else told
                )
            case d.Look(what="bulletins") if isinstance(logged, Nobody):
                known = bulletins.folded(self.told[: _until(self.told, at)]).values()
                found = [one for one in reversed(known) if one.tells(at)]
                return json.dumps(
                    [{"name": b.name, "prompt": b.prompt, "scope": dict(b.scope)} for b in found]
                )
            case _:
                return logged

    def _hours(self, name: str, at: float, logged: d.Outcome | Nobody) -> d.Outcome | Nobody:
        """By the site's calendar with what people had said over it; of years whose holidays it does not know, by the log alone."""
        if datetime.fromtimestamp(at, UTC).year < self._first_year:
            return logged
        rulings = overrides.folded(self.rulings[: _until(self.rulings, at)])
        settings = self.loaded.snapshot.settings
        found = (str(hours.verdict(settings, name, moment, rulings).state) for moment in (at, at - 1))
        now = next(found)
        return now if now == logged or next(found) != logged else logged


def _until(events: list[Event], at: float) -> int:
    return bisect_right(events, at, key=lambda event: event.at)


def _ends(course: Course) -> str:
    match course.ends:
        case Ends.UNKNOWN if course.open is not None:
            return f"nobody knows what would have come of this: {what_happens(course.open)} (step '{course.open.step}')"
        case Ends.GONE:
            return "there the call ended, as it did"
        case _:
            return "the call ends"


def tally(found: Iterable[Replayed]) -> list[tuple[int, Difference]]:
    """The first difference of each call that differs, with how many calls share it; the commonest first."""
    counts: dict[Difference, int] = {}
    for one in found:
        for difference in one.differences[:1]:
            counts[difference] = counts.get(difference, 0) + 1
    return sorted(((n, one) for one, n in counts.items()), key=lambda pair: -pair[0])


def counted(found: Iterable[Replayed]) -> Mapping[Verdict, int]:
    """How many calls each verdict has."""
    counts = dict.fromkeys(Verdict, 0)
    for one in found:
        counts[one.verdict] += 1
    return counts
