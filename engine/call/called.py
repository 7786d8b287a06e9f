"""A phone that is rung for a caller: its leg, how far it has come, and the bridge in which the two of them speak.

Whoever rings somebody has one of these: an agent of a queue, or somebody a call is transferred to. What comes of it, and what is written
down, is theirs to decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress

from engine.call.line import MADE, AriEvent, Line, contact_of_channel
from engine.core.contact import Contact
from engine.core.event import Event
from engine.core.tape import SIDES, Tape
from engine.errors import AlreadyThere, PbxUnreachable

#: Q.850 causes of a phone that did not answer, in the distributor's words.
CAUSES = {
    17: "busy",
    21: "rejected",
    1: "unreachable",
    3: "unreachable",
    20: "unreachable",
    27: "unreachable",
    38: "unreachable",
    34: "unreachable",
    41: "unreachable",
}
#: How a phone is told to answer by itself: two headers, of which every phone that can do so at all knows one.
AUTO_ANSWER: Mapping[str, str] = {
    "PJSIP_HEADER(add,Call-Info)": "<sip:quietline>;answer-after=0",
    "PJSIP_HEADER(add,Alert-Info)": "<http://127.0.0.1>;info=alert-autoanswer",
}
#: What a phone reports of a hold, and whether it holds then.
HOLDS: Mapping[str, bool] = {"ChannelHold": True, "ChannelUnhold": False}
#: Seconds above the ring time after which a leg that reports nothing is given up.
RING_MARGIN = 5.0


class Called:
    """Somebody who is rung: their leg's channel id, for how long, until when at most, and how far it has come."""

    __slots__ = ("bridged", "deadline", "leg", "picked_up", "rang", "ring")

    def __init__(self, leg: str, ring: float) -> None:
        self.leg = leg
        self.ring = ring
        self.deadline = asyncio.get_running_loop().time() + ring + RING_MARGIN
        self.picked_up = False
        #: The other side has said that it rings.
        self.rang = False
        #: True when a bridge for it may be there.
        self.bridged = False

    async def originate(
        self, line: Line, endpoint: str, shown: str, variables: Mapping[str, str] | None = None
    ) -> None:
        """Ring it, and show this number. Raises AgentUnreachable."""
        with suppress(AlreadyThere):  # it was made although the answer was lost
            await line.calls.originate(
                endpoint,
                self.leg,
                app_args=("leg", line.contact),
                caller=shown,
                timeout=self.ring,
                variables=variables,
                originator=line.channel,
            )

    def hear(self, event: AriEvent, *, behind: bool) -> str | None:
        """Take in what is reported of the leg; once it has ended unanswered, why. `behind` a trunk, one that never rang was not reached."""
        match event["type"]:
            case "StasisStart":
                self.picked_up = True
            case "ChannelStateChange":
                self.rang = self.rang or event["channel"]["state"] == "Ringing"
            case "ChannelDestroyed" if event["channel"]["state"] == "Up":
                return "rejected"  # up although nobody was told: they are at their desk
            case "ChannelDestroyed":
                why = CAUSES.get(event.get("cause", 0), "no_answer")
                return "unreachable" if behind and why == "no_answer" and not self.rang else why
        return None

    async def bridge(self, line: Line, *, music: bool = False) -> None:
        """Bring caller and leg together; the caller's music stops before, if they hear any. Raises Gone where one of them has hung up."""
        music_at = line.channel if music else ""
        await line.calls.bring_together(bridge_of(self.leg), line.channel, self.leg, music_at=music_at)

    async def unbridge(self, line: Line) -> None:
        """Take them apart again, and let the leg go."""
        await line.calls.destroy_bridge(bridge_of(self.leg))
        await line.try_hangup(self.leg)

    async def drop(self, line: Line) -> None:
        """Let the leg go, with the bridge where one may be there."""
        if self.bridged:
            with suppress(PbxUnreachable):  # then it is found when the link is back
                await line.calls.destroy_bridge(bridge_of(self.leg))
        await line.try_hangup(self.leg)


def phone_held(holds: bool, at: float, to: str, leg: str) -> Event:
    """A phone holds, or no longer, with which the caller is not together yet."""
    data = {"to": to, "leg": leg}
    return Event("phone_held", at, data=data) if holds else Event("phone_resumed", at, data=data)


def bridge_of(leg: str) -> str:
    """The id of the bridge in which a caller speaks with this leg; one that we did not make has called us itself."""
    return f"{leg}-b" if MADE in leg else f"{contact_of_channel(leg)}{MADE}b"


def track(contact: str, tape: Tape, side: str) -> str:
    """The snoop channel that hears one side of what is recorded."""
    return f"{contact}{MADE}{tape.name.removeprefix(f'{contact}-')}{side}"


def tracks_of(contact: Contact) -> tuple[str, ...]:
    """Those of the recording in progress."""
    return () if contact.tape is None else tuple(track(contact.id, contact.tape, side) for side in SIDES)


def in_use(contact: Contact | None, thing: str) -> bool:
    """Is this the channel, leg, bridge or track that this contact (None: it has ended) has now?"""
    if contact is None:
        return False
    legs = contact.legs_now
    listens = contact.supervision
    theirs = (listens.leg, listens.snoop, bridge_of(listens.leg)) if listens is not None else ()
    return thing in (contact.channel, *legs, *map(bridge_of, legs), *tracks_of(contact), *theirs)
