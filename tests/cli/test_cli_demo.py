"""The demo's parts that need no Asterisk: who is told how, where it goes, and that it is alone. `make demo ONCE=1` plays the whole."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import pytest
from cli_kit import arrived

from engine.cli import demo
from engine.cli.demo import CALLERS, SCENARIOS, SITE, alone, raised
from engine.cli.feed import Feed, Mark, record_lines
from engine.cli.place import Place
from engine.cli.records import Teller
from engine.cli.stage import phones, staged, with_free_ports
from engine.config import load_site
from engine.config.load import prompts_beside
from engine.core.contact import FIELDS
from engine.core.event import Event
from engine.errors import PortTaken, SetupError
from engine.load.scenario import read_caller
from engine.load.sipp import phone_port
from engine.pbx.ports import free_ports
from engine.pbx.render import REPOSITORY
from engine.pbx.root import ensure_root
from engine.store.archive import open_archive
from engine.store.ledger import open_ledger


async def test_calls_are_told_as_they_happen_each_with_its_mark_and_its_record_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "quietline.db"
    async with open_ledger(path, durable=False) as ledger, open_archive(path) as archive:
        await ledger.append(arrived("c1", "7001"), Event("answered", 100.1, "c1"))
        known_before = await archive.last_seq()
        feed = Feed(archive, Teller(archive, SITE), known_before, {"7002": Mark("second")})
        await ledger.append(arrived("c2", "7002"), arrived("c3", "7003"), Event("answered", 100.1, "c1"))
        await feed.look()
        await ledger.append(Event("ended", 103.0, "c2", data={"cause": "caller"}))
        await feed.follow(lambda: "7002" in feed.ended)
    lines = capsys.readouterr().out.splitlines()
    marks = [line.partition(" │")[0].strip() for line in lines]
    assert marks == ["second", "7003", "second", "second", "second", "second"]
    assert lines[2].endswith("✕ the caller hung up: ivr_hangup")
    assert "outcome ivr_hangup" in lines[-1]


def test_a_record_is_shown_with_all_its_fields() -> None:
    record = dict.fromkeys(FIELDS) | {
        "id": "c1",
        "arrived_at": 100.0,
        "flow_hash": "abcdef0123",
        "wait_s": 1.25,
    }
    shown = " ".join(record_lines(record)).split()
    assert set(FIELDS) <= set(shown)
    assert "abcdef01" in shown


def test_every_scripted_caller_dials_a_number_of_the_shipped_site_and_its_agents_are_there() -> None:
    settings = load_site(SITE).settings
    scenarios = [read_caller(caller.scenario, SCENARIOS) for caller in CALLERS]
    assert {scenario.number for scenario in scenarios} <= settings.numbers.keys()
    assert len({caller.number for caller in CALLERS}) == len(CALLERS)


def test_the_demo_goes_elsewhere_when_its_ports_are_taken_unless_they_were_asked_for(tmp_path: Path) -> None:
    place = Place(tmp_path, SITE, free_ports())
    assert with_free_ports(place, None) == place
    with socket.create_server(("127.0.0.1", place.ports.pages)):
        moved = with_free_ports(place, None)
        assert moved == replace(place, ports=moved.ports) != place
        assert with_free_ports(place, place.ports.sip) == place


def test_a_second_demo_leaves_the_first_alone(tmp_path: Path) -> None:
    with (
        alone(tmp_path / "lock"),
        pytest.raises(SetupError, match=r"a demo runs on .* already"),
        alone(tmp_path / "lock"),
    ):
        pass
    with alone(tmp_path / "lock"):
        pass


def test_a_demo_elsewhere_has_its_phones_in_its_own_block_of_ports_and_the_prompts_of_the_shipped_site(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path / "state", SITE, free_ports())
    place.state.mkdir()
    moved = staged(place, place.ports.sip)
    assert moved == replace(place, site=tmp_path / "state/stage/ivr_flows")
    assert phones(moved.site).keys() == phones(SITE).keys()
    ports = {phone_port(uri) for uri in phones(moved.site).values()}
    assert len(ports) == len(phones(SITE))
    assert all(place.ports.sip + 10 <= port < place.ports.sip + 100 for _, port in ports)
    assert prompts_beside(moved.site).samefile(SITE.parent / "prompts")
    assert staged(place, place.ports.sip) == moved  # made anew each time


def test_a_phone_whose_port_somebody_else_has_stands_at_the_next_one(tmp_path: Path) -> None:
    place = Place(tmp_path, SITE, free_ports())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", place.ports.sip + 10))
        stands = {phone_port(uri)[1] for uri in phones(staged(place, place.ports.sip).site).values()}
    assert place.ports.sip + 10 not in stands and place.ports.sip + 11 in stands


def test_a_port_taken_after_the_look_at_it_moves_the_demo_once_unless_somebody_asked_for_that_port(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place(tmp_path, SITE, free_ports())
    began: list[Place] = []

    def bring_up(there: Place, _tell: object) -> None:
        began.append(there)
        if len(began) % 2:
            taken.bind(("127.0.0.1", there.ports.sip))
            raise PortTaken("it is taken")

    monkeypatch.setattr(demo, "bring_up", bring_up)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        stands = raised(place, None)
        assert began == [began[0], stands] and stands.ports not in (place.ports, began[0].ports)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken, pytest.raises(PortTaken):
        raised(place, place.ports.sip)
    assert len(began) == 3


ENDED = "All 5 calls ended as scripted, each with exactly one contact record."


@pytest.mark.asterisk
@pytest.mark.timeout(240)
def test_two_demos_side_by_side_end_as_scripted_and_one_that_is_taken_down_from_elsewhere_says_so(
    tmp_path: Path,
) -> None:
    ensure_root(print)
    cli = [sys.executable, "-m", "engine.cli"]

    def demo(name: str, *words: str) -> subprocess.Popen[str]:
        where = ["--state", str(tmp_path / name), "--ports", str(free_ports().sip)]
        return subprocess.Popen(
            [*cli, "demo", *words, *where],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    with demo("one", "--once") as once, demo("two") as staying:
        told, _ = once.communicate(timeout=200)
        assert once.returncode == 0, told
        assert ENDED in told
        assert staying.stdout is not None
        shown = list(takewhile(lambda line: "Ctrl-C takes everything down" not in line, staying.stdout))
        assert any(ENDED in line for line in shown), "".join(shown)
        subprocess.run([*cli, "down", "--state", str(tmp_path / "two")], cwd=REPOSITORY, check=True)
        assert "Quietline was taken down, so this demo is over." in staying.stdout.read()
    assert staying.returncode == 0
