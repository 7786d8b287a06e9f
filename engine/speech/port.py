"""What the engine asks of a recogniser, whoever it is.

    recogniser.open(Vocabulary("en", ("sales", "support")), hear)  ->  Utterance, or None: this language is one of keys alone
    utterance.feed(sound)       20 ms of slin16 at a time, or whatever came
    utterance.finish()          no more sound comes: the last final hypothesis follows
    utterance.close()           nothing of it is wanted any more, and nothing follows

All of it is called on the event loop's thread and returns at once: recognising is done elsewhere. `hear` is called on the same
thread, in order, and never from within `open`, `feed` or `finish`. Nothing here raises: a recogniser that is slow or dead says
`Lost` once, and takes what is fed after that in silence. An utterance that is neither finished nor closed costs memory; close
it when its step ends, however it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from engine.core.heard import Heard

#: Samples a second of what is fed: 16-bit, little-endian, mono (Asterisk's slin16).
RATE: Final = 16_000

Hear = Callable[[Heard], None]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What may be said: phrases of lower-case words with a space between them. What is none of them is `UNKNOWN`."""

    language: str
    phrases: tuple[str, ...]


class Utterance(Protocol):
    """One caller who is listened to."""

    def feed(self, sound: bytes) -> None:
        """The next stretch of sound, of any length."""
        ...

    def finish(self) -> None:
        """There is no more sound: what was said is told, and then nothing more."""
        ...

    def close(self) -> None:
        """Nothing is told any more. May be called twice, and after `finish`."""
        ...


class Recogniser(Protocol):
    """Whoever hears words."""

    @property
    def languages(self) -> frozenset[str]:
        """The languages that are heard at this moment; all others are languages of keys alone."""
        ...

    def open(self, vocabulary: Vocabulary, hear: Hear) -> Utterance | None:
        """Listen to a caller from now on; None where the vocabulary's language is not heard at this moment."""
        ...


class Deaf:
    """The recogniser of a site that has none."""

    languages: frozenset[str] = frozenset()

    def open(self, vocabulary: Vocabulary, hear: Hear) -> None:
        """Nobody listens."""
