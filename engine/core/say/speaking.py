"""From parts and the values of variables to recordings, to their words, and to why something stays unsaid."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from engine.core.say import arabic, bulgarian, english, persian, values
from engine.core.say.grammar import Grammar, Sounds, spoken_digits
from engine.core.say.parts import Form, Literal, Part, Slot

#: The space between a spoken value and the mark that follows it.
_BEFORE_MARK = re.compile(r" (?=[.,;:!?،؛؟])")

#: Begins the sound of what a caller has recorded, in place of a language.
RECORDING = "recording:"

#: Every language whose values can be spoken.
GRAMMARS: Mapping[str, Grammar] = MappingProxyType(
    {"ar": arabic.GRAMMAR, "bg": bulgarian.GRAMMAR, "en": english.GRAMMAR, "fa": persian.GRAMMAR}
)

_COUNT = (values.whole, f"a whole number from 0 to {values.LARGEST}")
_PLACE = (values.place, f"a place from 1 to {values.LARGEST}")
#: How each form reads its value, and what the value has to be.
_READERS: Mapping[Form, tuple[Callable[[object], object], str]] = MappingProxyType(
    {
        Form.NUMBER: _COUNT,
        Form.DIGITS: (values.digits, "made of digits"),
        Form.POSITION: _PLACE,
        Form.THE_POSITION: _PLACE,
        Form.CALLERS: _COUNT,
        Form.CALLS: _COUNT,
        Form.MINUTES: _COUNT,
        Form.DURATION: (values.length, f"a number of seconds from 0 to {values.LARGEST}"),
        Form.TIME: (values.clock, "a time such as 14:05"),
        Form.DATE: (values.day, "a date such as 2026-12-24 or 12-24"),
        Form.MONEY: (values.amount, f"an amount such as 12.50 EUR (known: {', '.join(values.Currency)})"),
    }
)


def expand(parts: tuple[Part, ...], variables: Mapping[str, object], language: str) -> tuple[str, ...]:
    """The sound ids that speak these parts, in order; sentences that cannot be spoken are left out."""
    return tuple(
        sound if sound.startswith(RECORDING) else f"{language}/{sound}"
        for sound, _ in _spoken(parts, variables, language)[0]
    )


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
                elif form is Form.RECORDING:
                    said[index] = [(name, "(their own words)") for name in fragments]
                else:
                    said[index] = [(name, GRAMMARS[language].fragments[name]) for name in fragments]
    lost = {parts[index].sentence for index in silent}
    return [one for index, many in said.items() if parts[index].sentence not in lost for one in many], silent


def _fragments(variable: str, form: Form, value: object, language: str) -> Sounds | str:
    """A value's fragments in this language, or the sentence that says why there are none."""
    grammar = GRAMMARS.get(language)
    if grammar is None:
        return f"'{variable}' cannot be spoken: no grammar of numbers for language '{language}'"
    if not grammar.speaks(form):
        return f"'{variable}' cannot be spoken: language '{language}' has no form '{form}'"
    if value is None or value == "":
        return f"'{variable}' has no value"
    if form is Form.RECORDING:
        return (f"{RECORDING}{value}",)
    read, wanted = _READERS[form]
    known = read(value)
    if known is None:
        return f"'{variable}' is not {wanted}: {str(value)!r}"
    said: Sounds = spoken_digits(str(known)) if form is Form.DIGITS else getattr(grammar, form.value)(known)
    return said
