"""The flow interpreter: pure. It yields what to do and is sent what came of it.

A call's place in its flow is its history of outcomes: sending them again to a fresh interpreter brings it back to the same place. So
nothing here reads a clock, a file or a random number; every fact arrives as an outcome, and every outcome is a short text or None, which is
what the event log keeps.

    Play     -> None                                Collect -> the digits, or None
    Choose   -> the key pressed, or None: silence   Look    -> open | closed | holiday | override
    Enqueue  -> done | timeout | full | unstaffed | closed, or the key pressed while waiting
    Record   -> left | none                         End     -> None, and nothing follows

A flow that goes round without asking the caller anything is ended after `PATIENCE` actions: nobody is stranded, not even by a flow that
an older version of the checker let through.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from engine.core import flow as f

Outcome = str | None

#: Actions run since the caller last pressed a key or spoke to an agent.
PATIENCE = 300
#: Characters a variable keeps: one that is set to itself twice, again and again, must not fill the memory.
MOST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Do:
    """Something the shell is asked for, and the action (step, index within it) that asks."""

    step: str
    index: int


@dataclass(frozen=True, slots=True)
class Play(Do):
    """Play prompts; a key stops them when `interrupt` is true, and stays in the caller's buffer."""

    prompts: tuple[str, ...]
    interrupt: bool


@dataclass(frozen=True, slots=True)
class Choose(Do):
    """Play a prompt and wait for one key; any key counts, `keys` are the right ones. `timeout` seconds run from the prompt's end."""

    prompt: str
    keys: tuple[str, ...]
    timeout: float


@dataclass(frozen=True, slots=True)
class Collect(Do):
    """Play a prompt and collect up to `most` digits; # ends them, * begins again. Nobody is shown `secret` ones."""

    prompt: str
    least: int
    most: int
    timeout: float
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Look(Do):
    """Look something up: `what` is hours, `name` the schedule."""

    what: str
    name: str


@dataclass(frozen=True, slots=True)
class Enqueue(Do):
    """Wait in a queue or group, be connected, and come back when the conversation has ended."""

    queue: str
    priority: int
    skills: tuple[str, ...]
    max_wait: float
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record(Do):
    """Play a prompt and record a message of at most `max` seconds; `silence` seconds of silence end it."""

    mailbox: str
    prompt: str
    max: float
    silence: float


@dataclass(frozen=True, slots=True)
class End(Do):
    """Say goodbye, if a prompt is given, and hang up."""

    prompt: str | None


DOES: dict[str, type[Do]] = {c.__name__: c for c in (Play, Choose, Collect, Look, Enqueue, Record, End)}

Asking = Generator[Do, Outcome, str | None]
"""What a verb does; it returns the step to go to, or None to go on with the next action."""


def plain(do: Do) -> dict[str, Any]:
    """A Do as JSON values; `do` names its class."""
    return {"do": type(do).__name__, **asdict(do)}


class Interpreter:
    """One caller's way through one flow. `variables` are texts; `language` is among them from the start."""

    def __init__(self, flow: f.Flow, variables: Mapping[str, str] | None = None) -> None:
        self.flow = flow
        self.variables: dict[str, str] = {"language": flow.languages[0], **(variables or {})}
        self.step: str = flow.first
        self.index = 0
        self._left = PATIENCE

    def run(self) -> Generator[Do, Outcome, None]:
        """Yield what to do, one thing at a time, until the call's end."""
        while True:
            target = yield from self._step()
            if target is None:
                return
            self.step = target

    def _step(self) -> Asking:
        for index, action in enumerate(self.flow.steps[f.StepName(self.step)]):
            self.index = index
            self._left -= 1
            if self._left < 0:
                break
            if isinstance(action, f.Hangup):
                yield End(self.step, self.index, action.hangup)
                return None
            perform = getattr(self, f"_{f.keyword(action)}")
            target = cast("str | None", (yield from perform(action)))
            if target is not None:
                return target
        # A step without an end does not pass the checker; ending the call is the only thing left that strands nobody.
        yield End(self.step, self.index, None)
        return None

    def _heard(self, outcome: Outcome) -> Outcome:
        if outcome is not None:
            self._left = PATIENCE
        return outcome

    def _say(self, a: f.Say) -> Asking:
        yield Play(self.step, self.index, a.say, a.interrupt)
        return None

    def _choose(self, prompt: str, keys: Iterable[str], timeout: float) -> Generator[Do, Outcome, Outcome]:
        return self._heard((yield Choose(self.step, self.index, prompt, tuple(keys), timeout)))

    def _sorry(self, prompt: f.PromptId | None) -> Generator[Do, Outcome, None]:
        if prompt is not None:
            yield Play(self.step, self.index, (prompt,), True)

    def _language(self, a: f.Language) -> Asking:
        for _ in range(a.retries + 1):
            key = yield from self._choose(a.language, a.choices, a.timeout)
            if key is not None and key in a.choices:
                self.variables["language"] = a.choices[f.Key(key)]
                break
        return None

    def _menu(self, a: f.Menu) -> Asking:
        for attempt in range(a.retries + 1):
            key = yield from self._choose(a.menu, a.choices, a.timeout)
            if key is not None and key in a.choices:
                return a.choices[f.Key(key)]
            if key is not None and attempt < a.retries:
                yield from self._sorry(a.invalid)
        return a.otherwise

    def _ask(self, a: f.Ask) -> Asking:
        for attempt in range(a.retries + 1):
            do = Collect(self.step, self.index, a.ask, a.digits.least, a.digits.most, a.timeout, a.secret)
            digits = self._heard((yield do))
            if digits is not None and a.digits.least <= len(digits) <= a.digits.most:
                self.variables[a.into] = digits
                if a.confirm is None or (yield from self._choose(a.confirm, ("1", "2"), a.timeout)) == "1":
                    return None
            elif digits is not None and attempt < a.retries:
                yield from self._sorry(a.invalid)
        self.variables.pop(a.into, None)
        return a.otherwise

    def _set(self, a: f.Set) -> Asking:
        yield from ()
        for name, text in a.set.items():
            self.variables[name] = fill(text, self.variables)[:MOST_TEXT]
        return None

    def _switch(self, a: f.Switch) -> Asking:
        yield from ()
        return a.cases.get(self.variables.get(a.switch, ""), a.otherwise)

    def _hours(self, a: f.Hours) -> Asking:
        state = yield Look(self.step, self.index, "hours", a.hours)
        match state:
            case "open":
                return None
            case "holiday":
                return a.on_holiday or a.on_closed
            case "override":
                return a.on_override or a.on_closed
            case _:
                return a.on_closed

    def _goto(self, a: f.Goto) -> Asking:
        yield from ()
        return a.goto

    def _queue(self, a: f.Queue) -> Asking:
        came = yield Enqueue(
            self.step, self.index, a.queue, a.priority, a.skills, a.max_wait, tuple(a.on_key)
        )
        if came == "done" or came in a.on_key:
            self._left = PATIENCE
        match came:
            case "done":
                return None
            case "full":
                return a.on_full or a.on_timeout
            case "unstaffed":
                return a.on_unstaffed or a.on_timeout
            case "closed":
                return a.on_closed or a.on_timeout
            case _:
                return a.on_key.get(f.Key(came or ""), a.on_timeout)

    def _voicemail(self, a: f.Voicemail) -> Asking:
        came = yield Record(self.step, self.index, a.voicemail, a.prompt, a.max, a.silence)
        return a.on_none if came == "none" else None


_SLOT = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Insert variables where `{{ name }}` stands; a name that is not set inserts nothing."""
    return _SLOT.sub(lambda m: variables.get(m[1], ""), text)


@dataclass(slots=True)
class Walk:
    """A caller's way so far: the interpreter, its generator, and what it wants next (None: the call has ended)."""

    interpreter: Interpreter
    asking: Generator[Do, Outcome, None]
    do: Do | None

    def send(self, outcome: Outcome) -> Do | None:
        """Tell what came of `do`; returns and keeps what is wanted next."""
        try:
            self.do = self.asking.send(outcome)
        except StopIteration:
            self.do = None
        return self.do


def replay(flow: f.Flow, history: Iterable[Outcome] = (), variables: Mapping[str, str] | None = None) -> Walk:
    """A fresh interpreter brought to where `history` ends."""
    interpreter = Interpreter(flow, variables)
    asking = interpreter.run()
    walk = Walk(interpreter, asking, next(asking, None))
    for outcome in history:
        if walk.do is None:
            break
        walk.send(outcome)
    return walk
