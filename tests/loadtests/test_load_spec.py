"""What a load run is made of: scenarios and mixes by name or file, and whose phones ring."""

from __future__ import annotations

import math
import socket
from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.load.run import LoadSpec, check, chosen, mix_of, standing
from engine.load.sipp import free_port

SHIPPED = Path(__file__).parents[1] / "load"
EVERYTHING = SHIPPED / "mix-everything.yaml"


def names(spec: LoadSpec) -> list[str]:
    return [scenario.name for scenario, _ in mix_of(spec).shares]


def test_a_scenario_and_a_mix_are_found_by_name() -> None:
    assert names(LoadSpec(SHIPPED, "uac-silent")) == ["uac-silent"]
    by_name, by_file = LoadSpec(SHIPPED, "mix-everything"), LoadSpec(SHIPPED, mix=EVERYTHING)
    assert names(by_name) == names(by_file)
    assert mix_of(by_name).agents == "uas-agent-answers-short.xml"


def test_a_scenario_named_beside_a_mix_joins_it_once() -> None:
    alone = names(LoadSpec(SHIPPED, mix=EVERYTHING))
    assert names(LoadSpec(SHIPPED, "uac-hangs-up-talking", EVERYTHING)) == [*alone, "uac-hangs-up-talking"]
    assert names(LoadSpec(SHIPPED, "uac-silent", EVERYTHING)) == alone


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (LoadSpec(SHIPPED), "no scenario given"),
        (LoadSpec(SHIPPED, "uac-silent", rate=0), "--rate 0 cannot be run"),
        (LoadSpec(SHIPPED, "uac-silent", rate=math.nan), "--rate nan cannot be run"),
        (LoadSpec(SHIPPED, "uac-silent", rate=math.inf), "--rate inf cannot be run"),
        (LoadSpec(SHIPPED, "uac-silent", rate=1e-9), "between 0.001 and 10000"),
        (LoadSpec(SHIPPED, "uac-silent", agents=-1), "--agents -1 cannot be run"),
        (LoadSpec(SHIPPED / "nowhere", "uac-silent"), "name the folder of scenarios with --scenarios"),
        (LoadSpec(SHIPPED, "uac-silent", calls=0), "--calls 0 cannot be run"),
        (LoadSpec(SHIPPED, "mix-everythin"), "did you mean mix-everything?"),
        (LoadSpec(SHIPPED, mix=Path("nowhere.yaml")), "holds no scenario nowhere.yaml"),
    ],
)
def test_a_run_that_cannot_be_says_why(spec: LoadSpec, told: str) -> None:
    with pytest.raises(EngineError) as raised:
        mix_of(spec)
        check(spec)
    assert told in str(raised.value)


def test_phones_that_stand_already_are_left_alone_and_said_so() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        free = f"sip:2002@127.0.0.1:{free_port('127.0.0.1')}"
        phones = {"2001": f"sip:2001@127.0.0.1:{taken.getsockname()[1]}", "2002": free}
        started = chosen(phones, None)
    assert started == {"2002": free}
    assert "2001 stood already" in next(standing(phones, started, LoadSpec(SHIPPED)))
    assert list(standing(phones, phones, LoadSpec(SHIPPED))) == []


def test_more_agents_than_the_site_has_are_refused() -> None:
    with pytest.raises(EngineError, match="this site has 1 agents"):
        chosen({"2001": "sip:2001@127.0.0.1:9"}, 2)
