"""Ears: what brings a caller's sound to the recogniser while a step listens, and what it tells to the call.

    caller's channel --(snoop channel, bridge, external media channel)--> websocket --> utterance --> whoever has opened the ear

An ear is opened as a step begins that words may answer, and closed as it ends, however it ends. It is a convenience: whatever goes wrong
here (Asterisk refuses, sound does not come or breaks off) makes the ear deaf, is counted and logged once, and leaves the call alone,
which has its keys.

What an ear makes in Asterisk is named after its contact, `CONTACT~eN` with s, m or b behind, and asked for in a lane of its own: the
caller's commands never wait for it. No event tells of it: what a dead engine has left of one is nobody's, and goes with the next look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from engine.ari.client import AriClient
from engine.core.heard import Heard
from engine.counters import Counters
from engine.errors import EngineError, Gone, WorldError
from engine.speech.port import Recogniser, Utterance, Vocabulary

log = structlog.get_logger()

#: Stands between a contact's id and what an ear of it has made.
EAR = "~e"
#: Seconds within which both channels of an ear have come; healthy ones take 10 ms.
OPEN_WITHIN = 3.0
#: Seconds within which they are gone again, or are left to the next look at Asterisk.
GONE_WITHIN = 3.0


class Ear:
    """One caller who is listened to; `name` is what its channels and its bridge are named after."""

    def __init__(self, name: str, utterance: Utterance) -> None:
        self.name = name
        self.snoop, self.media, self.bridge = f"{name}s", f"{name}m", f"{name}b"
        self.utterance = utterance
        self.entered = {self.snoop: asyncio.Event(), self.media: asyncio.Event()}
        self.task: asyncio.Task[None] | None = None
        #: What it has is being taken down.
        self.going = False

    def close(self) -> None:
        """Nothing more is told; what it has in Asterisk goes, and nobody waits for that."""
        self.utterance.close()
        if self.task is not None and not self.going:
            self.task.cancel()


class Ears:
    """Owns every ear, from `open` until nothing of it is left; `run` lives as long as the engine."""

    def __init__(
        self, client: AriClient, recogniser: Recogniser, counters: Counters, now: Callable[[], float]
    ) -> None:
        self.recogniser = recogniser
        self._client = client
        self._counters = counters
        self._now = now
        self._open: dict[str, Ear] = {}
        self._tasks = asyncio.TaskGroup()
        self._number = 0

    async def run(self) -> None:
        """Let calls listen until cancelled; what their ears have then is taken down as far as Asterisk can be reached."""
        async with self._tasks:
            await asyncio.get_running_loop().create_future()

    def open(
        self, contact: str, channel: str, vocabulary: Vocabulary, hear: Callable[[Heard], None]
    ) -> Ear | None:
        """Listen to a caller from now on; None where nobody hears this language."""
        utterance = self.recogniser.open(vocabulary, hear)
        if utterance is None:
            return None
        self._number += 1  # never the same twice, not even after a restart: bridges must not be
        name = f"{contact}{EAR}{round(self._now() * 1000):x}-{self._number:x}-"
        ear = self._open[name] = Ear(name, utterance)
        ear.task = self._tasks.create_task(self._live(ear, channel), name=f"ear {name}")
        ear.task.add_done_callback(lambda _: self._open.pop(name, None))
        return ear

    def started(self, channel: str) -> bool:
        """A channel has come: is it one of an ear that is there?"""
        ear = self._open.get(channel[:-1])
        if ear is None or channel not in ear.entered or ear.going:
            return False
        ear.entered[channel].set()
        return True

    def holds(self, thing: str) -> bool:
        """Is this a channel or bridge of an ear that is there, or about to go?"""
        return thing[:-1] in self._open

    async def _live(self, ear: Ear, channel: str) -> None:
        try:
            await self._listen(ear, channel)
            self._deaf(ear, "the sound breaks off")
        except TimeoutError:
            self._deaf(ear, "its channels do not come")
        except Gone:
            ear.utterance.finish()  # the caller has hung up
        except WorldError as lost:
            self._deaf(ear, str(lost))
        except EngineError as error:
            log.error("Asterisk refuses what an ear asks for", ear=ear.name, error=str(error))
            self._deaf(ear, "Asterisk refuses it")
        except Exception:
            log.exception("an ear ended by a fault of ours", ear=ear.name)
            self._deaf(ear, "a fault")
        finally:
            ear.going = True
            await self._take_down(ear)

    async def _listen(self, ear: Ear, channel: str) -> None:
        calls = self._client.of(ear.name)
        connection = await calls.external_media(ear.media)
        async with self._client.media(connection) as sound:
            await calls.snoop(channel, ear.snoop, spy="in", app_args=("leg", ear.name))
            await calls.create_bridge(ear.bridge, "mixing")
            async with asyncio.timeout(OPEN_WITHIN):
                for entered in ear.entered.values():
                    await entered.wait()
            await calls.add(ear.bridge, ear.snoop, ear.media)
            async for stretch in sound:
                ear.utterance.feed(stretch)

    def _deaf(self, ear: Ear, why: str) -> None:
        """What has been said until now is decided; from now on there are only keys."""
        ear.utterance.finish()
        self._counters.ears_deaf.inc()
        log.warning("a caller is not heard any more; keys go on", ear=ear.name, why=why)

    async def _take_down(self, ear: Ear) -> None:
        """Let go of everything; what cannot be reached is found by the next look at Asterisk."""
        calls = self._client.of(ear.name)
        try:
            async with asyncio.timeout(GONE_WITHIN):
                await asyncio.gather(*(calls.hangup(one) for one in (ear.media, ear.snoop)))
                await calls.destroy_bridge(ear.bridge)
        except (WorldError, TimeoutError):
            pass
        except EngineError as error:
            log.error("Asterisk does not let go of what an ear held", ear=ear.name, error=str(error))
