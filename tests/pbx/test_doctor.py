"""The doctor finds what would keep calls out, says what to do, and lets one trouble hide no other."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections import namedtuple
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from pbx_site import free_ports, settings

from engine.pbx import doctor
from engine.pbx.doctor import CHECKS, Check, Level, Patient, healthy, lines, run_checks
from engine.pbx.process import remember_process, start_asterisk, stop
from engine.pbx.render import REPOSITORY, Layout, render
from engine.pbx.root import Root

EXTERNAL = {"url": "http://192.0.2.1:8088", "username": "u", "password": "x" * 20}
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def patient(tmp_path: Path) -> Patient:
    return Patient(tmp_path, free_ports(), settings(), list)


def finding(checks: list[Check], name: str) -> Check:
    """The one finding of this name."""
    (found,) = (check for check in checks if check.name == name)
    return found


def test_a_sound_machine_is_healthy_and_every_finding_is_one_line(root: Root, patient: Patient) -> None:
    checks = run_checks(patient)
    assert healthy(checks), lines(checks)
    assert len(checks) == len(CHECKS) == len({check.name for check in checks})
    assert finding(checks, "asterisk").sentence.startswith("Asterisk 22.")


def test_a_used_port_names_who_has_it_and_what_to_do(patient: Patient) -> None:
    with socket.create_server(("127.0.0.1", patient.ports.pages)):
        found = doctor.ports(patient)
    assert found.level is Level.FAIL
    assert f"process {os.getpid()}" in found.sentence
    assert found.what_to_do == "Stop that program, or move all ports with --ports BASE."


@pytest.mark.asterisk
def test_ports_of_our_own_asterisk_are_no_trouble_even_where_its_process_cannot_be_seen(
    root: Root, patient: Patient
) -> None:
    layout = Layout(patient.state, root, patient.ports, REPOSITORY / "prompts")
    render(settings(), layout)
    start_asterisk(layout)
    remembered = (patient.state / "asterisk.pid").read_text()
    try:
        assert doctor.ports(patient).sentence == "in use by our own asterisk"
        (patient.state / "asterisk.pid").unlink()
        assert doctor.ports(patient).sentence == "in use by our own asterisk"
    finally:
        (patient.state / "asterisk.pid").write_text(remembered)
        stop("asterisk", patient.state)


@pytest.mark.parametrize(
    ("seconds", "words"), [(None, "does not resolve"), (5.0, "takes 5.0 s to resolve"), (0.001, "in 1 ms")]
)
def test_a_host_name_that_resolves_slowly_or_not_is_found_before_calls_take_seconds(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, seconds: float | None, words: str
) -> None:
    monkeypatch.setattr(doctor, "resolving_time", lambda _: seconds)
    found = doctor.host_name(patient)
    assert words in found.sentence
    assert (found.level is Level.OK) == (words == "in 1 ms")
    assert found.level is Level.OK or found.what_to_do.startswith("Add the line `127.0.1.1 ")


def test_a_site_that_does_not_load_hides_no_other_trouble(tmp_path: Path) -> None:
    checks = run_checks(Patient(tmp_path, free_ports(), None, lambda: ["welcome is not recorded", "and x"]))
    assert not healthy(checks)
    assert finding(checks, "site").what_to_do == "Run `quietline check` and mend what it names."
    assert finding(checks, "prompts").sentence == "welcome is not recorded (and 1 more)"


def readable(state: Path) -> None:
    (state / "secrets.json").chmod(0o644)


def damaged(state: Path) -> None:
    (state / "secrets.json").write_text("{")


def short(state: Path) -> None:
    (state / "secrets.json").write_text('{"ari_user": "u", "ari_password": "short"}')


def open_to_all(state: Path) -> None:
    (state / "asterisk/etc/http.conf").write_text("[general]\nbindaddr = 0.0.0.0\n")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (readable, "can be read by others"),
        (damaged, "is damaged"),
        (short, "is shorter than 20"),
        (open_to_all, "ARI listens on 0.0.0.0, for everybody"),
    ],
)
def test_weak_access_to_ari_is_found(
    root: Root, patient: Patient, harm: Callable[[Path], None], words: str
) -> None:
    render(settings(), Layout(patient.state, root, patient.ports, REPOSITORY / "prompts"))
    assert doctor.ari(patient).level is Level.OK
    harm(patient.state)
    found = doctor.ari(patient)
    assert found.level is Level.FAIL
    assert words in found.sentence
    assert found.what_to_do


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"password": "short"}, "password is shorter than 20"),
        ({}, "without encryption"),
        ({"url": "https://192.0.2.1"}, ""),
    ],
)
def test_weak_access_to_an_external_ari_is_a_warning(
    patient: Patient, changed: dict[str, str], words: str
) -> None:
    site = settings(asterisk="external", external=EXTERNAL | changed)
    found = doctor.ari(Patient(patient.state, patient.ports, site, list))
    assert found.level is (Level.WARN if words else Level.OK)
    assert words in found.sentence


def test_an_external_asterisk_that_does_not_answer_is_one_finding(patient: Patient) -> None:
    site = settings(asterisk="external", external=EXTERNAL | {"url": f"http://127.0.0.1:{patient.ports.ari}"})
    found = doctor.asterisk(Patient(patient.state, patient.ports, site, list))
    assert found.level is Level.FAIL
    assert "no external Asterisk answers" in found.sentence


@pytest.mark.parametrize(
    ("free", "level"), [(100e6, Level.FAIL), (1e9, Level.WARN), (5e9, Level.OK)], ids=str
)
def test_little_disk_is_told_before_it_is_full(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, free: float, level: Level
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(10e9, 10e9 - free, free))
    assert doctor.disk(patient).level is level


def test_a_state_that_cannot_be_written_is_told_by_every_check_that_needs_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    checks = run_checks(Patient(tmp_path / "file" / "state", free_ports(), settings(), list))
    assert finding(checks, "state").what_to_do.startswith("Choose another place with --state")
    assert finding(checks, "store").level is Level.FAIL
    assert not healthy(checks)


def written(state: Path, rows: int = 2000) -> Path:
    path = state / "quietline.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE events (at, data)")
        db.executemany("INSERT INTO events VALUES (?, ?)", [(row, "x" * 100) for row in range(rows)])
        db.commit()
    return path


def test_a_whole_database_is_told_from_a_damaged_one(patient: Patient) -> None:
    assert doctor.records(patient).sentence == "none yet"
    path = written(patient.state)
    assert doctor.records(patient).sentence.startswith("the database is whole, 0.")
    content = bytearray(path.read_bytes())
    content[8192:20000] = b"?" * (20000 - 8192)
    path.write_bytes(content)
    found = doctor.records(patient)
    assert (found.level, str(path) in found.sentence) == (Level.FAIL, True)
    assert "docs/operations.md, Backup" in found.what_to_do


def test_a_folder_in_the_databases_place_is_no_database(patient: Patient) -> None:
    (patient.state / "quietline.db").mkdir()
    assert doctor.records(patient).level is Level.FAIL


def test_a_large_database_is_looked_at_for_a_while_only(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(patient.state, 50_000)
    monkeypatch.setattr(doctor, "PATIENCE", 0.0)
    found = doctor.records(patient)
    assert (found.level, "shows no damage in the 0 s" in found.sentence) == (Level.OK, True)


def test_a_database_that_is_gone_while_an_engine_runs_is_found(patient: Patient) -> None:
    remember_process("engine", patient.state, os.getpid())
    assert doctor.records(patient).level is Level.FAIL


def test_few_open_files_are_a_warning_with_the_number_of_calls_they_allow(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (1024, 1024))
    found = doctor.open_files(patient)
    assert (found.level, "about 204 calls" in found.sentence) == (Level.WARN, True)


def test_a_clock_that_runs_behind_its_own_files_is_found(patient: Patient) -> None:
    (patient.state / "quietline.db").touch()
    assert doctor.clock(patient).level is Level.OK
    later = 4_000_000_000
    os.utime(patient.state / "quietline.db", (later, later))
    assert "older than files written here" in doctor.clock(patient).sentence


def test_a_model_that_hears_nobody_is_told_and_calls_come_in(tmp_path: Path) -> None:
    site = settings(models={"en": str(tmp_path / "none")})
    found = doctor.speech(Patient(tmp_path, free_ports(), site, list))
    assert (found.level, found.sentence) == (Level.WARN, f"{tmp_path / 'none'} is no folder with a model")
    assert "with keys" in found.what_to_do
    assert doctor.speech(Patient(tmp_path, free_ports(), settings(), list)).level is Level.OK
