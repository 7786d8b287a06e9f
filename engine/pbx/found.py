"""Our processes found without their pid file: one that was removed or overwritten leaves them running all the same.

1. Whoever listens at a control socket of the state is ours: the kernel names its process.
2. So is a process whose command line names the state: Asterisk by its configuration, the engine by `run` and --state.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

from engine.pbx.render import run_folder

SOCKETS = {"asterisk": "asterisk.ctl", "engine": "engine.sock"}
#: What the kernel tells of the other end of a Unix socket: process, user, group.
PEER = struct.Struct("3i")


def found(name: str, state: Path) -> int | None:
    """The process id of this state's Asterisk or engine; None when none is seen. Says nothing of other names."""
    if name not in SOCKETS:
        return None
    seen = listener(control_socket(name, state)) or next(named(name, state), None)
    return seen if seen != os.getpid() else None  # whoever asks is not to be ended


def control_socket(name: str, state: Path) -> Path:
    """Where this state's Asterisk or engine takes orders."""
    return run_folder(state) / SOCKETS[name]


def listener(path: Path) -> int | None:
    """Who listens at a Unix socket: a process id, 0 where it cannot be seen from here; None when nobody does."""
    with socket.socket(socket.AF_UNIX) as trial:
        trial.settimeout(1)
        try:
            trial.connect(str(path))
            return int(PEER.unpack(trial.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, PEER.size))[0])
        except OSError:
            return None


def named(name: str, state: Path) -> Iterator[int]:
    """Processes whose command line says that they are this state's, the lowest id first."""
    whose = says_asterisk if name == "asterisk" else says_engine
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        if whose(process, words(process), state):
            yield int(process.name)


def words(process: Path) -> list[str]:
    """A process's command line; empty when it is gone or only waits to be collected."""
    try:
        return (process / "cmdline").read_bytes().decode(errors="surrogateescape").split("\0")[:-1]
    except OSError:
        return []


def says_asterisk(process: Path, argv: list[str], state: Path) -> bool:
    """Is this Asterisk itself (-f; its command line for people has -r) with this state's configuration?"""
    configuration = after("-C", argv)
    return (
        configuration is not None
        and "-f" in argv
        and same(process, configuration, state / "asterisk/etc/asterisk.conf")
    )


def says_engine(process: Path, argv: list[str], state: Path) -> bool:
    """Is this `quietline run` on this state?"""
    ours = any(word == "engine.cli" or Path(word).name == "quietline" for word in argv[:4])
    return ours and "run" in argv and same(process, after("--state", argv) or "var", state)


def after(option: str, argv: list[str]) -> str | None:
    """What a command line says behind an option; None when it does not have it."""
    for word, following in zip(argv, [*argv, ""][1:], strict=True):
        if word == option:
            return following
        if word.startswith(f"{option}=") and option.startswith("--"):
            return word.partition("=")[2]
    return None


def same(process: Path, path: str, wanted: Path) -> bool:
    """Does a path, as a process says it, lead where ours does?"""
    try:
        return ((process / "cwd").readlink() / path).resolve() == wanted.resolve()
    except (OSError, ValueError):
        return False
