"""A caller who is transferred to somebody outside: their phone rings, they hear whom it is for, the two of them talk.

    transferring          the number may be dialled, and its phone rings next
    transfer_answered     it was picked up; the announcement and the bridge come next
    transfer_connected    both are in the bridge
    transfer_ended        why it came to nothing, or by whom the conversation ended

The last of them says where it stands, so a transfer that is taken up after a lost link or a killed engine goes on from there.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from engine.call.called import Called, bridge_of
from engine.call.diary import seen_until
from engine.call.house import House
from engine.call.line import WATCHDOG, AriEvent, Heard, Line, Relink, channel_of, finished
from engine.core.contact import Contact
from engine.core.do import Transfer
from engine.core.event import Event
from engine.core.outbound import dialable, way_out
from engine.errors import AgentUnreachable, CallerGone, Gone

ANSWERED, FAILED = "answered", "failed"
#: Why a transfer came to nothing by a key, and the music callers hear.
KEY, MUSIC = "key", "default"


@dataclass(frozen=True, slots=True)
class Announced:
    """What the answering side hears before it is connected (nothing: no media), and how long that lasts."""

    media: tuple[str, ...]
    seconds: float


class Transferring:
    """One transfer; `run` returns answered, failed, or the key pressed while it rang."""

    def __init__(self, house: House, line: Line, do: Transfer, leg: str, announced: Announced) -> None:
        self._house = house
        self._line = line
        self._do = do
        self._announced = announced
        self._called = Called(leg, do.ring)

    # --- ways in ------------------------------------------------------------------------------

    async def run(self) -> str:
        """Ring the number, if that is allowed, and stay until the conversation is over."""
        out = way_out(self._house.site.settings.outbound, self._do.to)
        if out is None:
            await self._end(why="not_allowed")
            return FAILED
        data = {
            "to": out.number,
            "trunk": out.trunk,
            "shown": out.caller or self._contact.from_number,
            "leg": self._called.leg,
            "ring": self._do.ring,
        }
        await self._write(Event("transferring", self._house.now(), self._line.contact, data=data))
        return await self._until_gone(None)

    async def resume(self, contact: Contact, relink: Relink) -> str:
        """Go on where the contact's events say it stands; `relink` tells which channels are still there."""
        if self._line.channel not in relink.channels:
            if contact.transfer is not None:
                await self._apart(contact.transfer, "lost", relink.seen)
            raise relink.lost(self._line.channel)
        if contact.transfer_end is not None:
            return self._told(contact.transfer_end)
        if contact.transfer is None:
            return await self.run()
        return await self._until_gone(relink)

    def _told(self, end: Event) -> str:
        """The outcome of a transfer that ended just before the engine did."""
        if "by" in end.data:
            return ANSWERED
        return str(end.data["key"]) if end.data["why"] == KEY else FAILED

    @property
    def _contact(self) -> Contact:
        return self._house.ledger.contact(self._line.contact)

    async def _until_gone(self, relink: Relink | None) -> str:
        """The whole of it; a caller who hangs up takes everything down."""
        try:
            return await (self._ring() if relink is None else self._go_on(relink))
        except (CallerGone, Gone) as gone:
            begun = self._contact.transfer
            if begun is not None:
                await self._apart(begun, self._line.why_gone)
            if isinstance(gone, CallerGone):
                raise
            raise CallerGone(self._line.channel) from gone

    async def _go_on(self, relink: Relink) -> str:
        """After a gap: a leg that is still there goes on, one that is not is rung again or has ended."""
        begun, called = self._contact.transfer, self._called
        assert begun is not None
        state = relink.channels.get(called.leg)
        called.bridged = begun.kind != "transferring"
        match begun.kind:
            case "transfer_connected" if state is not None:
                return await self._talk()
            case "transfer_connected":
                return await self._talked("lost", relink.seen)
            case "transfer_answered":
                return await self._failed("rejected") if state is None else await self._connect()
        left = begun.at + called.ring - self._house.now()
        called.deadline -= called.ring - left
        if state == "Up":
            return await self._answered()
        if state is not None:
            called.rang = state == "Ringing"
            return await self._ringing()
        if left <= 0.0:
            return await self._failed("no_answer")
        called.ring = left
        return await self._ring()

    # --- a phone outside ----------------------------------------------------------------------

    async def _ring(self) -> str:
        out = way_out(self._house.site.settings.outbound, self._do.to)
        if out is None:  # taken out of the list meanwhile
            return await self._failed("not_allowed")
        try:
            await self._called.originate(self._line, out.endpoint, out.caller or self._contact.from_number)
        except AgentUnreachable:
            return await self._failed("unreachable")
        return await self._ringing()

    async def _ringing(self) -> str:
        await self._sound()
        called = self._called
        while not called.picked_up:
            item = await self._line.wait(called.deadline)
            if item is None:
                return await self._failed("no_answer" if called.rang else "unreachable")  # nothing was told
            event = self._of_leg(item)
            if event is not None and (why := called.hear(event, behind=True)) is not None:
                return await self._failed(why)
            if (key := self._key()) is not None:
                await self._failed(KEY, key)
                return key
        return await self._answered()

    def _of_leg(self, item: Heard | None) -> AriEvent | None:
        return item if isinstance(item, dict) and channel_of(item) == self._called.leg else None

    def _key(self) -> str | None:
        while self._line.keys:
            key = self._line.keys.popleft()
            if key in self._do.keys:
                return key
        return None

    async def _failed(self, why: str, key: str | None = None) -> str:
        """Nobody is connected: say why, let the phone go, and what the caller hears."""
        await self._end(why=why, key=key)
        await self._silence()
        await self._called.drop(self._line)
        return FAILED

    # --- the conversation ---------------------------------------------------------------------

    async def _answered(self) -> str:
        data = {"to": self._to, "leg": self._called.leg}
        await self._write(Event("transfer_answered", self._house.now(), self._line.contact, data=data))
        return await self._connect() if await self._announce() else await self._failed("rejected")

    async def _announce(self) -> bool:
        """Tell whoever has answered what comes; False when they have hung up over it."""
        if not self._announced.media:
            return True
        try:
            await self._line.calls.play(self._called.leg, self._announced.media, self._playback)
        except Gone:
            return False
        until = asyncio.get_running_loop().time() + self._announced.seconds + WATCHDOG
        while (item := await self._line.wait(until)) is not None:
            if finished(item, self._playback):
                return True
            if self._is_end(item):
                return False
        return True

    @property
    def _playback(self) -> str:
        return f"{self._called.leg}-a"

    def _is_end(self, item: Heard | None) -> bool:
        event = self._of_leg(item)
        return event is not None and event["type"] in ("ChannelDestroyed", "StasisEnd")

    async def _connect(self) -> str:
        """Bring both together; whatever still plays would hold that up."""
        called, line = self._called, self._line
        called.bridged = True
        if self._announced.media:
            await line.stop(self._playback)
        await self._silence()
        try:
            await called.bridge(line)
        except Gone:
            await self._sound()  # raises where it was the caller who went
            return await self._failed("rejected")
        data = {"to": self._to, "leg": called.leg}
        await self._write(Event("transfer_connected", self._house.now(), line.contact, data=data))
        return await self._talk()

    async def _talk(self) -> str:
        """Until either side hangs up."""
        while True:
            if self._is_end(await self._line.wait()):
                return await self._talked("target")
            self._line.keys.clear()

    async def _talked(self, by: str, seen: float | None = None) -> str:
        await self._end(by=by, seen=seen)
        await self._called.unbridge(self._line)
        return ANSWERED

    # --- the end ------------------------------------------------------------------------------

    @property
    def _to(self) -> str:
        begun = self._contact.transfer
        return str(begun.data["to"]) if begun is not None else dialable(self._do.to) or ""

    async def _end(
        self,
        *,
        why: str | None = None,
        by: str | None = None,
        key: str | None = None,
        seen: float | None = None,
    ) -> None:
        given = {"to": self._to, "why": why, "by": by, "key": key}
        data = {name: value for name, value in given.items() if value is not None} | seen_until(seen)
        await self._write(Event("transfer_ended", self._house.now(), self._line.contact, data=data))

    async def _apart(self, begun: Event, reason: str, seen: float | None = None) -> None:
        """The caller is gone: write it down, and leave nothing behind."""
        if begun.kind == "transfer_connected":
            await self._end(by="caller" if reason == "abandoned" else reason, seen=seen)
        else:
            await self._end(why=reason, seen=seen)
        self._called.bridged = begun.kind != "transferring"
        await self._called.drop(self._line)

    async def _write(self, event: Event) -> None:
        await self._house.ledger.append(event)

    # --- what the caller hears ----------------------------------------------------------------

    async def _sound(self) -> None:
        """Let the caller hear that it rings, or music."""
        calls, channel = self._line.calls, self._line.channel
        await (calls.start_music(channel, MUSIC) if self._do.music else calls.ring(channel))

    async def _silence(self) -> None:
        calls, channel = self._line.calls, self._line.channel
        await (calls.stop_music(channel) if self._do.music else calls.stop_ringing(channel))


async def leave_transfer(house: House, line: Line, contact: Contact) -> None:
    """Whatever stage a transfer was in as a fault of ours ended the call: no phone rings on, and nobody is left alone in a bridge."""
    begun = contact.transfer
    assert begun is not None
    how = "by" if begun.kind == "transfer_connected" else "why"
    data = {"to": begun.data["to"], how: "failed"}
    await house.ledger.append(Event("transfer_ended", house.now(), contact.id, data=data))
    line.unbridge(bridge_of(begun.data["leg"]))
    await line.try_hangup(begun.data["leg"])
