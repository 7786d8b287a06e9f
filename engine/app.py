"""Wiring: what is started in which order, and stopped in the other. The only room that knows all others.

ledger          first, so that everything can be written down
what was open   contacts are folded, flow versions compiled, the distributor rebuilt: the engine knows what it knew before
distributor     may decide before any call is taken
switchboard     takes reports, and takes up what Asterisk still holds at the first one
spool           calls that met no engine become contacts
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import structlog

from engine.ami.port import Feed
from engine.ari.client import AriClient
from engine.ari.transport import AriTransport
from engine.call.agents import Agents
from engine.call.bulletins import Bulletins
from engine.call.distributor import ACD_KINDS, Distributor, rebuilt
from engine.call.ears import Ears
from engine.call.hearing import Hearing
from engine.call.house import Edition, House
from engine.call.lookout import Lookout
from engine.call.orders import WorkOrders
from engine.call.own_calls import OwnCalls
from engine.call.phones import Phones
from engine.call.promises import Promises
from engine.call.services import open_services
from engine.call.sounds import FOLDER
from engine.call.spooled import import_spool
from engine.call.supervising import Supervising
from engine.call.switchboard import Switchboard, release_of
from engine.call.tapes import Tapes
from engine.call.watch import Watch
from engine.config import Loaded, compile_stored
from engine.core import acd, estimates, owing
from engine.core.contact import fold
from engine.core.doors import Doors
from engine.core.event import Event
from engine.core.overrides import folded
from engine.core.owing import Owing
from engine.core.places import Places
from engine.core.quality import G711
from engine.core.release import Release, releases
from engine.core.site import Settings
from engine.counters import Counters
from engine.entitle.desk import MEMORY as TRIES_MEMORY
from engine.entitle.desk import Desk
from engine.entitle.gate import PinGate
from engine.errors import SiteError, StoreError
from engine.pbx.render import RELEASES
from engine.release.shelf import SHORT, Shelf
from engine.speech.port import Deaf, Recogniser
from engine.speech.recognisers import Recognisers
from engine.store.archive import Archive, open_archive
from engine.store.ledger import Ledger, open_ledger
from engine.store.stream import Stream

P = ParamSpec("P")
T = TypeVar("T")

log = structlog.get_logger()

#: Hears nobody.
DEAF: Final = Deaf()
#: Seconds of log that the distributor's statistics are learned from when it starts.
MEMORY = 7200.0
#: Seconds within which a new version of the site is on disk, or is not taken.
KEPT_WITHIN = 5.0
#: Seconds after which what calls do not need begins anew where it has failed.
BEGIN_ANEW = 10.0
#: So many releases are kept at least, the newest first; and those in which a call is in progress.
RELEASES_KEPT = 30


@dataclass(slots=True)
class Engine:
    """A running engine: what the control socket, the pages and the tests reach."""

    house: House
    archive: Archive
    switchboard: Switchboard
    shelf: Shelf
    #: The log as it grows, for those who listen.
    stream: Stream
    #: Every release there was; the last one is live.
    releases: tuple[Release, ...]
    #: What is counted while it runs.
    counters: Counters
    #: Hears callers with the models of the site.
    recognisers: Recognisers
    #: Watches agents' phones, where somebody tells of them.
    phones: Phones | None = None
    _publishing: int = 0

    @property
    def ready(self) -> bool:
        """True while new calls are answered: Asterisk is connected, and the store can write."""
        return self.switchboard.ready.is_set() and not self.house.ledger.stuck

    @property
    def trouble(self) -> str:
        """Why new calls are not answered, in a sentence without its full stop; empty while they are."""
        known = []
        if not self.switchboard.ready.is_set():
            known.append("Asterisk is not connected: no call can come in")
        if self.house.ledger.trouble:
            known.append(f"{self.house.ledger.trouble}: calls wait until it can")
        return "; ".join(known)

    @property
    def busy(self) -> bool:
        """True while the disk is at work; a virtual clock must not run ahead of it."""
        parts = self.house.ledger, self.archive, self.house.services
        return any(part.busy for part in parts) or self._publishing > 0

    async def publish(self, files: Loaded, release: Release) -> None:
        """Let new calls take this release; calls in progress finish on theirs. Raises SiteError when it cannot be kept.

        It is live once its event is on disk: an engine that ends before that starts with the release before it.
        """
        await self.keep(files)
        edition = await self._read(edition_of, files, release)
        await self.house.ledger.append(release.event)
        await self.house.desk.open(files.snapshot.settings.entitlement)
        self.house.edition, self.releases = edition, (*self.releases, release)
        self.house.distributor.reload(files.snapshot.settings)
        self.recognisers.reload(models_of(files.snapshot.settings))
        if self.phones is not None:
            self.phones.tell()
        await self._read(self.shelf.prune, self._used())

    async def _read(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do the disk's part in a thread."""
        self._publishing += 1
        try:
            return await asyncio.to_thread(work, *arguments, **named)
        finally:
            self._publishing -= 1

    def _used(self) -> set[str]:
        """The releases that must be kept, by their hash."""
        used = self.switchboard.releases | self.house.editions.keys()
        newest = {one.hash for one in self.releases[-RELEASES_KEPT:]}
        return newest | {one.hash for one in self.releases if one.number in used}

    async def keep(self, files: Loaded) -> None:
        """Store this version's flows before anything uses them. Raises SiteError when the store does not write them soon."""
        await keep_versions(self.house, files)


@asynccontextmanager
async def run_engine(
    transport: AriTransport,
    files: Loaded,
    state: Path,
    now: Callable[[], float],
    *,
    app: str = "quietline",
    durable: bool = True,
    release: Release | None = None,
    feed: Feed | None = None,
    supervisor: str | None = None,
    recogniser: Recogniser | None = None,
) -> AsyncIterator[Engine]:
    """Run an engine on a transport until the block ends; `release` is what the files are. Raises StoreError when the store cannot be used.

    `feed` tells what Asterisk's manager knows: which phones can be reached (without it every phone counts as there until a call to it
    fails), how sound arrives, who is turned away. `supervisor` is the ARI application that is told of the floor, where one shall be.

    `recogniser` hears what callers say; without one it is what the site's models hear with, and where it has none callers have their keys.

    A release that the log does not know yet, the first one, is written there before any call takes it.
    """
    make_folders(state)
    async with (
        open_ledger(state / "quietline.db", durable) as ledger,
        open_archive(state / "quietline.db") as archive,
        open_services() as services,
        AsyncExitStack() as stack,
    ):
        ledger.on_moved = archive.reopen
        settings = files.snapshot.settings
        begun = await take_over(ledger, archive)
        shelf, known = Shelf(state), releases(await archive.published())
        if release is not None and release not in known:
            await ledger.append(release.event)
            known = (*known, release)
        events = await acd_events(ledger, archive, now())
        doors = Doors(settings, folded(await archive.overrides()))
        promises = Promises(now, await archive.events_since(now() - estimates.WINDOW, estimates.KINDS))
        last_talks = Owing(await archive.events_since(now() - owing.FOR, owing.KINDS))
        state_then = rebuilt(settings, events, now())
        distributor = Distributor(state_then, ledger, now, doors, Places(events), promises, last_talks)
        desk = await stack.enter_async_context(open_desk(archive, settings, now))
        client = AriClient(transport, app)
        tapes = Tapes(client, ledger, archive, state / "recordings", now, lambda: house.site.settings)
        own_calls = OwnCalls(distributor)
        counters = Counters()
        guests: dict[str, str] = {}
        recognisers = Recognisers(models_of(settings), counters)
        house = House(
            app=app,
            client=client,
            tapes=tapes,
            hearing=Hearing(ledger, counters, now, guests, G711 if settings.asterisk == "private" else None),
            guests=guests,
            ears=Ears(client, recogniser or recognisers, counters, now),
            ledger=ledger,
            archive=archive,
            services=services,
            bulletins=Bulletins(ledger, await archive.bulletins()),
            orders=WorkOrders(ledger, archive, await archive.open_work_order_events()),
            desk=desk,
            override_gate=PinGate(now),
            distributor=distributor,
            own_calls=own_calls,
            agents=Agents(distributor, own_calls),
            edition=await asyncio.to_thread(edition_of, files, release),
            recordings=state / "recordings",
            now=now,
            watch=Watch(state / "last-seen", now),
            versions={},
        )
        await keep_versions(house, files)
        await open_editions(house, shelf, known, begun)
        await open_versions(house, archive)
        switchboard = Switchboard(house, transport, archive)
        first_states(distributor, events)
        phones = Phones(distributor, feed, own_calls) if feed is not None else None
        stream = Stream(ledger, archive, lambda: house.site.settings, distributor.expected, now)
        watching: list[Lookout | Recognisers | Stream | Supervising | Tapes] = [stream, tapes, recognisers]
        if supervisor:
            watching.append(Supervising(house.client, stream, supervisor))
        if feed is not None and phones is not None:
            watching.append(Lookout(feed, phones, house.hearing, counters))
        work = (
            ledger.alive(),
            distributor.run(switchboard.deliver),
            switchboard.run(),
            house.watch.keep(),
            house.ears.run(),
            import_spool(house, archive, state / "spool" / "fallback"),
            *(beside(one.run, counters) for one in watching),
        )
        try:
            async with owned(*work):
                yield Engine(house, archive, switchboard, shelf, stream, known, counters, recognisers, phones)
        finally:
            house.hearing.held(())


def models_of(settings: Settings) -> dict[str, Path]:
    """Where the site's models lie, by language."""
    return {language: Path(folder) for language, folder in settings.models.items()}


@asynccontextmanager
async def owned(*work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run coroutines beside the block; they are cancelled at its end, and the block when one of them fails."""
    fault: Exception | None = None
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised below
            fault = error  # raised as it is once the work has ended, not inside the group's own
        finally:
            for task in tasks:
                task.cancel()
    if fault is not None:
        raise fault


async def beside(work: Callable[[], Coroutine[Any, Any, None]], counters: Counters) -> None:
    """Do what calls do not need; where it fails that is logged and counted, and it begins anew after a while."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("what calls do not need has failed; they go on", work=work.__qualname__)
            counters.faults.labels(work.__qualname__.partition(".")[0]).inc()
        await asyncio.sleep(BEGIN_ANEW)


def make_folders(state: Path) -> None:
    """The state's folders. Raises StoreError where they cannot be made."""
    try:
        (state / "recordings").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{error.filename} cannot be written ({error.strerror}): choose another place with --state."
        ) from error


async def take_over(ledger: Ledger, archive: Archive) -> set[int]:
    """Fold the contacts that were open when the engine last stopped; the releases they began with."""
    begun: set[int] = set()
    for contact in await archive.open_contacts():
        events = await archive.events(contact)
        ledger.adopt(fold(contact, events))
        begun.add(release_of(events) or 0)
    return begun - {0}


async def acd_events(ledger: Ledger, archive: Archive, now: float) -> list[Event]:
    """What the distributor is rebuilt from: recent events, those of open contacts, and every agent's last state."""
    found = {event.seq: event for event in await archive.events_since(now - MEMORY, ACD_KINDS)}
    for contact in ledger.open:
        found |= {e.seq: e for e in await archive.events(contact) if e.kind in ACD_KINDS}
    found |= {event.seq: event for event in (await archive.agent_states()).values()}
    found |= {event.seq: event for event in await archive.doors()}
    return [found[seq] for seq in sorted(found)]


@asynccontextmanager
async def open_desk(archive: Archive, settings: Settings, now: Callable[[], float]) -> AsyncIterator[Desk]:
    """The desk that decides who may have support, with the PINs that were tried lately, until the block ends."""
    desk = Desk(now)
    desk.remember(await archive.events_since(now() - TRIES_MEMORY, ("entitled", "agent_sign_in")))
    await desk.open(settings.entitlement)
    try:
        yield desk
    finally:
        await desk.close()


def edition_of(files: Loaded, release: Release | None) -> Edition:
    """A site as calls see it.

    A release plays the recordings it was published with. An Asterisk that is not ours plays what its own admin has laid there.
    """
    ours = release is not None and files.snapshot.settings.asterisk == "private"
    folder = f"{RELEASES}/{release.hash[:SHORT]}/prompts" if release is not None and ours else FOLDER
    return Edition.of(files, release.number if release else None, folder)


async def open_editions(house: House, shelf: Shelf, known: Sequence[Release], begun: set[int]) -> None:
    """Open the releases that calls still in progress began with, where the site has moved on.

    One that cannot be opened leaves its calls to their flow's stored version, and to the newest prompts.
    """
    for release in known:
        if release.number in begun and release.number != house.edition.release:
            try:
                files = await asyncio.to_thread(shelf.load, release)
            except (StoreError, SiteError) as error:
                log.error("calls go on with newer prompts", release=release.number, error=str(error))
                continue
            house.editions[release.number] = await asyncio.to_thread(edition_of, files, release)
            house.versions |= {flow.hash: flow for flow in files.snapshot.flows.values()}


async def keep_versions(house: House, files: Loaded) -> None:
    """Store the text of every flow, and know them by their hash. Raises SiteError when the store does not write them soon."""
    written = None
    for flow in files.snapshot.flows.values():
        house.versions[flow.hash] = flow
        written = house.ledger.put_flow(flow.hash, flow.name, files.sources[flow.name], house.now())
    try:
        if written is not None:
            await asyncio.wait_for(written, KEPT_WITHIN)
    except TimeoutError:
        why = house.ledger.trouble or f"the store has not answered for {KEPT_WITHIN:g} s"
        raise SiteError(f"{why}: this version of the site cannot be kept, and is not taken") from None


async def open_versions(house: House, archive: Archive) -> None:
    """Compile the versions that calls still in progress began with, where the site has moved on.

    A version that is lost, or that this engine reads no more, ends its calls as failed; it must not keep the engine from starting.
    """
    for digest in {contact.flow_now for contact in house.ledger.open.values()}:
        if digest and digest not in house.versions:
            try:
                house.versions[digest] = await compile_stored(
                    digest, house.site.settings, archive.flow_source
                )
            except (StoreError, SiteError) as error:
                log.error("calls cannot go on: their flow's version cannot be read", error=str(error))


def first_states(distributor: Distributor, events: list[Event]) -> None:
    """Agents that `ready: yes` signs in, the first time the engine meets them."""
    known = {event.agent for event in events if event.kind == "agent_state"}
    for name, agent in distributor.state.settings.agents.items():
        if agent.ready and name not in known:
            distributor.submit(acd.AgentSet(name, "ready"))
