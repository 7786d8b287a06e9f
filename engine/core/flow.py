"""A flow as frozen data, and the registry of verbs.

A flow is named steps; a step is a tuple of actions; a call starts at the first step. Every action is one class
below, and one class is the whole truth about a verb: its first field is the keyword's own value, its other fields are the
options, their types say how they are written in YAML and what they point at, and the docstring is the manual's sentence.
The checker, the JSON schema, the interpreter and the docs all read these classes; adding a verb means adding a class here
and a method in `interpreter.py`.

Field types and how an admin writes them:

    StepName    a step of the same flow                 PromptId   an id in prompts/<language>.yaml
    QueueName   a queue or a group of site.yaml         Key        one of 0-9 * #
    Schedule    a schedule or a site of site.yaml       Seconds    8s, 10m, 1h30m
    Variable    a name: letters, digits, _ and .        DigitRange 6 or 6-8
    Text        text in which {{ name }} inserts a variable
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import NewType

StepName = NewType("StepName", str)
PromptId = NewType("PromptId", str)
QueueName = NewType("QueueName", str)
Schedule = NewType("Schedule", str)
Mailbox = NewType("Mailbox", str)
LanguageCode = NewType("LanguageCode", str)
Variable = NewType("Variable", str)
Text = NewType("Text", str)
Key = NewType("Key", str)
Seconds = NewType("Seconds", float)


@dataclass(frozen=True, slots=True)
class DigitRange:
    """How many digits are wanted, both ends included."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a step does; subclasses are the verbs."""


VERBS: dict[str, type[Action]] = {}


def verb(cls: type[Action]) -> type[Action]:
    """Register an action class under its keyword: the name of its first field."""
    VERBS[fields(cls)[0].name] = cls
    return cls


def keyword(action: Action) -> str:
    """The verb's name as it is written in YAML."""
    return fields(action)[0].name


@verb
@dataclass(frozen=True, slots=True)
class Say(Action):
    """Play one or more prompts; `interrupt: no` plays legal notices to their end."""

    say: tuple[PromptId, ...]
    _: KW_ONLY
    interrupt: bool = True


@verb
@dataclass(frozen=True, slots=True)
class Language(Action):
    """Let the caller choose a language; silence keeps the flow's first one."""

    language: PromptId
    _: KW_ONLY
    choices: Mapping[Key, LanguageCode]
    timeout: Seconds = Seconds(6)
    retries: int = 1


@verb
@dataclass(frozen=True, slots=True)
class Menu(Action):
    """Play a prompt and go where the caller's key says."""

    menu: PromptId
    _: KW_ONLY
    choices: Mapping[Key, StepName]
    otherwise: StepName
    invalid: PromptId | None = None
    timeout: Seconds = Seconds(6)
    retries: int = 2


@verb
@dataclass(frozen=True, slots=True)
class Ask(Action):
    """Collect digits into a variable; `confirm` reads them back (1 accepts, anything else asks again).

    `secret: yes` keeps them out of every trace and page.
    """

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


@verb
@dataclass(frozen=True, slots=True)
class Set(Action):
    """Set variables; `{{ name }}` inserts the value of another one."""

    set: Mapping[Variable, Text]


@verb
@dataclass(frozen=True, slots=True)
class Switch(Action):
    """Go to the step named for a variable's value."""

    switch: Variable
    _: KW_ONLY
    cases: Mapping[str, StepName]
    otherwise: StepName


@verb
@dataclass(frozen=True, slots=True)
class Hours(Action):
    """Go on while a schedule is open; a holiday counts as closed unless `on_holiday` says otherwise."""

    hours: Schedule
    _: KW_ONLY
    on_closed: StepName
    on_holiday: StepName | None = None
    on_override: StepName | None = None


@verb
@dataclass(frozen=True, slots=True)
class Goto(Action):
    """Go on at another step."""

    goto: StepName


@verb
@dataclass(frozen=True, slots=True)
class Queue(Action):
    """Wait for an agent; the flow goes on with the next action when the conversation has ended.

    `on_timeout` is required; a queue that is full, unstaffed or closed leads there too unless its own `on_*` is given.
    """

    queue: QueueName
    _: KW_ONLY
    on_timeout: StepName
    on_full: StepName | None = None
    on_unstaffed: StepName | None = None
    on_closed: StepName | None = None
    on_key: Mapping[Key, StepName] = field(default_factory=dict)
    priority: int = 5
    skills: tuple[str, ...] = ()
    max_wait: Seconds = Seconds(600)


@verb
@dataclass(frozen=True, slots=True)
class Voicemail(Action):
    """Record a message after a tone; the caller ends it with #, by silence or by hanging up."""

    voicemail: Mailbox
    _: KW_ONLY
    prompt: PromptId = PromptId("leave_message")
    max: Seconds = Seconds(180)
    silence: Seconds = Seconds(8)
    on_none: StepName | None = None


@verb
@dataclass(frozen=True, slots=True)
class Hangup(Action):
    """Say goodbye, if a prompt is given, and end the call."""

    hangup: PromptId | None = None


#: Verbs after which nothing of the same step is ever reached.
ENDS: tuple[type[Action], ...] = (Goto, Menu, Switch, Hangup)


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow, checked. `hash` is the SHA-256 of its source text, the version a call finishes on."""

    name: str
    steps: Mapping[StepName, tuple[Action, ...]]
    languages: tuple[LanguageCode, ...]
    title: str = ""
    start: StepName | None = None
    hash: str = ""

    @property
    def first(self) -> StepName:
        """The step a call starts at."""
        return self.start or next(iter(self.steps))
