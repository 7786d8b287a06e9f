"""Sound for measuring a recogniser: what is said, the voices that say it, and the telephone in between.

Voices: "heart" of hibari-tts, and slt, rms, awb and kal of flite (Debian's package of that name), those of them that are installed. The
telephone: 300 to 3,400 Hz at 8 kHz, µ-law there and back, then 16 kHz, as Asterisk hands it on; -23 dBFS or another level; with babble
(six other voices) or white noise so many dB below the speech. Half a second of the line is before the words, a second after.
"""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

Sound = Any  # a one-dimensional float array, -1 … 1

RATE: Final = 16_000
MENU: Final[Mapping[str, Sequence[str]]] = {
    "support": ["support", "technical support", "help"],
    "sales": ["sales", "buy"],
    "billing": ["billing", "my invoice"],
    "message": ["leave a message", "message"],
    "status": ["ticket status", "status"],
    "printer": ["printer", "printing"],
    "password": ["password", "reset my password"],
    "network": ["network", "internet"],
    "delivery": ["delivery", "where is my parcel"],
    "cancel": ["cancel", "cancel my contract"],
    "operator": ["operator", "a person"],
    "repeat": ["repeat", "say it again"],
}
UNRELATED: Final = (
    "good morning",
    "what did you say",
    "hold on a second",
    "I am on the train",
    "the weather is lovely today",
    "can you hear me",
    "close the window please",
    "we had pasta for dinner",
    "my brother lives in Boston",
    "put it on the table",
    "I think it was Tuesday",
    "never mind",
    "thank you very much",
    "the dog is barking again",
    "did you feed the cat",
    "just a moment",
    "where are the keys",
    "it costs forty dollars",
    "come over here",
    "well I do not know",
)
WORDS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
FLITE: Final = ("slt", "rms", "awb", "kal")


def strings(count: int = 20, length: int = 6) -> list[str]:
    """Digit strings, the same ones each time."""
    chance = random.Random(47)
    return ["".join(chance.choice("0123456789") for _ in range(length)) for _ in range(count)]


def voices() -> list[str]:
    """The voices that are here."""
    return ["heart", *(FLITE if shutil.which("flite") else ())]


@cache
def spoken(voice: str, text: str) -> Sound:
    """A text in a voice, as it comes from there, at 16 kHz."""
    sound, rate = _heart(text) if voice == "heart" else _flite(voice, text)
    return resampled(sound, rate, RATE)


@cache
def _hibari() -> Any:
    from hibari import Hibari

    return Hibari(voice="heart")


def _heart(text: str) -> tuple[Sound, int]:
    return np.concatenate([np.asarray(part) for part in _hibari().stream(f"{text}.", 1.0, seed=1)]), 24_000


def _flite(voice: str, text: str) -> tuple[Sound, int]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run(
            ["flite", "-voice", voice, "-t", text, "-o", str(path)], check=True, capture_output=True
        )
        with wave.open(io.BytesIO(path.read_bytes())) as said:
            samples = np.frombuffer(said.readframes(said.getnframes()), dtype="<i2")
            return samples / 32768, said.getframerate()


def resampled(sound: Sound, rate: int, to: int) -> Sound:
    """The same sound at another rate: its spectrum stays, or is cut."""
    step = rate // np.gcd(rate, to)
    padded = np.pad(sound, (0, -len(sound) % step))
    count = len(padded) * to // rate
    return np.fft.irfft(np.fft.rfft(padded), count) * count / len(padded)


def levelled(sound: Sound, decibels: float) -> Sound:
    """The same sound so loud: RMS of the frames that hold speech."""
    frames = np.pad(sound, (0, -len(sound) % 320)).reshape(-1, 320)
    loud = np.sqrt(np.mean(frames**2, axis=1))
    speech = loud[loud > loud.max() * 10 ** (-25 / 20)]
    return sound * 10 ** (decibels / 20) / np.sqrt(np.mean(speech**2))


def telephone(sound: Sound) -> bytes:
    """Through a telephone line, as slin16."""
    spectrum = np.fft.rfft(resampled(sound, RATE, 8_000))
    hertz = np.fft.rfftfreq(2 * len(spectrum) - 2, 1 / 8_000)
    spectrum[(hertz < 300) | (hertz > 3_400)] = 0
    narrow = np.fft.irfft(spectrum)
    coded = (
        np.sign(narrow) * np.round(np.log1p(255 * np.minimum(1, np.abs(narrow))) / np.log(256) * 127) / 127
    )
    heard = np.sign(coded) * (256 ** np.abs(coded) - 1) / 255
    wide = resampled(heard, 8_000, RATE)
    return bytes(np.round(np.clip(wide, -1, 1) * 32767).astype("<i2").tobytes())


def babble(seconds: float, seed: int) -> Sound:
    """Six people talking at once."""
    chance, count = random.Random(seed), int(seconds * RATE)
    total = np.zeros(count)
    for _ in range(6):
        said = np.zeros(0)
        while len(said) < 2 * count:
            said = np.concatenate(
                [said, levelled(spoken(chance.choice(voices()), chance.choice(UNRELATED)), -23)]
            )
        begin = chance.randrange(count)
        total += said[begin : begin + count]
    return total


def noise(seconds: float, seed: int) -> Sound:
    """White noise."""
    return np.random.default_rng(seed).normal(size=int(seconds * RATE))


def line(sound: Sound, level: float = -23.0, under: str = "", ratio: float = 15.0, seed: int = 1) -> bytes:
    """A caller's sound as slin16: the line, the words, the line; with babble or noise `ratio` dB below the words."""
    said = np.concatenate([np.zeros(RATE // 2), levelled(sound, level), np.zeros(RATE)])
    if under:
        what = (babble if under == "babble" else noise)(len(said) / RATE + 0.01, seed)[: len(said)]
        said = said + what * 10 ** ((level - ratio) / 20) / np.sqrt(np.mean(what**2))
    hiss = np.random.default_rng(seed).normal(size=len(said)) * 10 ** (-65 / 20)
    return telephone(said + hiss)
