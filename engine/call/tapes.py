"""Recordings of conversations that have ended: fetched, made into one file, kept for as long as their queue says, and deleted.

None of this holds up a call. What could not be fetched is found again by its name the next time Asterisk is looked at. A fault of ours in
one recording concerns that one alone; after any other fault `run` begins anew with everything that was under way.
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
#: Seconds after which what could not be fetched or written is tried again, at most so often; and so often where it is our own fault.
AGAIN, TRIES, FAULTS = 2.0, 30, 3
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
        self._ended: asyncio.Queue[str] = asyncio.Queue()
        #: The recordings that are waiting or under way, by name: contact and queue.
        self._known: dict[str, tuple[str, str | None]] = {}
        #: Those of them whose file or emptiness is on record: nothing is left but to have Asterisk forget its tracks.
        self._told: set[str] = set()

    def keep(self, contact: str, name: str, queue: str | None) -> None:
        """Make a file of a recording that has ended."""
        if name not in self._known:
            self._known[name] = contact, queue
            self._ended.put_nowait(name)

    async def run(self) -> None:
        """Keep what ends, and delete what was kept long enough, until cancelled; said again, it goes on with what was under way."""
        self._ended = asyncio.Queue()
        for name in self._known:
            self._ended.put_nowait(name)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._sweep_for_ever(), name="sweep recordings")
            while True:
                name = await self._ended.get()
                group.create_task(self._kept(name), name=f"keep {name}")

    async def _kept(self, name: str) -> None:
        """Keep a recording, however often it takes; one that cannot be kept is left to be found again by its name."""
        contact, queue = self._known[name]
        faults = 0
        for _ in range(TRIES):
            try:
                await self._keep(contact, name, queue)
                break
            except (PbxUnreachable, OSError) as error:
                log.warning("a recording cannot be kept yet", recording=name, why=str(error))
            except EngineError as error:
                log.error("a recording cannot be kept", recording=name, error=str(error))
                break
            except Exception:
                log.exception("a fault of ours: a recording cannot be kept", recording=name)
                if (faults := faults + 1) == FAULTS:
                    break
            await asyncio.sleep(AGAIN)
        del self._known[name]
        self._told.discard(name)

    async def _keep(self, contact: str, name: str, queue: str | None) -> None:
        if name not in self._told:
            await self._file(contact, name, queue)
        for side in SIDES:
            await self._client.delete_stored(f"{name}{side}")

    async def _file(self, contact: str, name: str, queue: str | None) -> None:
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
        written = self._ledger.append(event)
        self._told.add(name)
        await written

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
