"""What a waiting caller hears: music, and what is announced between it.

One thing plays at a time. Music goes on when it has ended, and nothing begins while a phone rings for the caller.
"""

from __future__ import annotations

import asyncio

from engine.call.house import House
from engine.call.line import AriEvent, Line, finished
from engine.call.sounds import Sounds
from engine.core.event import Event
from engine.core.waiting import Announcement, Said, next_announcement

#: Seconds after which an announcement that could not be made is thought of again.
LATER = 1.0


class Announcer:
    """One caller's music and announcements; `due` is when `on_time` wants to be called (the loop's clock, None: never)."""

    def __init__(self, house: House, line: Line, language: str, sounds: Sounds) -> None:
        self._house = house
        self._line = line
        self._language = language
        self._sounds = sounds
        self._playback: str | None = None
        self._said: Said | None = None
        self.due: float | None = None

    def begin(self, moved: bool = False) -> None:
        """The caller stands in line, or again; what was said of another queue (`moved`) binds nobody."""
        if moved:
            self._said = None
        self.due = asyncio.get_running_loop().time()

    async def music(self) -> None:
        """Play the queue's music."""
        queue = self._house.ledger.contact(self._line.contact).queue
        rule = self._house.site.settings.queues.get(queue or "")
        await self._line.calls.start_music(self._line.channel, rule.music if rule else "default")

    async def silence(self) -> None:
        """Stop announcement and music: a channel that plays would hold up what comes next."""
        if self._playback is not None:
            await self._line.stop(self._playback)
            self._playback = None
        await self._line.calls.stop_music(self._line.channel)

    async def heard(self, event: AriEvent) -> bool:
        """Was this the end of what played? Then music goes on."""
        if self._playback is None or not finished(event, self._playback):
            return False
        self._playback = None
        await self.music()
        return True

    async def on_time(self, ringing: bool) -> None:
        """Say place and wait if that is due, and know when to look again; nothing while a phone rings for the caller."""
        loop = asyncio.get_running_loop()
        if self.due is None or loop.time() < self.due:
            return
        house, contact = self._house, self._line.contact
        known = house.ledger.contact(contact)
        rule = house.site.settings.queues.get(known.queue or "")
        if rule is None or known.queued is None:
            self.due = None
            return
        now = house.now()
        if ringing or house.distributor.offering(contact) or self._playback is not None:
            self.due = loop.time() + LATER
            return
        position, estimate = house.distributor.position(contact), house.distributor.estimate(contact)
        due = next_announcement(rule, known.queued.data["enqueued_at"], self._said, position, estimate, now)
        self.due = None if due.ask_at is None else loop.time() + max(0.05, due.ask_at - now)
        if due.say is not None:
            self._said = Said(now, position, due.say.minutes)
            await self._speak(due.say)

    async def _speak(self, say: Announcement) -> None:
        prompts = announcement_prompts(say)
        media = tuple(
            uri
            for prompt in prompts
            for uri in self._sounds.media(
                prompt, {"position": say.position, "minutes": say.minutes}, self._language
            )
        )
        if not media:
            return
        data = {"position": say.position, "minutes": say.minutes, "prompts": list(prompts)}
        await self._house.ledger.append(Event("announced", self._house.now(), self._line.contact, data=data))
        self._playback = await self._line.start(media)


def announcement_prompts(say: Announcement) -> tuple[str, ...]:
    """The prompts that speak an announcement, in order."""
    prompts: list[str] = []
    if say.longer_than_expected:
        prompts.append("wait_longer_than_expected")
    if say.position is not None:
        prompts.append("you_are_next" if say.position == 1 else "you_are_number")
    if say.minutes is not None:
        prompts.append("wait_about")
    elif say.more_than_an_hour:
        prompts.append("wait_more_than_an_hour")
    return tuple(prompts)
