"""The one port behind which every source of customers stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from engine.core.entitlement import Customer

#: Customers a source tells of at most: two are one too many already.
MOST = 2


class Source(Protocol):
    """Where customers are looked up. Both questions raise SourceUnreachable; whoever asks sets the deadline."""

    async def by_phone(self, phone: str) -> Sequence[Customer]:
        """The customers with a phone (E.164); more than one means that the phone tells nobody apart."""
        ...

    async def by_number(self, number: str) -> Sequence[Customer]:
        """The customers with a number."""
        ...

    async def prepare(self) -> None:
        """Read what is read beforehand; what cannot be read is told with the first question."""
        ...

    async def close(self) -> None:
        """Let go of files and connections."""
        ...
