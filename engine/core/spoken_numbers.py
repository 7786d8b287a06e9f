"""Digits as people say them: singly, doubled, or as numbers of two and more figures.

    four seven double one        4711        nineteen eighty four         1984
    forty seven eleven           4711        three hundred and five       305
    oh eight hundred             0800        twelve thousand thirty       12030

The same words can be read in more than one way: "forty seven" is 47, and 40 7. `readings` gives all of them, what most people mean first;
whoever knows how many digits there should be takes the first that fits.

The words of single digits, of ten to nineteen and of tens come from the recordings with which the engine itself speaks numbers; what is
said besides ("oh", "double") stands here. Arabic says units before tens, so there only digits said singly are read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Final

from engine.core.say import GRAMMARS

#: Words of other ways to say a digit, and of how often the next one counts.
ALSO: Final = {"en": {"oh": 0, "o": 0, "nought": 0}}
TIMES: Final = {"en": {"double": 2, "triple": 3}}
HUNDRED: Final = {"en": "hundred"}
THOUSAND: Final = {"en": "thousand"}
#: Languages that say the ten before the unit.
TENS_FIRST: Final = frozenset({"en", "bg", "fa"})
#: Readings of one string of words that are looked at.
MOST: Final = 64
#: Words of the longest number: ninety nine thousand nine hundred and ninety nine.
LONGEST: Final = 8


@dataclass(frozen=True, slots=True)
class Numbers:
    """A language's words for numbers, as words that a recogniser tells."""

    small: dict[str, int]
    tens: dict[str, int]
    times: dict[str, int]
    hundred: str
    thousand: str
    joined: str

    @property
    def words(self) -> tuple[str, ...]:
        """Every word that can be part of a number, in the order of its worth."""
        small = sorted([*self.small, *self.tens], key=lambda one: {**self.small, **self.tens}[one])
        rest = (*self.times, self.hundred, self.thousand, self.joined)
        return (*small, *(one for one in rest if one))


@cache
def numbers(language: str) -> Numbers | None:
    """A language's words; None where the engine does not speak its numbers."""
    grammar = GRAMMARS.get(language)
    if grammar is None:
        return None
    small: dict[str, int] = dict(ALSO.get(language, {}))
    tens: dict[str, int] = {}
    for sound, text in grammar.fragments.items():
        found = re.fullmatch(r"num/([0-9]{1,2})([a-z]*)", sound)
        said = plain(text)
        if found and " " not in said:
            worth = int(found[1])
            if worth < (20 if language in TENS_FIRST else 10):
                small.setdefault(said, worth)
            elif worth % 10 == 0 and language in TENS_FIRST:
                tens.setdefault(said, worth)
    joined = plain(grammar.fragments.get("num/and", "")) if tens else ""
    return Numbers(
        small,
        tens,
        TIMES.get(language, {}),
        HUNDRED.get(language, ""),
        THOUSAND.get(language, ""),
        joined,
    )


def plain(text: str) -> str:
    """Words as a recogniser tells them: small letters, without vowel marks and punctuation, one space between."""
    bare = "".join(
        sign for sign in unicodedata.normalize("NFC", text.casefold()) if not unicodedata.combining(sign)
    )
    return " ".join(re.sub(r"[^\w'\u200c]|_", " ", bare).split())


def vocabulary(language: str) -> tuple[str, ...]:
    """The phrases that let digits be heard in any order: every word of numbers, and every two digits in a row."""
    known = numbers(language)
    if known is None:
        return ()
    single = [word for word, worth in known.small.items() if worth < 10]
    return (*known.words, *(f"{one} {other}" for one in single for other in single))


def readings(words: Sequence[str], language: str) -> tuple[str, ...]:
    """Every string of digits that these words can be, likelier ones first; none where a word is no part of a number."""
    known = numbers(language)
    if known is None or not words:
        return ()
    behind: list[tuple[str, ...]] = [("",)]  # what the words from each place on can be, the last place first
    for place in range(len(words) - 1, -1, -1):
        pieces = _first(words[place : place + LONGEST], known)
        read = (digits + rest for length, digits in pieces for rest in behind[-length])
        behind.append(tuple(islice(dict.fromkeys(read), MOST)))
    return behind[-1]


def _first(words: Sequence[str], known: Numbers) -> Iterator[tuple[int, str]]:
    """What the first words can be: how many of them, and which digits; the longest first."""
    times, next_one = known.times.get(words[0]), known.small.get(words[1], 10) if len(words) > 1 else 10
    if times and next_one < 10:
        yield 2, str(next_one) * times
    yield from sorted(set(_cardinals(words, known)), reverse=True)


def _cardinals(words: Sequence[str], known: Numbers) -> Iterator[tuple[int, str]]:
    """The whole numbers that begin here: 7, 47, 305, 12030."""
    for length, worth in _below_hundred(words, known):
        yield length, str(worth)
        yield from _with(words, known, length, worth, known.hundred, 100)
        yield from _with(words, known, length, worth, known.thousand, 1000)


def _with(
    words: Sequence[str], known: Numbers, length: int, worth: int, word: str, by: int
) -> Iterator[tuple[int, str]]:
    """Hundreds or thousands, and what is said behind them: 300, 305."""
    if not word or worth == 0 or list(words[length : length + 1]) != [word]:
        return
    length, worth = length + 1, worth * by
    yield length, str(worth)
    joined = 1 if known.joined and list(words[length : length + 1]) == [known.joined] else 0
    behind = words[length + joined :]
    for more, rest in _cardinals(behind, known) if by > 100 else _below_hundred(behind, known):
        if 0 < int(rest) < by:
            yield length + joined + more, str(worth + int(rest))


def _below_hundred(words: Sequence[str], known: Numbers) -> Iterator[tuple[int, int]]:
    """The numbers from 0 to 99 that begin here."""
    first = words[0] if words else ""
    if first in known.small:
        yield 1, known.small[first]
    if first in known.tens:
        yield 1, known.tens[first]
        skip = 2 if known.joined and list(words[1:2]) == [known.joined] else 1
        unit = known.small.get(words[skip], 0) if len(words) > skip else 0
        if 0 < unit < 10:
            yield skip + 1, known.tens[first] + unit
