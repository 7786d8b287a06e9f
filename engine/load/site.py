"""A running site as testers and benches see it: driven by its own commands, read from its store."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.config.load import load_site
from engine.errors import SetupError
from engine.load.compare import Record
from engine.load.gaps import key_gaps
from engine.store.archive import open_archive

PATIENCE = 60.0
#: The store's file in the state folder.
STORE = "quietline.db"
#: Contacts whose events are read for key→prompt.
SAMPLE = 1000


async def quietline(*words: str, patience: float = PATIENCE) -> str:
    """What one command prints. Raises SetupError with its own words when it fails or takes longer than `patience` seconds."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "engine.cli", *words, stdout=PIPE, stderr=PIPE
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), patience)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise SetupError(f"`quietline {' '.join(words)}` gave no answer within {patience:g} s") from None
    if process.returncode:
        told = (err or out).decode(errors="replace").strip()
        last = told.splitlines()[-1] if told else f"`quietline {words[0]}` failed without a word"
        raise SetupError(last.removeprefix("quietline: "))
    return out.decode()


class CommandSite:
    """A site started by `quietline up`; `await CommandSite.at(state)`."""

    def __init__(
        self, state: Path, status: Mapping[str, Any], phones: Mapping[str, str], numbers: frozenset[str]
    ) -> None:
        """`phones` are the agents at fixed contacts: name -> sip:… address; `numbers` what can be dialled."""
        self.state, self.status, self._phones, self.numbers = state, status, phones, numbers

    @classmethod
    async def at(cls, state: Path) -> CommandSite:
        """The site whose state lies there. Raises SetupError when it does not run, SiteError when its files cannot be read."""
        status = json.loads(await quietline("status", "--json", "--state", str(state)))
        settings = load_site(Path(status["site"])).settings
        phones = {agent.name: agent.contact for agent in settings.agents.values() if agent.contact}
        return cls(state, status, phones, frozenset(settings.numbers))

    @property
    def sip(self) -> str:
        """Where calls go: host:port."""
        return str(self.status["sip"])

    @property
    def phones(self) -> Mapping[str, str]:
        """Agents at fixed contacts: name -> sip:… address."""
        return self._phones

    async def ready(self, agents: Iterable[str]) -> None:
        """Make agents ready, whatever an earlier run has left them in. Raises SetupError when the site refuses."""
        state = str(self.state)
        await asyncio.gather(*(quietline("agent", name, "ready", "--state", state) for name in agents))

    async def contacts(self, since: float) -> Sequence[Record]:
        """The records of calls that arrived since then (seconds since the epoch)."""
        async with open_archive(self.state / STORE) as archive:
            return await archive.contacts(since)

    async def key_to_prompt(self, contacts: Sequence[str]) -> Sequence[float]:
        """Seconds from each key of these contacts to the start of the prompt it led to; SAMPLE contacts at most are looked at."""
        gaps: list[float] = []
        async with open_archive(self.state / STORE) as archive:
            for contact in contacts[:: max(1, len(contacts) // SAMPLE)][:SAMPLE]:
                gaps += key_gaps(await archive.events(contact))
        return gaps
