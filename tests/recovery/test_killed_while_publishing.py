"""kill -9 of the engine while it publishes: it starts with the old release or the new one, and the calls in it go on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from recovery_site import ROOT, calls, on_record, phones, quietline, up

from engine.cli.ask import ask
from engine.pbx.process import running
from engine.pbx.root import ensure_root
from engine.release.live import known_releases
from engine.sim.scenario import CallerPlan, Press, Stay, Wait

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(300)]

#: Seconds after Asterisk's files were written at which the engine is killed.
MOMENTS = (0.0, 0.05, 0.15, 0.4)
#: Seconds within which that happens.
ASKED = 8.0


def kill_while_publishing(state: Path, site: Path, number: int, after: float) -> None:
    """Change the site, publish it, kill the engine as it switches, and start it again."""
    text = (site / "site.yaml").read_text()
    (site / "site.yaml").write_text(
        text.replace(
            "\nagents:\n",
            f'\nagents:\n  "{3900 + number}": {{ queues: [desk], password: "longenough{number}" }}\n',
        )
    )
    command = [sys.executable, "-m", "engine.cli", "publish", "--replay", "0", "--state", str(state)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as publishing:
        written, engine = state / "asterisk" / "etc" / "pjsip.conf", running("engine", state)
        before = modified(written)
        for _ in range(int(ASKED / 0.01)):
            if publishing.poll() is not None or modified(written) != before:
                break
            time.sleep(0.01)
        time.sleep(after)
        assert engine is not None
        os.kill(engine.pid, signal.SIGKILL)
        publishing.wait(90)
    quietline("up", "--state", str(state))


def taken_in(state: Path) -> None:
    """Wait until the engine, which looks every few seconds, has taken in all that the last resort has left."""
    spool, over = state / "spool" / "fallback", time.monotonic() + 30
    while any(spool.iterdir()):
        assert time.monotonic() < over, f"still there: {list(spool.iterdir())}"
        time.sleep(0.1)


def modified(path: Path) -> int:
    """When a file was written; 0 in the moment in which its folder is replaced."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def test_calls_go_on_and_what_is_live_is_one_release_or_the_other(tmp_path: Path) -> None:
    root = ensure_root(print)
    with up(tmp_path) as state:

        async def play() -> None:
            async with phones(root, state, tmp_path / "agents"):
                plan = CallerPlan("", "100", (Wait(1.5), *((Press("1"), Wait(4.0)) * 20), Stay()), {})
                numbers = [f"70{n:04d}" for n in range(24)]
                run = calls(root, state, tmp_path, "stays", plan, numbers, 0.8)
                await run.start()
                for number, after in enumerate(MOMENTS):
                    before = await known_releases(state)
                    await asyncio.to_thread(kill_while_publishing, state, tmp_path / "site", number, after)
                    known, told = (
                        await known_releases(state),
                        await asyncio.to_thread(ask, state, "GET", "/status"),
                    )
                    assert len(known) - len(before) in (0, 1)
                    assert told["release"]["number"] == known[-1].number
                    live = str(3900 + number) in told["floor"]["agents"]
                    assert live == (len(known) > len(before)), "the agents are those of the release"
                    phone = f"agent-{3900 + number}" in (state / "asterisk/etc/pjsip.conf").read_text()
                    assert phone == live, "Asterisk's files are those of the release"
                result = await run.wait()
                assert result.ok, result.errors[:3]
                quietline("publish", "--replay", "0", "--yes", "--state", str(state))

        asyncio.run(play())
        taken_in(state)
        found = asyncio.run(on_record(state))
        assert len(found) == 24
        # Who calls while no engine is there meets the last resort.
        met = [record for record, events in found.values() if events[0].data["via"] == "sip"]
        assert len(met) > 8 and {record["outcome"] for record in met} == {"answered"}
