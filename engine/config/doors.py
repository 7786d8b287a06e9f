"""What is checked about opening hours across the files: names, who may override, and times when nobody is there.

uncovered    a flow sends callers to a group without `on_closed`, and there are minutes of the next days in which none of its queues is open
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time

from engine.config.flowfile import FlowFile
from engine.config.report import Report
from engine.config.sitefile import SiteFile
from engine.core import verbs
from engine.core.coverage import uncovered
from engine.core.hours import HORIZON
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
    """The rules about flows; they need everything else to be readable."""
    gaps: dict[str, list[Stretch]] = {}
    for file, step, index, action in _actions(flows):
        match action:
            case verbs.Override():
                _override(site, file, (step, index), action, report)
            case verbs.Queue(queue=name, on_closed=None):
                _uncovered(site, file, (step, index), name, gaps, report)


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
        start = datetime.combine(site.today, time(), UTC).timestamp()
        gaps[name] = uncovered(settings, name, start, start + HORIZON * _DAY)
    if not gaps[name]:
        return
    minutes = round(sum(end - start for start, end in gaps[name]) / 60)
    first = datetime.fromtimestamp(gaps[name][0][0], UTC)
    text = (
        f"no queue of group '{name}' is open in {minutes:,} minutes of the next {HORIZON} days, "
        f"first on {first:%Y-%m-%d at %H:%M} UTC"
    )
    hint = f"say where callers go then: on_closed; quietline coverage {name} tells all of them"
    report.warn(file.at(*at), "uncovered", text, hint)
