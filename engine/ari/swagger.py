"""Asterisk's own description of ARI, read from the files it ships, as frozen facts.

Asterisk describes every REST operation and every event in `usr/share/asterisk/rest-api/*.json` (Swagger 1.1).
We keep what a program can act on (names, types, what is required, which values are allowed, which errors are
announced) and leave the prose. A type is a word: string, int, long, double, boolean, Date, object, containers,
void, binary, the name of a model, or `List[...]` of one of these.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import SetupError


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation: `where` is path, query or body; `multiple` takes a list with commas."""

    name: str
    where: str
    type: str
    required: bool = False
    multiple: bool = False
    allowed: tuple[str, ...] = ()
    minimum: int | None = None
    default: str | int | bool | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One REST operation; `id` is resource.nickname, `path` a template such as /channels/{channelId}/play."""

    id: str
    method: str
    path: str
    returns: str
    errors: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model or event."""

    name: str
    type: str
    required: bool = False
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A JSON object Asterisk sends; it also has the fields of its `base`, and of its base's base."""

    name: str
    base: str | None = None
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Spec:
    """Everything one Asterisk says about its ARI; models stand in the order in which it lists them."""

    version: str
    operations: tuple[Operation, ...]
    models: tuple[Model, ...]


def read(root: Path) -> Spec:
    """Read the description that lies under an Asterisk's root folder; SetupError when there is none."""
    sources = [json.loads(path.read_text()) for path in description_files(root)]
    models = {name: body for source in sources for name, body in source.get("models", {}).items()}
    bases = {sub: name for name, body in models.items() for sub in body.get("subTypes", ())}
    return Spec(
        version=version(root),
        operations=tuple(op for source in sources for op in _operations(source)),
        models=tuple(_model(name, body, bases) for name, body in models.items()),
    )


def description_files(root: Path) -> list[Path]:
    """The description's files, one for each resource, sorted by name."""
    folder = root / "usr/share/asterisk/rest-api"
    files = sorted(path for path in folder.glob("*.json") if path.name != "resources.json")
    if not files:
        raise SetupError(
            f"{folder} holds no description of ARI; name the folder Asterisk is installed under."
        )
    return files


def version(root: Path) -> str:
    """The version of the Asterisk under `root`, such as 22.10.1: it is asked, through its root's own loader."""
    program = root / "usr/sbin/asterisk"
    loader = next(root.glob("usr/lib*/ld-linux*.so*"), None)
    libraries = next((path.parent for path in root.glob("usr/lib/*/libc.so.6")), None)
    own = root != Path("/") and loader is not None and libraries is not None
    command = [str(loader), "--library-path", str(libraries), str(program)] if own else [str(program)]
    try:
        said = subprocess.run([*command, "-V"], capture_output=True, text=True, check=True, timeout=20).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise SetupError(f"{program} does not tell its version ({error}); is it installed whole?") from error
    found = re.search(r"\d+(\.\d+)+", said)
    if found is None:
        raise SetupError(f"{program} -V says {said.strip()!r}, which holds no version number.")
    return found[0]


def _operations(source: dict[str, Any]) -> Iterator[Operation]:
    resource = re.sub(r".*/|\..*", "", source["resourcePath"])
    for api in source["apis"]:
        for op in api.get("operations", ()):
            yield Operation(
                id=f"{resource}.{op['nickname']}",
                method=op["httpMethod"],
                path=api["path"],
                returns=op["responseClass"],
                errors=tuple(sorted({int(error["code"]) for error in op.get("errorResponses", ())})),
                parameters=tuple(_parameter(one) for one in op.get("parameters", ())),
            )


def _parameter(source: dict[str, Any]) -> Parameter:
    values = source.get("allowableValues", {})
    return Parameter(
        name=source["name"],
        where=source["paramType"],
        type=source["dataType"],
        required=bool(source.get("required")),
        multiple=bool(source.get("allowMultiple")),
        allowed=tuple(values.get("values", ())),
        minimum=values.get("min"),
        default=source.get("defaultValue"),
    )


def _model(name: str, body: dict[str, Any], bases: dict[str, str]) -> Model:
    fields = tuple(
        Field(
            name=field,
            type=facts["type"],
            required=bool(facts.get("required")),
            allowed=tuple(facts.get("allowableValues", {}).get("values", ())),
        )
        for field, facts in body["properties"].items()
    )
    return Model(name, bases.get(name), fields)
