"""What a caller answers while one step listens: keys, and words where the caller's language has any and somebody hears it.

    Choosing      a key, or what is said for one              Collecting    digits, keyed in and said, in any mixture

Both are used as a `with` block, which is as long as the step: it opens an ear and closes it, and does nothing where nobody hears. What was
heard, and what was made of it, is `said` afterwards, for the step's event.

Sound that begins stops a prompt at once, before anybody knows whether it is words. Where it was none (a cough, a noisy line) the prompt is
spoken once more, and then only words and keys stop it. Keys go before words: a key that is there is the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final, Self

from engine.call.ears import Ear, Ears
from engine.call.line import END, Line, Speech
from engine.core.do import MISHEARD, Choose, Collect, Outcome
from engine.core.heard import Began, Heard, Hypothesis
from engine.core.speech import Choices, Decision, Digits, Entered, decide, decide_digits
from engine.core.spoken_numbers import vocabulary
from engine.speech.port import Vocabulary

#: Seconds between two digits of one number.
BETWEEN_DIGITS: Final = 3.0
#: Seconds a caller who is speaking when the time is up has to finish.
FINISHING: Final = 2.0

#: Speaks the step's prompt.
Say = Callable[[], Awaitable[None]]


class Answering:
    """Listens while a step lasts; without a vocabulary only to keys."""

    def __init__(self, ears: Ears, line: Line, vocabulary: Vocabulary | None) -> None:
        self.line = line
        self._noted: list[dict[str, Any]] = []
        #: The newest words of which nothing has come yet.
        self._undecided: dict[str, Any] | None = None
        self._ears = ears
        self._vocabulary = vocabulary
        self._ear: Ear | None = None
        #: Sound alone stops the prompt; it has stopped it, and words came of it, or not.
        self._wary = False
        self._noise = False
        #: Words are being said.
        self._speaking = False

    def __enter__(self) -> Self:
        self.line.talking = False
        if self._vocabulary is not None:
            self._ear = self._ears.open(self.line.contact, self.line.channel, self._vocabulary, self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        ear, self._ear = self._ear, None
        self.line.talking = False
        if ear is not None:
            ear.close()

    def _hear(self, heard: Heard) -> None:
        self.line.inbox.put(Speech(self, heard))

    def take(self, heard: Heard) -> None:
        """Take in what the recogniser tells, when its turn has come."""
        if self._ear is None:
            return  # of a step that is over
        match heard:
            case Began():
                self.line.talking = self.line.talking or not self._wary
                self.begins()
            case Hypothesis():
                self._speaking = bool(heard.words) and not heard.final
                self.line.talking = self.line.talking or self._speaking
                self._noise = heard.final and not heard.words
                if heard.words:
                    self.weigh(heard)

    def begins(self) -> None:
        """Sound begins."""

    def weigh(self, heard: Hypothesis) -> None:
        """Decide what words mean."""
        raise NotImplementedError

    def note(self, heard: Hypothesis, decision: Decision) -> None:
        """Keep what was heard and decided; of partial hypotheses that decided nothing only the newest one is kept."""
        told = {**heard.told(), "decision": decision.told()}
        if heard.final or decision.verdict != "wait":
            self._noted.append(told)
            self._undecided = None
        else:
            self._undecided = told

    @property
    def said(self) -> list[dict[str, Any]]:
        """What was heard and made of it, in its order, as JSON values."""
        return self._noted + ([self._undecided] if self._undecided else [])

    async def say(self, say: Say) -> None:
        """Speak the prompt, to its end or until the caller answers."""
        self.line.talking = self._speaking
        await say()

    async def once_more(self, say: Say) -> bool:
        """Speak a prompt again that a noise has stopped, once: nobody has spoken."""
        if not (self._noise and self.line.talking) or self._wary or self._speaking:
            return False
        self._wary, self._noise = True, False
        await self.say(say)
        return True

    def until(self, due: float) -> float:
        """The deadline for one who is in the middle of a word when it comes."""
        return due + FINISHING if self._speaking else due


class Choosing(Answering):
    """One key, or words for one."""

    def __init__(self, ears: Ears, line: Line, choices: Choices, language: str) -> None:
        phrases = () if line.keys else choices.vocabulary  # whoever has pressed a key already says nothing
        super().__init__(ears, line, Vocabulary(language, phrases) if phrases else None)
        self._choices = choices
        self._meant: Outcome = None

    def weigh(self, heard: Hypothesis) -> None:
        """The first thing that is decided counts."""
        decision = decide(self._choices, heard)
        self.note(heard, decision)
        if self._meant is None:
            self._meant = _meant(decision)

    async def answer(self, do: Choose, say: Say) -> Outcome:
        """Speak the prompt; then the key, what words mean, or None once the time is up."""
        loop = asyncio.get_running_loop()
        await self.say(say)
        due = loop.time() + do.timeout
        while not self.line.keys and self._meant is None:
            if await self.once_more(say):
                due = loop.time() + do.timeout
            elif await self.line.wait(self.until(due)) is None:
                break
        key = self.line.keys.popleft() if self.line.keys else None
        if key is None and self._meant is not None:
            return self._meant
        if key not in do.keys:
            self.line.keys.clear()  # what was typed ahead was meant for another answer
        return key


class Collecting(Answering):
    """Digits, keyed in or said, or words that mean the same everywhere."""

    def __init__(self, ears: Ears, line: Line, do: Collect, choices: Choices, language: str) -> None:
        phrases = (*vocabulary(language), *choices.vocabulary) if do.says else ()
        super().__init__(ears, line, Vocabulary(language, phrases) if phrases else None)
        self._digits = Digits(language, do.least, do.most)
        self._choices = choices
        self._entered: list[Entered] = []
        #: Where in what was entered the words belong that are being said: a key may come before they are understood.
        self._place = 0
        self._meant: Outcome = None
        #: When the next digit must have come.
        self._due = 0.0

    def begins(self) -> None:
        """Words that come of this stand behind what was entered until now."""
        self._place = len(self._entered)

    def weigh(self, heard: Hypothesis) -> None:
        """A word that means the same everywhere, or more digits."""
        meant = decide(self._choices, heard)
        if meant.verdict == "match" or not heard.final:
            self.note(heard, meant)
        if meant.verdict == "match":
            self._meant = meant.choice
        elif heard.final:
            self._entered.insert(self._place, heard)
            self._place = len(self._entered)
            self._count(heard)

    def _count(self, heard: Hypothesis | None, over: bool = False) -> None:
        decision = decide_digits(self._digits, self._entered, over)
        if heard is not None:
            self.note(heard, decision)
        self._due = asyncio.get_running_loop().time() + BETWEEN_DIGITS
        if decision.verdict != "wait":
            self._meant = _meant(decision)

    async def answer(self, do: Collect, say: Say) -> Outcome:
        """Speak the prompt; then the digits, MISHEARD, another word's meaning, or None where there was nothing."""
        loop = asyncio.get_running_loop()
        await self.say(say)
        self._due = loop.time() + do.timeout
        while self._meant is None:
            if self.line.keys:
                key = self.line.keys.popleft()
                if key == END:
                    return self._ended()
                self._press(key)
            elif await self.once_more(say):
                self._due = loop.time() + do.timeout
            elif await self.line.wait(self.until(self._due)) is None:
                return self._ended()
        return self._meant

    def _press(self, key: str) -> None:
        """One more key; with the last digit nothing more is waited for."""
        if key == "*":
            self._entered = []
        elif self._entered and isinstance(self._entered[-1], str):
            self._entered[-1] += key
        else:
            self._entered.append(key)
        self._due = asyncio.get_running_loop().time() + BETWEEN_DIGITS
        if self._keyed is None:
            self._count(None)
        elif len(self._keyed) == self._digits.most:
            self._meant = self._keyed
        if self._meant is not None:
            self.line.expect_end(BETWEEN_DIGITS)

    @property
    def _keyed(self) -> str | None:
        """The digits, where nothing was said."""
        return "".join(map(str, self._entered)) if all(isinstance(x, str) for x in self._entered) else None

    def _ended(self) -> Outcome:
        """No more digits come."""
        if self._keyed is not None:
            return self._keyed or None
        self._count(None, over=True)
        return self._meant or MISHEARD


def _meant(decision: Decision) -> Outcome:
    """A decision as what comes of the step; None: nothing yet."""
    match decision.verdict:
        case "match":
            return decision.choice
        case "confirm":
            return f"{decision.choice}{MISHEARD}"
        case "no_match":
            return MISHEARD
    return None
