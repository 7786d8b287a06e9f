"""The event stream as browsers and programs read it: SSE, websocket, going on after a cut, and who may not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientResponse, WSServerHandshakeError, web
from aiohttp import test_utils as http
from jsonschema import Draft7Validator

from engine.core.event import Event
from engine.core.site import Settings
from engine.store.archive import open_archive
from engine.store.ledger import Ledger, open_ledger
from engine.store.stream import MOST_LISTENERS, Stream
from engine.web.stream import SCHEMA, stream_routes

SETTINGS = Settings(("en",), {}, {}, {}, {}, {}, {}, {})
Client = http.TestClient[web.Request, web.Application]


@asynccontextmanager
async def office(folder: Path) -> AsyncIterator[tuple[Ledger, Stream, Client]]:
    """A store, its stream, and the pages of it."""
    path = folder / "quietline.db"
    async with open_ledger(path, durable=False) as ledger, open_archive(path) as archive:
        stream = Stream(ledger, archive, lambda: SETTINGS, lambda _: None, lambda: 1000.0)
        app = web.Application()
        app.add_routes(stream_routes(stream))
        task = asyncio.create_task(stream.run())
        async with http.TestClient(http.TestServer(app)) as client:
            try:
                yield ledger, stream, client
            finally:
                stream.end()
                task.cancel()


def arrived(contact: str, number: str = "7001") -> Event:
    about = {"from_number": number, "to_number": "100", "channel": contact, "language": "en", "via": "sip"}
    return Event("arrived", 1.0, contact, data={**about, "flow": "support", "flow_hash": ""})


async def event_of(response: ClientResponse) -> dict[str, str]:
    """The next server-sent event's fields; comments are passed over."""
    fields: dict[str, str] = {}
    while not ("data" in fields or "retry" in fields):
        fields = {}
        while line := (await asyncio.wait_for(response.content.readline(), 10)).decode().rstrip("\n"):
            name, _, value = line.partition(": ")
            assert name not in fields, "one line each"
            fields[name] = value
    return fields


def test_events_are_sent_each_with_its_number_and_a_reader_goes_on_where_it_was_cut(tmp_path: Path) -> None:
    async def main() -> None:
        async with office(tmp_path) as (ledger, stream, client):
            response = await client.get("/events")
            assert response.content_type == "text/event-stream"
            assert response.headers["Cache-Control"] == "no-store"
            assert await event_of(response) == {"retry": "2000"}
            assert (await event_of(response))["event"] == "snapshot"
            await ledger.append(arrived("c1"))
            told = await event_of(response)
            assert (told["id"], told["event"], json.loads(told["data"])["contact"]) == ("1", "contact", "c1")
            response.close()
            while stream.listeners:
                await ledger.append(arrived("noticed"))
                await asyncio.sleep(0.05)
            await ledger.append(arrived("c2"))
            again = await client.get("/events", headers={"Last-Event-ID": told["id"]})
            await event_of(again)
            assert (await event_of(again))["event"] == "snapshot"
            heard = ""
            while heard != "c2":
                heard = json.loads((await event_of(again))["data"])["contact"]

    asyncio.run(main())


def test_a_websocket_carries_the_same_messages(tmp_path: Path) -> None:
    async def main() -> None:
        async with office(tmp_path) as (ledger, _, client):
            await ledger.append(arrived("c1"), arrived("c2"))
            async with client.ws_connect("/events/ws?after=1") as socket:
                assert (await socket.receive_json(timeout=10))["type"] == "snapshot"
                assert (await socket.receive_json(timeout=10))["contact"] == "c2"
                await socket.send_str("whatever a reader says")
                await ledger.append(arrived("c3"))
                assert (await socket.receive_json(timeout=10))["contact"] == "c3"

    asyncio.run(main())


def test_what_a_caller_wrote_can_make_no_event_of_its_own(tmp_path: Path) -> None:
    async def main() -> None:
        async with office(tmp_path) as (ledger, _, client):
            response = await client.get("/events")
            await event_of(response)
            await event_of(response)
            await ledger.append(arrived("c1", "1\n\nevent: snapshot\ndata: {}\n\n</script>\u2028\x1b[2J"))
            told = await event_of(response)
            assert told["event"] == "contact"
            assert "<" not in told["data"]
            assert json.loads(told["data"])["data"]["from_number"] == "1event: snapshotdata: {}</script>[2J"

    asyncio.run(main())


FOREIGN = [
    "http://example.org",
    "https://example.org",
    "http://example.org:8080",
    "http://127.0.0.1.example.org",
    "http://example.org/127.0.0.1",
    "http://127.0.0.1",
    "http://127.0.0.1:1",
    "https://127.0.0.1",
    "http://localhost",
    "http://localhost.example.org",
    "http://[::1]",
    "http://0.0.0.0",
    "http://user@127.0.0.1",
    "http://127.0.0.1:65536",
    "ws://127.0.0.1",
    "file://",
    "null",
    "",
    "chrome-extension://abcdefgh",
    "http://127.1",
    "data:text/html",
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_no_page_of_another_address_may_listen(origin: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with office(tmp_path) as (_, stream, client):
            assert (await client.get("/events", headers={"Origin": origin})).status == 403
            with pytest.raises(WSServerHandshakeError, match="403"):
                await client.ws_connect("/events/ws", headers={"Origin": origin})
            assert stream.listeners == 0

    asyncio.run(main())


def test_a_page_of_this_address_may_listen_and_one_that_a_browser_calls_cross_site_may_not(
    tmp_path: Path,
) -> None:
    async def main() -> None:
        async with office(tmp_path) as (_, _, client):
            ours = f"http://{client.host}:{client.port}"
            response = await client.get("/events", headers={"Origin": ours, "Sec-Fetch-Site": "same-origin"})
            assert response.status == 200
            for site in ("cross-site", "same-site"):
                assert (await client.get("/events", headers={"Sec-Fetch-Site": site})).status == 403

    asyncio.run(main())


@pytest.mark.parametrize("said", ["-1", "x", "1e3", "9" * 19, "٣"])
def test_what_is_no_number_of_an_event_is_refused_with_a_sentence(said: str, tmp_path: Path) -> None:
    async def main() -> None:
        async with office(tmp_path) as (_, _, client):
            answer = await client.get("/events", params={"after": said})
            assert answer.status == 400
            assert "the number of an event" in (await answer.json())["error"]

    asyncio.run(main())


def test_a_reader_too_many_is_told_so(tmp_path: Path) -> None:
    async def main() -> None:
        async with office(tmp_path) as (_, stream, client):
            await asyncio.gather(*(stream.join() for _ in range(MOST_LISTENERS)))
            assert (await client.get("/events")).status == 503

    asyncio.run(main())


def test_when_the_engine_ends_every_reader_hears_that_it_is_over(tmp_path: Path) -> None:
    async def main() -> None:
        async with office(tmp_path) as (_, stream, client):
            response = await client.get("/events")
            async with client.ws_connect("/events/ws") as socket:
                await socket.receive_json(timeout=10)
                stream.end()
                assert (await socket.receive(timeout=10)).type.name in ("CLOSE", "CLOSING", "CLOSED")
                await asyncio.wait_for(response.read(), 10)  # it ends

    asyncio.run(main())


def test_the_schema_is_one_and_is_told(tmp_path: Path) -> None:
    schema = json.loads(SCHEMA.read_text())
    Draft7Validator.check_schema(schema)

    async def main() -> None:
        async with office(tmp_path) as (_, _, client):
            assert json.loads(await (await client.get("/events.schema.json")).read()) == schema

    asyncio.run(main())
