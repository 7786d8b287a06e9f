"""What every call needs, in one place: given once, never looked up globally."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.ari.client import AriClient
from engine.call.bulletins import Bulletins
from engine.call.distributor import Distributor
from engine.call.orders import WorkOrders
from engine.call.services import Services
from engine.call.sounds import Sounds
from engine.call.watch import Watch
from engine.core.flow import Flow
from engine.core.site import Snapshot
from engine.entitle.desk import Desk
from engine.store.archive import Archive
from engine.store.ledger import Ledger


@dataclass(slots=True)
class House:
    """The engine's parts as a call sees them. `site` and `sounds` are replaced whole when the site is reloaded; calls keep their flow."""

    app: str
    client: AriClient
    ledger: Ledger
    archive: Archive
    services: Services
    bulletins: Bulletins
    orders: WorkOrders
    desk: Desk
    distributor: Distributor
    site: Snapshot
    sounds: Sounds
    recordings: Path
    now: Callable[[], float]
    watch: Watch
    #: Flow versions that calls still in progress began with, by hash.
    versions: dict[str, Flow]
