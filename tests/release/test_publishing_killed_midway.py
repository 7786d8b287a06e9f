"""A command that is killed at any moment while it publishes leaves the old release or the new one, whole.

It is ended, without a chance to clean up, at one of the things it asks of the file system and the database; so many are tried, spread
over all of them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest
from short_prompts import short_prompts

from engine.core.release import following
from engine.release.live import known_releases, standing, write_down
from engine.release.shelf import Shelf

SITE = """
languages: [en]
prompts: ../prompts
numbers: { "100": line }
sites:
  here: { timezone: UTC, open: "Mon-Sun 00:00-24:00" }
"""
LINE = "flow: line\nsteps:\n  greeting:\n    - hangup: goodbye\n"
#: What counts as a moment: Python tells of each before it happens.
MOMENTS = ("open", "os.", "shutil.", "sqlite3.", "pathlib.")
TRIED = 24
KILLED = 9


def publish(site: Path, state: Path) -> None:
    """What the command does where no engine runs."""
    known = asyncio.run(known_releases(state))
    release = following(known, Shelf(state).keep(site), "mila", "", 1.0, str(site))
    asyncio.run(write_down(state, release))


def publish_until(site: Path, state: Path, last: int) -> tuple[bool, int]:
    """Publish in a process that ends at its `last` moment: whether it came to its end, and how many moments it had."""
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        seen = [0]

        def watch(event: str, _: object) -> None:
            if event.startswith(MOMENTS):
                seen[0] += 1
                if seen[0] == last:
                    os._exit(KILLED)

        sys.addaudithook(watch)
        publish(site, state)
        os.write(tell, str(seen[0]).encode())
        os._exit(0)
    os.close(tell)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    counted = os.read(told, 20)
    os.close(told)
    assert status in (0, KILLED)
    return status == 0, int(counted or 0)


@pytest.mark.timeout(240)
def test_a_killed_command_leaves_the_old_release_or_the_new_one(tmp_path: Path) -> None:
    prompts = short_prompts(tmp_path / "prompts")
    (prompts / "bg.yaml").unlink()  # the site speaks English; half the files, and the moments stand closer
    shutil.rmtree(prompts / "bg")
    site, before = tmp_path / "site", tmp_path / "before"
    site.mkdir()
    before.mkdir()
    (site / "site.yaml").write_text(SITE)
    (site / "line.yaml").write_text(LINE)
    publish(site, before)
    old = asyncio.run(known_releases(before))[-1].hash
    (site / "line.yaml").write_text(LINE.replace("goodbye", "message_thanks"))
    shutil.copytree(before, tmp_path / "whole")
    done, moments = publish_until(site, tmp_path / "whole", -1)
    new = asyncio.run(known_releases(tmp_path / "whole"))[-1].hash
    assert done and moments > 100 and new != old
    found = set()
    for last in sorted(
        {1 + n * moments // TRIED for n in range(TRIED)} | {moments + 1 - n for n in range(12)}
    ):
        state = tmp_path / str(last)
        shutil.copytree(before, state)
        publish_until(site, state, last)
        start = asyncio.run(standing(state, site))
        assert (start.release.number, start.release.hash) in ((1, old), (2, new)), last
        found.add(start.release.number)
        publish(site, state)
        assert asyncio.run(standing(state, site)).release.hash == new, last
        shutil.rmtree(state)
    assert found == {1, 2}, "the last one came to its end"
