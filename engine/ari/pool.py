"""A real Asterisk behind the telephony seam: one websocket for events, several for requests.

- The event socket is registered under the application's own name and carries no requests: nothing delays an event,
  and a ping without a pong means Asterisk is gone. Its reader sorts frames into a queue and waits for nobody.
- Command sockets are registered under names of their own (`NAME-cmd-1` …), opened one by one, and shared out by
  `engine.ari.lanes`, so that a blocked channel delays no other contact.
- Whatever is lost is opened again, with longer and longer pauses; what was on its way fails at once.
- One engine owns the application. When another one takes it over we do not fight: `reports()` raises TakenOver.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from types import TracebackType
from typing import Any, Final, Self

import structlog

from engine.ari import wire
from engine.ari.command import REPLACED, CommandSocket
from engine.ari.connection import Connection, Pauses
from engine.ari.lanes import Call, Lanes
from engine.ari.transport import LinkDown, LinkUp, Report, Response
from engine.ari.websocket import SILENT, Websocket
from engine.errors import EngineError, PbxUnreachable, SetupError

log = structlog.get_logger()

#: Events nobody here reads: Asterisk is asked not to send them (5 of 12 events of a short call are ChannelVarset, 8 of 18 of one with an
#: agent are about dialling and bridges).
UNREAD: Final = (
    "BridgeCreated",
    "BridgeDestroyed",
    "BridgeVideoSourceChanged",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelDialplan",
    "ChannelEnteredBridge",
    "ChannelLeftBridge",
    "ChannelVarset",
    "Dial",
)

#: A command unanswered, or a contact without a socket, for so long (s) is too long; a healthy command takes 1 ms.
STUCK: Final = 0.025

#: Sockets opened for a rush are closed one by one, each after so long (s) in which no contact waited for one.
CALM: Final = 10.0


class TakenOver(EngineError):
    """Another engine has registered the same application; only one may own it."""


class Closed(EngineError):
    """The transport was closed by its owner; nobody outside sees this."""


class WebsocketTransport:
    """AriTransport to the Asterisk at `url` (http://host:port/ari), used as `async with WebsocketTransport(...)`.

    `sockets` command sockets are open at any time, up to `most` while some are stuck or contacts wait for one; a request is given up after
    `deadline` seconds, a silent Asterisk after 1.5 times `heartbeat` seconds. Entering raises SetupError when the
    password or address is wrong; an Asterisk that is merely not there yet is waited for (LinkDown, later LinkUp).
    """

    def __init__(
        self,
        url: str,
        app: str,
        user: str,
        password: str,
        *,
        sockets: int = 4,
        most: int = 16,
        deadline: float = 10.0,
        heartbeat: float = 4.0,
        unread: tuple[str, ...] = UNREAD,
    ) -> None:
        self._connection = Connection(url, user, password)
        self._app = app
        self._wanted = self._size = sockets
        self._most = most
        self._deadline = deadline
        self._heartbeat = heartbeat
        self._unread = unread
        self._lanes = Lanes()
        self._open: dict[CommandSocket, asyncio.Task[None]] = {}
        self._reports: asyncio.Queue[Report | EngineError | None] = asyncio.Queue()
        self._tasks = asyncio.TaskGroup()
        self._running: set[asyncio.Task[None]] = set()
        self._short = asyncio.Event()  # fewer command sockets are open than wanted
        self._complete = asyncio.Event()  # as many command sockets are open as a link needs
        self._watching: asyncio.TimerHandle | None = None
        self._up = False  # the event socket is open
        self._down = ""  # why it is not, as last reported
        self._lost = False  # a command socket was lost since the last one was opened
        self._calm_since = 0.0  # since then no contact has waited for a socket, and none was closed as spare
        self._over: EngineError | None = None
        self._number = 0

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        await self._tasks.__aenter__()
        self._loop = asyncio.get_running_loop()
        self._tried: asyncio.Future[None] = self._loop.create_future()
        self._short.set()
        for work in (self._keep_commands(), self._keep_events(), self._keep_deadlines()):
            self._start(work)
        try:
            await self._tried
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tried.cancel()
        self._end(Closed("the transport is closed"))
        try:
            if (
                kind is asyncio.CancelledError
            ):  # the group may have cancelled us for a task of its own that failed
                await self._tasks.__aexit__(kind, error, trace)
            else:
                await self._tasks.__aexit__(None, None, None)
        finally:
            await self._connection.__aexit__(None, None, None)

    # --- what the seam promises ---------------------------------------------------------------

    def request(
        self,
        shard: str,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> asyncio.Future[Response]:
        """Send one request; what is returned waits for its answer. PbxUnreachable where none comes in time, or nothing is connected."""
        self._number += 1
        number = str(self._number)
        frame = wire.encode(number, method, path, query, body)
        if not self._open:
            raise PbxUnreachable(f"{method} {path}: {self._over or self._down or 'not connected yet'}")
        lane = self._lanes.lane(shard)
        now = self._loop.time()
        call = Call(number, frame, now, now + self._deadline, self._loop.create_future(), lane)
        self._lanes.submit(call)
        if self._lanes.waiting and self._watching is None:
            self._watching = self._loop.call_later(STUCK, self._relieve)
        return call.answer

    async def download(self, path: str) -> bytes:
        """Fetch a stored recording over HTTP."""
        return await self._connection.download(path)

    def media(self, connection: str) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Fetch the sound of an external media channel."""
        return self._connection.media(connection)

    async def reports(self) -> AsyncIterator[Report]:
        """Events and changes of the link; raises TakenOver or SetupError when there is no going on.

        Ends when the transport is closed.
        """
        while True:
            report = await self._reports.get()
            if report is None:
                return
            if isinstance(report, EngineError):
                raise report
            yield report

    # --- command sockets ----------------------------------------------------------------------

    async def _keep_commands(self) -> None:
        """Open command sockets, one by one, whenever there are fewer than wanted."""
        pauses = Pauses()
        while True:
            await self._short.wait()
            if self._lost:
                self._lost = False
                await asyncio.sleep(pauses.next(self._loop.time()))
            try:
                await self._open_command()
            except PbxUnreachable as error:
                self._lost = True
                if not self._up:
                    self._report_down(str(error))
                self._settle_first_try()
            except SetupError as error:
                self._end(error)
                return

    async def _open_command(self) -> None:
        taken = {socket.name for socket in self._open}
        names = (f"{self._app}-cmd-{number}" for number in range(1, self._most + 1))
        name = next(name for name in names if name not in taken)
        socket = CommandSocket(name, self._lanes.answered)
        socket.websocket = await self._connection.websocket(name, socket.take)
        self._open[socket] = self._start(self._serve(socket))
        self._settle_first_try()
        self._count()
        self._lanes.opened(socket)

    async def _serve(self, socket: CommandSocket) -> None:
        """A command socket's life; at its end everything on it has failed."""
        why = "given up"
        try:
            why = await socket.life()
        finally:
            self._forget(socket, f"Asterisk's answer is lost: {socket.name} {why}")
            socket.close()
        if why == REPLACED:
            self._end(TakenOver(f"another engine has taken over {self._app!r}; this one has stopped."))

    def _forget(self, socket: CommandSocket, why: str) -> None:
        if self._open.pop(socket, None) is not None:
            self._lanes.lost(socket, list(socket.unanswered.values()), why)
            socket.unanswered.clear()
            self._lost = True
            self._count()
        if not self._open:
            self._lanes.fail_waiting(why)

    def _count(self) -> None:
        """Tell the others whether enough command sockets are open."""
        (self._short.set if len(self._open) < self._wanted else self._short.clear)()
        (self._complete.set if len(self._open) >= self._size else self._complete.clear)()

    def _relieve(self) -> None:
        """Contacts wait for a socket: one more for each that is stuck, and one more while a wait is long."""
        self._watching = None
        if not self._lanes.waiting:
            return
        self._calm_since = now = self._loop.time()
        stuck = sum(1 for s in self._open if s.oldest is not None and now - s.oldest.since > STUCK)
        slow = now - self._lanes.waits_since(now) > STUCK and len(self._open) >= self._wanted
        self._wanted = min(self._most, max(self._wanted + slow, self._size + stuck))
        self._count()
        self._watching = self._loop.call_later(STUCK, self._relieve)

    async def _keep_deadlines(self) -> None:
        """Give up requests that are never answered, the socket that did not answer, and sockets nobody needs any more."""
        while True:
            await asyncio.sleep(min(0.5, self._deadline / 4))
            now = self._loop.time()
            for call in list(self._lanes.expired(now)):
                call.fail(f"no command socket was free within {self._deadline:g} s")
            for socket, task in list(self._open.items()):
                if socket.oldest is not None and socket.oldest.due <= now:
                    self._forget(socket, f"no answer within {self._deadline:g} s on {socket.name}")
                    task.cancel()
            if now - self._calm_since > CALM:
                self._calm_since = now
                self._close_spare()

    def _close_spare(self) -> None:
        """Close one command socket that was opened for a rush."""
        idle = [socket for socket in self._open if not socket.unanswered]
        if len(self._open) <= self._size or len(self._open) < self._wanted or not idle:
            return
        self._wanted = len(self._open) - 1
        task = self._open[idle[-1]]
        self._forget(idle[-1], "not needed any more")
        self._lost = False  # nothing is wrong: the next one need not wait
        task.cancel()

    def _drop_commands(self, why: str) -> None:
        """Asterisk is gone without a word: what waits for it need not wait for its deadline."""
        for socket, task in list(self._open.items()):
            self._forget(socket, f"{socket.name}: {why}")
            task.cancel()

    # --- the event socket ---------------------------------------------------------------------

    async def _keep_events(self) -> None:
        """Keep the event socket open; it is opened when the command sockets are there to act on its events."""
        pauses, first = Pauses(), True
        while True:
            await self._complete.wait()
            try:
                opened = partial(self._link_up, first)
                websocket = await self._connection.websocket(self._app, self._hear, opened, self._heartbeat)
            except PbxUnreachable as error:
                self._up = False
                self._report_down(str(error))
            except SetupError as error:
                self._end(error)
                return
            else:
                why = await self._live(websocket)
                if why == REPLACED:
                    self._end(
                        TakenOver(f"another engine has taken over {self._app!r}; this one has stopped.")
                    )
                    return
                first = False
                self._report_down(f"the event socket is {why}")
                if why == SILENT:
                    self._drop_commands(why)
            await asyncio.sleep(pauses.next(self._loop.time()))

    async def _live(self, websocket: Websocket) -> str:
        """Until the socket is gone; returns how it went."""
        try:
            return await asyncio.shield(websocket.over)
        finally:
            self._up = False
            websocket.close()

    def _link_up(self, first: bool) -> None:
        """The event socket is open: that is reported before its first event."""
        self._up, self._down = True, ""
        self._start(self._drop_unread())
        self._reports.put_nowait(LinkUp(first))

    def _hear(self, frame: bytes) -> str | None:
        """Report an event; says why the socket is over, if it is."""
        event = wire.decode(frame)
        if event is None or not isinstance(event.get("type"), str):
            log.warning("frame without meaning", socket=self._app, frame=frame[:80])
        elif event["type"] == "ApplicationReplaced":
            return REPLACED
        else:
            self._reports.put_nowait(event)
        return None

    async def _drop_unread(self) -> None:
        """Ask Asterisk not to send what nobody reads; without it the engine works, only with more to sort."""
        disallowed = {"disallowed": [{"type": name} for name in self._unread]}
        try:
            answer = await self.request("", "PUT", f"applications/{self._app}/eventFilter", None, disallowed)
        except PbxUnreachable as error:
            log.warning("event filter not set", why=str(error))
        else:
            if answer.status != 200:
                log.warning("event filter refused", status=answer.status, body=answer.body)

    # --- ends ---------------------------------------------------------------------------------

    def _report_down(self, why: str) -> None:
        """Report a lost link once, however often a new try fails."""
        if not self._down:
            self._reports.put_nowait(LinkDown(why))
        self._down = why

    def _settle_first_try(self) -> None:
        if not self._tried.done():
            self._tried.set_result(None)

    def _end(self, error: EngineError) -> None:
        """Stop for good: every request fails, every task ends, and `reports()` raises the error or ends."""
        if self._over is not None:
            return
        self._over = error
        if not self._tried.done():
            self._tried.set_exception(error)
        if self._watching is not None:
            self._watching.cancel()
        if isinstance(error, Closed):
            self._reports.put_nowait(None)
        else:
            self._report_down(str(error))
            self._reports.put_nowait(error)
        for socket in list(self._open):
            self._forget(socket, str(error))
        for task in self._running - {asyncio.current_task()}:
            task.cancel()

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._tasks.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task
