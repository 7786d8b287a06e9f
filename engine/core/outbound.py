"""Who outside may be rung: only what `outbound` of site.yaml allows, through the trunk whose list allows it.

A number is dialled in one form: digits, with or without a `+` before them, at least 2 and at most 20. Spaces, dots, hyphens and brackets
within it are dropped; anything else means that it is no number. A pattern is such a number, or the beginning of one with a `*` behind it.
The first trunk in the order of the file whose list allows the number takes it; none, and nobody is rung.

`way_out` is the only place where a text becomes something that is dialled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.site import OutboundRule

_DROPPED = str.maketrans("", "", " .-()[]")
_NUMBER = re.compile(r"\+?[0-9]{2,20}")
_PATTERN = re.compile(r"\+?(?:[0-9]{2,20}|[0-9]{1,20}\*)")
ANY = "*"


@dataclass(frozen=True, slots=True)
class WayOut:
    """A number that may be rung, the trunk it is rung through, and the number shown there (None: no rule gives one)."""

    number: str
    trunk: str
    caller: str | None = None

    @property
    def endpoint(self) -> str:
        """What Asterisk is told to dial."""
        return f"PJSIP/{self.number}@trunk-{self.trunk}"


def dialable(text: str) -> str | None:
    """The number a text is, as it is dialled; None when it is no number."""
    number = text.translate(_DROPPED)
    return number if _NUMBER.fullmatch(number) else None


def is_pattern(text: str) -> bool:
    """Can this stand in a list of what is allowed?"""
    return _PATTERN.fullmatch(text) is not None


def covers(pattern: str, other: str) -> bool:
    """Does a pattern allow everything that another one (or a number) does?"""
    if pattern.endswith(ANY):
        return other.startswith(pattern.removesuffix(ANY))
    return other == pattern


def way_out(outbound: Mapping[str, OutboundRule], text: str) -> WayOut | None:
    """How a number is rung; None when it is none, or nobody may ring it."""
    number = dialable(text)
    if number is None:
        return None
    for rule in outbound.values():
        if any(covers(pattern, number) for pattern in rule.allow):
            return WayOut(number, rule.name, rule.caller)
    return None
