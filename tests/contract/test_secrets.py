"""Secret digits: 200 callers key in marked ones, and nothing the engine writes or says anywhere holds a single one of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from simulated import play_simulated

from engine.config import load_files
from engine.sim.scenario import AgentPlan, CallerPlan, Press, Scenario, Stay, Then, Wait

FLOW = """\
flow: account
steps:
  customer:
    - ask: customer_number
      into: customer
      digits: 6
      timeout: 3s
      otherwise: farewell
    - ask: customer_number
      into: pin
      digits: 8
      secret: yes
      timeout: 3s
      retries: 1
      otherwise: farewell
    - queue: desk_a
      max_wait: 20s
      on_timeout: message
    - hangup: goodbye
  message:
    - voicemail: desk
    - hangup: goodbye
  farewell:
    - hangup: goodbye
"""
CALLERS = 200
AGENT = {"2001": AgentPlan("2001", 0.5, Then.ANSWER, 3.0)}


def customer(number: int) -> str:
    return f"{640_000 + number * 7}"


def pin(number: int) -> str:
    return f"{97_531_000 + number * 3}"


def caller(number: int) -> CallerPlan:
    """Every fifth gives too few digits of their PIN first, every seventh types everything ahead."""
    known, secret = customer(number) + "#", pin(number) + "#"
    first = (Press(pin(number)[:7] + "#"), Wait(2.5)) if number % 5 == 0 else ()
    asked = (Wait(1.2), Press(known), Wait(1.5), *first, Press(secret))
    return CallerPlan(
        f"+3598800{number:05d}",
        "105",
        (Press(known + secret), Stay()) if number % 7 == 0 else (*asked, Stay()),
        {},
        at=number * 1.7,
    )


def written(folder: Path) -> bytes:
    return b"\0".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_no_digit_sequence_of_two_hundred_callers_secrets_is_written_anywhere(
    site_folder: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(site_folder.parent, tmp_path / "twin")
    (tmp_path / "twin" / "site" / "account.yaml").write_text(FLOW)
    loaded = load_files(tmp_path / "twin" / "site")
    scenario = Scenario("secrets", "", tuple(caller(n) for n in range(CALLERS)), AGENT, ("2001",))
    told = play_simulated(loaded, scenario, tmp_path / "state")
    outcomes = {record["outcome"] for record in told.records.values()}
    assert len(told.records) == CALLERS
    assert "answered" in outcomes, "nobody's PIN was taken"
    everything = written(tmp_path / "state") + "".join(capfd.readouterr()).encode()
    for number in range(CALLERS):
        assert customer(number).encode() in everything, (
            "what is no secret is on record, so a secret would be found too"
        )
        assert pin(number).encode() not in everything
        assert pin(number)[:7].encode() not in everything
