"""Requests: what a caller wants, on record beside the contact.

A request is opened by the contact that first asks; later actions of the same contact add to it. Its number is counted from 1 over the
whole store, and short enough to be read out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: open: nobody has it yet; working: somebody does; waiting: for the customer; resolved: told to the customer.
REQUEST_STATES = ("open", "working", "waiting", "resolved")
#: States in which a request is still somebody's business.
LIVE = ("open", "working", "waiting")


def opened(before: Mapping[str, Any] | None, number: int, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A request's fields after one more action asked for it: what is new counts, what was said stays, notes are added up."""
    known = dict(before or {"number": number, "kind": "information", "code": None, "priority": 5})
    known |= {name: value for name, value in asked.items() if value not in (None, "") and name != "note"}
    notes = [note for note in (known.get("note"), asked.get("note")) if note]
    return known | {
        "number": known["number"],
        "note": "\n".join(notes),
        "customer": known.get("customer", ""),
    }
