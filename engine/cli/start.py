"""`quietline up` and `quietline down`: a site's Asterisk and engine in the background.

Whatever of both runs already is left alone: where the engine died and Asterisk holds its calls, `up` starts the engine alone, which
takes them up again.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from engine.cache import locked
from engine.cli.ask import NoEngine, answers, ask
from engine.cli.console import clock, say
from engine.cli.history import unpublished
from engine.cli.place import (
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
    keeping,
    layout_of,
    make_state,
    place_of,
    remember,
    remembered,
    sip_of,
)
from engine.core.release import Release
from engine.core.site import Settings
from engine.errors import SetupError
from engine.pbx.doctor import Level, Patient, disk, host_name
from engine.pbx.external import external_version
from engine.pbx.found import control_socket, listener
from engine.pbx.ports import asterisk_needs, check_free, needs
from engine.pbx.process import (
    PURPOSE,
    refresh_asterisk,
    running,
    start_asterisk,
    start_detached,
    stop,
    wait_until,
)
from engine.pbx.render import render
from engine.pbx.root import dotted, ensure_root
from engine.release.live import Standing, refuse_wrong_start, standing

READY_DEADLINE = 30.0
#: Seconds an engine may take to end its calls.
GOODBYE = 15.0

Say = Callable[[str], None]


def up(
    *,
    site: SiteOption = None,
    state: StateOption = STATE,
    ports: PortsOption = None,
    bind: BindOption = None,
    public_address: PublicOption = None,
    pages_address: PagesOption = None,
    pages_name: PagesNameOption = None,
) -> None:
    """Start Asterisk and the engine in the background; returns when calls can come in."""
    place = place_of(state, site, ports, bind, public_address, pages_address, pages_name)
    if bring_up(place, say):
        say("Calls can come in.")
    else:
        say(f"Quietline is already up; `quietline down --state {state}` ends it.")
    start = asyncio.run(standing(place.state, place.site))
    settings = start.files.snapshot.settings
    show_addresses(place, settings)
    tell_release(place, start.release)
    warn(place, settings)


def down(*, state: StateOption = STATE) -> None:
    """End the calls, the engine and Asterisk; nothing is left running. Calls in an external Asterisk stay there."""
    say("Quietline is down." if take_down(state) else f"Nothing was running on {state}.")


def bring_up(place: Place, tell: Say) -> bool:
    """Start what does not run yet and wait until calls can come in; False when they could already.

    Raises SiteError with a report, or SetupError with one sentence; what this call started is ended again then.
    """
    check_addresses(place)
    asyncio.run(refuse_wrong_start(place.state, place.site))
    make_state(place.state)
    with locked(place.state / "up.lock", tell, "another `quietline up` is at work here; waiting for it"):
        alive = {name for name in ("asterisk", "engine") if running(name, place.state)}
        refuse_move(place, alive)
        start = asyncio.run(standing(place.state, place.site))
        if "engine" in alive and is_ready(place.state):
            return False
        forget_the_start = keeping(place.state)
        try:
            start_pbx(place, start, alive, tell)
            start_engine(place, tell)
        except BaseException:
            for name in ("engine", "asterisk"):
                if name not in alive:
                    stop(name, place.state)
            forget_the_start()
            raise
    return True


def refuse_move(place: Place, alive: set[str]) -> None:
    """Raise SetupError when what runs already was started with another site, other ports or addresses."""
    known = remembered(place.state)
    if not alive or not known:
        return
    was, wanted = told(replace(place, **known)), told(place)
    for what in (what for what in was if was[what] != wanted[what]):
        raise SetupError(
            f"what runs on {place.state} was started with {what} {was[what]}, not {wanted[what]}: "
            f"end it first with `quietline down --state {place.state}`"
        )


def told(place: Place) -> dict[str, object]:
    """What decides how a place is started, by the option that says it."""
    return {
        "--site": place.site,
        "--ports": place.ports.sip,
        "--bind": place.bind,
        "--public-address": place.public_address,
        "--pages-address": place.pages_address,
        "--pages-name": place.pages_name,
    }


def start_pbx(place: Place, start: Standing, alive: set[str], tell: Say) -> None:
    """Have an Asterisk run as the live release says."""
    settings = start.files.snapshot.settings
    if settings.asterisk == "external":
        check_ports(place, {"engine"} - alive)
        remember(place)
        tell(f"Asterisk {dotted(external_version(settings.external))} runs at {settings.external['url']}")
        return
    check_ports(place, {"asterisk", "engine"} - alive)
    layout = layout_of(place, start, ensure_root(tell))
    if "asterisk" in alive:
        refresh_asterisk(settings, layout)
        tell("Asterisk runs already, with the calls it holds")
        return
    render(settings, layout)
    remember(place)
    start_asterisk(layout)
    tell(f"Asterisk {dotted(layout.root.version)} has started")


def check_ports(place: Place, missing: set[str]) -> None:
    """Raise SetupError when a port that something still to be started needs is taken by somebody else."""
    asterisk = asterisk_needs(place.ports)
    wanted = (n for n in needs(place.ports) if ("asterisk" if n in asterisk else "engine") in missing)
    check_free(place.ports, place.bind, tuple(wanted), place.pages_address)


def start_engine(place: Place, tell: Say) -> None:
    """Have the engine run, and wait until it takes calls."""

    def settled() -> bool:
        return not running("engine", place.state) or is_ready(place.state)

    wait_until(
        settled, READY_DEADLINE
    )  # one that runs may be about to end, or to reach an Asterisk just started
    log, before = place.engine_log, 0
    if not running("engine", place.state):
        before = log.stat().st_size if log.exists() else 0
        command = [sys.executable, "-m", "engine.cli", "run", "--state", str(place.state)]
        start_detached("engine", command, place.state, log)
        wait_until(settled, READY_DEADLINE)
    if not running("engine", place.state):
        raise SetupError(f"the engine does not start: {last_words(log, before)}")
    if not is_ready(place.state):
        raise SetupError(
            f"no call is taken {READY_DEADLINE:.0f} s after the start ({trouble_of(place.state)}): its log is {log}"
        )
    tell("the engine is ready")


def is_ready(state: Path) -> bool:
    """Does an engine take calls on this state?"""
    try:
        return bool(ask(state, "GET", "/status", patience=2)["ready"])
    except SetupError:
        return False


def trouble_of(state: Path) -> str:
    """Why an engine takes no calls, in its own words."""
    try:
        return str(ask(state, "GET", "/status", patience=2)["trouble"])
    except SetupError as error:
        return str(error)


def last_words(log: Path, offset: int) -> str:
    """Why the engine ended, from what it has written after `offset`: its own sentence, or the end of its log in words."""
    with log.open("rb") as text:
        text.seek(offset)
        lines = text.read().decode(errors="replace").splitlines()
    own = [line.removeprefix("quietline: ") for line in lines if line.startswith("quietline: ")]
    last = [spoken(line) for line in lines if line.strip()][-3:]
    return own[-1] if own else f"{'; '.join(last) or 'it ended without a word'}. Its log is {log}"


def spoken(line: str) -> str:
    """A line of the engine's log in words: what happened, and the error that came of it."""
    try:
        told = json.loads(line)
        errors = [f"{e['exc_type']}: {e['exc_value']}" for e in told.get("exception", [])][-1:]
        return ", ".join([str(told["event"]), *([str(told["error"])] if "error" in told else []), *errors])
    except (ValueError, TypeError, KeyError, AttributeError):
        return line.strip()


def take_down(state: Path) -> bool:
    """End the calls, the engine and Asterisk of a state, in this order; False when neither ran.

    Calls in an Asterisk that is not ours to end stay there. Raises SetupError, naming it, when something does not end.
    """
    if state.exists() and not state.is_dir():
        raise SetupError(f"{state} is no folder: name the folder of a state with --state")
    ended = [running("asterisk", state) is not None and end_calls(state), stop("engine", state)]
    if answers(state):  # an engine whose process cannot be seen from here
        ended.append(bool(ask(state, "POST", "/stop")))
        wait_until(lambda: not answers(state), READY_DEADLINE)
    ended.append(stop("asterisk", state))
    refuse_survivors(state)
    return any(ended)


def end_calls(state: Path) -> bool:
    """Have the engine hang up every call, write that down, and end; False when none ran. One that does not answer is ended anyway."""
    try:
        ask(state, "POST", "/stop", {"calls": "end"}, patience=GOODBYE)
    except NoEngine:
        return False
    except SetupError as error:
        say(f"The calls could not be ended one by one ({error}); the next start closes them.")
    return True


def refuse_survivors(state: Path) -> None:
    """Raise SetupError, naming it, when something of this state still takes orders."""
    for name in ("engine", "asterisk"):
        if (pid := listener(control_socket(name, state))) is not None:
            who = f"process {pid}" if pid else "a process that cannot be seen from here"
            raise SetupError(
                f"{PURPOSE[name]} of {state} still runs ({who}): end it where it was started, then say `quietline down` again"
            )


def show_addresses(place: Place, settings: Settings) -> None:
    """Say where everything is."""
    numbers = ", ".join(f"{number} {flow}" for number, flow in settings.numbers.items())
    for what, where in (
        ("SIP", f"{sip_of(place, settings)}   numbers: {numbers}"),
        ("pages", place.pages),
        ("state", str(place.state)),
    ):
        say(f"  {what:6} {where}")


def tell_release(place: Place, release: Release) -> None:
    """Say which release was started, and where the site's folder is another one."""
    say(f"  site   release {release.number} by {release.by}, {clock(release.at)}")
    if differs := unpublished(place.state, place.site, release):
        say(
            f"Careful: {place.site} has unpublished changes in {differs}: `quietline publish` makes them live."
        )


def warn(place: Place, settings: Settings) -> None:
    """Say what would spoil calls though they can come in; `quietline doctor` looks at more."""
    patient = Patient(place.state, place.ports, settings, list, place.bind)
    for check in (host_name(patient), disk(patient)):
        if check.level is not Level.OK:
            say(f"Careful: {check.sentence}. {check.what_to_do}")
