"""Releases: every version of the site that was ever live, as the log tells them. The newest one is live.

A release is numbered from 1 and named by the hash of all it holds. Going back is a release of its own, with the hash of the one it goes
back to: what was live, since when and by whose word is all in the one list, and nothing in it ever changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    """Where `rollback` goes: to the release before the live one. Said again, it goes back further, not forth again."""
    if not known:
        return None
    live = known[-1]
    at = live.back_to if live.back_to is not None else live.number
    held = next((one.hash for one in known if one.number == at), live.hash)
    earlier = [one for one in known if one.number < at and one.hash != held and one.back_to is None]
    return earlier[-1] if earlier else None
