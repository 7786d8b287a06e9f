"""The simulator's recogniser tells what a real one would, when it would, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from engine.core.heard import UNKNOWN, Began, Heard, Hypothesis, Lost, hypothesis
from engine.sim.clock import run
from engine.speech.port import Recogniser, Vocabulary
from engine.speech.scripted import FINAL_AFTER, WORD, Said, Scripted, ScriptedUtterance, voiced

MENU = Vocabulary("en", ("sales", "leave a message", "yes"))
Act = Callable[[ScriptedUtterance], None]


def heard_of(*moments: tuple[float, Act], vocabulary: Vocabulary = MENU) -> list[tuple[float, Heard]]:
    """What is told, and when, of an utterance to which something is done at some moments."""

    async def scene() -> list[tuple[float, Heard]]:
        recogniser: Scripted = Scripted("en")
        loop, told = asyncio.get_running_loop(), []
        utterance = recogniser.open(vocabulary, lambda heard: told.append((round(loop.time(), 3), heard)))
        assert utterance is not None
        for at, act in moments:
            await asyncio.sleep(at - loop.time())
            act(utterance)
        await asyncio.sleep(10)
        return told

    return run(scene())


def says(words: str, confidence: float = 1.0) -> Act:
    """The caller says words: all their sound comes at once."""
    return lambda utterance: utterance.feed(b"".join(voiced(Said(words, confidence))))


def test_words_are_told_as_a_real_recogniser_would_tell_them() -> None:
    told = heard_of((2.0, says("leave a message", 0.8)))
    begun, *partials, (when, final) = told
    assert begun == (2.0, Began(2.0))
    assert [heard.text for _, heard in partials if isinstance(heard, Hypothesis) and not heard.final] == [
        "leave",
        "leave a",
        "leave a message",
    ]
    assert isinstance(final, Hypothesis) and final.final and final.text == "leave a message"
    assert {word.confidence for word in final.words} == {0.8}
    assert when == pytest.approx(2.0 + 3 * WORD + FINAL_AFTER) == final.at


def test_words_outside_the_vocabulary_are_unknown_once() -> None:
    *_, (_, final) = heard_of((0.0, says("I would like Sales please")))
    assert isinstance(final, Hypothesis) and final.text == f"{UNKNOWN} sales {UNKNOWN}"


def test_what_follows_within_a_moment_belongs_to_the_same_hypothesis() -> None:
    told = heard_of((0.0, says("leave a")), (0.8, says("message")), (5.0, says("yes")))
    finals = [heard.text for _, heard in told if isinstance(heard, Hypothesis) and heard.final]
    assert finals == ["leave a message", "yes"]
    assert sum(isinstance(heard, Began) for _, heard in told) == 2


def test_sound_may_come_in_pieces_of_any_size_and_silence_says_nothing() -> None:
    sound = b"".join(voiced(Said("sales")))

    def piece_by_piece(utterance: ScriptedUtterance) -> None:
        for start in range(0, len(sound), 7):
            utterance.feed(sound[start : start + 7])

    *_, (_, final) = heard_of((0.0, lambda utterance: utterance.feed(bytes(6400))), (1.0, piece_by_piece))
    assert isinstance(final, Hypothesis) and final.text == "sales"


def test_what_was_said_is_final_at_once_when_no_more_sound_comes() -> None:
    told = heard_of((0.0, says("sales")), (0.5, ScriptedUtterance.finish), (1.0, says("yes")))
    when, final = told[-1]
    assert when == 0.5 and isinstance(final, Hypothesis) and final.final and final.text == "sales"


def test_a_closed_utterance_tells_nothing_and_a_lost_one_tells_so_once() -> None:
    closed = heard_of((0.0, says("sales")), (0.1, ScriptedUtterance.close), (0.2, says("yes")))
    assert [heard for _, heard in closed] == [Began(0.0)]
    lost = heard_of((0.0, says("sales")), (0.1, lambda utterance: utterance.lose("dead")), (0.2, says("yes")))
    assert [heard for _, heard in lost] == [Began(0.0), Lost("dead")]


def test_a_language_without_a_recogniser_is_one_of_keys_alone() -> None:
    async def scene() -> None:
        recogniser: Recogniser = Scripted("en")
        assert recogniser.languages == {"en"}
        assert recogniser.open(Vocabulary("bg", ("да",)), print) is None

    run(scene())


def test_a_hypothesis_goes_into_an_event_and_comes_out_the_same() -> None:
    *_, (_, final) = heard_of((0.0, says("leave a message", 0.75)))
    assert isinstance(final, Hypothesis)
    assert hypothesis(final.told()) == final
