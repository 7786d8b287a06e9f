"""Customers told by an HTTP service: one POST of JSON to the address in site.yaml, and to no other.

    POST url   {"by": "phone", "value": "+359888000001"}          or {"by": "number", "value": "471188"}
    200        {"customer": {"number": "471188", "name": "…", "phones": ["+359888000001"], "level": "gold", "pin": "$argon2id$…",
                             "from": "2026-01-01", "until": "2026-12-31", "blocked": false}}          or {"customer": null}

Redirections are not followed, nor are proxies of the environment asked. Whatever else comes (another status, another customer than the one
asked for, a field of the wrong type, too much of it) is no answer. Fields that are not listed above are not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.core.entitlement import Customer
from engine.core.site import SourceRule
from engine.entitle.phone import e164
from engine.entitle.rows import BadRow, customer
from engine.errors import SourceUnreachable
from engine.outside import TooLong, read_body

Line = Annotated[str, Field(max_length=200)]


class Told(BaseModel):
    """A customer as a service tells them."""

    model_config = ConfigDict(strict=True, extra="ignore")

    number: Line
    name: Line = ""
    phones: Annotated[list[Line], Field(max_length=50)] = []
    pin: Annotated[str, Field(max_length=500)] | None = None
    level: Line = ""
    begins: Annotated[date | None, Field(alias="from")] = None
    until: date | None = None
    blocked: bool = False


class Reply(BaseModel):
    """A service's whole answer."""

    model_config = ConfigDict(strict=True, extra="ignore")

    customer: Told | None


class HttpSource:
    """An HTTP service as a source of customers."""

    def __init__(self, rule: SourceRule) -> None:
        self._rule = rule
        self._session: aiohttp.ClientSession | None = None

    async def by_phone(self, phone: str) -> Sequence[Customer]:
        """The customer with a phone, if it is one of theirs."""
        return [one for one in await self._ask("phone", phone) if self._is(phone in one.phones)]

    async def by_number(self, number: str) -> Sequence[Customer]:
        """The customer with a number, if it is theirs."""
        return [one for one in await self._ask("number", number) if self._is(one.number == number)]

    async def prepare(self) -> None:
        """Connections are made when they are needed."""

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    @staticmethod
    def _is(theirs: bool) -> bool:
        if not theirs:
            raise SourceUnreachable("bad_answer", "the answer is about somebody else than was asked for")
        return True

    async def _ask(self, by: str, value: str) -> list[Customer]:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._rule.deadline)
            # A connection that was kept may be closed by the service just as it is used again; a call would suffer for it.
            connector = aiohttp.TCPConnector(force_close=True)
            self._session = aiohttp.ClientSession(connector=connector, timeout=timeout, trust_env=False)
        try:
            async with self._session.post(
                self._rule.url or "",
                json={"by": by, "value": value},
                headers=dict(self._rule.headers),
                allow_redirects=False,
            ) as response:
                if response.status != 200:
                    raise SourceUnreachable("http", f"status {response.status}")
                return self._customers(await read_body(response))
        except TooLong as error:
            raise SourceUnreachable("bad_answer", str(error)) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise SourceUnreachable("http", str(error) or type(error).__name__) from error

    def _customers(self, body: bytes) -> list[Customer]:
        try:
            told = Reply.model_validate_json(body).customer
        except ValidationError as error:
            where = ", ".join(".".join(map(str, one["loc"])) or "the whole" for one in error.errors()[:3])
            raise SourceUnreachable("bad_answer", f"the answer is not as agreed: {where}") from None
        if told is None:
            return []
        try:
            return [customer(_row(told), self._rule)]
        except BadRow as bad:
            raise SourceUnreachable("bad_answer", str(bad)) from bad


def _row(told: Told) -> dict[str, str]:
    return {
        "number": told.number,
        "name": told.name,
        "phones": "|".join(phone for phone in told.phones if e164(phone)),
        "pin": told.pin or "",
        "level": told.level,
        "from": told.begins.isoformat() if told.begins else "",
        "until": told.until.isoformat() if told.until else "",
        "blocked": "yes" if told.blocked else "",
    }
