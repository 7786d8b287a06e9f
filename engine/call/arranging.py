"""Who hears whom in a conversation: one picture of what the contact's events say, and the commands that bring Asterisk there.

    with somebody          caller and leg in the bridge that is named after the leg
    on hold                the caller hears music, outside the bridge; the leg stays there
    a consultation         the caller hears music; both legs in the bridge of the first one
    a conference           all three in that bridge
    handed over, parked    the caller hears music, and there is no bridge

Every change goes the same way: the event is written, then `arrange` does what has to change. After a gap nothing is known of what Asterisk
has done, so everything is done again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from engine.call.called import bridge_of
from engine.call.line import Line
from engine.core.conversation import Conversation
from engine.errors import AlreadyThere, Gone


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Who is in which bridge (None: there is none), and whether the caller hears music instead."""

    bridge: str | None
    inside: frozenset[str]
    music: bool


#: The caller hears music, and nobody is with them.
ALONE = Arrangement(None, frozenset(), True)


def arrangement(talk: Conversation, caller: str) -> Arrangement:
    """How a conversation is to sound; `caller` is their channel."""
    if talk.leg is None:
        return ALONE
    asked = talk.asked.leg if talk.asked is not None and talk.asked.answered else None
    inside = {talk.leg, asked, None if talk.on_hold else caller}
    return Arrangement(bridge_of(talk.leg), frozenset(one for one in inside if one), talk.on_hold)


class Arranger:
    """Knows how it sounds now, and brings about how it should. `music` begins the queue's music for the caller."""

    def __init__(self, line: Line, music: Callable[[], Awaitable[None]]) -> None:
        self._line = line
        self._music = music
        self._now: Arrangement | None = None
        #: Bridges that may be there.
        self._bridges: set[str] = set()

    def begins(self, now: Arrangement) -> None:
        """It sounds like this already."""
        self._now = now
        self._bridges = {now.bridge} if now.bridge is not None else set()

    def forget(self, bridge: str | None) -> None:
        """Nobody knows how it sounds; this bridge may be there."""
        self._now = None
        self._bridges = {bridge} if bridge is not None else set()

    async def arrange(self, wanted: Arrangement) -> None:
        """Raises Gone where the caller has. A leg that has gone is told by its own event."""
        before, self._now = self._now, wanted
        if wanted.music and not (before is not None and before.music):
            await self._take_out()
            await self._music()
        elif not wanted.music and not (before is not None and not before.music):
            await self._line.calls.stop_music(self._line.channel)
        if wanted.bridge is not None:
            await self._gather(wanted, before)
        await self._take_down(self._bridges - {wanted.bridge})

    async def apart(self) -> None:
        """Take down every bridge."""
        await self._take_down(set(self._bridges))

    async def _take_down(self, bridges: set[str]) -> None:
        for bridge in bridges:
            await self._line.try_unbridge(bridge)
            self._bridges.discard(bridge)

    async def _take_out(self) -> None:
        for bridge in self._bridges:
            await self._line.calls.remove(bridge, self._line.channel)

    async def _gather(self, wanted: Arrangement, before: Arrangement | None) -> None:
        """Whoever has hung up in this moment is told by their own event; the others are together."""
        assert wanted.bridge is not None
        line, same = self._line, before is not None and before.bridge == wanted.bridge
        there = before.inside if same and before is not None else frozenset()
        self._bridges.add(wanted.bridge)
        if not same:
            with suppress(AlreadyThere):
                await line.calls.create_bridge(wanted.bridge, "mixing")
        for channel in sorted(wanted.inside - there, key=lambda one: one != line.channel):
            with suppress(Gone):
                await line.calls.add(wanted.bridge, channel)
