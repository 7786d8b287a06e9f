"""What can be wrong with this machine, looked at before calls come in; every finding says what to do.

A check is one function that returns its finding or raises nothing; `run_checks` runs them all, so one trouble hides no other.
"""

from __future__ import annotations

import asyncio
import resource
import shutil
import socket
import sqlite3
import stat
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from engine.core.site import Settings
from engine.errors import EngineError, SetupError
from engine.pbx.disk import no_room
from engine.pbx.external import external_version
from engine.pbx.ports import Ports, check_free
from engine.pbx.process import ask_ari, running
from engine.pbx.root import ADVISORIES, OLDEST_ASTERISK, dotted, find_root
from engine.pbx.secrets import SHORTEST, load_secrets
from engine.speech.models import small_model
from engine.speech.trial import tried

SLOW_NAME = 0.2
LITTLE_DISK, SOME_DISK = 500_000_000, 2_000_000_000
ENOUGH_FILES = 4096
MAKE_ROOM = "Make room on that disk, or move the state with --state."
#: Seconds for looking through the database.
PATIENCE = 5.0
MADE = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


class Level(StrEnum):
    """How bad a finding is; calls can come in with `warn`, not with `fail`."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: a sentence, and what to do where it is not ok."""

    name: str
    level: Level
    sentence: str
    what_to_do: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What is looked at. `settings` is None where the site does not load; `prompt_problems` says what recordings lack."""

    state: Path
    ports: Ports
    settings: Settings | None
    prompt_problems: Callable[[], list[str]]
    bind: str = "127.0.0.1"
    site: Path | None = None

    @property
    def external(self) -> bool:
        """Does somebody else run Asterisk?"""
        return self.settings is not None and self.settings.asterisk == "external"


def run_checks(patient: Patient) -> list[Check]:
    """Look at everything, in the order in which a start would need it."""
    return [check(patient) for check in CHECKS]


def healthy(checks: list[Check]) -> bool:
    """Can calls come in?"""
    return all(check.level is not Level.FAIL for check in checks)


def lines(checks: list[Check]) -> list[str]:
    """The findings as text, what to do on a line of its own."""
    told: list[str] = []
    for check in checks:
        told.append(f"{check.level:4}  {check.name:10}  {check.sentence}")
        told += [f"{'':18}{check.what_to_do}"] if check.what_to_do else []
    return told


def python(patient: Patient) -> Check:
    """Which Python this is; one older than 3.11 does not get this far."""
    return Check("python", Level.OK, f"Python {dotted(tuple(sys.version_info[:3]))}")


def site(patient: Patient) -> Check:
    """Does the site load?"""
    if patient.settings is None:
        command = f"quietline check --site {patient.site}" if patient.site else "quietline check"
        return Check("site", Level.FAIL, "the site does not load", f"Run `{command}` and mend what it names.")
    found = f"{len(patient.settings.numbers)} numbers, {len(patient.settings.queues)} queues, {len(patient.settings.agents)} agents"
    return Check("site", Level.OK, found)


def host_name(patient: Patient) -> Check:
    """Asterisk looks its own name up for every call's voice; a name that does not resolve costs seconds per call."""
    name, seconds = socket.gethostname(), resolving_time(socket.gethostname())
    mend = f"Add the line `127.0.1.1 {name}` to /etc/hosts."
    if seconds is None:
        return Check(
            "host name",
            Level.FAIL,
            f"{name!r}, this machine's name, does not resolve: calls would take seconds",
            mend,
        )
    if seconds > SLOW_NAME:
        return Check(
            "host name",
            Level.FAIL,
            f"{name!r} takes {seconds:.1f} s to resolve, and so would every call",
            mend,
        )
    return Check("host name", Level.OK, f"{name!r} resolves in {seconds * 1000:.0f} ms")


def resolving_time(name: str, patience: float = 5.0) -> float | None:
    """Seconds to look a name up; None when it fails, `patience` when it takes longer."""
    known: list[bool] = []

    def look_up() -> None:
        try:
            known.append(bool(socket.getaddrinfo(name, None)))
        except OSError:
            known.append(False)

    started = time.monotonic()
    looking = threading.Thread(target=look_up, daemon=True)
    looking.start()
    looking.join(patience)
    if not known:
        return patience
    return time.monotonic() - started if known[0] else None


def asterisk(patient: Patient) -> Check:
    """Is there an Asterisk, and is it new enough?"""
    try:
        if patient.external and patient.settings is not None:
            version, where = (
                external_version(patient.settings.external),
                patient.settings.external.get("url", ""),
            )
        else:
            root = find_root()
            version, where = root.version, str(root.prefix)
    except EngineError as error:
        return Check("asterisk", Level.FAIL, str(error), "Until then no call can come in.")
    if version < OLDEST_ASTERISK:
        return Check(
            "asterisk",
            Level.WARN,
            f"Asterisk {dotted(version)} has known holes in its ARI ({ADVISORIES})",
            f"Install {dotted(OLDEST_ASTERISK)} or newer.",
        )
    return Check("asterisk", Level.OK, f"Asterisk {dotted(version)} at {where}")


def ports(patient: Patient) -> Check:
    """Are our ports free, or ours already?"""
    mine = [name for name in ("asterisk", "engine") if running(name, patient.state)]
    if "asterisk" not in mine and answers_us(patient):
        mine.append("asterisk")
    if mine:
        return Check("ports", Level.OK, f"in use by our own {' and '.join(mine)}")
    if patient.external:
        return Check("ports", Level.OK, "the external Asterisk has its own")
    try:
        check_free(patient.ports, patient.bind)
    except SetupError as error:
        return Check("ports", Level.FAIL, *two_parts(error))
    p = patient.ports
    return Check(
        "ports",
        Level.OK,
        f"SIP {p.sip}, ARI {p.ari}, media {p.media}, pages {p.pages}, RTP {p.rtp_first}-{p.rtp_last}",
    )


def answers_us(patient: Patient) -> bool:
    """Does an Asterisk take this state's password? It is ours, even where its process cannot be seen: in another container."""
    with suppress(EngineError, OSError):
        return ask_ari(patient.state, patient.ports.ari, "GET", "info?only=status") == 200
    return False


def two_parts(error: SetupError) -> tuple[str, str]:
    """A sentence of ours as what is wrong and what to do."""
    wrong, _, mend = str(error).partition(": ")
    return wrong, f"{mend[:1].upper()}{mend[1:]}."


def ari(patient: Patient) -> Check:
    """ARI commands every call: it may listen on loopback only, behind a long password nobody else can read."""
    if patient.external and patient.settings is not None:
        return external_ari(patient.settings)
    try:
        secrets = load_secrets(patient.state)
    except SetupError as error:
        return Check("ari", Level.FAIL, *two_parts(error))
    except OSError as error:
        sentence = f"no password can be kept in {patient.state} ({error.strerror})"
        return Check("ari", Level.FAIL, sentence, "Choose another place with --state.")
    path = patient.state / "secrets.json"
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return Check("ari", Level.FAIL, f"{path} can be read by others", f"Run `chmod 600 {path}`.")
    if len(secrets.ari_password) < SHORTEST:
        return Check(
            "ari",
            Level.FAIL,
            f"the password in {path} is shorter than {SHORTEST}",
            "Remove the file and start again.",
        )
    if (address := bound_address(patient.state)) not in (None, "127.0.0.1", "::1"):
        return Check(
            "ari",
            Level.FAIL,
            f"ARI listens on {address}, for everybody",
            "Start Quietline again: it renders http.conf anew.",
        )
    return Check("ari", Level.OK, f"on 127.0.0.1 only, password of {len(secrets.ari_password)} characters")


def external_ari(settings: Settings) -> Check:
    """An Asterisk of somebody else's: say what of its access is weak."""
    host = urllib.parse.urlsplit(settings.external.get("url", ""))
    if len(settings.external.get("password", "")) < SHORTEST:
        return Check(
            "ari",
            Level.WARN,
            f"the external ARI's password is shorter than {SHORTEST}",
            "Give its ari.conf a longer one.",
        )
    if host.hostname not in ("127.0.0.1", "::1", "localhost") and host.scheme != "https":
        return Check(
            "ari",
            Level.WARN,
            f"ARI at {host.netloc} is reached without encryption",
            "Use https, or a private network.",
        )
    return Check("ari", Level.OK, f"at {host.netloc}")


def bound_address(state: Path) -> str | None:
    """The address in the rendered http.conf; None before anything was rendered."""
    try:
        text = (state / "asterisk" / "etc" / "http.conf").read_text()
    except OSError:
        return None
    found = [line.partition("=")[2].strip() for line in text.splitlines() if line.startswith("bindaddr")]
    return found[0] if found else None


def prompts(patient: Patient) -> Check:
    """Is everything recorded that callers may hear?"""
    problems = patient.prompt_problems()
    if not problems:
        return Check("prompts", Level.OK, "every text is recorded")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return Check("prompts", Level.FAIL, f"{problems[0]}{more}", "Run `quietline prompts render`.")


def speech(patient: Patient) -> Check:
    """Are callers heard with the models that the site names? Each is loaded, and must recognise its recording."""
    models = {n: Path(folder) for n, folder in patient.settings.models.items()} if patient.settings else {}
    if not models:
        return Check("speech", Level.OK, "callers have their keys: the site names no model for their words")
    assert patient.settings is not None
    told = asyncio.run(tried(models))
    silent = [why for why in told.values() if why]
    if silent:
        small = any(folder == small_model(language) and told[language] for language, folder in models.items())
        get = "run `make models` to fetch it" if small else "docs/speech.md tells where models come from"
        return Check("speech", Level.WARN, silent[0], f"Calls come in all the same, with keys; {get}.")
    keys = [language for language in patient.settings.languages if language not in told]
    only = f"; keys only in {', '.join(keys)}" if keys else ""
    return Check("speech", Level.OK, f"callers can speak in {', '.join(told)}{only}")


def writable(patient: Patient) -> Check:
    """Can the state be written?"""
    try:
        patient.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=patient.state) as trial:
            trial.write(b"trial")
    except OSError as error:
        sentence = f"{patient.state} cannot be written ({error.strerror})"
        elsewhere = "Choose another place with --state, or give this user the right to write there."
        return Check("state", Level.FAIL, sentence, MAKE_ROOM if no_room(error) else elsewhere)
    return Check("state", Level.OK, f"{patient.state} can be written")


def disk(patient: Patient) -> Check:
    """Is there room for events and recordings? A minute of message is 1 MB."""
    place = next(
        path for path in (patient.state.absolute(), *patient.state.absolute().parents) if path.exists()
    )
    free = shutil.disk_usage(place).free
    if free >= SOME_DISK:
        return Check("disk", Level.OK, f"{free / 1e9:.1f} GB free")
    level = Level.FAIL if free < LITTLE_DISK else Level.WARN
    return Check(
        "disk",
        level,
        f"only {free / 1e6:.0f} MB free at {place}",
        "Make room, or move the state with --state.",
    )


def store(patient: Patient) -> Check:
    """Does SQLite keep its promises on this file system (write-ahead log, full synchronisation)?"""
    try:
        with tempfile.TemporaryDirectory(dir=patient.state) as folder:
            database = sqlite3.connect(Path(folder) / "trial.db")
            try:
                mode = database.execute("PRAGMA journal_mode=WAL").fetchone()[0]
                database.execute("PRAGMA synchronous=FULL")
                database.execute("CREATE TABLE trial (x)")
                database.commit()
            finally:
                database.close()
    except (OSError, sqlite3.Error) as error:
        full = no_room(error) or getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_FULL
        mend = MAKE_ROOM if full else "Choose a local disk with --state."
        why = getattr(error, "strerror", None) or error
        return Check("store", Level.FAIL, f"SQLite cannot write in {patient.state} ({why})", mend)
    if mode != "wal":
        return Check(
            "store",
            Level.FAIL,
            f"SQLite's write-ahead log does not work in {patient.state}",
            "Choose a local disk with --state.",
        )
    return Check("store", Level.OK, f"SQLite {sqlite3.sqlite_version} with write-ahead log")


def records(patient: Patient) -> Check:
    """Is the database whole? A large one is looked at for PATIENCE seconds only."""
    path = patient.state / "quietline.db"
    if not path.exists():
        if running("engine", patient.state):
            sentence = f"{path} is not there, though an engine runs"
            return Check(
                "records", Level.FAIL, sentence, "Look at `quietline status`: the engine writes it anew."
            )
        return Check("records", Level.OK, "none yet")
    try:
        found, whole = look_through(path)
    except sqlite3.Error as error:
        found, whole = str(error), True
    if found != "ok":
        mend = f"Put a backup in its place (docs/operations.md, Backup), or move {path} away to begin anew."
        return Check("records", Level.FAIL, f"the database {path} is not usable: {found}", mend)
    looked = "is whole" if whole else f"shows no damage in the {PATIENCE:g} s it was looked at"
    return Check("records", Level.OK, f"the database {looked}, {path.stat().st_size / 1e6:.1f} MB")


def look_through(path: Path) -> tuple[str, bool]:
    """SQLite's quick check: ok or the first damage, and whether it came to its end. Raises sqlite3.Error."""
    end = time.monotonic() + PATIENCE
    with closing(
        sqlite3.connect(f"file:{urllib.parse.quote(str(path))}?mode=ro", uri=True, timeout=2.0)
    ) as db:
        db.set_progress_handler(lambda: time.monotonic() > end, 10_000)
        try:
            rows = db.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
                return "ok", False
            raise
    return " ".join(str(rows[0]).split()), True


def written(folder: Path) -> Iterator[float]:
    """When the files of a folder were written last, those that can be seen."""
    for path in folder.glob("*"):
        with suppress(OSError):
            yield path.stat().st_mtime


def open_files(patient: Patient) -> Check:
    """Asterisk needs about five open files a call; the soft limit is raised at the start, the hard one cannot be."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= ENOUGH_FILES:
        return Check(
            "open files", Level.OK, "no limit" if hard == resource.RLIM_INFINITY else f"up to {hard}"
        )
    sentence = f"at most {hard} open files: enough for about {hard // 5} calls at once"
    return Check(
        "open files", Level.WARN, sentence, "Raise the hard limit `nofile` in /etc/security/limits.conf."
    )


def clock(patient: Patient) -> Check:
    """Is the clock plausible? Opening hours, waiting times and records follow it."""
    now = time.time()
    newest = max(written(patient.state), default=0.0)
    said = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M UTC")
    if now < MADE or newest > now + 120:
        why = "before this program was made" if now < MADE else "older than files written here"
        return Check(
            "clock",
            Level.FAIL,
            f"the clock says {said}, {why}",
            "Set the clock, best by NTP (`timedatectl set-ntp true`).",
        )
    return Check("clock", Level.OK, said)


CHECKS: tuple[Callable[[Patient], Check], ...] = (
    python,
    site,
    writable,
    disk,
    store,
    records,
    clock,
    host_name,
    open_files,
    asterisk,
    ports,
    ari,
    prompts,
    speech,
)
