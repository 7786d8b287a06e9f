"""How well people hear each other: what RTCP tells of a leg, and the opinion (MOS) that listeners would have of it.

A leg has two directions, named from the phone at its end: `spoken` is what came from that phone to Asterisk, as Asterisk counts it;
`heard` is what that phone received, as it says itself. A phone that sends no reports leaves `heard` and the round trip unknown, which is
not the same as good.

The estimate is the E-model's, ITU-T G.107, with its default values for all that is not measured here:

    R = 93.2 - Idd - Ie,eff
    Ie,eff = 95 * Ppl / (Ppl + Bpl)                    loss: Ppl percent of the packets, at random
    Idd = 25 * ((1 + X^6)^(1/6) - 3 * (1 + (X/3)^6)^(1/6) + 2), X = log2(Ta / 100)      delay above Ta = 100 ms
    MOS = 1 + 0.035 R + R (R - 60) (100 - R) * 7e-6    between R = 0 (1.0) and R = 100 (4.5)

Ie is 0 and Bpl 25.1 for G.711 on phones that conceal a lost packet (ITU-T G.113, appendix I); our own Asterisk speaks no other codec. Ta,
from mouth to ear, is what is known of it: a packet's own 20 ms, a jitter buffer of twice the jitter, and half the round trip where the
phone tells it. So it is the leg's own quality: what the other leg of a conversation adds stands in the other leg's figures.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import log2
from typing import Any

from engine.core.contact import Contact
from engine.core.conversation import AGENT

CALLER, SUPERVISOR = "caller", "supervisor"
#: The codec of whatever phone our own Asterisk speaks with: µ-law or A-law.
G711 = "g711"
#: The best rating with G.107's default values.
BEST = 93.2
#: How well G.711 with concealment stands loss.
BPL = 25.1
#: Seconds of sound in a packet; how many times the jitter a phone's buffer holds back.
PACKET, HELD_BACK = 0.02, 2.0


@dataclass(frozen=True, slots=True)
class RtpReport:
    """One RTCP report about a channel. `heard`: the phone's own word of what it received; else Asterisk's of what came from it.

    `sequence` is the highest packet number received, `lost` the number of packets lost in all, `loss` the share of those since the report
    before (0 to 1); times in seconds.
    """

    channel: str
    heard: bool
    sequence: int
    lost: int
    loss: float
    jitter: float
    round_trip: float | None = None


def rating(loss: float, delay: float) -> float:
    """The E-model's R of G.711, for a share of packets lost (0 to 1) and a delay from mouth to ear in seconds."""
    percent = 100 * loss
    return BEST - _delayed(1000 * delay) - 95 * percent / (percent + BPL)


def _delayed(milliseconds: float) -> float:
    if milliseconds <= 100:
        return 0.0
    x = log2(milliseconds / 100)
    return 25 * (float((1 + x**6) ** (1 / 6)) - 3 * float((1 + (x / 3) ** 6) ** (1 / 6)) + 2)


def opinion(rated: float) -> float:
    """The mean opinion score (1 to 4.5) of a rating."""
    r = min(max(rated, 0.0), 100.0)
    return max(1.0, 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6)


def estimated(report: RtpReport, round_trip: float | None) -> float:
    """What listeners would think of the sound of one report."""
    delay = PACKET + HELD_BACK * report.jitter + (round_trip or 0.0) / 2
    return opinion(rating(report.loss, delay))


@dataclass(frozen=True, slots=True)
class Direction:
    """All reports about one direction: sums, and the worst of them. One between which and the last nothing was received tells nothing."""

    reports: int = 0
    sequence: int = -1
    lost: int = 0
    loss: float = 0.0
    most_loss: float = 0.0
    jitter: float = 0.0
    most_jitter: float = 0.0
    mos: float = 0.0
    least_mos: float = 4.5

    def after(self, report: RtpReport, round_trip: float | None) -> Direction:
        """With one more report."""
        if report.sequence == self.sequence:
            return self
        mos = estimated(report, round_trip)
        return Direction(
            self.reports + 1,
            report.sequence,
            report.lost,
            self.loss + report.loss,
            max(self.most_loss, report.loss),
            self.jitter + report.jitter,
            max(self.most_jitter, report.jitter),
            self.mos + mos,
            min(self.least_mos, mos),
        )

    @property
    def told(self) -> dict[str, Any] | None:
        """As it stands in the log: means and extremes over the reports; None where there was none."""
        n = self.reports
        if not n:
            return None
        return {
            "reports": n,
            "lost": self.lost,
            "loss_percent": round(100 * self.loss / n, 2),
            "loss_percent_max": round(100 * self.most_loss, 2),
            "jitter_ms": round(1000 * self.jitter / n, 1),
            "jitter_ms_max": round(1000 * self.most_jitter, 1),
            "mos": round(self.mos / n, 2),
            "mos_min": round(self.least_mos, 2),
        }


@dataclass(frozen=True, slots=True)
class Sound:
    """A leg's sound as far as it was reported; `kind` and `who` as in `whose`."""

    kind: str = ""
    who: str = ""
    spoken: Direction = field(default_factory=Direction)
    heard: Direction = field(default_factory=Direction)
    #: Seconds there and back: the last, the sum and the longest of so many.
    round_trip: float | None = None
    round_trips: int = 0
    all_round_trips: float = 0.0
    longest_round_trip: float = 0.0
    #: When the first report came, and the last: what is told is of the time between, and of the seconds before the first.
    from_at: float | None = None
    until_at: float | None = None

    def after(self, report: RtpReport, at: float) -> Sound:
        """With one more report."""
        sound = replace(self, from_at=at if self.from_at is None else self.from_at, until_at=at)
        if report.round_trip is not None:
            sound = sound._timed(report.round_trip)
        if report.heard:
            return replace(sound, heard=sound.heard.after(report, sound.round_trip))
        return replace(sound, spoken=sound.spoken.after(report, sound.round_trip))

    def _timed(self, seconds: float) -> Sound:
        return replace(
            self,
            round_trip=seconds,
            round_trips=self.round_trips + 1,
            all_round_trips=self.all_round_trips + seconds,
            longest_round_trip=max(self.longest_round_trip, seconds),
        )

    def told(self, leg: str, codec: str | None) -> dict[str, Any]:
        """The data of the event `voice`; `codec` None: not known, and the figures are those that G.711 would have."""
        n = self.round_trips
        return {
            "leg": leg,
            "kind": self.kind,
            "who": self.who,
            "codec": codec,
            "from_at": self.from_at,
            "until_at": self.until_at,
            "spoken": self.spoken.told,
            "heard": self.heard.told,
            "round_trip_ms": round(1000 * self.all_round_trips / n, 1) if n else None,
            "round_trip_ms_max": round(1000 * self.longest_round_trip, 1) if n else None,
        }


def whose(contact: Contact, channel: str) -> tuple[str, str] | None:
    """At the end of a contact's channel: caller, agent, number or supervisor, and who; None where that channel is nobody's."""
    if channel == contact.channel:
        return CALLER, contact.from_number
    if (leg := next((one for one in contact.legs if one.leg == channel), None)) is not None:
        return leg.kind, leg.to
    if (offer := next((one for one in contact.offered if one.data["leg"] == channel), None)) is not None:
        return AGENT, offer.agent or offer.data["agent"]
    listens = contact.supervision
    return (SUPERVISOR, listens.phone) if listens is not None and listens.leg == channel else None
