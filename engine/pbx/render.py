"""Asterisk's configuration, rendered from the site into STATE/asterisk.

    STATE/secrets.json        passwords of ours, made once, mode 0600
    STATE/asterisk/etc        what asterisk-conf/*.j2 and dialplans/*.conf become
    STATE/asterisk/data       Asterisk's sounds and ours side by side: sound:quietline/en/ID plays the newest prompts/en/ID.wav,
                              sound:quietline-releases/HASH/prompts/en/ID that of one release
    STATE/asterisk/agi-bin    the fallback script's wrapper
    STATE/asterisk/spool, log, lib, cache     what Asterisk writes
    STATE/spool/fallback      messages taken while no engine answered

Every value is checked on its way into a template: no line break or control character gets through and `;` is escaped, so
nothing an admin writes can become a line of its own. Names that become section names are limited to letters, digits and `._+-`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from engine.core.phones import endpoint_of_agent, endpoint_of_phone
from engine.core.site import AgentRule, Phone, Settings, Trunk
from engine.core.sources import source_of
from engine.errors import SetupError
from engine.pbx.modules import MODULES
from engine.pbx.ports import Ports
from engine.pbx.root import Root
from engine.pbx.secrets import Secrets, load_secrets

REPOSITORY = Path(__file__).resolve().parents[2]
APP = "quietline"
#: Where the releases lie among Asterisk's sounds.
RELEASES = "quietline-releases"
NAME = re.compile(r"[A-Za-z0-9._+-]+")
URI = re.compile(r"sips?:[^\s\x00-\x1f\"<>,;]+(;[^\s\x00-\x1f\"<>,]*)?")
#: A Unix socket's path ends at 107 bytes; Asterisk adds "/asterisk.ctl".
LONGEST_RUN = 107 - len("/asterisk.ctl")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are: the state, the programs, the prompts, and where Asterisk listens for SIP."""

    state: Path
    root: Root
    ports: Ports
    prompts: Path
    bind: str = "127.0.0.1"
    public_address: str | None = None  # what callers see when a router or a container stands between
    local_networks: tuple[str, ...] = field(default_factory=lambda: private_networks())
    music: Path | None = None  # beside the prompts, if nothing else is said
    qualify: int = 10  # seconds between two questions to a phone whether it is there; 0: none is asked, and all count as there
    fallback: tuple[str, ...] = field(
        default_factory=lambda: (sys.executable, str(REPOSITORY / "engine/agi/fallback.py"))
    )

    @property
    def asterisk(self) -> Path:
        """Everything of Asterisk's own."""
        return self.state / "asterisk"

    @property
    def spool(self) -> Path:
        """Messages taken while no engine answered, one folder each."""
        return self.state / "spool" / "fallback"


def private_networks() -> tuple[str, ...]:
    """Networks that reach this machine without the router between: all private ones, or what the environment says."""
    private = "127.0.0.0/8 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16"
    return tuple(os.environ.get("QUIETLINE_LOCAL_NETWORKS", private).split())


@dataclass(frozen=True, slots=True)
class Match:
    """One line of an `identify` section."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Line:
    """A trunk or an agent's phone as pjsip.conf wants it."""

    endpoint: str
    aor: str = ""
    contact: str | None = None
    username: str | None = None
    password: str | None = None
    matches: tuple[Match, ...] = ()
    host: str | None = None  # where calls go out to
    proves: bool = False  # callers who come in must prove themselves
    register: bool = False


def render(settings: Settings, layout: Layout) -> Secrets:
    """Write the whole configuration; what was there is replaced. Raises SetupError for a value that cannot be used."""
    secrets = make_folders(layout)
    etc = layout.asterisk / "etc"
    fresh = Path(tempfile.mkdtemp(prefix="etc.", dir=layout.asterisk))
    try:
        write_templates(fresh, names(settings, layout, secrets))
        shutil.copytree(REPOSITORY / "dialplans", fresh / "dialplan")
        replace_folder(fresh, etc)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    link_data(layout)
    write_wrapper(layout, settings.languages[0])
    return secrets


def make_folders(layout: Layout) -> Secrets:
    """Make the folders Asterisk writes in, and the passwords. Raises SetupError when the state cannot be written."""
    folders = ["spool/recording", "spool/tmp", "log", "lib", "cache", "agi-bin", "data/sounds"]
    try:
        # Who called whom and what they said is nobody else's business.
        layout.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in folders:
            (layout.asterisk / folder).mkdir(parents=True, exist_ok=True)
        layout.spool.mkdir(parents=True, exist_ok=True)
        make_run_folder(layout.state)
        return load_secrets(layout.state)
    except OSError as error:
        raise SetupError(
            f"{error.filename} cannot be written ({error.strerror}): choose another place with --state"
        ) from error


def run_folder(state: Path) -> Path:
    """Where Asterisk's control socket lies: in the state, or in a short folder named after it where its path is too long."""
    run = state.absolute() / "asterisk" / "run"
    if len(os.fsencode(run)) <= LONGEST_RUN:
        return run
    base = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    return base / f"quietline-{os.getuid()}-{hashlib.sha256(os.fsencode(run)).hexdigest()[:16]}"


def make_run_folder(state: Path) -> None:
    """Make that folder. Raises SetupError where another user has: who owns it could command Asterisk and the engine."""
    run = run_folder(state)
    run.mkdir(mode=0o700, parents=True, exist_ok=True)
    if run.lstat().st_uid != os.getuid():
        raise SetupError(f"{run} belongs to another user: remove it, or choose a shorter path with --state")


def names(settings: Settings, layout: Layout, secrets: Secrets) -> dict[str, Any]:
    """Everything the templates may name."""
    return {
        "app": APP,
        "phones": phone_lines(settings),
        "trunks": [trunk_line(trunk) for trunk in settings.trunks.values()],
        "asterisk": layout.asterisk.absolute(),
        "etc": (layout.asterisk / "etc").absolute(),
        "run": run_folder(layout.state),
        "modules": layout.root.modules,
        "modules_loaded": MODULES,
        "language": settings.languages[0],
        "ports": layout.ports,
        "sip_address": sip_address(layout),
        "public_address": layout.public_address,
        "local_networks": layout.local_networks,
        "music": music(settings, layout),
        "qualify": layout.qualify,
        "ari_user": secrets.ari_user,
        "ari_password": secrets.ari_password,
        "ami_user": secrets.ami_user,
        "ami_password": secrets.ami_password,
    }


def sip_address(layout: Layout) -> str:
    """Address and port SIP listens at."""
    try:
        address = ipaddress.ip_address(layout.bind)
    except ValueError as error:
        raise SetupError(
            f"`bind: {layout.bind}` is no IP address: write one of this machine's, or 0.0.0.0"
        ) from error
    return f"[{address}]:{layout.ports.sip}" if address.version == 6 else f"{address}:{layout.ports.sip}"


def checked_name(kind: str, name: str) -> str:
    """A name that may become a section's name. Raises SetupError otherwise."""
    if not NAME.fullmatch(name):
        raise SetupError(f"{kind} {name!r}: use only letters without accents, digits and . _ + - in the name")
    return name


def trunk_line(trunk: Trunk) -> Line:
    """A trunk, known by its addresses or by the user name it proves with a password; with a host calls go out to it, too."""
    endpoint = f"trunk-{checked_name('trunk', trunk.name)}"
    by_address = tuple(Match("match", network(trunk, address)) for address in trunk.addresses)
    if trunk.username is None:
        if not by_address:
            raise SetupError(
                f"trunk {trunk.name!r} is known by nothing: give `addresses`, or `username` and `password`"
            )
        return Line(endpoint, matches=by_address, host=trunk.host)
    username = checked_name(f"user name of trunk {trunk.name!r}:", trunk.username)
    proof = Match("match_header", f'Authorization: /username="{re.escape(username)}"/')
    return Line(
        endpoint,
        username=username,
        password=password_of("trunk", trunk.name, trunk.password),
        matches=by_address or (proof,),
        host=trunk.host,
        proves=not by_address,
        register=trunk.register,
    )


def network(trunk: Trunk, address: str) -> str:
    """An address, also with the port it sends from, or a network, as Asterisk reads it."""
    try:
        return str(source_of(address))
    except ValueError as error:
        raise SetupError(
            f"trunk {trunk.name!r}: {address!r} is no IP address or network: write 192.0.2.10, 192.0.2.10:5060 or 192.0.2.0/24"
        ) from error


def phone_lines(settings: Settings) -> list[Line]:
    """The phones of agents who have their own here, and of desks."""
    own = [agent for agent in settings.agents.values() if agent.has_phone and agent.trunk is None]
    return [
        *(phone_line("agent", agent, endpoint_of_agent(agent.name), settings.numbers) for agent in own),
        *(
            phone_line("phone", phone, endpoint_of_phone(phone.name), settings.numbers)
            for phone in settings.phones.values()
        ),
    ]


def phone_line(kind: str, phone: AgentRule | Phone, endpoint: str, numbers: Collection[str]) -> Line:
    """A phone: at a fixed SIP address, or registering as the agent's or its own name with a password.

    A phone that registers is recognised by the name in To, later by the user name it proves, both before trunks by their
    address. Nothing in a call's first request tells a phone from a caller whose number looks like its name: from a trunk's
    address it is the trunk's call, and only from elsewhere is a name and its password asked for.
    """
    name = checked_name(kind, phone.name)
    if phone.contact is not None:
        if not URI.fullmatch(phone.contact):
            raise SetupError(
                f"{kind} {name!r}: {phone.contact!r} is no SIP address: write sip:NAME@HOST or sip:NAME@HOST:PORT"
            )
        return Line(endpoint, aor=f"contact-{name}", contact=phone.contact)
    if name in numbers or name.startswith("contact-"):
        raise SetupError(
            f"{kind} {name!r} registers under a name that is taken (a dialled number): give the {kind} another name"
        )
    quoted = re.escape(name)
    by_name = Match("match_header", f"To: /sips?:{quoted}@/")
    proven = Match("match_header", f'Authorization: /username="{quoted}"/')
    return Line(
        endpoint,
        aor=name,
        password=password_of(kind, name, phone.password),
        matches=(by_name, proven),
    )


def password_of(kind: str, name: str, password: str | None) -> str:
    """A password that says the same in Asterisk as in site.yaml."""
    if not password:
        raise SetupError(f"{kind} {name!r} has no password: give `password`, or an address to know it by")
    if password != password.strip():
        raise SetupError(f"{kind} {name!r}: the password begins or ends with a space: take it out")
    return password


def music(settings: Settings, layout: Layout) -> list[tuple[str, Path]]:
    """Classes of music on hold: Asterisk's as `default`, and one for each folder in music/ beside the prompts."""
    own = layout.music or layout.prompts.parent / "music"
    folders = sorted(path for path in own.iterdir() if path.is_dir()) if own.is_dir() else []
    known = {"default": layout.root.moh} | {
        checked_name("music", path.name): path.absolute() for path in folders
    }
    for queue in settings.queues.values():
        if queue.music not in known:
            raise SetupError(
                f"queue {queue.name!r}: there is no music {queue.music!r}: put WAV files in {own / queue.music}"
            )
    return list(known.items())


def write_templates(folder: Path, known: dict[str, Any]) -> None:
    """Render every template into `folder`."""
    environment = Environment(
        loader=FileSystemLoader(REPOSITORY / "asterisk-conf"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
        finalize=conf_value,
    )
    for template in environment.list_templates(extensions=["j2"]):
        path = folder / template.removesuffix(".j2")
        path.touch(mode=0o600)
        path.write_text(environment.get_template(template).render(known))


def conf_value(value: object) -> str:
    """A value as Asterisk's configuration reader gives it back. Raises SetupError for one that would break the line."""
    text = str(value)
    if any(not letter.isprintable() for letter in text):
        raise SetupError(f"{text!r} holds a line break or a control character: take it out")
    return text.replace(";", "\\;")


def replace_folder(fresh: Path, target: Path) -> None:
    """Put `fresh` where `target` is."""
    old = target.with_name(f"{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def link_data(layout: Layout) -> None:
    """Asterisk's data folder with its sounds and ours side by side."""
    data = layout.asterisk / "data"
    for part in ("documentation", "rest-api", "moh"):
        link(data / part, layout.root.data / part)
    link(data / "sounds" / "quietline", layout.prompts.absolute())
    link(data / "sounds" / RELEASES, (layout.state / "releases").absolute())
    for folder in languages(layout.root.sounds):
        # Debian names them en_US_f_Allison; what it links as "en" is made by a package script that never ran.
        link(data / "sounds" / folder.name.split("_")[0], folder)


def languages(sounds: Path) -> list[Path]:
    """The language folders among Asterisk's sounds, those named by two letters last."""
    found = (
        [path for path in sounds.iterdir() if path.is_dir() and re.fullmatch(r"[a-z]{2}(_.*)?", path.name)]
        if sounds.is_dir()
        else []
    )
    return sorted(found, key=lambda path: (len(path.name) == 2, path.name))


def link(path: Path, target: Path) -> None:
    """Have a link at `path` lead to `target`."""
    if path.is_symlink() and path.readlink() == target:
        return
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(path)  # a call may play from it at this moment


def write_wrapper(layout: Layout, language: str) -> None:
    """The script Asterisk runs when no engine answers.

    Asterisk tells a script of a hang-up by SIGHUP, which would end Python while it starts: ignored until the script handles it.
    """
    command = [*layout.fallback, str(layout.spool.absolute()), f"quietline/{language}"]
    wrapper = layout.asterisk / "agi-bin" / "quietline-fallback"
    write_script(wrapper, f"#!/bin/sh\ntrap '' HUP\nexec {shlex.join(command)}\n")


def write_script(path: Path, text: str) -> None:
    """Put a script there, whole: a call may run it at this moment."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_text(text)
    fresh.chmod(0o755)
    fresh.replace(path)


def keep_links(layout: Layout) -> Callable[[], None]:
    """What puts back the script and the prompts that calls without an engine meet now."""
    wrapper = layout.asterisk / "agi-bin" / "quietline-fallback"
    sounds = layout.asterisk / "data" / "sounds" / "quietline"
    script = wrapper.read_text() if wrapper.is_file() else None
    prompts = sounds.readlink() if sounds.is_symlink() else None

    def put_back() -> None:
        if script is not None:
            write_script(wrapper, script)
        if prompts is not None:
            link(sounds, prompts)

    return put_back
