"""What every call needs, in one place: given once, never looked up globally."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from engine.ari.client import AriClient
from engine.call.agents import Agents
from engine.call.bulletins import Bulletins
from engine.call.distributor import Distributor
from engine.call.ears import Ears
from engine.call.hearing import Hearing
from engine.call.line import Line
from engine.call.orders import WorkOrders
from engine.call.own_calls import OwnCalls
from engine.call.services import Services
from engine.call.sounds import FOLDER, Sounds
from engine.call.tapes import Tapes
from engine.call.watch import Watch
from engine.config import Loaded
from engine.core.flow import Flow
from engine.core.site import Snapshot
from engine.entitle.desk import Desk
from engine.entitle.gate import PinGate
from engine.store.archive import Archive
from engine.store.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of the site as calls see it. `release` is its number, None for a site that was never published."""

    site: Snapshot
    sounds: Sounds
    release: int | None = None

    @classmethod
    def of(cls, files: Loaded, release: int | None = None, folder: str = FOLDER) -> Edition:
        """A loaded site; `folder` is where its recordings lie among Asterisk's sounds. Reads how long they are."""
        sounds = Sounds(files.catalog, files.snapshot.settings.languages, folder)
        return cls(files.snapshot, sounds, release)


@dataclass(slots=True)
class House:
    """The engine's parts as a call sees them. `edition` is replaced whole by the next release; calls keep the one they began with."""

    app: str
    client: AriClient
    ledger: Ledger
    archive: Archive
    services: Services
    bulletins: Bulletins
    orders: WorkOrders
    desk: Desk
    #: Guesses at the PIN behind which schedules are overridden by telephone.
    override_gate: PinGate
    distributor: Distributor
    own_calls: OwnCalls
    agents: Agents
    edition: Edition
    recordings: Path
    now: Callable[[], float]
    watch: Watch
    tapes: Tapes
    hearing: Hearing
    #: Channels, and their bridges, that are part of the conversation of another contact than their name says: that contact.
    guests: dict[str, str]
    ears: Ears
    #: Flow versions that calls still in progress began with, by hash.
    versions: dict[str, Flow]
    #: The lines of calls in progress, by contact.
    lines: dict[str, Line] = field(default_factory=dict)
    #: Editions that calls taken up from a former life of the engine began with, by their number.
    editions: dict[int, Edition] = field(default_factory=dict)

    @property
    def site(self) -> Snapshot:
        """The site as new calls have it, and what all calls follow at once: queues, agents, opening hours."""
        return self.edition.site

    def edition_of(self, release: int | None) -> Edition:
        """What a call began with, or the newest where that is not kept."""
        return self.editions.get(release or 0, self.edition)
