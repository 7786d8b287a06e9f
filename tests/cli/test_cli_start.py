"""Parts of `up` and `down` that need no Asterisk: what is remembered, why an engine ended, which processes are ours."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.cli.place import keeping, place_of, remember, remembered
from engine.cli.start import last_words, refuse_survivors, take_down
from engine.errors import SetupError
from engine.pbx.found import control_socket, found, listener
from engine.pbx.process import pid_file, running, started_at, wait_until

#: Listens at the first argument's socket until it is ended.
LISTENER = """
import socket, sys, time
with socket.socket(socket.AF_UNIX) as server:
    server.bind(sys.argv[1])
    server.listen()
    print("up", flush=True)
    time.sleep(600)
"""
SLEEPER = "import time; print('up', flush=True); time.sleep(600)"

Begin = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Start a Python program and wait until it is up; all of them are ended."""
    started = []

    def start(text: str, *words: object, cwd: Path | None = None) -> subprocess.Popen[str]:
        argv = [sys.executable, "-c", text, *map(str, words)]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=cwd)
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_start_that_fails_leaves_the_memory_as_it_was(tmp_path: Path) -> None:
    put_back = keeping(tmp_path)
    remember(place_of(tmp_path, ports=20000))
    put_back()
    assert remembered(tmp_path) == {}
    remember(place_of(tmp_path, ports=20000))
    put_back = keeping(tmp_path)
    remember(place_of(tmp_path, ports=30000))
    put_back()
    assert place_of(tmp_path).ports.sip == 20000


def test_why_the_engine_ended_is_told_from_this_start_and_in_words(tmp_path: Path) -> None:
    log = tmp_path / "engine.log"
    log.write_text('{"calls": 0, "event": "an earlier run"}\n')
    before = log.stat().st_size
    assert last_words(log, before) == f"it ended without a word. Its log is {log}"
    with log.open("a") as text:
        text.write('{"calls": 0, "event": "engine stopped; calls stay in Asterisk", "level": "info"}\n')
        text.write(
            '{"event": "a task failed", "exception": [{"exc_type": "OSError", "exc_value": "no room"}]}\n'
        )
    told = "engine stopped; calls stay in Asterisk; a task failed, OSError: no room"
    assert last_words(log, before) == f"{told}. Its log is {log}"
    with log.open("a") as text:
        text.write("quietline: TCP port 1 is in use\n")
    assert last_words(log, before) == "TCP port 1 is in use"


@pytest.mark.parametrize("name", ["asterisk", "engine"])
def test_whoever_listens_at_a_control_socket_is_found_and_ended_without_its_pid_file(
    tmp_path: Path, begin: Begin, name: str
) -> None:
    path = control_socket(name, tmp_path)
    path.parent.mkdir(parents=True)
    process = begin(LISTENER, path)
    assert found(name, tmp_path) == process.pid
    assert take_down(tmp_path)
    assert started_at(process.pid) is None
    assert not pid_file(name, tmp_path).exists()


@pytest.mark.parametrize(
    "words",
    [
        ("quietline", "run", "--state", "STATE"),
        ("quietline", "run", "--ports", "20000", "--state=STATE"),
        ("quietline", "run", "--state", "state"),
    ],
)
def test_an_engine_is_found_by_its_command_line(tmp_path: Path, begin: Begin, words: tuple[str, ...]) -> None:
    state = tmp_path / "state"
    state.mkdir()
    process = begin(SLEEPER, *(word.replace("STATE", str(state)) for word in words), cwd=tmp_path)
    assert found("engine", state) == process.pid
    assert running("engine", state) is not None and pid_file("engine", state).exists()
    assert take_down(state)
    assert started_at(process.pid) is None


def test_an_asterisk_is_found_by_its_configuration_and_its_remote_console_is_not(
    tmp_path: Path, begin: Begin
) -> None:
    configuration = tmp_path / "asterisk/etc/asterisk.conf"
    begin(SLEEPER, "-C", configuration, "-rx", "core show channels")
    assert found("asterisk", tmp_path) is None
    process = begin(SLEEPER, "-C", configuration, "-f", "-n", "-g")
    assert found("asterisk", tmp_path) == process.pid
    assert found("asterisk", tmp_path / "other") is None


def test_programs_of_another_state_are_left_alone(tmp_path: Path, begin: Begin) -> None:
    process = begin(SLEEPER, "quietline", "run", "--state", tmp_path / "other")
    begin(SLEEPER, "quietline", "status", "--state", tmp_path)
    assert not take_down(tmp_path)
    assert process.poll() is None


def test_what_still_runs_is_named_and_down_does_not_claim_success(tmp_path: Path) -> None:
    path = control_socket("asterisk", tmp_path)
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        assert wait_until(lambda: listener(path) == os.getpid(), 5)
        with pytest.raises(SetupError, match=rf"Asterisk of .* still runs \(process {os.getpid()}\)"):
            refuse_survivors(tmp_path)
    refuse_survivors(tmp_path)
