"""Customers, rules and a desk for the tests of this folder."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from engine.core.entitlement import Customer
from engine.core.site import SourceRule
from engine.entitle.rows import COLUMNS

OWN_COLUMNS = {name: name for name in COLUMNS}
ANA_PHONE, BORIS_PHONE, PLAIN_PHONE = "+359888000001", "+359888000002", "+359888000003"


def cheap_hash(pin: str) -> str:
    """A scrypt hash that costs little."""
    salt = b"salt of tests"
    made = hashlib.scrypt(pin.encode(), salt=salt, n=16, r=8, p=1, dklen=32)
    text = [base64.b64encode(part).decode().rstrip("=") for part in (salt, made)]
    return f"$scrypt$ln=4,r=8,p=1${text[0]}${text[1]}"


ANA = Customer("4711", "Ana", "gold", (ANA_PHONE,), cheap_hash("1234"))
PLAIN = Customer("4712", "Plain", "silver", (PLAIN_PHONE,))


def rule(kind: str = "csv", **values: Any) -> SourceRule:
    """A rule with what every test wants, unless it says otherwise."""
    given = {"on_failure": "closed", "levels": ("gold", "silver"), "country": "BG", "columns": OWN_COLUMNS}
    return SourceRule("customers", kind, **{**given, **values})


class Listed:
    """A source that knows a few customers; it takes `takes` seconds, and raises `fault` where there is one."""

    def __init__(self, *customers: Customer) -> None:
        self.customers = customers
        self.takes = 0.0
        self.fault: Exception | None = None
        self.asked = 0

    async def by_phone(self, phone: str) -> Sequence[Customer]:
        return await self._answer([one for one in self.customers if phone in one.phones])

    async def by_number(self, number: str) -> Sequence[Customer]:
        return await self._answer([one for one in self.customers if one.number == number])

    async def _answer(self, found: list[Customer]) -> list[Customer]:
        self.asked += 1
        await asyncio.sleep(self.takes)
        if self.fault is not None:
            raise self.fault
        return found

    async def prepare(self) -> None:
        """Nothing."""

    async def close(self) -> None:
        """Nothing."""
