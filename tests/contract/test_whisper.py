"""What an agent hears before the caller, and phones that answer by themselves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from simulated import simulate
from told import Told, set_agents

from engine.app import Engine
from engine.config import Loaded
from engine.core import acd
from engine.sim.asterisk import SimulatedAsterisk
from engine.sim.line import Line
from engine.sim.people import endpoint_of, play, plug_in
from engine.sim.scenario import load_scenario

TOLD = load_scenario(Path(__file__).parents[1] / "scenarios" / "agent_is_told.yaml")


class Heard:
    """A phone that is picked up at once, and what it heard."""

    def __init__(self, pbx: SimulatedAsterisk, press_at: float | None = None) -> None:
        self.pbx, self.press_at = pbx, press_at
        self.media: list[str] = []
        self.variables: dict[str, str] = {}
        self.quiet_at = 0.0
        self.answered_at = 0.0

    def __call__(self, line: Line) -> None:
        self.variables = dict(line.channel.variables)
        line.ring()
        line.answer()
        self.answered_at = self.pbx.now()
        self.pbx.later(0.5, lambda: self._listen(line))
        if self.press_at is not None:
            self.pbx.later(self.press_at, lambda: line.press("1"))
        self.pbx.later(8.0, line.hang_up)

    def _listen(self, line: Line) -> None:
        if line.channel.playback is not None:
            self.media = line.channel.playback.media
            self.pbx.later(0.1, lambda: self._watch(line))

    def _watch(self, line: Line) -> None:
        if line.channel.bridge is None:
            self.pbx.later(0.1, lambda: self._watch(line))
        else:
            self.quiet_at = self.pbx.now()


def played(site: Loaded, folder: Path, agent: str, press_at: float | None = None) -> tuple[Heard, Told]:
    phones: list[Heard] = []

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, TOLD, list(site.snapshot.settings.agents))
        phones.append(Heard(pbx, press_at))
        pbx.phones[endpoint_of(agent)] = phones[0]
        await set_agents(engine, (agent,))
        await play(pbx, TOLD)

    told = simulate(site, folder, act)
    return phones[0], told


def test_agents_are_told_in_their_own_language(site: Loaded, tmp_path: Path) -> None:
    heard, told = played(site, tmp_path, "2017")
    assert heard.media == ["sound:quietline/bg/whose_call", "sound:quietline/bg/whisper_language_en"]
    (events,) = told.events.values()
    (picked_up,) = [event for event in events if event.kind == "picked_up"]
    assert picked_up.data["prompts"] == ["whose_call", "whisper_language_en"]
    (connected,) = [event for event in events if event.kind == "connected"]
    assert connected.at - picked_up.at >= 2.0
    (record,) = told.records.values()
    assert record["connected_at"] == connected.at


def test_an_agent_without_a_language_hears_the_sites_first(site: Loaded, tmp_path: Path) -> None:
    heard, _ = played(site, tmp_path, "2018")
    assert heard.media[0] == "sound:quietline/en/whose_call"


def test_an_agent_who_knows_it_all_presses_a_key(site: Loaded, tmp_path: Path) -> None:
    heard, told = played(site, tmp_path, "2017", press_at=0.7)
    assert heard.quiet_at - heard.answered_at < 1.0
    (record,) = told.records.values()
    assert record["agent"] == "2017"


def test_a_phone_that_answers_by_itself_is_told_to_in_the_call(site: Loaded, tmp_path: Path) -> None:
    heard, _ = played(site, tmp_path, "2017")
    assert heard.variables["PJSIP_HEADER(add,Call-Info)"].endswith(";answer-after=0")
    assert "PJSIP_HEADER(add,Alert-Info)" in heard.variables


@pytest.mark.parametrize(
    ("again", "told"),
    [
        (10.0, ["whose_call", "whisper_language_en"]),
        (45.0, ["whose_call", "whisper_wait", "whisper_language_en"]),
    ],
)
def test_a_kept_place_is_no_wait_in_this_call(
    site: Loaded, tmp_path: Path, again: float, told: list[str]
) -> None:
    settings = site.snapshot.settings
    desk = replace(settings.queues["told_desk"], keep_place=60.0, count_paused=True)
    queues = {**settings.queues, "told_desk": desk}
    keeps = replace(site, snapshot=replace(site.snapshot, settings=replace(settings, queues=queues)))

    async def act(pbx: SimulatedAsterisk, engine: Engine) -> None:
        plug_in(pbx, TOLD, list(settings.agents))
        pbx.phones[endpoint_of("2017")] = Heard(pbx)
        await set_agents(engine, ("2017",))
        await engine.house.distributor.submit(acd.AgentSet("2017", "paused", "lunch"))
        first = pbx.call("+359888000001", "117")
        await asyncio.sleep(50.0)
        first.hang_up()
        await asyncio.sleep(20.0)
        pbx.call("+359888000001", "117")
        await asyncio.sleep(again)
        await engine.house.distributor.submit(acd.AgentSet("2017", "ready"))
        await asyncio.sleep(10.0)
        assert engine.house.ledger.open == {}
        (heard,) = [event.data["prompts"] for event in await engine.archive.events_since(0.0, ["picked_up"])]
        assert heard == told

    simulate(keeps, tmp_path, act)
