"""The verb that lets a caller hang up and keep their place: they are rung back when their turn comes.

A callback is a contact of its own, which waits without a channel. The call that asks for one is the first half (`perform`): the number is
found and confirmed by key, and the place is kept. The second half (`ring_back`) is how the callback's own contact begins: it waits in the
queue, both phones are rung, and after the conversation the flow goes on at `then`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from engine.core.do import Book, Collect, Do, End, Look, Note, Outcome, RingBack
from engine.core.flow import (
    Action,
    Asking,
    CallbackOrder,
    DigitRange,
    Leave,
    Level,
    PromptId,
    QueueName,
    Seconds,
    StepName,
)
from engine.core.way import PRIORITY, YES_NO, Way

#: Keys while the number is confirmed.
RIGHT, ANOTHER = "1", "2"
#: Numbers a caller may try.
TRIES = 3
#: Seconds a caller has to answer, and to begin keying a number in.
ANSWER_WITHIN, NUMBER_WITHIN = 8.0, 10.0


@dataclass(frozen=True, slots=True)
class Callback(Action):
    """Keep the caller's place in a queue, and ring them back when their turn comes; the caller confirms the number by key.

    The prompt speaks `callback.number` and asks: 1 is right, 2 keys in another one (where `other_number` asks for it). A number must be
    allowed by `outbound` of site.yaml. Then the flow goes on; who does not want it, or cannot have it, goes to `on_declined`. `first` says
    whose phone rings first: the agent's, or the caller's, who then presses 1. `prefer` waits, `prefer_for` at most each time they come into
    line, for the agent who spoke with the caller last, or for the owner of their open request. After the conversation who was rung back
    goes to `then`. Nobody reached in `attempts` tries, or `within` that time: a request is opened.
    """

    silent_by: ClassVar[tuple[str, ...] | None] = ("on_declined",)
    passes: ClassVar[bool] = False

    callback: PromptId
    _: KW_ONLY
    in_queue: QueueName
    on_declined: StepName
    other_number: PromptId | None = None
    digits: DigitRange = DigitRange(3, 15)
    invalid: PromptId | None = None
    priority: int | Mapping[Level, int] = PRIORITY
    skills: tuple[str, ...] = ()
    prefer: str | None = None
    prefer_for: Seconds = Seconds(30)
    first: CallbackOrder = CallbackOrder("agent")
    to_agent: PromptId = PromptId("callback_for_you")
    to_caller: PromptId = PromptId("callback_press_1")
    unreached: PromptId = PromptId("callback_unreached")
    sorry: PromptId = PromptId("callback_sorry")
    attempts: int = 3
    pause: Seconds = Seconds(300)
    ring: Seconds = Seconds(30)
    within: Seconds = Seconds(86_400)
    then: StepName | None = None

    #: The variable in which prompts find the number.
    NUMBER: ClassVar[str] = "callback.number"

    def perform(self, way: Way) -> Asking:
        """Find a number that may be rung, have it confirmed, and keep the place."""
        number = yield Look(*way.here, "outbound", way.variables.get("from_number", ""))
        for _ in range(TRIES):
            if number is None:
                number = yield from self._another(way)
            if number is None:
                break
            way.set(self.NUMBER, number.removeprefix("+"))
            key = yield from way.choose(self.callback, self._keys, ANSWER_WITHIN, says=YES_NO, patient=True)
            if key == RIGHT:
                came = yield Book(*way.here, self.in_queue, number)
                return None if came is not None else self.on_declined
            if key != ANOTHER or self.other_number is None:
                break
            number = None
        return self.on_declined

    @property
    def _keys(self) -> tuple[str, ...]:
        return (RIGHT,) if self.other_number is None else (RIGHT, ANOTHER)

    def _another(self, way: Way) -> Generator[Do, Outcome, Outcome]:
        """A number the caller keys in that may be rung, or None."""
        if self.other_number is None:
            return None
        for attempt in range(TRIES):
            wanted = self.digits
            do = Collect(*way.here, self.other_number, wanted.least, wanted.most, NUMBER_WITHIN, self.NUMBER)
            digits = way.heard((yield do))
            if digits is None:
                return None
            if wanted.least <= len(digits) <= wanted.most:
                number = yield Look(*way.here, "outbound", digits)
                if number is not None:
                    return number
            if attempt < TRIES - 1:
                yield from way.play(self.invalid)
        return None

    def ring_back(self, way: Way) -> Asking:
        """What the callback's own contact does: wait, ring, connect; then the flow goes on, or a request is opened."""
        number = way.variables["from_number"]
        way.set(self.NUMBER, number.removeprefix("+"))
        prompts = (self.to_agent, self.to_caller, self.unreached)
        came = way.heard(
            (
                yield RingBack(
                    *way.here,
                    self.in_queue,
                    way.priority(self.priority),
                    self.skills,
                    number,
                    self.first,
                    *prompts,
                    self.attempts,
                    self.pause,
                    self.ring,
                    self.within,
                    self.prefer or "",
                    self.prefer_for if self.prefer else 0.0,
                )
            )
        )
        if came == "done":
            if self.then is not None:
                return self.then
            yield End(*way.here, None)
            return Leave.CALL
        if came != "cancelled":
            yield Note(*way.here, "request", _owed(way, number, came))
        yield End(*way.here, self.sorry)
        return Leave.CALL

    def gives(self) -> tuple[str, ...]:
        """The number."""
        return (self.NUMBER,)

    def speaks(self) -> tuple[str, ...]:
        """The number."""
        return (self.NUMBER,)


def _owed(way: Way, number: str, came: Outcome) -> dict[str, Any]:
    """The request of somebody who was to be rung back and was not reached: a person sees to it."""
    why = "nobody answered" if came == "unreached" else "no agent was free in time"
    customer = way.variables.get("customer.number", "")
    return {
        "kind": "action",
        "code": None,
        "priority": PRIORITY,
        "customer": customer,
        "note": f"callback to {number}: {why}",
    }
