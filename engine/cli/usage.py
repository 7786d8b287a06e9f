"""What is wrong with a command line, in one sentence that says what to write."""

from __future__ import annotations

from typing import Literal, get_args, get_origin

import cyclopts
from cyclopts import Argument

from engine.config.report import printable

KINDS = {int: "a whole number", float: "a number"}


def sentence(error: cyclopts.CycloptsError) -> str:
    """What is wrong, and what to write. Whatever has no sentence here keeps the parser's own."""
    command = " ".join(("quietline", *(error.command_chain or ())))
    return f"{printable(wrong(error))}: {mend(error, command)}"


def wrong(error: cyclopts.CycloptsError) -> str:
    """What is wrong."""
    match error:
        case cyclopts.UnusedCliTokensError():
            words = error.unused_tokens or ()
            return f"{' '.join(map(repr, words))} {'is' if len(words) == 1 else 'are'} not wanted here"
        case cyclopts.MissingArgumentError(argument=Argument() as argument):
            return (
                f"{name_of(argument)} needs a value" if error.keyword else f"{name_of(argument)} is missing"
            )
        case cyclopts.RepeatArgumentError():
            return f"{error.token.keyword or 'an option'} is given twice"
        case cyclopts.UnknownOptionError():
            return f"there is no option {error.token.keyword or error.token.value}"
        case cyclopts.UnknownCommandError():
            return f"there is no command {(error.unused_tokens or ['of this name'])[0]!r}"
        case cyclopts.CoercionError(argument=Argument() as argument) if error.token is not None:
            value = error.token.value
            if error.target_type is bool:
                return f"{name_of(argument)} takes no value such as {value!r}"
            return f"{name_of(argument)} {value!r} is not {wanted(error.target_type)}"
        case _:
            return " ".join(str(error).split()).rstrip(".")


def mend(error: cyclopts.CycloptsError, command: str) -> str:
    """What to write."""
    more = f"`{command} --help` tells what is known"
    near = str(error).partition("Did you mean ")[2].partition("?")[0].strip("\"'")
    match error:
        case cyclopts.UnusedCliTokensError():
            return f"leave {'it' if len(error.unused_tokens or ()) == 1 else 'them'} out; {more}"
        case cyclopts.MissingArgumentError(argument=Argument() as argument):
            name = name_of(argument)
            shown = f"{name} {name.strip('-').upper().replace('-', '_')}" if error.keyword else name
            known = f", {name} {wanted(argument.hint)}" if get_origin(argument.hint) is Literal else ""
            return f"write `{command} {'… ' * bool(argument.index)}{shown}`{known}; {more}"
        case cyclopts.RepeatArgumentError():
            return "write it once"
        case _ if near:
            return f"did you mean {near}? {more}"
        case _:
            return more


def name_of(argument: Argument) -> str:
    """An option as it is typed; a word without one in capitals."""
    placed = argument.index is not None
    return argument.name.lstrip("-").upper() if placed else argument.name


def wanted(kind: object) -> str:
    """What a value should be."""
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    return KINDS.get(kind, "understood") if isinstance(kind, type) else "understood"
