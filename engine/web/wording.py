"""The words of the pages, one file for each language, and which of them a browser gets.

words/en.yaml    id: text    {name} stands for a value; texts are text, never HTML
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml
from aiohttp import web
from markupsafe import Markup, escape

WORDS = Path(__file__).parent / "words"
#: The first is for whoever asks for none of them.
LANGUAGES = ("en", "ar", "fa", "bg")
_RIGHT_TO_LEFT = frozenset({"ar", "fa"})
_VALUE = Markup("<bdi>{}</bdi>")
_FIGURES = Markup('<span dir="ltr">{}</span>')


class Wording:
    """The words of one language. Values are set apart, so that none turns the direction of the text round it."""

    def __init__(self, language: str, words: Mapping[str, str]) -> None:
        self.language, self.words = language, words

    @property
    def direction(self) -> str:
        """HTML's `dir`."""
        return "rtl" if self.language in _RIGHT_TO_LEFT else "ltr"

    def __call__(self, word: str, **values: object) -> Markup:
        """A text with its values in it, safe in a page."""
        return escape(self.words[word]).format(
            **{name: _VALUE.format(value) for name, value in values.items()}
        )

    def moment(self, at: float, zone: str, now: float) -> Markup:
        """A moment on a zone's clocks: the time alone today, else with its day."""
        when, today = (datetime.fromtimestamp(each, ZoneInfo(zone)) for each in (at, now))
        there = Markup('<time dir="ltr" datetime="{}">{}</time>')
        if when.date() == today.date():
            return there.format(when.isoformat(timespec="minutes"), f"{when:%H:%M}")
        day = self.words["weekdays"].split()[when.weekday()]
        return escape(day) + " " + there.format(when.isoformat(timespec="minutes"), f"{when:%Y-%m-%d %H:%M}")


def figures(text: str) -> Markup:
    """Figures with dashes and colons, which run from left to right in every language."""
    return _FIGURES.format(text)


@cache
def wording(language: str) -> Wording:
    """The words of a language."""
    text = (WORDS / f"{language}.yaml").read_text(encoding="utf-8")
    return Wording(language, yaml.load(text, yaml.CBaseLoader))


def language_of(request: web.Request) -> str:
    """`?lang=`, else the first that the browser would have and we do."""
    asked = request.query.get("lang", "")
    if asked in LANGUAGES:
        return asked
    for wanted in _accepted(request.headers.get("Accept-Language", "")):
        if wanted in LANGUAGES:
            return wanted
    return LANGUAGES[0]


def _accepted(header: str) -> list[str]:
    """The languages a browser would have, best first, without their countries."""
    found = []
    for part in header.lower().split(","):
        tag, _, quality = part.strip().partition(";q=")
        try:
            found.append((float(quality or 1), tag.split("-")[0]))
        except ValueError:
            continue
    return [tag for quality, tag in sorted(found, key=lambda one: -one[0]) if quality > 0]
