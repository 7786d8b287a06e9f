"""What may be named to Asterisk: prompts, endpoints and the pieces of a path.

Asterisk plays any file and even fetches URLs when a media name says so, and dials whatever a dial string says; none of
these may ever be made from what a caller sent. So names are held to short lists of harmless characters here, at the
last place before they leave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

from engine.errors import EngineError

#: A prompt or recording: a relative name, without dots, so that it can neither climb nor be a URL.
_NAMED: Final = re.compile(r"(?:sound|recording):[a-z0-9_-][a-z0-9_/-]*", re.IGNORECASE)
_TONE: Final = re.compile(r"tone:[a-z0-9][a-z0-9_;=-]*", re.IGNORECASE)
_ENDPOINT: Final = re.compile(r"[A-Za-z]+/[\w.@:;=+*#/\[\]~-]+", re.ASCII)
_NOT_A_NUMBER: Final = re.compile(r"[^0-9A-Za-z+*#._-]")
_RECORDING: Final = re.compile(r"[a-z0-9_-][a-z0-9_/-]*", re.IGNORECASE)


def media(uris: Iterable[str]) -> str:
    """A list of media for Asterisk; raises EngineError for what is not a prompt, a recording or a tone."""
    listed = tuple(uris)
    if not listed:
        raise EngineError("Nothing to play: the list of prompts is empty.")
    for uri in listed:
        if not (_NAMED.fullmatch(uri) or _TONE.fullmatch(uri)):
            raise EngineError(
                f"{uri!r} may not be played: write sound:, recording: or tone: and a relative name of letters, "
                "digits, _, - and /."
            )
    return ",".join(listed)


def endpoint(text: str) -> str:
    """A dial string such as PJSIP/anna; raises EngineError for what could mean more than that."""
    if not _ENDPOINT.fullmatch(text):
        raise EngineError(
            f"{text!r} may not be dialled: an endpoint is a technology, a slash and a plain name."
        )
    return text


def recording(name: str) -> str:
    """A recording's name; raises EngineError for one that could leave the folder of recordings."""
    if not _RECORDING.fullmatch(name):
        raise EngineError(f"{name!r} may not name a recording: use letters, digits, _, - and /.")
    return name


def arguments(values: Iterable[str]) -> str:
    """Arguments of the application as Asterisk takes them; raises EngineError for one that holds a comma."""
    listed = tuple(values)
    if any("," in value for value in listed):
        raise EngineError(f"An argument of the application cannot hold a comma: {listed!r}.")
    return ",".join(listed)


def caller(number: str) -> str:
    """A caller's number as an agent's phone may show it: what could mean more than a number is left out."""
    return _NOT_A_NUMBER.sub("", number)[:40]


def piece(text: str) -> str:
    """An id as one piece of a path; raises EngineError for an empty one, which would mean another operation."""
    if not text:
        raise EngineError("An id is empty; it would name everything instead of one thing.")
    return quote(text, safe="")
