"""A flow as frozen data.

A flow is named steps; a step is a tuple of actions; a call starts at the first step. Every action is an object of one of the classes in
`engine.core.verbs`, and one class is the whole truth about a verb: its first field is the keyword's own value, its other fields are the
options, their types say how they are written in YAML and what they point at, the docstring is the manual's sentence, and `perform` is what
it does. The checker, the JSON schema, the interpreter and the docs all read these classes; adding a verb means adding one.

Field types and how an admin writes them:

    StepName    a step of the same flow                 PromptId   an id in prompts/<language>.yaml
    QueueName   a queue or a group of site.yaml         Key        one of 0-9 * #
    Schedule    a schedule or a site of site.yaml       Seconds    8s, 10m, 1h30m
    Variable    a name: letters, digits, _ and .        DigitRange 6 or 6-8
    Text        text in which {{ name }} inserts a variable     FlowName  a flow of this folder
    SourceName  a source of customers of site.yaml              Level     a level of such a source
    Question    a question of the same survey
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, NewType

from engine.core.do import Do, Outcome

if TYPE_CHECKING:
    from engine.core.way import Way


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
FlowName = NewType("FlowName", str)
SourceName = NewType("SourceName", str)
Level = NewType("Level", str)
CallbackOrder = NewType("CallbackOrder", str)
RequestKind = NewType("RequestKind", str)
RequestState = NewType("RequestState", str)
ProblemCode = NewType("ProblemCode", str)
ServiceName = NewType("ServiceName", str)
ArticleName = NewType("ArticleName", str)
Ruled = NewType("Ruled", str)
Word = NewType("Word", str)
DeskWord = NewType("DeskWord", str)
Until = NewType("Until", str)
Question = NewType("Question", str)


@dataclass(frozen=True, slots=True)
class DigitRange:
    """How many digits are wanted, both ends included."""

    least: int
    most: int


class Leave(Enum):
    """How a flow is left: the call has ended, or the flow that ran this one goes on."""

    CALL = "call"
    FLOW = "flow"


#: What a verb does: asks for things, is told what came of them, and returns where the call goes on.
Asking = Generator[Do, Outcome, "str | Leave | None"]


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a step does; subclasses are the verbs."""

    #: Whether nothing of the same step is ever reached after it.
    ends: ClassVar[bool] = False
    #: The options that lead a caller on who does nothing; None: any that leads anywhere may.
    silent_by: ClassVar[tuple[str, ...] | None] = None
    #: Whether a caller who does nothing may come to the next action.
    passes: ClassVar[bool] = True

    def perform(self, way: Way) -> Asking:
        """Ask for what the verb needs; returns the step to go to, how the flow is left, or None to go on with the next action."""
        raise NotImplementedError

    def ring_back(self, way: Way) -> Asking:
        """How a contact begins that an earlier call asked for with this action; only `callback` makes such contacts."""
        raise NotImplementedError

    def sets(self) -> tuple[str, ...]:
        """The variables that are set wherever the call goes on with the next action."""
        return ()

    def gives(self) -> tuple[str, ...]:
        """The variables that are set wherever the call goes on."""
        return ()

    def takes_back(self) -> tuple[str, ...]:
        """The variables that are not set where it goes anywhere else."""
        return ()

    def confides(self) -> tuple[str, ...]:
        """The options whose texts may hold secret variables: they go to somebody who needs them, and nowhere else."""
        return ()

    def speaks(self) -> tuple[str, ...]:
        """Variables of its own that its prompts can speak."""
        return ()


def keyword(action: Action | type[Action]) -> str:
    """The verb's name as it is written in YAML."""
    return fields(action)[0].name


@dataclass(frozen=True, slots=True)
class Jump:
    """A step an action can lead to; `path` is where in the action it is written: an option, and a key in it."""

    target: str
    path: tuple[str, ...]


def jumps(action: Action, *, silent: bool = False) -> Iterator[Jump]:
    """Every step an action can lead to, or a caller who does nothing: whatever its fields' types call a StepName."""
    for option in fields(action):
        if "StepName" not in str(option.type):
            continue
        if silent and action.silent_by is not None and option.name not in action.silent_by:
            continue
        value = getattr(action, option.name)
        if isinstance(value, Mapping):
            yield from (Jump(target, (option.name, str(key))) for key, target in value.items())
        elif value is not None:
            yield Jump(value, (option.name,))


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow, checked, with the flows it runs.

    `hash` is the SHA-256 of its stored text, the version a call finishes on; that text names the versions of the flows it runs.
    """

    name: str
    steps: Mapping[StepName, tuple[Action, ...]]
    languages: tuple[LanguageCode, ...]
    title: str = ""
    start: StepName | None = None
    hash: str = ""
    runs: Mapping[str, Flow] = field(default_factory=dict)

    @property
    def first(self) -> StepName:
        """The step a call starts at."""
        return self.start or next(iter(self.steps))

    def holding(self, step: str) -> tuple[Flow, str]:
        """The flow in which a step stands that is named as things asked for name it (`inner.step`), and its name there."""
        *path, name = step.split(".")
        flow = self
        for run in path:
            flow = flow.runs[run]
        return flow, name
