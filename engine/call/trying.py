"""One try to reach somebody who is to be rung back: their phone rings, and where they are rung first they press a key.

While something is said or rung, the distributor may speak: words that can wait are kept (`later`) and seen to when the try is over; that
the agent on the line has gone ends it at once, and so does a person who calls it off.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from engine.call.called import RING_MARGIN, Called
from engine.call.diary import leg_of
from engine.call.house import House
from engine.call.line import MADE, WATCHDOG, AriEvent, CalledOff, Item, Line, channel_of, finished
from engine.call.sounds import Sounds
from engine.core import acd
from engine.core.do import RingBack
from engine.core.event import Event
from engine.core.outbound import way_out
from engine.errors import AgentUnreachable, CallerGone, Gone

#: Seconds somebody who is rung first has to press the key, after each of so many askings.
PRESS_WITHIN, ASKINGS = 8.0, 2
YES = "1"
#: Seconds that the disk and Asterisk may take in a try, all together.
COMMANDS = 10.0
#: Ways a try ends that say nothing about the caller: it is not counted, and made again at once.
TAKEN_BACK = frozenset({"agent_gone", "lost", "called_off"})

#: What ended a try: no_answer, busy, rejected, unreachable, not_confirmed, or one of TAKEN_BACK.
Why = str


class Try:
    """One try, in an offer; `leg` is the agent's where they are on the line already, else empty. It succeeds: the line has a channel."""

    def __init__(
        self, house: House, line: Line, do: RingBack, language: str, sounds: Sounds, offer: str, leg: str
    ) -> None:
        self._house = house
        self._line = line
        self._do = do
        self._language = language
        self._sounds = sounds
        self._offer = offer
        self._leg = leg
        self.later: list[Item] = []

    async def with_agent(self) -> Why | None:
        """Tell the agent, then ring the caller; None when the caller is on the line, else why not."""
        return await self.say_to_agent(self._do.to_agent) or await self._call()

    async def with_caller(self) -> Why | None:
        """Ring the caller and have them press the key, which an answering machine does not."""
        try:
            return await self._call() or await self._confirmed()
        except CallerGone:
            return "not_confirmed"

    @property
    def longest(self) -> float:
        """Seconds it may take beside the ringing of the agent's phone: the caller's rings, and people are spoken to."""
        do = self._do
        if do.first == "agent":
            said = sum(
                self._sound(one, self._agents_language)[1] + WATCHDOG for one in (do.to_agent, do.unreached)
            )
        else:
            said = ASKINGS * (self._sound(do.to_caller, self._language)[1] + PRESS_WITHIN)
        return do.ring + RING_MARGIN + said + COMMANDS

    async def say_to_agent(self, prompt: str) -> Why | None:
        """Play something to the agent, to its end; why it cannot go on, if so."""
        media, seconds = self._sound(prompt, self._agents_language)
        playback = f"{self._line.contact}{MADE}p0"
        try:
            await self._line.calls.play(self._leg, media, playback)
        except Gone:
            return "agent_gone"
        until = asyncio.get_running_loop().time() + seconds + WATCHDOG
        while (item := await self._hear(until)) is not None:
            if isinstance(item, Why):
                await self._line.stop(playback)
                return item
            if finished(item, playback):
                break
        return None

    async def _call(self) -> Why | None:
        """Ring the caller's phone, written down before it rings."""
        house, line, do = self._house, self._line, self._do
        contact, now = house.ledger.contact(line.contact), house.now()
        called = Called(f"{line.contact}{MADE}c{self._offer}", do.ring)
        data = {"channel": called.leg, "number": do.number, "try": contact.tries + 1}
        await house.ledger.append(Event("dialled", now, contact.id, data=data))
        out = way_out(house.site.settings.outbound, do.number)
        if out is None:
            return "unreachable"  # the site has taken it out of its list since
        try:
            await called.originate(line, out.endpoint, out.caller or contact.to_number)
        except AgentUnreachable:
            return "unreachable"
        await self._ringing(True)
        why = await self._answered(called)
        await self._ringing(False)
        if why is None:
            line.channel = called.leg
            line.keys.clear()
            await house.ledger.append(Event("answered", house.now(), contact.id))
        return why

    async def _answered(self, called: Called) -> Why | None:
        """Until the caller's phone is picked up; or why it is not."""
        while not called.picked_up:
            match item := await self._hear(called.deadline):
                case None:
                    return "no_answer"
                case dict():
                    why = called.hear(item, behind=True) if channel_of(item) == called.leg else None
                    if why is not None:
                        return why
                case _:
                    return item
        return None

    async def _confirmed(self) -> Why | None:
        """Have the one who was rung press the key."""
        loop, line = asyncio.get_running_loop(), self._line
        media, seconds = self._sound(self._do.to_caller, self._language)
        for _ in range(ASKINGS):
            line.keys.clear()
            playback = await line.start(media)
            until = loop.time() + seconds + PRESS_WITHIN
            while not line.keys and (item := await self._hear(until)) is not None:
                if isinstance(item, Why):
                    return item
                if finished(item, playback):
                    until = loop.time() + PRESS_WITHIN
            await line.stop(playback)
            if line.keys and line.keys.popleft() == YES:
                await self._house.ledger.append(Event("confirmed", self._house.now(), line.contact))
                return None
        return "not_confirmed"

    async def _hear(self, until: float | None) -> AriEvent | Why | None:
        """The next event, or why the try is over; None at the deadline."""
        while True:
            match item := await self._line.wait(until):
                case None:
                    return None
                case dict():
                    return "agent_gone" if self._is_agents_end(item) else item
                case acd.Cancel(offer, contact) if self._leg == leg_of(offer, contact):
                    return "agent_gone"
                case CalledOff():
                    return "called_off"
                case _:
                    self.later.append(item)

    def _is_agents_end(self, event: AriEvent) -> bool:
        return (
            bool(self._leg)
            and channel_of(event) == self._leg
            and event["type"] in ("ChannelDestroyed", "StasisEnd")
        )

    async def _ringing(self, on: bool) -> None:
        """What an agent hears while the caller's phone rings."""
        calls = self._line.calls
        with suppress(Gone):
            if self._leg:
                await (calls.ring(self._leg) if on else calls.stop_ringing(self._leg))

    @property
    def _agents_language(self) -> str:
        return self._house.site.settings.languages[0]

    def _sound(self, prompt: str, language: str) -> tuple[tuple[str, ...], float]:
        """A prompt's recordings, and how long they last."""
        media = self._sounds.media(prompt, {"callback.number": self._do.number.removeprefix("+")}, language)
        return media, self._sounds.seconds(media)
