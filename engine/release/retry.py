"""The last calls once more: which of them an edited site leads another way than the live release does.

A call is compared with what the log says of it; where the live release has already parted from that, in the same way, it is no news.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.cases.replay import Replayed, Verdict, replays, tally
from engine.config.load import Loaded, shown
from engine.config.report import plural
from engine.errors import NoStore
from engine.release.live import DATABASE
from engine.store.archive import Archive, open_archive


@dataclass(frozen=True, slots=True)
class Retried:
    """How many calls could be compared, and those that would go another way now."""

    calls: int
    other: tuple[Replayed, ...]

    @property
    def lines(self) -> list[str]:
        """What parts their ways, the commonest first."""
        counted = tally(self.other)
        return [f"  {plural(many, 'call')}: {difference}" for many, difference in counted]


async def retried(state: Path, site: Path, edited: Loaded, live: Loaded | None, many: int) -> Retried:
    """The last calls of a state beside an edited site; `live` is what they would meet now. Raises StoreError."""
    if not many:
        return Retried(0, ())
    try:
        async with open_archive(state / DATABASE) as archive:
            return await _retried(archive, site, edited, live, await archive.latest(many))
    except NoStore:
        return Retried(0, ())


async def _retried(
    archive: Archive, site: Path, edited: Loaded, live: Loaded | None, contacts: Sequence[str]
) -> Retried:
    found = [one async for one in replays(archive, edited, contacts, shown(site))]
    apart = sum(one.verdict is Verdict.APART for one in found)
    other = [one for one in found if one.verdict is Verdict.DIFFERS]
    known: set[tuple[str, ...]] = set()
    if live is not None and other:
        before = [one async for one in replays(archive, live, [one.contact for one in other])]
        known = {_way(one) for one in before if one.verdict is Verdict.DIFFERS}
    return Retried(len(found) - apart, tuple(one for one in other if _way(one) not in known))


def _way(one: Replayed) -> tuple[str, ...]:
    """How a call goes, wherever that stands in the flow's file."""
    return (one.contact, *(f"{d.step} {d.did} {d.then} {d.now}" for d in one.differences), *one.goes_on)
