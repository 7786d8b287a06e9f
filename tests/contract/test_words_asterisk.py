"""Callers who speak to a real Asterisk are heard there, and both worlds tell the same of them.

The words are a language of tones (`tests/speech/tones.py`), which takes no model: each goes as sound from SIPp through Asterisk's channels
and the websocket to the processes that hear real words. What is held is the way there and what follows from it, not how well words
are heard.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from copies import Copies, together
from short_prompts import short_prompts
from simulated import play_simulated
from test_agreement import SCENARIOS, compare, play_real
from told import Told
from twin import MEDIA, RealAsterisk, running_asterisk

from engine.app import owned
from engine.config import Loaded, load_files
from engine.counters import Counters
from engine.sim.scenario import Say, Scenario, load_scenarios
from engine.speech.link import LinkedUtterance
from engine.speech.port import Hear, Vocabulary
from engine.speech.workers import Workers

PROGRAM = (sys.executable, str(Path(__file__).parents[1] / "speech" / "tones.py"))
#: Seconds within which the processes are there on a machine that is busy.
THERE = 60.0


class Tones:
    """Hears tones, in processes of its own, and takes them for English."""

    def __init__(self, folder: Path) -> None:
        self.workers = Workers("en", folder, Counters(), program=PROGRAM)

    @property
    def languages(self) -> frozenset[str]:
        return frozenset({"en"} if self.workers.heard else ())

    def open(self, vocabulary: Vocabulary, hear: Hear) -> LinkedUtterance | None:
        return self.workers.open(vocabulary, hear)


def recorded(scenario: Scenario) -> bool:
    """Do people speak in it, and is there a recording of all they say?"""
    said = [act.words for caller in scenario.callers for act in caller.does if isinstance(act, Say)]
    return bool(said) and all((MEDIA / f"{words}.ulaw").exists() for words in said)


async def play_heard(real: RealAsterisk, site: Loaded, scenarios: list[Scenario], folder: Path) -> Told:
    """Play them while somebody hears tones."""
    tones = Tones(folder)
    async with owned(tones.workers.run()):
        async with asyncio.timeout(THERE):
            while not tones.languages:  # noqa: ASYNC110 - nobody is told when a recogniser is there
                await asyncio.sleep(0.05)
        return await play_real(real, site, scenarios, folder, tones)


@pytest.mark.asterisk
@pytest.mark.timeout(200)
def test_both_worlds_tell_the_same_of_those_who_speak(tmp_path: Path) -> None:
    spoken = [one.name for one in load_scenarios(SCENARIOS) if recorded(one)]
    copies = Copies(SCENARIOS / "site", [SCENARIOS / f"{name}.yaml" for name in spoken])
    copies.write_site(tmp_path / "site")
    prompts = short_prompts(tmp_path / "prompts")
    texts = prompts / "en.yaml"  # each copy of the site has a step of its own
    texts.write_text(texts.read_text() + "".join(f"  desks_{n:02}: [middle]\n" for n in range(len(spoken))))
    site, scenarios = load_files(tmp_path / "site"), copies.scenarios(tmp_path / "scenarios")
    simulated = play_simulated(site, together(scenarios), tmp_path / "simulated")
    (tmp_path / "heard").mkdir()
    with running_asterisk(tmp_path / "state", site.snapshot.settings, prompts) as real:
        told = asyncio.run(play_heard(real, site, scenarios, tmp_path / "heard"))
    assert len(spoken) == 3
    assert [line for one in scenarios for line in compare(one, simulated, told)] == []
