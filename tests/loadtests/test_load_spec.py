"""What a load run is made of: scenarios and mixes by name or file, and whose phones ring."""

from __future__ import annotations

import math
import shutil
import socket
from pathlib import Path

import pytest
from rich.console import Console

from engine.errors import EngineError
from engine.load.run import LoadSpec, check, check_media, chosen, mix_of, script, standing
from engine.load.scenario import sounds
from engine.load.show import bar
from engine.load.sipp import Progress, free_port

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


def test_what_a_scenario_needs_must_lie_beside_it(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "uac-silent.xml", tmp_path)
    spec = LoadSpec(tmp_path, "uac-silent")
    with pytest.raises(EngineError, match=r"holds no uas-agent-answers\.xml, which the agents' phones play"):
        script(mix_of(spec), spec)
    shutil.copy(SHIPPED / "uas-agent-answers.xml", tmp_path)
    phones = script(mix_of(spec), spec)
    with pytest.raises(EngineError, match=r"plays media/.*put the folder media beside the scenarios"):
        check_media(mix_of(spec), phones)
    (tmp_path / "media").symlink_to(SHIPPED / "media")
    check_media(mix_of(spec), phones)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("u*.xml")), ids=lambda path: path.stem)
def test_every_sound_of_a_shipped_scenario_is_there(path: Path) -> None:
    assert all((path.parent / sound).is_file() for sound in sounds(path))


def test_a_run_that_cannot_be_prints_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(EngineError), bar(Console()):
        check(LoadSpec(SHIPPED, "uac-silent", rate=0))
    assert capsys.readouterr().out == ""
    with bar(Console()) as report:
        report(Progress(1, 0, 1, 0), 1)
    assert "1/1" in capsys.readouterr().out
