"""First contact resolution: requests that are resolved and about which nobody had to call again.

A contact is resolved when its request is. It was the first and only one when no other contact of the same customer (or number, where no
customer is known) asked about the same problem code, or about the same work order, within 7 days after it. Until 7 days have passed the
figure is provisional.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WINDOW = 7 * 86_400.0
RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as its row stands: who asked, about what, since when, and its state."""

    contact: str
    customer: str
    from_number: str
    code: str | None
    work_order: int | None
    opened_at: float
    state: str

    @property
    def who(self) -> str:
        """By what they are known again."""
        return f"customer {self.customer}" if self.customer else f"number {self.from_number}"

    def again(self, later: Asked) -> bool:
        """Is a later request of another contact about this one again?"""
        if later.contact == self.contact or later.who != self.who:
            return False
        same = (later.code is not None and later.code == self.code) or (
            later.work_order is not None and later.work_order == self.work_order
        )
        return same and self.opened_at < later.opened_at <= self.opened_at + WINDOW


def resolved_contacts(asked: Sequence[Asked], now: float) -> Iterator[tuple[str, bool, bool]]:
    """Every resolved contact: its id, whether nobody called again about it, and whether that is provisional."""
    by_caller: dict[str, list[Asked]] = {}
    by_contact: dict[str, list[Asked]] = {}
    for one in asked:
        by_caller.setdefault(one.who, []).append(one)
        by_contact.setdefault(one.contact, []).append(one)
    for contact, own in by_contact.items():
        if all(one.state == RESOLVED for one in own):
            alone = not any(one.again(later) for one in own for later in by_caller[one.who])
            yield contact, alone, max(one.opened_at for one in own) + WINDOW > now
