"""Recordings of conversations that have ended: fetched, made into one file, kept for as long as their queue says, and deleted.

None of this holds up a call. What could not be fetched is found again by its name the next time Asterisk is looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from engine.ari.client import AriClient
from engine.call.stereo import RATE, stereo
from engine.call.stored import discard, stored_audio, write_whole
from engine.core.event import Event
from engine.core.site import Settings
from engine.core.tape import SIDES
from engine.errors import EngineError, PbxUnreachable, StoreError
from engine.store.archive import Archive
from engine.store.ledger import Ledger

log = structlog.get_logger()

#: Seconds between two looks at what has been kept long enough.
SWEPT_EVERY = 3600.0
#: Seconds after which what could not be fetched or written is tried again, at most so often.
AGAIN, TRIES = 2.0, 30
DAY = 86_400.0
#: Bytes of a stereo WAV that are no sound, and those of a second of it.
NO_SOUND, SECOND = 44, 4 * RATE


class Tapes:
    """Makes files of what was recorded; `run` lives as long as the engine."""

    def __init__(
        self,
        client: AriClient,
        ledger: Ledger,
        archive: Archive,
        folder: Path,
        now: Callable[[], float],
        settings: Callable[[], Settings],
    ) -> None:
        self._client, self._ledger, self._archive = client, ledger, archive
        self._folder, self._now, self._settings = folder, now, settings
        self._ended: asyncio.Queue[tuple[str, str, str | None]] = asyncio.Queue()
        self._known: set[str] = set()

    def keep(self, contact: str, name: str, queue: str | None) -> None:
        """Make a file of a recording that has ended."""
        if name not in self._known:
            self._known.add(name)
            self._ended.put_nowait((contact, name, queue))

    async def run(self) -> None:
        """Keep what ends, and delete what was kept long enough, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep_for_ever(), name="sweep recordings")
            while True:
                contact, name, queue = await self._ended.get()
                group.create_task(self._kept(contact, name, queue), name=f"keep {name}")

    async def _kept(self, contact: str, name: str, queue: str | None) -> None:
        for _ in range(TRIES):
            try:
                await self._keep(contact, name, queue)
                return
            except (PbxUnreachable, OSError) as error:
                log.warning("a recording cannot be kept yet", recording=name, why=str(error))
                await asyncio.sleep(AGAIN)
            except EngineError as error:
                log.error("a recording cannot be kept", recording=name, error=str(error))
                return
        self._known.discard(name)  # it is found again by its name

    async def _keep(self, contact: str, name: str, queue: str | None) -> None:
        tracks = [await stored_audio(self._client, f"{name}{side}") for side in SIDES]
        audio = await asyncio.to_thread(stereo, *tracks)
        data: dict[str, object] = {"recording": name}
        if audio is None:
            event = Event(
                "recording_deleted", self._now(), contact, data=data | {"file": None, "why": "empty"}
            )
        else:
            file = self._folder / f"{name}.wav"
            await asyncio.to_thread(write_whole, file, audio)
            rule = self._settings().queues.get(queue or "")
            days = rule.keep_recordings if rule is not None else 0
            data |= {
                "file": file.name,
                "seconds": round((len(audio) - NO_SOUND) / SECOND, 2),
                "until": self._now() + days * DAY if days else None,
            }
            event = Event("recording_kept", self._now(), contact, data=data)
        await self._ledger.append(event)
        for side in SIDES:
            await self._client.delete_stored(f"{name}{side}")

    async def _sweep_for_ever(self) -> None:
        while True:
            try:
                await self.sweep()
            except StoreError as error:
                log.error("recordings cannot be looked through", error=str(error))
            await asyncio.sleep(SWEPT_EVERY)

    async def sweep(self) -> None:
        """Delete what has been kept for as long as it was to be."""
        for contact, name, file in await self._archive.recordings_until(self._now()):
            await asyncio.to_thread(discard, self._folder / file)
            data = {"recording": name, "file": file, "why": "kept long enough"}
            await self._ledger.append(Event("recording_deleted", self._now(), contact, data=data))
