"""The floor for ARI's own clients: messages of the event stream as user events to the application `supervisor`.

Any program that connects to Asterisk's ARI with that application hears them as `ChannelUserevent`; `eventname` is the message's type in
NAMES, and `userevent` holds the message as JSON text, for ARI takes texts only. Every few seconds Asterisk is asked whether anybody has
registered; while nobody has, that is all there is. Events go one after the other, so a busy Asterisk gets fewer: the newest states, and a
word about what was missed.
"""

from __future__ import annotations

import asyncio

import structlog

from engine.ari.client import AriClient
from engine.errors import EngineError, Gone, PbxUnreachable
from engine.store.stream import Mailbox, Stream, TooMany

log = structlog.get_logger()

APPLICATION = "supervisor"
NAMES = {
    kind: f"Quietline{kind.capitalize()}"
    for kind in ("snapshot", "queue", "agent", "contact", "offer", "missed")
}
#: Seconds between two looks whether anybody listens, and after Asterisk has refused something it should not.
LOOK, REFUSED = 5.0, 60.0


class Supervising:
    """Tells whoever has registered the application."""

    def __init__(self, client: AriClient, stream: Stream, application: str = APPLICATION) -> None:
        self._client, self._stream, self._application = client, stream, application
        self._complained = False

    async def run(self) -> None:
        """Look for listeners, and tell them, until cancelled."""
        pause = 0.0
        while True:
            await asyncio.sleep(pause)
            pause = await self._once()

    async def _once(self) -> float:
        """Tell as long as somebody is there; seconds until the next look."""
        try:
            if await self._client.application(self._application) is not None:
                await self._tell()
        except (Gone, PbxUnreachable, TooMany):
            return LOOK  # they have left, or Asterisk has
        except EngineError as error:
            if not self._complained:
                log.warning("Asterisk takes no user events", error=str(error), application=self._application)
            self._complained = True
            return REFUSED
        return LOOK

    async def _tell(self) -> None:
        mailbox = await self._stream.join()
        try:
            await self._pass_on(mailbox)
        finally:
            self._stream.leave(mailbox)

    async def _pass_on(self, mailbox: Mailbox) -> None:
        while (told := await mailbox.get()) is not None:
            name = NAMES[str(told.message["type"])]
            await self._client.user_event(self._application, name, {"message": told.text.decode()})
