"""Who hears whom in a conversation: one picture of what the contact's events say, and the commands that bring Asterisk there.

    with somebody          caller and leg in the bridge that is named after the leg
    on hold                the caller hears music, outside the bridge; the leg stays there
    a consultation         the caller hears music; both legs in the bridge of the first one
    … by a second call     that call and the other leg in the bridge of that leg; caller and agent as without it
    a conference           all three in that bridge
    handed over, parked    the caller hears music, and there is no bridge

Every change goes the same way: the event is written, then `arrange` does what has to change. After a gap nothing is known of what Asterisk
has done, so everything is done again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from engine.call.called import bridge_of
from engine.call.line import Line
from engine.core.conversation import Conversation
from engine.errors import AlreadyThere, Gone


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Who is in which bridge, and whether the caller hears music instead."""

    music: bool
    bridges: Mapping[str, frozenset[str]] = field(default_factory=dict)


#: The caller hears music, and nobody is with them.
ALONE = Arrangement(True)
#: The caller hears what comes next.
NOBODY = Arrangement(False)


def arrangement(talk: Conversation, caller: str) -> Arrangement:
    """How a conversation is to sound; `caller` is their channel."""
    if talk.leg is None:
        return ALONE
    asked = talk.asked if talk.asked is not None and talk.asked.answered else None
    with_agent = {talk.leg} if talk.on_hold else {talk.leg, caller}
    if asked is None:
        bridges = {bridge_of(talk.leg): frozenset(with_agent)}
    elif asked.second:
        aside = frozenset({asked.leg, asked.second})
        bridges = {bridge_of(talk.leg): frozenset(with_agent), bridge_of(asked.leg): aside}
    else:
        bridges = {bridge_of(talk.leg): frozenset(with_agent | {asked.leg})}
    return Arrangement(talk.on_hold, bridges)


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
        self._bridges = set(now.bridges)

    def forget(self, bridge: str | None) -> None:
        """Nobody knows how it sounds; this bridge may be there."""
        self._now = None
        self._bridges = {bridge} if bridge is not None else set()

    def finds(self, bridge: str, leg: str) -> None:
        """This bridge is there, with that leg in it."""
        self._bridges.add(bridge)
        if self._now is not None:
            bridges = {**self._now.bridges, bridge: frozenset({leg})}
            self._now = Arrangement(self._now.music, bridges)

    async def arrange(self, wanted: Arrangement) -> None:
        """Raises Gone where the caller has. A leg that has gone is told by its own event."""
        before, self._now = self._now, wanted
        if wanted.music and not (before is not None and before.music):
            await self._take_out()
            await self._music()
        elif not wanted.music and not (before is not None and not before.music):
            await self._line.calls.stop_music(self._line.channel)
        for bridge, inside in wanted.bridges.items():
            await self._gather(bridge, inside, before.bridges.get(bridge) if before is not None else None)
        self._take_down(self._bridges - wanted.bridges.keys())

    def apart(self) -> None:
        """Take down every bridge."""
        self._take_down(set(self._bridges))

    def _take_down(self, bridges: set[str]) -> None:
        for bridge in bridges:
            self._line.unbridge(bridge)
            self._bridges.discard(bridge)

    async def _take_out(self) -> None:
        for bridge in self._bridges:
            await self._line.calls.remove(bridge, self._line.channel)

    async def _gather(self, bridge: str, inside: frozenset[str], there: frozenset[str] | None) -> None:
        """Whoever has hung up in this moment is told by their own event; the others are together."""
        line = self._line
        self._bridges.add(bridge)
        if there is None:
            with suppress(AlreadyThere):
                await line.calls.create_bridge(bridge, "mixing")
        for channel in sorted(inside - (there or frozenset()), key=lambda one: (one != line.channel, one)):
            with suppress(Gone):
                await line.calls.add(bridge, channel)
