"""From a key to the prompt it led to, as a contact's events tell it.

SIPp plays and sends voice but does not listen, so this figure comes from the engine's own log: a `step` event is written when its
outcome arrives (for a menu: the key), and carries as `playing_at` the moment Asterisk reported that the step's prompt began.
Keys that led to something silent (a look-up, a queue's music) are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

ASKS = ("Choose", "Collect")


def key_gaps(events: Iterable[Mapping[str, Any]]) -> list[float]:
    """Seconds from each key to the start of the next prompt; `events` are one contact's, in order."""
    gaps: list[float] = []
    pressed: float | None = None
    for event in events:
        if event["kind"] != "step":
            pressed = None
            continue
        data = event["data"]
        began = data.get("playing_at")
        if pressed is not None and began is not None:
            gaps.append(max(0.0, began - pressed))
            pressed = None
        if data.get("do") in ASKS:
            pressed = event["at"] if data.get("outcome") is not None else None
    return gaps
