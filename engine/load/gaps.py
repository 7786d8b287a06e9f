"""From a key to the prompt it led to, as a contact's events tell it.

SIPp plays and sends voice but does not listen, so this figure comes from the engine's own log: a `step` event is written when its
outcome arrives (for a menu: the key), `pressed` when a key ends the waiting, and a step carries as `playing_at` the moment Asterisk
reported that its prompt began. A key that led into a queue led to music: it is passed over, as is one that no prompt followed.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.event import Event

ASKS = ("Choose", "Collect")


def key_gaps(events: Iterable[Event]) -> list[float]:
    """Seconds from each key to the start of the next prompt; `events` are one contact's, in order."""
    gaps: list[float] = []
    pressed: float | None = None
    for event in events:
        data = event.data
        match event.kind:
            case "queued":
                pressed = None
            case "pressed":
                pressed = event.at
            case "step":
                began = data.get("playing_at")
                if pressed is not None and began is not None:
                    gaps.append(max(0.0, began - pressed))
                    pressed = None
                if data.get("do") in ASKS:
                    pressed = event.at if data.get("outcome") is not None else None
    return gaps
