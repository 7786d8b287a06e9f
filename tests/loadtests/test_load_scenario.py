"""Scenarios and mixes say what must come of them, and say clearly when they cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import SetupError, SiteError
from engine.load.run import check_numbers
from engine.load.scenario import apportion, find, phones_script, read_caller, read_mix, read_scenario

SHIPPED = Path(__file__).parents[1] / "load"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.xml")), ids=lambda path: path.stem)
def test_every_shipped_scenario_says_what_must_come_of_it(path: Path) -> None:
    scenario = read_scenario(path)
    assert path.stem.startswith({"caller": "uac-", "agent": "uas-agent-"}[scenario.role])
    assert f'<scenario name="{path.stem}">' in path.read_text()
    if scenario.agents:
        assert read_scenario(find(scenario.agents, SHIPPED)).role == "agent"


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.xml")), ids=lambda path: path.stem)
def test_every_sound_and_key_a_scenario_plays_is_there(path: Path) -> None:
    played = [
        line.split('rtp_stream="')[1].split(",")[0]
        for line in path.read_text().splitlines()
        if "rtp_stream" in line
    ]
    assert all((SHIPPED / name).is_file() for name in played)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_mix_can_be_run(path: Path) -> None:
    mix = read_mix(path, SHIPPED)
    assert read_scenario(find(phones_script(mix), SHIPPED)).role == "agent"


def xml(folder: Path, front: str, name: str = "uac-x.xml") -> Path:
    path = folder / name
    path.write_text(f'<?xml version="1.0"?>\n<!--\n{front}\n-->\n<scenario name="x"/>\n')
    return path


GOOD = 'about: A.\nrole: caller\nnumber: "100"\noutcome: answered'


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("about: A.\nrole: boss", "`role` is boss: write caller or agent"),
        ("about: A.\nrole: caller\noutcome: answered", "`number` is missing"),
        (GOOD.replace("answered", "happy"), "no contact ends as `happy`: choose among answered"),
        (GOOD + "\noutcom: x", "unknown key `outcom` in its first comment: did you mean `outcome`?"),
        (GOOD + "\nqueue: [", "cannot be read, line"),
        ("just words", "`key: value` lines are wanted"),
    ],
)
def test_a_scenario_that_cannot_be_used_says_why(tmp_path: Path, front: str, told: str) -> None:
    with pytest.raises(SiteError) as raised:
        read_scenario(xml(tmp_path, front))
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_scenario_without_a_comment_or_a_file_says_so(tmp_path: Path) -> None:
    bare = tmp_path / "bare.xml"
    bare.write_text("<scenario/>")
    with pytest.raises(SiteError, match="begins with no comment"):
        read_scenario(bare)
    with pytest.raises(SiteError, match="No such file"):
        read_scenario(tmp_path / "gone.xml")
    with pytest.raises(SiteError, match="did you mean uac-silent"):
        find("uac-silnt", SHIPPED)


def test_an_agents_phone_is_no_caller(tmp_path: Path) -> None:
    with pytest.raises(SiteError, match="calls nobody"):
        read_caller("uas-agent-busy", SHIPPED)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("uac-x: -1", "the weight of `uac-x` is -1: write a number above 0"),
        ("uac-x: {weihgt: 2}", "unknown option `weihgt`"),
        ("uac-x: {outcome: gone}", "no contact ends as `gone`"),
        ("uac-y: 1", "holds no scenario uac-y: did you mean uac-x?"),
        ("agents: uas-agent-busy.xml", "names no scenario"),
    ],
)
def test_a_mix_that_cannot_be_used_says_why(tmp_path: Path, text: str, told: str) -> None:
    xml(tmp_path, GOOD)
    path = tmp_path / "mix.yaml"
    path.write_text(text)
    with pytest.raises(SiteError) as raised:
        read_mix(path, tmp_path)
    assert told in str(raised.value)


def test_a_number_at_which_nobody_answers_is_one_sentence(tmp_path: Path) -> None:
    xml(tmp_path, GOOD)
    path = tmp_path / "mix.yaml"
    path.write_text("uac-x: 1")
    mix = read_mix(path, tmp_path)
    check_numbers(mix, frozenset({"100", "101"}))
    with pytest.raises(SetupError) as raised:
        check_numbers(mix, frozenset({"102", "101"}))
    assert str(raised.value) == "uac-x calls 100, at which nobody answers here: this site has 101, 102"


def test_scenarios_that_want_different_agents_need_a_word_of_the_mix(tmp_path: Path) -> None:
    xml(tmp_path, GOOD)
    xml(tmp_path, GOOD + "\nagents: uas-agent-no-answer.xml", "uac-z.xml")
    path = tmp_path / "mix.yaml"
    path.write_text("uac-x: 1\nuac-z: 1")
    with pytest.raises(SiteError, match="want different agents"):
        phones_script(read_mix(path, tmp_path))
    path.write_text(
        "agents: uas-agent-answers.xml\nuac-x: 1\nuac-z: {weight: 1, outcome: [abandoned, answered]}"
    )
    mix = read_mix(path, tmp_path)
    assert phones_script(mix) == "uas-agent-answers.xml"
    assert mix.shares[1][0].outcome == {"abandoned", "answered"}


@given(st.integers(1, 5000), st.lists(st.floats(0.1, 100), min_size=1, max_size=9))
def test_shares_of_a_mix_add_up_and_miss_their_weight_by_less_than_one_call(
    total: int, weights: list[float]
) -> None:
    parts = apportion(total, weights)
    assert sum(parts) == total
    assert all(
        abs(part - total * w / sum(weights)) < 1 + 1e-6 for part, w in zip(parts, weights, strict=True)
    )
