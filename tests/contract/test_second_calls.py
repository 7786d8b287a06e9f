"""An agent's phone calls somebody with its second line while the caller of the first one is on hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulated import play_simulated
from told import disagreements

from engine.config import Loaded
from engine.sim.scenario import Scenario, load_scenario

COLLEAGUE = "{ring: 1s, then: answer, talk: 20s}"


def played(site: Loaded, folder: Path, does: str, expect: str, more: str = "") -> list[str]:
    """What departs from what is expected, where the agent of a caller does this with their phone."""
    file = folder / "second.yaml"
    file.write_text(f"""
about: an agent uses the second line of their phone
number: "101"
from: "+359888000001"
caller: [stay]
agents:
  "2000": {{ring: 1s, does: {does}}}
  "2003": {COLLEAGUE}
  "2007": {{ring: 4s, then: answer, talk: 2s}}
ready: ["2000", "2003", "2007"]
expect: {expect}
{more}
""")
    scenario: Scenario = load_scenario(file)
    return disagreements(scenario, play_simulated(site, scenario, folder / "state"))


CASES = {
    "goes between both, and the caller hears music only while the phone holds them": (
        '[{wait: 1s}, hold, {dial: "2003"}, {wait: 2s}, unhold, {wait: 3s}, hold, {wait: 1s}, join, {wait: 9s}, hangup]',
        '{agent: "2003", hold: 4, path: "2000 queue transferred, 2003 consult agent"}',
    ),
    "puts the second one down, and has the caller": (
        '[{wait: 1s}, hold, {dial: "2003"}, {wait: 2s}, drop, {wait: 1s}, unhold, {wait: 2s}, hangup]',
        '{agent: "2000", hold: 4, path: "2000 queue agent, 2003 consult cancelled"}',
    ),
    "puts the first one down, and the caller is with whoever was called": (
        '[{wait: 1s}, hold, {dial: "2003"}, {wait: 2s}, hangup]',
        '{agent: "2003", hold: 3, path: "2000 queue transferred, 2003 consult agent"}',
    ),
    "calls somebody outside": (
        '[{wait: 1s}, hold, {dial: "700400"}, {wait: 2s}, join, {wait: 9s}, hangup]',
        '{transferred_to: "700400", hold: 3, path: "2000 queue transferred, 700400 consult target"}',
        'outside: {"700400@provider": {ring: 1s, then: answer, talk: 5s}}',
    ),
    "waits in a queue with the second one, and the caller waits there in their place": (
        '[{wait: 1s}, hold, {dial: "140"}, {wait: 2s}, join, {wait: 1s}, hangup]',
        '{agent: "2007", queue: claims, path: "2000 queue transferred, 2007 queue agent"}',
    ),
    "calls a number of the house's, and the caller goes through its flow": (
        '[{wait: 1s}, hold, {dial: "103"}, {wait: 1s}, join, {wait: 1s}, hangup]',
        '{agent: "2000", hold: 1, outcome: answered, path: "2000 queue transferred", cause: flow}',
    ),
    "calls somebody who is not there, hears busy, and has the caller still": (
        '[{wait: 1s}, hold, {dial: "2001"}, {wait: 1s}, unhold, {wait: 2s}, hangup]',
        '{agent: "2000", hold: 1, path: "2000 queue agent"}',
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_an_agent_with_two_calls(case: tuple[str, ...], site: Loaded, tmp_path: Path) -> None:
    assert played(site, tmp_path, *case) == []
