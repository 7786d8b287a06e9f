"""The simulated Asterisk does, and says in the same order, what was measured on Asterisk 22.10.1."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from engine.ari.pool import TakenOver
from engine.ari.transport import LinkDown, LinkUp, Response
from engine.errors import PbxUnreachable
from engine.sim.asterisk import NotAri, SimulatedAsterisk
from engine.sim.clock import run
from engine.sim.line import Line
from engine.sim.transport import SimTransport

LENGTHS = {"long": 10.0, "short": 0.5, "beep": 0.25}


#: Here more is listened to than the engine wants to hear.
FEW_LEFT_OUT = {"disallowed": [{"type": "ChannelVarset"}, {"type": "ChannelDialplan"}]}


class Ear:
    """An engine's place: sends requests, and notes what it is told."""

    def __init__(self, pbx: SimulatedAsterisk) -> None:
        self.pbx = pbx
        self.link = pbx.connect()
        self.heard: list[Any] = []
        self.listening = asyncio.ensure_future(self._listen())

    async def _listen(self) -> None:
        async for report in self.link.reports():
            self.heard.append(report)

    async def ask(
        self, what: str, shard: str = "c1", body: dict[str, Any] | None = None, **query: str
    ) -> Response:
        method, path = what.split(" ")
        return await self.link.request(shard, method, path, query, body)

    async def until(self, kind: str) -> dict[str, Any]:
        """Wait for an event of this type, for two virtual minutes at most; what was heard before it is forgotten."""
        for _ in range(1200):
            for number, one in enumerate(self.heard):
                if isinstance(one, dict) and one["type"] == kind:
                    del self.heard[: number + 1]
                    return one
            await asyncio.sleep(0.1)
        raise AssertionError(f"no {kind} came")

    def told(self) -> list[str]:
        """What was heard since the last time, short."""
        heard, self.heard[:] = [_short(one) for one in self.heard], []
        return heard


def _short(report: Any) -> str:
    if not isinstance(report, dict):
        return repr(report)
    words = [report["type"]]
    if "playback" in report:
        words += [report["playback"]["id"], report["playback"]["state"]]
    if "digit" in report:
        words.append(report["digit"])
    if "dialstatus" in report:
        words.append(report["dialstatus"])
    if "channel" in report and report["type"] in ("ChannelStateChange", "StasisStart"):
        words.append(report["channel"]["state"])
    if "cause" in report:
        words += [str(report["cause"]), str(report.get("tech_cause", ""))]
    return " ".join(words).strip()


def on_a_simulated_asterisk(
    test: Callable[[SimulatedAsterisk, Ear], Awaitable[None]],
) -> Callable[[], None]:
    """Run a test in virtual time with a simulated Asterisk, and verify that nothing is wrong or left over."""

    def wrapped() -> None:
        async def main() -> None:
            pbx = SimulatedAsterisk(lengths=LENGTHS.get)
            ear = Ear(pbx)
            await asyncio.sleep(0)
            assert ear.told() == [repr(LinkUp(True))]
            await ear.ask("PUT applications/quietline/eventFilter", body=FEW_LEFT_OUT)
            await test(pbx, ear)
            await asyncio.sleep(0.01)
            pbx.verify()

        run(main())

    wrapped.__name__ = test.__name__
    wrapped.__doc__ = test.__doc__
    return wrapped


async def caller(pbx: SimulatedAsterisk, ear: Ear) -> tuple[Line, str]:
    """An answered caller."""
    line = pbx.call("+359888000001", "100")
    await asyncio.sleep(0)
    start = ear.heard[-1]
    assert start["args"] == ["100"] and start["channel"]["caller"]["number"] == "+359888000001"
    channel = start["channel"]["id"]
    assert (await ear.ask(f"POST channels/{channel}/answer")).status == 204
    assert ear.told() == ["StasisStart Ring", "ChannelStateChange Up"]
    return line, channel


@on_a_simulated_asterisk
async def test_a_prompt_a_key_and_a_hang_up_during_the_next_prompt(pbx: SimulatedAsterisk, ear: Ear) -> None:
    line, channel = await caller(pbx, ear)
    first = await ear.ask(f"POST channels/{channel}/play", media="sound:long", playbackId="p1")
    assert (first.status, first.body["state"]) == (201, "queued")
    await ear.ask(f"POST channels/{channel}/play", media="sound:short,sound:short", playbackId="p2")
    line.press("9")
    assert (await ear.ask("DELETE playbacks/p1")).status == 204
    assert (await ear.ask("GET playbacks/p1")).status == 404
    await asyncio.sleep(2)
    assert ear.told() == [
        "PlaybackStarted p1 playing",
        "ChannelDtmfReceived 9",
        "PlaybackFinished p1 done",
        "PlaybackStarted p2 playing",
        "PlaybackContinuing p2 continuing",
        "PlaybackStarted p2 playing",
        "PlaybackFinished p2 done",
    ]
    await ear.ask(f"POST channels/{channel}/play", media="sound:long", playbackId="p3")
    line.hang_up()
    await asyncio.sleep(0.01)
    assert ear.told() == [
        "PlaybackStarted p3 playing",
        "ChannelHangupRequest",
        "PlaybackFinished p3 failed",
        "StasisEnd",
    ]
    for what in ("POST channels/{}/moh", "DELETE channels/{}", "GET channels/{}"):
        assert (await ear.ask(what.format(channel))).status == 404


@on_a_simulated_asterisk
async def test_a_variable_waits_for_the_prompt_and_only_its_own_contact_waits(
    pbx: SimulatedAsterisk, ear: Ear
) -> None:
    line, channel = await caller(pbx, ear)
    loop = asyncio.get_running_loop()
    await ear.ask(f"POST channels/{channel}/play", media="sound:long", playbackId="p")
    began = loop.time()
    blocked = asyncio.ensure_future(ear.ask(f"POST channels/{channel}/variable", variable="X", value="1"))
    await asyncio.sleep(0.01)
    behind = asyncio.ensure_future(ear.ask("GET asterisk/ping"))
    assert (await ear.ask("GET asterisk/ping", "c2")).status == 200
    assert loop.time() - began < 0.1 and not behind.done()
    assert (await blocked).status == 204
    assert loop.time() - began == pytest.approx(10, abs=0.1)
    assert (await behind).status == 200
    assert (await ear.ask(f"GET channels/{channel}/variable", variable="X")).body == {"value": "1"}
    assert (await ear.ask(f"GET channels/{channel}/variable", variable="Y")).status == 404
    line.hang_up()


@on_a_simulated_asterisk
async def test_a_queued_prompt_that_is_stopped_finishes_without_starting(
    pbx: SimulatedAsterisk, ear: Ear
) -> None:
    line, channel = await caller(pbx, ear)
    await ear.ask(f"POST channels/{channel}/play", media="sound:long", playbackId="p1")
    await ear.ask(f"POST channels/{channel}/play", media="sound:short", playbackId="p2")
    await ear.ask("DELETE playbacks/p2")
    await ear.ask("DELETE playbacks/p1")
    await asyncio.sleep(1)
    assert ear.told() == [
        "PlaybackStarted p1 playing",
        "PlaybackFinished p1 done",
        "PlaybackFinished p2 done",
    ]
    line.hang_up()


@on_a_simulated_asterisk
async def test_an_unknown_sound_fails_and_four_kinds_of_media_never_finish(
    pbx: SimulatedAsterisk, ear: Ear
) -> None:
    line, channel = await caller(pbx, ear)
    await ear.ask(f"POST channels/{channel}/play", media="sound:nope", playbackId="p")
    await asyncio.sleep(1)
    assert ear.told() == ["PlaybackStarted p playing", "PlaybackFinished p failed"]
    for media in ("recording:nope", "number:many", "smell:rose", "sound:short,recording:nope"):
        await ear.ask(f"POST channels/{channel}/play", media=media, playbackId="p")
        await asyncio.sleep(100)
        assert not [one for one in ear.told() if one.startswith("PlaybackFinished")], media
    assert (await ear.ask(f"POST channels/{channel}/variable", variable="free", value="1")).status == 204
    line.hang_up()


@on_a_simulated_asterisk
async def test_a_phone_that_is_answered_and_bridged(pbx: SimulatedAsterisk, ear: Ear) -> None:
    phone: list[Line] = []
    pbx.phones["2001"] = phone.append
    line, channel = await caller(pbx, ear)
    made = await ear.ask(
        "POST channels/create", endpoint="PJSIP/2001", app="quietline", appArgs="leg", channelId="L"
    )
    assert (made.status, made.body["state"]) == (200, "Down")
    assert (await ear.ask("POST channels/L/dial", caller=channel, timeout="20")).status == 204
    await asyncio.sleep(0.5)
    phone[0].ring()
    await asyncio.sleep(1)
    phone[0].answer()
    await ear.ask("POST bridges", type="mixing", bridgeId="b")
    assert (await ear.ask("POST bridges", type="mixing", bridgeId="b")).status == 409
    await ear.ask("POST bridges/b/addChannel", channel=f"{channel},L")
    app = await ear.ask("GET applications/quietline")
    assert set(app.body["channel_ids"]) == {channel, "L"} and app.body["bridge_ids"] == ["b"]
    phone[0].hang_up()
    await asyncio.sleep(0.01)
    assert ear.told() == [
        "StasisStart Down",
        "Dial",
        "Dial RINGING",
        "ChannelStateChange Ringing",
        "ChannelStateChange Up",
        "Dial ANSWER",
        "ChannelEnteredBridge",
        "ChannelEnteredBridge",
        "ChannelHangupRequest 16",
        "ChannelLeftBridge",
        "StasisEnd",
        "ChannelDestroyed 16",
    ]
    assert (await ear.ask("POST bridges/b/addChannel", channel="L")).status == 400
    await ear.ask(f"DELETE channels/{channel}")
    await ear.ask("DELETE bridges/b")
    assert ear.told() == [
        "ChannelHangupRequest 32",
        "ChannelLeftBridge",
        "StasisEnd",
        "BridgeDestroyed",
    ]
    assert line.over


@pytest.mark.parametrize(
    ("sip", "cause"), [(486, "17 486"), (603, "21 603"), (480, "19 480"), (404, "1 404")]
)
def test_a_phone_that_refuses(sip: int, cause: str) -> None:
    @on_a_simulated_asterisk
    async def refused(pbx: SimulatedAsterisk, ear: Ear) -> None:
        pbx.phones["2001"] = lambda line: line.reject(sip)
        await ear.ask("POST channels/create", endpoint="PJSIP/2001", app="quietline", channelId="L")
        await ear.ask("POST channels/L/dial", timeout="20")
        await asyncio.sleep(1)
        assert ear.told() == [
            "StasisStart Down",
            "Dial",
            f"ChannelHangupRequest {cause}",
            "StasisEnd",
            f"ChannelDestroyed {cause}",
        ]

    refused()


@on_a_simulated_asterisk
async def test_a_phone_that_is_not_answered_is_given_up_in_time(pbx: SimulatedAsterisk, ear: Ear) -> None:
    pbx.phones["2001"] = Line.ring
    await ear.ask("POST channels/create", endpoint="PJSIP/2001", app="quietline", channelId="L")
    await ear.ask("POST channels/L/dial", timeout="3")
    began = asyncio.get_running_loop().time()
    requested = await ear.until("ChannelHangupRequest")
    assert asyncio.get_running_loop().time() - began == pytest.approx(3, abs=0.11)
    assert requested["cause"] == 32
    await asyncio.sleep(0.01)
    assert ear.told() == ["StasisEnd", "ChannelDestroyed 19 480"]


@on_a_simulated_asterisk
async def test_a_phone_without_a_known_address_cannot_be_created(pbx: SimulatedAsterisk, ear: Ear) -> None:
    answer = await ear.ask("POST channels/create", endpoint="PJSIP/nobody", app="quietline", channelId="L")
    assert (answer.status, answer.body) == (500, {"error": "Allocation failed"})


@on_a_simulated_asterisk
async def test_an_originated_call_enters_the_application_when_it_is_answered(
    pbx: SimulatedAsterisk, ear: Ear
) -> None:
    pbx.phones["2001"] = Line.answer
    await ear.ask("POST channels", endpoint="PJSIP/2001", app="quietline", channelId="O")
    await asyncio.sleep(1)
    assert ear.told() == ["Dial", "ChannelStateChange Up", "Dial ANSWER", "StasisStart Up"]
    await ear.ask("DELETE channels/O")


@on_a_simulated_asterisk
async def test_a_live_recordings_file_is_there_and_looks_empty(pbx: SimulatedAsterisk, ear: Ear) -> None:
    line, channel = await caller(pbx, ear)
    await ear.ask(f"POST channels/{channel}/record", name="r", format="wav")
    await asyncio.sleep(2)
    assert [one["name"] for one in (await ear.ask("GET recordings/stored")).body] == ["r"]
    assert len(await ear.link.download("recordings/stored/r/file")) == 44
    line.hang_up()
    await asyncio.sleep(0.01)
    assert len(await ear.link.download("recordings/stored/r/file")) == pytest.approx(
        44 + 2 * 8000 * 2, abs=100
    )


@on_a_simulated_asterisk
async def test_a_recording_ends_by_its_key_by_silence_by_its_limit_and_by_the_hang_up(
    pbx: SimulatedAsterisk, ear: Ear
) -> None:
    line, channel = await caller(pbx, ear)
    loop = asyncio.get_running_loop()

    async def recorded(name: str, act: Callable[[], None] | None = None, **how: str) -> dict[str, Any]:
        query = {"name": name, "format": "wav", "terminateOn": "#", **how}
        assert (await ear.ask(f"POST channels/{channel}/record", **query)).status == 201
        if act is not None:
            loop.call_later(2.5, act)
        return dict((await ear.until("RecordingFinished"))["recording"])

    assert (await recorded("box/1", lambda: line.press("#"), maxSilenceSeconds="8"))["duration"] == 2
    assert (await ear.ask(f"POST channels/{channel}/record", name="box/1", format="wav")).status == 409
    line.speak(True)
    silent = await recorded("2", lambda: line.speak(False), maxSilenceSeconds="2")
    assert (silent["duration"], silent["talking_duration"]) == (4, 2)
    assert (await recorded("3", maxDurationSeconds="7"))["duration"] == 7  # and up to a second more
    assert (await recorded("4", line.hang_up))["duration"] == 2
    stored = await ear.ask("GET recordings/stored")
    assert [one["name"] for one in stored.body] == ["box/1", "2", "3", "4"]
    assert (await ear.ask("GET recordings/stored/box%2F1")).status == 200
    file = await ear.link.download("recordings/stored/3/file")
    assert 7 * 16_000 + 44 <= len(file) <= 8 * 16_000 + 44
    with pytest.raises(FileNotFoundError):
        await ear.link.download("recordings/stored/nope/file")


@on_a_simulated_asterisk
async def test_a_lost_link_loses_events_but_no_call(pbx: SimulatedAsterisk, ear: Ear) -> None:
    line, channel = await caller(pbx, ear)
    await ear.ask(f"POST channels/{channel}/play", media="sound:long", playbackId="p")
    waiting = asyncio.ensure_future(ear.ask(f"POST channels/{channel}/answer"))
    await asyncio.sleep(0.1)
    ear.link.cut()
    with pytest.raises(PbxUnreachable):
        await waiting
    with pytest.raises(PbxUnreachable):
        await ear.ask("GET channels")
    lost = pbx.call("+4", "100")
    line.press("1")
    await asyncio.sleep(20)
    ear.link.restore()
    await asyncio.sleep(0.01)
    assert [fallback.from_number for fallback in pbx.fallbacks] == ["+4"]
    assert ear.told() == [
        "PlaybackStarted p playing",
        repr(LinkDown("the event socket is lost")),
        repr(LinkUp(False)),
    ]
    assert (await ear.ask("GET applications/quietline")).body["channel_ids"] == [channel]
    line.hang_up()
    lost.hang_up()
    await asyncio.sleep(0.01)
    assert ear.told() == ["ChannelHangupRequest", "StasisEnd"]


@on_a_simulated_asterisk
async def test_a_new_engine_finds_the_calls_of_the_one_that_crashed(pbx: SimulatedAsterisk, ear: Ear) -> None:
    line, channel = await caller(pbx, ear)
    ear.link.close()
    await ear.listening
    second = Ear(pbx)
    assert (await second.ask("GET channels")).body[0]["id"] == channel
    line.hang_up()
    await asyncio.sleep(0.01)
    assert second.told() == [repr(LinkUp(True)), "ChannelHangupRequest", "StasisEnd"]


@on_a_simulated_asterisk
async def test_an_engine_that_is_taken_over_hears_it_and_stops(pbx: SimulatedAsterisk, ear: Ear) -> None:
    Ear(pbx)
    with pytest.raises(TakenOver):
        await ear.listening
    with pytest.raises(PbxUnreachable):
        await ear.ask("GET channels")


@pytest.mark.parametrize(
    ("what", "query", "says"),
    [
        ("POST channels/1/sing", {}, "no such operation"),
        ("POST channels/1/play", {}, "media: missing"),
        ("POST channels/1/play", {"media": "sound:x", "loud": "1"}, "loud: not a parameter"),
        ("GET mailboxes", {}, "not simulated"),
    ],
)
def test_what_is_not_ari_fails_loudly_and_is_not_forgotten(
    what: str, query: dict[str, str], says: str
) -> None:
    async def main() -> None:
        pbx = SimulatedAsterisk()
        ear = Ear(pbx)
        with pytest.raises(AssertionError, match=says):
            await ear.ask(what, **query)
        with pytest.raises(NotAri, match=says):
            pbx.verify()

    run(main())


def test_an_event_that_is_not_ari_fails_loudly() -> None:
    async def main() -> None:
        pbx = SimulatedAsterisk()
        Ear(pbx)
        line = pbx.call("+1", "100")
        with pytest.raises(NotAri, match="digit"):
            line.press(5)  # type: ignore[arg-type]

    run(main())


def test_leftovers_are_named() -> None:
    async def main() -> None:
        pbx = SimulatedAsterisk()
        Ear(pbx)
        pbx.call("+1", "100")
        with pytest.raises(NotAri, match=r"channel PJSIP/trunk-.* in state Ring"):
            pbx.verify()

    run(main())


def test_with_chance_events_keep_their_order_and_the_same_seed_gives_the_same_run() -> None:
    def heard(seed: int) -> list[str]:
        async def main() -> list[str]:
            pbx = SimulatedAsterisk(lengths=LENGTHS.get, chance=random.Random(seed))
            ear = Ear(pbx)
            line = pbx.call("+1", "100")
            channel = next(iter(pbx.channels))
            told: list[str] = []

            async def ask(name: str) -> None:
                await ear.ask(f"POST channels/{channel}/play", name, media="sound:short", playbackId=name)
                told.append(f"{name} answered after {len(ear.heard)} reports")

            await asyncio.gather(*(ask(str(number)) for number in range(5)))
            line.hang_up()
            await asyncio.sleep(5)
            pbx.verify()
            reports = [_short(one) for one in ear.heard]
            assert reports[-1] == "StasisEnd" and reports[1] == "StasisStart Ring"
            return told + reports

        return run(main())

    assert heard(1) == heard(1)
    assert len({tuple(heard(seed)) for seed in range(10)}) > 1


def test_requests_after_a_cut_are_not_served_later() -> None:
    async def main() -> None:
        pbx = SimulatedAsterisk(lengths=LENGTHS.get)
        ear = Ear(pbx)
        assert isinstance(ear.link, SimTransport)
        asking = asyncio.ensure_future(ear.ask("POST bridges", type="mixing", bridgeId="b"))
        await asyncio.sleep(0)
        ear.link.cut()
        ear.link.restore()
        with pytest.raises(PbxUnreachable):
            await asking
        await asyncio.sleep(1)
        assert pbx.bridges == {}

    run(main())
