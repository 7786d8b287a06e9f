"""Playbacks: queued on the channel, started in their turn, stopped at once.

A list of media is one playback: PlaybackStarted, then for each further one PlaybackContinuing and PlaybackStarted, at the end
PlaybackFinished. One that is stopped while still queued says PlaybackFinished(done) in its turn without ever starting.
Ids are not checked for uniqueness (nor does Asterisk).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from engine.sim.media import Sound, sound_of

if TYPE_CHECKING:
    from engine.sim.asterisk import SimulatedAsterisk
    from engine.sim.channel import Channel, Done


class Playback:
    """One playback on a channel."""

    def __init__(self, pbx: SimulatedAsterisk, playback_id: str, channel: Channel, media: list[str]) -> None:
        self.pbx = pbx
        self.id = playback_id
        self.channel = channel
        self.media = media
        self.state = "queued"
        self._at = 0
        self._timer: asyncio.TimerHandle | None = None
        self._done: Done | None = None
        self._sound = Sound(0.0)

    def snapshot(self) -> dict[str, Any]:
        """The playback as ARI shows it."""
        shown: dict[str, Any] = {
            "id": self.id,
            "media_uri": self.media[self._at],
            "target_uri": f"channel:{self.channel.id}",
            "language": "en",
            "state": self.state,
        }
        if self._at + 1 < len(self.media):
            shown["next_media_uri"] = self.media[self._at + 1]
        return shown

    @property
    def stoppable(self) -> bool:
        """Can it be stopped? Spoken digits and numbers cannot."""
        return self._sound.stoppable

    def start(self, done: Done) -> None:
        """Play, now that the channel's thread has come to it."""
        self._done = done
        if self.state == "done":
            self.end("done")
            return
        self.channel.playback = self
        self._play()

    def stop(self) -> None:
        """Stop at once, or never start."""
        if self._done is None:
            self.state = "done"
        else:
            self.end("done")

    def end(self, state: str) -> None:
        """Finish with this state."""
        self.state = state
        self._tell("PlaybackFinished")
        self._leave()

    def _play(self) -> None:
        self.state = "playing"
        self._sound = sound_of(self.media[self._at], self.pbx.lengths, self.pbx.stored_seconds)
        self._tell("PlaybackStarted")
        if self.channel.gone:
            self.end("failed")
        elif self._sound.seconds is not None:
            self._timer = self.pbx.later(self._sound.seconds, self._next)

    def _next(self) -> None:
        if self._at + 1 < len(self.media):
            self.state = "continuing"
            self._tell("PlaybackContinuing")
            self._at += 1
            self._play()
        elif self._sound.finishes:
            self.end("done" if self._sound.found else "failed")
        else:
            self._leave()

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self.channel.playback is self:
            self.channel.playback = None
        if self.pbx.playbacks.get(self.id) is self:
            del self.pbx.playbacks[self.id]
        done, self._done = self._done, None
        if done is not None:
            done()

    def _tell(self, kind: str) -> None:
        self.channel.tell(kind, playback=self.snapshot())
