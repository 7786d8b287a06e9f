"""The transport's own test peer: a small websocket server that can be slow, silent, rude or gone."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

USER, PASSWORD = "quietline", "a-password-of-the-tests"

Handler = Callable[[dict[str, Any]], tuple[int, Any]]


@dataclass
class Clock:
    """The running loop's time: it stands still until `jump`, so that no test waits."""

    now: float

    def jump(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Peer:
    """Serves each websocket one request at a time, as Asterisk does; `blocked` uris wait until they are released."""

    password: str = PASSWORD
    pongs: bool = True
    drops: bool = False
    handler: Handler = lambda request: (204, None)
    port: int = 0
    sockets: dict[str, web.WebSocketResponse] = field(default_factory=dict)
    wires: dict[str, asyncio.Transport | None] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    carried: dict[str, list[str]] = field(default_factory=dict)
    handshakes: list[str] = field(default_factory=list)
    blocked: dict[str, asyncio.Event] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/ari"

    async def start(self) -> Peer:
        app = web.Application()
        app.router.add_get("/ari/events", self._events)
        app.router.add_get("/ari/recordings/stored/{name}/file", self._file)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def stop(self) -> None:
        for gate in self.blocked.values():
            gate.set()
        for app in list(self.sockets):
            self.cut(app)
        await self._runner.cleanup()

    def block(self, uri: str) -> asyncio.Event:
        """The next request for `uri` is not answered until the event is set."""
        self.blocked[uri] = asyncio.Event()
        return self.blocked[uri]

    def cut(self, app: str) -> None:
        """Cut a socket's wire without a word."""
        transport = self.wires[app]
        if isinstance(transport, asyncio.Transport):
            transport.abort()

    async def report(self, app: str, event: dict[str, Any] | str) -> None:
        await self.sockets[app].send_str(event if isinstance(event, str) else json.dumps(event))

    def _refuses(self, request: web.Request) -> bool:
        token = b64encode(f"{USER}:{self.password}".encode()).decode()
        return request.headers.get("Authorization") != f"Basic {token}"

    async def _file(self, request: web.Request) -> web.Response:
        if self._refuses(request):
            return web.Response(status=401)
        body = self.files.get(request.match_info["name"])
        return web.Response(status=404) if body is None else web.Response(body=body)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        app = request.query["app"]
        self.handshakes.append(app)
        if self._refuses(request):
            return web.Response(status=401)
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        if self.drops:
            return socket
        before = self.sockets.get(app)
        self.sockets[app] = socket
        self.wires[app] = request.transport
        if before is not None and not before.closed:
            with suppress(ConnectionResetError):
                await before.send_json({"type": "ApplicationReplaced", "application": app})
        try:
            await self._serve(app, socket)
        finally:
            if self.sockets.get(app) is socket:
                del self.sockets[app]
        return socket

    async def _serve(self, app: str, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is WSMsgType.PING and self.pongs:
                await socket.pong(message.data)
            if message.type is not WSMsgType.TEXT:
                continue
            request = json.loads(message.data)
            self.requests.append(request)
            self.carried.setdefault(app, []).append(request["uri"])
            gate = self.blocked.get(request["uri"])
            if gate is not None:
                await gate.wait()
            status, body = self.handler(request)
            answer = {"type": "RESTResponse", "request_id": request["request_id"], "status_code": status}
            if body is not None:
                answer |= {"content_type": "application/json", "message_body": json.dumps(body)}
            with suppress(ConnectionResetError):
                await socket.send_json(answer)
