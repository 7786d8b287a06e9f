"""Releases: every version of the site that was ever live, as the log tells them. The newest one is live.

A release is numbered from 1 and named by the hash of all it holds. Going back is a release of its own, with the hash of the one it goes
back to: what was live, since when and by whose word is all in the one list, and nothing in it ever changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from engine.core.event import Event


@dataclass(frozen=True, slots=True)
class Release:
    """One version of the site: what it holds, who made it live, why, and when (epoch seconds)."""

    number: int
    hash: str
    by: str
    why: str
    at: float
    #: The folder it was taken from; what site.yaml names beside it (customers) is seen from there.
    site: str
    #: The release that was live before it.
    came_from: int | None = None
    #: The release it goes back to.
    back_to: int | None = None

    @property
    def event(self) -> Event:
        """What the log says of it."""
        told = asdict(self)
        del told["at"]
        return Event(
            "published", self.at, data={"release": told.pop("number"), "from": told.pop("came_from"), **told}
        )


def releases(events: Iterable[Event]) -> tuple[Release, ...]:
    """Every release that `published` events tell of, in order."""
    return tuple(_release(event) for event in events if event.kind == "published")


def _release(event: Event) -> Release:
    d = event.data
    return Release(
        d["release"], d["hash"], d["by"], d["why"], event.at, d["site"], d["from"], d.get("back_to")
    )


def following(
    known: Sequence[Release],
    digest: str,
    by: str,
    why: str,
    at: float,
    site: str,
    back_to: int | None = None,
) -> Release:
    """The release that comes after these."""
    live = known[-1].number if known else None
    return Release((live or 0) + 1, digest, by, why, at, site, live, back_to)


def before(known: Sequence[Release]) -> Release | None:
    """Where `rollback` goes: to what was live before the live release. Said again, it goes back further, not forth again.

    A release that was gone back from is never come to: what was live before the next one is the release gone back to.
    """
    numbered = {one.number: one for one in known}
    at = _first(known[-1], numbered) if known else None
    while at is not None and at.hash == known[-1].hash:
        earlier = numbered.get(at.came_from) if at.came_from is not None else None
        at = None if earlier is None else _first(earlier, numbered)
    return at


def _first(one: Release, numbered: Mapping[int, Release]) -> Release:
    """The release itself, or the one it goes back to."""
    return one if one.back_to is None else numbered[one.back_to]
