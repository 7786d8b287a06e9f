"""A recogniser for callers of the simulator, whose sound holds the words themselves.

`voiced` makes the sound of words: a 20 ms frame of slin16 in which they are written, and as many of silence as it takes to say
them. It goes the way of all sound, through Asterisk's channels and the media path, and this recogniser reads it where another
would recognise it. From the moment the frame comes, it tells what a real one would tell, on the loop's clock, which is virtual in
tests: sound that begins, a partial hypothesis after each word, a final one when nothing has followed for a moment. Words that
are not in the vocabulary are unknown. Sound with nothing written in it is silence.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Final

from engine.core.heard import UNKNOWN, Began, Heard, Hypothesis, Lost, Word, word
from engine.speech.port import RATE, Hear, Vocabulary

#: Seconds a word lasts; from its begin until a partial hypothesis holds it; from the last word's end to the final hypothesis.
WORD: Final = 0.35
PARTIAL_AFTER: Final = 0.4
FINAL_AFTER: Final = 0.35
FRAME: Final = RATE * 2 // 50
_MARK: Final = b"\x7f\x80said"
_END: Final = b"\x80\x7f"


@dataclass(frozen=True, slots=True)
class Said:
    """What a caller says, and the confidence with which each word of it is heard."""

    words: str
    confidence: float = 1.0


def voiced(said: Said) -> Iterator[bytes]:
    """The sound of words, in frames of 20 ms."""
    written = _MARK + json.dumps(asdict(said)).encode() + _END
    count = max(1, round(len(said.words.split()) * WORD * 50))
    yield written.ljust(FRAME, b"\0")
    yield from (bytes(FRAME) for _ in range(count - 1))


class ScriptedUtterance:
    """One caller who is listened to."""

    def __init__(self, vocabulary: Vocabulary, hear: Hear) -> None:
        self.vocabulary = vocabulary
        self.over = False
        self._hear = hear
        self._loop = asyncio.get_running_loop()
        self._opened_at = self._loop.time()
        self._read = b""
        self._words: tuple[Word, ...] = ()
        self._timers: list[asyncio.TimerHandle] = []

    def feed(self, sound: bytes) -> None:
        """Reads what is written in the sound; words may come in pieces."""
        if self.over:
            return
        _, mark, self._read = (self._read + sound).rpartition(_MARK)
        written, end, rest = self._read.partition(_END)
        if mark and end:
            self._read = rest
            self._say(Said(**json.loads(written)))
        elif mark:
            self._read = mark + self._read
        else:
            self._read = self._read[-len(_MARK) :]

    def finish(self) -> None:
        """Words that have been heard in part are final at once; then nothing more."""
        self._cancel()
        if self._words and not self.over:
            self._loop.call_soon(self._told, Hypothesis(self._words, True, round(self._now, 2)))
        self._loop.call_soon(self.close)

    def close(self) -> None:
        """Nothing is told any more."""
        self.over = True
        self._cancel()

    def lose(self, why: str) -> None:
        """The recogniser fails this utterance."""
        self._cancel()
        self._loop.call_soon(self._told, Lost(why))

    @property
    def _now(self) -> float:
        return self._loop.time() - self._opened_at

    def _cancel(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers = []

    def _say(self, said: Said) -> None:
        """What follows words that are still being said goes on with them."""
        self._cancel()
        if not self._words:
            self._tell(0.0, Began(round(self._now, 2)))
        before, self._words = self._words, self._words + self._understood(said)
        for count in range(len(before) + 1, len(self._words) + 1):
            at = round(self._words[count - 1].start + PARTIAL_AFTER, 2)
            self._tell(at - self._now, Hypothesis(self._words[:count], False, at))
        after = len(said.words.split()) * WORD + FINAL_AFTER
        self._tell(after, Hypothesis(self._words, True, round(self._now + after, 2)))

    def _tell(self, after: float, heard: Heard) -> None:
        self._timers.append(self._loop.call_later(max(0.0, after), self._told, heard))

    def _told(self, heard: Heard) -> None:
        if self.over:
            return
        match heard:
            case Lost():
                self.close()
            case Hypothesis(final=True):
                self._words = ()
        self._hear(heard)

    def _understood(self, said: Said) -> tuple[Word, ...]:
        """The words the vocabulary has; a stretch of others is unknown once."""
        listed = {word for phrase in self.vocabulary.phrases for word in phrase.split()}
        heard = [text if text in listed else UNKNOWN for text in said.words.lower().split()]
        once = [text for text, same in groupby(heard) for text in ([text] if text == UNKNOWN else same)]
        begin = self._now
        return tuple(
            word(text, said.confidence, begin + number * WORD, begin + (number + 1) * WORD)
            for number, text in enumerate(once)
        )


class Scripted:
    """Hears the languages it is told to hear. `utterances`: who is listened to now."""

    def __init__(self, *languages: str) -> None:
        self.languages = frozenset(languages)
        self._opened: list[ScriptedUtterance] = []

    @property
    def utterances(self) -> list[ScriptedUtterance]:
        """Those that are neither closed nor lost, in the order in which they were opened."""
        self._opened = [utterance for utterance in self._opened if not utterance.over]
        return list(self._opened)

    def open(self, vocabulary: Vocabulary, hear: Hear) -> ScriptedUtterance | None:
        """Listen to a caller."""
        if vocabulary.language not in self.languages:
            return None
        utterance = ScriptedUtterance(vocabulary, hear)
        self._opened = [*self.utterances, utterance]
        return utterance
