"""What is wrong with a command line, in one sentence that says what to write."""

from __future__ import annotations

import re
import shlex
from typing import Literal, get_args, get_origin

import cyclopts
from cyclopts import Argument

from engine.config.report import printable

#: Letters of a command that are repeated to its author.
LONGEST = 60
KINDS = {int: "a whole number", float: "a number"}


def sentence(error: cyclopts.CycloptsError) -> str:
    """What is wrong, and what to write. Whatever has no sentence here keeps the parser's own."""
    command = " ".join(("quietline", *(error.command_chain or ())))
    return f"{printable(wrong(error))}: {printable(mend(error, command))}"


def wrong(error: cyclopts.CycloptsError) -> str:
    """What is wrong."""
    match error:
        case cyclopts.UnusedCliTokensError():
            words = error.unused_tokens or ()
            return f"{' '.join(map(repr, words))} {'is' if len(words) == 1 else 'are'} not wanted here"
        case cyclopts.MissingArgumentError(argument=Argument() as argument):
            if (value := looks_negative(error)) is not None:
                return f"{name_of(argument)} {value!r} is below zero"
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
            if looks_negative(error) is not None:
                return f"write it without the -; {more}"
            placed = argument.index is not None
            shown = name if placed else f"{name} {name.strip('-').upper().replace('-', '_')}"
            known = f", {name} {wanted(argument.hint)}" if get_origin(argument.hint) is Literal else ""
            others = "… " if placed and argument.index else "" if error.keyword else said(error)
            return f"write `{command} {others}{shown}`{known}; {more}"
        case cyclopts.RepeatArgumentError():
            return "write it once"
        case _ if near:
            return f"did you mean {near}? {more}"
        case _:
            return more


def said(error: cyclopts.MissingArgumentError) -> str:
    """What stands behind the command already, and a space; shortened where it is long."""
    words = (error.root_input_tokens or [])[len(error.command_chain or ()) :]
    text = shlex.join(words) + " " if words else ""
    return text if len(text) <= LONGEST else "… "


def looks_negative(error: cyclopts.MissingArgumentError) -> str | None:
    """The value that an option has all the same, where it was taken for an option itself: -5s."""
    given = error.root_input_tokens or []
    after = given[given.index(error.keyword) + 1 :] if error.keyword in given else []
    return after[0] if after and re.fullmatch(r"-\.?[0-9].*", after[0]) else None


def name_of(argument: Argument) -> str:
    """An option as it is typed; a word without one in capitals."""
    placed = argument.index is not None
    return argument.name.lstrip("-").upper() if placed else argument.name


def wanted(kind: object) -> str:
    """What a value should be."""
    if get_origin(kind) is Literal:
        return f"one of {', '.join(map(str, get_args(kind)))}"
    return KINDS.get(kind, "understood") if isinstance(kind, type) else "understood"
