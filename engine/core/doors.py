"""How the doors stand: the calendars of the site with what people have said over them."""

from __future__ import annotations

from collections.abc import Mapping

from engine.core import hours, overrides
from engine.core.event import Event
from engine.core.hours import Door, HoursState
from engine.core.overrides import Ruling, Rulings
from engine.core.site import Settings

#: Seconds after which doors are looked at again, whatever the calendars say.
LOOK_AGAIN = 86_400.0


class Doors:
    """The overrides that were said, and which queues are closed by them and by their hours. `settings` follows the site."""

    def __init__(self, settings: Settings, rulings: Rulings = overrides.NO_RULINGS) -> None:
        self.settings = settings
        self.rulings = rulings

    def state(self, name: str | None, at: float) -> HoursState:
        """How a schedule or a site stands; its next change is not looked for."""
        return hours.verdict(self.settings, name, at, self.rulings)

    def take(self, event: Event) -> None:
        """Take in an `override` event."""
        self.rulings = overrides.taken(self.rulings, event)

    def standing(self, at: float) -> list[Ruling]:
        """What counts at a moment, the last word last."""
        found = (ruling for ruling in self.rulings.values() if ruling.stands(at))
        return sorted(found, key=lambda ruling: ruling.at)

    def look(self, at: float, before: Mapping[str, float]) -> tuple[dict[str, float], float]:
        """The closed queues, each with the end of its drain, and when to look again.

        `before` are those that were closed until now: they go on draining; an emergency lets nobody stay.
        """
        closed: dict[str, float] = {}
        again = at + LOOK_AGAIN
        known: dict[str | None, HoursState] = {}
        for name, rule in self.settings.queues.items():
            if rule.schedule not in known:
                known[rule.schedule] = hours.state(self.settings, rule.schedule, at, self.rulings)
            now = known[rule.schedule]
            again = min(again, again if now.next_change is None else now.next_change)
            if not now.is_open:
                drains_at = before.get(name, at + rule.drain)
                closed[name] = min(drains_at, at) if now.state is Door.EMERGENCY else drains_at
        return closed, again
