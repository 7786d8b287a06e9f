"""Recording a message: the tone, the recording in Asterisk, and the file in our own folder.

The recording's name is written down before it starts and its file is copied here before the event that tells of it, so a message is
found again whatever ends first: the caller, the link or the engine.
"""

from __future__ import annotations

import asyncio
import io
import wave
from array import array
from pathlib import Path
from typing import Any

import structlog

from engine.call.house import House
from engine.call.line import AriEvent, Line
from engine.call.notes import request_events
from engine.call.stored import discard, stored_audio, write_whole
from engine.core.contact import Contact
from engine.core.do import Record
from engine.core.event import Event
from engine.errors import CallerGone, Gone

log = structlog.get_logger()

#: Below this many seconds of sound nothing was said.
SHORTEST = 1.0
#: Average amplitude above which a fiftieth of a second is sound (Asterisk's own silence threshold), and how many of them are words.
LOUD, WORDS = 256, 15
#: How long after its last event a recording may take to be stored.
STORING = 3.0


class Voicemail:
    """One message of one contact."""

    def __init__(self, house: House, line: Line, do: Record) -> None:
        self._house = house
        self._line = line
        self._do = do

    async def take(self) -> str:
        """Record after the tone; returns left or none. A caller who hangs up has left what was recorded until then."""
        name = recording_of(self._house.ledger.contact(self._line.contact))
        data = {"recording": name, "mailbox": self._do.mailbox}
        await self._house.ledger.append(Event("recording", self._house.now(), self._line.contact, data=data))
        self._line.keys.clear()
        try:
            await self._line.calls.record(
                self._line.channel,
                name,
                max_seconds=self._do.max,
                max_silence=self._do.silence,
                beep=True,
                terminate_on="#",
                if_exists="overwrite",
            )
            await self._until_finished(name)
        except Gone as gone:
            await self.keep(name)
            raise CallerGone(self._line.channel) from gone
        except CallerGone:
            await self.keep(name)
            raise
        kept = await self.keep(name)
        self._line.keys.clear()  # the key that ended the message answers nothing else
        return kept

    async def resume(self, contact: Contact) -> str:
        """After a lost link: wait for a recording that still runs, keep one that has ended, begin one that never began."""
        if contact.kept is not None:
            if not contact.kept.data.get("reviewed"):
                await self._house.client.delete_stored(contact.kept.data["recording"])
            return told_of(contact.kept)
        assert contact.recording is not None
        name = contact.recording.data["recording"]
        if await self._house.client.live_recording(name) is not None:
            try:
                await self._until_finished(name)
            except CallerGone:
                await self.keep(name)
                raise
        elif await self._house.client.stored_recording(name) is None:
            return await self.take()
        return await self.keep(name)

    async def _until_finished(self, name: str) -> None:
        until = asyncio.get_running_loop().time() + self._do.max + STORING
        while (item := await self._line.wait(until)) is not None:
            if isinstance(item, dict) and ended(item, name):
                return
        await self._line.calls.stop_recording(name)

    async def keep(self, name: str) -> str:
        """Copy the stored recording into our folder and write it down; returns left or none."""
        audio = await stored_audio(self._house.client, name)
        seconds = spoken_seconds(audio)
        file = self._house.recordings / f"{name}.wav"
        if audio is None or seconds < SHORTEST or not holds_words(audio):
            event = Event("no_message", self._house.now(), self._line.contact, data={"recording": name})
        else:
            await self._write(file, audio)
            event = Event(
                "message", self._house.now(), self._line.contact, data=self._message(name, file, seconds)
            )
        await self._house.ledger.append(event, *self._request(event))
        if audio is not None and not event.data.get("reviewed"):
            await self._house.client.delete_stored(name)
        if replaced := event.data.get("replaces"):
            await asyncio.get_running_loop().run_in_executor(None, discard, self._house.recordings / replaced)
        return told_of(event)

    def _message(self, name: str, file: Path, seconds: float) -> dict[str, Any]:
        before = self._house.ledger.contact(self._line.contact).last_message
        replaced = before.data["file"] if self._do.again and before is not None else None
        return {
            "recording": name,
            "mailbox": self._do.mailbox,
            "file": file.name,
            "seconds": seconds,
            "replaces": replaced,
            "reviewed": self._do.review,
        }

    def _request(self, event: Event) -> list[Event]:
        """The request that a message opens, with its work order where there is one."""
        if self._do.request is None or event.kind != "message":
            return []
        contact = self._house.ledger.contact(self._line.contact)
        return request_events(self._house, contact, {"kind": self._do.request})

    async def _write(self, file: Path, audio: bytes) -> None:
        """Put it on disk, however long that takes (as with events: a full disk keeps the call, and the recording, waiting)."""
        pause = 0.1
        while True:
            try:
                await asyncio.get_running_loop().run_in_executor(None, write_whole, file, audio)
                return
            except OSError as error:
                log.error("a message cannot be written; trying again", error=str(error), in_s=pause)
                await asyncio.sleep(pause)
                pause = min(2 * pause, 5.0)


def ended(event: AriEvent, name: str) -> bool:
    """True when this is the end of that recording."""
    return event["type"] in ("RecordingFinished", "RecordingFailed") and event["recording"]["name"] == name


def recording_of(contact: Contact) -> str:
    """The name in Asterisk of a contact's next message."""
    return f"{contact.id}-v{contact.messages}"


def told_of(kept: Event) -> str:
    """What the flow is told of a message."""
    return "left" if kept.kind == "message" else "none"


def spoken_seconds(audio: bytes | None) -> float:
    """The length of a WAV in seconds, to hundredths; 0 where there is none or it is broken."""
    if not audio:
        return 0.0
    try:
        with wave.open(io.BytesIO(audio)) as file:
            return round(float(file.getnframes() / file.getframerate()), 2)
    except (EOFError, wave.Error):
        return 0.0


def holds_words(audio: bytes) -> bool:
    """Whether anything but silence is in a WAV of 16-bit samples: enough of it is louder than Asterisk takes for silence."""
    samples = array("h")
    try:
        with wave.open(io.BytesIO(audio)) as file:
            rate = file.getframerate()
            samples.frombytes(file.readframes(file.getnframes()))
    except (EOFError, wave.Error, ValueError):
        return False
    frame = rate // 50
    left = WORDS
    for start in range(0, len(samples) - frame + 1, frame):
        some = samples[start : start + frame : 4]
        left -= sum(map(abs, some)) > LOUD * len(some)
        if left <= 0:
            return True
    return False
