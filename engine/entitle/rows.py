"""A customer as a row of texts, whatever source it comes from: one reading for all, so that all mean the same.

number    the customer's number, letters, digits and -          level     one of the source's levels, or nothing
name      any text                                              from      the first day of the contract, like 2026-01-01
phones    phone numbers, separated by ; or |                    until     its last day
pin       a hash of the PIN; empty: no PIN protects them        blocked   yes or no; empty: no
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from engine.core.entitlement import Customer
from engine.core.site import SourceRule
from engine.entitle.phone import e164
from engine.entitle.pins import fault

COLUMNS = ("number", "name", "phones", "pin", "level", "from", "until", "blocked")

_NUMBER = re.compile(r"[A-Za-z0-9-]{1,32}")
_YES, _NO = frozenset({"yes", "true", "1", "y"}), frozenset({"", "no", "false", "0", "n"})
_BETWEEN = re.compile(r"\s*[;|]\s*|\s+(?=\+)")


class BadRow(ValueError):
    """A row that cannot be read; the text says why, and repeats neither PIN nor hash."""


def customer(row: Mapping[str, str], rule: SourceRule) -> Customer:
    """The customer a row tells of. Raises BadRow."""
    values = {name: row.get(name, "").strip() for name in COLUMNS}
    if not _NUMBER.fullmatch(values["number"]):
        raise BadRow("the customer's number must be 1 to 32 letters, digits or -")
    return Customer(
        values["number"],
        values["name"][:200],
        _level(values["level"], rule),
        _phones(values["phones"], rule),
        _pin(values["pin"]),
        _day(values["from"], "from"),
        _day(values["until"], "until"),
        _blocked(values["blocked"]),
    )


def _level(text: str, rule: SourceRule) -> str:
    if text and text not in rule.levels:
        raise BadRow(f"'{text[:40]}' is not one of the levels {', '.join(rule.levels)}")
    return text


def _phones(text: str, rule: SourceRule) -> tuple[str, ...]:
    found = {one: e164(one, rule.country) for one in _BETWEEN.split(text) if one}
    for one, phone in found.items():
        if phone is None:
            understood = f"a number of {rule.country}" if rule.country else "a number that begins with +"
            raise BadRow(f"'{one[:40]}' is not {understood}")
    return tuple(phone for phone in found.values() if phone)


def _pin(text: str) -> str | None:
    if text and (why := fault(text)):
        raise BadRow(why)
    return text or None


def _day(text: str, name: str) -> date | None:
    if not text:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise BadRow(f"'{text[:40]}' ({name}) is not a day like 2026-12-31")


def _blocked(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise BadRow(f"'{text[:40]}' (blocked) is neither yes nor no")
    return text.lower() in _YES
