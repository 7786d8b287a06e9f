"""The command line: one command each, one module for each family. A module is imported when its command is called.

start     up, down            the site in the background
serve     run                 the engine alone, in the foreground
floor     status, agent     questions and orders to a running engine
publish   publish, rollback   what is live
watch     watch               every good save is live, for development
history   history, diff       what was live
override  override            opening hours, overridden by a person
report    report              figures from the log
simulate  simulate            days lived on a virtual clock
records   contacts, trace     what the store remembers, also while no engine runs
site      check, rehearse, prompts     the site's files
explaining    explain         a code of a report, or the choices made for a contact
hours     route, coverage     opening hours, looked through beforehand
cases     test                the site's cases
replaying replay              stored calls, walked again beside an edited site
draw      draw                a flow's picture
bulletin      bulletin        known outages
requests  requests, work-orders     what callers want, and what is done about it
callback  callback            callers who are to be rung back
entitlement   entitlement     customers' PINs as hashes
machine   doctor
calls     load                SIPp calls against a running site
demo      demo
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING

from engine.cli import interrupt
from engine.errors import EngineError, SetupError, WorldError

if TYPE_CHECKING:
    import cyclopts

#: Where each command is, and what `quietline --help` says of it (its own help says more).
COMMANDS = {
    "start:up": "Start Asterisk and the engine in the background.",
    "start:down": "End the calls, then both.",
    "floor:status": "Show addresses, queues, callers and agents.",
    "floor:agent": "Log an agent in or out, make them ready, pause them, or say what a conversation was about.",
    "override:override": "Say that a schedule is open or closed, whatever its calendar says.",
    "publish:publish": "Make the site's folder live: check, cases, switch.",
    "publish:rollback": "Make an earlier release live again, at once.",
    "watch:watch": "Publish every good save of the site's folder, for development.",
    "history:history": "List releases: what was live when, and by whose word.",
    "history:diff": "Show what differs between releases, or from the site's folder.",
    "records:contacts": "List calls, one record each.",
    "records:trace": "Tell a call line by line.",
    "report:report": "Count queues, agents, sites and calls: service levels, waits, occupancy.",
    "simulate:simulate": "Live days of calls on a virtual clock: what if there were two more agents?",
    "site:check": "Check the site's files.",
    "explaining:explain": "Say what a code of a report means, or why a call got its queue and agent.",
    "site:rehearse": "Walk a flow without telephony.",
    "hours:route": "Tell what would happen to a call at another time.",
    "hours:coverage": "Show when no queue of a group is open.",
    "cases:test": "Run the site's cases, without telephony.",
    "replaying:replay": "Show where stored calls would go another way now.",
    "draw:draw": "Draw a flow as a picture.",
    "site:prompts": "The recordings that callers hear.",
    "bulletin:bulletin": "Known outages that callers are told.",
    "requests:requests": "What callers want: list, show, change.",
    "requests:work-orders": "What is done about it: list, show, change, close.",
    "call:call": "Conversations in progress: hold, consult, conference, transfer, park.",
    "supervise:supervise": "Listen to a conversation, speak to its agent alone, or to both sides.",
    "callback:callback": "Callers who are to be rung back.",
    "entitlement:entitlement": "Customers and their PINs.",
    "machine:doctor": "Look at this machine and say what to do.",
    "calls:load": "Place SIPp calls and compare them with the contact records.",
    "demo:demo": "Start everything, place five calls, and show what happens.",
    "serve:run": "Run the engine alone, in the foreground.",
}


def build() -> cyclopts.App:
    """The commands, none of them imported yet."""
    from importlib.metadata import version

    import cyclopts

    app = cyclopts.App(
        name="quietline",
        help="Callers dial in, YAML flows greet them, the quietest queue takes them, agents answer.",
        help_format="plaintext",
        suppress_keyboard_interrupt=False,
        version=lambda: version("quietline"),
    )
    for place, (command, about) in enumerate(COMMANDS.items()):
        name = command.partition(":")[2]
        app.command(f"engine.cli.{command.replace('-', '_')}", name=name, help=about, sort_key=place)
    return app


def main() -> None:
    """The program: one command, and its exit status."""
    try:
        prepare(sys.argv[1:])
        status = run(sys.argv[1:])
        interrupt.end()
    except KeyboardInterrupt:
        status = 130
    raise SystemExit(status)


def prepare(words: Sequence[str]) -> None:
    """Import what the command needs."""
    families = {name: family for family, _, name in (command.partition(":") for command in COMMANDS)}
    import_module("cyclopts")
    if words and words[0] in families:
        import_module(f"engine.cli.{families[words[0]]}")
    interrupt.begin()


def run(words: Sequence[str]) -> int:
    """Run one command, its exit status; what goes wrong is one clear text on stderr and status 1 (2 for words it does not know)."""
    try:
        status = command(words)
        if sys.stdout is not None:  # it is closed where a script says >&-
            sys.stdout.flush()
    except (EngineError, WorldError) as error:
        return complain(error)
    except BrokenPipeError:  # `quietline contacts | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        return refused(error)
    return status


def command(words: Sequence[str]) -> int:
    """Run one command, its exit status; 2 and a sentence for words that make none."""
    import cyclopts

    from engine.cli.usage import sentence

    try:
        status: int | None = build()(
            words, result_action="return_value", exit_on_error=False, print_error=False
        )
    except cyclopts.CycloptsError as error:
        complain(SetupError(sentence(error)))
        return 2
    return status or 0


def refused(error: OSError) -> int:
    """Say what the machine refused, where no command had a better sentence; without a file's name it is a fault of ours."""
    from engine.pbx.disk import no_room

    sentence = no_room(error)
    if not sentence and error.filename is None:
        raise error
    try:
        sys.stdout.flush()
    except OSError:  # what stands in the buffer has nowhere to go
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    why = f"{error.filename} cannot be used ({error.strerror}): run this as its owner, or name another place"
    return complain(SetupError(sentence or why))


def complain(error: Exception) -> int:
    """Say what went wrong; a report about the site's files speaks for itself."""
    text = str(error)
    with suppress(OSError, AttributeError):  # there may be nowhere to write to
        sys.stdout.flush()
    print(text if "\n" in text else f"quietline: {text}", file=sys.stderr)
    return 1
