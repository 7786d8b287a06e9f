"""What callers can say in a menu: words stand in prompts/<language>.yaml below `words`, under the name of the step a key leads to.

unsaid choice    a choice can be pressed but not said. A language without any words is one of keys alone, and nothing is said about it;
                 a choice that lacks words only in some languages is told once for the site (`missing-words`)
unsure key       a prompt that asks whether somebody meant a choice stands under a key that is none
alike words      two choices of one menu have words that sound alike (`engine.config.sounding` tells what that means)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from engine.config.flowfile import FlowFile
from engine.config.prompts import Catalog
from engine.config.report import Place, Report, in_languages, likely
from engine.config.sounding import alike
from engine.core import verbs


@dataclass(frozen=True, slots=True)
class _Menu:
    """A menu as it is written, and the steps its keys lead to, with the place where each is first named."""

    prompt: str
    place: Place
    steps: Mapping[str, Place]


def check_spoken(flows: list[FlowFile], catalog: Catalog, report: Report) -> None:
    """Each rule, for every menu; the others in every language of its flow in which anything can be said."""
    used = {step for flow in flows for step in menu_steps(flow)}
    for flow in flows:
        spoken = [language for language in flow.languages if catalog.words(language)]
        _unsure(flow, report)
        for menu in _menus(flow):
            _unsaid(menu, spoken, used, catalog, report)
            for language in spoken:
                _alike(menu, language, catalog, report)


def menu_steps(flow: FlowFile) -> frozenset[str]:
    """The steps that keys of the flow's menus lead to: its choices."""
    return frozenset(step for menu in _menus(flow) for step in menu.steps)


def _menus(flow: FlowFile) -> Iterator[_Menu]:
    for step, actions in flow.steps.items():
        for index, action in enumerate(actions):
            if isinstance(action, verbs.Menu):
                steps: dict[str, Place] = {}
                for key, target in action.choices.items():
                    steps.setdefault(target, flow.at(step, index, "choices", key))
                yield _Menu(action.menu, flow.at(step, index, "menu"), steps)


def _unsure(flow: FlowFile, report: Report) -> None:
    for step, actions in flow.steps.items():
        for index, action in enumerate(actions):
            if isinstance(action, verbs.Menu):
                for key in (x for x in action.unsure if x not in action.choices):
                    text = f"key {key} is no choice of menu '{action.menu}', so nobody can have meant it"
                    hint = f"its choices: {' '.join(action.choices)}"
                    report.add(flow.at(step, index, "unsure", key), "unsure-key", text, hint)


def _unsaid(menu: _Menu, languages: list[str], used: set[str], catalog: Catalog, report: Report) -> None:
    """Tell of choices without words; words that lead nowhere may be theirs, wrongly spelled."""
    worded = {choice for language in catalog.languages for choice in catalog.words(language)}
    files = ", ".join(f"{catalog.folder}/{language}.yaml" for language in languages)
    for step, place in menu.steps.items():
        if languages and step not in worded:
            text = f"choice '{step}' can be pressed but not said {in_languages(languages)}"
            near = likely(step, worded - used)
            hint = (
                f"did you mean '{near}'?" if near else f"write {step}: [a word, …] below 'words' in {files}"
            )
            also = [(catalog.words_at(x), f"the words in '{x}' stand here") for x in languages]
            report.warn(place, "unsaid-choice", text, hint, also=also)


def _alike(menu: _Menu, language: str, catalog: Catalog, report: Report) -> None:
    words = catalog.words(language)
    for one, other in combinations([step for step in menu.steps if step in words], 2):
        pairs = ((a, b) for a in words[one] for b in words[other] if alike(a, b, language))
        for said, like in pairs:
            text = (
                f"'{said}' leads to '{one}' and to '{other}', both choices of menu '{menu.prompt}'"
                if said == like
                else f"'{like}' ({other}) sounds like '{said}' ({one}), and both are choices of menu '{menu.prompt}'"
            )
            also = [(catalog.words_at(language, one, said), f"'{said}' of '{one}'"), (menu.place, "the menu")]
            place = catalog.words_at(language, other, like)
            report.warn(
                place,
                "alike-words",
                text,
                "take one of the two words out, or put another one in its place",
                also=also,
            )
