"""Recordings: live until `#`, silence, the longest duration, a stop or the hang-up ends them; stored afterwards.

While it is live its file can be fetched already, and looks empty. Silence counts from the beep or from the last sound the caller made.
The live recording occupies the channel's thread. `duration` is whole seconds; talking and silence are told only when silence was
watched. A discarded recording also says RecordingFinished(done), but nothing is stored.
"""

from __future__ import annotations

import asyncio
import io
import wave
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from engine.sim.asterisk import SimulatedAsterisk
    from engine.sim.channel import Channel, Done


#: One swing of what a caller's voice sounds like, as samples of 16 bits.
TONE: Final = b"\x00\x10" * 4 + b"\x00\xf0" * 4
#: Seconds of Asterisk's own beep.
BEEP: Final = 0.4255


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a recording was asked for; 0 is no limit."""

    name: str
    form: str = "wav"
    longest: int = 0
    silence: int = 0
    beep: bool = False
    ends_on: str = "none"

    def ended_by(self, digit: str) -> bool:
        """Does this key end it?"""
        return self.ends_on == "any" or self.ends_on == digit


class Recording:
    """One live recording on a channel."""

    def __init__(self, pbx: SimulatedAsterisk, channel: Channel, wanted: Wanted) -> None:
        self.pbx = pbx
        self.channel = channel
        self.wanted = wanted
        self.state = "queued"
        self.discarded = False
        self.muted = False
        self._done: Done | None = None
        self._from = 0.0
        self._heard_from: float | None = None
        self._talked = 0.0
        self._limit: asyncio.TimerHandle | None = None
        self._quiet: asyncio.TimerHandle | None = None

    def snapshot(self) -> dict[str, Any]:
        """The recording as ARI shows it."""
        return {
            "name": self.wanted.name,
            "format": self.wanted.form,
            "state": self.state,
            "target_uri": f"channel:{self.channel.id}",
        }

    @property
    def seconds(self) -> float:
        """How long it has recorded."""
        return round(max(0.0, self.pbx.now() - self._from), 3) if self._done is not None else 0.0

    def start(self, done: Done) -> None:
        """Record, now that the channel's thread has come to it."""
        self._done = done
        self._from = self.pbx.now()
        if self.state == "done":
            self._finish()
            return
        self.state = "recording"
        self.channel.recording = self
        self.channel.tell("RecordingStarted", recording=self.snapshot())
        if self.channel.gone:
            self.end()
            return
        if self.wanted.beep:
            self._from += self.pbx.lengths("beep") or BEEP
        if self.wanted.longest:
            self._limit = self.pbx.at(self._from + self._longest(), self.end)
        self.voice(self.channel.heard)

    def _longest(self) -> float:
        """How long it may last: Asterisk counts how often the clock's second changes, and stops at one more than was asked for."""
        begun = self.pbx.wall() + self._from - self.pbx.now()
        return self.wanted.longest + 1 - begun % 1

    def voice(self, speaking: bool) -> None:
        """The caller begins or stops to make sound."""
        now = max(self.pbx.now(), self._from)
        speaking = speaking and not self.muted
        if self._heard_from is not None:
            self._talked += now - self._heard_from
        self._heard_from = now if speaking else None
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
        if self.wanted.silence and not speaking:
            self._quiet = self.pbx.at(now + self.wanted.silence, self.end)

    def mute(self, muted: bool) -> None:
        """Write silence in place of what is said, or what is said again."""
        self.voice(False)
        self.muted = muted
        self.voice(self.channel.heard)

    def end(self) -> None:
        """Stop; what was recorded is stored unless it was discarded."""
        if self._done is None:
            self.state = "done"
            return
        self.voice(False)
        self._finish()

    def _finish(self) -> None:
        for timer in (self._limit, self._quiet):
            if timer is not None:
                timer.cancel()
        self.state = "done"
        seconds = self.seconds
        del self.pbx.live[self.wanted.name]
        if not self.discarded:
            talked = min(self._talked_until_now(), seconds)
            self.pbx.stored[self.wanted.name] = Stored(self.wanted.name, self.wanted.form, seconds, talked)
        self.channel.recording = None
        self.channel.tell("RecordingFinished", recording=self.snapshot() | self._durations(seconds))
        done, self._done = self._done, None
        if done is not None:
            done()

    def _talked_until_now(self) -> float:
        talking = self.pbx.now() - self._heard_from if self._heard_from is not None else 0.0
        return self._talked + talking

    def _durations(self, seconds: float) -> dict[str, int]:
        told = {"duration": int(seconds)}
        if self.wanted.silence:
            talked = int(min(self._talked, seconds))
            told |= {"talking_duration": talked, "silence_duration": int(seconds) - talked}
        return told


@dataclass(frozen=True, slots=True)
class Stored:
    """A recording on Asterisk's disk."""

    name: str
    form: str
    seconds: float
    talked: float = 0.0

    def snapshot(self) -> dict[str, Any]:
        """The recording as ARI shows it."""
        return {"name": self.name, "format": self.form}

    def file(self) -> bytes:
        """Its file: 8 kHz mono WAV of the right length; what was said, all at its beginning, is a loud tone, the rest silent."""
        data = io.BytesIO()
        with wave.open(data, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(8000)
            loud = 2 * int(8000 * self.talked) // len(TONE)
            out.writeframes(TONE * loud + bytes(2 * int(8000 * self.seconds) - len(TONE) * loud))
        return data.getvalue()
