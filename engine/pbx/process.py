"""Asterisk and the engine in the background: started detached, found again, stopped.

A process is remembered as STATE/NAME.pid: its id and the moment the kernel started it. Ids are used again after a while, so
only a process with both the same is ours to stop. Where that file is gone or wrong, `engine.pbx.found` looks for it in other
ways, and it is remembered again. Asterisk counts as started when its REST interface answers *our* password
(another Asterisk on that port does not) and its log holds no error.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.core.site import Settings
from engine.errors import SetupError
from engine.pbx.found import found
from engine.pbx.ports import asterisk_needs, check_free
from engine.pbx.render import Layout, keep_links, render, replace_folder
from engine.pbx.secrets import load_secrets

START_DEADLINE = 30.0
STOP_DEADLINE = 10.0
POLL = 0.02
RELOAD_PATIENCE = 10.0
PURPOSE = {"asterisk": "Asterisk", "engine": "the engine"}


@dataclass(frozen=True, slots=True)
class Process:
    """A process of ours: its id and when it started, in the kernel's ticks since boot."""

    pid: int
    started: int


def started_at(pid: int) -> int | None:
    """When a living process started, in ticks since boot; None when it is gone or only waits to be collected."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    # Until its last thread has ended, a killed process looks like gone and still holds its ports.
    threads, started = int(fields[16]), int(fields[18])
    return None if state in "ZX" and threads <= 1 else started


def pid_file(name: str, state: Path) -> Path:
    """Where a process is remembered."""
    return state / f"{name}.pid"


def running(name: str, state: Path) -> Process | None:
    """Our process of this name, if it lives; where its pid file does not tell, it is looked for and remembered again."""
    process = remembered(name, state)
    if process is not None and started_at(process.pid) == process.started:
        return process
    pid = found(name, state)
    if not pid or (started := started_at(pid)) is None:
        return None
    with contextlib.suppress(OSError):  # whoever may not write here may still be told
        return remember_process(name, state, pid)
    return Process(pid, started)


def remembered(name: str, state: Path) -> Process | None:
    """What the pid file says, true or not."""
    try:
        return Process(**json.loads(pid_file(name, state).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def start_detached(
    name: str, argv: list[str], state: Path, log: Path, environment: dict[str, str] | None = None
) -> Process:
    """Start a program in a session of its own, its output in `log`, with as many open files as this user may have."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
            preexec_fn=raise_open_files,
        )
    child.returncode = 0  # it outlives us on purpose: subprocess shall not warn about it
    return remember_process(name, state, child.pid)


def remember_process(name: str, state: Path, pid: int) -> Process:
    """Write down that this process is ours."""
    process = Process(pid, started_at(pid) or 0)
    draft = pid_file(name, state).with_suffix(f".pid.{os.getpid()}")
    draft.write_text(json.dumps(asdict(process)))
    draft.replace(pid_file(name, state))
    return process


def raise_open_files() -> None:
    """Raise the soft limit of open files to the hard one: the usual 1024 are used up at about 200 calls."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def stop(name: str, state: Path, deadline: float = STOP_DEADLINE) -> bool:
    """Stop our process of this name: politely, then by force. False when none was running."""
    process = running(name, state)
    if process is None:
        forget(name, state)
        return False
    what = f"{PURPOSE.get(name, name)} (process {process.pid})"
    for word, patience in ((signal.SIGTERM, deadline), (signal.SIGKILL, deadline)):
        try:
            os.kill(process.pid, word)
        except ProcessLookupError:
            pass
        except PermissionError:
            raise SetupError(f"{what} belongs to another user: run this as that user") from None
        if wait_until(lambda: gone(process), patience):
            forget(name, state)
            return True
    raise SetupError(f"{what} does not end: look at it with `ps -p {process.pid}`")


def forget(name: str, state: Path) -> None:
    """Remove the pid file. Raises SetupError where this user may not."""
    try:
        pid_file(name, state).unlink(missing_ok=True)
    except NotADirectoryError:
        raise SetupError(f"{state} is no folder: name the folder of a state with --state") from None
    except OSError as error:
        raise SetupError(
            f"{state} cannot be read and written ({error.strerror}): run this as the user who started Quietline there"
        ) from error


def gone(process: Process) -> bool:
    """Has it ended? Collects it when it is our own child."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    return started_at(process.pid) != process.started


def wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Wait until `done` says so; False when the time is up."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        time.sleep(POLL)
    return True


def start_asterisk(layout: Layout, deadline: float = START_DEADLINE) -> Process:
    """Start this state's Asterisk, rendered before, and wait until it takes calls. Raises SetupError with what its log says.

    It is a PortTaken where another program took a port after the look at them.
    """
    if (process := running("asterisk", layout.state)) is not None:
        return process
    check_free(layout.ports, layout.bind, asterisk_needs(layout.ports))
    messages = layout.asterisk / "log" / "messages"
    before = messages.stat().st_size if messages.exists() else 0
    console = layout.asterisk / "log" / "console"
    process = start_detached("asterisk", asterisk_command(layout), layout.state, console)
    up = wait_until(lambda: gone(process) or ari_answers(layout), deadline) and not gone(process)
    why = errors_in(messages, before)
    if up and not why:
        return process
    stop("asterisk", layout.state)
    check_free(layout.ports, layout.bind, asterisk_needs(layout.ports))
    how = "started with an error" if up else "does not start"
    raise SetupError(f"Asterisk {how}: {why or last_lines(console)}. Its log is {messages}")


def asterisk_command(layout: Layout) -> list[str]:
    """The command line of Asterisk in the foreground."""
    configuration = (layout.asterisk / "etc" / "asterisk.conf").absolute()
    return layout.root.command("asterisk", "-C", str(configuration), "-f", "-n", "-g")


def ari_answers(layout: Layout) -> bool:
    """Does the Asterisk on our port take our password, and has it finished starting?"""
    return ask_ari(layout.state, layout.ports.ari, "GET", "info?only=status") == 200


def ask_ari(state: Path, port: int, method: str, path: str, patience: float = 2.0) -> int | None:
    """What the Asterisk on a port of this machine answers to this state's password; None where nobody answers."""
    secrets = load_secrets(state)
    token = base64.b64encode(f"{secrets.ari_user}:{secrets.ari_password}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/ari/asterisk/{path}",
        headers={"Authorization": f"Basic {token}"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=patience) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None


def errors_in(log: Path, offset: int) -> str:
    """The last error lines written after `offset`, without time and thread; empty when there are none."""
    if not log.exists():
        return ""
    with log.open(errors="replace") as lines:
        lines.seek(offset)
        errors = [line.partition(": ")[2].strip() for line in lines if "] ERROR[" in line]
    return "; ".join(list(dict.fromkeys(errors))[-3:]).rstrip(".")


def last_lines(log: Path) -> str:
    """The end of what a program printed."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "; ".join(line.strip() for line in lines[-3:]) or "it printed nothing"


def refresh_asterisk(settings: Settings, layout: Layout) -> bool:
    """Render again, and have a running Asterisk read what has changed; False when nothing has.

    Raises SetupError when Asterisk does not take it; then its files, and what it has read, are those of before.
    """
    etc, kept = layout.asterisk / "etc", layout.asterisk / "etc.before"
    shutil.rmtree(kept, ignore_errors=True)
    try:
        shutil.copytree(etc, kept)
        return _refresh(settings, layout, etc, kept)
    finally:
        shutil.rmtree(kept, ignore_errors=True)


def _refresh(settings: Settings, layout: Layout, etc: Path, kept: Path) -> bool:
    put_back = keep_links(layout)
    try:
        render(settings, layout)
        if texts(etc) == texts(kept):
            return False
        reload_asterisk(layout)
    except (SetupError, OSError):
        replace_folder(kept, etc)
        put_back()
        with contextlib.suppress(SetupError):  # the first refusal is the one to tell
            reload_asterisk(layout)
        raise
    return True


def texts(folder: Path) -> dict[str, str]:
    """Every file below a folder, by its name in it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_text() for path in files}


def reload_asterisk(layout: Layout) -> None:
    """Have a running Asterisk read its rendered phones, trunks, music and dialplan again; calls go on.

    Over ARI, because Asterisk's own command line is not there where it runs in a container. Raises SetupError.
    """
    for module in ("res_pjsip.so", "res_musiconhold.so", "pbx_config.so"):
        status = ask_ari(layout.state, layout.ports.ari, "PUT", f"modules/{module}", RELOAD_PATIENCE)
        if status != 204:
            raise SetupError(
                f"Asterisk has not read {module} again ({status or 'no answer'}): look at {layout.asterisk / 'log/messages'}"
            )
