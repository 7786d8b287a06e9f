"""What a person asks to override, from a command or a page: read, refused in one sentence, or made an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.call.remarks import remark
from engine.core.doors import Doors
from engine.core.event import Event
from engine.core.hours import zone_of
from engine.core.moment import BadMoment, until
from engine.core.overrides import EVERYTHING, Word, told
from engine.core.site import Settings
from engine.errors import BadWord


def override_event(asked: Mapping[str, Any], settings: Settings, now: float) -> Event:
    """The `override` event that is asked for: `schedule`, `set`, and if wanted `until` (as people write it), `by`, `why`.

    Raises BadWord with a sentence for whoever asks.
    """
    text = {name: str(asked.get(name) or "").strip() for name in ("schedule", "set", "until")}
    known = (*settings.schedules, *settings.sites, EVERYTHING)
    if text["schedule"] not in known:
        raise BadWord(
            f"there is no schedule or site {text['schedule'][:60]!r}: this site has {', '.join(known)}",
            "schedule",
        )
    if text["set"] not in set(map(str, Word)):
        raise BadWord(f"{text['set'][:60]!r} cannot be said of a schedule: {', '.join(Word)}", "set")
    if text["schedule"] == EVERYTHING and text["set"] not in (Word.EMERGENCY, Word.NONE):
        raise BadWord(
            "everything can only be in an emergency, or no longer: name a schedule or a site", "everything"
        )
    text |= {name: remark(asked, name) for name in ("by", "why")}
    return Event("override", now, data={**text, "until": _until(text, settings, now)})


def _until(text: Mapping[str, str], settings: Settings, now: float) -> float | None:
    if not text["until"] or text["set"] == Word.NONE:
        return None
    try:
        return until(text["until"], zone_of(settings, text["schedule"]), now)
    except BadMoment as error:
        raise BadWord(str(error), "until") from None


def overview(doors: Doors, now: float) -> dict[str, Any]:
    """Every schedule and site as it stands now, and the overrides that count, as JSON values."""
    names = (*doors.settings.schedules, *doors.settings.sites)
    standing = doors.standing(now)  # one may speak of a name that the site has lost
    return {
        "schedules": {name: str(doors.state(name, now).state) for name in names},
        "zones": {
            name: zone_of(doors.settings, name)
            for name in (*names, EVERYTHING, *(one.schedule for one in standing))
        },
        "overrides": [told(ruling) for ruling in standing],
    }
