"""What a waiting caller hears: music, and between it what `engine.core.announcing` says is due.

One thing plays at a time. Music goes on when it has ended, and nothing begins while a phone rings for the caller. What was told is an event
before it is heard, so a caller who is taken up after a restart is told nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from engine.ari.outcome import outcome
from engine.ari.transport import Response
from engine.call.house import House
from engine.call.line import WATCHDOG, AriEvent, Line, News, finished
from engine.call.sounds import Sounds
from engine.core.announcing import Announcement, Comfort, Heard, Notice, Say, Standing, next_word
from engine.core.bulletins import concerns
from engine.core.contact import Contact
from engine.core.event import Event
from engine.core.site import QueueRule

#: Seconds after which something that could not be said is thought of again; and the least between two looks.
LATER, SOON = 1.0, 0.05

Variables = Mapping[str, str]


class Announcer:
    """One caller's music and announcements; `due` is when `on_time` wants to be called (the loop's clock, None: never)."""

    def __init__(
        self,
        house: House,
        line: Line,
        language: str,
        sounds: Sounds,
        variables: Variables,
        if_longer: str | None,
    ) -> None:
        self._house = house
        self._line = line
        self._language = language
        self._sounds = sounds
        self._variables = variables
        self._if_longer = if_longer
        self._playback: str | None = None
        self.due: float | None = None

    # --- while they wait ----------------------------------------------------------------------

    def listen(self) -> None:
        """Hear of bulletins from now on, through the caller's inbox."""
        self._house.bulletins.listeners[self._line.contact] = lambda: self._line.inbox.put(News())

    def leave(self) -> None:
        """Hear of them no longer."""
        self._house.bulletins.listeners.pop(self._line.contact, None)

    def look(self) -> None:
        """Something may be due now: the caller stands in line (again), or there is news."""
        if self._playback is None:
            self.due = asyncio.get_running_loop().time()

    async def music(self) -> None:
        """Play the queue's music."""
        self.plays(await self.ask_music())

    def ask_music(self) -> asyncio.Future[Response]:
        """The same, without waiting for it; `plays` judges the answer."""
        rule = self._rule(self._contact)
        return self._line.calls.ask_music(self._line.channel, rule.music if rule else "default")

    def plays(self, answer: Response) -> None:
        """Raises Gone where the caller is, and there is nobody to hear it."""
        outcome(answer, "play music to a caller")

    async def silence(self) -> None:
        """Stop announcement and music: a channel that plays would hold up what comes next."""
        await self.hush()
        await self._line.calls.stop_music(self._line.channel)

    async def hush(self) -> None:
        """Stop the announcement, if one is heard."""
        if self._playback is not None:
            await self._line.stop(self._playback)
            self._playback = None

    async def heard(self, event: AriEvent) -> bool:
        """Was this the end of what played? Then music goes on."""
        if self._playback is None or not finished(event, self._playback):
            return False
        await self._over()
        return True

    async def on_time(self, ringing: bool) -> None:
        """Say what is due, and know when to look again; nothing while a phone rings for the caller."""
        loop = asyncio.get_running_loop()
        if self.due is None or loop.time() < self.due:
            return
        if self._playback is not None:  # it has never told that it ended
            await self._line.stop(self._playback)
            await self._over()
        if ringing or self._house.distributor.offering(self._line.contact):
            self.due = loop.time() + LATER
            return
        await self._say_due(loop.time())

    async def _over(self) -> None:
        self._playback = None
        self.look()
        await self.music()

    async def _say_due(self, at: float) -> None:
        known = self._contact
        rule = self._rule(known)
        if rule is None or known.queued is None:
            self.due = None
            return
        now, standing = self._house.now(), self._standing(known.heard)
        due = next_word(rule, known.heard, standing, now)
        times = [when for when in (due.ask_at, self._house.bulletins.coming(now)) if when is not None]
        self.due = at + max(SOON, min(times) - now) if times else None
        if due.say is not None:
            await self._say(due.say, standing, known)

    # --- what is so ---------------------------------------------------------------------------

    @property
    def _contact(self) -> Contact:
        return self._house.ledger.contact(self._line.contact)

    def _rule(self, contact: Contact) -> QueueRule | None:
        return self._house.site.settings.queues.get(contact.queue or "")

    def _standing(self, heard: Heard) -> Standing:
        distributor, contact = self._house.distributor, self._line.contact
        times = heard.queue is None or distributor.promises.tells_times(heard.queue)
        told = self._house.bulletins.told(self._house.now())
        news = [
            b for b in heard.news(told) if concerns(b.scope, self._variables) and self._media(b.prompt, {})
        ]
        return Standing(
            distributor.position(contact),
            distributor.estimate(contact),
            times,
            news=news,
            if_longer=self._if_longer,
        )

    # --- saying it ----------------------------------------------------------------------------

    async def _say(self, say: Say, standing: Standing, known: Contact) -> None:
        """Write down what is told, then let it be heard."""
        values: dict[str, object] = {}
        if isinstance(say, Announcement):
            values = {"position": say.position, "minutes": say.minutes}
        media = tuple(uri for prompt in say.prompts for uri in self._media(prompt, values))
        seconds = round(self._house.edition.sounds.seconds(media), 3)
        about = {"prompts": list(say.prompts), "seconds": seconds}
        at, queue = self._house.now(), {"queue": known.queue}
        match say:
            case Announcement():
                data = {**queue, "place": standing.position, **_told(say, standing), **about}
                event = Event("announced", at, known.id, data=data)
            case Comfort():
                event = Event("comforted", at, known.id, data={**queue, **about})
            case Notice(bulletin):
                data = {"name": bulletin.name, "begun_at": bulletin.begun_at, **about}
                event = Event("bulletin_told", at, known.id, data=data)
        written = self._house.ledger.append(event)
        self._house.distributor.promises.take(event)
        await written
        if media:
            self.due = asyncio.get_running_loop().time() + seconds + WATCHDOG
            self._playback = await self._line.start(media)

    def _media(self, prompt: str, values: Mapping[str, object]) -> tuple[str, ...]:
        """What speaks a prompt: as the call knows it, or, where it began before there was one, the newest."""
        said = {**self._variables, **values}
        own = self._sounds.media(prompt, said, self._language)
        return own or self._house.edition.sounds.media(prompt, said, self._language)


def _told(say: Announcement, standing: Standing) -> dict[str, object]:
    """An announcement as JSON values, with the estimate it was made of."""
    guess = standing.estimate
    figures = {} if guess is None else {"mean": guess.mean, "sd": guess.sd, "active": guess.active}
    about = {name: round(figures[name], 3) if figures else None for name in ("mean", "sd", "active")}
    return {"position": say.position, "minutes": say.minutes, "told": say.tells_time, **about}
