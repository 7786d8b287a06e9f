"""Which release is live, read from the log; and what a state without one begins with: the site's folder as it is."""

from __future__ import annotations

import getpass
import time
from dataclasses import dataclass
from pathlib import Path

from engine.config.load import Loaded, load_files, prompts_folder
from engine.core.release import Release, following, releases
from engine.errors import NoStore
from engine.release.shelf import Shelf
from engine.store.archive import open_archive
from engine.store.ledger import open_ledger

DATABASE = "quietline.db"
FIRST = "first start"


@dataclass(frozen=True, slots=True)
class Standing:
    """What an engine of a state starts with."""

    release: Release
    files: Loaded

    @property
    def music(self) -> Path:
        """Where the site keeps its music on hold: not in the release, Asterisk reads it from its folder by itself."""
        said = self.files.snapshot.settings.prompts
        return prompts_folder(Path(self.release.site), said).parent / "music"


def login() -> str:
    """Who types here."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return ""


async def known_releases(state: Path) -> tuple[Release, ...]:
    """Every release of a state; none where nothing has run yet. Raises StoreError."""
    try:
        async with open_archive(state / DATABASE) as archive:
            return releases(await archive.published())
    except NoStore:
        return ()


async def refuse_wrong_start(state: Path, site: Path) -> None:
    """Raise SiteError where a state would begin with a folder that is wrong, before anything is made."""
    if not await known_releases(state):
        load_files(site)


async def standing(state: Path, site: Path) -> Standing:
    """The live release; or the folder as the first one, which is kept and not in the log yet.

    Raises SiteError with a report, StoreError where the release's files are not what they were, SetupError where none can be written.
    """
    shelf, known = Shelf(state), await known_releases(state)
    if known:
        return Standing(known[-1], shelf.load(known[-1]))
    load_files(site)  # its report names the folder's own files
    first = following((), shelf.keep(site), login(), FIRST, time.time(), str(site))
    return Standing(first, shelf.load(first))


async def write_down(state: Path, release: Release) -> None:
    """Make a release live for the next start; no engine may run. Raises StoreError."""
    async with open_ledger(state / DATABASE) as ledger:
        await ledger.append(release.event)
