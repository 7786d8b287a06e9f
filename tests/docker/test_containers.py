"""What docker/ promises, as far as it can be read: what is open to the outside, and that every file it names exists.

`make docker-check` builds the images and places calls in them.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from engine.cli.place import SITE, Place
from engine.errors import SetupError
from engine.pbx.ports import Ports, free_ports
from engine.pbx.process import ari_answers, start_detached, stop, wait_until
from engine.pbx.render import Layout
from engine.pbx.root import ensure_root, find_root

REPOSITORY = Path(__file__).parents[2]
DOCKER = REPOSITORY / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def defaults(text: str) -> str:
    """A text of compose.yaml with every ${NAME:-default} as its default."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """docker/asterisk.py."""
    spec = importlib.util.spec_from_file_location("docker_asterisk", DOCKER / "asterisk.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_only_sip_voice_and_the_pages_are_open_to_the_outside() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert {name: [defaults(port) for port in ports] for name, ports in published.items()} == {
        "network": [
            "5060:5060/udp",
            "5060:5060/tcp",
            "10000-10499:10000-10499/udp",
            "127.0.0.1:8080:8080/tcp",
        ]
    }
    others = [service for name, service in SERVICES.items() if name != "network"]
    assert {service["network_mode"] for service in others} == {"service:network"}


def test_the_ports_are_those_that_the_programs_open(script: ModuleType) -> None:
    place: Place = script.place_here(None, script.VOICE, None)
    assert (place.ports.sip, place.ports.pages) == (Ports().sip, Ports().pages) == (5060, 8080)
    command = [defaults(word) for word in SERVICES["asterisk"]["command"]]
    assert f"--voice={script.VOICE}" in command
    assert (place.ports.rtp_first, place.ports.rtp_last) == (10000, 10499)


@pytest.mark.parametrize("voice", ["", "10000", "20000-10000", "10-20", "10000-99999", "a-b"])
def test_a_range_that_is_none_is_one_sentence(script: ModuleType, voice: str) -> None:
    with pytest.raises(SetupError, match="is no range of ports: write 10000-10499"):
        script.place_here(None, voice, None)


def test_every_service_is_built_from_a_stage_and_runs_as_an_ordinary_user() -> None:
    stages: dict[str, list[str]] = {}
    for line in DOCKERFILE:
        if line.startswith("FROM "):
            parent, name = line.split()[1], line.split()[3]
            stages[name] = list(stages.get(parent, []))
        elif line.startswith("USER "):
            stages[name].append(line.split()[1])
    assert {service["build"]["target"] for service in SERVICES.values()} == {"engine", "asterisk", "sipp"}
    assert {stages[service["build"]["target"]][-1] for service in SERVICES.values()} == {"quietline"}


def copied() -> list[str]:
    """What the Dockerfile takes from the repository."""
    lines = [shlex.split(line) for line in DOCKERFILE if line.startswith("COPY ")]
    return [source for words in lines if not words[1].startswith("--from") for source in words[1:-1]]


def test_everything_copied_into_the_images_exists_and_is_sent_to_the_builder() -> None:
    sent = [
        line[1:]
        for line in (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    for source in copied():
        assert (REPOSITORY / source).exists()
        assert any(fnmatch(source, pattern) for pattern in sent)
    assert len(copied()) == len(sent)


def test_everything_mounted_exists_and_lies_where_the_program_looks() -> None:
    for volume in COMPOSE["x-place"]["volumes"]:
        source, target, *_ = volume.split(":")
        if source.startswith("."):
            assert (DOCKER / source).resolve() == REPOSITORY / Path(target).relative_to("/opt/quietline")
        else:
            assert source in COMPOSE["volumes"]


def test_the_check_is_a_script_that_can_be_read() -> None:
    subprocess.run(["bash", "-n", DOCKER / "check.sh"], check=True)


def test_an_external_asterisk_needs_no_container(script: ModuleType, tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / SITE, tmp_path / "ivr_flows")
    (tmp_path / "prompts").symlink_to(REPOSITORY / "prompts")
    site = tmp_path / "ivr_flows" / "site.yaml"
    there = "external\nexternal: { url: http://192.0.2.5:8088, username: us, password: eight-at-least }"
    site.write_text(site.read_text().replace("asterisk: private", f"asterisk: {there}"))
    with pytest.raises(SetupError, match="`asterisk: external`: leave this container out"):
        script.prepared(Place(tmp_path / "state", tmp_path / "ivr_flows"))
    assert not (tmp_path / "state" / "asterisk").exists()


@pytest.mark.asterisk
def test_asterisk_runs_from_what_its_container_writes_and_the_engine_knows_where_it_is(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = ensure_root(print)
    place = Place(tmp_path, REPOSITORY / SITE, free_ports("0.0.0.0"), "0.0.0.0", "192.0.2.9")
    command = script.prepared(place)
    monkeypatch.setenv("QUIETLINE_ASTERISK_ROOT", str(tmp_path / "asterisk" / "root.json"))
    there = find_root()
    assert (there.version, there.modules, there.data) == (root.version, root.modules, root.data)
    start_detached("asterisk", command, tmp_path, tmp_path / "asterisk/log/console")
    try:
        layout = Layout(tmp_path, root, place.ports, REPOSITORY / "prompts")
        assert wait_until(lambda: ari_answers(layout), 30)
    finally:
        assert stop("asterisk", tmp_path)
