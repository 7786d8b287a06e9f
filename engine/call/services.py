"""Asking the services of the site: POST JSON, and keep only what the flow has declared.

A service is reached at the address in site.yaml and nowhere else: redirects are not followed, proxies of the environment are not used.
All tries together end by its deadline. Tried again is what nobody answered, and what a server calls its own fault (5xx, 429); every try
carries the same `Idempotency-Key`, so that a service can tell a second try from a second wish.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import orjson
import structlog

from engine.core.site import Service
from engine.outside import TooLong, read_body

log = structlog.get_logger()

#: Seconds before the second try, doubled before each further one.
PAUSE: Final = 0.1


class ServiceFailed(Exception):
    """The service gave no answer that can be used; the text says why, and holds nothing that was sent or answered."""


class Services:
    """Asks services; `busy` while one is being asked (a virtual clock must not run ahead of it)."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._asking = 0

    @property
    def busy(self) -> bool:
        """True while an answer is waited for."""
        return self._asking > 0

    async def ask(
        self, service: Service, key: str, data: Mapping[str, str], fields: Iterable[str]
    ) -> dict[str, str] | None:
        """The wanted fields of the answer, as texts; None where there is no such answer in time."""
        self._asking += 1
        try:
            async with asyncio.timeout(service.deadline):
                return _wanted(await self._tries(service, key, data), fields)
        except TimeoutError:
            why = f"no answer within {service.deadline:g} s"
        except (ServiceFailed, TooLong) as failed:
            why = str(failed)
        finally:
            self._asking -= 1
        log.warning("a service was asked in vain", service=service.name, why=why)
        return None

    async def _tries(self, service: Service, key: str, data: Mapping[str, str]) -> Any:
        for again in range(service.retries + 1):
            if again:
                await asyncio.sleep(PAUSE * 2 ** (again - 1))
            last = again == service.retries
            try:
                status, body = await self._once(service, key, data)
            except (aiohttp.ClientError, OSError) as error:
                if last:
                    raise ServiceFailed(f"it cannot be reached ({type(error).__name__})") from error
                continue
            if (status >= 500 or status == 429) and not last:
                continue
            return _read(status, body)
        raise AssertionError("the last try returns or raises")

    async def _once(self, service: Service, key: str, data: Mapping[str, str]) -> tuple[int, bytes]:
        headers = {**service.headers, "Content-Type": "application/json", "Idempotency-Key": key}
        async with self._session.post(
            service.url, data=orjson.dumps(data), headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, await read_body(answer)


def _read(status: int, body: bytes) -> Any:
    if not 200 <= status < 300:
        raise ServiceFailed(f"it answered {status}")
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise ServiceFailed("its answer is not JSON") from error


def _wanted(answer: Any, fields: Iterable[str]) -> dict[str, str]:
    """The declared fields as texts. Raises ServiceFailed where one is missing, or is more than one value."""
    kept: dict[str, str] = {}
    for name in fields:
        value = answer.get(name) if isinstance(answer, dict) else None
        if isinstance(value, bool):
            kept[name] = "yes" if value else "no"
        elif isinstance(value, str | int | float):
            kept[name] = str(value)
        else:
            raise ServiceFailed(f"its answer has no '{name}' that is one value")
    return kept


@asynccontextmanager
async def open_services() -> AsyncIterator[Services]:
    """Services that can be asked until the end of the block."""
    connector = aiohttp.TCPConnector(limit=100, limit_per_host=20)
    timeout = aiohttp.ClientTimeout(total=None, connect=None)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
    ) as session:
        yield Services(session)
