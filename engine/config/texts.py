"""What the prompts of a site's languages owe each other, and the engine that speaks some of them itself.

missing text      the engine speaks a prompt itself, and a language has no text for it
unknown value     such a prompt speaks a value that the engine does not have for it: the sentence would stay silent
unspoken value    a prompt speaks a value in one language and not in another: those callers would not hear it. A language
                  without a grammar cannot speak any, and nothing is said about it
missing words     a choice can be said in one language and not in another whose callers come to that choice, too

Texts of flows are looked at where a flow names them (`engine.config.check`), their values in `engine.config.variables`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.config.flowfile import FlowFile
from engine.config.prompts import Catalog, piece
from engine.config.report import Report, guess, plural
from engine.config.sitefile import SiteFile
from engine.config.source import Scalar, Sequence
from engine.config.spoken import menu_steps
from engine.core.conversation import PARKED_AT
from engine.core.say import GRAMMARS

#: Prompts the engine itself speaks while callers wait, and the last-resort script when no engine answers: when, and the value
#: they may speak.
SPOKEN_BY_ENGINE: Mapping[str, tuple[str, str]] = {
    "you_are_number": ("waiting, behind somebody (`announce_position`)", "position"),
    "you_are_next": ("waiting, first in the queue (`announce_position`)", ""),
    "wait_about": ("waiting, up to an hour (`announce_wait`)", "minutes"),
    "wait_more_than_an_hour": ("waiting, longer than that (`announce_wait`)", ""),
    "wait_longer_than_expected": ("waiting, when the wait grows against what was said before", ""),
    "fallback_apology": ("no engine answers: before the tone", ""),
    "fallback_thanks": ("no engine answers: behind a message", ""),
    "fallback_goodbye": ("no engine answers, and no message can be taken", ""),
}


def check_texts(site: SiteFile, flows: list[FlowFile], catalog: Catalog, report: Report) -> None:
    """Every rule about the texts of the site's languages; a language without a file is told about elsewhere."""
    spoken = [item for item in _languages(site) if item.text in catalog.languages]
    for item in spoken:
        _missing(item, catalog, report)
        _unknown(item.text, catalog, report)
    _unspoken([item.text for item in spoken], catalog, report)
    _worded(spoken, flows, catalog, report)


def _languages(site: SiteFile) -> Iterable[Scalar]:
    node = site.root.get("languages")
    items = node.items if isinstance(node, Sequence) else [node]
    return [item for item in items if isinstance(item, Scalar)]


def _missing(item: Scalar, catalog: Catalog, report: Report) -> None:
    lacking = [prompt for prompt in SPOKEN_BY_ENGINE if not catalog.written(item.text, prompt)]
    if lacking:
        texts = f"{plural(len(lacking), 'text')} that the engine itself speaks: {', '.join(lacking)}"
        hint = f"write {'it' if len(lacking) == 1 else 'them'} in {catalog.folder}/{item.text}.yaml"
        report.add(item.place, "missing-prompt", f"language '{item.text}' lacks {texts}", hint)


def _unknown(language: str, catalog: Catalog, report: Report) -> None:
    for prompt, (_, value) in {**SPOKEN_BY_ENGINE, PARKED_AT: ("", "slot")}.items():
        for used in catalog.variables(language, prompt):
            if used != value:
                has = f"has only '{value}' for it" if value else "has no value for it"
                text = (
                    f"prompt '{prompt}' speaks '{used}', but the engine itself speaks this prompt and {has}"
                )
                hint = guess(used, [value]) if value else ""
                place = piece(report, catalog.place(language, prompt), used)
                report.add(place, "unset-variable", text, hint or "say it without this value")


def _unspoken(languages: list[str], catalog: Catalog, report: Report) -> None:
    """What a prompt speaks in the first of the site's languages that has it, it speaks in all of them."""
    for prompt in dict.fromkeys(prompt for language in languages for prompt in catalog.ids(language)):
        having = [language for language in languages if prompt in catalog.ids(language)]
        first, wanted = having[0], catalog.variables(having[0], prompt)
        for language in (x for x in having[1:] if x in GRAMMARS):
            left = [name for name in wanted if name not in catalog.variables(language, prompt)]
            if left and not _told(language, prompt, catalog):
                text = f"prompt '{prompt}' speaks '{left[0]}' in language '{first}', but not in '{language}'"
                also = [(catalog.place(first, prompt), f"the text in '{first}'")]
                hint = f"write {{{{ {left[0]} }}}} where it is to be heard, with the form that fits"
                report.warn(catalog.place(language, prompt), "unspoken-value", text, hint, also=also)


def _told(language: str, prompt: str, catalog: Catalog) -> bool:
    """Is this one of the engine's prompts with a value it does not have? The misspelt name is reported already."""
    known = SPOKEN_BY_ENGINE.get(prompt)
    return known is not None and any(used != known[1] for used in catalog.variables(language, prompt))


def _worded(spoken: list[Scalar], flows: list[FlowFile], catalog: Catalog, report: Report) -> None:
    choices = dict.fromkeys(choice for item in spoken for choice in catalog.words(item.text))
    menus = [(flow.languages, menu_steps(flow)) for flow in flows]
    used = {step for _, steps in menus for step in steps}
    for item in spoken:
        here = {step for languages, steps in menus if item.text in languages for step in steps}
        words = catalog.words(item.text)
        lacking = [
            choice for choice in choices if choice not in words and (choice in here or choice not in used)
        ]
        if lacking:
            count = plural(len(lacking), "choice")
            text = f"language '{item.text}' has no words for {count} that can be said in another language: "
            hint = f"add them below 'words' in {catalog.folder}/{item.text}.yaml"
            report.warn(item.place, "missing-words", text + ", ".join(lacking), hint)
