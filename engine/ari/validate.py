"""Does a request, a response or an event say what Asterisk's own description says it may?

Each check answers a list of sentences, empty when all is well, so that a test can show every fault at once. The
simulated Asterisk is held to these in both directions; the same checks run on what a real Asterisk sends. Where a real
Asterisk departs from its own description (`DEPARTURES`), the fact found on the wire counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from engine.ari.spec import MODELS, OPERATIONS
from engine.ari.swagger import Field, Model, Operation, Parameter

#: Fields a real Asterisk 22.10.1 leaves out or sends against its own description: (model, field) -> what it does.
DEPARTURES: Final[Mapping[tuple[str, str], str]] = {}

#: Statuses any operation may answer: a bad body, no password, a forbidden, unknown or unsupported thing, a failure.
COMMON_ERRORS: Final = frozenset({400, 401, 403, 405, 406, 413, 500, 501, 503})

_MODELS: Final = {model.name: model for model in MODELS}
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)")

_PLAIN: Final[Mapping[str, Callable[[Any], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "long": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "double": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "Date": lambda value: isinstance(value, str) and _DATE.fullmatch(value) is not None,
    "object": lambda value: isinstance(value, dict),
    "containers": lambda value: isinstance(value, dict),
}


def _by_shape() -> dict[tuple[str, int], list[tuple[Operation, list[str]]]]:
    """Every operation with the words of its template, by method and number of words."""
    found: dict[tuple[str, int], list[tuple[Operation, list[str]]]] = {}
    for op in OPERATIONS:
        words = op.path.strip("/").split("/")
        found.setdefault((op.method, len(words)), []).append((op, words))
    return found


_SHAPES: Final = _by_shape()


@lru_cache(maxsize=4096)
def operation(method: str, path: str) -> Operation | None:
    """The operation a request means, or None; a word of a template beats a parameter, as it does in Asterisk."""
    parts = path.strip("/").split("/")
    shaped = _SHAPES.get((method, len(parts)), [])
    fitting = [op for op, words in shaped if _fits(words, parts)]
    return min(fitting, key=lambda op: op.path.count("{"), default=None)


def path_values(op: Operation, path: str) -> dict[str, str]:
    """What the path says for the operation's parameters: {"channelId": "1700000000.1"}, decoded."""
    template = op.path.strip("/").split("/")
    pairs = zip(template, path.strip("/").split("/"), strict=True)
    return {name[1:-1]: unquote(value) for name, value in pairs if name.startswith("{")}


def check_request(
    method: str, path: str, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
) -> list[str]:
    """Every way in which a request is not one Asterisk describes."""
    op = operation(method, path)
    if op is None:
        return [f"{method} {path}: Asterisk has no such operation"]
    given = dict(query or {})
    faults = [fault for parameter in op.parameters for fault in _check_parameter(parameter, given, body)]
    known = {parameter.name for parameter in op.parameters if parameter.where == "query"}
    faults += [f"{name}: not a parameter" for name in given if name not in known]
    if body is not None and not any(parameter.where == "body" for parameter in op.parameters):
        faults.append("it takes no body")
    return [f"{op.id}: {fault}" for fault in faults]


def check_response(method: str, path: str, status: int, body: Any = None) -> list[str]:
    """Every way in which an answer is not one Asterisk describes for this request."""
    op = operation(method, path)
    if op is None:
        return (
            []
            if status == 404
            else [f"{method} {path}: Asterisk has no such operation, yet answers {status}"]
        )
    return [f"{op.id}: {fault}" for fault in _check_answer(op, status, body)]


def check_event(event: Mapping[str, Any]) -> list[str]:
    """Every way in which an event is not one Asterisk describes."""
    name = event.get("type")
    if not isinstance(name, str) or name not in _MODELS or not _descends(_MODELS[name], "Message"):
        return [f"{name!r}: not a type of event"]
    return [f"{name}{fault}" for fault in _check_model(name, event)]


def _fits(words: list[str], parts: list[str]) -> bool:
    return all(
        bool(part) if word[0] == "{" else word == part for word, part in zip(words, parts, strict=True)
    )


def _check_parameter(
    parameter: Parameter, query: Mapping[str, str], body: Mapping[str, Any] | None
) -> Iterator[str]:
    match parameter.where:
        case "query" if parameter.name in query:
            value = query[parameter.name]
            if not isinstance(value, str):
                yield f"{parameter.name}: {value!r} is not text, and a query holds only text"
            else:
                for one in value.split(",") if parameter.multiple else [value]:
                    yield from _check_value(parameter, one)
        case "query" if parameter.required:
            yield f"{parameter.name}: missing"
        case "body" if body is not None and parameter.type == "containers":
            yield from _check_variables(parameter, body)
        case "body" if body is None and parameter.required:
            yield f"{parameter.name}: missing"


def _check_value(parameter: Parameter, value: str) -> Iterator[str]:
    """One value of a query, against its type and what is allowed."""
    match parameter.type:
        case "int" | "long":
            if re.fullmatch(r"-?\d+", value) is None:
                yield f"{parameter.name}: {value!r} is not a whole number"
            elif parameter.minimum is not None and int(value) < parameter.minimum:
                yield f"{parameter.name}: {value} is below {parameter.minimum}"
        case "boolean" if value not in ("true", "false"):
            yield f"{parameter.name}: {value!r} is neither true nor false"
    if parameter.allowed and value not in parameter.allowed:
        yield f"{parameter.name}: {value!r} is none of {', '.join(parameter.allowed)}"


def _check_variables(parameter: Parameter, body: Mapping[str, Any]) -> Iterator[str]:
    """A body such as {"variables": {"NAME": "text"}}."""
    for name in body:
        if name != parameter.name:
            yield f"{name}: not a key of the body"
    values = body.get(parameter.name)
    if values is None:
        if parameter.required:
            yield f"{parameter.name}: missing from the body"
    elif parameter.name == "variables" and not (
        isinstance(values, dict) and all(isinstance(value, str) for value in values.values())
    ):
        yield f"{parameter.name}: not an object of texts"


def _check_answer(op: Operation, status: int, body: Any) -> Iterator[str]:
    if status >= 400:
        if status not in op.errors and status not in COMMON_ERRORS:
            yield f"{status}: not an error it announces"
        if not (isinstance(body, dict) and isinstance(body.get("message", body.get("error")), str)):
            yield f"{status}: its body does not say why: {body!r}"
    elif op.returns == "void":
        if body is not None or status != 204:
            yield f"{status}: it answers 204 and nothing else"
    elif op.returns != "binary":
        if status not in (200, 201):
            yield f"{status}: it answers 200 with {op.returns}"
        yield from (f"body{fault}" for fault in _check_type(op.returns, body))


# What is wrong with a value begins with its place inside what was checked (".caller.number: …"); a place is written only for a fault.


def _check_type(word: str, value: Any) -> list[str]:
    if (fits := _PLAIN.get(word)) is not None:
        return [] if fits(value) else [f": {value!r} is not of type {word}"]
    if not word.startswith("List["):
        return _check_model(word, value) if isinstance(value, Mapping) else [f": {value!r} is not a {word}"]
    if not isinstance(value, list):
        return [f": {value!r} is not a list"]
    inner = word[5:-1]
    return [f"[{index}]{fault}" for index, one in enumerate(value) for fault in _check_type(inner, one)]


def _check_model(model: str, value: Mapping[str, Any]) -> list[str]:
    known, faults = _fields(model), []
    for name, one in value.items():
        field = known.get(name)
        wrong = [f": not a field of {model}"] if field is None else _check_field(field, one)
        if wrong and not _departs(model, name):
            faults += [f".{name}{fault}" for fault in wrong]
    faults += [
        f".{name}: missing" for name in _required(model) if name not in value and not _departs(model, name)
    ]
    return faults


def _check_field(field: Field, value: Any) -> list[str]:
    faults = _check_type(field.type, value)
    if field.allowed and value not in field.allowed:
        faults.append(f": {value!r} is none of {', '.join(field.allowed)}")
    return faults


def _departs(model: str, field: str) -> bool:
    """Does a real Asterisk do otherwise than it says?"""
    return (model, field) in DEPARTURES


@lru_cache
def _fields(name: str) -> dict[str, Field]:
    """All fields of a model, its bases' first."""
    model = _MODELS[name]
    inherited = _fields(model.base) if model.base else {}
    return {**inherited, **{field.name: field for field in model.fields}}


@lru_cache
def _required(name: str) -> tuple[str, ...]:
    """The fields a model always has."""
    return tuple(field.name for field in _fields(name).values() if field.required)


def _descends(model: Model, name: str) -> bool:
    return model.base == name or (model.base is not None and _descends(_MODELS[model.base], name))
