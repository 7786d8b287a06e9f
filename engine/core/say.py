"""What a caller hears of a prompt: a text with slots becomes a list of recordings.

A prompt is a tuple of parts, in the order they are spoken:

    You are number {{ position | number }} in the queue. Please wait.
    Literal(you_are_number-1) Slot(position, number) Literal(you_are_number-2) Literal(you_are_number-3)

1. A literal is one recording. Literals also end where a sentence ends, so every part belongs to one sentence. A mark
   that follows a value opens the next literal: it is a pause before its words.
2. A slot is a value and the form it is spoken in. The language's grammar turns both into fragments: 21 minutes
   is `num/20 num/1 unit/minutes` in English. A slot without a form is spoken as a number.
3. A value that is missing, or that its form cannot speak, silences its whole sentence, because "you are number in
   the queue" is worse than silence. The other sentences are heard; `unsaid` tells what was left out and why.
   Nothing here raises while a caller listens.
4. A sound id is `<language>/<recording>`: the path of a WAV below the prompts folder, without its ending.

Another language is one more entry of `GRAMMARS`, with the fragments it needs and the order they are spoken in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

#: The space between a spoken value and the mark that follows it.
_BEFORE_MARK = re.compile(r" (?=[.,;:!?])")

#: The largest cardinal the recordings can speak.
LARGEST = 999_999


class Form(StrEnum):
    """How a slot's value is spoken."""

    NUMBER = "number"
    DIGITS = "digits"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class Literal:
    """Words that are always the same: recording `sound` says `text`, within sentence number `sentence`."""

    sound: str
    text: str
    sentence: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a variable's value, spoken as `form`."""

    variable: str
    form: Form = Form.NUMBER
    sentence: int = 0


Part = Literal | Slot


class Grammar(Protocol):
    """A language's way of putting recorded fragments together."""

    @property
    def fragments(self) -> Mapping[str, str]:
        """Every fragment's sound id, with the words to be recorded."""
        ...

    def number(self, value: int) -> tuple[str, ...]:
        """The cardinal 0 ≤ value ≤ LARGEST as fragments."""
        ...

    def minutes(self, value: int) -> tuple[str, ...]:
        """A length of time in whole minutes, with its unit, as fragments."""
        ...


class English:
    """English cardinals as said in America: 342 is "three hundred forty two"."""

    _SMALL = (
        "zero one two three four five six seven eight nine ten "
        "eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"
    )
    _TENS = "thirty forty fifty sixty seventy eighty ninety"

    def __init__(self) -> None:
        numbers = {f"num/{value}": word for value, word in enumerate(self._SMALL.split())}
        numbers |= {f"num/{30 + 10 * index}": word for index, word in enumerate(self._TENS.split())}
        others = {
            "num/hundred": "hundred",
            "num/thousand": "thousand",
            "num/plus": "plus",
            "unit/minute": "minute",
            "unit/minutes": "minutes",
        }
        self._fragments = MappingProxyType(numbers | others)

    @property
    def fragments(self) -> Mapping[str, str]:
        """Every fragment's sound id, with the words to be recorded."""
        return self._fragments

    def number(self, value: int) -> tuple[str, ...]:
        """The cardinal 0 ≤ value ≤ LARGEST as fragments."""
        thousands, rest = divmod(value, 1000)
        said = (*self._below_thousand(thousands), "num/thousand") if thousands else ()
        return said + self._below_thousand(rest) if rest or not said else said

    def minutes(self, value: int) -> tuple[str, ...]:
        """A length of time in whole minutes, with its unit, as fragments."""
        return (*self.number(value), "unit/minute" if value == 1 else "unit/minutes")

    def _below_thousand(self, value: int) -> tuple[str, ...]:
        hundreds, rest = divmod(value, 100)
        said = (f"num/{hundreds}", "num/hundred") if hundreds else ()
        if not rest and said:
            return said
        if rest <= 20 or rest % 10 == 0:
            return (*said, f"num/{rest}")
        return (*said, f"num/{rest - rest % 10}", f"num/{rest % 10}")


#: Every language whose numbers can be spoken.
GRAMMARS: Mapping[str, Grammar] = MappingProxyType({"en": English()})


def expand(parts: tuple[Part, ...], variables: Mapping[str, object], language: str) -> tuple[str, ...]:
    """The sound ids that speak these parts, in order; sentences that cannot be spoken are left out."""
    return tuple(f"{language}/{sound}" for sound, _ in _spoken(parts, variables, language)[0])


def unsaid(parts: tuple[Part, ...], variables: Mapping[str, object], language: str) -> tuple[str, ...]:
    """Why sentences are left out: one line for each slot that cannot be spoken; empty when all is said."""
    return tuple(_spoken(parts, variables, language)[1].values())


def wording(parts: tuple[Part, ...], variables: Mapping[str, object], language: str) -> str:
    """What `expand` makes audible, in words: for traces and rehearsals."""
    text = " ".join(text for _, text in _spoken(parts, variables, language)[0])
    return _BEFORE_MARK.sub("", text)


def _spoken(
    parts: tuple[Part, ...], variables: Mapping[str, object], language: str
) -> tuple[list[tuple[str, str]], dict[int, str]]:
    """The recordings and their words that can be said; and, per slot that cannot (its index), why."""
    said: dict[int, list[tuple[str, str]]] = {}
    silent: dict[int, str] = {}
    for index, part in enumerate(parts):
        match part:
            case Literal(sound, text):
                said[index] = [(sound, text)]
            case Slot(variable, form):
                fragments = _fragments(variable, form, variables.get(variable), language)
                if isinstance(fragments, str):
                    silent[index] = fragments
                else:
                    said[index] = [(name, GRAMMARS[language].fragments[name]) for name in fragments]
    lost = {parts[index].sentence for index in silent}
    return [one for index, many in said.items() if parts[index].sentence not in lost for one in many], silent


def _fragments(variable: str, form: Form, value: object, language: str) -> tuple[str, ...] | str:
    """A value's fragments in this language, or the sentence that says why there are none."""
    grammar = GRAMMARS.get(language)
    if grammar is None:
        return f"'{variable}' cannot be spoken: no grammar of numbers for language '{language}'"
    if value is None or value == "":
        return f"'{variable}' has no value"
    if form is Form.DIGITS:
        return _digits(str(value)) or f"'{variable}' is not made of digits: {str(value)!r}"
    number = _whole(value)
    if number is None:
        return f"'{variable}' is not a whole number from 0 to {LARGEST}: {str(value)!r}"
    return grammar.minutes(number) if form is Form.MINUTES else grammar.number(number)


def _digits(text: str) -> tuple[str, ...]:
    """One fragment for each digit, `+` as plus; what only groups digits (spaces, hyphens, brackets) is not spoken."""
    bare = text.translate(str.maketrans("", "", " -().\u00a0"))
    if not bare.isascii() or not bare.removeprefix("+").isdigit():
        return ()
    return tuple("num/plus" if char == "+" else f"num/{char}" for char in bare)


def _whole(value: object) -> int | None:
    """The value as a whole number the recordings reach, or None."""
    text = str(value).strip()
    if isinstance(value, float) and value.is_integer():
        text = str(int(value))
    if not (text.isascii() and text.isdigit()) or len(text.lstrip("0")) > 6:
        return None
    return int(text)
