"""Callers who speak, and all that can go wrong with hearing them: nobody is worse off for it than with keys alone."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from simulated import simulate
from told import Told, set_agents

from engine.app import Engine
from engine.config import Loaded
from engine.core.event import Event
from engine.core.heard import Began, Heard, Hypothesis
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.channel import Channel
from engine.sim.fetched import Fetched
from engine.sim.people import call, plug_in
from engine.sim.scenario import (
    Act,
    AgentPlan,
    CallerPlan,
    HangUp,
    Press,
    Say,
    Scenario,
    Stay,
    Talk,
    Then,
    Wait,
)
from engine.speech.port import Hear, Recogniser, Vocabulary
from engine.speech.scripted import Scripted, ScriptedUtterance

AGENT = Scenario("", "", (), {"2001": AgentPlan("2001", 1.0, Then.ANSWER, 2.0)}, ("2001",))
Trouble = Callable[[SimulatedAsterisk], None]


def speaking(
    site: Loaded,
    folder: Path,
    *does: Act,
    number: str = "100",
    recogniser: Recogniser | None = None,
    trouble: tuple[float, Trouble] | None = None,
) -> Told:
    """What came of one caller's call; `trouble` comes some seconds after they dial."""

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, AGENT, list(site.snapshot.settings.agents))
        await set_agents(engine, AGENT.ready)
        if trouble is not None:
            pbx.later(trouble[0], lambda: trouble[1](pbx))
        await call(pbx, CallerPlan("+359888000001", number, does, {}))

    return simulate(site, folder, act, recogniser or Scripted("en"))


def steps(told: Told, do: str) -> list[Event]:
    (events,) = told.events.values()
    return [event for event in events if event.kind == "step" and event.data["do"] == do]


def outcomes(told: Told, do: str = "Choose") -> list[str | None]:
    return [event.data["outcome"] for event in steps(told, do)]


def test_what_was_heard_and_decided_is_in_the_event_of_its_step(site: Loaded, tmp_path: Path) -> None:
    told = speaking(site, tmp_path, Wait(2.5), Say("middle", 0.9), Stay())
    (step,) = steps(told, "Choose")
    (said,) = step.data["said"]
    assert step.data["outcome"] == "1"
    assert said["words"][0][:2] == ["middle", 0.9]
    assert (said["decision"]["verdict"], said["decision"]["choice"]) == ("match", "1")


def test_a_prompt_stops_within_150_ms_of_speech(site: Loaded, tmp_path: Path) -> None:
    playing: list[bool] = []

    def look(pbx: SimulatedAsterisk) -> None:
        for after in (0.0, 0.15):
            pbx.later(after, lambda: playing.append(bool(pbx.playbacks)))

    does = (Wait(1.2), Say("middle"), Stay())  # the menu is spoken from the first second to the second one
    assert outcomes(speaking(site, tmp_path, *does, trouble=(1.2, look))) == ["1"]
    assert playing == [True, False]


def test_words_that_are_not_sure_are_not_taken_for_a_choice(site: Loaded, tmp_path: Path) -> None:
    told = speaking(site, tmp_path, Wait(2.5), Say("middle", 0.5), Wait(3.5), Press("1"), Stay())
    assert outcomes(told) == ["1?", "1"]


def test_keys_and_words_make_one_number_in_their_order(site: Loaded, tmp_path: Path) -> None:
    does = (Wait(1.5), Press("12"), Say("three four"), Wait(5.0), Say("yes"), Stay())
    told = speaking(site, tmp_path, *does, number="105")
    assert outcomes(told, "Collect") == ["1234"]
    assert outcomes(told) == ["1"]
    assert [record["queue"] for record in told.records.values()] == ["desk_a"]


def test_a_pin_is_never_listened_to(site: Loaded, tmp_path: Path) -> None:
    hears = Listened("en")
    told = speaking(
        site,
        tmp_path,
        Wait(1.5),
        Press("4711#"),
        Wait(1.5),
        Say("one two three"),
        HangUp(),
        number="115",
        recogniser=hears,
    )
    secret = [event.data["secret"] for event in steps(told, "Collect")]
    assert secret[0] is False
    assert len(hears.opened) == secret.count(False)


@pytest.mark.parametrize("language", ["bg", ""])
def test_a_language_nobody_hears_is_one_of_keys(site: Loaded, tmp_path: Path, language: str) -> None:
    hears = Listened(language)
    told = speaking(site, tmp_path, Wait(2.5), Say("middle"), Press("1"), Stay(), recogniser=hears)
    assert outcomes(told) == ["1"]
    assert hears.opened == []


class Listened(Scripted):
    """Counts the utterances it was asked for."""

    def __init__(self, *languages: str) -> None:
        super().__init__(*languages)
        self.opened: list[ScriptedUtterance] = []

    def open(self, vocabulary: Vocabulary, hear: Hear) -> ScriptedUtterance | None:
        utterance = super().open(vocabulary, hear)
        self.opened += [] if utterance is None else [utterance]
        return utterance


class Noise(ScriptedUtterance):
    """Takes every sound for one that may be speech, and hears words only where there are some."""

    def feed(self, sound: bytes) -> None:
        if any(sound) and b"said" not in sound and not self.over:
            self._told_soon(Began(0.0), 0.05)
            self._told_soon(Hypothesis((), True, 0.0), 0.4)
        super().feed(sound)

    def _told_soon(self, heard: Heard, after: float) -> None:
        asyncio.get_running_loop().call_later(after, self._told, heard)


class Noisy(Scripted):
    """A recogniser for a line on which there is more than words."""

    def open(self, vocabulary: Vocabulary, hear: Hear) -> ScriptedUtterance | None:
        return Noise(vocabulary, hear) if vocabulary.language in self.languages else None


def test_a_prompt_that_a_noise_has_stopped_is_spoken_again_and_then_to_its_end(
    site: Loaded, tmp_path: Path
) -> None:
    does = (Wait(1.3), Talk(0.2), Wait(0.5), Talk(0.2), Wait(1.5), Say("middle"), Stay())
    told = speaking(site, tmp_path, *does, recogniser=Noisy("en"))
    (choice,) = steps(told, "Choose")
    assert choice.data["outcome"] == "1"
    (answered,) = [record["outcome"] for record in told.records.values()]
    assert answered == "answered"


def gone(kind: str) -> Trouble:
    """A channel of the ear's ends by itself."""

    def do(pbx: SimulatedAsterisk) -> None:
        (channel,) = [one for one in pbx.channels.values() if one.id.endswith(kind) and "~e" in one.id]
        channel.hang_up()

    return do


def websocket_breaks(pbx: SimulatedAsterisk) -> None:
    (media,) = [one.media for one in pbx.channels.values() if one.media is not None]
    media.lose()


def bridge_destroyed(pbx: SimulatedAsterisk) -> None:
    for bridge in list(pbx.bridges.values()):
        bridge.destroy()


@pytest.mark.parametrize(
    "trouble",
    [gone("s"), gone("m"), websocket_breaks, bridge_destroyed],
    ids=["snoop", "media", "websocket", "bridge"],
)
def test_an_ear_that_goes_deaf_costs_nobody_their_keys(
    site: Loaded, tmp_path: Path, trouble: Trouble
) -> None:
    told = speaking(
        site, tmp_path, Wait(2.2), Say("middle"), Wait(1.0), Press("1"), Stay(), trouble=(2.0, trouble)
    )
    assert outcomes(told) == ["1"]
    assert "said" not in steps(told, "Choose")[0].data


def test_a_recogniser_that_dies_costs_nobody_their_keys(site: Loaded, tmp_path: Path) -> None:
    hears = Scripted("en")

    def die(_: SimulatedAsterisk) -> None:
        for utterance in hears.utterances:
            utterance.lose("dead")

    told = speaking(
        site,
        tmp_path,
        Wait(2.2),
        Say("middle"),
        Wait(1.0),
        Press("1"),
        Stay(),
        recogniser=hears,
        trouble=(2.0, die),
    )
    assert outcomes(told) == ["1"]


def test_whoever_says_nothing_moves_on_by_the_steps_timeout_as_ever(site: Loaded, tmp_path: Path) -> None:
    silent = [
        speaking(site, tmp_path / name, Wait(20.0), Stay(), recogniser=hears)
        for name, hears in (("e", Scripted("en")), ("n", Scripted()))
    ]
    times = [[round(event.at, 2) for event in steps(told, "Choose")] for told in silent]
    assert times[0] == times[1]
    assert outcomes(silent[0]) == [None, None, None]


@pytest.mark.parametrize("after", [1.05, 1.0505, 1.051, 1.0515, 1.052, 1.053, 1.055, 1.2, 2.5])
def test_whoever_hangs_up_while_they_are_listened_to_leaves_nothing_behind(
    site: Loaded, tmp_path: Path, after: float
) -> None:
    told = speaking(site, tmp_path, Wait(after), HangUp())
    assert [record["outcome"] for record in told.records.values()] == ["ivr_hangup"]


def hostile(seed: int) -> list[tuple[float, bytes | None]]:
    """A stream that no phone makes: seconds since the last thing, and sound; None breaks the websocket."""
    chance = random.Random(seed)
    noise, frame = chance.randbytes, 640
    streams: list[list[tuple[float, bytes | None]]] = [
        [],
        [(0.02, bytes(frame))] * 50,
        [(0.02, b"\x00\x40" * 320)] * 50,
        [(0.02, b"\xff\x7f\x00\x80" * 160)] * 50,
        [(0.1, noise(5 * frame)) for _ in range(40)],
        [(0.5, noise(200 * frame))] * 3,
        [(chance.uniform(0.0, 0.1), noise(chance.randrange(2000))) for _ in range(100)],
        [(0.02, noise(1)) for _ in range(100)],
        [(1.3, noise(641)), (0.3, None)],
        [(1.2, b"\xff" * 64_000), (0.1, b"\x80" * 3), (0.1, noise(64_001))],
    ]
    return streams[seed % len(streams)]


def test_a_hundred_hostile_streams_move_everybody_on_by_the_steps_timeout(
    site: Loaded, tmp_path: Path
) -> None:
    async def act(pbx: SimulatedAsterisk, _: Engine) -> None:
        async def caller(seed: int) -> None:
            line, began = pbx.call(f"+35988800{seed:04}", "100"), pbx.now()
            for after, sound in hostile(seed):
                await asyncio.sleep(after)
                if sound is None:
                    next(one for snoop in line.channel.snoops for one in media_of(snoop)).lose()
                else:
                    line.sound(sound)
            await asyncio.sleep(
                began + 5.5 - pbx.now()
            )  # a second each for welcome and menu, 3 s for an answer
            line.hang_up()

        await asyncio.gather(*(caller(seed) for seed in range(100)))

    told = simulate(site, tmp_path, act, Scripted("en"))
    assert len(told.events) == 100
    for events in told.events.values():
        (choice,) = [event for event in events if event.data.get("do") == "Choose"]
        assert (choice.data["outcome"], round(choice.at - events[0].at, 1)) == (None, 5.0)


def test_a_recogniser_with_a_fault_costs_nobody_their_keys(
    site: Loaded, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    def feed(pbx: SimulatedAsterisk) -> None:
        (caller,) = [one for one in pbx.channels.values() if one.snoops]
        caller.sounds(b"\x7f\x80said no JSON \x80\x7f")

    told = speaking(site, tmp_path, Wait(3.0), Press("1"), Stay(), trouble=(2.0, feed))
    assert outcomes(told) == ["1"]
    assert "an ear ended by a fault of ours" in capfd.readouterr().out


def media_of(snoop: Channel) -> list[Fetched]:
    """Where what a snoop channel hears goes."""
    return [one.media for one in snoop.bridge.channels if one.media] if snoop.bridge else []
