"""A channel: one thread of its own that does one command after the other, as in Asterisk.

A playback and a recording occupy the thread until they end. `play`, `record`, music and `dial` are only queued, and their
request is answered at once; `answer`, setting a variable and bridging are answered when the thread has done them, so they wait
for what plays. A hang-up is told at once and noticed by the thread a moment later, which then ends what is running, runs what is
queued, and leaves bridge and application:

    ChannelHangupRequest, PlaybackFinished(failed) or RecordingFinished(done), ChannelLeftBridge, StasisEnd, ChannelDestroyed

ChannelDestroyed reaches an application only if it asked for the channel: by creating it, or by subscribing. An originated leg that is
never answered differs from a created and dialled one: it tells how its dialling ended, and gives up after its time without a
ChannelHangupRequest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio

    from engine.sim.asterisk import SimulatedAsterisk
    from engine.sim.bridge import App, Bridge
    from engine.sim.fetched import Fetched
    from engine.sim.line import Line
    from engine.sim.playing import Playback
    from engine.sim.recording import Recording

Done = Callable[[], None]
Command = Callable[[Done], None]

#: Seconds between a hang-up's request and its effect (measured: 0.2 to 3 ms).
NOTICE: Final = 0.001

#: Q.850 causes in Asterisk's words.
CAUSES = {
    1: "Unallocated (unassigned) number",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    21: "Call Rejected",
}


class Channel:
    """One leg of a call. `app` is set while it is in Stasis; `line` is its far end."""

    def __init__(
        self,
        pbx: SimulatedAsterisk,
        channel_id: str,
        endpoint: str,
        *,
        state: str,
        number: str = "",
        exten: str = "s",
        context: str = "engine",
    ) -> None:
        self.pbx = pbx
        self.id = channel_id
        self.name = f"PJSIP/{endpoint}-{pbx.serial():08x}"
        self.endpoint = endpoint
        self.state = state
        self.number = number
        self.connected = ""
        self.exten = exten
        self.context = context
        self.created = pbx.stamp()
        self.app: App | None = None
        self.app_data = ""
        self.variables: dict[str, str] = {}
        self.bridge: Bridge | None = None
        self.playback: Playback | None = None
        self.recording: Recording | None = None
        self.line: Line | None = None
        #: The end was asked for; `gone` when it has come.
        self.ending = False
        self.gone = False
        self.dialled = False
        self.originated = False
        self.dial_timer: asyncio.TimerHandle | None = None
        self.music: str | None = None
        self.speaking = False
        #: Where its far end wants the other side to be transferred.
        self.refer_to: dict[str, Any] = {}
        #: The channel this one hears (a snoop channel), which way and with what it speaks there; and those that hear this one.
        self.spies: Channel | None = None
        self.spy = self.whisper = "none"
        self.snoops: list[Channel] = []
        #: The sound of an external media channel, for whoever fetches it.
        self.media: Fetched | None = None
        self._queue: deque[Command] = deque()
        self._busy = False
        self._pumping = False

    # --- what ARI shows ------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """The channel as ARI shows it."""
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "protocol_id": f"sim-{self.id}",
            "caller": {"name": "", "number": self.number},
            "connected": {"name": "", "number": self.connected},
            "accountcode": "",
            "dialplan": {
                "context": self.context,
                "exten": self.exten,
                "priority": 1,
                "app_name": "Stasis" if self.app_data else "",
                "app_data": self.app_data,
            },
            "creationtime": self.created,
            "language": "en",
            **({} if self.media is None else self.media.shown),
        }

    def tell(self, kind: str, /, **fields: Any) -> None:
        """Send an event about this channel to the applications that hear of it."""
        self.pbx.tell_channel(self, kind, **fields)

    def tell_transfer(self, refer_to: dict[str, Any], state: str = "", second: Channel | None = None) -> None:
        """Say that this channel's far end wants a transfer (to its `second` call), or (`state`) how far it has come."""
        if second is not None:
            refer_to = refer_to | {"destination_channel": second.snapshot()} | second.company()
        self.refer_to = refer_to
        by: dict[str, Any] = {"source_channel": self.snapshot()} | self.company()
        about = {"state": state} if state else {}
        self.tell("ChannelTransfer", refer_to=refer_to, referred_by=by, **about)

    def company(self) -> dict[str, Any]:
        """Its bridge, and the other one in it where there is just one, as a ChannelTransfer tells them."""
        if self.bridge is None:
            return {}
        others = [one for one in self.bridge.channels if one is not self]
        other = {"connected_channel": others[0].snapshot()} if len(others) == 1 else {}
        return other | {"bridge": self.bridge.snapshot()}

    @property
    def heard(self) -> bool:
        """Is there sound on it? On a snoop channel: the voice of the one it hears."""
        return self.speaking if self.spies is None else self.spy in ("in", "both") and self.spies.speaking

    def sounds(self, sound: bytes) -> None:
        """Its far end makes this sound: whoever hears it has it."""
        for snoop in self.snoops:
            if snoop.spy in ("in", "both") and snoop.bridge is not None:
                for one in snoop.bridge.channels:
                    if one.media is not None:
                        one.media.put(sound)

    def set_state(self, state: str) -> None:
        """Change the state, and say so."""
        self.state = state
        self.tell("ChannelStateChange", channel=self.snapshot())

    # --- the thread ----------------------------------------------------------------------------

    def submit(self, command: Command) -> None:
        """Queue a command; it starts when everything before it is done."""
        self._queue.append(command)
        self._pump()

    def _pump(self) -> None:
        if self._pumping:
            return
        self._pumping = True
        while self._queue and not self._busy:
            self._busy = True
            self._queue.popleft()(self._done)
        self._pumping = False

    def _done(self) -> None:
        self._busy = False
        self._pump()

    # --- the end -------------------------------------------------------------------------------

    def hang_up(self, cause: int = 16, sip: int | None = None, *, ours: bool = False) -> None:
        """End the channel. `ours`: ARI ended it, not the far end; `sip` is the final answer that did."""
        if self.ending:
            return
        self.ending = True
        self.tell("ChannelHangupRequest", **self._request_fields(cause, sip, ours), channel=self.snapshot())
        if self.originated and self.state != "Up":
            self.pbx.tell_dial(self, "BUSY" if cause == 17 else "NOANSWER")
        self._end_soon(cause, sip)

    def give_up(self) -> None:
        """End a leg that was dialled for long enough."""
        if self.ending:
            return
        self.ending = True
        if not self.originated:
            self.tell("ChannelHangupRequest", cause=32, soft=True, channel=self.snapshot())
        self._end_soon(19, 480)

    def end_with_it(self) -> None:
        """End, as the channel it hears has: nobody is told beforehand."""
        if not self.ending:
            self.ending = True
            self._end_soon(16, None)

    def _end_soon(self, cause: int, sip: int | None) -> None:
        if self.dial_timer is not None:
            self.dial_timer.cancel()
        self.pbx.later(NOTICE, lambda: self._end(cause, sip))

    def _end(self, cause: int, sip: int | None) -> None:
        """The thread has noticed, and leaves everything it was in."""
        self.gone = True
        if self.playback is not None:
            self.playback.end("failed")
        if self.recording is not None:
            self.recording.end()
        self._pump()
        if self.bridge is not None:
            self.bridge.remove(self)
        self.leave_stasis()
        for snoop in list(self.snoops):
            snoop.end_with_it()
        if self.spies is not None:
            self.spies.snoops.remove(self)
        if self.media is not None:
            self.media.put(None)
        tech = {} if sip is None else {"tech_cause": sip}
        self.tell("ChannelDestroyed", cause=cause, cause_txt=CAUSES[cause], **tech, channel=self.snapshot())
        self.pbx.forget(self)
        if self.line is not None:
            self.line.ended()

    def leave_stasis(self) -> None:
        """Leave the application, if in one."""
        if self.app is not None:
            app, self.app = self.app, None
            self.pbx.tell_app(app, "StasisEnd", channel=self.snapshot())

    def _request_fields(self, cause: int, sip: int | None, ours: bool) -> dict[str, Any]:
        """What a ChannelHangupRequest says besides its channel: nothing for a plain BYE, unless it ends a leg that was dialled."""
        if ours:
            return {"cause": 32, "soft": True}
        if sip is not None:
            return {"cause": cause, "tech_cause": sip}
        return {"cause": cause} if self.dialled and not self.originated else {}
