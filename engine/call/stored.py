"""What Asterisk has recorded: fetched from it, and files of ours made of it."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from engine.ari.client import AriClient


async def stored_audio(client: AriClient, name: str) -> bytes | None:
    """A recording that has just ended, as soon as Asterisk has closed its file; until then it looks empty."""
    for attempt in range(9):
        if await client.live_recording(name) is None:
            break
        await asyncio.sleep(0.01 * 2**attempt)
    for attempt in range(4):
        try:
            return await client.download_recording(name)
        except FileNotFoundError:
            await asyncio.sleep(0.1 * 2**attempt)
    return None


def discard(file: Path) -> None:
    """Delete a message that another one has taken the place of; one that cannot be deleted is only left over."""
    with suppress(OSError):
        file.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, and stays after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
