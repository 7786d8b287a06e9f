"""External media channels: what is said on a channel, fetched by the engine over a websocket of its own.

As measured on Asterisk 22.10.1: such a channel is Down and in no application until somebody fetches its sound; then it is Up, and in
Stasis a moment later. Whoever has fetched it hears what comes to it in its bridge. When either side lets go of the websocket the
channel ends, and when the channel ends so does the websocket. A second fetch is refused.

Left out: silence. Asterisk sends 50 frames a second all the time, here there is a frame only where there is sound.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from engine.errors import PbxUnreachable
from engine.sim.channel import NOTICE

if TYPE_CHECKING:
    from engine.sim.bridge import App
    from engine.sim.channel import Channel

#: How Asterisk tells that our end of a websocket has closed.
GOING_AWAY: Final = 1001


class Fetched:
    """The sound of one external media channel: None ends it."""

    def __init__(self, channel: Channel, connection: str, app: App) -> None:
        self.connection = connection
        self.fetched = False
        self._channel = channel
        self._app = app
        self._sound: asyncio.Queue[bytes | None] = asyncio.Queue()

    @property
    def shown(self) -> dict[str, Any]:
        """What ARI shows of it, on its channel."""
        told = {"CONNECTION_ID": self.connection, "OPTIMAL_FRAME_SIZE": "640"}
        return {"channelvars": {f"MEDIA_WEBSOCKET_{name}": value for name, value in told.items()}}

    def put(self, sound: bytes | None) -> None:
        """Send sound to whoever fetches it; None: the channel has ended."""
        self._sound.put_nowait(sound)

    def lose(self) -> None:
        """The websocket breaks: for whoever fetched it, it has ended; and so has the channel."""
        self.put(None)
        self._channel.hang_up(16, GOING_AWAY)

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[AsyncIterator[bytes]]:
        """What comes to the channel from now on. Raises PbxUnreachable where it has gone, or somebody has it already."""
        if self.fetched or self._channel.ending:
            raise PbxUnreachable(f"media/{self.connection}: answers 404")
        self.fetched = True
        self._channel.set_state("Up")
        self._channel.pbx.tell_dial(self._channel, "ANSWER")
        self._channel.pbx.later(NOTICE, self._enter)
        try:
            yield self._until_the_end()
        finally:
            self._channel.hang_up(16, GOING_AWAY)

    def _enter(self) -> None:
        if not self._channel.gone:
            self._channel.pbx.enter(self._channel, self._app, [])

    async def _until_the_end(self) -> AsyncIterator[bytes]:
        while (sound := await self._sound.get()) is not None:
            yield sound
