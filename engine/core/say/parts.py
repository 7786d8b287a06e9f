"""What a prompt is made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Form(StrEnum):
    """How a slot's value is spoken."""

    NUMBER = "number"
    DIGITS = "digits"
    POSITION = "position"
    THE_POSITION = "the_position"
    CALLERS = "callers"
    CALLS = "calls"
    MINUTES = "minutes"
    DURATION = "duration"
    TIME = "time"
    DATE = "date"
    MONEY = "money"
    RECORDING = "recording"  # what the caller has recorded themselves, such as their name


@dataclass(frozen=True, slots=True)
class Literal:
    """Words that are always the same: recording `sound` says `text`, within sentence number `sentence`."""

    sound: str
    text: str
    sentence: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a variable's value, spoken as `form`."""

    variable: str
    form: Form = Form.NUMBER
    sentence: int = 0


Part = Literal | Slot
