"""The far end of a channel: what a person, or their phone, can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.sim.channel import Channel

#: Final SIP answers a phone may give, and the cause Asterisk makes of each (measured).
REFUSALS: Final[dict[int, int]] = {404: 1, 480: 19, 486: 17, 603: 21}


#: 20 ms of a voice that says nothing in particular.
VOICE: Final = b"\x00\x10\x00\xf0" * 160


def nothing() -> None:
    """What somebody does who does not care."""


class Line:
    """One end of a call. `on_up` is called when the call is up, `on_over` when it is over, whoever ended it."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.on_up: Callable[[], None] = nothing
        self.on_over: Callable[[], None] = nothing
        #: What somebody has dialled who calls in.
        self.dialled = ""

    @property
    def over(self) -> bool:
        """Is the call over?"""
        return self.channel.ending

    @property
    def up(self) -> bool:
        """Is the call answered and not over?"""
        return self.channel.state == "Up" and not self.channel.ending

    def ring(self) -> None:
        """A phone that was called rings."""
        channel = self.channel
        if channel.ending or channel.state != "Down":
            return
        channel.pbx.tell_dial(channel, "RINGING")
        channel.set_state("Ringing")

    def answer(self) -> None:
        """A phone that was called is picked up."""
        channel = self.channel
        if channel.ending or channel.state == "Up":
            return
        if channel.dial_timer is not None:
            channel.dial_timer.cancel()
        channel.set_state("Up")
        channel.pbx.tell_dial(channel, "ANSWER")
        channel.pbx.answered(channel)
        self.on_up()

    def reject(self, sip: int = 486) -> None:
        """A phone that was called refuses with this final answer."""
        if sip not in REFUSALS:
            raise ValueError(
                f"what Asterisk makes of SIP {sip} has not been measured; use one of {sorted(REFUSALS)}"
            )
        self.channel.hang_up(REFUSALS[sip], sip)

    def press(self, digit: str, duration_ms: int = 100) -> None:
        """Send one key; a recording that waits for it ends."""
        channel = self.channel
        if channel.ending:
            return
        channel.tell("ChannelDtmfReceived", digit=digit, duration_ms=duration_ms, channel=channel.snapshot())
        if channel.recording is not None and channel.recording.wanted.ended_by(digit):
            channel.recording.end()

    def speak(self, speaking: bool) -> None:
        """Begin or stop making sound."""
        self.channel.speaking = speaking
        if speaking:
            self.channel.sounds(VOICE)
        for channel in (self.channel, *self.channel.snoops):
            if channel.recording is not None:
                channel.recording.voice(channel.heard)

    def sound(self, sound: bytes) -> None:
        """Make this sound: a stretch of slin16."""
        if not self.channel.ending:
            self.channel.sounds(sound)

    def hold(self, on: bool) -> None:
        """Put the other side on hold, or take it back."""
        channel = self.channel
        if not channel.ending:
            music = {"musicclass": "default"} if on else {}
            channel.tell("ChannelHold" if on else "ChannelUnhold", **music, channel=channel.snapshot())

    def refer(self, to: str, second: Line | None = None) -> None:
        """Ask for the other side to be transferred, or to take this phone's place in its second call; the application does it."""
        if not self.channel.ending:
            asked = {"requested_destination": {"destination": to}}
            self.channel.tell_transfer(asked, second=second.channel if second is not None else None)

    def hang_up(self) -> None:
        """Put the phone down."""
        self.channel.hang_up()

    def ended(self) -> None:
        """The channel is gone."""
        self.on_over()
