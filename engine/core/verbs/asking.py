"""Verbs that speak to the caller and listen to their keys."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar

from engine.core.do import MISHEARD, OPERATOR, Capture, Collect, Do, Listen, Outcome, Play, Recall, Remember
from engine.core.do import unsure as probably
from engine.core.flow import (
    Action,
    Asking,
    DigitRange,
    Key,
    LanguageCode,
    PromptId,
    Seconds,
    StepName,
    Variable,
)
from engine.core.speech import keys_only
from engine.core.way import YES_NO, Way, spoken

#: Set once a remembered language has been looked for in this call.
RECALLED = "language.recalled"


@dataclass(frozen=True, slots=True)
class Say(Action):
    """Play one or more prompts; `interrupt: no` plays legal notices to their end."""

    say: tuple[PromptId, ...]
    _: KW_ONLY
    interrupt: bool = True

    def perform(self, way: Way) -> Asking:
        """Play them."""
        yield Play(*way.here, self.say, self.interrupt)
        return None


@dataclass(frozen=True, slots=True)
class Language(Action):
    """Let the caller choose a language; the prompt is spoken in each of them in turn, and silence keeps the flow's first one.

    `remember: yes` keeps the choice for the customer, or the caller's number, and does not ask the next time; reached once more in the same
    call, it asks.
    """

    language: PromptId
    _: KW_ONLY
    choices: Mapping[Key, LanguageCode]
    remember: bool = False
    timeout: Seconds = Seconds(6)
    retries: int = 1

    def perform(self, way: Way) -> Asking:
        """Ask until a key of `choices` comes, or the tries are over."""
        if self.remember and (yield from self._recall(way)):
            return None
        for _ in range(self.retries + 1):
            key = yield from way.choose(
                self.language, self.choices, self.timeout, self._languages, self.choices
            )
            if key is not None and key in self.choices:
                way.set("language", self.choices[Key(key)])
                if self.remember:
                    yield Remember(*way.here, way.variables["language"])
                break
        return None

    def _recall(self, way: Way) -> Generator[Do, Outcome, bool]:
        """Take the language that was chosen in an earlier call; once in a call, so that a caller can choose anew."""
        if RECALLED in way.variables:
            return False
        way.set(RECALLED, "yes")
        language = yield Recall(*way.here, self._languages)
        if language is not None:
            way.set("language", language)
        return language is not None

    @property
    def _languages(self) -> tuple[str, ...]:
        """Those to choose from, each once."""
        return tuple(dict.fromkeys(self.choices.values()))


@dataclass(frozen=True, slots=True)
class Menu(Action):
    """Play a prompt and go where the caller's key says, or the words for the step it leads to.

    Words that are not surely understood are asked back by the key's prompt in `unsure`. From the second time that words were not understood
    `by_key` is said in place of `invalid`. Whoever asks for a person goes to `otherwise`.
    """

    ends: ClassVar[bool] = True
    silent_by: ClassVar[tuple[str, ...] | None] = ("otherwise",)

    menu: PromptId
    _: KW_ONLY
    choices: Mapping[Key, StepName]
    otherwise: StepName
    invalid: PromptId | None = None
    by_key: PromptId | None = None
    unsure: Mapping[Key, PromptId] = field(default_factory=dict)
    timeout: Seconds = Seconds(6)
    retries: int = 2

    def perform(self, way: Way) -> Asking:
        """Ask until a key of `choices` comes, or the tries are over; a wrong key is told."""
        misheard = 0
        for attempt in range(self.retries + 1):
            key = yield from way.choose(
                self.menu, self.choices, self.timeout, says=self.choices, unsure=self.unsure
            )
            if key is not None and key in self.choices:
                return self.choices[Key(key)]
            if key == OPERATOR:
                break
            misheard += key == MISHEARD
            if key is not None and attempt < self.retries:
                yield from way.play((keys_only(misheard) and self.by_key) or self.invalid)
        return self.otherwise


@dataclass(frozen=True, slots=True)
class Ask(Action):
    """Collect digits, keyed in or said, into a variable; `confirm` reads them back (1 or yes accepts, anything else asks again).

    Whoever asks for a person goes to `otherwise`.

    `secret: yes` keeps them out of every log, event, trace, page and recording; they can only be given to a look-up or a service.
    """

    passes: ClassVar[bool] = False

    ask: PromptId
    _: KW_ONLY
    into: Variable
    digits: DigitRange
    otherwise: StepName
    confirm: PromptId | None = None
    invalid: PromptId | None = None
    secret: bool = False
    timeout: Seconds = Seconds(6)
    retries: int = 2

    def perform(self, way: Way) -> Asking:
        """Ask until there are enough digits, confirmed where that is wanted, or the tries are over."""
        least, most = self.digits.least, self.digits.most
        if self.secret:
            way.caller.secret.add(self.into)
        for attempt in range(self.retries + 1):
            says = spoken(None if self.secret else {})
            do = Collect(*way.here, self.ask, least, most, self.timeout, self.into, self.secret, says)
            came = yield from way.collect(do)
            if came == OPERATOR:
                break
            digits = probably(came) if self.confirm is not None and probably(came) else came
            if digits is not None and least <= len(digits) <= most and digits[-1] != MISHEARD:
                way.set(self.into, digits)
                if self.confirm is None:
                    return None
                right = yield from way.choose(self.confirm, "12", self.timeout, says=YES_NO, patient=True)
                if right == "1":
                    return None
                if right == OPERATOR:
                    break
            elif digits is not None and attempt < self.retries:
                yield from way.play(self.invalid)
        way.variables.pop(self.into, None)
        return self.otherwise

    def sets(self) -> tuple[str, ...]:
        """What was collected."""
        return (self.into,)

    def takes_back(self) -> tuple[str, ...]:
        """What could not be collected is not there."""
        return (self.into,)


@dataclass(frozen=True, slots=True)
class RecordName(Action):
    """Record a few words of the caller, such as their name, to be spoken in prompts as `{{ name | recording }}` until the call ends."""

    record_name: Variable
    _: KW_ONLY
    prompt: PromptId
    otherwise: StepName
    max: Seconds = Seconds(5)
    silence: Seconds = Seconds(2)
    retries: int = 1

    def perform(self, way: Way) -> Asking:
        """Ask until something is said, or the tries are over."""
        for _ in range(self.retries + 1):
            recording = way.heard((yield Capture(*way.here, self.prompt, self.max, self.silence)))
            if recording is not None:
                way.set(self.record_name, recording)
                return None
        way.variables.pop(self.record_name, None)
        return self.otherwise

    def sets(self) -> tuple[str, ...]:
        """What was recorded."""
        return (self.record_name,)

    def takes_back(self) -> tuple[str, ...]:
        """What could not be recorded is not there."""
        return (self.record_name,)


@dataclass(frozen=True, slots=True)
class SayBack(Action):
    """Play what the caller has recorded under this name."""

    say_back: Variable

    def perform(self, way: Way) -> Asking:
        """Play it, if there is any."""
        recording = way.variables.get(self.say_back)
        if recording:
            yield Listen(*way.here, recording)
        return None
