"""Sound is taken as it comes: whatever a websocket sends, whole samples come out of it, and nothing is raised."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from engine.ari.connection import Connection
from engine.errors import PbxUnreachable
from engine.media.samples import LARGEST

FRAME = bytes(range(256)) * 2 + bytes(128)
Sends = Callable[[web.WebSocketResponse], Awaitable[None]]


async def heard(sends: Sends) -> bytes:
    """What comes out of a connection to something that sends this and closes."""

    async def serve(request: web.Request) -> web.WebSocketResponse:
        websocket = web.WebSocketResponse(protocols=("media",))
        await websocket.prepare(request)
        await sends(websocket)
        return websocket

    app = web.Application()
    app.router.add_get("/media/one", serve)
    async with (
        TestServer(app) as server,
        Connection(f"{server.make_url('/ari')}", "user", "secret") as way,
        way.media("one") as sound,
    ):
        stretches = [stretch async for stretch in sound]
    assert all(stretch and len(stretch) % 2 == 0 for stretch in stretches)
    return b"".join(stretches)


async def as_asterisk(websocket: web.WebSocketResponse) -> None:
    await websocket.send_str("MEDIA_START connection_id:one format:slin16 optimal_frame_size:640 ptime:20")
    for _ in range(3):
        await websocket.send_bytes(FRAME)


async def in_odd_pieces(websocket: web.WebSocketResponse) -> None:
    for size in (1, 3, 0, 5, 640):
        await websocket.send_bytes(FRAME[:size])


async def in_one_burst(websocket: web.WebSocketResponse) -> None:
    await asyncio.gather(*(websocket.send_bytes(FRAME) for _ in range(500)))


async def too_much_at_once(websocket: web.WebSocketResponse) -> None:
    await websocket.send_bytes(FRAME)
    await websocket.send_bytes(bytes(LARGEST + 2))


async def cut_in_the_middle(websocket: web.WebSocketResponse) -> None:
    await websocket.send_bytes(FRAME)
    transport = websocket._req.transport if websocket._req else None
    assert transport is not None
    transport.write(b"\x82\x7e\x02\x80half of a frame")
    await asyncio.sleep(0)
    transport.abort()


async def words_only(websocket: web.WebSocketResponse) -> None:
    for text in ("", "MEDIA_XOFF", "{}", "\0" * 300):
        await websocket.send_str(text)


async def nothing(_: web.WebSocketResponse) -> None:
    pass


@pytest.mark.parametrize(
    "sends, expected",
    [
        (as_asterisk, FRAME * 3),
        (in_odd_pieces, (FRAME[:1] + FRAME[:3] + FRAME[:5] + FRAME)[:648]),
        (in_one_burst, FRAME * 500),
        (too_much_at_once, FRAME),
        (cut_in_the_middle, FRAME),
        (words_only, b""),
        (nothing, b""),
    ],
)
async def test_whatever_comes_is_whole_samples_and_no_exception(sends: Sends, expected: bytes) -> None:
    assert await heard(sends) == expected


async def test_a_connection_that_is_closed_before_it_is_a_websocket_is_the_worlds_fault() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server, Connection(f"http://127.0.0.1:{port_of(server)}/ari", "user", "secret") as way:
        with pytest.raises(PbxUnreachable):
            async with way.media("one"):
                raise AssertionError("nobody is there")


def port_of(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/ari", "http://127.0.0.1:1"])
async def test_sound_that_cannot_be_had_is_the_worlds_fault(url: str) -> None:
    async with Connection(url, "user", "secret", patience=0.5) as way:
        with pytest.raises(PbxUnreachable):
            async with way.media("gone"):
                raise AssertionError("nobody is there")


async def test_a_stream_that_is_given_up_while_it_is_being_opened_is_closed() -> None:
    closed = asyncio.Event()

    async def stand_still(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        closed.set()

    server = await asyncio.start_server(stand_still, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ari"
    given_up = Connection(url, "user", "secret", patience=0.05)
    with pytest.raises(PbxUnreachable):
        async with given_up.media("one"):
            raise AssertionError("nobody answered")
    async with asyncio.timeout(10):
        await closed.wait()
    server.close()
