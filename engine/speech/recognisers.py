"""The recogniser of a site: for each language with a model, processes that hear it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from engine.counters import Counters
from engine.speech.link import LinkedUtterance
from engine.speech.port import Hear, Vocabulary
from engine.speech.proof import proof_of
from engine.speech.workers import HOLDER, Workers


class Recognisers:
    """Hears every language of `models` (language -> folder) that can be heard; `reload` takes other ones."""

    def __init__(
        self, models: Mapping[str, Path], counters: Counters, program: tuple[str, ...] = HOLDER
    ) -> None:
        self._counters = counters
        self._program = program
        self._changed = asyncio.Event()
        self._workers: dict[str, Workers] = {}
        self.reload(models)

    @property
    def languages(self) -> frozenset[str]:
        """The languages that are heard at this moment."""
        return frozenset(language for language, workers in self._workers.items() if workers.heard)

    @property
    def troubles(self) -> Mapping[str, str]:
        """Languages with a model that are not heard, and why: a sentence each, without its full stop."""
        return {language: workers.trouble for language, workers in self._workers.items() if workers.trouble}

    async def tried(self) -> None:
        """Wait until it is known of each language whether it is heard."""
        for workers in list(self._workers.values()):
            await workers.tried.wait()

    def open(self, vocabulary: Vocabulary, hear: Hear) -> LinkedUtterance | None:
        """Listen to a caller, where their language is heard."""
        workers = self._workers.get(vocabulary.language)
        return workers.open(vocabulary, hear) if workers else None

    def reload(self, models: Mapping[str, Path]) -> None:
        """Hear with these models from now on; one that has not changed stays loaded."""
        kept = {x: one for x, one in self._workers.items() if models.get(x) == one.folder}
        self._workers = {
            language: kept.get(language) or self._new(language, folder) for language, folder in models.items()
        }
        self._changed.set()

    def _new(self, language: str, folder: Path) -> Workers:
        return Workers(language, folder, self._counters, proof_of(language), program=self._program)

    async def run(self) -> None:
        """Keep the processes of all models until this is cancelled; callers of a model that is left out are lost."""
        running: dict[Workers, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                wanted = set(self._workers.values())
                for gone in running.keys() - wanted:
                    running.pop(gone).cancel()
                for new in wanted - running.keys():
                    running[new] = group.create_task(new.run())
                await self._changed.wait()
