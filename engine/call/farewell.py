"""What an agent hears who has parked a caller, before their phone is let go: the number at which the caller can be fetched.

The agent has done with the caller already, and the caller hears music; the phone is kept for these few seconds alone. Nothing of it is
written down: after a gap the phone is found as one that nobody needs.
"""

from __future__ import annotations

import asyncio

from engine.call.house import House
from engine.call.line import MADE, WATCHDOG, AriEvent, Line, channel_of, finished
from engine.core.conversation import PARKED_AT, Conversation
from engine.errors import Gone


class Farewell:
    """One leg that is told something; `until` is when that is over at the latest (the loop's clock), None while nobody is told anything."""

    def __init__(self, house: House, line: Line) -> None:
        self._house = house
        self._line = line
        self._playback = ""
        self.leg = ""
        self.until: float | None = None

    async def begin(self, leg: str, talk: Conversation) -> bool:
        """Tell whoever has parked the caller where; False where there is nothing to tell, or nobody."""
        slot = talk.parked.data.get("slot") if talk.parked is not None else None
        agent = self._house.site.settings.agents.get(talk.to)
        if slot is None or agent is None or not leg:
            return False
        sounds = self._house.edition.sounds
        media = sounds.media(
            PARKED_AT, {"slot": slot}, agent.language or self._house.site.settings.languages[0]
        )
        self._playback = (
            f"{self._line.contact}{MADE}k{len(self._house.ledger.contact(self._line.contact).legs)}"
        )
        try:
            await self._line.calls.play(leg, media, self._playback)
        except Gone:
            return False
        self.leg = leg
        self.until = asyncio.get_running_loop().time() + sounds.seconds(media) + WATCHDOG
        return True

    def over(self, event: AriEvent) -> bool:
        """Has it been said, or has the agent hung up?"""
        gone = event["type"] in ("ChannelDestroyed", "StasisEnd") and channel_of(event) == self.leg
        return bool(self.leg) and (gone or finished(event, self._playback))

    def end(self) -> str:
        """The leg that can be let go, if there is one."""
        leg, self.leg, self.until = self.leg, "", None
        return leg
