"""What callers can say, and in which languages: `speech` of site.yaml, and the models it names.

not used      a model for a language that the site does not have
no model      the folder holds none: callers of that language have their keys
unknown word  a word for a choice that the model does not know would never be heard: it is told at its place
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from engine.config.prompts import Catalog
from engine.config.report import Place, Report, likely
from engine.config.sitefile import SiteFile
from engine.config.source import Mapping as MappingNode
from engine.core.spoken_numbers import plain
from engine.errors import SetupError
from engine.speech.known import is_model, unknown_words
from engine.speech.models import SMALL, small_model


def check_speech(site: SiteFile, catalog: Catalog, report: Report) -> None:
    """Every rule about models; words are looked up only in models that are there."""
    if site.settings is None:
        return
    node = site.root.get("speech")
    models = node.get("models") if isinstance(node, MappingNode) else None
    for language, said in site.settings.models.items():
        key, value = models.entries[language] if isinstance(models, MappingNode) else (None, None)
        if key is None or value is None:
            continue
        folder = Path(said)
        if language not in site.languages:
            near = likely(language, site.languages)
            hint = f"did you mean '{near}'?" if near else f"the site's languages: {', '.join(site.languages)}"
            report.warn(key.place, "not-used", f"'{language}' is no language of this site", hint)
        elif not is_model(folder):
            text = f"there is no model there: callers have only their keys in '{language}'"
            report.warn(value.place, "no-model", text, _mend(language, folder))
        else:
            _words(language, folder, catalog, report, value.place)


def _mend(language: str, folder: Path) -> str:
    """What to do where a folder holds no model."""
    if folder == small_model(language):
        return "run `make models`: it is fetched once"
    if folder.name == SMALL:
        return f"none is fetched for '{language}': name the folder that holds am/final.mdl"
    return "name the folder that holds am/final.mdl"


def _words(language: str, folder: Path, catalog: Catalog, report: Report, place: Place) -> None:
    """Tell of words that the model does not know, each at the first phrase that has it."""
    phrases = [(c, phrase) for c, said in catalog.words(language).items() for phrase in said]
    wanted = frozenset(word for _, phrase in phrases for word in plain(phrase).split())
    try:
        unknown = _unknown(folder, wanted, _age(folder))
    except SetupError:
        text = f"the model there cannot be read: callers have only their keys in '{language}'"
        report.warn(place, "no-model", text, "it is not whole, or none of Vosk's: unpack it anew")
        return
    for choice, phrase in phrases:
        lacking = [word for word in plain(phrase).split() if word in unknown]
        if lacking:
            names = ", ".join(f"'{word}'" for word in lacking)
            text = (
                f"the model for '{language}' does not know {names}: callers can say that, and are not heard"
            )
            hint = "say it with other words, or spell it as a dictionary does"
            report.warn(catalog.words_at(language, choice, phrase), "unknown-word", text, hint)


@lru_cache(maxsize=16)
def _unknown(folder: Path, words: frozenset[str], age: float) -> frozenset[str]:
    return unknown_words(folder, words)


def _age(folder: Path) -> float:
    """When the model was last written: another one is asked anew."""
    return max((path.stat().st_mtime for path in folder.glob("**/*.mdl")), default=0.0)
