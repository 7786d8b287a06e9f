"""A small ARI program that does one thing for each number it is called at, and writes down what it is told.

It is no engine: it exists to bring a simulated and a real Asterisk into the same situations. What it is told is kept for each channel
apart, since only events about one channel come in a fixed order. `Dial` comes from elsewhere in Asterisk, in no order at all.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from engine.ari.calls import Calls
from engine.ari.client import AriClient
from engine.ari.transport import AriTransport, LinkUp
from engine.ari.validate import check_event
from engine.errors import AgentUnreachable, EngineError, PbxUnreachable, WorldError

PROMPT = "sound:quietline/en/welcome"
#: Seconds after the last call in which what was told late is still written down.
LATE = 1.0
#: Seconds after which channels have left a bridge that was taken down; a hang-up may overtake them.
SETTLE = 0.2

#: Events nobody can foresee in number or order; all others are compared, also those the engine does not want to hear.
UNHEARD = (
    "BridgeVideoSourceChanged",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelDialplan",
    "ChannelVarset",
)
#: Bytes of a WAV without sound.
HEADER = 44


class Probe:
    """Serves `calls` calls, then is done."""

    def __init__(self, transport: AriTransport, calls: int) -> None:
        self._transport = transport
        self.client = AriClient(transport, "quietline")
        self._left = calls
        self._served = asyncio.Event()
        #: Set once calls are taken.
        self.up = asyncio.Event()
        self._callers: dict[str, str] = {}
        self._waiters: list[tuple[str, str, str, asyncio.Future[dict[str, Any]]]] = []
        self._work: set[asyncio.Task[None]] = set()
        self.notes: dict[str, list[str]] = defaultdict(list)
        self.faults: list[str] = []

    async def run(self) -> None:
        """Serve until the last call has ended and everything about it was told."""
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen())
            try:
                async with asyncio.timeout(60):
                    await self._served.wait()
            except TimeoutError:
                waits = [f"{kind} of {thing}" for kind, thing, *_ in self._waiters]
                raise AssertionError(
                    f"{self._left} calls are not over; waited for: {', '.join(waits)}"
                ) from None
            await asyncio.sleep(LATE)
            listening.cancel()

    async def _listen(self) -> None:
        async for report in self._transport.reports():
            if isinstance(report, dict):
                self._take(report)
            elif isinstance(report, LinkUp):
                await self.client.leave_out(UNHEARD)
                self.up.set()

    def _take(self, event: dict[str, Any]) -> None:
        self.faults += check_event(event)
        if event["type"] == "StasisStart" and event["args"] and event["args"][0].isdigit():
            number = event["args"][0]
            self._callers[event["channel"]["id"]] = number
            task = asyncio.create_task(self._serve(number, event["channel"]["id"]), name=f"serve {number}")
            self._work.add(task)
            task.add_done_callback(self._done)
        self._note(event)
        for waiter in list(self._waiters):
            kind, thing, state, future = waiter
            if (
                event["type"] == kind
                and thing in _things(event)
                and (not state or event["channel"]["state"] == state)
            ):
                self._waiters.remove(waiter)
                if not future.done():
                    future.set_result(event)

    def story(self) -> list[str]:
        """Everything it was told, as lines: about one thing after the other, and in its order where Asterisk keeps one."""
        lines = []
        for about, notes in sorted(self.notes.items()):
            lines.append(f"about {about}:")
            lines += [f"  {note}" for note in (sorted(notes) if about.endswith(" dial") else notes)]
        return lines

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.faults.append(f"{task.get_name()}: {task.exception()!r}")
        self._left -= 1
        if self._left == 0:
            self._served.set()

    def _note(self, event: dict[str, Any]) -> None:
        caller, line = self._line(event)
        part = "dial" if event["type"] == "Dial" else "events"
        self.notes[f"{caller} {part}"].append(line)

    def _line(self, event: dict[str, Any]) -> tuple[str, str]:
        words, about = [event["type"]], "nobody"
        for kind in ("channel", "peer"):
            if kind in event:
                about = event[kind]["id"]
                words.append(event[kind]["state"] if event["type"] != "Dial" else "")
        if "playback" in event:
            about = event["playback"]["target_uri"].partition(":")[2]
            words += [event["playback"]["media_uri"], event["playback"]["state"]]
        if "recording" in event:
            recording = event["recording"]
            about = recording["target_uri"].partition(":")[2]
            words += [
                recording["name"],
                recording["state"],
                *sorted(set(recording) & {"duration", "talking_duration"}),
            ]
        if "bridge" in event:
            words.append(f"of {len(event['bridge']['channels'])}")
        for field in ("digit", "args", "cause", "cause_txt", "tech_cause", "soft", "dialstatus"):
            if field in event:
                words.append(f"{field}={event[field]}")
        if event["type"] == "BridgeDestroyed":
            about = event["bridge"]["id"]
        return self._callers.get(about, about), " ".join(words)

    async def until(self, kind: str, thing: str, state: str = "") -> dict[str, Any]:
        """Wait for an event of this type about a channel (in this state, if one is given), playback or recording."""
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiters.append((kind, thing, state, future))
        return await future

    async def look_at(self, name: str) -> None:
        """Write down whether a recording is live, whether its file is listed, and whether there is sound in it."""
        live = await self.client.live_recording(name) is not None
        listed = name in [one["name"] for one in await self.client.stored_recordings()]
        try:
            sound = len(await self.client.download_recording(name)) > HEADER
        except FileNotFoundError:
            sound = False
        self.notes[f"{name} file"].append(f"live={live} listed={listed} sound={sound}")

    async def refused(self, number: str, request: Coroutine[Any, Any, Any]) -> None:
        """Ask for something that Asterisk refuses, and write down in which words."""
        try:
            await request
        except EngineError as error:
            self.notes[f"{number} world"].append(str(error))

    async def unreachable(self, number: str, connection: str) -> None:
        """Fetch sound that is not there any more."""
        try:
            async with self.client.media(connection):
                self.notes[f"{number} world"].append("fetched")
        except PbxUnreachable:
            self.notes[f"{number} world"].append("cannot be fetched")

    async def _serve(self, number: str, channel: str) -> None:
        calls = self.client.of(number)
        gone = asyncio.create_task(self._ended(channel))
        try:
            if number[0] != "0":
                await calls.answer(channel)
            await SCRIPTS[number[0]](self, calls, number, channel)
        except WorldError as error:
            self.notes[f"{number} world"].append(type(error).__name__)
        await calls.hangup(channel)
        await gone

    async def _ended(self, channel: str) -> None:
        await self.until("StasisEnd", channel)


def _things(event: dict[str, Any]) -> list[str]:
    found = [event[kind]["id"] for kind in ("channel", "peer", "playback", "bridge") if kind in event]
    return found + ([event["recording"]["name"]] if "recording" in event else [])


async def refuse(_: Probe, calls: Calls, number: str, channel: str) -> None:
    """Refuse the call as one to a number that nobody has."""
    await calls.hangup(channel, "unallocated")


async def listen(probe: Probe, calls: Calls, number: str, channel: str) -> None:
    """11 prompts; 12 messages by key and by silence; 13 a silent message; 14 a message that is hung up; 15 a message of 2 seconds."""
    if number == "11":
        await calls.play(channel, [PROMPT, PROMPT], "p1")
        await probe.until("PlaybackFinished", "p1")
        await calls.play(channel, [PROMPT] * 5, "p2")
        await calls.play(channel, [PROMPT], "p3")
        await asyncio.sleep(1.5)
        await calls.stop_playback("p3")
        await calls.stop_playback("p2")
        await calls.play(channel, ["sound:quietline/en/there_is_no_such_sound"], "p4")
        await calls.start_music(channel)
        await calls.set_variable(channel, "QUIETLINE", "1")
        assert await calls.get_variable(channel, "QUIETLINE") == "1"
        assert await calls.get_variable(channel, "NOBODY") is None
        await probe.until("StasisEnd", channel)
        return
    limit = 2.0 if number == "15" else 20.0
    for name in (f"{number}-a", f"{number}-b") if number == "12" else (f"{number}-a",):
        began = asyncio.get_running_loop().time()
        await calls.record(channel, name, max_seconds=limit, max_silence=3, beep=True, terminate_on="#")
        if number == "15":
            await asyncio.sleep(0.5)
            await probe.look_at(name)
        await probe.until("RecordingFinished", name)
        if number != "15":  # up to a second more than was asked for, by the clock
            lasted = asyncio.get_running_loop().time() - began
            probe.notes[f"{name} file"].append(f"{lasted:.0f} s")
        await asyncio.sleep(SETTLE)
        await probe.look_at(name)


async def ring(probe: Probe, calls: Calls, number: str, channel: str) -> None:
    """Ring the phone of the number's own name for 3 seconds (27 and 37: until we give up) and bring both together."""
    leg, agent = f"{number}-leg", f"PJSIP/agent-{number}"
    seconds = 20 if number[1] == "7" else 3
    over = asyncio.create_task(probe.until("ChannelDestroyed", leg))
    caller_over = asyncio.create_task(probe.until("StasisEnd", channel))
    picked_up = asyncio.create_task(probe.until("ChannelStateChange", leg, state="Up"))
    entered = asyncio.create_task(probe.until("StasisStart", leg))
    try:
        if number[0] == "2":
            await calls.originate(agent, leg, app_args=("leg", number), timeout=seconds)
        else:
            await calls.create_channel(agent, leg, app_args=("leg", number))
            await entered
            await calls.dial(leg, seconds)
    except AgentUnreachable:
        probe.notes[f"{number} world"].append("unreachable")
        return
    await asyncio.wait({over, caller_over, picked_up}, return_when=asyncio.FIRST_COMPLETED)
    if picked_up.done():
        await entered
        await calls.create_bridge(f"{number}-bridge")
        await probe.refused(number, calls.create_bridge(f"{number}-bridge"))
        await calls.add(f"{number}-bridge", channel, leg)
        await asyncio.wait({over, caller_over}, return_when=asyncio.FIRST_COMPLETED)
        await calls.destroy_bridge(f"{number}-bridge")
        await asyncio.sleep(SETTLE)
    await calls.hangup(leg)
    await over


async def hear(probe: Probe, calls: Calls, number: str, channel: str) -> None:
    """41: hear the caller while a prompt plays; 42: until they hang up; 43: fetch once more what has ended."""
    snoop, media, bridge = f"{number}-s", f"{number}-m", f"{number}-bridge"
    entered = [asyncio.create_task(probe.until("StasisStart", one)) for one in (snoop, media)]
    over = asyncio.create_task(probe.until("ChannelDestroyed", media))
    snoop_over = asyncio.create_task(probe.until("StasisEnd", snoop))
    await calls.play(channel, [PROMPT] * 3, f"{number}-p")
    connection = await calls.external_media(media)
    heard = False
    async with probe.client.media(connection) as sound:
        await calls.snoop(channel, snoop, app_args=("leg", number))
        await calls.create_bridge(bridge)
        await asyncio.gather(*entered)
        await calls.add(bridge, snoop, media)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.5):
                async for frame in sound:
                    heard = heard or any(frame)
        if number == "42":
            await snoop_over
            await calls.hangup(media)
            assert [one async for one in sound if any(one)] == []
    await over
    if number == "43":
        await probe.unreachable(number, connection)
    probe.notes[f"{number} world"].append(f"a voice was heard: {heard}")
    await calls.hangup(snoop)
    await calls.destroy_bridge(bridge)
    await snoop_over


Script = Callable[[Probe, Calls, str, str], Awaitable[None]]
SCRIPTS: dict[str, Script] = {"0": refuse, "1": listen, "2": ring, "3": ring, "4": hear}
