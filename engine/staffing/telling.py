"""What waiting callers would be told, and when: the core's announcer, asked as a call asks it, without the sound.

What was estimated is written as the engine writes it, so reports say how far promises were kept. A queue's promises of the days before are
not known here: each may tell times.
"""

from __future__ import annotations

from engine.core.acd import estimate, position
from engine.core.announcing import Announcement, Comfort, Heard, Say, Standing, next_word
from engine.core.board import is_offered
from engine.core.event import Event
from engine.core.floor import State

#: Seconds after which a caller is looked at again whose phone rang just then; and the least between two looks.
LATER, SOON = 1.0, 0.05
#: Seconds that something said lasts.
SAID_IN = 5.0


class Teller:
    """What each caller in line has heard."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._heard: dict[str, Heard] = {}

    def queued(self, event: Event) -> float | None:
        """A caller has come to a queue; when they are to be looked at first (None: they have been, or nothing is told there)."""
        contact = event.contact or ""
        before = self._heard.get(contact)
        heard = self._heard[contact] = (before or Heard()).after(event)
        rule = self.state.settings.queues.get(heard.queue or "")
        if before is not None or rule is None or not (rule.announce_position or rule.announce_wait):
            return None
        return event.at + rule.announce_first

    def left(self, contact: str) -> None:
        """They are in line no more."""
        self._heard.pop(contact, None)

    def look(self, contact: str, now: float) -> tuple[Event | None, float | None]:
        """What is told now, as an event, and when to look again."""
        caller, heard = self.state.callers.get(contact), self._heard.get(contact)
        if caller is None or heard is None:
            return None, None
        if is_offered(self.state, contact):
            return None, now + LATER
        standing = Standing(position(self.state, contact), estimate(self.state, contact, now))
        due = next_word(caller.lane.queue.rule, heard, standing, now)
        again = None if due.ask_at is None else max(due.ask_at, now + SOON)
        if due.say is None:
            return None, again
        event = _event(due.say, standing, contact, caller.lane.queue.name, now)
        self._heard[contact] = heard.after(event)
        return event, again


def _event(say: Say, standing: Standing, contact: str, queue: str, now: float) -> Event:
    about = {"queue": queue, "prompts": list(say.prompts), "seconds": SAID_IN}
    if not isinstance(say, Announcement):
        assert isinstance(say, Comfort), "there are no bulletins here"
        return Event("comforted", now, contact, data=about)
    guess = standing.estimate
    told = {
        "position": say.position,
        "minutes": say.minutes,
        "told": say.tells_time,
        "place": standing.position,
    }
    figures = {"mean": guess.mean, "sd": guess.sd} if guess is not None else {"mean": None, "sd": None}
    return Event("announced", now, contact, data={**about, **told, **figures})
