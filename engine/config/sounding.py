"""Do two phrases sound alike to a recogniser? Decided from how they are written, by a small key for each word.

A word's key: its letters without case, accents, vowel signs and joiners; letters that are spoken alike in the language are made one;
a letter written twice counts once. `sofija` and `Sofia`, `سؤال` and `سوال`, `град` and `грат` have one key each.

Two words sound alike when their keys are equal, when one is the other with a letter more at its end (`sale`, `sales`), or when the keys
are long and differ in little: one letter in five or more, two in nine or more.

Two phrases sound alike when, words such as `the` and `please` left out, each word of one sounds like its neighbour in the other, or when
they are the same letters in other pieces (`voice mail`). One real word more makes another phrase: `new customer` is not `customer`, for
a recogniser hears the longer one out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache

_ARABIC_LETTERS = (("[ىی]", "ي"), ("ک", "ك"), ("ة", "ه"), ("ٱ", "ا"), ("[ءـ]", ""))
#: Letters of a language that are spoken alike: pattern -> what stands for it in a key, in this order.
_SPOKEN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "ar": (*_ARABIC_LETTERS, ("^ال(?=...)", "")),
    "fa": (*_ARABIC_LETTERS, ("[ثص]", "س"), ("[ذضظ]", "ز"), ("ط", "ت"), ("ح", "ه"), ("غ", "ق"), ("ع", "")),
    "bg": (
        *(("щ", "шт"), ("ю", "у"), ("я", "а"), ("ъ", "а"), ("о", "у"), ("е", "и"), ("ь", "")),
        *((f"{voiced}$", voiceless) for voiced, voiceless in zip("бвгджз", "пфктшс", strict=True)),
    ),
    "en": (
        *(
            ("ph", "f"),
            ("wh", "w"),
            ("^kn", "n"),
            ("gh", ""),
            ("ck", "k"),
            ("c(?=[eiy])", "s"),
            ("[cq]", "k"),
        ),
        *(("x", "ks"), ("z", "s"), ("ai|ay|ei|ey", "a"), ("ee|ea|ie", "i"), ("oa|ow", "o"), ("oo|ou", "u")),
        *(("ij", "i"), ("y", "i"), ("(?<=..)e(s?)$", r"\1")),
    ),
}
#: Words that say nothing about which choice is meant.
_FILLING: Mapping[str, frozenset[str]] = {
    "ar": frozenset(["من", "في", "عن", "إلى", "فضلك"]),
    "fa": frozenset(["با", "از", "به", "را", "لطفا", "لطفاً"]),
    "bg": frozenset(["моля", "на", "за", "с", "със"]),
    "en": frozenset(["a", "an", "the", "to", "for", "please", "my"]),
}


@lru_cache(maxsize=100_000)
def alike(one: str, other: str, language: str) -> bool:
    """Whether a recogniser may take one phrase of a language for the other."""
    base = language.partition("-")[0]
    first, second = _words(one, base), _words(other, base)
    if _key("".join(first), base) == _key("".join(second), base):
        return True
    return len(first) == len(second) and all(
        _near(_key(a, base), _key(b, base)) for a, b in zip(first, second, strict=True)
    )


@cache
def _words(phrase: str, language: str) -> tuple[str, ...]:
    """A phrase's bare words, without those that say nothing."""
    words = re.findall(r"\w+", _bare(phrase))
    filling = {_bare(word) for word in _FILLING.get(language, ())}
    return tuple([word for word in words if word not in filling] or words)


def _bare(text: str) -> str:
    """Letters without case, accents, vowel signs and joiners."""
    whole = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in whole if unicodedata.category(c) not in ("Mn", "Me", "Cf"))


@cache
def _key(word: str, language: str) -> str:
    key = word
    for pattern, letters in _SPOKEN.get(language, ()):
        key = re.sub(pattern, letters, key)
    return re.sub(r"([^\W\d])\1+", r"\1", key) or word


def _near(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    if long in (short, f"{short}{long[-1:]}"):
        return short == long or len(short) >= 3
    allowed = 2 if len(long) >= 9 else 1 if len(long) >= 5 else 0
    return len(long) - len(short) <= allowed and _distance(one, other) <= allowed


def _distance(one: str, other: str) -> int:
    """How many letters must be put in, taken out or changed to make one word of the other."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (a != b))
    return row[-1]
