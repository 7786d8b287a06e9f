"""The recordings with which models prove that they hear anything at all."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from engine.speech import proof
from engine.speech.level import Begins, Ends, Levels
from engine.speech.port import RATE
from engine.speech.proof import PROOFS, proof_of


@pytest.mark.parametrize("language", PROOFS)
def test_a_proof_is_one_stretch_of_speech_at_the_rate_that_recognisers_are_fed(language: str) -> None:
    with wave.open(str(Path(proof.__file__).parent / "proofs" / f"{language}.wav")) as recording:
        assert (recording.getframerate(), recording.getsampwidth(), recording.getnchannels()) == (RATE, 2, 1)
    known = proof_of(language)
    assert known is not None
    found = [type(one) for one in Levels().push(known.sound) if not isinstance(one, bytes)]
    assert found == [Begins, Ends]


def test_one_word_of_a_proof_is_enough_and_silence_or_other_words_are_not() -> None:
    known = proof_of("en")
    assert known is not None
    assert known.passed("four seven nine") and known.passed("[unk] seven")
    assert not known.passed("") and not known.passed("[unk] zero")


def test_a_language_without_a_recording_has_no_proof() -> None:
    assert proof_of("bg") is None
