"""Passwords of ours: made once, kept in STATE/secrets.json, readable by nobody else."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import SetupError

SHORTEST = 20
AMI = {"ami_user": "quietline"}


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the engine proves itself to Asterisk with."""

    ari_user: str
    ari_password: str
    ami_user: str
    ami_password: str


def load_secrets(state: Path) -> Secrets:
    """This state's passwords; the first call makes them. Raises SetupError when the file is damaged."""
    path = state / "secrets.json"
    try:
        kept = json.loads(path.read_text())
        if "ami_user" not in kept:  # made before Quietline watched phones
            return write_secrets(path, Secrets(**kept, **AMI, ami_password=new_password()))
        return Secrets(**kept)
    except FileNotFoundError:
        return make_secrets(path)
    except OSError as error:
        raise SetupError(
            f"{path} cannot be read ({error.strerror}): run this as the user who started Quietline there"
        ) from error
    except (ValueError, TypeError) as error:
        raise SetupError(f"{path} is damaged: remove it, a new one is made at the next start") from error


def make_secrets(path: Path) -> Secrets:
    """Make and keep new passwords; two set-ups at the same moment end up with the same ones."""
    made = Secrets("quietline", new_password(), **AMI, ami_password=new_password())
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = drafted(path, made)
    try:
        os.link(draft, path)
    except FileExistsError:
        return load_secrets(path.parent)
    finally:
        draft.unlink()
    return made


def new_password() -> str:
    """A password nobody can guess."""
    return secrets.token_urlsafe(30)


def drafted(path: Path, made: Secrets) -> Path:
    """A file beside `path` that holds these passwords, readable by nobody else."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(made)))
    return draft


def write_secrets(path: Path, made: Secrets) -> Secrets:
    """Keep these in place of what was there."""
    drafted(path, made).replace(path)
    return made
