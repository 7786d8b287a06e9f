"""From AMI's events to what they say; None for one that does not say it. What stands in them is foreign text as it came."""

from __future__ import annotations

from typing import Final

from panoramisk.message import Message

from engine.ami.port import Alarm
from engine.core.quality import RtpReport

#: Events with RTCP that came from a phone, and with RTCP that Asterisk sent.
RTCP: Final = ("RTCPReceived", "RTCPSent")
#: Somebody was turned away. Those by which somebody is let in are not among them.
ALARMS: Final = (
    "FailedACL",
    "InvalidAccountID",
    "InvalidPassword",
    "ChallengeResponseFailed",
    "UnexpectedAddress",
    "InvalidTransport",
    "AuthMethodNotAllowed",
    "RequestNotAllowed",
    "RequestNotSupported",
    "RequestBadFormat",
    "SessionLimit",
    "MemoryLimit",
    "LoadAverageLimit",
)
#: RTP's clock for the codecs we speak, in Hz.
CLOCK: Final = 8000
#: More packets lost than a call can have: a number below zero, of a phone that got some twice.
NO_LOSS: Final = 1 << 23


def rtp_report(event: Message) -> RtpReport | None:
    """The first block of an RTCP report; a round trip only where the phone says which of our reports it answers."""
    heard = event.event == "RTCPReceived"
    try:
        lost = int(event["Report0CumulativeLost"])
        return RtpReport(
            str(event["Uniqueid"]),
            heard,
            (int(event["Report0SequenceNumberCycles"]) << 16) + int(event["Report0HighestSequence"]),
            lost if 0 <= lost < NO_LOSS else 0,
            min(int(event["Report0FractionLost"]), 256) / 256,
            int(event["Report0IAJitter"]) / CLOCK,
            float(event["RTT"]) if heard and int(event["Report0LSR"]) else None,
        )
    except (KeyError, ValueError, TypeError):  # a report without a block, or not one at all
        return None


def alarm(event: Message) -> Alarm:
    """Who was turned away."""
    address = _text(event, "RemoteAddress").split("/")
    return Alarm(
        event.event,
        _text(event, "Service"),
        _text(event, "AccountID"),
        address[2] if len(address) == 4 else "/".join(address),
    )


def _text(event: Message, name: str) -> str:
    """A field; where somebody has smuggled in a second one of its name, both."""
    value = event.get(name, "")
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
