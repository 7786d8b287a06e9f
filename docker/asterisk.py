"""What the container with Asterisk runs: render the live release's configuration, then become Asterisk.

Ports, addresses and passwords go into the state that both containers share, where the engine finds them. ARI stays on
127.0.0.1: the containers share one network, as two programs on one machine do.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import Annotated, NoReturn

import cyclopts
from cyclopts import Parameter

from engine.cli import complain
from engine.cli.place import (
    SITE,
    STATE,
    PagesNameOption,
    Place,
    PortsOption,
    PublicOption,
    layout_of,
    make_state,
    remember,
)
from engine.errors import EngineError, SetupError
from engine.pbx.ports import Ports, asterisk_needs, check_free
from engine.pbx.process import asterisk_command, raise_open_files, remember_process
from engine.pbx.render import render
from engine.pbx.root import describe_root, find_root
from engine.release.live import standing

EVERYWHERE = "0.0.0.0"
#: A call uses two ports for the caller's voice and two for the agent's. Every one is published, and that costs a little each.
VOICE = "10000-10499"

VoiceOption = Annotated[str, Parameter(help="Voice's ports, FIRST-LAST, as published.")]


def main(
    *,
    ports: PortsOption = None,
    voice: VoiceOption = VOICE,
    public_address: PublicOption = None,
    pages_name: PagesNameOption = None,
) -> NoReturn:
    """Render, and become Asterisk."""
    try:
        command = prepared(place_here(ports, voice, public_address or None, pages_name or None))
    except EngineError as error:
        raise SystemExit(complain(error)) from error
    raise_open_files()
    os.execvp(command[0], command)


def place_here(
    ports: int | None, voice: str, public_address: str | None, pages_name: str | None = None
) -> Place:
    """This container's place. Raises SetupError for a range of ports that is none."""
    first, _, last = voice.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 1024 <= int(first) < int(last) <= 65535):
        raise SetupError(f"--voice {voice!r} is no range of ports: write 10000-10499")
    base = Ports.from_base(ports) if ports is not None else Ports()
    moved = replace(base, rtp_first=int(first), rtp_last=int(last))
    return Place(STATE.absolute(), SITE.absolute(), moved, EVERYWHERE, public_address, EVERYWHERE, pages_name)


def prepared(place: Place) -> list[str]:
    """Write all that Asterisk and the engine read; the command line that starts Asterisk."""
    make_state(place.state)
    start = asyncio.run(standing(place.state, place.site))
    settings = start.files.snapshot.settings
    if settings.asterisk != "private":
        raise SetupError("site.yaml says `asterisk: external`: leave this container out, or write `private`")
    root = find_root()
    check_free(place.ports, place.bind, asterisk_needs(place.ports))
    layout = layout_of(place, start, root)
    render(settings, layout)
    describe_root(root, layout.asterisk / "root.json")
    remember(place)
    remember_process("asterisk", place.state, os.getpid())
    return asterisk_command(layout)


if __name__ == "__main__":
    cyclopts.run(main)
