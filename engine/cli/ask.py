"""Questions and orders to a running engine, over its control socket (engine/web/control.py tells which)."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

from engine.errors import SetupError, SiteError
from engine.pbx.render import run_folder

PATIENCE = 10.0


class NoEngine(SetupError):
    """No engine runs on this state."""


class SocketConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, patience: float) -> None:
        super().__init__("localhost", timeout=patience)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def control_socket(state: Path) -> Path:
    """Where an engine of this state listens for commands."""
    return run_folder(state) / "engine.sock"


def ask(
    state: Path, method: str, path: str, body: dict[str, Any] | None = None, patience: float = PATIENCE
) -> Any:
    """One question. Raises NoEngine, SiteError with a whole report, or SetupError with the engine's sentence."""
    connection = SocketConnection(control_socket(state), patience)
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        told = json.loads(answer.read())
    except TimeoutError:
        raise SetupError(
            f"the engine of {state} has not answered for {patience:g} s: look at its log, {state / 'log/engine.log'}"
        ) from None
    except (FileNotFoundError, ConnectionError, NotADirectoryError, http.client.HTTPException):
        raise NoEngine(f"no engine runs on {state}: start it with `quietline up --state {state}`") from None
    except PermissionError as error:
        raise SetupError(f"the engine of {state} belongs to another user: run this as that user") from error
    except ValueError:
        if answer.status >= 500:
            raise SetupError(
                f"the engine of {state} failed at what was asked ({method} {path}), by a fault of its own: "
                f"its log tells which, {state / 'log/engine.log'}"
            ) from None
        raise SetupError(
            f"the engine of {state} does not know what was asked ({method} {path}): "
            f"is it an older one? `quietline down --state {state}` and `up` start this one"
        ) from None
    except OSError as error:
        raise SetupError(f"the engine of {state} cannot be reached: {error.strerror or error}") from error
    finally:
        connection.close()
    if answer.status >= 400:
        raise (SiteError if answer.status == 409 else SetupError)(told["error"])
    return told


def answers(state: Path) -> bool:
    """Does an engine answer on this state?"""
    try:
        ask(state, "GET", "/status", patience=2)
    except NoEngine:
        return False
    except SetupError:
        return True
    return True
