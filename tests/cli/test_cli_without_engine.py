"""Commands that need no engine, and the one clear sentence of those that cannot work."""

from __future__ import annotations

import json
import shutil
import socket
from importlib.metadata import version
from pathlib import Path

import pytest
from cli_kit import Quietline

from engine.pbx.ports import free_ports
from engine.pbx.render import REPOSITORY

SHIPPED = REPOSITORY / "ivr_flows"


@pytest.mark.parametrize("command", [("status",), ("agent", "2001", "ready"), ("load", "uac-silent")])
def test_a_command_that_needs_an_engine_says_how_to_start_one(
    quietline: Quietline, tmp_path: Path, command: tuple[str, ...]
) -> None:
    said = quietline(*command, "--state", tmp_path)
    assert said.sentence == f"no engine runs on {tmp_path}: start it with `quietline up --state {tmp_path}`"


@pytest.mark.parametrize("command", [("contacts",), ("trace", "c1")])
def test_a_state_where_nothing_ever_ran_has_no_records(
    quietline: Quietline, tmp_path: Path, command: tuple[str, ...]
) -> None:
    assert "nothing has run there yet" in quietline(*command, "--state", tmp_path / "none").sentence


def test_nothing_to_take_down_is_said_and_no_failure(quietline: Quietline, tmp_path: Path) -> None:
    said = quietline("down", "--state", tmp_path / "none")
    assert (said.status, said.out) == (0, f"Nothing was running on {tmp_path / 'none'}.\n")


@pytest.mark.parametrize("command", ["up", "run"])
def test_a_missing_site_is_a_report_and_nothing_is_started(
    quietline: Quietline, tmp_path: Path, command: str
) -> None:
    said = quietline(command, "--site", tmp_path / "nowhere", "--state", tmp_path / "state")
    assert said.status == 1
    assert "there is no " in said.err and "name it with --site" in said.err
    assert "Traceback" not in said.err
    assert not (tmp_path / "state").exists()


def test_a_port_in_use_is_named_before_anything_is_started(quietline: Quietline, tmp_path: Path) -> None:
    ports = free_ports()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", ports.sip))
        sentence = quietline("up", "--state", tmp_path, "--ports", ports.sip).sentence
    assert sentence.startswith(f"UDP port {ports.sip}, wanted for SIP, is in use by ")
    assert sentence.endswith("stop that program, or move all ports with --ports BASE")
    assert not (tmp_path / "asterisk.pid").exists()


def test_the_pages_port_in_use_is_named_too(quietline: Quietline, tmp_path: Path) -> None:
    ports = free_ports()
    with socket.create_server(("127.0.0.1", ports.pages)):
        sentence = quietline("up", "--state", tmp_path, "--ports", ports.sip).sentence
    assert sentence.startswith(f"TCP port {ports.pages}, wanted for pages, is in use by ")


def test_a_full_disk_is_one_sentence(quietline: Quietline, tmp_path: Path) -> None:
    (tmp_path / ".state.json.new").symlink_to("/dev/full")
    said = quietline("run", "--state", tmp_path, "--site", SHIPPED, "--ports", free_ports().sip)
    assert said.sentence == "the disk is full: make room on the disk of the state (--state) and try again"


@pytest.mark.parametrize("command", [("contacts",), ("trace", "c1")])
def test_a_database_that_is_none_is_one_sentence(
    quietline: Quietline, tmp_path: Path, command: tuple[str, ...]
) -> None:
    path = tmp_path / "quietline.db"
    path.mkdir()
    assert "is a folder" in quietline(*command, "--state", tmp_path).sentence
    path.rmdir()
    path.touch()
    assert "is empty: no engine has written there yet" in quietline(*command, "--state", tmp_path).sentence
    path.write_bytes(b"no database" * 1000)
    assert "is damaged" in quietline(*command, "--state", tmp_path).sentence


def test_ports_that_do_not_fit_are_refused(quietline: Quietline, tmp_path: Path) -> None:
    sentence = quietline("up", "--state", tmp_path, "--ports", "80").sentence
    assert sentence == "--ports 80 does not fit: give a base between 1024 and 61436"


def test_a_file_in_the_states_place_is_one_sentence(quietline: Quietline, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for state in (tmp_path / "file", tmp_path / "file" / "below"):
        expected = (
            f"{state} cannot be a folder, there is a file in its way: choose another place with --state"
        )
        assert quietline("up", "--state", state).sentence == expected


def test_a_state_that_cannot_be_written_is_one_sentence(quietline: Quietline) -> None:
    sentence = quietline("up", "--state", "/proc/quietline").sentence
    assert sentence.startswith("/proc/quietline cannot be written (")
    assert sentence.endswith("choose another place with --state")


def test_a_damaged_state_file_is_one_sentence(quietline: Quietline, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    assert quietline("up", "--state", tmp_path).sentence.startswith(f"{tmp_path}/state.json is damaged")


def test_check_counts_what_a_good_site_holds(quietline: Quietline) -> None:
    said = quietline("check", "--site", SHIPPED)
    assert said.status == 0
    assert said.out.startswith("The site is good: 14 numbers, 13 flows, ")


def test_check_reports_every_error_at_its_place(quietline: Quietline, tmp_path: Path) -> None:
    site = copy_of_site(tmp_path)
    flow = site / "messages.yaml"
    flow.write_text(flow.read_text().replace("on_none: farewell", "on_nome: farewell"))
    said = quietline("check", "--site", site)
    assert said.status == 1
    assert "messages.yaml:8:7: error[unknown-option]" in said.err
    assert "did you mean 'on_none'?" in said.err


def test_check_can_be_read_by_programs(quietline: Quietline, tmp_path: Path) -> None:
    site = copy_of_site(tmp_path)
    (site / "extra.yaml").write_text("flow: other\n")
    said = quietline("check", "--site", site, "--json")
    problems = [json.loads(line) for line in said.out.splitlines()]
    assert said.status == 1
    assert {"file", "line", "column", "level", "code", "text", "hint"} <= problems[0].keys()


def test_explain_tells_a_code_and_guesses_a_misspelt_one(quietline: Quietline) -> None:
    assert quietline("explain", "unknown-option").out.startswith("unknown-option\n\n")
    assert "did you mean 'unknown-option'?" in quietline("explain", "unknown-optoin").sentence


def test_rehearse_shows_what_the_caller_hears(quietline: Quietline) -> None:
    said = quietline("rehearse", "support", "-", "1", "done", "--site", SHIPPED)
    assert said.status == 0
    assert "← silence" in said.out and "← 1" in said.out and "⏳ queue support" in said.out


def test_rehearse_refuses_an_unknown_flow_and_an_input_that_fits_nowhere(quietline: Quietline) -> None:
    assert (
        quietline("rehearse", "suport", "--site", SHIPPED).sentence
        == "there is no flow 'suport': did you mean 'support'?"
    )
    many = quietline("rehearse", "zebra", "--site", SHIPPED).sentence
    assert (
        many.startswith("there is no flow 'zebra': known: afterwards, agents, desk, ") and "support" in many
    )
    said = quietline("rehearse", "support", "x", "--site", SHIPPED)
    assert said.status == 1
    assert "♪ Welcome" in said.out and "'x' is no answer at step 'main_menu'" in said.err


def test_prompts_render_keeps_what_is_fresh(quietline: Quietline, tmp_path: Path) -> None:
    said = quietline("prompts", "render", "--site", copy_of_site(tmp_path))
    assert said.status == 0
    lines = [line.split(",")[0] for line in said.out.splitlines()]
    assert lines == ["ar: 0 spoken", "bg: 0 spoken", "en: 0 spoken", "fa: 0 spoken"]


def test_doctor_looks_at_everything(quietline: Quietline, tmp_path: Path) -> None:
    said = quietline("doctor", "--site", SHIPPED, "--state", tmp_path, "--ports", free_ports().sip)
    looked_at = {line[6:17].strip() for line in said.out.splitlines() if line[:4].strip()}
    assert {"site", "asterisk", "ports", "ari", "prompts", "disk", "host name"} <= looked_at
    assert said.status == (1 if "\nfail" in f"\n{said.out}" else 0)


def test_doctor_finds_a_site_that_does_not_load(quietline: Quietline, tmp_path: Path) -> None:
    said = quietline("doctor", "--site", tmp_path / "none", "--state", tmp_path)
    assert said.status == 1
    assert "fail  site        the site does not load" in said.out


def test_the_version_is_the_packages(quietline: Quietline) -> None:
    assert quietline("--version").out.strip() == version("quietline")


def test_help_names_every_command(quietline: Quietline) -> None:
    said = quietline("--help")
    for command in (
        "up",
        "down",
        "status",
        "agent",
        "contacts",
        "trace",
        "check",
        "rehearse",
        "doctor",
        "load",
        "demo",
    ):
        assert f" {command} " in said.out


def copy_of_site(folder: Path) -> Path:
    """The shipped site with its prompts, free to be spoilt."""
    shutil.copytree(REPOSITORY / "prompts", folder / "prompts")
    return Path(shutil.copytree(SHIPPED, folder / "ivr_flows"))
