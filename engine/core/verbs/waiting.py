"""Verbs that hand the caller to somebody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import ClassVar

from engine.core import do as d
from engine.core.flow import Action, Asking, Key, Level, PromptId, QueueName, Seconds, StepName, Text
from engine.core.way import PRIORITY, Way


@dataclass(frozen=True, slots=True)
class Queue(Action):
    """Wait for an agent; the flow goes on with the next action when the conversation has ended.

    `priority: { gold: 8 }` goes by the customer's level; anybody else has 5. `widen: { 30s: { arabic: 1 }, 1m: [] }` says which
    skills are enough after so long. `prefer` waits, `prefer_for` at most, for the agent who spoke with the caller last, or for the
    owner of their open request.
    `on_timeout` is required; a queue that is full, unstaffed or closed leads there too unless its own `on_*` is given.
    With `keep_time: yes` a caller who has waited before in this call, and was not answered, keeps the time they came then.
    `if_longer` is spoken to whoever hears that it takes longer than expected: what they may do instead, with a key of `on_key`.
    """

    silent_by: ClassVar[tuple[str, ...] | None] = ("on_timeout", "on_full", "on_unstaffed", "on_closed")
    passes: ClassVar[bool] = False

    queue: QueueName
    _: KW_ONLY
    on_timeout: StepName
    on_full: StepName | None = None
    on_unstaffed: StepName | None = None
    on_closed: StepName | None = None
    on_key: Mapping[Key, StepName] = field(default_factory=dict)
    priority: int | Mapping[Level, int] = PRIORITY
    skills: tuple[str, ...] = ()
    widen: Mapping[Seconds, tuple[str, ...]] = field(default_factory=dict)
    prefer: str | None = None
    prefer_for: Seconds = Seconds(30)
    max_wait: Seconds = Seconds(600)
    keep_time: bool = False
    if_longer: PromptId | None = None

    def perform(self, way: Way) -> Asking:
        """Wait, and go where the way it ended says."""
        came = yield d.Enqueue(
            *way.here,
            self.queue,
            way.priority(self.priority),
            self.skills,
            self.max_wait,
            tuple(self.on_key),
            self.keep_time,
            self.if_longer,
            tuple(sorted((float(after), skills) for after, skills in self.widen.items())),
            self.prefer or "",
            self.prefer_for if self.prefer else 0.0,
        )
        if came == "done" or came in self.on_key:
            way.heard(came)
        match came:
            case "done":
                return None
            case "full":
                return self.on_full or self.on_timeout
            case "unstaffed":
                return self.on_unstaffed or self.on_timeout
            case "closed":
                return self.on_closed or self.on_timeout
            case _:
                return self.on_key.get(Key(came or ""), self.on_timeout)


@dataclass(frozen=True, slots=True)
class Transfer(Action):
    """Ring a number that `outbound` of site.yaml allows, and connect the caller; the flow goes on with the next action when the
    conversation has ended.

    Busy, rejected, no answer within `ring`, unreachable, not allowed: `on_failed`. While it rings the caller hears that, or with
    `music: yes` music; whoever answers hears `announce` first.
    """

    silent_by: ClassVar[tuple[str, ...] | None] = ("on_failed",)

    transfer: Text
    _: KW_ONLY
    on_failed: StepName
    on_key: Mapping[Key, StepName] = field(default_factory=dict)
    ring: Seconds = Seconds(30)
    announce: PromptId | None = None
    music: bool = False

    def perform(self, way: Way) -> Asking:
        """Ring, and go where the way it ended says."""
        keys = tuple(self.on_key)
        to = way.fill(self.transfer)
        came = yield d.Transfer(*way.here, to, self.ring, self.announce, self.music, keys)
        if came == "answered" or came in self.on_key:
            way.heard(came)
        return None if came == "answered" else self.on_key.get(Key(came or ""), self.on_failed)
