"""A few words of the caller, kept in Asterisk for this call alone."""

from __future__ import annotations

import asyncio
from typing import Final

from engine.call.house import House
from engine.call.line import Line
from engine.call.stored import stored_audio
from engine.call.voicemail import ended, holds_words
from engine.core.do import Capture
from engine.errors import CallerGone, Gone

#: Seconds such words may last at most (for the watchdog while they are played).
LONGEST_WORDS: Final = 30.0
#: How long after its last event a recording may take to end.
ENDING: Final = 3.0


class Words:
    """One recording of one call; its name follows from the call's history, so a restart makes it anew under the same name."""

    def __init__(self, house: House, line: Line, do: Capture, name: str) -> None:
        self._house, self._line, self._do, self._name = house, line, do, name

    async def take(self) -> str | None:
        """Record after the tone; returns the recording's name, or None where nothing was said."""
        self._line.keys.clear()
        try:
            await self._line.calls.record(
                self._line.channel,
                self._name,
                max_seconds=self._do.max,
                max_silence=self._do.silence,
                beep=True,
                terminate_on="#",
                if_exists="overwrite",
            )
        except Gone as gone:
            raise CallerGone(self._line.channel) from gone
        try:
            await self._ended()
            audio = await stored_audio(self._house.client, self._name)
            kept = audio is not None and holds_words(audio)
        except CallerGone:
            await self._house.client.delete_stored(self._name)
            raise
        self._line.keys.clear()  # the key that ended the words answers nothing else
        if not kept:
            await self._house.client.delete_stored(self._name)
        return self._name if kept else None

    async def _ended(self) -> None:
        until = asyncio.get_running_loop().time() + self._do.max + ENDING
        while (item := await self._line.wait(until)) is not None:
            if isinstance(item, dict) and ended(item, self._name):
                return
        await self._line.calls.stop_recording(self._name)
