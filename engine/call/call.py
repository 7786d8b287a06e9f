"""One task per contact: it carries out what the interpreter yields and tells it what came of it.

What was asked and what came of it is one `step` event, on disk before the next command leaves; so the interpreter's place can always be had
again by replay. A lost link unwinds to the last thing asked, which then looks at what Asterisk still holds; a killed engine enters at the
same point from the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import structlog

from engine.ari.calls import HangupReason
from engine.call.answering import Choosing, Collecting
from engine.call.booking import book
from engine.call.called import in_use
from engine.call.diary import left_by, seen_until
from engine.call.entitling import entitle, recall, remember
from engine.call.house import Edition, House
from engine.call.inquiring import Inquiry
from engine.call.line import MADE, Line, Reconnected, Relink, SentOn
from engine.call.listening import end_supervision
from engine.call.notes import note
from engine.call.ringback import RingBack
from engine.call.signing import ask_agent, sign_in
from engine.call.taping import end_tape
from engine.call.transferring import Announced, Transferring, leave_transfer
from engine.call.voicemail import Voicemail
from engine.call.waiting import Waiting, leave_queue
from engine.call.words import LONGEST_WORDS, Words
from engine.core import do as d
from engine.core.contact import IN_QUEUE, Contact, Stage
from engine.core.conversation import JOINED
from engine.core.do import (
    AskAgent,
    Book,
    Capture,
    Choose,
    Collect,
    Do,
    End,
    Enqueue,
    Entitle,
    Listen,
    Look,
    Note,
    Outcome,
    Play,
    Post,
    Recall,
    Record,
    Remember,
    Rule,
    SignIn,
    Transfer,
    hidden,
    plain,
)
from engine.core.event import Event
from engine.core.flow import Flow
from engine.core.interpreter import Beginning, Walk, so_far
from engine.core.sayable import sayable
from engine.core.speech import Choices
from engine.errors import CallerGone, CallerLost, EngineError, Gone, PbxUnreachable

log = structlog.get_logger()

#: Begins the task of a callback whose `arrived` event this is.
Start = Callable[[Event, Edition], None]
#: How a call ends whose caller is there no more.
GONE = frozenset({"caller", "lost", "crashed"})
#: Where only keys are heard.
NOTHING = Choices({})
#: Seconds after which a call that waits for the link looks for itself: it may have lost one command, not the link.
LOOK_AGAIN = 5.0


class Call:
    """One contact's task; `inbox` is the only way to reach it."""

    def __init__(
        self, house: House, contact: str, channel: str, flow: Flow | None, edition: Edition, start: Start
    ) -> None:
        """`start` begins a callback that this call books; `channel` is empty where nobody is on the line yet."""
        self._house = house
        self.edition = edition
        self._start = start
        self._flow = flow
        self.id = contact
        self.line = Line(contact, channel, house.client.of(contact), house.now)
        self._walk: Walk | None = None
        #: Secret digits by the name of their variable: here, and nowhere else. A killed engine forgets them.
        self._secrets: dict[str, str] = {}
        #: What was heard of the caller's words at the last thing asked, as its event tells it.
        self._said: list[dict[str, Any]] = []
        self._inquiry = Inquiry(house, contact, edition, self._secrets)

    # --- the whole life -----------------------------------------------------------------------

    async def begin(self, arrived: Event) -> None:
        """Take a call that has just come in: written down before it is answered."""
        await self._house.ledger.append(arrived)
        await self._live(arrived.data, [], None)

    async def begin_booked(self, arrived: Event) -> None:
        """Take a callback whose beginning is being written with the step that asked for it."""
        await self._house.ledger.append()
        await self._live(arrived.data, [], None)

    @property
    def wanted(self) -> Do | None:
        """What the flow asks for now."""
        return self._walk.do if self._walk is not None else None

    @property
    def rings_back(self) -> bool:
        """True for a callback that nobody speaks with yet."""
        contact = self._house.ledger.open.get(self.id)
        return contact is not None and contact.rings_back

    async def resume(self, events: list[Event], relink: Relink) -> None:
        """Take up a call that a former life of the engine began."""
        await self._live(*so_far(events), relink)

    async def _live(self, arrived: Any, told: list[Outcome], relink: Relink | None) -> None:
        cause, seen = "failed", None
        try:
            if self.line.stopped:
                cause = "stopped"
                return
            if self._flow is None:
                cause = "failed" if arrived["flow_hash"] else "unknown_number"
                return
            self._walk = Beginning.of(arrived).walk(self._flow, told)
            if "callback" not in arrived:
                relink = await self._answer(relink)
            await self._follow_all(self._walk, relink)
            cause = "flow"
        except CallerLost as lost:
            cause, seen = ("crashed" if lost.args[2] else "lost"), lost.args[1]
        except CallerGone:
            cause, seen = "stopped" if self.line.stopped else "caller", self.line.went_at
        except EngineError as error:
            log.error("a call ended by a fault of ours", contact=self.id, error=str(error))
        except asyncio.CancelledError:
            cause = ""  # the engine stops: the call stays as it is and is taken up again
            raise
        except Exception:
            log.exception("a call ended by a fault of ours", contact=self.id)
        finally:
            if cause:
                await self._close(cause, seen)

    async def stop(self) -> None:
        """Hang up, as Quietline is taken down; what the caller had of it (a message, a conversation, a callback's place) is kept."""
        if not self.line.gone and not self.rings_back:
            self.line.stopped = True
            await self.line.try_hangup(self.line.channel, self._farewell("stopped"))

    def _farewell(self, cause: str) -> HangupReason:
        contact = self._house.ledger.open.get(self.id)
        if cause == "stopped" and (contact is None or contact.answered_at is None):
            return "congestion"  # the network may try another way
        return "unallocated" if cause == "unknown_number" else "normal"

    async def _close(self, cause: str, seen: float | None) -> None:
        farewell = self._farewell(cause)
        contact = self._house.ledger.open.get(self.id)
        if contact is not None:
            cause = JOINED if contact.taken_over and cause in GONE else cause
            if contact.stage in IN_QUEUE:
                await leave_queue(self._house, self.line, contact, left_by(contact, "failed"))
            elif contact.stage is Stage.TRANSFER:
                await leave_transfer(self._house, self.line, contact)
            await end_tape(self._house, self.line)
            await end_supervision(self._house, self.line)
            data = {"cause": cause, **seen_until(seen)}
            await self._house.ledger.append(Event("ended", self._house.now(), self.id, data=data))
        await self.line.try_hangup(self.line.channel, farewell)
        if contact is not None:
            await self._forget_recordings(contact)

    async def _answer(self, relink: Relink | None) -> Relink | None:
        while self._house.ledger.contact(self.id).answered_at is None:
            if relink is not None:
                relink.held(self.line.channel)
            try:
                await self.line.calls.answer(self.line.channel)
            except Gone as gone:
                raise CallerGone(self.line.channel) from gone
            except PbxUnreachable:
                relink = await self._relink()
                continue
            # Causes nothing, so nothing waits for it: it is on disk before whatever is written next.
            self._house.ledger.append(Event("answered", self._house.now(), self.id))
        return relink

    async def _follow_all(self, walk: Walk, relink: Relink | None) -> None:
        """Follow the flow they have called, and any they are sent to from a conversation; that one begins as if they had called it."""
        while True:
            try:
                return await self._follow(walk, relink)
            except SentOn:
                sent = self._house.ledger.contact(self.id).sent_to
                assert sent is not None
                self._flow = self._house.versions[sent.data["flow_hash"]]
                self.edition = self._house.edition
                self._inquiry = Inquiry(self._house, self.id, self.edition, self._secrets)
                walk, relink = Beginning.of(sent.data).walk(self._flow), None
                self._walk = walk

    async def _follow(self, walk: Walk, relink: Relink | None) -> None:
        while (do := walk.do) is not None:
            self.line.playing_at, self._said = None, []
            outcome = await self._perform(do, relink)
            relink = None
            walk.send(outcome)
            about = {"outcome": outcome, "language": self._language, "playing_at": self.line.playing_at}
            data = {**plain(do), **about, **({"said": self._said} if self._said else {})}
            written = self._house.ledger.append(Event("step", self._house.now(), self.id, data=data))
            match walk.do:
                case None | End(prompt=None):
                    pass  # no command leaves before the contact's end, which comes at once and shares its commit
                case _:
                    await written

    # --- what the interpreter asks for --------------------------------------------------------

    async def _perform(self, do: Do, relink: Relink | None) -> Outcome:
        while True:
            try:
                return await (self._do(do) if relink is None else self._again(do, relink))
            except PbxUnreachable:
                relink = await self._relink()
            except Reconnected as back:
                relink = back.relink

    async def _do(self, do: Do) -> Outcome:
        match do:
            case Play(prompts=prompts, interrupt=interrupt):
                await self._say(prompts, interrupt)
            case Choose():
                return await self._choose(do)
            case Collect():
                return await self._collect(do)
            case Look():
                return await self._inquiry.look(do)
            case Entitle():
                contact, pin = self._house.ledger.contact(self.id), self._secrets.pop(do.secret, None)
                return await entitle(self._house, contact, do, pin)
            case Recall():
                return await recall(self._house, self._house.ledger.contact(self.id), do)
            case Remember():
                remember(self._house, self._house.ledger.contact(self.id), do)
            case Enqueue():
                return await self._waiting(do).run()
            case Transfer():
                return await self._transferring(do).run()
            case Book():
                return self._book(do)
            case d.RingBack():
                return await self._ringing_back(do).run()
            case Record():
                await self._say((do.prompt,))
                return await Voicemail(self._house, self.line, do).take()
            case Capture():
                await self._say((do.prompt,))
                return await Words(self._house, self.line, do, f"{self.id}-w{self._told}").take()
            case Listen():
                await self._listen(do)
            case Post():
                return await self._inquiry.post(do, self._told)
            case Rule():
                return self._inquiry.rule(do)
            case SignIn():
                pin = self._secrets.pop(do.secret, None)
                return await sign_in(self._house, self._house.ledger.contact(self.id), do, pin)
            case AskAgent():
                return ask_agent(self._house, self._house.ledger.contact(self.id), do)
            case Note():
                return note(self._house, self._house.ledger.contact(self.id), do)
            case End(prompt=prompt):
                await self._say((prompt,) if prompt else (), interrupt=False)
        return None

    async def _again(self, do: Do, relink: Relink) -> Outcome:
        """The same after a lost link or a killed engine: what Asterisk still holds is taken up, the rest is asked again."""
        contact = self._house.ledger.contact(self.id)
        await self._hang_up_strays(contact, relink)
        if contact.taken_over:
            raise CallerGone(self.line.channel)
        if isinstance(do, Enqueue):
            return await self._waiting(do).resume(contact, relink)
        if isinstance(do, Transfer):
            return await self._transferring(do).resume(contact, relink)
        if isinstance(do, d.RingBack):
            return await self._ringing_back(do).resume(contact, relink)
        if isinstance(do, Record) and (contact.recording or contact.kept):
            kept = await Voicemail(self._house, self.line, do).resume(contact)
            relink.held(self.line.channel)
            return kept
        if self.line.channel:  # who was to be rung back and was not reached is on no line
            relink.held(self.line.channel)
            await self.line.quiet()
        return await self._do(do)

    async def _hang_up_strays(self, contact: Contact, relink: Relink) -> None:
        """Legs of offers that ended while their hang-up could not be sent."""
        for channel in relink.channels:
            ours = channel.startswith(f"{self.id}{MADE}") and channel not in self._house.guests
            if ours and not in_use(contact, channel):
                await self.line.try_hangup(channel)

    async def _relink(self) -> Relink:
        """After a command without an answer: what Asterisk holds, as soon as that can be known."""
        while True:
            try:
                seen = self._house.watch.seen()
                client = self._house.client
                return await Relink.of(await client.channels(), seen, (self.line.channel,), client)
            except PbxUnreachable:
                relink = await self.line.relinked(asyncio.get_running_loop().time() + LOOK_AGAIN)
                if relink is not None:
                    return relink

    def _book(self, do: Book) -> Outcome:
        """Keep the place; it shares its commit with the step, so that a restart finds both or neither."""
        assert self._walk is not None and self._flow is not None
        contact = self._house.ledger.contact(self.id)
        booked, event = book(self._house, contact, self._flow, self._walk, do, self.edition.release)
        if event is not None:
            self._start(event, self.edition)
        return booked

    async def _listen(self, do: Listen) -> None:
        """What the caller has recorded, which Asterisk keeps until the call has ended."""
        message = self._house.ledger.contact(self.id).last_message
        if do.recording is not None:
            await self.line.play((f"recording:{do.recording}",), LONGEST_WORDS)
        elif message is not None:
            data = message.data
            await self.line.play((f"recording:{data['recording']}",), data["seconds"])

    async def _forget_recordings(self, contact: Contact) -> None:
        """What Asterisk has kept to be heard in this call: reviewed messages, which are in our own folder, and callers' words."""
        names = list(contact.captured)
        if contact.last_message is not None and contact.last_message.data.get("reviewed"):
            names += [f"{contact.id}-v{number}" for number in range(contact.messages)]
        try:
            for name in names:
                await self._house.client.delete_stored(name)
        except PbxUnreachable:
            pass  # the next look at Asterisk finds them
        except EngineError as error:
            log.error("Asterisk does not forget what a call recorded", contact=self.id, error=str(error))

    def _ringing_back(self, do: d.RingBack) -> RingBack:
        return RingBack(self._house, self.line, do, self._language, self.edition.sounds, self._variables)

    def _waiting(self, do: Enqueue) -> Waiting:
        return Waiting(self._house, self.line, do, self._language, self.edition.sounds, self._variables)

    def _transferring(self, do: Transfer) -> Transferring:
        media = self._media((do.announce,)) if do.announce else ()
        announced = Announced(media, self.edition.sounds.seconds(media))
        return Transferring(self._house, self.line, do, f"{self.id}{MADE}t{self._told}", announced)

    @property
    def _told(self) -> int:
        """How many outcomes the flow has been told: the same at the same place, also after a restart."""
        assert self._walk is not None
        return self._walk.told

    @property
    def _language(self) -> str:
        return self._variables["language"]

    @property
    def _variables(self) -> dict[str, str]:
        assert self._walk is not None
        return self._walk.way.variables

    def _media(self, prompts: tuple[str, ...], languages: tuple[str, ...] = ()) -> tuple[str, ...]:
        assert self._walk is not None
        variables, sounds = self._walk.way.variables, self.edition.sounds
        spoken = [(language, prompt) for language in languages or (self._language,) for prompt in prompts]
        return tuple(uri for language, prompt in spoken for uri in sounds.media(prompt, variables, language))

    async def _say(
        self, prompts: tuple[str, ...], interrupt: bool = True, languages: tuple[str, ...] = ()
    ) -> None:
        media = self._media(prompts, languages)
        if media and self.line.channel:  # a callback that reaches nobody has nobody to speak to
            await self.line.play(media, self.edition.sounds.seconds(media), interrupt)

    async def _choose(self, do: Choose) -> Outcome:
        with Choosing(self._house.ears, self.line, self._sayable(do), self._language) as choosing:
            outcome = await choosing.answer(do, lambda: self._say((do.prompt,), languages=do.languages))
        self._said = choosing.said
        return outcome

    async def _collect(self, do: Collect) -> Outcome:
        with Collecting(self._house.ears, self.line, do, self._sayable(do), self._language) as collecting:
            outcome = await collecting.answer(do, lambda: self._say((do.prompt,)))
        self._said = collecting.said
        if do.secret:
            self._secrets[do.into] = outcome or ""
            return hidden(outcome or "") or None
        return outcome

    def _sayable(self, do: Choose | Collect) -> Choices:
        """What may be said there, as the call's release has it; nothing where nobody hears the caller's language."""
        if not do.says or self._language not in self._house.ears.recogniser.languages:
            return NOTHING
        return sayable(do, self.edition.sounds.catalog.words(self._language), self._language)
