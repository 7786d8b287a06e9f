"""The recording of one conversation: begun when both are in the bridge, ended with it; paused, begun and ended by command meanwhile.

Two snoop channels on the caller's own channel are recorded: what the caller says, and what the caller hears. So a recording follows the
caller through hold and transfer without anybody doing anything, and Asterisk goes on with it while no engine is there. What an agent says
to somebody whom they consult is not heard by the caller, and is in no recording; nor is what is keyed in outside of conversations.
"""

from __future__ import annotations

from contextlib import suppress

from engine.call.called import track, tracks_of
from engine.call.house import House
from engine.call.line import AriEvent, Line, Relink, channel_of
from engine.core.contact import Contact
from engine.core.event import Event
from engine.core.site import QueueRule
from engine.core.tape import NO, SIDES, YES, Tape, may_record, tape_name
from engine.errors import AlreadyThere, Gone


class Taping:
    """What is recorded of a conversation."""

    def __init__(self, house: House, line: Line) -> None:
        self._house = house
        self._line = line
        #: The recording that was begun last since this conversation was taken up.
        self._new = ""

    @property
    def _contact(self) -> Contact:
        return self._house.ledger.contact(self._line.contact)

    @property
    def _wanted(self) -> str:
        return wanted(self._house, self._contact)

    async def begin(self) -> None:
        """Both are in the bridge."""
        if self._wanted == YES and self._contact.tape is None:
            await self._start("queue")

    async def resume(self, relink: Relink, over: bool) -> None:
        """After a gap: tracks that are still there go on, one that is not ends the recording, and another one begins."""
        contact = self._contact
        if over:
            return  # the conversation has ended meanwhile, and ends this with it
        if contact.tape is None:
            if contact.tapes == 0:
                await self.begin()
        elif contact.tape.name == self._new:
            return  # begun just now, as somebody took over
        elif any(one not in relink.channels for one in tracks_of(contact)):
            await self.end()
            await self.begin()
        else:
            for side in SIDES:
                if await self._house.client.live_recording(f"{contact.tape.name}{side}") is None:
                    await self._record(contact.tape, side)

    async def follow(self) -> None:
        """Somebody else has the caller: nothing more is recorded where they are not to be; what was ended before stays so."""
        contact = self._contact
        if contact.tape is not None and self._wanted == NO:
            await self.end()
        elif contact.tapes == 0:
            await self.begin()

    async def hear(self, event: AriEvent) -> bool:
        """Is this about one of the tracks? One that has come is recorded."""
        tape = self._contact.tape
        side = next(
            (one for one in SIDES if tape and channel_of(event) == track(self._line.contact, tape, one)), ""
        )
        if tape is not None and side and event["type"] == "StasisStart":
            await self._record(tape, side)
        return bool(side)

    async def obey(self, word: str, by: str) -> str:
        """Begin, end, pause or resume; why that cannot be, or nothing."""
        tape = self._contact.tape
        match word:
            case "on" if tape is not None:
                return "this conversation is being recorded already"
            case "on" if self._wanted == NO:
                return "this conversation may not be recorded: site.yaml does not say so, or the caller has not agreed"
            case "on":
                await self._start(by)
            case _ if tape is None:
                return "this conversation is not being recorded"
            case "off":
                await self.end(by)
            case "pause" if tape.paused:
                return "the recording is paused already"
            case "resume" if not tape.paused:
                return "the recording is not paused"
            case _:
                await self._pause(tape, word == "pause", by)
        return ""

    async def end(self, by: str = "conversation") -> None:
        """The conversation is over, or somebody wants no more of it recorded."""
        await end_tape(self._house, self._line, by)

    async def _start(self, by: str) -> None:
        contact = self._contact
        name = self._new = tape_name(contact.id, contact.tapes)
        data = {"recording": name, "by": by, "queue": contact.queue}
        await self._house.ledger.append(
            Event("recording_started", self._house.now(), contact.id, contact.agent, data)
        )
        for side, spy in SIDES.items():
            channel = track(contact.id, Tape(name), side)
            with suppress(AlreadyThere):
                await self._line.calls.snoop(
                    self._line.channel, channel, spy=spy, app_args=("leg", contact.id)
                )

    async def _record(self, tape: Tape, side: str) -> None:
        """Record a track that has come; who has paused the recording meanwhile wants nothing of it on the file."""
        with suppress(AlreadyThere, Gone):  # a track that has gone has been told of
            await self._line.calls.record(track(self._line.contact, tape, side), f"{tape.name}{side}")
            if tape.paused:
                await self._line.calls.mute_recording(f"{tape.name}{side}", True)

    async def _pause(self, tape: Tape, paused: bool, by: str) -> None:
        data, now, contact = {"recording": tape.name, "by": by}, self._house.now(), self._line.contact
        if paused:
            await self._house.ledger.append(Event("recording_paused", now, contact, data=data))
        else:
            await self._house.ledger.append(Event("recording_resumed", now, contact, data=data))
        for side in SIDES:
            await self._line.calls.mute_recording(f"{tape.name}{side}", paused)


async def end_tape(house: House, line: Line, by: str = "conversation") -> None:
    """End the recording of a call, if there is one, and have its file made."""
    contact = house.ledger.open.get(line.contact)
    if contact is None or contact.tape is None:
        return
    tracks, name = tracks_of(contact), contact.tape.name
    data = {"recording": name, "by": by}
    await house.ledger.append(Event("recording_ended", house.now(), contact.id, data=data))
    for one in tracks:
        await line.try_hangup(one)
    house.tapes.keep(contact.id, name, contact.queue)


def wanted(house: House, contact: Contact) -> str:
    """Whether this conversation is recorded: yes, no or on_demand; no where the caller had to agree and has not."""
    queue = contact.talk.queue if contact.talk is not None else contact.queue or ""
    settings = house.site.settings
    rule = settings.queues.get(queue)
    if rule is not None and rule.consent is not None and not contact.consent:
        return NO
    return may_record(settings, queue, contact.agent)


def asks_consent(rule: QueueRule | None, contact: Contact) -> bool:
    """Has the caller to be told that they are recorded, and has not been?"""
    return rule is not None and rule.consent is not None and contact.consent is None
