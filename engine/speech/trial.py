"""Are callers heard with these models? Tried as the engine would do it, without an engine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from engine.counters import Counters
from engine.speech.recognisers import Recognisers
from engine.speech.workers import HOLDER


async def tried(models: Mapping[str, Path], program: tuple[str, ...] = HOLDER) -> dict[str, str]:
    """Each language, and why it is not heard: a sentence without its full stop, empty where it is."""
    recognisers = Recognisers(models, Counters(), program)
    keeping = asyncio.create_task(recognisers.run())
    try:
        await recognisers.tried()
        return {language: recognisers.troubles.get(language, "") for language in models}
    finally:
        keeping.cancel()
        with suppress(asyncio.CancelledError):
            await keeping
