"""What a language brings to speak values: its fragments, and a function for each form it can speak.

A function gets the value its form was read as (`values.py`) and returns fragments in the order they are spoken. A form
without a function cannot be spoken in that language; `quietline check` tells where a prompt asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from engine.core.say import values
from engine.core.say.parts import Form

#: Fragments by their sound ids, in the order they are spoken.
Sounds = tuple[str, ...]


#: Forms that need nothing a language brings.
OF_EVERY_LANGUAGE = frozenset({Form.DIGITS, Form.RECORDING})


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language's way of putting recorded fragments together; `fragments` holds each one's words, by sound id.

    Cardinals are 0 … LARGEST, positions count from 1.
    """

    fragments: Mapping[str, str]
    number: Callable[[int], Sounds]
    position: Callable[[int], Sounds] | None = None
    the_position: Callable[[int], Sounds] | None = None
    callers: Callable[[int], Sounds] | None = None
    calls: Callable[[int], Sounds] | None = None
    minutes: Callable[[int], Sounds] | None = None
    duration: Callable[[values.Length], Sounds] | None = None
    time: Callable[[values.Clock], Sounds] | None = None
    date: Callable[[values.Day], Sounds] | None = None
    money: Callable[[values.Amount], Sounds] | None = None

    @property
    def forms(self) -> frozenset[Form]:
        """The forms this language can speak."""
        return frozenset(form for form in Form if self.speaks(form))

    def speaks(self, form: Form) -> bool:
        """Can this language speak this form?"""
        return form in OF_EVERY_LANGUAGE or getattr(self, form.value) is not None


#: What stands before digits, by the name of its fragment.
_SIGNS = {"+": "plus", "*": "star"}


def spoken_digits(text: str) -> Sounds:
    """One fragment for each digit, `+` as plus, `*` as star: the same in every language."""
    return tuple(f"num/{_SIGNS.get(char, char)}" for char in text)


def joined(groups: Iterable[Sounds], link: str) -> Sounds:
    """The groups in their order, with the fragment `link` between each two."""
    said: Sounds = ()
    for group in groups:
        said += (link, *group) if said else group
    return said


def listed(folder: str, words: str, first: int = 0, step: int = 1) -> dict[str, str]:
    """Fragments `folder/first`, `folder/first+step`, … for words that are divided by commas."""
    return {f"{folder}/{first + step * index}": word.strip() for index, word in enumerate(words.split(","))}
