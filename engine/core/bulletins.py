"""Known outages: what callers whom they concern are told before anything else.

A bulletin is told with a prompt of the site, from a moment until another one or until it is ended, to callers for whom all of its `scope`
holds: {"to_number": "100"} are those who dialled 100, {"customer.level": "gold", "language": "bg"} those of whom both is known. The
last event about a name counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.core.event import Event


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One bulletin; times are seconds since the epoch, `until_at` None: until it is ended."""

    name: str
    prompt: str
    from_at: float
    until_at: float | None = None
    scope: Mapping[str, str] = field(default_factory=dict)
    by: str = ""
    #: Since when callers are told it: `from_at`, or when it was said where that was later.
    begun_at: float = field(default=0.0, compare=False)

    def tells(self, at: float) -> bool:
        """Is it told at this moment?"""
        return self.from_at <= at and (self.until_at is None or at < self.until_at)

    def event(self, at: float) -> Event:
        """The event that begins it, or takes the place of the one before."""
        data = {**asdict(self), "scope": dict(self.scope), "ended": False}
        return Event("bulletin", at, data={name: data[name] for name in data if name != "begun_at"})


def ended(name: str, by: str, at: float) -> Event:
    """The event that ends one."""
    return Event("bulletin", at, data={"name": name, "by": by, "ended": True})


def folded(events: Iterable[Event]) -> dict[str, Bulletin]:
    """The bulletins these events leave behind, over ones included; the newest last."""
    found: dict[str, Bulletin] = {}
    for event in events:
        found = taken(found, event)
    return found


def taken(known: Mapping[str, Bulletin], event: Event) -> dict[str, Bulletin]:
    """The bulletins after one more event; one of another kind changes nothing."""
    if event.kind != "bulletin":
        return dict(known)
    data = dict(event.data)
    found = {name: bulletin for name, bulletin in known.items() if name != data["name"]}
    if not data.pop("ended"):
        found[data["name"]] = Bulletin(**data, begun_at=max(data["from_at"], event.at))
    return found


def concerns(scope: Mapping[str, Any], variables: Mapping[str, str]) -> bool:
    """Does everything a bulletin is about hold for this caller?"""
    return all(variables.get(name) == value for name, value in scope.items())
