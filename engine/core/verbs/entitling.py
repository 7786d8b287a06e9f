"""The verb that asks who the caller is and whether they may have support."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import KW_ONLY, dataclass

from engine.core.do import MISHEARD, OPERATOR, Collect, Do, Entitle, Outcome, unsure
from engine.core.entitlement import AGAIN, TRIES, Answer, Standing
from engine.core.flow import Action, Asking, DigitRange, PromptId, Seconds, SourceName, StepName
from engine.core.way import LEVEL, Way, spoken

#: What a flow knows of the customer afterwards, and under which name the shell keeps the PIN.
NUMBER, NAME, ENTITLED = "customer.number", "customer.name", "customer.entitled"
PIN = "customer.pin"


@dataclass(frozen=True, slots=True)
class Entitlement(Action):
    """Go on for a caller who may have support.

    `by: caller` looks at their number, `number` asks for the customer number, `pin` for that and a PIN; a caller has three tries. Nobody
    who has a PIN is known by less.
    """

    entitlement: SourceName
    _: KW_ONLY
    by: str
    on_unknown: StepName
    on_expired: StepName
    on_blocked: StepName
    on_unreachable: StepName | None = None
    number: PromptId | None = None
    number_digits: DigitRange = DigitRange(4, 12)
    pin: PromptId | None = None
    pin_digits: DigitRange = DigitRange(4, 8)
    invalid: PromptId | None = None
    timeout: Seconds = Seconds(6)

    def perform(self, way: Way) -> Asking:
        """Ask, have it looked up, and keep what came of it."""
        answer = Answer(Standing.UNKNOWN, False)
        self._keep(way, answer)
        if self.by == "caller":
            answer = Answer.read((yield Entitle(*way.here, self.entitlement, self.by, "", "")))
        tries = TRIES if self.by != "caller" else 0
        while tries:
            came = yield from self._ask(way)
            if came == AGAIN:
                continue
            if came == OPERATOR:
                break
            tries -= 1
            answer = Answer.read(came) if came else answer
            if answer.outcome is not Standing.UNKNOWN:
                break
            if tries and came is not None:
                yield from way.play(self.invalid)
        self._keep(way, answer)
        return self._leads(answer)

    def _ask(self, way: Way) -> Generator[Do, Outcome, Outcome]:
        """One try: what came of it, nothing for too few digits, None for silence."""
        number = yield from self._digits(way, self.number, self.number_digits, NUMBER)
        if number == OPERATOR:
            return number
        if not number or self.by == "number":
            return number and (yield Entitle(*way.here, self.entitlement, self.by, number, ""))
        pin = yield from self._digits(way, self.pin, self.pin_digits, PIN)
        return pin and (yield Entitle(*way.here, self.entitlement, self.by, number, PIN))

    def _digits(
        self, way: Way, prompt: str | None, digits: DigitRange, into: str
    ) -> Generator[Do, Outcome, Outcome]:
        """Digits; nothing for too few of them or words that are none, OPERATOR for who wants a person, None for silence."""
        secret = into == PIN
        says = spoken(None if secret else {})
        do = Collect(*way.here, prompt or "", digits.least, digits.most, self.timeout, into, secret, says)
        came = yield from way.collect(do)
        came = unsure(came) or came  # a wrong number is known by nobody
        if came in (None, OPERATOR):
            return came
        return came if came != MISHEARD and len(came or "") >= digits.least else ""

    def _keep(self, way: Way, answer: Answer) -> None:
        values = (answer.number, answer.name, answer.level, "yes" if answer.granted else "no")
        for name, value in zip(self.gives(), values, strict=True):
            way.set(name, value)

    def _leads(self, answer: Answer) -> StepName | None:
        match answer.outcome:
            case _ if answer.granted:
                return None
            case Standing.EXPIRED:
                return self.on_expired
            case Standing.BLOCKED:
                return self.on_blocked
            case Standing.UNREACHABLE:
                return self.on_unreachable or self.on_unknown
            case _:
                return self.on_unknown

    def gives(self) -> tuple[str, ...]:
        """Who the caller is; empty where that is not known."""
        return (NUMBER, NAME, LEVEL, ENTITLED)
