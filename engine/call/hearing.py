"""How well people hear each other, per leg: RTCP reports are folded here, and written down once, when the leg has ended.

A report comes every five seconds for each leg and direction. None of them is on disk. An engine that ends while a leg is still on writes
down what was reported until then, and the next one what comes afterwards, each with the time it knows of; one that is killed loses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from engine.call.called import in_use
from engine.call.line import MADE
from engine.core.event import Event
from engine.core.quality import RtpReport, Sound, whose
from engine.counters import Counters
from engine.store.ledger import Ledger


class Hearing:
    """The sound of all legs that are on, by channel."""

    def __init__(
        self,
        ledger: Ledger,
        counters: Counters,
        now: Callable[[], float],
        guests: Mapping[str, str],
        codec: str | None,
    ) -> None:
        """`guests`: channels that are in the conversation of another contact than their name says, and that contact; `codec` is what all
        legs speak, None: it is not known.
        """
        self._ledger, self._counters, self._now = ledger, counters, now
        self._guests, self._codec = guests, codec
        self._sounds: dict[str, tuple[str, Sound]] = {}

    def take(self, report: RtpReport) -> None:
        """Fold a report about a leg of ours; one about any other channel is none of our business."""
        channel = report.channel
        guest = self._guests.get(channel) if MADE in channel else None
        contact = self._ledger.open.get(guest or contact_of(channel))
        if contact is None or not in_use(contact, channel):
            return
        _, before = self._sounds.get(channel, (contact.id, Sound()))
        after = before.after(report, self._now())
        if (known := whose(contact, channel)) is not None:
            after = replace(after, kind=known[0], who=known[1])
        self._sounds[channel] = contact.id, after
        self._counters.rtp_reports.labels(after.kind, "heard" if report.heard else "spoken").inc()

    def ended(self, channel: str) -> None:
        """A channel is gone, or heard by this engine no more: what was reported of it is written down."""
        known = self._sounds.pop(channel, None)
        if known is not None:
            contact, sound = known
            told = sound.told(channel, self._codec)
            self._ledger.append(Event("voice", self._now(), contact, data=told))
            self._count(sound.kind, told)

    def held(self, channels: Iterable[str]) -> None:
        """Asterisk holds these channels and no others, or this engine ends: all others have ended, or will, while it does not see it."""
        for channel in self._sounds.keys() - set(channels):
            self.ended(channel)

    def _count(self, kind: str, told: dict[str, Any]) -> None:
        for direction in ("spoken", "heard"):
            if (one := told[direction]) is not None:
                self._counters.lost_packets.labels(kind, direction).inc(one["lost"])
                self._counters.mos.labels(kind, direction).observe(one["mos"])
                self._counters.loss.labels(kind, direction).observe(one["loss_percent"] / 100)
                self._counters.jitter.labels(kind, direction).observe(one["jitter_ms"] / 1000)
        if told["round_trip_ms"] is not None:
            self._counters.round_trip.labels(kind).observe(told["round_trip_ms"] / 1000)


def contact_of(channel: str) -> str:
    """The contact that a channel would belong to: by its name, as everything does."""
    owner, made, _ = channel.partition(MADE)
    return owner if made else channel.replace(".", "-")
