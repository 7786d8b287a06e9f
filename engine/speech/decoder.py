"""What turns speech into words inside a recogniser's process: Vosk, with the words that may be said."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from engine.core.heard import UNKNOWN, Word, word
from engine.speech.port import RATE

#: What models call a word that is none of theirs.
UNKNOWNS: Final = (UNKNOWN, "<UNK>", "<unk>")


class Decoder(Protocol):
    """Hears one stretch of speech; times count from its beginning."""

    def accept(self, sound: bytes) -> bool:
        """The next stretch; true where the decoder believes that the speech has ended."""
        ...

    def partial(self) -> tuple[Word, ...]:
        """The words so far."""
        ...

    def final(self) -> tuple[Word, ...]:
        """The words, once there is no more; then the decoder hears a new stretch, and times go on from 0."""
        ...


class Model(Protocol):
    """A language's model in memory."""

    def decoder(self, phrases: Sequence[str]) -> Decoder:
        """Who hears these phrases and nothing else."""
        ...

    def knows(self, one: str) -> bool:
        """Is this word in the model's vocabulary?"""
        ...


class VoskModel:
    """A folder with a model of Vosk's. Raises Exception where it cannot be read; never fetches one."""

    def __init__(self, folder: str) -> None:
        import vosk

        vosk.SetLogLevel(-1)
        self._vosk = vosk
        self._model = vosk.Model(model_path=folder)
        self._unknown = next((one for one in UNKNOWNS if self.knows(one)), "")

    def decoder(self, phrases: Sequence[str]) -> Decoder:
        """Who hears those of these phrases of which the model knows every word: of the others it would hear a part.

        Where there is none, nothing is heard: an empty list of words ends the process.
        """
        known = [one for one in phrases if all(map(self.knows, one.split()))]
        if not known:
            return NoWords()
        grammar = [*known, self._unknown] if self._unknown else known
        return VoskDecoder(self._vosk, self._model, json.dumps(grammar, ensure_ascii=False))

    def knows(self, one: str) -> bool:
        """Is this word in the model's vocabulary?"""
        return bool(self._model.vosk_model_find_word(one) >= 0)


class NoWords:
    """Hears nothing."""

    def accept(self, sound: bytes) -> bool:
        """Lets it pass."""
        return False

    def partial(self) -> tuple[Word, ...]:
        """No words."""
        return ()

    def final(self) -> tuple[Word, ...]:
        """No words."""
        return ()


class VoskDecoder:
    """A recogniser of Vosk's, made anew for every stretch of speech: that takes it 0.2 ms, and times begin at 0."""

    def __init__(self, vosk: Any, model: Any, grammar: str) -> None:
        self._arguments = model, RATE, grammar
        self._recognizer: Callable[..., Any] = vosk.KaldiRecognizer
        self._one = self._new()

    def _new(self) -> Any:
        one = self._recognizer(*self._arguments)
        one.SetWords(True)
        return one

    def accept(self, sound: bytes) -> bool:
        """The next stretch; true at Vosk's own end of an utterance."""
        return bool(self._one.AcceptWaveform(sound))

    def partial(self) -> tuple[Word, ...]:
        """The words so far, without times and confidences: Vosk would have these a second later only."""
        said = json.loads(self._one.PartialResult())["partial"]
        return tuple(word(_known(one), 0.0, 0.0, 0.0) for one in said.split())

    def final(self) -> tuple[Word, ...]:
        """The words of this stretch."""
        said = _words(json.loads(self._one.FinalResult()).get("result", ()))
        self._one = self._new()
        return said


def _words(told: Sequence[dict[str, Any]]) -> tuple[Word, ...]:
    return tuple(word(_known(one["word"]), one["conf"], one["start"], one["end"]) for one in told)


def _known(one: str) -> str:
    return UNKNOWN if one in UNKNOWNS else one
