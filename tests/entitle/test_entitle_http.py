"""Customers told by a real HTTP service on the loopback address: one that is right, slow, down, or lying."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from aiohttp import web
from entitle_kit import cheap_hash, rule

from engine.core.entitlement import Customer, Standing
from engine.entitle.desk import Desk, Question
from engine.entitle.http import HttpSource
from engine.errors import SourceUnreachable
from engine.outside import MOST_BYTES

PHONE = "+359888000001"
ANA = {
    "number": "0042",
    "name": "Ana",
    "phones": [PHONE],
    "level": "gold",
    "pin": cheap_hash("1234"),
    "from": "2026-01-01",
    "until": "2026-12-31",
    "blocked": False,
    "diagnosis": "nobody's business",
}
Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handle: Handle) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/customers"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def source_of(handle: Handle, **values: Any) -> AsyncIterator[HttpSource]:
    async with serving(handle) as url:
        source = HttpSource(rule("http", url=url, **values))
        try:
            yield source
        finally:
            await source.close()


def answering(answer: Any, status: int = 200) -> Handle:
    async def handle(request: web.Request) -> web.StreamResponse:
        return web.Response(text=answer if isinstance(answer, str) else json.dumps(answer), status=status)

    return handle


async def test_a_customer_is_asked_for_as_agreed_and_only_declared_fields_are_kept() -> None:
    seen: list[tuple[str, Any, str | None]] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append((request.method, await request.json(), request.headers.get("Authorization")))
        return web.json_response({"customer": ANA, "more": 1})

    async with source_of(handle, headers={"Authorization": "Bearer x"}) as source:
        found = [*await source.by_number("0042"), *await source.by_phone(PHONE)]
    wanted = Customer("0042", "Ana", "gold", (PHONE,), ANA["pin"], date(2026, 1, 1), date(2026, 12, 31))
    assert found == [wanted, wanted]
    assert seen == [
        ("POST", {"by": "number", "value": "0042"}, "Bearer x"),
        ("POST", {"by": "phone", "value": PHONE}, "Bearer x"),
    ]


async def test_nobody_is_told_as_null() -> None:
    async with source_of(answering({"customer": None})) as source:
        assert await source.by_number("1") == await source.by_phone(PHONE) == []


LIES = {
    "no JSON": "<html>",
    "nothing": "",
    "nothing agreed": {},
    "a list": [ANA],
    "another customer": {"customer": {**ANA, "number": "0043"}},
    "a number that is a number": {"customer": {**ANA, "number": 42}},
    "no number": {"customer": {"name": "Ana"}},
    "a word for yes": {"customer": {**ANA, "blocked": "no"}},
    "an unknown level": {"customer": {**ANA, "level": "platinum"}},
    "a plain PIN": {"customer": {**ANA, "pin": "1234"}},
    "a day that is none": {"customer": {**ANA, "until": "2026-02-30"}},
    "a day in words": {"customer": {**ANA, "until": "tomorrow"}},
    "phones in one text": {"customer": {**ANA, "phones": PHONE}},
    "a very long name": {"customer": {**ANA, "name": "x" * 5000}},
    "too much": {"customer": ANA, "padding": "x" * MOST_BYTES},
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_an_answer_that_is_not_as_agreed_is_no_answer(lie: Any) -> None:
    async with source_of(answering(lie)) as source:
        with pytest.raises(SourceUnreachable) as caught:
            await source.by_number("0042")
    assert caught.value.args[0] == "bad_answer"
    assert "1234" not in str(caught.value)


async def test_a_customer_who_has_not_the_phone_that_was_asked_for_is_no_answer() -> None:
    async with source_of(answering({"customer": ANA})) as source:
        with pytest.raises(SourceUnreachable, match="somebody else"):
            await source.by_phone("+359888000009")


@pytest.mark.parametrize("status", [201, 204, 401, 404, 500, 503])
async def test_any_other_status_is_no_answer(status: int) -> None:
    async with source_of(answering({"customer": None}, status)) as source:
        with pytest.raises(SourceUnreachable, match=str(status)):
            await source.by_number("0042")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_nobody_else_is_asked_wherever_the_service_points(status: int) -> None:
    elsewhere: list[str] = []

    async def other(request: web.Request) -> web.StreamResponse:
        elsewhere.append(request.path)
        return web.json_response({"customer": ANA})

    async with serving(other) as there:

        async def handle(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers={"Location": there})

        async with source_of(handle) as source:
            with pytest.raises(SourceUnreachable, match=str(status)):
                await source.by_number("0042")
    assert elsewhere == []


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with source_of(answering({"customer": None})) as source:
        assert await source.by_number("1") == []


async def never(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(60)
    return web.json_response({"customer": ANA})


async def trickling(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(600):
        await response.write(b" ")
        await asyncio.sleep(0.1)
    return response


async def hanging_up(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@pytest.mark.parametrize("handle", [never, trickling], ids=["never", "trickling"])
async def test_a_slow_service_is_given_up_at_the_deadline(handle: Handle) -> None:
    async with serving(handle) as url:
        desk = Desk(time.time)
        await desk.open({"customers": rule("http", url=url, deadline=1.0)})
        began = time.monotonic()
        decision = await desk.decide(Question("c", "customers", "number", PHONE, "0042"))
        await desk.close()
    assert decision is not None
    assert decision.outcome is Standing.UNREACHABLE
    assert 0.9 < time.monotonic() - began < 3.0


async def test_a_service_that_hangs_up_or_is_not_there_is_unreachable() -> None:
    async with source_of(hanging_up) as source:
        with pytest.raises(SourceUnreachable):
            await source.by_number("0042")
    gone = HttpSource(rule("http", url="http://127.0.0.1:1/customers"))
    with pytest.raises(SourceUnreachable):
        await gone.by_number("0042")
    await gone.close()


async def test_a_pin_is_compared_here_and_never_sent() -> None:
    bodies: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.text() + str(dict(request.headers)))
        return web.json_response({"customer": ANA})

    async with serving(handle) as url:
        desk = Desk(lambda: 1_780_000_000.0)
        await desk.open({"customers": rule("http", url=url)})
        asks = [Question("c", "customers", "pin", PHONE, "0042", pin) for pin in ("97531", "1234")]
        outcomes = [decision.outcome for one in asks if (decision := await desk.decide(one))]
        await desk.close()
    assert outcomes == [Standing.UNKNOWN, Standing.ENTITLED]
    assert len(bodies) == 2
    assert not any("97531" in body or "1234" in body for body in bodies)
