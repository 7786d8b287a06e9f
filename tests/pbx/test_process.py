"""Started in the background, found again, stopped: only what is ours, and failures in one sentence."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pbx_site import Pbx, free_ports, settings

from engine.core.site import AgentRule, Trunk
from engine.errors import PortTaken, SetupError
from engine.pbx import process
from engine.pbx.process import (
    Process,
    refresh_asterisk,
    running,
    start_asterisk,
    start_detached,
    started_at,
    stop,
    wait_until,
)
from engine.pbx.render import REPOSITORY, Layout, render, run_folder
from engine.pbx.root import Root

SLEEPER = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]
DYING = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
print('up', flush=True)
ctypes.CDLL(None).pthread_exit(None)
"""
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    stop("engine", tmp_path)


def started(state: Path, command: list[str]) -> Process:
    """Start a program and wait until it says so."""
    log = state / "log"
    found = start_detached("engine", command, state, log)
    assert wait_until(lambda: "up" in log.read_text(), 20)
    return found


def test_a_process_runs_in_a_session_of_its_own_with_all_the_open_files_it_may_have(state: Path) -> None:
    found = started(state, SLEEPER)
    assert running("engine", state) == found
    assert os.getsid(found.pid) == found.pid
    soft, hard = resource.prlimit(found.pid, resource.RLIMIT_NOFILE)
    assert soft == hard


def test_stopping_ends_it_and_stopping_again_says_that_nothing_ran(state: Path) -> None:
    found = started(state, SLEEPER)
    assert stop("engine", state) is True
    assert started_at(found.pid) is None
    assert stop("engine", state) is False
    assert running("engine", state) is None


def test_a_process_that_ignores_the_polite_word_is_ended_by_force(state: Path) -> None:
    found = started(state, [sys.executable, "-c", STUBBORN])
    assert stop("engine", state, deadline=0.3) is True
    assert started_at(found.pid) is None


def test_a_process_counts_as_gone_only_when_its_last_thread_has_ended(state: Path) -> None:
    found = started(state, [sys.executable, "-c", DYING])
    assert wait_until(lambda: ") Z " in Path(f"/proc/{found.pid}/stat").read_text(), 20)
    assert running("engine", state) == found
    assert not process.gone(found)
    assert stop("engine", state) is True
    assert started_at(found.pid) is None


def test_a_stranger_with_our_old_process_id_is_left_alone(state: Path) -> None:
    stranger = subprocess.Popen(SLEEPER, stdout=subprocess.DEVNULL)
    try:
        ours = {"pid": stranger.pid, "started": (started_at(stranger.pid) or 0) - 1}
        (state / "engine.pid").write_text(json.dumps(ours))
        assert running("engine", state) is None
        assert stop("engine", state) is False
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"pid": 1}', "null"])
def test_a_damaged_pid_file_means_that_nothing_runs(state: Path, damage: str) -> None:
    (state / "engine.pid").write_text(damage)
    assert running("engine", state) is None


@pytest.fixture
def layout(root: Root, tmp_path: Path) -> Iterator[Layout]:
    found = Layout(tmp_path / "state", root, free_ports(), REPOSITORY / "prompts")
    render(settings(), found)
    yield found
    stop("asterisk", found.state)


@pytest.mark.asterisk
def test_asterisk_starts_without_an_error_and_a_second_start_finds_it(layout: Layout) -> None:
    first = start_asterisk(layout)
    assert start_asterisk(layout) == first
    assert "ERROR" not in (layout.asterisk / "log" / "messages").read_text()
    assert stop("asterisk", layout.state) is True


@pytest.mark.asterisk
def test_a_killed_asterisk_starts_again_on_the_same_state(layout: Layout) -> None:
    first = start_asterisk(layout)
    os.kill(first.pid, signal.SIGKILL)
    assert wait_until(lambda: process.gone(first), 10)
    assert running("asterisk", layout.state) is None
    assert start_asterisk(layout) != first


@pytest.mark.asterisk
def test_a_state_too_deep_for_a_unix_socket_starts_all_the_same(root: Root, tmp_path: Path) -> None:
    deep = Layout(tmp_path / ("deep" * 20) / ("er; " * 10), root, free_ports(), REPOSITORY / "prompts")
    render(settings(), deep)
    try:
        start_asterisk(deep)
        assert (run_folder(deep.state) / "asterisk.ctl").exists()
    finally:
        stop("asterisk", deep.state)
        for left in run_folder(deep.state).iterdir():
            left.unlink()
        run_folder(deep.state).rmdir()


@pytest.mark.asterisk
def test_a_used_port_is_one_sentence_before_asterisk_starts(layout: Layout) -> None:
    with (
        socket.create_server(("127.0.0.1", layout.ports.ari)),
        pytest.raises(SetupError, match="wanted for Asterisk's REST"),
    ):
        start_asterisk(layout)
    assert running("asterisk", layout.state) is None


@pytest.mark.asterisk
def test_a_port_taken_between_the_look_and_the_start_is_one_sentence_too(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = iter((lambda *_: None, process.check_free))
    monkeypatch.setattr(process, "check_free", lambda *asked: next(looks)(*asked))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", layout.ports.sip))
        with pytest.raises(PortTaken, match=rf"UDP port {layout.ports.sip}, wanted for SIP, is in use"):
            start_asterisk(layout)
    assert running("asterisk", layout.state) is None


@pytest.mark.asterisk
def test_another_asterisk_on_our_port_is_not_taken_for_ours(
    layout: Layout, root: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start_asterisk(layout)
    second = Layout(tmp_path / "second", root, layout.ports, layout.prompts)
    render(settings(), second)
    assert not process.ari_answers(second)
    monkeypatch.setattr(process, "check_free", lambda *_: None)
    with pytest.raises(SetupError):
        start_asterisk(second, deadline=3)
    assert running("asterisk", second.state) is None
    assert process.ari_answers(layout)


@pytest.mark.asterisk
def test_a_broken_configuration_is_reported_with_asterisks_own_words(layout: Layout) -> None:
    with (layout.asterisk / "etc" / "modules.conf").open("a") as modules:
        modules.write("load = app_there_is_none.so\n")
    began = time.monotonic()
    with pytest.raises(SetupError, match="app_there_is_none"):
        start_asterisk(layout)
    assert time.monotonic() - began < 20


@pytest.mark.asterisk
def test_a_running_asterisk_takes_new_phones_and_trunks_and_only_what_has_changed(layout: Layout) -> None:
    first = start_asterisk(layout)
    known = Pbx(layout).cli("pjsip show endpoints")
    assert "agent-anna" in known
    assert "agent-carl" not in known
    agents = {"carl": AgentRule("carl", ("support",), contact="sip:carl@127.0.0.1:7072")}
    site = settings(agents=agents, trunks={"west": Trunk("west", ("192.0.2.7",))})
    assert refresh_asterisk(site, layout) is True
    known = Pbx(layout).cli("pjsip show endpoints")
    assert "agent-carl" in known
    assert "trunk-west" in known
    assert "agent-anna" not in known
    assert refresh_asterisk(site, layout) is False
    assert running("asterisk", layout.state) == first


def test_an_asterisk_that_does_not_take_a_site_keeps_the_files_of_the_one_before(
    root: Root, tmp_path: Path
) -> None:
    silent = Layout(tmp_path / "state", root, free_ports(), REPOSITORY / "prompts")
    render(settings(), silent)
    etc = silent.asterisk / "etc"
    before = process.texts(etc)
    with pytest.raises(SetupError, match="has not read"):
        refresh_asterisk(settings(trunks={"west": Trunk("west", ("192.0.2.7",))}), silent)
    assert process.texts(etc) == before
    assert [path.name for path in silent.asterisk.glob("etc*")] == ["etc"]


def test_an_asterisk_that_does_not_answer_is_one_sentence(root: Root, tmp_path: Path) -> None:
    silent = Layout(tmp_path / "state", root, free_ports(), REPOSITORY / "prompts")
    render(settings(), silent)
    with pytest.raises(SetupError, match=r"has not read res_pjsip\.so again \(no answer\)"):
        process.reload_asterisk(silent)
