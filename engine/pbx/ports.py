"""The ports one Quietline uses, and whether they are free.

Each site uses five ports and a range. `Ports.from_base(B)` moves them together, so several states run side by side:

    sip    B        UDP and TCP     phones and trunks
    ari    B + 1    TCP, loopback   Asterisk's REST interface
    media  B + 2    TCP, loopback   audio streams between Asterisk and the engine
    pages  B + 3    TCP             the engine's pages
    ami    B + 4    TCP, loopback   Asterisk's manager interface: which phones can be reached
    rtp    B + 100 … B + 4099, UDP  voice
"""

from __future__ import annotations

import contextlib
import random
import socket
from dataclasses import dataclass
from pathlib import Path

from engine.errors import PortTaken, SetupError

RTP_OFFSET = 100
RTP_PORTS = 4000


@dataclass(frozen=True, slots=True)
class Ports:
    """One site's ports; the RTP range includes both ends."""

    sip: int = 5060
    ari: int = 8088
    media: int = 8089
    pages: int = 8080
    rtp_first: int = 10000
    rtp_last: int = 13999
    ami: int = 5038

    @classmethod
    def from_base(cls, base: int) -> Ports:
        """All ports moved to `base`. Raises SetupError when the range does not fit between 1024 and 65535."""
        last = base + RTP_OFFSET + RTP_PORTS - 1
        if base < 1024 or last > 65535:
            highest = 65535 - (last - base)
            raise SetupError(f"--ports {base} does not fit: give a base between 1024 and {highest}")
        return cls(base, base + 1, base + 2, base + 3, base + RTP_OFFSET, last, base + 4)


@dataclass(frozen=True, slots=True)
class Need:
    """One port somebody wants: `kind` is "udp" or "tcp"."""

    port: int
    kind: str
    purpose: str


def needs(ports: Ports) -> tuple[Need, ...]:
    """Every single port that must be free before Asterisk and the engine start."""
    return (
        Need(ports.sip, "udp", "SIP"),
        Need(ports.sip, "tcp", "SIP"),
        Need(ports.ari, "tcp", "Asterisk's REST interface"),
        Need(ports.media, "tcp", "audio streams"),
        Need(ports.ami, "tcp", "Asterisk's manager interface"),
        Need(ports.pages, "tcp", "pages"),
    )


def asterisk_needs(ports: Ports) -> tuple[Need, ...]:
    """What Asterisk alone opens."""
    return tuple(need for need in needs(ports) if need.port in (ports.sip, ports.ari, ports.ami))


def check_free(
    ports: Ports,
    bind: str = "127.0.0.1",
    wanted: tuple[Need, ...] | None = None,
    pages_address: str = "127.0.0.1",
) -> None:
    """Raise SetupError, one sentence, for the first port that cannot be opened; `wanted` narrows it to some of them.

    It is a PortTaken where another program has the port.
    """
    listens = {"SIP": bind, "pages": pages_address}
    for need in needs(ports) if wanted is None else wanted:
        if (why := refusal(need, listens.get(need.purpose, "127.0.0.1"))) is not None:
            raise why


def free_ports(bind: str = "127.0.0.1") -> Ports:
    """Ports nobody uses now, each time others, so that two who look at the same moment rarely meet."""
    for base in random.sample(range(20000, 40000, 100), 50):
        with contextlib.suppress(SetupError):
            check_free(ports := Ports.from_base(base), bind)
            return ports
    raise SetupError("none of fifty ranges of ports is free: name one with --ports BASE")


def refusal(need: Need, address: str) -> SetupError | None:
    """Why this port cannot be opened, in one sentence; None when it can."""
    try:
        with open_socket(need.kind, address) as trial:
            trial.bind((address, need.port))
    except PermissionError:
        return SetupError(
            f"{need.kind.upper()} port {need.port}, wanted for {need.purpose}, needs more rights than this user has: "
            "choose ports above 1023 with --ports"
        )
    except OverflowError:
        return SetupError(
            f"{need.port}, wanted for {need.purpose}, is no port: choose one between 1 and 65535"
        )
    except OSError as error:
        if isinstance(error, socket.gaierror) or error.errno == 99:  # EADDRNOTAVAIL
            option = "--pages-address" if need.purpose == "pages" else "--bind"
            return SetupError(
                f"{address}, where {need.purpose} shall listen, is no address of this machine: correct {option}"
            )
        return PortTaken(
            f"{need.kind.upper()} port {need.port}, wanted for {need.purpose}, is in use{by_whom(need)}: "
            "stop that program, or move all ports with --ports BASE"
        )
    return None


def open_socket(kind: str, address: str) -> socket.socket:
    """A socket as Asterisk opens it: a TCP port that is merely closing down counts as free."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    trial = socket.socket(family, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    if kind == "tcp":
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return trial


def by_whom(need: Need) -> str:
    """Who has the port, as the end of a sentence, when /proc tells; otherwise an empty text."""
    inodes = socket_inodes(need)
    for process in Path("/proc").glob("[0-9]*") if inodes else ():
        if holds(process, inodes):
            return f" by {name_of(process)} (process {process.name})"
    return ""


def socket_inodes(need: Need) -> set[str]:
    """The kernel's numbers of the sockets bound to a port (for TCP, those that listen)."""
    found = set()
    for table in (Path("/proc/net") / need.kind, Path("/proc/net") / f"{need.kind}6"):
        for fields in rows(table):
            if int(fields[1].rpartition(":")[2], 16) == need.port and (
                need.kind == "udp" or fields[3] == "0A"
            ):
                found.add(fields[9])
    return found


def rows(table: Path) -> list[list[str]]:
    """One of /proc/net's socket tables, split into fields, without its heading."""
    try:
        return [line.split() for line in table.read_text().splitlines()[1:]]
    except OSError:
        return []


def holds(process: Path, inodes: set[str]) -> bool:
    """Has this process one of the sockets open? False also when we may not look."""
    try:
        entries = list((process / "fd").iterdir())
    except OSError:
        return False
    return any(socket_of(entry) in inodes for entry in entries)


def socket_of(entry: Path) -> str:
    """The kernel's number of the socket behind an open file; empty for anything else, or when it is closed meanwhile."""
    try:
        link = str(entry.readlink())
    except OSError:
        return ""
    return link[8:-1] if link.startswith("socket:[") else ""


def name_of(process: Path) -> str:
    """A process's name for people: its script or program without the loader before it."""
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return "another program"
    names = [Path(word.decode(errors="replace")).name for word in words if word and not word.startswith(b"-")]
    return next(
        (name for name in names if not name.startswith("ld-linux") and "linux-gnu" not in name),
        "another program",
    )
