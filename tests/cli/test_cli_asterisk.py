"""`up` to `down` on a real Asterisk, as people do it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_kit import Quietline

from engine.cli.start import take_down
from engine.pbx.ports import free_ports
from engine.pbx.process import gone, running, wait_until
from engine.pbx.root import ensure_root

pytestmark = [pytest.mark.asterisk]


@pytest.fixture(scope="module", autouse=True)
def asterisk() -> None:
    """Asterisk is fetched before the clock of a test runs."""
    ensure_root(print)


@pytest.fixture
def states(tmp_path: Path) -> Iterator[list[Path]]:
    """Two states; whatever runs on them is ended."""
    both = [tmp_path / "one", tmp_path / "two"]
    yield both
    for state in both:
        take_down(state)


def test_up_status_agent_and_down(quietline: Quietline, states: list[Path]) -> None:
    state, ports = states[0], free_ports()
    said = quietline("up", "--state", state, "--ports", ports.sip)
    assert said.status == 0, said.err
    assert "Calls can come in." in said.out and f"127.0.0.1:{ports.sip}" in said.out
    told = json.loads(quietline("status", "--json", "--state", state).out)
    assert (told["ready"], told["sip"], told["calls"]) == (True, f"127.0.0.1:{ports.sip}", 0)
    assert (
        quietline("agent", "2001", "pause", "lunch", "--state", state).out
        == "2001 Mila Petrova is paused (lunch).\n"
    )
    assert quietline("agent", "2001", "logout", "--state", state).out == "2001 Mila Petrova is logged out.\n"
    assert "already up" in quietline("up", "--state", state).out
    moved = quietline("up", "--state", state, "--ports", free_ports().sip)
    assert f"was started with --ports {ports.sip}, not " in moved.sentence
    assert (
        "was started with --bind 127.0.0.1, not 0.0.0.0"
        in quietline("up", "--state", state, "--bind", "0.0.0.0").sentence
    )
    assert "Nothing has changed since release 1" in quietline("publish", "--state", state).out
    assert quietline("down", "--state", state).out == "Quietline is down.\n"
    assert not any(running(name, state) for name in ("asterisk", "engine"))


def test_two_states_run_side_by_side_but_not_on_the_same_ports(
    quietline: Quietline, states: list[Path]
) -> None:
    one, two = states
    ports = free_ports()
    assert quietline("up", "--state", one, "--ports", ports.sip).status == 0
    refused = quietline("up", "--state", two, "--ports", ports.sip)
    assert f"UDP port {ports.sip}, wanted for SIP, is in use by asterisk" in refused.sentence
    assert not running("asterisk", two)
    assert quietline("up", "--state", two, "--ports", free_ports().sip).status == 0
    for state in states:
        assert json.loads(quietline("status", "--json", "--state", state).out)["ready"]
    assert quietline("down", "--state", one).status == 0
    assert json.loads(quietline("status", "--json", "--state", two).out)["ready"]


def test_up_after_a_crash_starts_what_died_and_nothing_else(quietline: Quietline, states: list[Path]) -> None:
    state = states[0]
    assert quietline("up", "--state", state, "--ports", free_ports().sip).status == 0
    for name, other in (("engine", "asterisk"), ("asterisk", "engine")):
        died, alive = running(name, state), running(other, state)
        assert died is not None
        os.kill(died.pid, signal.SIGKILL)
        assert wait_until(lambda died=died: gone(died), 10)  # type: ignore[misc]
        again = quietline("up", "--state", state)
        assert again.status == 0, again.err
        assert running(other, state) == alive
        assert running(name, state) not in (None, died)


def test_down_ends_what_runs_though_the_pid_files_were_removed_and_up_knows_its_own(
    quietline: Quietline, states: list[Path]
) -> None:
    state, port = states[0], free_ports().sip
    assert quietline("up", "--state", state, "--ports", port).status == 0
    ours = {name: running(name, state) for name in ("asterisk", "engine")}
    for name in ours:
        (state / f"{name}.pid").unlink()
    assert "already up" in quietline("up", "--state", state, "--ports", port).out
    assert {name: running(name, state) for name in ours} == ours
    for name in ours:
        (state / f"{name}.pid").unlink()
    assert quietline("down", "--state", state).out == "Quietline is down.\n"
    assert all(process is not None and gone(process) for process in ours.values())


def test_a_failed_start_is_not_remembered(quietline: Quietline, states: list[Path]) -> None:
    state = states[0]
    state.mkdir()
    (state / "quietline.db").write_bytes(b"no database" * 1000)
    said = quietline("up", "--state", state, "--ports", free_ports().sip)
    assert said.status == 1 and f"The store {state}/quietline.db is damaged" in said.err
    assert not (state / "state.json").exists()
    assert not any(running(name, state) for name in ("asterisk", "engine"))
