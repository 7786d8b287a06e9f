"""`quietline draw`: a flow as a picture whose steps are links to their lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

from cyclopts import Parameter

from engine.cli.place import STATE, ReadSiteOption, StateOption, place_of
from engine.cli.site import no_flow
from engine.config import load_files
from engine.config.flowfile import read_flow
from engine.config.load import Loaded
from engine.config.report import Report, printable
from engine.draw import Picture, mermaid, picture, svg
from engine.errors import SetupError

FormatOption = Annotated[
    Literal["svg", "mermaid"], Parameter(help="A picture, or text that Markdown pages draw.")
]
OutputOption = Annotated[
    Path | None, Parameter(name=["--output", "-o"], help="The file to write; the screen if none is named.")
]
LinkOption = Annotated[
    str | None,
    Parameter(
        help="Address of the folder of flows, such as that of a repository's browser. "
        "If none is given, links lead from the picture to the flow's file."
    ),
]


def draw(
    flow: str,
    *,
    format: FormatOption = "svg",
    output: OutputOption = None,
    link: LinkOption = None,
    site: ReadSiteOption = None,
    state: StateOption = STATE,
) -> None:
    """Draw a flow: a box for each step, a line for each way a call can take, each a link to where it is written.

    Parameters
    ----------
    flow
        The flow's name.
    """
    folder = place_of(state, site).site
    address = _address(folder / f"{flow}.yaml", output, link)
    files = load_files(folder)
    language = _language(files, flow)
    drawn = _picture(files, flow, language, address)
    text = svg(drawn, language) if format == "svg" else mermaid(drawn)
    _write(text, output)


def _language(files: Loaded, flow: str) -> str:
    """The site's first language, or the flow's where that does not speak it."""
    flows, languages = files.snapshot.flows, files.snapshot.settings.languages
    if flow not in flows:
        raise SetupError(no_flow(flow, flows))
    spoken = flows[flow].languages
    return languages[0] if languages[0] in spoken else spoken[0]


def _picture(files: Loaded, flow: str, language: str, address: str) -> Picture:
    flows, settings = files.snapshot.flows, files.snapshot.settings
    file = read_flow(files.sources[flow], f"{flow}.yaml", settings.languages, Report())
    assert file is not None, "a flow that was loaded can be read"
    numbers = [number for number, to in settings.numbers.items() if to == flow]
    return picture(flows[flow], file, files.catalog, language, numbers, address)


def _address(path: Path, output: Path | None, link: str | None) -> str:
    """What links lead to, without the line: under the given address, or seen from where the picture will lie."""
    if link is None:
        start = output.absolute().parent if output else Path.cwd()
        return quote(Path(os.path.relpath(path, start)).as_posix())
    whole = printable(link) == link and not any(char.isspace() for char in link)
    if not whole or not _is_address(link):
        raise SetupError(
            f"{printable(link)!r} is no address for links: give a web address or a folder, without spaces"
        )
    return f"{link.rstrip('/')}/{quote(path.name)}" if link else quote(path.name)


def _is_address(link: str) -> bool:
    try:
        return urlsplit(link).scheme in ("", "http", "https")
    except ValueError:  # such as http://[
        return False


def _write(text: str, output: Path | None) -> None:
    """Write the picture, as UTF-8 whatever the terminal's encoding is."""
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        return
    try:
        output.write_bytes(text.encode())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SetupError(f"{output} cannot be written ({reason}): name another file with --output") from error
