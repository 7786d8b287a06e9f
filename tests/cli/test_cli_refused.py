"""What the machine refuses is one sentence with status 1: files in the way, folders of another user, Ctrl-C at any moment."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_kit import Quietline, Said

from engine.pbx.render import REPOSITORY

PYTHON = Path("/usr/bin/python3")
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
LIBRARIES = [path for path in sys.path if path.endswith("site-packages")]
PROGRAM = "import sys; sys.argv = ['quietline', *sys.argv[1:]]; from engine.cli import main; main()"


def as_somebody_else(folder: Path, *words: object) -> Said:
    """A command as a user who may not enter what belongs to us: another one, or (where we are no root) ourselves, locked out."""
    environment = {"PYTHONPATH": os.pathsep.join([str(REPOSITORY), *LIBRARIES]), "PATH": os.environ["PATH"]}
    other = NOBODY if os.getuid() == 0 else ()
    command = [*other, str(PYTHON if other else sys.executable), "-c", PROGRAM, *map(str, words)]
    done = subprocess.run(
        command, cwd="/", env=environment | {"HOME": str(folder)}, capture_output=True, text=True, check=False
    )
    return Said(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    """A folder that `as_somebody_else` may not enter, below one that it may."""
    version = subprocess.run(
        [PYTHON, "-c", "import sys; print(sys.version_info[:2])"], capture_output=True, text=True, check=False
    )
    if os.getuid() == 0 and version.stdout.strip() != str(sys.version_info[:2]):
        pytest.skip("the system's Python, which another user can run, is not of our version")
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    inner = tmp_path / "locked"
    inner.mkdir()
    return inner


def lock(folder: Path) -> None:
    """Let nobody else in; where we are no root, not even us."""
    folder.chmod(0o700 if os.getuid() == 0 else 0)


@pytest.mark.parametrize(
    "command", ["contacts", "trace c1", "down", "status", "agent 2001 ready", "history", "publish", "up"]
)
def test_a_state_of_another_user_is_one_sentence(locked: Path, command: str) -> None:
    (locked / "state.json").write_text("{}")
    (locked / "quietline.db").touch()
    lock(locked)
    try:
        said = as_somebody_else(locked.parent, *command.split(), "--state", locked)
        assert "user" in said.sentence and str(locked) in said.sentence
    finally:
        locked.chmod(0o700)


@pytest.mark.parametrize(
    "command", ["check", "rehearse support 1", "up", "run", "prompts render", "draw support"]
)
def test_a_site_that_this_user_may_not_read_is_a_report(locked: Path, command: str) -> None:
    shutil.copytree(REPOSITORY / "ivr_flows", locked, dirs_exist_ok=True)
    lock(locked)
    try:
        said = as_somebody_else(locked.parent, *command.split(), "--site", locked, "--state", "/nowhere/s")
        assert said.status == 1
        assert f"{locked.name} cannot be read: permission denied" in said.err
        assert "Traceback" not in said.err
    finally:
        locked.chmod(0o700)


def test_doctor_names_the_check_of_the_same_site(quietline: Quietline, tmp_path: Path) -> None:
    said = quietline("doctor", "--site", tmp_path / "none", "--state", tmp_path / "state")
    assert f"Run `quietline check --site {tmp_path / 'none'}` and mend what it names." in said.out


def test_a_file_is_no_state_to_take_down(quietline: Quietline, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    sentence = quietline("down", "--state", tmp_path / "file").sentence
    assert sentence == f"{tmp_path / 'file'} is no folder: name the folder of a state with --state"


INTERRUPTED = PROGRAM.replace("; main()", "; print('up', flush=True); main()")


@pytest.mark.parametrize("command", ["check", "contacts", "status", "doctor"])
def test_ctrl_c_leaves_no_traceback_whenever_it_comes(tmp_path: Path, command: str) -> None:
    statuses = {interrupted(tmp_path, command, wait) for wait in (0.0, 0.03, 0.06, 0.1, 0.2)}
    assert 130 in statuses
    assert statuses <= {130, 0, 1}  # later ones may meet a command that has ended


def interrupted(state: Path, command: str, wait: float) -> int:
    """The status of a command that is interrupted so many seconds after `engine.cli` was imported."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, command, "--state", str(state)],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == "up\n"
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
    assert "Traceback" not in told
    return process.returncode


def test_a_flow_is_rehearsed_from_its_texts_though_recordings_are_missing(
    quietline: Quietline, tmp_path: Path
) -> None:
    for part in ("prompts", "ivr_flows"):
        shutil.copytree(REPOSITORY / part, tmp_path / part)
    (tmp_path / "prompts/en/welcome.wav").unlink()
    (tmp_path / "prompts/en/goodbye.wav").write_bytes(b"no sound")
    said = quietline("rehearse", "support", "3", "left", "--site", tmp_path / "ivr_flows")
    assert said.status == 0 and "♪ Welcome to the service desk." in said.out
    missing, unplayable = said.err.splitlines()
    assert missing.startswith("Careful: language 'en' lacks 1 recording") and "en/welcome" in missing
    assert unplayable.startswith("Careful: language 'en' has 1 recording") and "en/goodbye.wav" in unplayable
    assert quietline("check", "--site", tmp_path / "ivr_flows").status == 1
