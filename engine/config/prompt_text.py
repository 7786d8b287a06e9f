"""A prompt's text, split into what is recorded and what is a value.

The text is read by Jinja2's own parser, and its tree may hold only words, `{{ name }}` and `{{ name | form }}`:
whatever else a template could do is refused, so a prompt never computes anything. A prompt without values is one
recording named like the prompt. In a prompt with values each stretch of words, and each sentence of it, is a
recording of its own: `<id>-1`, `<id>-2`, … in the order they are spoken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache

from jinja2 import Environment, TemplateSyntaxError, nodes

from engine.core.say import Form, Literal, Part, Slot

#: White space after the mark that ends a sentence.
_SENTENCE_END = re.compile(r"(?<=[.!?؟…])\s+")
_ENVIRONMENT = Environment(autoescape=True)
_FORMS = ", ".join(form.value for form in Form)
_HOW = "write a value as {{ name }} or {{ name | form }}, such as {{ place | position }}"


class PromptTextError(Exception):
    """A text is no prompt: `what` is wrong, `hint` tells what to write, `piece` is the text at fault (or "")."""

    def __init__(self, what: str, hint: str = _HOW, piece: str = "") -> None:
        super().__init__(what)
        self.what, self.hint, self.piece = what, hint, piece


@lru_cache(maxsize=10_000)  # the same texts are read again at every save and for every release
def parse_prompt(prompt: str, text: str) -> tuple[Part, ...]:
    """The parts of the prompt with this id and text; raises PromptTextError."""
    try:
        pieces = list(_pieces(text))
    except RecursionError:
        raise PromptTextError("what stands between { and } is nested too deep", piece="{") from None
    if all(isinstance(piece, str) for piece in pieces):
        words = " ".join("".join(str(piece) for piece in pieces).split())
        if not _speakable(words):
            raise PromptTextError(f"prompt '{prompt}' has nothing to say", "write the words a caller hears")
        return (Literal(prompt, words),)
    return tuple(_parts(prompt, pieces))


def _parts(prompt: str, pieces: list[str | Slot]) -> Iterator[Part]:
    """Name the recordings and number the sentences; a mark after a value goes before the words that follow it."""
    sentence = recording = 0
    mark = ""
    for piece in pieces:
        if isinstance(piece, Slot):
            yield Slot(piece.variable, piece.form, sentence)
            continue
        for index, words in enumerate(_SENTENCE_END.split(piece)):
            sentence += index > 0
            if not _speakable(words):
                mark += words.strip()
                continue
            recording += 1
            yield Literal(f"{prompt}-{recording}", " ".join(f"{mark} {words}".split()), sentence)
            mark = ""


def _pieces(text: str) -> Iterator[str | Slot]:
    """The text's words and slots, in order."""
    if "{" not in text and "}" not in text:  # most texts: nothing for Jinja2 to find
        yield text
        return
    try:
        tree = _ENVIRONMENT.parse(text)
    except TemplateSyntaxError:
        raise _unreadable(text) from None
    for statement in tree.body:
        if not isinstance(statement, nodes.Output):
            raise PromptTextError("a prompt holds words and values only, no {% … %}", piece="{%")
        for node in statement.nodes:
            yield _words(node.data) if isinstance(node, nodes.TemplateData) else _slot(node)


def _words(data: str) -> str:
    """Words as they stand; a stray brace is a slot gone wrong."""
    for brace in ("}}", "{", "}"):
        if brace in data:
            raise PromptTextError(f"a lone '{brace}' in the text", piece=brace)
    return data


def _slot(node: nodes.Expr) -> Slot:
    """A slot from what stands between {{ and }}."""
    form = Form.NUMBER
    if isinstance(node, nodes.Filter) and node.node is not None and not (node.args or node.kwargs):
        form, node = _form(node.name), node.node
    name = _dotted(node)
    if name is None:
        raise PromptTextError("what stands between {{ and }} is not the name of a value", piece="{{")
    return Slot(name, form)


def _form(name: str) -> Form:
    """The form with this name."""
    if name in tuple(Form):
        return Form(name)
    near = get_close_matches(name, [form.value for form in Form], n=1)
    hint = f"did you mean '{near[0]}'?" if near else f"forms are {_FORMS}"
    raise PromptTextError(f"'{name}' is not a form a value can be spoken in", hint, name)


def _dotted(node: nodes.Expr) -> str | None:
    """`name` or `one.two` as it was written, or None for any other expression."""
    match node:
        case nodes.Name():
            return str(node.name)
        case nodes.Getattr():
            before = _dotted(node.node)
            return None if before is None else f"{before}.{node.attr}"
    return None


def _unreadable(text: str) -> PromptTextError:
    """Why a text cannot be read at all."""
    opened, closed = text.count("{{"), text.count("}}")
    if opened > closed:
        return PromptTextError("a {{ is not closed by }}", piece="{{")
    if opened < closed:
        return PromptTextError("a }} has no {{ before it", piece="}}")
    if "{%" in text or "{#" in text:
        return PromptTextError("a prompt holds words and values only, no {% … %} and no {# … #}", piece="{")
    return PromptTextError("what stands between {{ and }} is not the name of a value", piece="{{")


def _speakable(text: str) -> bool:
    """Whether there is anything to record in it: a letter or a digit."""
    return any(char.isalnum() for char in text)
