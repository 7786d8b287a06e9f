"""A language that is heard by processes apart from the engine: who starts them, and who hands them the callers.

What happens when something fails, none of which a call notices but for the missing ear:

    a listener ends         its callers are lost (dead); the holder makes another one
    a listener is slow      a caller of whom more than 2 s have not been heard is lost (slow)
    all listeners are full  one more caller is not listened to
    the holder ends         its listeners hear on; another holder is started, after a second at first, then ever later
    the model is no good    it cannot be read, or does not hear a recording whose words are known: the same, and `trouble` says why
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import structlog

from engine.core.heard import Heard, Hypothesis, Lost
from engine.counters import Counters
from engine.errors import SetupError
from engine.speech import wire
from engine.speech.link import Link, LinkedUtterance
from engine.speech.port import RATE, Hear, Vocabulary
from engine.speech.proof import Proof

log = structlog.get_logger()

#: The program that holds a model.
HOLDER: Final = (sys.executable, "-m", "engine.speech.worker")
#: Why nobody is heard yet.
LOADING: Final = "the model is being loaded"
#: Callers whom one listener hears at most.
MOST: Final = 40
#: Seconds within which a model is loaded, and within which a listener answers.
LOADED_WITHIN: Final = 90.0
ANSWERS_WITHIN: Final = 20.0
#: Seconds before a holder is started anew; one that has lived longer than the last of them begins with the first again.
PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0)
#: Seconds before another listener is made where one has ended.
BREATH: Final = 0.2
#: Bytes of a recording that are sent at once, and that last a second.
_PIECE: Final = 3200
#: Bytes of what processes print that are looked through for a last line.
_TAIL: Final = 400
_SECOND: Final = RATE * 2


@dataclass(slots=True, eq=False)
class Workers:
    """One language's processes. `run` keeps them until it is cancelled."""

    language: str
    folder: Path
    counters: Counters
    proof: Proof | None = None
    listeners: int = 2
    pauses: tuple[float, ...] = PAUSES
    #: How a holder is started: the words before the folder and the number of its socket.
    program: tuple[str, ...] = HOLDER
    #: Is it known whether callers are heard?
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    _why: str = LOADING
    _printed: IO[bytes] | None = None
    _links: list[Link] = field(default_factory=list)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def listening(self) -> tuple[Link, ...]:
        """The listeners that are there."""
        return tuple(self._links)

    @property
    def heard(self) -> bool:
        """Can a caller be heard now?"""
        return bool(self._links)

    @property
    def trouble(self) -> str:
        """Why no caller can be heard: a sentence without its full stop. Empty where one can."""
        return "" if self._links else self._why

    def open(self, vocabulary: Vocabulary, hear: Hear) -> LinkedUtterance | None:
        """Hear a caller where the fewest are heard; None where all are full, or away."""
        link = min(self._links, key=lambda one: len(one.utterances), default=None)
        if link is None or len(link.utterances) >= MOST:
            self.counters.speech_unheard.labels("full" if link else "away").inc()
            return None
        return link.open(vocabulary, self._counted(hear))

    async def unknown(self, words: Sequence[str]) -> tuple[str, ...]:
        """Which of these words the model does not know. Raises SetupError where nobody can say."""
        if not self._links:
            raise SetupError(self.trouble)
        answer = self._links[0].ask(words)
        await asyncio.wait([answer], timeout=ANSWERS_WITHIN)
        if not answer.done() or answer.cancelled():
            raise SetupError(f"the recogniser for '{self.language}' does not answer: try again")
        return tuple(answer.result())

    async def run(self) -> None:
        """Keep a holder, and with it the listeners."""
        loop, short = asyncio.get_running_loop(), 0
        try:
            while True:
                began = loop.time()
                await self._hold()
                short = 0 if loop.time() - began > self.pauses[-1] else short + 1
                await asyncio.sleep(self.pause(short))
        finally:
            links, self._links = self._links, []
            for link in links:
                link.end()
                await link.closed

    def pause(self, short: int) -> float:
        """Seconds before the next holder; `short`: how many in a row have not lived long."""
        return self.pauses[max(0, min(short, len(self.pauses)) - 1)]

    async def _hold(self) -> None:
        """One holder's life. Listeners outlive it."""
        try:
            async with self._holder() as holder:
                while True:
                    await self._fill(holder)
                    await self._something_ends(holder)
        except SetupError as error:
            self._is_trouble(str(error))
        except OSError as error:
            self._is_trouble(f"the recogniser cannot be started: {error.strerror or error}")

    @asynccontextmanager
    async def _holder(self) -> AsyncIterator[socket.socket]:
        """A holder that has loaded the model. Raises SetupError where it ends instead."""
        if not self.folder.is_dir():
            raise SetupError(f"{self.folder} is no folder with a model")
        ours, theirs = socket.socketpair()
        with ours, theirs, tempfile.TemporaryFile() as printed:
            ours.setblocking(False)
            command = (*self.program, str(self.folder), str(theirs.fileno()))
            process = await asyncio.create_subprocess_exec(
                *command,
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=printed,
            )
            theirs.close()
            self._printed = printed
            try:
                await self._loaded(ours)
                yield ours
            finally:
                self._printed = None
                ours.close()
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()

    @property
    def _said(self) -> str:
        """The last line that the processes have printed."""
        if self._printed is None:
            return ""
        size = os.fstat(self._printed.fileno()).st_size
        lines = (
            os.pread(self._printed.fileno(), _TAIL, max(0, size - _TAIL)).decode(errors="replace").split("\n")
        )
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    async def _loaded(self, holder: socket.socket) -> None:
        loop, unpacker = asyncio.get_running_loop(), wire.Unpacker()
        try:
            data = await asyncio.wait_for(loop.sock_recv(holder, 4096), LOADED_WITHIN)
            for frame in unpacker.push(data):
                wire.agree(frame)
        except TimeoutError:
            raise SetupError(
                f"the model in {self.folder} has not been loaded for {LOADED_WITHIN:g} s"
            ) from None
        except ConnectionError:
            data = b""
        except (ValueError, KeyError, TypeError) as error:
            raise SetupError(f"the recogniser's process does not speak as it should: {error}") from error
        if not data:
            raise SetupError(
                f"the model in {self.folder} cannot be read: it is no model of Vosk's, or not whole"
            )

    async def _fill(self, holder: socket.socket) -> None:
        """Make listeners until there are enough; the first one after a while proves that it hears."""
        while len(self._links) < self.listeners:
            ours, theirs = socket.socketpair()
            with theirs:
                socket.send_fds(holder, [b"L"], [theirs.fileno()])
            _, link = await asyncio.get_running_loop().create_connection(lambda: Link(self._gone), sock=ours)
            try:
                await self._ready(link)
                self._links.append(link)
            finally:
                if link not in self._links:
                    link.end()
                    await link.closed
        if self._why:
            log.info("callers can speak", language=self.language, model=str(self.folder))
        self._why = ""
        self.tried.set()

    async def _ready(self, link: Link) -> None:
        """Wait for a listener, and have it prove that it hears. Raises SetupError."""
        await asyncio.wait([link.ready], timeout=ANSWERS_WITHIN)
        if not link.ready.done() or link.ready.cancelled():
            raise SetupError(f"the recogniser for '{self.language}' does not begin")
        if self.proof is not None and not self._links:
            heard = await prove(link, self.language, self.proof)
            if not self.proof.passed(heard):
                raise SetupError(
                    f"the model in {self.folder} does not hear its test recording: "
                    f"that says '{self.proof.words}', and it heard '{heard}'"
                )
        if link.closed.done():  # nobody would be told of its end any more
            raise SetupError(f"the recogniser for '{self.language}' has ended as soon as it began")

    async def _something_ends(self, holder: socket.socket) -> None:
        """Wait until a listener has ended, or raise SetupError when the holder has."""
        loop = asyncio.get_running_loop()
        ended = loop.create_task(self._ended.wait())
        holding = loop.create_task(loop.sock_recv(holder, 1))
        try:
            await asyncio.wait([ended, holding], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            over = holding.done() and (holding.exception() or True)
            holding.cancel()
        if over:
            self.counters.speech_ended.labels("holder").inc()
            raise SetupError("the process that holds the model has ended")
        self._ended.clear()
        await asyncio.sleep(BREATH)

    def _gone(self, link: Link) -> None:
        """A listener's socket is closed."""
        if link in self._links:
            self._links.remove(link)
            self.counters.speech_ended.labels("listener").inc()
            what = "a recogniser's process has ended; its callers have their keys"
            log.warning(what, language=self.language, said=self._said)
            self._ended.set()

    def _is_trouble(self, why: str) -> None:
        """Say it once."""
        if why != self._why:
            log.warning("callers may not be able to speak; keys go on", language=self.language, why=why)
        self._why = why
        self.tried.set()

    def _counted(self, hear: Hear) -> Hear:
        def told(heard: Heard) -> None:
            if isinstance(heard, Lost):
                self.counters.speech_lost.labels(heard.why).inc()
            hear(heard)

        return told


async def prove(link: Link, language: str, proof: Proof) -> str:
    """What a listener hears in a recording; empty where it hears nothing in time."""
    said: list[str] = []
    over = asyncio.Event()

    def hear(heard: Heard) -> None:
        match heard:
            case Hypothesis(final=True):
                said.append(heard.text)
                over.set()
            case Lost():
                over.set()

    utterance = link.open(Vocabulary(language, (proof.words, *proof.others)), hear)
    with suppress(TimeoutError):
        async with asyncio.timeout(ANSWERS_WITHIN):
            for start in range(0, len(proof.sound), _PIECE):
                await asyncio.sleep(_PIECE / _SECOND)
                utterance.feed(proof.sound[start : start + _PIECE])
            utterance.finish()
            await over.wait()
    utterance.close()
    return " ".join(said).strip()
