"""A contact's events as lines that two worlds can be compared by.

Ids are renamed in the order in which they appear (`offer-1`, `leg-1`), times and what was measured in them are dropped, and the
rest is written the same way always. What is left must be the same on the simulator and on a real Asterisk.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from engine.core.event import Event

#: Fields that name a thing of this one call.
IDS: Final = frozenset(
    {
        "ask",
        "contact",
        "channel",
        "joined",
        "leg",
        "bridge",
        "number",
        "of",
        "offer",
        "place_of",
        "recording",
        "replaces",
        "second",
    }
)

#: Fields that hold a time, something measured in time, or something that follows from it.
MEASURED: Final = frozenset(
    {
        "active",
        "at",
        "begun_at",
        "decision",
        "enqueued_at",
        "entered_at",
        "estimate",
        "file",
        "flow_hash",
        "mean",
        "ms",
        "playing_at",
        "rest_until",
        "said",
        "sd",
        "seconds",
        "since",
        "spoken",
        "until",
    }
)


#: A request's number in what was looked up.
_NUMBER = re.compile(r'"number":\d+')


def transcript(events: Iterable[Event]) -> list[str]:
    """One line an event: its kind, its agent, and its data by name."""
    names: dict[tuple[str, str], str] = {}
    return [_line(event, names) for event in events]


def _line(event: Event, names: dict[tuple[str, str], str]) -> str:
    words = [event.kind]
    if event.agent is not None:
        words.append(f"agent={event.agent}")
    for key in sorted(event.data):
        if key not in _left_out(event) and event.data[key] is not None:
            words.append(f"{key}={_value(_kind(key, event), event.data[key], names)}")
    return " ".join(words)


def _left_out(event: Event) -> frozenset[str]:
    """Fields of which nothing is told; how long who has come before may wait is counted from then, which is measured."""
    measured = event.data.get("kind") == "callback" or event.data.get("max_wait", 0) % 1
    return MEASURED | {"agent"} | ({"max_wait"} if measured else set())


def _kind(key: str, event: Event) -> str:
    """What a field holds: what came of a request is its number, of some words their recording, of a place that is kept a contact."""
    return (
        {"Note": "number", "Capture": "recording", "Book": "contact"}.get(event.data.get("do", ""), key)
        if key == "outcome"
        else key
    )


def _value(key: str, value: Any, names: dict[tuple[str, str], str]) -> str:
    if key in IDS:
        number = 1 + sum(1 for kind, _ in names if kind == key)
        return names.setdefault((key, str(value)), f"{key}-{number}")
    if isinstance(value, Mapping):
        inside = [
            f"{name}: {_value(name, one, names)}"
            for name, one in sorted(value.items())
            if name not in MEASURED
        ]
        return "{" + ", ".join(inside) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(key, one, names) for one in value) + "]"
    if key == "outcome":
        return _NUMBER.sub('"number":…', str(value))
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)
