"""Speaks texts into 8 kHz telephone recordings; runs as a program of its own, where its voice is installed.

    speaker.py hibari heart      English, by hibari-tts
    speaker.py espeak-ng ar      any language espeak-ng has, by the program of that name

One JSON object a line comes in, {"text", "fragment", "path"}; one goes out when that WAV is written, {"path",
"seconds"}. The engine never imports this file, and this file imports nothing of the engine: it is run by the
interpreter of another environment (see `render_prompts.py`).

1. The voice speaks at 24 kHz. Words that stop before a value get a comma, so their pitch stays up and the sentence
   goes on. Fragments (numbers, units) are spoken as sentences of their own: they come out clearest so.
2. Silence is cut at both ends; measured pauses stand there instead: a breath between sentences, next to none
   inside one.
3. Low-pass 3,400 Hz, every third sample, high-pass 300 Hz: linear-phase filters, so nothing shifts in time. The
   highs are lifted by up to 6 dB and sentences take their time, which tells words apart that a telephone's narrow
   band makes alike.
4. Speech is brought to -20 dBFS (RMS of the frames that hold speech); peaks stay below -3 dBFS.

The same text gives the same bytes: the voices' noise has a fixed seed and nothing is dithered.
"""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import wave
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np  # type: ignore[import-not-found,unused-ignore]

RATE = 8_000
PACE = 0.9
LEVEL = -20.0  # dBFS, RMS of speech
PEAK = -3.2  # dBFS; a little below the -3 promised, so that rounding cannot reach it
FRAME = RATE // 100
#: Seconds of silence before and after, by the punctuation that stands there.
BREATH, COMMA, JOIN = 0.25, 0.12, 0.02

_ENDS = ".!?…؟"
_MARKS = f"{_ENDS},;:،؛"

Audio = Any  # a one-dimensional float array; numpy's own types are not known where the engine is type-checked


class Voice(Protocol):
    """Whoever can speak."""

    def say(self, text: str, pace: float) -> Iterable[Audio]:
        """Each sentence of the text as 24 kHz samples; pace 1 is the voice's own, less is slower."""
        ...


class Hibari:
    """A voice of hibari-tts."""

    def __init__(self, name: str) -> None:
        from hibari import Hibari as Engine  # type: ignore[import-untyped,import-not-found,unused-ignore]

        self._voice = Engine(voice=name)

    def say(self, text: str, pace: float) -> Iterable[Audio]:
        """Each sentence of the text as 24 kHz samples."""
        return (np.asarray(sentence) for sentence in self._voice.stream(text, pace, seed=1))


class Espeak:
    """The program espeak-ng, run anew for every sentence; what it would misread is spelt for it first.

    `espeak_words.json` holds words it stresses or reads wrongly, by language, in its own phonemes (`espeak-ng -x`);
    two words together where one decides how the other is read.
    """

    WORDS_A_MINUTE = 170

    def __init__(self, language: str) -> None:
        self._language = language
        known = json.loads(Path(__file__).with_name("espeak_words.json").read_text("utf-8"))
        self._known: dict[str, str] = known.get(language, {})

    def say(self, text: str, pace: float) -> Iterable[Audio]:
        """Each sentence of the text as 24 kHz samples."""
        for sentence in re.split(f"(?<=[{_ENDS}])\\s+", text):
            yield self._sentence(self.spelt(sentence), round(self.WORDS_A_MINUTE * pace))

    def spelt(self, text: str) -> str:
        """The sentence as the program reads it rightly."""
        known = self._known
        if self._language == "bg":
            known = {word: self._definite(word) for word in re.findall(r"\w+ият\b", text.lower())} | known
        together = [rf"\b{words}\b" for words in known if " " in words]
        one = "|".join([*together, r"[\w\u200c\u064b-\u0652]+"])
        text = re.sub(one, lambda word: _phonemes(word[0], known), text, flags=re.IGNORECASE)
        return arabic(text) if self._language == "ar" else text

    def _sentence(self, text: str, speed: int) -> Audio:
        heard = self._run("-z", "-s", str(speed), "--stdout", text=text)
        with wave.open(io.BytesIO(heard)) as sound:
            rate, samples = sound.getframerate(), sound.readframes(sound.getnframes())
        return at_24_khz(np.frombuffer(samples, dtype="<i2") / 32768, rate)

    def _definite(self, word: str) -> str:
        """A Bulgarian ordinal with its article is stressed like the one without."""
        return self._run("-x", "-q", text=word[:-2]).decode().strip().removesuffix(":") + "jat"

    def _run(self, *options: str, text: str) -> bytes:
        command = ["espeak-ng", "-v", self._language, "-b", "1", *options]
        return subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout


def _phonemes(word: str, known: dict[str, str]) -> str:
    """The word as phonemes where they are known."""
    found = known.get(word.lower())
    return f"[[{found}]]" if found else word


def arabic(text: str) -> str:
    """Arabic as espeak-ng reads it rightly.

    Doubled letters stand twice, but not behind the article, whose l the voice assimilates by itself; an alif behind i is
    silent; -a in pause ends in h.
    """
    text = re.sub("([\u064b-\u0650])\u0651", "\u0651\\1", text)
    text = re.sub(r"(?<!\w)(وَ|بِ|كَ)?اَ?لْ?(\w)\u0651", r"\1ال\2", text)
    text = re.sub("(\\w)\u0651", "\\1\u0652\\1", text)
    text = text.replace("\u0650ا", "\u0650")
    return re.sub(rf"ة(?=\s*(?:[{_MARKS}]|$))", "ه", text)


def at_24_khz(audio: Audio, rate: int) -> Audio:
    """The same sound at 24 kHz: its spectrum stays, the number of samples changes."""
    step = rate // np.gcd(rate, 3 * RATE)
    padded = np.pad(audio, (0, -len(audio) % step))
    count = len(padded) * 3 * RATE // rate
    return np.fft.irfft(np.fft.rfft(padded), count) * count / len(padded)


def speak(voice: Voice, text: str, fragment: bool) -> Audio:
    """One text as 8 kHz samples in -1 … 1, with the pauses its punctuation asks for before, between and after."""
    if fragment:
        (sound,) = voice.say(f"{text}.", 1.0)
        return np.concatenate([_silence(""), _shaped(sound), _silence("")])
    return np.concatenate(list(_sentences(voice, text.strip())))


def _sentences(voice: Voice, text: str) -> Iterator[Audio]:
    words = text.lstrip(f"{_MARKS} ")
    yield _silence(text[: len(text) - len(words)].strip())
    for index, sentence in enumerate(voice.say(words if words[-1] in _MARKS else f"{words},", PACE)):
        if index:
            yield _silence(".")
        yield _shaped(sentence)
    yield _silence(words[-1])


def _shaped(sentence: Audio) -> Audio:
    """What the voice said, as it goes out on the line."""
    return levelled(telephone(trimmed(np.asarray(sentence, dtype=np.float64))))


def telephone(audio: Audio) -> Audio:
    """24 kHz to 8 kHz: 300 to 3,400 Hz, the highs lifted."""
    narrow = np.convolve(audio, _low_pass(3_650, 3 * RATE, 255), mode="same")[::3]
    return np.convolve(narrow, _presence(255), mode="same")


def trimmed(audio: Audio) -> Audio:
    """The speech of 24 kHz samples without the silence around it, its ends faded over 5 ms.

    Silence is 42 dB below the loudest. It is looked for in the whole band: an f or s at an end is hardly there below 3,400 Hz.
    """
    frame = 3 * FRAME
    loud = _frame_levels(audio, frame)
    speech = np.flatnonzero(loud > loud.max() * 10 ** (-42 / 20))
    cut = audio[max(0, (speech[0] - 2) * frame) : (speech[-1] + 4) * frame].copy()
    fade = np.linspace(0.0, 1.0, frame // 2)
    cut[: len(fade)] *= fade
    cut[-len(fade) :] *= fade[::-1]
    return cut


def levelled(audio: Audio) -> Audio:
    """The same at -20 dBFS; a limiter that looks 2 ms ahead turns down the few peaks that would be too loud."""
    loud = _frame_levels(audio, FRAME)
    speech = loud[loud > loud.max() * 10 ** (-30 / 20)]
    audio = audio * 10 ** (LEVEL / 20) / np.sqrt(np.mean(speech**2))
    gain = np.minimum(1.0, 10 ** (PEAK / 20) / np.maximum(np.abs(audio), 1e-9))
    width = RATE // 250 + 1
    lowest = np.lib.stride_tricks.sliding_window_view(np.pad(gain, width - 1, mode="edge"), width).min(axis=1)
    smooth = np.hanning(width + 2)[1:-1]
    return audio * np.convolve(lowest, smooth / smooth.sum(), mode="valid")


def write(path: Path, audio: Audio) -> None:
    """A 16-bit mono WAV, there wholly or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    with wave.open(str(partial), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(np.round(audio * 32767).astype("<i2").tobytes())
    partial.replace(path)


def _silence(marks: str) -> Audio:
    """The pause a punctuation mark, or its absence, stands for."""
    pause = BREATH if set(marks) & set(_ENDS) else COMMA if set(marks) & set(_MARKS) else JOIN
    return np.zeros(int(pause * RATE))


def _frame_levels(audio: Audio, frame: int) -> Audio:
    """RMS of each frame of so many samples."""
    frames = np.pad(audio, (0, -len(audio) % frame)).reshape(-1, frame)
    return np.sqrt(np.mean(frames**2, axis=1))


def _low_pass(cut_off: float, rate: int, taps: int) -> Audio:
    """A windowed-sinc low-pass of unit gain (Kaiser window, stop band below -70 dB)."""
    time = np.arange(taps) - taps // 2
    kernel = np.sinc(2 * cut_off / rate * time) * np.kaiser(taps, 7.0)
    return kernel / kernel.sum()


def _presence(taps: int) -> Audio:
    """A filter at 8 kHz: nothing below 200 Hz, all from 300 Hz, and 3 dB more an octave from 700 to 2,800 Hz."""
    hertz = np.fft.rfftfreq(8 * taps + 1, 1 / RATE)
    octaves = np.clip(np.log2(np.maximum(hertz, 1.0) / 700), 0, 2)
    wanted = np.clip((hertz - 200) / 100, 0, 1) * 10 ** (3 * octaves / 20)
    kernel = np.roll(np.fft.irfft(wanted, 8 * taps + 1), taps // 2)[:taps]
    return kernel * np.kaiser(taps, 7.0)


def main(kind: str, name: str) -> None:
    """Speak every line of stdin until it ends."""
    voice: Voice = Hibari(name) if kind == "hibari" else Espeak(name)
    for line in sys.stdin:
        order = json.loads(line)
        audio = speak(voice, order["text"], order["fragment"])
        write(Path(order["path"]), audio)
        print(json.dumps({"path": order["path"], "seconds": round(len(audio) / RATE, 3)}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
