"""What is checked about opening hours across the files: names, who may override, and times when nobody is there.

never opens  a schedule, or a site that something uses as one, is not open for a minute of the next days by its calendar alone; what a
             word (override, emergency) closes is closed on purpose
uncovered    a flow sends callers to a group without `on_closed`, and there are minutes of the next days in which none of its queues is open
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time

from engine.config.flowfile import FlowFile
from engine.config.report import Report
from engine.config.sitefile import SiteFile
from engine.core import verbs
from engine.core.coverage import uncovered
from engine.core.hours import HORIZON, open_stretches
from engine.core.overrides import EVERYTHING
from engine.core.stretches import Stretch

_DAY = 86_400.0


def reserved_names(site: SiteFile, report: Report) -> None:
    """`everything` means every queue wherever a person overrides."""
    for name, place in site.names("sites", "schedules").items():
        if name == EVERYTHING:
            text = f"'{name}' means every queue: it cannot be the name of a site or a schedule"
            report.add(place, "reserved-name", text, "rename it")


def check_hours(site: SiteFile, flows: list[FlowFile], report: Report) -> None:
    """The rules that look at the calendar; they need everything else to be readable."""
    _never_open(site, flows, report)
    gaps: dict[str, list[Stretch]] = {}
    for file, step, index, action in _actions(flows):
        match action:
            case verbs.Override():
                _override(site, file, (step, index), action, report)
            case verbs.Queue(queue=name, on_closed=None):
                _uncovered(site, file, (step, index), name, gaps, report)


def _never_open(site: SiteFile, flows: list[FlowFile], report: Report) -> None:
    settings = site.settings
    if settings is None:
        return
    start = _start(site)
    calm = {name: replace(one, emergency=False) for name, one in settings.sites.items()}
    calendar = replace(settings, emergency=False, sites=calm)
    shown = [
        ref.name for flow in flows for refs in flow.refs.values() for ref in refs if ref.to == "schedule"
    ]
    used = {*shown, *(queue.schedule for queue in settings.queues.values())}
    asked = [("schedules", name) for name, rule in settings.schedules.items() if rule.override is None]
    asked += [("sites", name) for name in settings.sites if name in used]
    for section, name in asked:
        # Nearly everything opens within days: the whole horizon is looked at only for what does not.
        if not any(open_stretches(calendar, name, start, start + days * _DAY) for days in (8, HORIZON)):
            text = f"{section.removesuffix('s')} '{name}' never opens in the next {HORIZON} days"
            sites = ", ".join(settings.schedules[name].any_of) if section == "schedules" else name
            hint = f"look at 'open', 'holidays' and 'exceptions' of {sites}"
            hint += "; if it is meant, write override: closed" if section == "schedules" else ""
            report.warn(site.at(section, name, key=True), "never-opens", text, hint)


def _start(site: SiteFile) -> float:
    return datetime.combine(site.today, time(), UTC).timestamp()


def _override(
    site: SiteFile, file: FlowFile, at: tuple[str, int], action: verbs.Override, report: Report
) -> None:
    if site.root.get("override_pin") is None:
        text = "nobody can override anything here: site.yaml has no override_pin"
        report.add(file.at(*at), "override-pin", text, "write override_pin: and 6 to 12 digits there")
    if action.override == EVERYTHING and action.to not in ("emergency", "none"):
        hint = "write emergency or none, or name a schedule"
        report.add(
            file.at(*at, "to"), "bad-value", "everything can only be in an emergency, or no longer", hint
        )


def _actions(flows: list[FlowFile]) -> Iterator[tuple[FlowFile, str, int, object]]:
    for file in flows:
        for step, actions in file.steps.items():
            yield from ((file, step, index, action) for index, action in enumerate(actions))


def _uncovered(
    site: SiteFile,
    file: FlowFile,
    at: tuple[str, int],
    name: str,
    gaps: dict[str, list[Stretch]],
    report: Report,
) -> None:
    settings = site.settings
    if settings is None or name not in settings.groups:
        return
    if name not in gaps:
        start = _start(site)
        gaps[name] = uncovered(settings, name, start, start + HORIZON * _DAY)
    if not gaps[name]:
        return
    minutes = round(sum(end - start for start, end in gaps[name]) / 60)
    first, last = (datetime.fromtimestamp(moment, UTC) for moment in gaps[name][0])
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M}"
    text = (
        f"no queue of group '{name}' is open in {minutes:,} minutes of the next {HORIZON} days, "
        f"first from {first:%Y-%m-%d %H:%M} to {until} UTC"
    )
    hint = f"say where callers go then: on_closed; quietline coverage {name} tells all of them"
    report.warn(file.at(*at), "uncovered", text, hint)
