"""The command line: one command each, one module for each family. A module is imported when its command is called.

start     up, down            the site in the background
serve     run                 the engine alone, in the foreground
floor     status, agent, reload     questions and orders to a running engine
records   contacts, trace     what the store remembers, also while no engine runs
site      check, explain, rehearse, prompts     the site's files
draw      draw                a flow's picture
machine   doctor
calls     load                SIPp calls against a running site
demo      demo
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version

import cyclopts

from engine.errors import EngineError, SetupError, WorldError
from engine.pbx.disk import no_room

#: Where each command is, and what `quietline --help` says of it (its own help says more).
COMMANDS = {
    "start:up": "Start Asterisk and the engine in the background.",
    "start:down": "End the calls, then both.",
    "floor:status": "Show addresses, queues, callers and agents.",
    "floor:agent": "Make an agent ready, pause them, or log them out.",
    "floor:reload": "Take the site as it is on disk.",
    "records:contacts": "List calls, one record each.",
    "records:trace": "Tell a call line by line.",
    "site:check": "Check the site's files.",
    "site:explain": "Say at length what a code of a report means.",
    "site:rehearse": "Walk a flow without telephony.",
    "draw:draw": "Draw a flow as a picture.",
    "site:prompts": "The recordings that callers hear.",
    "machine:doctor": "Look at this machine and say what to do.",
    "calls:load": "Place SIPp calls and compare them with the contact records.",
    "demo:demo": "Start everything, place five calls, and show what happens.",
    "serve:run": "Run the engine alone, in the foreground.",
}


def build() -> cyclopts.App:
    """The commands, none of them imported yet."""
    app = cyclopts.App(
        name="quietline",
        help="Callers dial in, YAML flows greet them, the quietest queue takes them, agents answer.",
        help_format="plaintext",
        version=lambda: version("quietline"),
    )
    for place, (command, about) in enumerate(COMMANDS.items()):
        name = command.partition(":")[2]
        app.command(f"engine.cli.{command}", name=name, help=about, sort_key=place)
    return app


def main() -> None:
    """The program: one command, and its exit status."""
    raise SystemExit(run(sys.argv[1:]))


def run(words: Sequence[str]) -> int:
    """Run one command, its exit status; what goes wrong is one clear text on stderr and status 1."""
    try:
        status: int | None = build()(words, result_action="return_value")
        sys.stdout.flush()
    except (EngineError, WorldError) as error:
        return complain(error)
    except BrokenPipeError:  # `quietline contacts | head`: the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if not (sentence := no_room(error)):
            raise
        return complain(SetupError(sentence))
    except KeyboardInterrupt:
        return 130
    return status or 0


def complain(error: Exception) -> int:
    """Say what went wrong; a report about the site's files speaks for itself."""
    text = str(error)
    sys.stdout.flush()
    print(text if "\n" in text else f"quietline: {text}", file=sys.stderr)
    return 1
