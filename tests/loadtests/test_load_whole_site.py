"""A load run against a whole site, started and stopped by its own commands: what SIPp did is what the store remembers."""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from phone_ports import phone_ports

from engine.errors import SetupError
from engine.load.run import LoadReport, LoadSpec, run_load
from engine.load.site import CommandSite, quietline
from engine.pbx.ports import free_ports
from engine.pbx.root import ensure_root
from engine.pbx.secrets import load_secrets

pytestmark = [pytest.mark.asterisk]
ROOT = Path(__file__).parents[2]
SCENARIOS = ROOT / "tests/load"
MIX = """
agents: uas-agent-answers-short.xml
uac-press-1-agent-answers: 8
uac-press-2-agent-answers: 3
uac-press-0-agent-answers: 1
uac-wrong-keys: 2
uac-leaves-message: 2
uac-out-of-hours: 2
uac-hangs-up-greeting: 2
"""


def own_copy(folder: Path) -> Path:
    """The shipped site with phones at free ports and agents who need no rest."""
    shutil.copytree(ROOT / "ivr_flows", folder / "ivr_flows")
    shutil.copytree(ROOT / "prompts", folder / "prompts")
    path = folder / "ivr_flows/site.yaml"
    text = path.read_text(encoding="utf-8").replace("wrap_up: 10s", "wrap_up: 0s")
    for shipped, port in zip((17001, 17002, 17003, 17004), phone_ports(4), strict=True):
        text = text.replace(f"127.0.0.1:{shipped}", f"127.0.0.1:{port}")
    path.write_text(text, encoding="utf-8")
    return path.parent


class Site:
    """A running site: where it is, and what Asterisk holds of it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.base = folder, free_ports().sip
        self.site, self.state = own_copy(folder), folder / "state"

    def up(self) -> None:
        words = ("--site", str(self.site), "--state", str(self.state), "--ports", str(self.base))
        asyncio.run(quietline("up", *words))

    def down(self) -> None:
        asyncio.run(quietline("down", "--state", str(self.state)))

    def held(self, what: str) -> list[dict[str, Any]]:
        """What Asterisk's REST interface lists."""
        secrets = load_secrets(self.state)
        token = b64encode(f"{secrets.ari_user}:{secrets.ari_password}".encode()).decode()
        url = f"http://127.0.0.1:{self.base + 1}/ari/{what}"
        request = urllib.request.Request(url, headers={"Authorization": f"Basic {token}"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            found: list[dict[str, Any]] = json.load(answer)
        return found

    async def load(self, mix: str, rate: float, calls: int) -> LoadReport:
        """A run of a mix."""
        path = self.folder / "mix.yaml"
        path.write_text(mix)
        spec = LoadSpec(SCENARIOS, mix=path, rate=rate, calls=calls, patience=60)
        running = await CommandSite.at(self.state)
        return await run_load(spec, running, ensure_root(print), self.folder / "load", lambda *_: None)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    running = Site(tmp_path_factory.mktemp("site"))
    running.up()
    try:
        yield running
    finally:
        running.down()


async def test_a_mix_of_calls_ends_as_scripted_and_leaves_nothing_behind(site: Site) -> None:
    report = await site.load(MIX, rate=4, calls=40)
    assert report.differences == ()
    assert sum(sum(ended.values()) for ended in report.outcomes.values()) == 40
    assert report.outcomes["uac-leaves-message"] == {"voicemail": 4}
    assert report.answer.count == 40
    assert report.wait.count >= 28
    assert report.key.count >= 28
    assert site.held("channels") == []
    assert site.held("bridges") == []


async def test_a_run_whose_expectation_is_wrong_fails_the_command(site: Site) -> None:
    mix = site.folder / "wrong.yaml"
    mix.write_text("uac-hangs-up-greeting: {weight: 1, outcome: voicemail}\n")
    words = ("--mix", str(mix), "--rate", "2", "--calls", "2", "--state", str(site.state))
    with pytest.raises(SetupError, match="2 differences in 2 calls"):
        await quietline("load", *words)
