"""`quietline entitlement hash-pin`: PINs as they may stand in a source of customers."""

from __future__ import annotations

import getpass
import re
import sys

import cyclopts

from engine.cli.console import say
from engine.entitle.pins import hash_pin
from engine.errors import SetupError

entitlement = cyclopts.App(name="entitlement", help="Customers and their PINs.", help_format="plaintext")


@entitlement.command(name="hash-pin")
def hash_pins() -> None:
    """Turn a PIN into the hash to keep of it: asked for on a terminal, else one PIN a line from standard input.

    A PIN is never given as an argument, where other users of the machine and the shell's history would see it.
    """
    for number, pin in enumerate(given(), 1):
        say(hash_pin(checked(pin, number)))


def given() -> list[str]:
    """The PINs: one that is typed twice without being seen, or the lines of standard input. Raises SetupError for none."""
    try:
        if sys.stdin.isatty():
            pins = [getpass.getpass("PIN: ")]
            if getpass.getpass("The same again: ") != pins[0]:
                raise SetupError("the two PINs differ: nothing was made")
        else:
            pins = sys.stdin.read().splitlines()
    except EOFError:
        pins = []
    except UnicodeDecodeError as error:
        raise SetupError("standard input is no text: write one PIN a line") from error
    if not pins:
        raise SetupError("no PIN was given: type it, or write one a line to standard input")
    return pins


def checked(pin: str, line: int) -> str:
    """The PIN; raises SetupError for one that nobody can key in, without repeating it."""
    if not re.fullmatch(r"[0-9]{1,32}", pin):
        raise SetupError(f"line {line} is no PIN: write 1 to 32 digits and nothing else")
    return pin
