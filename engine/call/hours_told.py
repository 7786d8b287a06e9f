"""Every schedule and site as it stands, why, and until when, as JSON values: for a page.

why     person     somebody's word, which stands in `override`
        file       `emergency` or `override` of site.yaml
        holiday    its name stands in `holiday`
        exception  today has hours of its own
        week       the opening hours of the week
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.core import hours
from engine.core.doors import Doors
from engine.core.hours import Door, HoursState
from engine.core.overrides import EVERYTHING, told
from engine.core.site import Settings, Site


def hours_told(doors: Doors, now: float) -> dict[str, Any]:
    """What `/hours.json` tells; moments are seconds since the epoch, `until` is null where no end is known."""
    settings = doors.settings
    return {
        "at": now,
        "everything": _told(doors, EVERYTHING, now),
        "schedules": [_told(doors, name, now) for name in settings.schedules],
        "sites": [_told(doors, name, now) for name in settings.sites],
        "overrides": [
            {**told(ruling), "zone": hours.zone_of(settings, ruling.schedule)}
            for ruling in doors.standing(now)
        ],
    }


def _told(doors: Doors, name: str, now: float) -> dict[str, Any]:
    settings = doors.settings
    found = hours.state(settings, None if name == EVERYTHING else name, now, doors.rulings)
    rule = settings.schedules.get(name)
    return {
        "name": name,
        "zone": hours.zone_of(settings, name),
        "any_of": list(rule.any_of) if rule else [],
        "state": str(found.state),
        "open": found.is_open,
        "why": _why(settings, name, found, now),
        "site": found.site,
        "holiday": found.holiday,
        "until": found.next_change,
        "override": told(found.ruling) if found.ruling else None,
    }


def _why(settings: Settings, name: str, found: HoursState, now: float) -> str:
    rule = settings.schedules.get(name)
    if found.ruling is not None:
        return "person"
    if found.state is Door.EMERGENCY or (rule is not None and rule.override is not None):
        return "file"
    if found.state is Door.HOLIDAY:
        return "holiday"
    names = (found.site,) if found.site else rule.any_of if rule else (name,)
    sites = (settings.sites[each] for each in names if each in settings.sites)
    return "exception" if any(_exceptional(site, now) for site in sites) else "week"


def _exceptional(site: Site, now: float) -> bool:
    return datetime.fromtimestamp(now, ZoneInfo(site.timezone)).date() in site.exceptions
