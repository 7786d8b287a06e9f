"""Reaching one Asterisk: websockets and the rare binary download, with the failures told apart.

Not answering (refused, reset, too slow, still loading) is the world's: PbxUnreachable, try again later. A wrong
password is ours: SetupError, and trying again would be a login storm.
"""

from __future__ import annotations

import asyncio
import random
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import TracebackType
from urllib.parse import quote

import aiohttp
from picows import WSError, WSHandshakeError, WSInvalidURL

from engine.ari.websocket import Take, Websocket
from engine.errors import EngineError, PbxUnreachable, SetupError
from engine.media.samples import Samples

#: A recording is on this machine; one that takes longer will not come.
DOWNLOAD = aiohttp.ClientTimeout(total=30)


class Pauses:
    """Seconds to wait before each new try: doubling, never in step with others, short again after a quiet time."""

    def __init__(self, first: float = 0.1, longest: float = 5.0) -> None:
        self._first, self._longest = first, longest
        self._pause, self._last = first, 0.0

    def next(self, now: float) -> float:
        """The next pause; `now` is the loop's time."""
        quiet = now - self._last > 2 * self._longest
        pause = self._first if quiet else self._pause
        self._pause, self._last = min(pause * 2, self._longest), now
        return pause * random.uniform(0.5, 1.0)


class Connection:
    """The way to one Asterisk's ARI. `url` is such as http://127.0.0.1:8088/ari; `patience` bounds a handshake (s)."""

    def __init__(self, url: str, user: str, password: str, *, patience: float = 5.0) -> None:
        self._url = url.rstrip("/")
        self._user = user
        self._patience = patience
        token = b64encode(f"{user}:{password}".encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Connection:
        self._session = aiohttp.ClientSession(headers=self._headers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def websocket(
        self,
        app: str,
        take: Take,
        opened: Callable[[], None] = lambda: None,
        heartbeat: float | None = None,
    ) -> Websocket:
        """Open a websocket registered as `app`; `take` is given its messages, and `opened` is called before the first one.

        With `heartbeat` it is pinged and dies without a pong.
        """
        address = f"{self._url.replace('http', 'ws', 1)}/events?app={quote(app)}"
        try:
            async with asyncio.timeout(self._patience):
                return await Websocket.open(address, self._headers, take, opened, heartbeat)
        except WSHandshakeError as error:
            status = error.response.status if error.response is not None else 0
            raise self._refused(int(status)) from error
        except TimeoutError as error:
            raise PbxUnreachable(f"{self._url} does not answer within {self._patience:g} s") from error
        except (WSInvalidURL, ValueError) as error:
            raise SetupError(
                f"{self._url!r} is not an address of ARI; write http://host:port/ari."
            ) from error
        except (WSError, OSError) as error:
            raise PbxUnreachable(f"{self._url}: {error}") from error

    async def download(self, path: str) -> bytes:
        """Fetch a binary body over HTTP; FileNotFoundError when there is none."""
        assert self._session is not None, "the connection is used inside its `async with`"
        try:
            async with self._session.get(f"{self._url}/{path.lstrip('/')}", timeout=DOWNLOAD) as answer:
                if answer.status == 404:
                    raise FileNotFoundError(f"Asterisk has no {path}")
                if answer.status != 200:
                    raise self._refused(answer.status)
                return await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise PbxUnreachable(f"{self._url}: {error or 'no answer'}") from error

    @asynccontextmanager
    async def media(self, connection: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """The sound of a channel that waits for us beside ARI, under `media`; PbxUnreachable when it is not there, or no more."""
        url = f"{self._url.removesuffix('/ari').replace('http', 'ws', 1)}/media/{connection}"
        try:
            async with asyncio.timeout(self._patience):
                samples = await Samples.open(url, self._headers)
        except (WSError, TimeoutError, OSError) as error:
            raise PbxUnreachable(f"{url}: {error or 'no answer'}") from error
        try:
            yield samples.stretches()
        finally:
            samples.close()

    def _refused(self, status: int) -> PbxUnreachable | EngineError:
        match status:
            case 401 | 403:
                return SetupError(
                    f"{self._url} refuses user {self._user!r} ({status}): "
                    "compare user, password and permitted addresses with ari.conf."
                )
            case 404:  # also what an Asterisk answers that is still loading its modules
                return PbxUnreachable(
                    f"{self._url} is not ARI, or not yet (404): is res_ari loaded, and the prefix in http.conf the same?"
                )
        return PbxUnreachable(f"{self._url} answers {status}")
