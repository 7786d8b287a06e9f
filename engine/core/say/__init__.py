"""What a caller hears of a prompt: a text with slots becomes a list of recordings.

A prompt is a tuple of parts, in the order they are spoken:

    You are number {{ position | number }} in the queue. Please wait.
    Literal(you_are_number-1) Slot(position, number) Literal(you_are_number-2) Literal(you_are_number-3)

1. A literal is one recording. Literals also end where a sentence ends, so every part belongs to one sentence. A mark
   that follows a value opens the next literal: it is a pause before its words.
2. A slot is a value and the form it is spoken in. The language's grammar turns both into fragments: 21 minutes
   is `num/20 num/1 unit/minutes` in English. A slot without a form is spoken as a number.
3. A value that is missing, or that its form cannot speak, silences its whole sentence, because "you are number in
   the queue" is worse than silence. The other sentences are heard; `unsaid` tells what was left out and why.
   Nothing here raises while a caller listens.
4. A sound id is `<language>/<recording>`: the path of a WAV below the prompts folder, without its ending; or `recording:NAME`, what the
   caller has recorded.

    parts.py      forms, literals, slots
    values.py     a variable's text read as what its form speaks: a count, a time of day, an amount of money
    grammar.py    what a language brings: its fragments, and a function for each form it can speak
    english.py    arabic.py persian.py bulgarian.py: one language each
    speaking.py   expand, unsaid, wording

Another language is one more file with a `GRAMMAR`, and its entry in `GRAMMARS`.
"""

from engine.core.say.grammar import Grammar, Sounds
from engine.core.say.parts import Form, Literal, Part, Slot
from engine.core.say.speaking import GRAMMARS, RECORDING, expand, unsaid, wording
from engine.core.say.values import LARGEST

__all__ = [
    "GRAMMARS",
    "LARGEST",
    "RECORDING",
    "Form",
    "Grammar",
    "Literal",
    "Part",
    "Slot",
    "Sounds",
    "expand",
    "unsaid",
    "wording",
]
