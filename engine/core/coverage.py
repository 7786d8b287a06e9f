"""Does somebody always pick up: when is no queue of a group open?

Worked out from the edges of the calendars, so a year costs what its opening days cost and every answer is exact to the second. Who is
signed in is another question: a queue counts as open when its schedule is.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from engine.core.hours import open_stretches
from engine.core.overrides import NO_RULINGS, Rulings
from engine.core.site import Settings
from engine.core.stretches import Stretch, merged, minus


def uncovered(
    settings: Settings, name: str, start: float, end: float, rulings: Rulings = NO_RULINGS
) -> list[Stretch]:
    """Every stretch between two moments in which no queue of a group (or the queue of that name) is open."""
    schedules = dict.fromkeys(settings.queues[queue].schedule for queue in queues_of(settings, name))
    opened = [s for each in schedules for s in open_stretches(settings, each, start, end, rulings)]
    return minus([(start, end)], merged(opened))


def queues_of(settings: Settings, name: str) -> tuple[str, ...]:
    """The queues that a `queue` action of this name chooses from, those the site has."""
    group = settings.groups.get(name)
    return tuple(q for q in (group.queues if group else (name,)) if q in settings.queues)


def sites_of(settings: Settings, name: str) -> tuple[str, ...]:
    """The sites whose hours a group follows, in its queues' order."""
    found: dict[str, None] = {}
    for queue in queues_of(settings, name):
        schedule = settings.queues[queue].schedule
        if schedule is not None:
            rule = settings.schedules.get(schedule)
            found |= dict.fromkeys(rule.any_of if rule else (schedule,))
    return tuple(site for site in found if site in settings.sites)


def local(settings: Settings, site: str, at: float) -> datetime:
    """A moment as the clocks of a site show it."""
    return datetime.fromtimestamp(at, ZoneInfo(settings.sites[site].timezone))
