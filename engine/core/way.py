"""One caller's way through a flow: where they are, what they have said, and the questions that verbs have in common."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from engine.core.do import MISHEARD, NO, OPERATOR, REPEAT, YES, Choose, Collect, Do, End, Outcome, Play
from engine.core.do import unsure as probably
from engine.core.flow import Flow, Key, Leave, Level, PromptId, StepName

#: Actions run since the caller last pressed a key or spoke to an agent.
PATIENCE = 300
#: Characters a variable keeps: one that is set to itself twice, again and again, must not fill the memory.
MOST_TEXT = 1000

#: The variable that holds a customer's level, and the priority of a caller whose level has none of its own.
LEVEL = "customer.level"
PRIORITY = 5

#: What may be said at every question that words can answer, beside its own.
ALWAYS = (REPEAT, OPERATOR)
#: What 1 and 2 are called where they mean yes and no.
YES_NO = MappingProxyType({"1": YES, "2": NO})
NO_PROMPTS: Mapping[Key, PromptId] = MappingProxyType({})
#: Times a question is asked in all where the caller says "repeat", or words that are not understood.
ASKED = 3

_SLOT = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")


class Caller:
    """What all flows of one call share: the variables (texts), which of them are secret, and how many more actions may run unheard."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables
        self.secret: set[str] = set()
        self.patience = PATIENCE


class Way:
    """Where a caller is in one flow."""

    def __init__(self, flow: Flow, caller: Caller, path: str = "") -> None:
        self.flow = flow
        self.caller = caller
        self.step: str = flow.first
        self.index = 0
        self._path = path

    @classmethod
    def begin(cls, flow: Flow, variables: Mapping[str, str] | None = None) -> Way:
        """A call's way from its start; `language` is set from then on."""
        return cls(flow, Caller({"language": flow.languages[0], **(variables or {})}))

    @property
    def variables(self) -> dict[str, str]:
        """The caller's variables."""
        return self.caller.variables

    @property
    def here(self) -> tuple[str, int]:
        """The action that asks: its step (`flow.step` within a flow that is run), and its index in it."""
        return self._path + self.step, self.index

    def go(self, ringing_back: tuple[str, int] | None = None) -> Generator[Do, Outcome, Leave]:
        """Yield what to do, one thing at a time, until the flow is left.

        `ringing_back`: the contact is a callback, asked for by the action there.
        """
        came: str | Leave | None = None
        if ringing_back is not None:
            self.step, self.index = ringing_back
            came = yield from self.flow.steps[StepName(self.step)][self.index].ring_back(self)
        while not isinstance(came, Leave):
            self.step = came or self.step
            came = yield from self._step()
        return came

    def _step(self) -> Generator[Do, Outcome, str | Leave]:
        for index, action in enumerate(self.flow.steps[StepName(self.step)]):
            self.index = index
            self.caller.patience -= 1
            if self.caller.patience < 0:
                break
            came = yield from action.perform(self)
            if came is not None:
                return came
        # A step without an end does not pass the checker; ending the call is the only thing left that strands nobody.
        yield End(*self.here, None)
        return Leave.CALL

    def run(self, name: str) -> Generator[Do, Outcome, Leave | None]:
        """Go through a flow that this one runs; None when the caller comes back."""
        flow = self.flow.runs[name]
        inner = Way(flow, self.caller, f"{self._path}{name}.")
        came = yield from inner.go()
        return came if came is Leave.CALL else None

    def heard(self, outcome: Outcome) -> Outcome:
        """An outcome that may come from the caller; if it does they are there, and patience begins anew."""
        if outcome is not None:
            self.caller.patience = PATIENCE
        return outcome

    def set(self, name: str, value: str) -> None:
        """Give a variable a value, cut to what one may hold."""
        self.variables[name] = value[:MOST_TEXT]

    def priority(self, wanted: int | Mapping[Level, int]) -> int:
        """A queue's priority for this caller, who may have it by their level."""
        if isinstance(wanted, int):
            return wanted
        return wanted.get(Level(self.variables.get(LEVEL, "")), PRIORITY)

    def fill(self, text: str) -> str:
        """Insert variables where `{{ name }}` stands; a name that is not set inserts nothing, a secret one its dots."""
        return _SLOT.sub(lambda found: self.variables.get(found[1], ""), text)

    def secret(self, text: str) -> str | None:
        """The secret variable that a text is nothing but the slot of."""
        found = _SLOT.fullmatch(text.strip())
        return found[1] if found is not None and found[1] in self.caller.secret else None

    def play(self, prompt: str | None) -> Generator[Do, Outcome, None]:
        """Play a prompt, if there is one."""
        if prompt is not None:
            yield Play(*self.here, (prompt,), True)

    def choose(
        self,
        prompt: str,
        keys: Iterable[str],
        timeout: float,
        languages: Iterable[str] = (),
        says: Mapping[Any, str] | None = None,
        unsure: Mapping[Key, PromptId] = NO_PROMPTS,
        patient: bool = False,
    ) -> Generator[Do, Outcome, Outcome]:
        """Play a prompt, in several languages where these are given, and wait for a key, or for words where `says` is given.

        `says` is what may be said besides the keys' numbers: key -> the name of its words. Who wants to hear it again does. For words that
        were probably meant for a key its prompt in `unsure` asks; without one they were not understood. With `patient` words that were not
        understood are no answer: the question is asked again.
        """
        do = Choose(*self.here, prompt, tuple(keys), timeout, tuple(languages), spoken(says))
        came = yield from self._again(do, patient)
        key = probably(came)
        if key is None:
            return came
        asks = unsure.get(Key(key))
        if asks is None:
            return MISHEARD
        do = Choose(*self.here, asks, tuple(YES_NO), timeout, (), spoken(YES_NO))
        sure = yield from self._again(do, patient=True)
        return {"1": key, None: None}.get(sure, MISHEARD)

    def collect(self, do: Collect) -> Generator[Do, Outcome, Outcome]:
        """Collect digits; who wants to hear the prompt again does."""
        return (yield from self._again(do))

    def _again(self, do: Choose | Collect, patient: bool = False) -> Generator[Do, Outcome, Outcome]:
        again = (REPEAT, MISHEARD) if patient else (REPEAT,)
        for _ in range(ASKED):
            came = self.heard((yield do))
            if came not in again:
                return came
        return MISHEARD


def spoken(says: Mapping[Any, str] | None) -> tuple[tuple[str, str], ...]:
    """What may be said at a question, with what may always be said; nothing where only keys are heard."""
    if says is None:
        return ()
    always = [(name, name) for name in ALWAYS if name not in says.values()]
    return (*says.items(), *always)
