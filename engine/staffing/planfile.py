"""Staffing files: calls, how long they talk, how patient callers are, and who is there when; docs/simulate.md shows one.

Read as the site's own files are: everything that is wrong is told at once, each with its place and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.config.kinds import (
    BAD,
    LINE,
    WANTED,
    Kind,
    Option,
    Reader,
    Wrong,
    duration,
    list_of,
    map_of,
    named,
    number,
    read_options,
    scalar,
    short,
)
from engine.config.load import shown
from engine.config.report import Place, Report, guess
from engine.config.sitekinds import DATE, NAME, TIMEZONE
from engine.config.source import Mapping as MappingNode
from engine.config.source import Node, place_of, read
from engine.core import verbs
from engine.core.facts import Arrived
from engine.core.flow import Flow
from engine.core.site import AgentRule, Settings, Snapshot
from engine.core.way import PRIORITY
from engine.errors import SiteError
from engine.staffing.draws import NEVER, Exponential, Fixed, Length, Lognormal, Observed
from engine.staffing.filed import DAY_MINUTES, Calls, Shift, Staffing
from engine.staffing.plan import BACK_AFTER, PICK_UP, Phones

MOST_AGENTS, MOST_DAYS, MOST_LINES = 2000, 1000, 200_000
#: Calls and agents together that a day of a file may have in an hour: what a machine lives through in minutes.
MOST_CALLS = 100_000
_TEXT = {"type": ["string", "number"]}


def _minute(text: str) -> int:
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text)
    minute = int(found[1]) * 60 + int(found[2]) if found else -1
    if found is None or int(found[2]) > 59 or minute > DAY_MINUTES:
        raise Wrong(f"{short(text)} is no time of day", 'write it like "08:30"; the day ends at "24:00"')
    return minute


def _rate(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or float(text) > MOST_CALLS:
        raise Wrong(
            f"{short(text)} is no number of calls an hour", f"write it like 40 or 7.5, at most {MOST_CALLS}"
        )
    return float(text)


def _share(text: str) -> float:
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%", text)
    if not found or float(found[1]) > 90.0:
        raise Wrong(f"{short(text)} is no share of offers", "write it like 2%, at most 90%")
    return float(found[1]) / 100.0


@dataclass(frozen=True, slots=True)
class Data:
    """Lengths that stand in a file beside this one."""

    file: str


_SPAN = duration(0, 86_400)
_FORMS = "fixed 3m, exponential 3m, lognormal 3m 2m (mean and standard deviation), or data FILE"


def _length(text: str) -> Length | Data:
    words = text.split()
    match words:
        case ["never"]:
            return NEVER
        case ["data", name] if "/" not in name and name not in (".", ".."):
            return Data(name)
        case ["fixed", mean]:
            return Fixed(_span(mean))
        case ["exponential", mean] if _span(mean) > 0:
            return Exponential(_span(mean))
        case ["lognormal", mean, sd] if _span(mean) > 0 and _span(sd) > 0:
            return Lognormal(_span(mean), _span(sd))
        case [alone] if re.fullmatch(r"[0-9][0-9hms]*", alone):
            raise Wrong(
                f"{short(text)} does not say how lengths differ",
                f"write exponential {alone} or fixed {alone}",
            )
        case _:
            raise Wrong(f"{short(text)} is no length of calls", f"write {_FORMS}")


def _span(text: str) -> float:
    report = Report()
    from engine.config.source import Scalar

    value = _SPAN.read(Scalar(Place(""), text), Reader(report))
    if value is BAD:
        raise Wrong(f"{short(text)} is not a duration; write it like 8s, 10m or 1h30m")
    return float(value)


MINUTE = scalar("time", 'a time of day such as "08:30"', _minute, _TEXT)
RATE = scalar("calls", "calls an hour", _rate, _TEXT)
SHARE = scalar("share", "a share such as 2%", _share, _TEXT)
LENGTH = scalar("length", _FORMS, _length, _TEXT)
QUEUE = named("queue", "a queue or a group of site.yaml")
AGENT = scalar("agent", "an agent of site.yaml", str, _TEXT)
SKILLS = list_of(named("skill", "a skill"))

TOP = (
    Option("day", DATE, False),
    Option("timezone", TIMEZONE, False),
    Option("from", MINUTE, False),
    Option("until", MINUTE, False),
    Option("days", number(1, MOST_DAYS), False),
    Option("pick_up", LENGTH, False),
    Option("no_answer", SHARE, False),
    Option("back_after", duration(0, 14_400), False),
    Option("calls", Kind("calls", "names, each with its options", lambda node, _: node, {}), True),
    Option("shifts", Kind("shifts", "names, each with its options", lambda node, _: node, {}), True),
)
CALLS = (
    Option("queue", QUEUE, False),
    Option("number", LINE, False),
    Option("step", LINE, False),
    Option("priority", number(1, 10), False),
    Option("skills", WANTED, False),
    Option("max_wait", duration(), False),
    Option("an_hour", map_of(MINUTE, RATE), True),
    Option("talk", LENGTH, True),
    Option("patience", LENGTH, False),
)
SHIFT = (
    Option("agents", list_of(AGENT), False),
    Option("count", number(1, MOST_AGENTS), False),
    Option("queues", list_of(QUEUE), False),
    Option("skills", SKILLS, False),
    Option("from", MINUTE, True),
    Option("until", MINUTE, True),
    Option("breaks", map_of(MINUTE, duration(60, 14_400)), False),
    Option("apart", duration(0, 14_400), False),
)


def load_staffing(path: Path, site: Snapshot) -> Staffing:
    """A staffing file, checked against a site. Raises SiteError with the whole report."""
    report = Report()
    root = read(path, shown(path), report)
    found = _Reading(path, site, report).staffing(root) if root is not None else None
    if found is None or report.errors:
        raise SiteError(report.render())
    return found


class _Reading:
    """One file being read."""

    def __init__(self, path: Path, site: Snapshot, report: Report) -> None:
        self.folder, self.file, self.site, self.report = path.parent, shown(path), site, report
        self.settings: Settings = site.settings

    def wrong(self, place: Place, text: str, hint: str = "", code: str = "bad-value") -> None:
        """Note an error."""
        self.report.add(place, code, text, hint)

    def staffing(self, root: Node) -> Staffing | None:
        """The whole file; what it holds while anything is wrong is not used."""
        if not isinstance(root, MappingNode):
            self.wrong(
                root.place,
                "a staffing file holds 'calls' and 'shifts'",
                "see docs/simulate.md",
                "not-a-mapping",
            )
            return None
        values, good = read_options(TOP, root, Reader(self.report), "a staffing file", Place(self.file))
        begins, ends = values.get("from", 0), values.get("until", DAY_MINUTES)
        if begins >= ends:
            self.wrong(root.key("until"), "what is counted ends before it begins", "'from' is before 'until'")
        calls = [c for name, node in self._named(root, "calls") if (c := self._calls(name, node))]
        shifts = [s for name, node in self._named(root, "shifts") if (s := self._shift(name, node))]
        if not good or self.report.errors:
            return None
        self._together(root, shifts)
        self._skilled(root, calls, shifts)
        self._reached(root, calls, shifts)
        pick_up = self._lengths(values.get("pick_up", PICK_UP), root, "pick_up")
        failed = {"no_answer": values["no_answer"]} if values.get("no_answer") else {}
        phones = Phones(
            pick_up, failed, Fixed(values["back_after"]) if "back_after" in values else BACK_AFTER
        )
        zone = values.get("timezone") or next((s.timezone for s in self.settings.sites.values()), "UTC")
        return Staffing(
            tuple(calls), tuple(shifts), values.get("day"), zone, begins, ends, values.get("days"), phones
        )

    def _named(self, root: MappingNode, section: str) -> Iterator[tuple[str, MappingNode]]:
        node = root.get(section)
        if node is None:
            return
        if not isinstance(node, MappingNode) or not node.entries:
            like = f"like {section}: {{ name: {{ … }} }}"
            self.wrong(node.place, f"'{section}' holds names, each with its options", like)
            return
        for name, (key, value) in node.entries.items():
            if NAME.read(key, Reader(self.report)) is BAD:
                continue
            if isinstance(value, MappingNode):
                yield name, value
            else:
                self.wrong(value.place, f"options are expected behind '{name}'", "see docs/simulate.md")

    def _lengths(self, length: Length | Data, node: MappingNode, option: str) -> Length:
        """A distribution; where it is a file's, the lengths that stand there."""
        if not isinstance(length, Data):
            if option != "patience" and length is NEVER:
                self.wrong(place_of(node, option), f"'{option}' has to end", f"write {_FORMS}")
            return length
        place, values = place_of(node, option), list[float]()
        try:
            lines = (self.folder / length.file).read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeError):
            self.wrong(
                place,
                f"{short(length.file)} beside this file cannot be read",
                "a file of seconds, one a line",
                "cannot-read",
            )
            return Fixed(0.0)
        for at, line in enumerate(lines[:MOST_LINES], 1):
            text = line.strip()
            if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", text):
                values.append(float(text))
            elif text and not text.startswith("#"):
                self.wrong(
                    place, f"line {at} of {length.file} is no number of seconds: {short(text)}", "one a line"
                )
                return Fixed(0.0)
        if not values:
            self.wrong(place, f"{short(length.file)} holds no lengths", "a file of seconds, one a line")
        return Observed(tuple(sorted(values)) or (0.0,))

    # --- calls ---

    def _calls(self, name: str, node: MappingNode) -> Calls | None:
        before = self.report.errors
        values, _ = read_options(CALLS, node, Reader(self.report), f"calls '{name}'", node.place)
        asked = self._asked(name, node, values)
        if self.report.errors > before or asked is None:
            return None
        talk = self._lengths(values["talk"], node, "talk")
        patience = self._lengths(values.get("patience", NEVER), node, "patience")
        if not any(values["an_hour"].values()):
            self.wrong(
                place_of(node, "an_hour"), f"calls '{name}' never come", "a number above 0 at some time"
            )
        return Calls(name, asked, values["an_hour"], talk, patience)

    def _asked(self, name: str, node: MappingNode, values: Mapping[str, Any]) -> Arrived | None:
        """What the distributor is asked for: a queue, or what a number's flow asks for."""
        queue, number_ = values.get("queue"), values.get("number")
        if ("queue" in node.entries) == ("number" in node.entries):
            text = f"calls '{name}' need 'queue' or 'number', and not both"
            self.wrong(
                node.place,
                text,
                "a queue or group of site.yaml, or a number that is dialled",
                "missing-option",
            )
            return None
        if "step" in node.entries and number_ is None:
            self.wrong(node.key("step"), "'step' belongs to 'number'", "delete it", "not-used")
            return None
        asked = self._by_number(node, number_, values.get("step")) if number_ else Arrived("", ())
        if queue is not None:
            asked = self._by_queue(node, queue)
        if asked is None:
            return None
        given = {key: values[key] for key in ("priority", "max_wait") if key in values}
        if "skills" in values:
            given["skills"] = frozenset(values["skills"])
        return replace(asked, **given)

    def _by_queue(self, node: MappingNode, name: str, option: str = "queue") -> Arrived | None:
        queues, groups = self.settings.queues, self.settings.groups
        if name in groups:
            return Arrived("", groups[name].queues, group=name)
        if name not in queues:
            hint = guess(name, [*queues, *groups])
            self.wrong(place_of(node, option), f"there is no queue {short(name)}", hint, "unknown-queue")
            return None
        return Arrived("", (name,))

    def _by_number(self, node: MappingNode, number_: str, step: str | None) -> Arrived | None:
        flow = self.site.flows.get(self.settings.numbers.get(number_, ""))
        if flow is None:
            hint = guess(number_, self.settings.numbers)
            self.wrong(place_of(node, "number"), f"{short(number_)} leads to no flow", hint, "unknown-flow")
            return None
        found = dict(_queueing(flow))
        if step is None and len(found) == 1:
            step = next(iter(found))
        if step not in found:
            steps = ", ".join(found) or "none"
            if step is None and found:
                text = f"flow '{flow.name}' hands callers to queues in {len(found)} steps"
                self.wrong(
                    place_of(node, "number"), text, f"say which with 'step': {steps}", "missing-option"
                )
            else:
                text = f"flow '{flow.name}' hands callers to no queue" + (
                    f" in {short(step)}" if step else ""
                )
                self.wrong(
                    place_of(node, "step" if step else "number"),
                    text,
                    guess(step or "", found),
                    "unknown-step",
                )
            return None
        action = found[step]
        asked = self._by_queue(node, action.queue, "number")
        widen = tuple(sorted((float(after), frozenset(skills)) for after, skills in action.widen.items()))
        return asked and replace(
            asked,
            priority=action.priority if isinstance(action.priority, int) else PRIORITY,
            skills=frozenset(action.skills),
            max_wait=float(action.max_wait),
            widen=widen,
        )

    # --- shifts ---

    def _shift(self, name: str, node: MappingNode) -> Shift | None:
        before = self.report.errors
        values, _ = read_options(SHIFT, node, Reader(self.report), f"shift '{name}'", node.place)
        if self.report.errors > before:
            return None
        if values["from"] >= values["until"]:
            hint = 'a shift over midnight is two: until "24:00", and from "00:00"'
            self.wrong(node.key("until"), f"shift '{name}' ends before it begins", hint)
        for begins in values.get("breaks", {}):
            if values["from"] < values["until"] and not values["from"] < begins < values["until"]:
                place = place_of(node, "breaks")
                self.wrong(
                    place,
                    f"a break of shift '{name}' is outside of it",
                    "breaks begin between 'from' and 'until'",
                )
        agents = self._agents(name, node, values)
        if self.report.errors > before:
            return None
        return Shift(
            name, agents, values["from"], values["until"], values.get("breaks", {}), values.get("apart", 0.0)
        )

    def _agents(self, name: str, node: MappingNode, values: Mapping[str, Any]) -> tuple[AgentRule, ...]:
        if ("agents" in node.entries) == ("count" in node.entries):
            text = f"shift '{name}' needs 'agents' or 'count', and not both"
            self.wrong(
                node.place,
                text,
                "agents of site.yaml by name, or how many, with their queues",
                "missing-option",
            )
            return ()
        if "count" in node.entries:
            return self._counted(name, node, values)
        for option in ("queues", "skills"):
            if option in node.entries:
                text = f"the agents of shift '{name}' have the {option} of site.yaml"
                self.wrong(
                    node.key(option),
                    text,
                    f"delete '{option}', or write 'count' instead of 'agents'",
                    "not-used",
                )
        return tuple(
            found for at, agent in enumerate(values["agents"]) if (found := self._agent(node, at, agent))
        )

    def _agent(self, node: MappingNode, at: int, name: str) -> AgentRule | None:
        found = self.settings.agents.get(name)
        if found is None:
            hint = guess(name, self.settings.agents)
            self.wrong(place_of(node, "agents", at), f"there is no agent {short(name)} in site.yaml", hint)
        return found

    def _counted(self, name: str, node: MappingNode, values: Mapping[str, Any]) -> tuple[AgentRule, ...]:
        if "queues" not in node.entries:
            self.wrong(
                node.place,
                f"shift '{name}' needs 'queues'",
                "the queues these agents serve",
                "missing-option",
            )
            return ()
        queues: dict[str, None] = {}
        for at, queue in enumerate(values["queues"]):
            if queue in self.settings.groups:
                queues |= dict.fromkeys(self.settings.groups[queue].queues)
            elif queue in self.settings.queues:
                queues[queue] = None
            else:
                hint = guess(queue, [*self.settings.queues, *self.settings.groups])
                self.wrong(
                    place_of(node, "queues", at), f"there is no queue {short(queue)}", hint, "unknown-queue"
                )
        skills = frozenset(values.get("skills", ()))
        return tuple(
            AgentRule(f"{name}-{n:02}", tuple(queues), skills=skills) for n in range(1, values["count"] + 1)
        )

    # --- all together ---

    def _together(self, root: MappingNode, shifts: Iterable[Shift]) -> None:
        """Nobody is in two shifts at a time, nor twice in one."""
        spans: dict[str, list[Shift]] = {}
        for shift in shifts:
            for agent in shift.agents:
                for other in spans.setdefault(agent.name, []):
                    if other is shift:
                        place = place_of(root, "shifts", shift.name, "agents")
                        self.wrong(
                            place,
                            f"agent '{agent.name}' stands twice in shift '{shift.name}'",
                            "once is enough",
                        )
                        continue
                    if shift.begins < other.ends and other.begins < shift.ends:
                        text = f"agent '{agent.name}' is in shifts '{other.name}' and '{shift.name}' at the same time"
                        self.wrong(
                            place_of(root, "shifts", shift.name, key=True), text, "take them out of one"
                        )
                spans[agent.name].append(shift)

    def _skilled(self, root: MappingNode, calls: Iterable[Calls], shifts: Iterable[Shift]) -> None:
        """Somebody has every skill that callers need."""
        known = {skill for shift in shifts for agent in shift.agents for skill in agent.skills}
        for each in calls:
            for skill in sorted(each.asked.skills - known):
                text = f"calls '{each.name}' need the skill {short(skill)}, which nobody of the shifts has"
                self.wrong(
                    place_of(root, "calls", each.name, key=True), text, guess(skill, known), "unknown-skill"
                )

    def _reached(self, root: MappingNode, calls: Iterable[Calls], shifts: Iterable[Shift]) -> None:
        """Somebody serves a queue of every kind of calls."""
        served = {queue for shift in shifts for agent in shift.agents for queue in agent.queues}
        for each in calls:
            if not served.intersection(each.asked.queues):
                queues = ", ".join(each.asked.queues)
                text = f"nobody of the shifts serves {queues}, to which calls '{each.name}' go"
                self.wrong(
                    place_of(root, "calls", each.name, key=True), text, "name it in a shift's 'queues'"
                )


def _queueing(flow: Flow, path: str = "") -> Iterator[tuple[str, verbs.Queue]]:
    """The steps that hand callers to a queue, of a flow and of those it runs."""
    for step, actions in flow.steps.items():
        yield from ((path + step, action) for action in actions if isinstance(action, verbs.Queue))
    for name, run in flow.runs.items():
        yield from _queueing(run, f"{path}{name}.")
