"""A supervisor in a conversation: their phone is rung, and brought together with a channel that hears the agent.

The conversation itself is not touched, so nothing that a supervisor does can end it. When the agent is no longer in it, or it is over, the
supervisor's call ends, too; and where Asterisk reports nothing of their phone, or of the channel that is to hear the agent, they are let
go in time. Who listened to whom, since when and until when, stands in the contact's events.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from engine.call.called import Called, bridge_of
from engine.call.house import House
from engine.call.line import MADE, AriEvent, Line, Relink, channel_of
from engine.core.contact import Contact
from engine.core.conversation import AGENT
from engine.core.event import Event
from engine.core.phones import rung
from engine.core.supervision import SPEAKS, Supervision
from engine.errors import AgentUnreachable, AlreadyThere, Gone

#: Seconds a supervisor's phone rings.
RING = 20.0
#: Seconds within which a channel that is to hear the agent has come.
HEARD_WITHIN = 5.0
#: Ends supervision.
LEAVE = "leave"


class Listening:
    """Who listens to one conversation: one at a time."""

    def __init__(self, house: House, line: Line) -> None:
        self._house = house
        self._line = line
        self._called: Called | None = None
        #: Until when what is to hear the agent has come, on the loop's clock; None: it has.
        self._heard_until: float | None = None

    @property
    def _contact(self) -> Contact:
        return self._house.ledger.contact(self._line.contact)

    @property
    def deadline(self) -> float | None:
        """When a supervisor of whom nothing is reported is given up, on the loop's clock."""
        now = self._contact.supervision
        if now is None:
            return None
        return self._heard_until if now.began or self._called is None else self._called.deadline

    @property
    def overdue(self) -> bool:
        """Has nothing been reported of the supervisor for too long?"""
        deadline = self.deadline
        return deadline is not None and deadline <= asyncio.get_running_loop().time()

    async def give_up(self) -> None:
        """Let a supervisor go of whom nothing was reported."""
        now, called = self._contact.supervision, self._called
        if now is not None and now.began:
            await self.end("lost")
        else:
            await self.end("no_answer" if called is not None and called.rang else "unreachable")

    async def obey(self, mode: str, phone: str, by: str) -> str:
        """Listen, whisper, barge or leave; why that cannot be, or nothing."""
        now = self._contact.supervision
        if mode == LEAVE:
            if now is None:
                return "nobody listens to this conversation"
            await self.end("left")
            return ""
        if now is None:
            return await self._ring(mode, phone, by)
        if now.phone != phone:
            return f"{now.phone} listens to this conversation already"
        if now.mode == mode:
            return f"{now.phone} does so already"
        await self._turn(now, mode, by)
        return ""

    async def _ring(self, mode: str, phone: str, by: str) -> str:
        contact, talk, settings = self._contact, self._contact.talk, self._house.site.settings
        if talk is None or talk.leg is None or talk.kind != AGENT:
            return "no agent is with the caller now"
        known = settings.agents.get(talk.to)
        way = rung(settings, known, phone) if known is not None else None
        agents = self._house.distributor.state.agents
        seats = {agents[name].seat for name in talk.agents if name in agents}
        if way is None or phone in seats:
            return f"{phone} is no phone that could listen to {talk.to}"
        leg = f"{contact.id}{MADE}s{contact.supervisions}"
        data = {"mode": mode, "phone": phone, "agent": talk.to, "by": by, "leg": leg, "target": talk.leg}
        await self._house.ledger.append(
            Event("supervision_asked", self._house.now(), contact.id, talk.to, data)
        )
        self._house.own_calls.begun(leg, phone)
        self._called = Called(leg, RING)
        try:
            await self._called.originate(self._line, way.endpoint, contact.from_number)
        except AgentUnreachable:
            await self.end("unreachable")
            return f"{phone} cannot be reached"
        return ""

    async def _turn(self, now: Supervision, mode: str, by: str) -> None:
        data = {"mode": mode, "by": by, "phone": now.phone}
        contact = self._contact.id
        await self._house.ledger.append(
            Event("supervision_changed", self._house.now(), contact, now.agent, data)
        )
        if now.began:
            await self._line.try_hangup(now.snoop)
            await self._hear()

    async def hear(self, event: AriEvent) -> bool:
        """Is this about the supervisor's phone, or what hears the agent for them?"""
        now, channel = self._contact.supervision, channel_of(event)
        if now is None or not channel.startswith(now.leg):
            return channel.startswith(f"{self._line.contact}{MADE}s")
        over = event["type"] in ("ChannelDestroyed", "StasisEnd")
        if channel == now.leg:
            await self._on_leg(event, now, over)
        elif channel == now.snoop and over:
            await self.end("agent")
        elif channel == now.snoop and event["type"] == "StasisStart":
            await self._together(now)
        return True

    async def _on_leg(self, event: AriEvent, now: Supervision, over: bool) -> None:
        if now.began:
            if over:
                await self.end("supervisor")
            return
        called = self._called or Called(now.leg, RING)
        why = called.hear(event, behind=False)
        if why is not None or over:
            await self.end(why or "supervisor")
        elif called.picked_up:
            await self._begin(now)

    async def _begin(self, now: Supervision) -> None:
        data = {"mode": now.mode, "phone": now.phone}
        await self._house.ledger.append(
            Event("supervision_began", self._house.now(), self._contact.id, now.agent, data)
        )
        await self._hear()

    async def _hear(self) -> None:
        """Have a channel hear the agent; it is brought together with the supervisor when it has come."""
        now = self._contact.supervision
        assert now is not None
        self._heard_until = asyncio.get_running_loop().time() + HEARD_WITHIN
        try:
            with suppress(AlreadyThere):
                await self._line.calls.snoop(
                    now.target,
                    now.snoop,
                    spy="both",
                    whisper=SPEAKS[now.mode],
                    app_args=("leg", self._line.contact),
                )
        except Gone:
            await self.end("agent")

    async def _together(self, now: Supervision) -> None:
        self._heard_until, bridge = None, bridge_of(now.leg)
        with suppress(AlreadyThere):
            await self._line.calls.create_bridge(bridge, "mixing")
        with suppress(Gone):  # whichever has gone is told of in a moment
            await self._line.calls.add(bridge, now.leg, now.snoop)

    async def resume(self, relink: Relink, over: bool) -> None:
        """After a gap: what is still there goes on."""
        now = self._contact.supervision
        if now is None or over:
            return
        state = relink.channels.get(now.leg)
        if state is None or (now.began and now.target not in relink.channels):
            await self.end("lost")
        elif now.began and now.snoop not in relink.channels:
            await self._hear()
        elif now.began:
            await self._together(now)
        elif state == "Up":
            await self._begin(now)
        else:
            self._called = Called(now.leg, RING)

    async def end(self, why: str = "conversation") -> None:
        """Nobody listens any more."""
        self._called = self._heard_until = None
        await end_supervision(self._house, self._line, why)


async def end_supervision(house: House, line: Line, why: str = "conversation") -> None:
    """Let a supervisor go, if there is one."""
    contact = house.ledger.open.get(line.contact)
    if contact is None or contact.supervision is None:
        return
    now = contact.supervision
    data = {"phone": now.phone, "why": why}
    await house.ledger.append(Event("supervision_ended", house.now(), contact.id, now.agent, data))
    line.unbridge(bridge_of(now.leg))
    await line.try_hangup(now.snoop)
    await line.try_hangup(now.leg)
    house.own_calls.ended(now.leg)
