"""The prompts folder: one file of texts for each language, one folder of recordings beside it.

    prompts/en.yaml      id: text            what is said (`prompt_text.py` tells how a text is read)
    prompts/en/*.wav     recordings of it    which ones there must be follows from the texts alone

An id is lower-case letters, digits and _, so a recording's name is safe in a path and in an Asterisk sound URI.
`words` holds the words a caller may say for a choice, and is no prompt.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.config import source
from engine.config.prompt_text import PromptTextError, parse_prompt
from engine.config.report import Place, Report
from engine.core.say import GRAMMARS, Form, Literal, Part, Slot

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]+)*")
_WORDS = "words"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt of one language, and where it is written."""

    text: str
    parts: tuple[Part, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that can be said, by language and prompt id; an id that is not there has nothing to say."""

    folder: Path
    prompts: Mapping[str, Mapping[str, Prompt]] = field(default_factory=dict)
    spoken_words: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    #: Where words stand, by language, choice and word; a language's `words` as a whole under ("", "").
    word_places: Mapping[str, Mapping[tuple[str, str], Place]] = field(default_factory=dict)
    #: Prompts that are written, but whose text cannot be read: they have been reported.
    broken: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages there are texts for, sorted."""
        return tuple(sorted(self.prompts))

    def ids(self, language: str) -> tuple[str, ...]:
        """A language's prompt ids, in the order of its file."""
        return tuple(self.prompts.get(language, ()))

    def written(self, language: str, prompt: str) -> bool:
        """Has the language a text for this prompt, be it a broken one?"""
        return prompt in self.prompts.get(language, {}) or prompt in self.broken.get(language, ())

    def parts(self, language: str, prompt: str) -> tuple[Part, ...]:
        """What `engine.core.say.expand` needs to speak a prompt; empty if the language does not have it."""
        found = self.prompts.get(language, {}).get(prompt)
        return found.parts if found else ()

    def text(self, language: str, prompt: str) -> str:
        """The prompt as it is written, slots and all; empty if the language does not have it."""
        found = self.prompts.get(language, {}).get(prompt)
        return found.text if found else ""

    def place(self, language: str, prompt: str) -> Place:
        """Where the prompt's text stands, or its language's file if it is not there."""
        found = self.prompts.get(language, {}).get(prompt)
        return found.place if found else Place(str(self.folder / f"{language}.yaml"))

    def variables(self, language: str, prompt: str) -> tuple[str, ...]:
        """The variables a prompt speaks, in order, each once."""
        slots = (part.variable for part in self.parts(language, prompt) if isinstance(part, Slot))
        return tuple(dict.fromkeys(slots))

    def words(self, language: str) -> Mapping[str, tuple[str, ...]]:
        """The words a caller may say, by choice."""
        return self.spoken_words.get(language, {})

    def words_at(self, language: str, choice: str = "", word: str = "") -> Place:
        """Where a word for a choice stands; without one, where the language's words begin."""
        places = self.word_places.get(language, {})
        return places.get((choice, word)) or places.get(("", "")) or self.place(language, "")

    def sounds(self, language: str) -> dict[str, str]:
        """Every recording the language needs (`welcome`, `num/4`) with the words it says, numbers included."""
        prompts = self.prompts.get(language, {}).values()
        said = {p.sound: p.text for prompt in prompts for p in prompt.parts if isinstance(p, Literal)}
        return said | dict(GRAMMARS[language].fragments if language in GRAMMARS else {})

    def missing_recordings(self, language: str, folder: Path | None = None) -> list[str]:
        """The sound ids (`en/welcome`) without a WAV in the folder, this catalog's own if none is given."""
        names = (f"{language}/{sound}" for sound in self.sounds(language))
        return [name for name in names if not ((folder or self.folder) / f"{name}.wav").is_file()]


def load_catalog(folder: Path, report: Report) -> Catalog:
    """Read every `<language>.yaml` of the folder; what is wrong goes to the report, what is right is returned."""
    files = sorted(folder.glob("*.yaml"))
    if not files:
        hint = "write one file a language, such as en.yaml, or correct 'prompts' in site.yaml"
        report.add(Place(str(folder)), "no-prompts", "there are no prompt texts in this folder", hint)
    prompts: dict[str, Mapping[str, Prompt]] = {}
    words: dict[str, Mapping[str, tuple[str, ...]]] = {}
    places: dict[str, Mapping[tuple[str, str], Place]] = {}
    broken: dict[str, frozenset[str]] = {}
    for path in files:
        root = _entries(path, report)
        if root is not None:
            prompts[path.stem] = _prompts(root, report)
            words[path.stem] = _words(root.get(_WORDS), report)
            places[path.stem] = _word_places(root)
            broken[path.stem] = frozenset(root.entries) - set(prompts[path.stem]) - {_WORDS}
            _check_grammar(path.stem, prompts[path.stem], report)
    return Catalog(folder, prompts, words, places, broken)


def _entries(path: Path, report: Report) -> source.Mapping | None:
    """A language file's entries, if it is one."""
    if not _LANGUAGE.fullmatch(path.stem):
        hint = "name it by its language's code: en.yaml, ar.yaml, pt-br.yaml"
        report.add(Place(str(path)), "bad-language", f"'{path.stem}' is not the code of a language", hint)
        return None
    root = source.read(path, str(path), report)
    if root is None or isinstance(root, source.Mapping):
        return root
    report.add(
        root.place,
        "bad-prompt",
        "the file is not a list of prompts",
        "write lines such as welcome: Good day.",
    )
    return None


def _prompts(root: source.Mapping, report: Report) -> dict[str, Prompt]:
    """The prompts that can be read; the others are reported."""
    prompts: dict[str, Prompt] = {}
    for prompt, (key, node) in root.entries.items():
        if prompt == _WORDS:
            continue
        if not _ID.fullmatch(prompt):
            hint = "use lower-case letters, digits and _, beginning with a letter"
            report.add(key.place, "bad-prompt-id", f"'{prompt}' cannot name a prompt", hint)
        elif not isinstance(node, source.Scalar):
            report.add(node.place, "bad-prompt", f"prompt '{prompt}' is not one text", "write it on one line")
        else:
            try:
                prompts[prompt] = Prompt(node.text, parse_prompt(prompt, node.text), node.place)
            except PromptTextError as wrong:
                place = piece(report, node.place, wrong.piece) if node.text.strip() else key.place
                report.add(place, "bad-prompt", wrong.what, wrong.hint)
    return prompts


def piece(report: Report, place: Place, words: str) -> Place:
    """Where a piece of the value at `place` stands: on its line, or below where the text goes on, indented."""
    lines = report.lines.get(place.file, ())
    for number in range(place.line, len(lines) + 1):
        line = lines[number - 1]
        if number > place.line and line[:1].strip():
            break
        found = line.find(words, place.col - 1 if number == place.line else 0) if words else -1
        if found >= 0:
            return Place(place.file, number, found + 1, found + 1 + len(words))
    return place


def _words(node: source.Node | None, report: Report) -> dict[str, tuple[str, ...]]:
    """The `words` entry: choice -> one word or a list of them."""
    if node is None or (isinstance(node, source.Scalar) and node.empty):
        return {}
    if not isinstance(node, source.Mapping):
        report.add(
            node.place,
            "bad-words",
            "'words' holds choices and the words for them",
            "like sales: [sales, buy]",
        )
        return {}
    words: dict[str, tuple[str, ...]] = {}
    for choice, (_, value) in node.entries.items():
        said = value.items if isinstance(value, source.Sequence) else [value]
        texts = tuple(item.text for item in said if isinstance(item, source.Scalar) and item.text.strip())
        if len(texts) == len(said) and texts:
            words[choice] = texts
        else:
            report.add(
                value.place, "bad-words", f"'{choice}' needs one word or a list of words", "like [sales, buy]"
            )
    return words


def _word_places(root: source.Mapping) -> dict[tuple[str, str], Place]:
    """Where each word for each choice stands."""
    node = root.get(_WORDS)
    entries = node.entries if isinstance(node, source.Mapping) else {}
    places = {("", ""): root.key(_WORDS)}
    for choice, (_, value) in entries.items():
        for item in value.items if isinstance(value, source.Sequence) else [value]:
            if isinstance(item, source.Scalar):
                places[choice, item.text] = item.place
    return places


def _check_grammar(language: str, prompts: Mapping[str, Prompt], report: Report) -> None:
    """Report where a value is spoken in a form the language does not have: the first prompt of each such form."""
    grammar = GRAMMARS.get(language)
    told: set[Form | None] = set(grammar.forms if grammar else ())
    for prompt in prompts.values():
        for slot in prompt.parts:
            lacking = slot.form if grammar and isinstance(slot, Slot) else None
            if isinstance(slot, Slot) and lacking not in told:
                told.add(lacking)
                _no_form(language, prompt, lacking, report)


def _no_form(language: str, prompt: Prompt, form: Form | None, report: Report) -> None:
    """One prompt's value cannot be spoken: its form is lacking, or all forms are (None)."""
    if form is None:
        hint = f"say it without a value; languages with numbers: {', '.join(sorted(GRAMMARS))}"
        what = f"numbers cannot be spoken in language '{language}' yet"
    else:
        hint = f"use another form: {', '.join(f for f in Form if f in GRAMMARS[language].forms)}"
        what = f"the grammar of language '{language}' cannot speak the form '{form}'"
    report.add(piece(report, prompt.place, form or "{{"), "no-grammar", what, hint)
