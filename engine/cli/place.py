"""Where one Quietline lives: its state's folder, its site, its ports and addresses.

`quietline up` writes them to STATE/state.json, so that every later command needs only `--state`. What a command is given wins over what
the state remembers, and that over the defaults.
"""

from __future__ import annotations

import ipaddress
import json
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from cyclopts import Parameter

from engine.core.site import Settings
from engine.errors import SetupError
from engine.pbx.ports import Ports
from engine.pbx.render import Layout
from engine.pbx.root import Root
from engine.release.live import Standing
from engine.release.shelf import Shelf

LOOPBACK = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::")

StateOption = Annotated[Path, Parameter(help="Folder of the database, recordings, logs and run files.")]
SiteOption = Annotated[
    Path | None, Parameter(help="Folder of site.yaml and the flows; remembered. At first: ivr_flows.")
]
ReadSiteOption = Annotated[
    Path | None,
    Parameter(help="Folder of site.yaml and the flows, for this once; else the state's, else ivr_flows."),
]
PortsOption = Annotated[
    int | None,
    Parameter(
        name="--ports",
        help="Move every port: SIP BASE, ARI BASE+1, media +2, pages +3, AMI +4, voice from +100.",
    ),
]
BindOption = Annotated[
    str | None, Parameter(help="Address SIP listens at, 0.0.0.0 for all. At first: 127.0.0.1.")
]
PublicOption = Annotated[
    str | None,
    Parameter(help="Address that callers outside see, where a router or container stands between."),
]
PagesOption = Annotated[str | None, Parameter(help="Address the pages listen at. At first: 127.0.0.1.")]
PagesNameOption = Annotated[
    str | None,
    Parameter(
        help="Names the pages are opened by beside this machine's own, with commas between; '' for none."
    ),
]
JsonOption = Annotated[
    bool, Parameter(name="--json", negative="", help="JSON for programs instead of a table.")
]

STATE = Path("var")
SITE = Path("ivr_flows")


@dataclass(frozen=True, slots=True)
class Place:
    """One Quietline's folders, ports and addresses; paths are absolute."""

    state: Path
    site: Path
    ports: Ports = field(default_factory=Ports)
    bind: str = LOOPBACK
    public_address: str | None = None
    pages_address: str = LOOPBACK
    pages_name: str | None = None

    @property
    def sip(self) -> str:
        """Where a caller on this machine reaches us: address:port."""
        return joined(LOOPBACK if self.bind in EVERYWHERE else self.bind, self.ports.sip)

    @property
    def pages(self) -> str:
        """The pages' address for a browser on this machine."""
        address = LOOPBACK if self.pages_address in EVERYWHERE else self.pages_address
        return f"http://{joined(address, self.ports.pages)}/"

    @property
    def pages_names(self) -> tuple[str, ...]:
        """What the pages are called beside this machine's own names."""
        return tuple(name.strip() for name in (self.pages_name or "").split(",") if name.strip())

    @property
    def ari(self) -> str:
        """The private Asterisk's REST interface, without a path."""
        return f"http://{LOOPBACK}:{self.ports.ari}"

    @property
    def engine_log(self) -> Path:
        """What the engine in the background writes."""
        return self.state / "log" / "engine.log"


def layout_of(place: Place, start: Standing, root: Root) -> Layout:
    """Where the private Asterisk's things are for a release."""
    prompts = Shelf(place.state).of(start.release.hash) / "prompts"
    return Layout(
        place.state, root, place.ports, prompts, place.bind, place.public_address, music=start.music
    )


def sip_of(place: Place, settings: Settings) -> str:
    """Where a caller on this machine reaches this site; for an external Asterisk, SIP's own port on its host."""
    if settings.asterisk == "external":
        return joined(urlsplit(settings.external["url"]).hostname or LOOPBACK, 5060)
    return place.sip


def joined(address: str, port: int) -> str:
    """Address and port as one text."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def place_of(
    state: Path,
    site: Path | None = None,
    ports: int | None = None,
    bind: str | None = None,
    public_address: str | None = None,
    pages_address: str | None = None,
    pages_name: str | None = None,
) -> Place:
    """The place a command is about. Raises SetupError for ports that cannot be, or a state that cannot be read."""
    given = {
        "site": site.absolute() if site else None,
        "ports": Ports.from_base(ports) if ports is not None else None,
        "bind": bind,
        "public_address": public_address,
        "pages_address": pages_address,
        "pages_name": pages_name,
    }
    known = {"site": SITE.absolute(), **remembered(state)}
    return Place(
        state.absolute(), **{**known, **{key: value for key, value in given.items() if value is not None}}
    )


#: A name that can stand in DNS.
HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


def check_addresses(place: Place) -> None:
    """Raise SetupError, one sentence, for an address that nothing can listen at or be seen at."""
    for option, address in (("--bind", place.bind), ("--pages-address", place.pages_address)):
        if not is_ip(address):
            raise SetupError(
                f"{option} {address!r} is no IP address: write one of this machine's, or 0.0.0.0 for all of them"
            )
    for name in place.pages_names:
        if not HOST.fullmatch(name):
            raise SetupError(
                f"--pages-name {name!r} is no name that a page can be opened by: write it as in DNS, without http:// and port"
            )
    public = place.public_address
    if public and not is_ip(public) and not resolves(public):
        raise SetupError(
            f"--public-address {public!r} is neither an IP address nor a name that resolves: "
            "write the address that callers outside see, or '' for none"
        )


def is_ip(text: str) -> bool:
    """Is this an IP address?"""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def resolves(name: str) -> bool:
    """Does a host's name lead to an address now?"""
    try:
        return bool(HOST.fullmatch(name) and socket.getaddrinfo(name, None))
    except OSError:
        return False


def remembered(state: Path) -> dict[str, Any]:
    """What the state remembers; nothing where none was ever started. Raises SetupError when it cannot be read."""
    path = state / "state.json"
    try:
        told = json.loads(path.read_text())
        kept = {"site": Path(told["site"]), "ports": Ports(**told["ports"])}
        names = {known.name for known in fields(Place)} & told.keys() - {"state"} - kept.keys()
        if not all(isinstance(told[name], str | None) for name in names - {"ports"}):
            raise TypeError("an address is a text")
        return kept | {name: told[name] for name in names}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise SetupError(
            f"{path} cannot be read ({error.strerror}): run this as the user who started it"
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise SetupError(
            f"{path} is damaged: remove it, and name site and ports at the next start"
        ) from error


def keeping(state: Path) -> Callable[[], None]:
    """What puts back the memory the state has now: a start that fails leaves no trace in it."""
    path = state / "state.json"
    before = path.read_bytes() if path.exists() else None

    def put_back() -> None:
        with suppress(OSError):  # why the start failed is what has to be told
            if before is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != before:
                path.write_bytes(before)

    return put_back


def remember(place: Place) -> None:
    """Write the place to its state."""
    told = asdict(place) | {"site": str(place.site), "state": str(place.state)}
    draft = place.state / ".state.json.new"
    draft.write_text(json.dumps(told, indent=1) + "\n")
    draft.replace(place.state / "state.json")


def make_state(state: Path) -> None:
    """Make the state's folder. Raises SetupError with one sentence when it cannot be written in."""
    elsewhere = "choose another place with --state"
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        trial = state / ".trial"
        trial.touch()
        trial.unlink()
    except (FileExistsError, NotADirectoryError):
        raise SetupError(f"{state} cannot be a folder, there is a file in its way: {elsewhere}") from None
    except OSError as error:
        raise SetupError(f"{state} cannot be written ({error.strerror}): {elsewhere}") from error
