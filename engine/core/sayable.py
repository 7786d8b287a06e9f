"""What may be said at a question: the words of prompts/<language>.yaml, and the numbers of the keys.

Words that mean the same everywhere stand there like those of a menu's choices, under `repeat`, `operator`, `yes` and `no`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from engine.core.do import NO, OPERATOR, REPEAT, YES, Choose, Collect, Outcome, unsure
from engine.core.speech import Choices
from engine.core.spoken_numbers import numbers, plain, readings

#: Names under `words` that belong to no choice of a menu.
EVERYWHERE: Final = (REPEAT, OPERATOR, YES, NO)


def sayable(do: Choose | Collect, words: Mapping[str, tuple[str, ...]], language: str) -> Choices:
    """The phrases that may be said, each with what comes of it; `words` are the language's. None where only keys are heard.

    Besides digits, where these are asked for.
    """
    if not do.says:
        return Choices({})
    known = {outcome: [*words.get(name, ())] for outcome, name in do.says}
    if isinstance(do, Choose):
        for key, said in _numbers(do.keys, language):
            known.setdefault(key, []).append(said)
    return Choices.of(known)


def said_for(
    do: Choose | Collect, phrase: str, words: Mapping[str, tuple[str, ...]], language: str
) -> Outcome:
    """What comes of a phrase that is surely understood; None where it cannot be said there."""
    meant = sayable(do, words, language).phrases.get(plain(phrase))
    if meant is not None or isinstance(do, Choose) or not do.says:
        return meant
    read = [one for one in readings(plain(phrase).split(), language) if len(one) <= do.most]
    return next((one for one in read if len(one) >= do.least), read[0] if read else None)


def shown(outcome: Outcome) -> str:
    """What came of a question, in words."""
    match outcome:
        case None:
            return "silence"
        case "?":
            return "words that are not understood"
        case "repeat":
            return "asks to hear it again"
        case "operator":
            return "asks for a person"
    taken = unsure(outcome)
    return outcome if taken is None else f"{taken}, not surely understood"


def _numbers(keys: tuple[str, ...], language: str) -> Iterator[tuple[str, str]]:
    """The words of the keys that are digits."""
    found = numbers(language)
    for word, worth in (found.small if found else {}).items():
        if str(worth) in keys:
            yield str(worth), word
