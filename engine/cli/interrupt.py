"""Ctrl-C before a command has begun: status 130 and not a word. `engine.cli` imports this before anything that takes time.

While modules are imported there is nothing to clean up, and a KeyboardInterrupt there would be a traceback.
"""

from __future__ import annotations

import os
import signal
import sys

#: Is this the program (not a test that imports it), and may Ctrl-C end it (not where a script has it in the background)?
OURS = (
    sys.argv[0].rpartition("/")[2] in ("quietline", "-m")
    and signal.getsignal(signal.SIGINT) is signal.default_int_handler
)
if OURS:
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))


def begin() -> None:
    """A command begins: from now on Ctrl-C is an exception, so that it can clean up behind itself."""
    if OURS:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def end() -> None:
    """All is said: only the interpreter's own end is left, and that is not to be interrupted."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
