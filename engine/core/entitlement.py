"""What a customer's record grants, and how that is told to a flow.

    entitled      the contract runs today
    expired       it has ended, or has not begun
    blocked       the customer may not be served; or too many PINs were tried
    unknown       nobody is known by this number; the PIN is wrong; or the number alone does not open what a PIN protects
    unreachable   the source of customers does not answer: its `on_failure` says whether the caller is let in

A flow goes on for a caller who is granted support and is led elsewhere otherwise. What it is told is one text (`Answer.text`), which the
log keeps, so that a replay knows the same.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

#: Tries a caller has to give a number, or a number and a PIN.
TRIES = 3
#: What is told where a PIN was lost with a killed engine: it is asked for again, and no try is used up.
AGAIN = "again"


class Standing(StrEnum):
    """What a look-up came to."""

    ENTITLED = "entitled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    BLOCKED = "blocked"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with a contract. `phones` are E.164; `pin` is a hash, or None where no PIN protects them; both days are included."""

    number: str
    name: str = ""
    level: str = ""
    phones: tuple[str, ...] = ()
    pin: str | None = field(default=None, repr=False)
    begins: date | None = None
    ends: date | None = None
    blocked: bool = False


def standing(customer: Customer, today: date) -> tuple[Standing, str]:
    """What a customer's record grants on a day, and why."""
    if customer.blocked:
        return Standing.BLOCKED, "customer_blocked"
    if customer.begins is not None and today < customer.begins:
        return Standing.EXPIRED, "contract_not_begun"
    if customer.ends is not None and today > customer.ends:
        return Standing.EXPIRED, "contract_ended"
    return Standing.ENTITLED, "contract_runs"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a flow is told: the outcome, whether the caller is let in, and who they are (empty where that is not known)."""

    outcome: Standing
    granted: bool
    number: str = ""
    name: str = ""
    level: str = ""

    def text(self) -> str:
        """As one text."""
        told = {"outcome": self.outcome, "granted": self.granted}
        told |= {name: value for name in ("number", "name", "level") if (value := getattr(self, name))}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def read(cls, text: str | None) -> Answer:
        """The answer in a text; one that cannot be read lets nobody in."""
        try:
            told = json.loads(text or "")
            return cls(
                Standing(told["outcome"]),
                told["granted"] is True,
                *(str(told.get(name, "")) for name in ("number", "name", "level")),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            return cls(Standing.UNREACHABLE, False)
