"""What must never be live: the shipped flows, broken in many ways, one at a time."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import SiteError
from engine.pbx.render import REPOSITORY
from engine.release.gate import tried

FLOWS = ("support", "sales", "renewals", "messages", "desk")
#: QUIETLINE_EDITS=200 tries as many.
EDITS = int(os.environ.get("QUIETLINE_EDITS", "80"))


def half_saved(text: str, chance: random.Random) -> str:
    """The file as an editor leaves it that was interrupted: it ends in the middle of an action."""
    ends = [found.end() for found in re.finditer(r"^    - \w", text, re.MULTILINE)]
    return text[: chance.choice(ends)]


def misspelt_action(text: str, chance: random.Random) -> str:
    """One action's name with two letters changed places."""
    found = chance.choice(list(re.finditer(r"^    - (\w)(\w)\w+:", text, re.MULTILINE)))
    return text[: found.start(1)] + "x" + found[2] + found[1] + text[found.end(2) :]


def lost_step(text: str, chance: random.Random) -> str:
    """A step renamed, and not where others lead to it."""
    found = chance.choice(list(re.finditer(r"^  (\w+):$", text, re.MULTILINE))[1:])
    return text[: found.start(1)] + f"{found[1]}_old" + text[found.end(1) :]


def unknown_prompt(text: str, chance: random.Random) -> str:
    """A prompt nobody has written."""
    found = chance.choice(list(re.finditer(r"^    - (?:say|menu|hangup): (\w+)", text, re.MULTILINE)))
    return text[: found.end(1)] + "_new" + text[found.end(1) :]


def tab(text: str, chance: random.Random) -> str:
    """A tab for the spaces before an action."""
    found = chance.choice(list(re.finditer(r"^    - ", text, re.MULTILINE)))
    return text[: found.start()] + "\t- " + text[found.end() :]


def twice(text: str, chance: random.Random) -> str:
    """A step that is there two times."""
    found = chance.choice(list(re.finditer(r"^  \w+:\n(?:    .*\n|\n)+", text, re.MULTILINE)))
    return text[: found.end()] + found[0] + text[found.end() :]


BREAKS: tuple[Callable[[str, random.Random], str], ...] = (
    half_saved,
    misspelt_action,
    lost_step,
    unknown_prompt,
    tab,
    twice,
)


@pytest.mark.timeout(600)
def test_no_broken_edit_passes(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "ivr_flows", tmp_path / "ivr_flows")
    (tmp_path / "prompts").symlink_to(REPOSITORY / "prompts")
    assert tried(tmp_path / "ivr_flows").cases > 40
    chance, passed = random.Random(2026), []
    for number in range(EDITS):
        breaks, name = BREAKS[number % len(BREAKS)], chance.choice(FLOWS)
        path = tmp_path / "ivr_flows" / f"{name}.yaml"
        before = path.read_text(encoding="utf-8")
        after = breaks(before, chance)
        assert after != before
        path.write_text(after, encoding="utf-8")
        try:
            tried(tmp_path / "ivr_flows")
            passed.append(f"{breaks.__name__} in {name}:\n{after}")
        except SiteError as error:
            assert f"{name}.yaml" in str(error)
        path.write_text(before, encoding="utf-8")
    assert passed == []
