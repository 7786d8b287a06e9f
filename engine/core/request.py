"""Requests: what a caller wants, on record beside the contact.

A request is opened by the contact that first asks; later actions of the same contact add to it, but for a second problem, which has a
request of its own. Its number is counted from 1 over the whole store, and short enough to be read out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: open: nobody has it yet; working: somebody does; waiting: for the customer; resolved: told to the customer.
REQUEST_STATES = ("open", "working", "waiting", "resolved")
#: States in which a request is still somebody's business.
LIVE = ("open", "working", "waiting")


def continues(before: Mapping[str, Any] | None, asked: Mapping[str, Any]) -> bool:
    """Does this add to the contact's request? Not where both name a problem, and not the same one."""
    codes = {before.get("code"), asked.get("code")} - {None} if before is not None else set()
    return before is not None and len(codes) < 2


def opened(before: Mapping[str, Any] | None, number: int, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A request's fields after one more action asked for it: what is new counts, what was said stays, notes are added up.

    What hangs on a work order stays an action, whatever else is noted in the same call.
    """
    known = dict(before or {"number": number, "kind": "information", "code": None, "priority": 5})
    known |= {name: value for name, value in asked.items() if value not in (None, "") and name not in _ADDED}
    notes = [note for note in (known.get("note"), asked.get("note")) if note]
    given = {name: value for name, value in (asked.get("information") or {}).items() if value}
    return known | {
        "number": known["number"],
        "kind": "action" if known.get("work_order") else known["kind"],
        "note": "\n".join(notes),
        "customer": known.get("customer", ""),
        "information": {**known.get("information", {}), **given},
        "work_order": known.get("work_order"),
    }


_ADDED = ("note", "information", "work_order")


@dataclass(frozen=True, slots=True)
class Noted:
    """What a flow is told of a request it has written down; `known`: the work order was open before."""

    number: str = ""
    work_order: str = ""
    known: bool = False

    def text(self) -> str:
        """As the outcome of a Note: `17`, `17 3 new` or `17 3 known`."""
        return (
            f"{self.number} {self.work_order} {'known' if self.known else 'new'}"
            if self.work_order
            else self.number
        )

    @classmethod
    def read(cls, outcome: str | None) -> Noted:
        """The same again."""
        match (outcome or "").split():
            case [number, order, word]:
                return cls(number, order, word == "known")
            case [number]:
                return cls(number)
            case _:
                return cls()
