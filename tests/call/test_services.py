"""Services that flows ask: a real HTTP server on this machine that is slow, broken, rude or lying."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from engine.call.services import Services, open_services
from engine.core.site import Service

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """Answers with what `answers` holds, one after the other, the last one again and again; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Handler] = []
        self.asked: list[tuple[dict[str, str], dict[str, str]]] = []
        self.url = ""
        self.over = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((dict(request.headers), json.loads(await request.read())))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    known = Server()
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", known.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    known.url = f"http://127.0.0.1:{runner.addresses[0][1]}/track"
    yield known
    known.over.set()
    await runner.cleanup()


@pytest.fixture
async def services() -> AsyncIterator[Services]:
    async with open_services() as found:
        yield found


def says(value: object, status: int = 200) -> Handler:
    async def answer(_: web.Request) -> web.StreamResponse:
        text = value if isinstance(value, str) else json.dumps(value)
        return web.Response(text=text, status=status)

    return answer


async def drops(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def moves(_: web.Request) -> web.StreamResponse:
    raise web.HTTPTemporaryRedirect("/elsewhere")


def service(server: Server, deadline: float = 5.0, retries: int = 1) -> Service:
    return Service("parcels", server.url, deadline, retries, {"Authorization": "Bearer x"})


async def test_what_is_declared_is_kept_and_nothing_else(server: Server, services: Services) -> None:
    server.answers = [says({"state": "late", "eta": 9, "ok": True, "pin": "1234", "who": {"name": "x"}})]
    got = await services.ask(service(server), "c-1", {"parcel": "7"}, ("state", "eta", "ok"))
    assert got == {"state": "late", "eta": "9", "ok": "yes"}
    ((headers, data),) = server.asked
    assert data == {"parcel": "7"}
    assert headers["Authorization"] == "Bearer x"
    assert headers["Idempotency-Key"] == "c-1"


@pytest.mark.parametrize(
    "first", [says("down", 503), says("slow down", 429), drops], ids=["503", "429", "cut"]
)
async def test_a_try_that_failed_is_repeated_with_the_same_key(
    server: Server, services: Services, first: Handler
) -> None:
    server.answers = [first, says({"state": "here"})]
    assert await services.ask(service(server), "c-1", {}, ("state",)) == {"state": "here"}
    assert [headers["Idempotency-Key"] for headers, _ in server.asked] == ["c-1", "c-1"]


async def test_tries_have_an_end(server: Server, services: Services) -> None:
    server.answers = [says("down", 500)]
    assert await services.ask(service(server, retries=2), "c-1", {}, ()) is None
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "answer",
    [
        says({"other": "x"}),
        says({"state": None}),
        says({"state": ["a"]}),
        says([1]),
        says("not json"),
        says("no", 404),
        moves,
    ],
    ids=["lacks it", "null", "list", "no object", "no JSON", "404", "elsewhere"],
)
async def test_an_answer_that_is_none_is_asked_for_once_and_fails(
    server: Server, services: Services, answer: Handler
) -> None:
    server.answers = [answer]
    assert await services.ask(service(server), "c-1", {}, ("state",)) is None
    assert len(server.asked) == 1


async def test_an_answer_that_comes_in_pieces_is_read_whole(server: Server, services: Services) -> None:
    async def slowly(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        for piece in (b'{"state"', b': "la', b'te"}'):
            await answer.write(piece)
            await asyncio.sleep(0.02)
        await answer.write_eof()
        return answer

    server.answers = [slowly]
    assert await services.ask(service(server), "c-1", {}, ("state",)) == {"state": "late"}


async def test_an_endless_answer_is_none(server: Server, services: Services) -> None:
    server.answers = [says({"state": "x" * 70_000})]
    assert await services.ask(service(server), "c-1", {}, ("state",)) is None


async def test_nobody_waits_longer_than_the_deadline_whatever_the_tries(
    server: Server, services: Services
) -> None:

    async def hangs(_: web.Request) -> web.StreamResponse:
        await server.over.wait()
        return web.Response()

    server.answers = [hangs]
    began = time.monotonic()
    assert await services.ask(service(server, deadline=0.3, retries=3), "c-1", {}, ()) is None
    assert time.monotonic() - began < 3
    assert not services.busy


async def test_a_service_that_is_not_there_fails(server: Server, services: Services) -> None:
    nobody = Service("parcels", "http://127.0.0.1:9/track", 2.0, 1)
    assert await services.ask(nobody, "c-1", {}, ()) is None


async def test_what_was_sent_and_answered_is_in_no_log(
    server: Server, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    server.answers = [says({"pin": "555666777"}, 400)]
    await services.ask(service(server), "c-1", {"pin": "97531642"}, ("state",))
    shown = capsys.readouterr().out
    assert "it answered 400" in shown
    assert "97531642" not in shown
    assert "555666777" not in shown
