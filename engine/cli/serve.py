"""`quietline run`: the engine in the foreground, with its control socket and pages."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import asdict
from functools import partial
from typing import Any, TextIO, cast

import structlog
import uvloop
from aiohttp import web
from structlog.tracebacks import ExceptionDictTransformer

from engine.ami.feed import AmiFeed
from engine.ami.link import Access
from engine.app import Engine, run_engine
from engine.ari.pool import WebsocketTransport
from engine.call.hours_told import hours_told
from engine.call.overriding import override_event, overview
from engine.call.supervising import APPLICATION as SUPERVISOR
from engine.cli.ask import answers, control_socket
from engine.cli.place import (
    LOOPBACK,
    STATE,
    BindOption,
    PagesNameOption,
    PagesOption,
    Place,
    PortsOption,
    PublicOption,
    SiteOption,
    StateOption,
    check_addresses,
    layout_of,
    make_state,
    place_of,
    remember,
    sip_of,
)
from engine.core.release import Release, following
from engine.core.site import Settings
from engine.errors import EngineError, SetupError, SiteError, StoreError
from engine.pauses import settle
from engine.pbx.disk import no_room
from engine.pbx.external import external_version
from engine.pbx.ports import Need, refusal
from engine.pbx.process import ari_answers, raise_open_files, refresh_asterisk, remember_process, wait_until
from engine.pbx.render import APP, make_run_folder, render
from engine.pbx.root import find_root
from engine.pbx.secrets import load_secrets
from engine.release.live import Standing, refuse_wrong_start, standing
from engine.store.stream import Stream
from engine.web.agents import Desk, agent_routes
from engine.web.api import BELOW, api_token
from engine.web.bulletins import Board
from engine.web.callbacks import Callbacks
from engine.web.calls import Conversations, call_routes
from engine.web.control import Controls, control_app
from engine.web.hours import Hours, Override
from engine.web.pages import pages_app
from engine.web.reports import maker, report_routes
from engine.web.stream import stream_routes

log = structlog.get_logger()

#: Seconds that a killed engine may take to end.
LAST_THREAD = 5.0
#: Seconds for the calls to end on the way down; and where the store cannot write, so that no end can be written either.
GOODBYE, STUCK_GOODBYE = 8.0, 1.0


def run(
    *,
    site: SiteOption = None,
    state: StateOption = STATE,
    ports: PortsOption = None,
    bind: BindOption = None,
    public_address: PublicOption = None,
    pages_address: PagesOption = None,
    pages_name: PagesNameOption = None,
) -> None:
    """Run the engine alone, in the foreground, beside an Asterisk that runs already (or will)."""
    place = place_of(state, site, ports, bind, public_address, pages_address, pages_name)
    check_addresses(place)
    configure_logs()
    raise_open_files()
    try:
        uvloop.run(serve(place))
    except BaseExceptionGroup as group:
        raise the_reason(group) from group


def the_reason(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error of ours that ended a group of tasks, or the group itself where it is a fault of the program."""
    found = [error for error in leaves(group) if isinstance(error, EngineError) or no_room(error)]
    return found[0] if found else group


def leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """The errors in a group of groups."""
    for error in group.exceptions:
        yield from leaves(error) if isinstance(error, BaseExceptionGroup) else (error,)


async def serve(place: Place) -> None:
    """Run until SIGTERM, SIGINT or a /stop; calls stay in Asterisk."""
    await refuse_wrong_start(place.state, place.site)
    make_state(place.state)
    await asyncio.to_thread(take_place, place)
    start = await standing(place.state, place.site)
    files = start.files
    stopping = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stopping.set)
    settings = files.snapshot.settings
    if settings.asterisk == "private":
        await asyncio.to_thread(meet_asterisk, place, start)
    app = settings.external.get("app", APP)
    async with (
        transport(place, settings, app) as link,
        run_engine(
            link,
            files,
            place.state,
            never_back(time.time),
            app=app,
            release=start.release,
            feed=feed(place, settings),
            supervisor=SUPERVISOR,
        ) as engine,
        served(place, controls(place, engine, stopping), engine.stream),
    ):
        settle()
        log.info("engine started", release=start.release.number, state=str(place.state), pages=place.pages)
        await stopping.wait()
        calls = engine.switchboard.calls
    log.info("engine stopped", calls_left_in_asterisk=calls)


def never_back(clock: Callable[[], float]) -> Callable[[], float]:
    """The clock, standing still where it was set back: what happened later was not earlier."""
    latest = [clock()]

    def now() -> float:
        latest[0] = max(latest[0], clock())
        return latest[0]

    return now


def take_place(place: Place) -> None:
    """Be this state's one engine. Raises SetupError when there is one already, or the pages' port is taken."""
    if answers(place.state):
        raise SetupError(
            f"an engine runs on {place.state} already: end it with `quietline down --state {place.state}`"
        )
    pages = Need(place.ports.pages, "tcp", "pages")
    # An engine that was killed holds its port until its last thread has ended.
    wait_until(lambda: refusal(pages, place.pages_address) is None, LAST_THREAD)
    if (why := refusal(pages, place.pages_address)) is not None:
        raise why
    make_run_folder(place.state)
    remember(place)
    remember_process("engine", place.state, os.getpid())


def transport(place: Place, settings: Settings, app: str) -> WebsocketTransport:
    """The way to the Asterisk of this site."""
    if settings.asterisk == "external":
        access = settings.external
        external_version(access)
        url = access["url"].rstrip("/")
        return WebsocketTransport(f"{url}/ari", app, access["username"], access["password"])
    secrets = load_secrets(place.state)
    return WebsocketTransport(f"{place.ari}/ari", app, secrets.ari_user, secrets.ari_password)


def feed(place: Place, settings: Settings) -> AmiFeed | None:
    """Who tells what Asterisk's manager knows; nobody where an Asterisk of somebody else's is not asked."""
    if settings.asterisk == "private":
        secrets = load_secrets(place.state)
        return AmiFeed(Access(LOOPBACK, place.ports.ami, secrets.ami_user, secrets.ami_password))
    access = settings.external
    if "ami" not in access:
        return None
    host, _, port = access["ami"].rpartition(":")
    known = Access(host.strip("[]"), int(port), access["ami_username"], access["ami_password"])
    return AmiFeed(known, calls=True)  # phones there may be in calls that never come to us


def controls(place: Place, engine: Engine, stopping: asyncio.Event) -> Controls:
    """What the control socket and the pages reach of the engine."""
    house, distributor = engine.house, engine.house.distributor

    def override(asked: dict[str, Any]) -> tuple[dict[str, Any], Awaitable[None]]:
        now = engine.house.now()
        event = override_event(asked, engine.house.site.settings, now)
        written = distributor.override(event)
        told = overview(distributor.doors, now)
        name = event.data["schedule"]
        said = {"said": event.data, "zone": told["zones"][name], "state": told["schedules"].get(name)}
        return said, written

    turn = asyncio.Lock()

    async def publish(asked: dict[str, Any]) -> dict[str, Any]:
        """One at a time: of two at once, the later one finds another release live than the one it was compared with."""
        async with turn:
            told = asdict(await publish_release(place, engine, asked))
            settle()
            return told

    return Controls(
        status=partial(status, place, engine),
        desk=Desk(house.agents.told, house.agents.ask, lambda: engine.house.ledger.trouble),
        trouble=lambda: engine.house.ledger.trouble,
        overrides=lambda: overview(distributor.doors, engine.house.now()),
        override=override,
        publish=publish,
        move_request=lambda number, asked: house.orders.change_request(
            number, asked, house.site.settings.agents, house.now()
        ),
        move_order=lambda number, asked: house.orders.move(number, asked, house.now()),
        board=board(engine),
        callbacks=Callbacks(engine.switchboard.callbacks, engine.switchboard.call_off),
        conversations=Conversations(engine.switchboard.conversations, engine.switchboard.order),
        hours=hours(engine, override),
        stop=stopping.set,
        end_calls=partial(end_calls, engine),
    )


async def end_calls(engine: Engine) -> int:
    """Hang up every call before Asterisk is ended, so that each has its own end on record; returns how many have not."""
    stuck = engine.house.ledger.stuck
    left = await engine.switchboard.end_calls(STUCK_GOODBYE if stuck else GOODBYE)
    if left:
        log.error(
            "calls end with Asterisk that could not be closed on record; the next start does", calls=left
        )
    return left


def board(engine: Engine) -> Board:
    """The bulletins of a running engine; times of day are meant in the time zone of the site's first place."""
    house = engine.house

    def known() -> frozenset[str]:
        catalog, languages = house.edition.sounds.catalog, house.site.settings.languages
        return frozenset.intersection(*(frozenset(catalog.ids(language)) for language in languages))

    def zone() -> str:
        return next((site.timezone for site in house.site.settings.sites.values()), "UTC")

    return Board(house.bulletins, known, zone, house.now)


def hours(engine: Engine, override: Override) -> Hours:
    """The opening hours of a running engine, for the page."""
    house = engine.house
    return Hours(
        told=lambda: hours_told(house.distributor.doors, house.now()),
        override=override,
        pin=lambda: house.site.settings.override_pin,
        now=house.now,
    )


def status(place: Place, engine: Engine) -> dict[str, Any]:
    """What `quietline status --json` prints."""
    settings = engine.house.site.settings
    outside = settings.asterisk == "external"
    return {
        "sip": sip_of(place, settings),
        "ari": settings.external["url"] if outside else place.ari,
        "pages": place.pages,
        "state": str(place.state),
        "site": str(place.site),
        "release": asdict(engine.releases[-1]) if engine.releases else None,
        "ready": engine.ready,
        "trouble": engine.trouble,
        "careful": engine.house.ledger.mended,
        "calls": engine.switchboard.calls,
        "floor": engine.house.distributor.overview(),
        "ami": None if engine.phones is None else bool(engine.counters.told()["quietline_ami_up"]),
        "counters": engine.counters.told(),
    }


async def publish_release(place: Place, engine: Engine, asked: dict[str, Any]) -> Release:
    """Make a kept version live, in Asterisk too. Raises SiteError; then what was live stays live, untouched."""
    expected, live = asked["from"], engine.releases[-1].number if engine.releases else None
    if expected != live:
        raise SiteError(
            f"release {live} has been published meanwhile: look at it with `quietline diff`, and say this again"
        )
    now = engine.house.now()
    wanted = {name: str(asked[name]) for name in ("hash", "by", "why", "site")}
    release = following(
        engine.releases, wanted["hash"], wanted["by"], wanted["why"], now, wanted["site"], asked["back_to"]
    )
    try:
        files = await asyncio.to_thread(engine.shelf.load, release)
    except StoreError as error:
        raise SiteError(str(error)) from error
    refuse_other_asterisk(files.snapshot.settings, engine.house.site.settings)
    await engine.keep(files)
    if files.snapshot.settings.asterisk == "private":
        try:
            await asyncio.to_thread(refresh, place, Standing(release, files))
        except (SetupError, OSError) as error:
            raise SiteError(no_room(error) or str(error)) from error
    await engine.publish(files, release)
    log.info("site published", release=release.number, by=release.by, why=release.why)
    return release


def refuse_other_asterisk(settings: Settings, running: Settings) -> None:
    """Raise SiteError where the site has another Asterisk than the one this engine is connected to."""
    for name in ("asterisk", "external"):
        if getattr(settings, name) != getattr(running, name):
            raise SiteError(
                f"`{name}` in site.yaml has changed: that needs `quietline down`, `quietline publish` and `quietline up`"
            )


def refresh(place: Place, start: Standing) -> None:
    """Have the private Asterisk read what this release says. Raises SetupError or OSError."""
    refresh_asterisk(start.files.snapshot.settings, layout_of(place, start, find_root()))


def meet_asterisk(place: Place, start: Standing) -> None:
    """Where an engine ended while it published, Asterisk may have read another release than the one that is live."""
    try:
        layout = layout_of(place, start, find_root())
        if not (layout.asterisk / "etc").is_dir():
            return  # nothing was ever started here: who starts it renders first
        if ari_answers(layout):
            refresh_asterisk(start.files.snapshot.settings, layout)
        else:
            render(start.files.snapshot.settings, layout)
    except (SetupError, OSError) as error:
        log.error("Asterisk could not be given the live release", error=no_room(error) or str(error))


@asynccontextmanager
async def served(place: Place, wanted: Controls, stream: Stream | None = None) -> AsyncIterator[None]:
    """The control socket, for this user alone, and the pages, with the event stream where there is one."""
    socket = control_socket(place.state)
    async with AsyncExitStack() as stack:
        control = await stack.enter_async_context(ready_runner(control_app(wanted)))
        await web.UnixSite(control, str(socket)).start()
        socket.chmod(0o600)
        stack.callback(socket.unlink, missing_ok=True)
        routes = [*report_routes(maker(place.state)), *agent_routes(wanted.desk, BELOW)]
        routes += call_routes(wanted.conversations, BELOW)
        routes += stream_routes(stream) if stream is not None else []
        app = pages_app(wanted.status, wanted.hours, api_token(place.state), routes, place.pages_names)
        if stream is not None:
            app.on_shutdown.append(partial(say_goodbye, stream))
        pages = await stack.enter_async_context(ready_runner(app))
        await web.TCPSite(pages, place.pages_address, place.ports.pages).start()
        yield


async def say_goodbye(stream: Stream, _: web.Application) -> None:
    """Whoever listens hears that there is no more to hear."""
    stream.end()


@asynccontextmanager
async def ready_runner(app: web.Application) -> AsyncIterator[web.AppRunner]:
    """An application's runner, set up and cleaned up; answers on their way get a second."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        yield runner
    finally:
        await runner.cleanup()


class Stderr:
    """Standard error as it is now; a line that cannot be written (disk full) is lost, and nothing else."""

    def write(self, text: str) -> int:
        """Write text."""
        with suppress(OSError, ValueError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        """Let it out."""
        with suppress(OSError, ValueError):
            sys.stderr.flush()


class ToStructlog(logging.Handler):
    """Hands what libraries log to our log."""

    def emit(self, record: logging.LogRecord) -> None:
        """One record; a traceback stays one."""
        log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


def configure_logs() -> None:
    """Lines for people on a terminal, JSON lines anywhere else. A traceback tells no values: PINs and passwords may be among them."""
    terminal = sys.stderr.isatty()
    last: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
        if terminal
        else [
            structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
            structlog.processors.JSONRenderer(),
        ]
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=not terminal),
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast(TextIO, Stderr())),
    )
    logging.basicConfig(level=logging.WARNING, handlers=[ToStructlog()])
