"""How an action is told, read from the types of its class's fields: no verb is known here by name.

What leads to a step is told by where the step's name stands in the action:

    goto: StepName                     the verb itself            goto
    on_timeout: StepName | None        an option                  timeout
    choices: Mapping[Key, StepName]    a key the caller presses   1
    cases: Mapping[str, StepName]      any other entry            renewal
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from engine.config.kinds import spell
from engine.core import flow as f


class Sort(StrEnum):
    """What kind of thing leads a caller on; the first one tells most."""

    KEY = "key"
    CASE = "case"
    OPTION = "option"
    VERB = "verb"


def label(jump: f.Jump) -> str:
    """What leads there, in one word."""
    return jump.path[-1] if len(jump.path) > 1 else jump.path[0].removeprefix("on_")


def sort(action: f.Action, jump: f.Jump) -> Sort:
    """What kind of thing leads there."""
    name, *entry = jump.path
    if entry:
        hint = next(_given(hint) for field, hint in _typed(type(action)) if field.name == name)
        return Sort.KEY if f.Key in get_args(hint) else Sort.CASE
    return Sort.VERB if name == f.keyword(action) else Sort.OPTION


def prompts(action: f.Action) -> tuple[str, ...]:
    """The prompts that an action's keyword names."""
    field, hint = _typed(type(action))[0]
    value = getattr(action, field.name)
    if value is None or not _names(hint, f.PromptId):
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def argument(action: f.Action) -> str:
    """The keyword's own value as an admin writes it; empty where there is none."""
    field, hint = _typed(type(action))[0]
    return worded(hint, getattr(action, field.name))


def options(action: f.Action) -> str:
    """What else is set: options that neither lead anywhere nor name a prompt, and are not what they would be anyway."""
    told = [
        f"{field.name} {worded(hint, value)}"
        for field, hint in _typed(type(action))[1:]
        if not _names(hint, f.StepName)
        and not _names(hint, f.PromptId)
        and (value := getattr(action, field.name)) != _default(field)
    ]
    return ", ".join(told)


def worded(hint: Any, value: Any) -> str:
    """A value in the words of the flow: 90 seconds are 1m30s, a mapping is a list of its entries."""
    hint = _given(hint)
    inner = (*get_args(hint), Any, Any)
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case f.DigitRange(least, most):
            return f"{least}" if least == most else f"{least}-{most}"
        case int() | float() if hint in (f.Seconds, float):
            return spell(value)
        case Mapping():
            sign = " = " if inner[0] is f.Variable else " "
            return ", ".join(f"{worded(inner[0], k)}{sign}{worded(inner[1], v)}" for k, v in value.items())
        case str() | int() | float():
            return str(value)
        case Iterable():
            texts = [worded(inner[0], each) for each in value]
            return ", ".join(sorted(texts) if isinstance(value, frozenset) else texts)
        case _:
            return str(value)


def _names(hint: Any, wanted: Any) -> bool:
    """Whether a type is the wanted one or holds it."""
    return hint is wanted or any(_names(inner, wanted) for inner in get_args(hint))


def _given(hint: Any) -> Any:
    """A type without its `| None`."""
    if get_origin(hint) in (Union, types.UnionType):
        left = [inner for inner in get_args(hint) if inner is not type(None)]
        return left[0] if len(left) == 1 else hint
    return hint


def _default(field: Field[Any]) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _typed(cls: type[f.Action]) -> tuple[tuple[Field[Any], Any], ...]:
    """A class's fields with their types, in order."""
    hints = get_type_hints(cls)
    return tuple((field, hints[field.name]) for field in fields(cls))
