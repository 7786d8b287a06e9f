"""Where speech begins and ends, by its level alone."""

from __future__ import annotations

import random
from array import array
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tones import silence, tone

from engine.speech.level import Begins, Ends, Found, Levels, level
from engine.speech.port import RATE

LINE_OPENS = 1.0


def found_in(sound: bytes, piece: int = 640) -> list[Found]:
    """All that is found in some sound that comes in pieces."""
    levels = Levels()
    return [one for start in range(0, len(sound), piece) for one in levels.push(sound[start : start + piece])]


def marks(found: list[Found]) -> list[Begins | Ends]:
    """Only where speech begins and ends."""
    return [one for one in found if not isinstance(one, bytes)]


def noise(seconds: float, decibels: float, seed: int = 1) -> bytes:
    """White noise so loud."""
    chance, height = random.Random(seed), 32768 * 10 ** (decibels / 20)
    samples = (round(chance.gauss(0, height)) for _ in range(round(seconds * RATE)))
    return array("h", [max(-32768, min(32767, one)) for one in samples]).tobytes()


def mixed(one: bytes, other: bytes) -> bytes:
    """Two sounds at once."""
    pairs = zip(array("h", one), array("h", other), strict=True)
    return array("h", [max(-32768, min(32767, a + b)) for a, b in pairs]).tobytes()


@pytest.mark.parametrize("decibels", [-15.0, -25.0, -38.0])
def test_speech_is_noticed_within_a_tenth_of_a_second_and_its_end_within_a_third(decibels: float) -> None:
    begins, ends = marks(found_in(silence(LINE_OPENS) + tone(400, 0.8, decibels) + silence(1)))
    assert isinstance(begins, Begins) and LINE_OPENS <= begins.at <= LINE_OPENS + 0.1
    assert begins.since < LINE_OPENS
    assert isinstance(ends, Ends) and LINE_OPENS + 0.8 < ends.at <= LINE_OPENS + 0.8 + 0.32


@pytest.mark.parametrize("decibels", [-10.0, -23.0, -35.0, -42.0])
def test_a_recogniser_hears_loud_and_soft_callers_equally_loud(decibels: float) -> None:
    found = found_in(silence(LINE_OPENS) + tone(400, 1.5, decibels) + silence(1))
    heard = array("h", b"".join(one for one in found if isinstance(one, bytes)))
    assert level(heard[RATE : RATE + RATE // 2]) == pytest.approx(-18, abs=1.5)


def test_a_short_pause_is_no_end_and_a_long_one_is() -> None:
    words = tone(400, 0.4)
    once = marks(found_in(silence(1) + words + silence(0.2) + words + silence(1)))
    twice = marks(found_in(silence(1) + words + silence(0.6) + words + silence(1)))
    assert [type(one) for one in once] == [Begins, Ends]
    assert [type(one) for one in twice] == [Begins, Ends, Begins, Ends]


def test_a_click_is_no_speech() -> None:
    assert marks(found_in(silence(1) + tone(400, 0.03, -6) + silence(1))) == []


def test_words_are_found_in_steady_noise_that_is_none() -> None:
    sound = mixed(silence(2) + tone(400, 0.6, -20) + silence(1.5), noise(4.1, -35))
    begins, ends = marks(found_in(sound))
    assert 2.0 <= begins.at <= 2.1 and 2.6 < ends.at < 3.0


@pytest.mark.parametrize("decibels", [-80.0, -60.0, -45.0])
def test_a_line_on_which_nobody_speaks_is_silent(decibels: float) -> None:
    assert marks(found_in(noise(4, decibels))) == []


def test_people_in_the_background_are_no_caller() -> None:
    murmur = b"".join(noise(0.12, -46 + 12 * (number % 2), number) for number in range(40))
    assert marks(found_in(murmur)) == []


def test_a_constant_is_no_sound() -> None:
    assert marks(found_in(silence(0.5) + array("h", [20_000] * RATE * 2).tobytes())) == []


def test_noise_that_never_ends_is_ended() -> None:
    found = marks(found_in(silence(1) + tone(400, 20, -10)))
    begins, ends, *_ = found
    assert isinstance(ends, Ends) and ends.at - begins.at == pytest.approx(15, abs=0.1)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.binary(max_size=3000), max_size=12), st.integers(1, 2000))
def test_any_bytes_in_pieces_of_any_size_are_taken(pieces: list[bytes], size: int) -> None:
    sound = b"".join(pieces)
    found = found_in(sound, size)
    assert found == found_in(sound, 640)
    kinds = [type(one) for one in marks(found)]
    assert all(one is not other for one, other in pairwise(kinds))
