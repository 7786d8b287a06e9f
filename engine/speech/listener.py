"""One utterance inside a recogniser's process: its sound, the speech in it, and what is told of that.

Only speech is decoded: between words nothing is. Decoding is done 100 ms at a time, and then the words so far are told, with how
long they have stood. They are final where the level says that the speech has ended, or the decoder says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.core.heard import Began, Hypothesis, Word, word
from engine.speech.decoder import Decoder
from engine.speech.level import Begins, Ends, Found, Levels
from engine.speech.port import RATE

BLOCK: Final = RATE * 2 // 10


class Listener:
    """Takes sound, gives what is heard."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder
        self._levels = Levels()
        self._block = bytearray()
        self._since = 0.0
        self._words: tuple[Word, ...] = ()
        self._stood_at = 0.0

    @property
    def at(self) -> float:
        """Seconds of sound heard so far."""
        return self._levels.at

    def push(self, sound: bytes) -> Iterator[Began | Hypothesis]:
        """The next stretch of sound."""
        for found in self._levels.push(sound):
            yield from self._on(found)

    def finish(self) -> Iterator[Hypothesis]:
        """No more sound comes: what was being said is final."""
        if self._levels.speaking:
            yield from self._end()

    def _on(self, found: Found) -> Iterator[Began | Hypothesis]:
        match found:
            case Begins(at, since):
                self._since = since
                self._words, self._stood_at = (), at
                yield Began(at)
            case Ends():
                yield from self._end()
            case bytes():
                self._block += found
                if len(self._block) >= BLOCK:
                    yield from self._decode()

    def _decode(self) -> Iterator[Hypothesis]:
        over = self._accept()
        if over:
            yield self._final()
            self._since = self.at
            self._words, self._stood_at = (), self.at
            return
        words = self._placed(self._decoder.partial())
        if [one.text for one in words] != [one.text for one in self._words]:
            self._stood_at = self.at
        self._words = words
        if words:
            yield Hypothesis(words, False, self.at, round(self.at - self._stood_at, 2))

    def _accept(self) -> bool:
        sound = bytes(self._block)
        self._block.clear()
        return self._decoder.accept(sound)

    def _end(self) -> Iterator[Hypothesis]:
        if self._block:
            self._accept()
        yield self._final()

    def _final(self) -> Hypothesis:
        return Hypothesis(self._placed(self._decoder.final()), True, self.at)

    def _placed(self, words: tuple[Word, ...]) -> tuple[Word, ...]:
        """The words with times that count from where the utterance was opened."""
        by = self._since
        return tuple(word(one.text, one.confidence, one.start + by, one.end + by) for one in words)
