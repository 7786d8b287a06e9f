"""Recognisers live in processes apart: what fails there costs callers an ear, and nothing else."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from tones import CRASH, SLOW, Tones, silence, tone

from engine.core.heard import Began, Heard, Hypothesis, Lost
from engine.counters import Counters
from engine.errors import SetupError
from engine.speech import workers
from engine.speech.link import Link
from engine.speech.port import Vocabulary
from engine.speech.proof import Proof
from engine.speech.recognisers import Recognisers
from engine.speech.wire import FINISH, OPEN, SOUND, Frame
from engine.speech.worker import Listening
from engine.speech.workers import Workers

PROGRAM = (sys.executable, str(Path(__file__).with_name("tones.py")))
WORDS = Vocabulary("tones", ("low", "middle", "high"))
SAYS_LOW = silence(0.5) + tone(300) + silence(0.5)
PATIENCE = 20.0


@asynccontextmanager
async def kept(folder: Path, proof: Proof | None = None, listeners: int = 2) -> AsyncIterator[Workers]:
    """Processes for the language of tones, until the block ends; then none is left."""
    one = Workers("tones", folder, Counters(), proof, listeners, pauses=(0.05,), program=PROGRAM)
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], object], what: str) -> None:
    """Wait for something that happens in another process."""
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.005)
    assert true(), what


class Caller:
    """Who is listened to, and what was told of them."""

    def __init__(self, one: Workers) -> None:
        self.told: list[Heard] = []
        utterance = one.open(WORDS, self.told.append)
        assert utterance is not None
        self.utterance = utterance

    def says(self, sound: bytes) -> None:
        """20 ms at a time."""
        for start in range(0, len(sound), 640):
            self.utterance.feed(sound[start : start + 640])

    @property
    def finals(self) -> list[str]:
        """The words that stay."""
        return [one.text for one in self.told if isinstance(one, Hypothesis) and one.final]

    async def heard(self, *words: str) -> None:
        """Wait until these words are final."""
        await until(lambda: self.finals == list(words), f"{words} of {self.told}")

    async def lost(self, why: str) -> None:
        """Wait until nobody hears them any more."""
        await until(lambda: self.told[-1:] == [Lost(why)], f"lost: {self.told}")


def children(folder: Path, *of: str) -> set[int]:
    """The processes that were started for this folder; with `-P PID` those that this one has started."""
    done = subprocess.run(["pgrep", *of, "-f", str(folder)], capture_output=True, text=True, check=False)
    return set(map(int, done.stdout.split()))


async def test_words_are_heard_in_another_process_partly_first_and_then_for_good(tmp_path: Path) -> None:
    async with kept(tmp_path) as one:
        await until(lambda: one.heard, "the model is loaded")
        assert one.trouble == ""
        first, second = Caller(one), Caller(one)
        first.says(SAYS_LOW)
        second.says(silence(0.5) + tone(900))
        second.utterance.finish()
        await first.heard("low")
        await second.heard("high")
        begun, *between = first.told
        assert isinstance(begun, Began) and 0.5 <= begun.at <= 0.6
        partial = [heard for heard in between if isinstance(heard, Hypothesis) and not heard.final]
        assert partial[-1].text == "low" and partial[-1].steady > 0
        first.says(SAYS_LOW)
        await first.heard("low", "low")
        assert await one.unknown(["low", "loud", "high"]) == ("loud",)


async def test_a_crash_in_native_code_costs_its_own_callers_their_ear_and_no_other(tmp_path: Path) -> None:
    async with kept(tmp_path) as one:
        await until(lambda: len(children(tmp_path)) == 3, "a holder and two listeners")
        await until(lambda: len(one.listening) == 2, "both listen")
        crashing, other = Caller(one), Caller(one)
        crashing.says(silence(0.5) + tone(CRASH))
        await crashing.lost("dead")
        crashing.says(SAYS_LOW)
        other.says(SAYS_LOW)
        await other.heard("low")
        await until(lambda: len(one.listening) == 2, "another one has come")
        again = Caller(one)
        again.says(SAYS_LOW)
        await again.heard("low")
        assert one.counters.told()['quietline_speech_lost_total{why="dead"}'] == 1
        assert one.counters.told()['quietline_speech_processes_ended_total{what="listener"}'] == 1


async def test_listeners_hear_on_while_a_new_holder_is_started(tmp_path: Path) -> None:
    async with kept(tmp_path) as one:
        await until(lambda: len(one.listening) == 2, "both listen")
        caller, before = Caller(one), children(tmp_path)
        (holder,) = children(tmp_path, "-P", str(os.getpid()))
        os.kill(holder, signal.SIGKILL)
        await until(lambda: children(tmp_path) - before, "another holder")
        caller.says(SAYS_LOW)
        await caller.heard("low")
        assert one.counters.told()['quietline_speech_processes_ended_total{what="holder"}'] == 1
    await until(lambda: not children(tmp_path), "nothing is left")


async def test_a_listener_that_is_slow_loses_its_callers_and_takes_no_more_than_two_seconds_of_each(
    tmp_path: Path,
) -> None:
    async with kept(tmp_path, listeners=1) as one:
        await until(lambda: one.heard, "the model is loaded")
        slow, behind = Caller(one), Caller(one)
        slow.says(silence(0.5) + tone(SLOW, 0.6))
        await until(lambda: slow.told, "it begins")
        behind.says(silence(1.9))
        assert behind.told == []
        behind.says(silence(0.2))
        await behind.lost("slow")
        slow.says(silence(2.5))
        await slow.lost("slow")
        assert one.counters.told()['quietline_speech_lost_total{why="slow"}'] == 2


async def test_who_is_closed_is_told_nothing_and_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "MOST", 1)
    async with kept(tmp_path, listeners=1) as one:
        assert one.open(WORDS, print) is None
        await until(lambda: one.heard, "the model is loaded")
        first = Caller(one)
        assert one.open(WORDS, print) is None
        first.says(SAYS_LOW)
        first.utterance.close()
        second = Caller(one)
        second.says(SAYS_LOW)
        await second.heard("low")
        assert first.told == []
        unheard = {key: value for key, value in one.counters.told().items() if "unheard" in key}
        assert unheard == {
            'quietline_speech_unheard_total{why="away"}': 1,
            'quietline_speech_unheard_total{why="full"}': 1,
        }


@pytest.mark.parametrize(
    ("name", "words", "why"),
    [
        ("missing", "low", "{} is no folder with a model"),
        ("broken", "low", "the model in {} cannot be read: it is no model of Vosk's, or not whole"),
        (
            "deaf",
            "high",
            "the model in {} does not hear its test recording: that says 'high', and it heard 'low'",
        ),
    ],
)
async def test_a_model_that_is_no_good_says_so_in_a_sentence_and_hears_nobody(
    tmp_path: Path, name: str, words: str, why: str
) -> None:
    folder = tmp_path / name
    if name != "missing":
        folder.mkdir()
    async with kept(folder, Proof(SAYS_LOW, words, ("low",))) as one:
        await until(lambda: one.trouble != "the model is being loaded", "it was tried")
        assert one.trouble == why.format(folder)
        assert not one.heard and one.open(WORDS, print) is None
        with pytest.raises(SetupError, match=name):
            await one.unknown(["low"])


async def test_a_language_is_heard_once_its_recording_was_recognised(tmp_path: Path) -> None:
    async with kept(tmp_path, Proof(SAYS_LOW, "low", ("high",)), listeners=1) as one:
        await until(lambda: one.heard, "it is proved")


async def test_a_site_that_takes_another_model_hears_with_that_one(tmp_path: Path) -> None:
    recognisers = Recognisers({"tones": tmp_path / "none"}, Counters(), PROGRAM)
    task = asyncio.create_task(recognisers.run())
    await until(lambda: "is no folder" in recognisers.troubles.get("tones", ""), "it was tried")
    recognisers.reload({"tones": tmp_path, "others": tmp_path})
    await until(lambda: recognisers.languages == {"tones", "others"}, "both are heard")
    recognisers.reload({"others": tmp_path})
    assert recognisers.languages == {"others"} and recognisers.troubles == {}
    assert recognisers.open(WORDS, print) is None
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    await until(lambda: not children(tmp_path), "nothing is left")


#: A holder that a newer Quietline has brought.
FUTURE = """
import socket, sys
from engine.speech.wire import HELLO, packed
with socket.socket(fileno=int(sys.argv[2])) as engine:
    engine.sendall(packed(HELLO, 0, {"version": 99}))
    engine.recv(1)
"""


async def test_a_holder_of_another_version_is_trouble_and_ends_nothing(tmp_path: Path) -> None:
    one = Workers("tones", tmp_path, Counters(), pauses=(0.05,), program=(sys.executable, "-c", FUTURE))
    task = asyncio.create_task(one.run())
    await until(lambda: task.done() or "version 99" in one.trouble, "it was tried")
    assert not task.done()
    assert one.trouble == (
        "the recogniser's process does not speak as it should: it speaks version 99, and we speak 1"
    )
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_listener_that_ends_as_it_begins_is_given_no_callers(tmp_path: Path) -> None:
    link = Link(lambda link: None)
    link.ready.set_result(None)
    link.connection_lost(None)
    with pytest.raises(SetupError, match="has ended as soon as it began"):
        await Workers("tones", tmp_path, Counters())._ready(link)


def test_a_holder_that_has_lived_long_is_followed_at_once_and_others_later_and_later(tmp_path: Path) -> None:
    one = Workers("tones", tmp_path, Counters(), pauses=(1.0, 2.0, 60.0))
    assert [one.pause(short) for short in range(6)] == [1.0, 1.0, 2.0, 60.0, 60.0, 60.0]


def test_a_listener_keeps_nothing_of_callers_whom_it_has_heard() -> None:
    engine, theirs = socket.socketpair()
    listening = Listening(Tones(), theirs)
    with engine, theirs:
        for kind, data in ((OPEN, b'["low"]'), (SOUND, SAYS_LOW), (FINISH, b"")):
            listening._do(Frame(kind, 1, data))
    assert listening._acked == listening._listeners == {}
