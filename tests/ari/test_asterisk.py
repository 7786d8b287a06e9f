"""The client and the pool on a real Asterisk, each request, answer and event held to Asterisk's own description."""

from __future__ import annotations

import asyncio
import os
import signal
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from itertools import count
from pathlib import Path

import pytest
from ari_asterisk import PASSWORD, USER, PrivateAsterisk, private_asterisk
from ari_seen import Held, Seen, seen_on

from engine.ari.calls import Calls
from engine.ari.client import AriClient
from engine.ari.pool import TakenOver, WebsocketTransport
from engine.ari.spec import ASTERISK
from engine.ari.transport import LinkDown, LinkUp
from engine.errors import AgentUnreachable, EngineError, Gone, PbxUnreachable, SetupError

pytestmark = pytest.mark.asterisk

FRESH = count()
#: Here more is listened to than the engine wants to hear.
UNHEARD = ("ChannelDialplan", "ChannelVarset")


@asynccontextmanager
async def engine(asterisk: PrivateAsterisk) -> AsyncIterator[tuple[AriClient, Seen]]:
    """A client of an application of its own; at its end nothing was said that Asterisk does not describe."""
    app = f"q{next(FRESH)}"
    async with WebsocketTransport(asterisk.url, app, USER, PASSWORD, unread=UNHEARD) as transport:
        held = Held(transport)
        async with seen_on(transport) as seen:
            yield AriClient(held, app), seen
        assert held.faults + seen.faults == []


async def caller(client: AriClient, seen: Seen, phone: str = "echo") -> tuple[Calls, str]:
    """A caller who is in the application, and whose other half says what it hears (echo) or talks."""
    channel = f"caller-{next(FRESH)}"
    calls = client.of(channel)
    await calls.originate(f"Local/{phone}@callers", channel)
    await seen.event("StasisStart", channel)
    return calls, channel


async def stop_still(pid: int) -> None:
    """Stop a process and wait until it stands."""
    os.kill(pid, signal.SIGSTOP)
    stat = Path(f"/proc/{pid}/stat")
    for _ in range(1000):
        if stat.read_text().rpartition(")")[2].split()[0] == "T":  # noqa: ASYNC240 - not on a disk
            return
        await asyncio.sleep(0.001)


async def test_a_call_is_answered_hears_prompts_and_is_hung_up(asterisk: PrivateAsterisk) -> None:
    async with engine(asterisk) as (client, seen):
        calls, channel = await caller(client, seen)
        await calls.answer(channel)
        await calls.play(channel, ["sound:short", "sound:short"], f"{channel}-p1")
        await seen.event("PlaybackFinished", f"{channel}-p1")
        await calls.set_variable(channel, "STEP", "menu 1, ü")
        assert await calls.get_variable(channel, "STEP") == "menu 1, ü"
        assert await calls.get_variable(channel, "NEVER_SET") is None
        await calls.start_music(channel)
        assert await calls.stop_music(channel) and await calls.stop_music(channel)
        assert await calls.hangup(channel, "busy")
        await seen.event("ChannelDestroyed", channel)
        assert not await calls.hangup(channel)
        with pytest.raises(Gone):
            await calls.play(channel, ["sound:short"], f"{channel}-p2")
        kinds = {report["type"] for report in seen.reports if isinstance(report, dict)}
        assert not kinds & {"ChannelVarset", "ChannelDialplan"}


async def test_a_prompt_is_stopped_and_the_caller_bridged_at_once(asterisk: PrivateAsterisk) -> None:
    async with engine(asterisk) as (client, seen):
        calls, channel = await caller(client, seen)
        bridge = f"{channel}-bridge"
        await calls.create_bridge(bridge)
        await calls.play(channel, ["sound:long"], f"{channel}-p")
        assert await calls.stop_playback(f"{channel}-p")
        await calls.add(bridge, channel)
        await seen.event("ChannelEnteredBridge", bridge)
        found = await client.bridge(bridge)
        assert found is not None and found["channels"] == [channel]
        assert await calls.remove(bridge, channel)
        assert not await calls.remove(bridge, channel)
        assert await calls.destroy_bridge(bridge)
        assert not await calls.destroy_bridge(bridge)
        with pytest.raises(Gone):
            await calls.add(bridge, channel)
        await calls.hangup(channel)


async def test_a_leg_is_made_on_our_id_rung_and_bridged(asterisk: PrivateAsterisk) -> None:
    async with engine(asterisk) as (client, seen):
        calls, channel = await caller(client, seen)
        leg = f"{channel}-leg"
        await calls.create_channel("Local/echo@callers", leg, app_args=("leg", "o1"), originator=channel)
        started = await seen.event("StasisStart", leg)
        assert started["args"] == ["leg", "o1"]
        await calls.dial(leg, 5)
        await seen.event("ChannelStateChange", leg)
        await calls.create_bridge(f"{channel}-b")
        await calls.add(f"{channel}-b", channel, leg)
        with pytest.raises(EngineError, match="already exists"):
            await calls.create_channel("Local/echo@callers", leg)
        with pytest.raises(AgentUnreachable):
            await calls.create_channel("PJSIP/nobody", f"{leg}-2")
        await calls.hangup(leg)
        await seen.event("ChannelLeftBridge", f"{channel}-b")
        await calls.destroy_bridge(f"{channel}-b")
        await calls.hangup(channel)
        await seen.event("ChannelDestroyed", channel)
        await calls.create_channel("Local/echo@callers", f"{leg}-3", originator="nobody")  # made all the same
        assert await calls.hangup(f"{leg}-3")
        application = await client.application()
        assert application is not None and application["bridge_ids"] == []


async def test_a_message_is_recorded_fetched_and_deleted(asterisk: PrivateAsterisk) -> None:
    async with engine(asterisk) as (client, seen):
        calls, channel = await caller(client, seen, "talks")
        name = f"box/{channel}"
        await calls.record(channel, name, max_seconds=30, terminate_on="#")
        await seen.event("RecordingStarted", name)
        live = await client.live_recording(name)
        assert live is not None and live["state"] == "recording"
        await asyncio.sleep(1)  # Asterisk needs a moment before it writes the first frames
        assert await calls.stop_recording(name)
        await seen.event("RecordingFinished", name)
        assert not await calls.stop_recording(name)
        assert await client.live_recording(name) is None
        with pytest.raises(EngineError, match="already exists"):
            await calls.record(channel, name)
        assert name in [stored["name"] for stored in await client.stored_recordings()]
        with wave.open(BytesIO(await client.download_recording(name))) as file:
            assert file.getframerate() == 8000 and file.getnframes() > 800
        assert await client.delete_stored(name)
        assert not await client.delete_stored(name)
        with pytest.raises(FileNotFoundError):
            await client.download_recording(name)
        await calls.hangup(channel)


async def test_a_snooped_channel_and_a_bridge_that_plays_and_records(asterisk: PrivateAsterisk) -> None:
    async with engine(asterisk) as (client, seen):
        calls, channel = await caller(client, seen)
        bridge, name = f"{channel}-b", f"talk/{channel}"
        await calls.create_bridge(bridge)
        await calls.add(bridge, channel)
        await calls.snoop(channel, f"{channel}-s")
        await seen.event("StasisStart", f"{channel}-s")
        await calls.play_on_bridge(bridge, ["sound:short"], f"{bridge}-p")
        await seen.event("PlaybackFinished", f"{bridge}-p")
        await calls.record_bridge(bridge, name, if_exists="overwrite")
        await seen.event("RecordingStarted", name)
        assert await calls.discard_recording(name)
        ours = await client.application()
        assert ours is not None
        await client.user_event(ours["name"], "noticed", {"a": "b"})
        await seen.wait(lambda r: isinstance(r, dict) and r["type"] == "ChannelUserevent")
        for one in (f"{channel}-s", channel):
            await calls.hangup(one)
        await calls.destroy_bridge(bridge)


async def test_the_description_is_this_asterisks(asterisk: PrivateAsterisk) -> None:
    async with engine(asterisk) as (client, _):
        info = await client.info()
        assert info["system"]["version"].startswith(ASTERISK)


async def test_a_channel_that_blocks_delays_no_other_contact(asterisk: PrivateAsterisk) -> None:
    async with engine(asterisk) as (client, seen):
        slow, blocked = await caller(client, seen)
        others = [await caller(client, seen) for _ in range(20)]
        await slow.play(blocked, ["sound:long"], f"{blocked}-p")
        await seen.event("PlaybackStarted", f"{blocked}-p")
        waiting = asyncio.create_task(slow.set_variable(blocked, "X", "1"))
        for _ in range(5):
            await asyncio.gather(*(calls.set_variable(channel, "X", "1") for calls, channel in others))
        assert not waiting.done()
        assert await client.of("another lane").stop_playback(f"{blocked}-p")
        await waiting
        for calls, channel in [*others, (slow, blocked)]:
            await calls.hangup(channel)


async def test_frames_up_to_the_limit_are_taken_and_larger_ones_never_sent(asterisk: PrivateAsterisk) -> None:
    async with engine(asterisk) as (client, seen):
        calls, channel = await caller(client, seen)
        await calls.set_variable(channel, "LONG", "x" * 60_000)
        assert await calls.get_variable(channel, "LONG") == "x" * 60_000
        with pytest.raises(EngineError, match="65535 at most"):
            await calls.set_variable(channel, "LONG", "x" * 65_500)
        await calls.hangup(channel)


async def test_a_wrong_password_is_one_sentence(asterisk: PrivateAsterisk) -> None:
    with pytest.raises(SetupError, match="refuses user 'quietline'"):
        await WebsocketTransport(asterisk.url, "q", USER, "wrong").__aenter__()


async def test_a_second_engine_takes_over_and_the_first_stops(asterisk: PrivateAsterisk) -> None:
    async with WebsocketTransport(asterisk.url, "one", USER, PASSWORD) as first:
        reports = first.reports()
        while not isinstance(await anext(reports), LinkUp):
            pass
        async with WebsocketTransport(asterisk.url, "one", USER, PASSWORD) as second, seen_on(second):
            with pytest.raises(TakenOver):
                async for _ in reports:
                    pass
            assert (await second.request("c", "GET", "asterisk/ping")).status == 200


async def test_callers_stay_when_the_engine_goes_and_are_found_when_it_is_back(
    asterisk: PrivateAsterisk,
) -> None:
    async with (
        WebsocketTransport(asterisk.url, "back", USER, PASSWORD) as transport,
        seen_on(transport) as seen,
    ):
        _, channel = await caller(AriClient(transport, "back"), seen)
    # An engine is gone for longer; Asterisk has seen the end of its websockets by then.
    await asyncio.sleep(1)
    async with (
        WebsocketTransport(asterisk.url, "back", USER, PASSWORD) as transport,
        seen_on(transport) as seen,
    ):
        client = AriClient(transport, "back")
        application = await client.application()
        assert application is not None and channel in application["channel_ids"]
        await client.of(channel).play(channel, ["sound:short"], f"{channel}-again")
        await seen.event("PlaybackFinished", f"{channel}-again")
        await client.of(channel).hangup(channel)


async def test_an_asterisk_that_stands_still_is_noticed_and_one_that_dies_is_waited_for(
    tmp_path: Path,
) -> None:
    with private_asterisk(tmp_path) as own:
        async with WebsocketTransport(own.url, "q", USER, PASSWORD, heartbeat=1) as ari, seen_on(ari) as seen:
            await stop_still(own.process.pid)
            hanging = asyncio.ensure_future(ari.request("c", "GET", "asterisk/ping"))
            lost = await seen.link(LinkDown)
            assert lost.why == "the event socket is silent: no pong"
            with pytest.raises(PbxUnreachable):
                await hanging
            mark = len(seen.reports)
            os.kill(own.process.pid, signal.SIGCONT)
            assert await seen.link(LinkUp, mark) == LinkUp(first=False)
            assert (await ari.request("c", "GET", "asterisk/ping")).status == 200
            own.process.kill()
            await seen.link(LinkDown, mark)
            with pytest.raises(PbxUnreachable):
                await ari.request("c", "GET", "asterisk/ping")
