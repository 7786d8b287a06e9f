"""Skills with levels, as plain sets: whoever has a skill at level 3 has it at 1 and 2, too.

Level 1 is the skill's bare name, level n above it `name:n`. An agent's set holds every level up to theirs, a caller's set the one
wanted; so who can take whom is asked as for skills without levels: is the one set within the other?
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def at_level(name: str, level: int) -> str:
    """A skill at a level, from 1."""
    return name if level == 1 else f"{name}:{level}"


def held(levels: Mapping[str, int]) -> frozenset[str]:
    """All that an agent with these levels has."""
    return frozenset(at_level(name, n) for name, level in levels.items() for n in range(1, level + 1))


def wanted(levels: Mapping[str, int]) -> tuple[str, ...]:
    """What a caller who needs these levels needs, in order."""
    return tuple(at_level(name, level) for name, level in levels.items())


def levels(skills: Iterable[str]) -> dict[str, int]:
    """The highest level of each skill."""
    found: dict[str, int] = {}
    for skill in skills:
        name, _, level = skill.partition(":")
        found[name] = max(found.get(name, 0), int(level or 1))
    return dict(sorted(found.items()))


def told(skills: Iterable[str]) -> list[str]:
    """The highest level of each skill, as text."""
    return [at_level(name, level) for name, level in levels(skills).items()]
