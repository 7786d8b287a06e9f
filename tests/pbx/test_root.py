"""Where Asterisk comes from: what the environment names, or one sentence why not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.errors import SetupError
from engine.pbx.root import Root, describe_root, find_root

ASTERISK = '#!/bin/sh\necho "Asterisk {}"\n'


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH of nothing but what a test puts there; the environment names what is installed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("QUIETLINE_ASTERISK_ROOT", "/")
    monkeypatch.delenv("QUIETLINE_ALLOW_OLD_ASTERISK", raising=False)
    monkeypatch.setattr("engine.pbx.root.installed_modules", lambda: Path("/usr/lib/modules"))
    return tmp_path


def install(path: Path, version: str) -> None:
    path.write_text(ASTERISK.format(version))
    path.chmod(0o755)


def test_an_installed_asterisk_needs_no_sipp_where_it_is_named(programs: Path) -> None:
    install(programs / "asterisk", "22.11.0")
    assert find_root().version == (22, 11, 0)


def test_an_old_installed_asterisk_is_refused_with_the_holes_it_has(programs: Path) -> None:
    install(programs / "asterisk", "22.8.2~dfsg")
    with pytest.raises(SetupError, match=r"Asterisk 22\.8\.2 in PATH is older than 22\.10\.1, .*GHSA-wcvv"):
        find_root()


def test_no_installed_asterisk_is_one_sentence(programs: Path) -> None:
    with pytest.raises(SetupError, match="is / but asterisk is not installed"):
        find_root()


def test_an_asterisk_in_another_container_is_known_by_what_that_one_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = tmp_path / "root.json"
    monkeypatch.setenv("QUIETLINE_ASTERISK_ROOT", os.fspath(described))
    with pytest.raises(SetupError, match="start the container with Asterisk first"):
        find_root()
    there = Root(Path("/"), (22, 10, 1), Path("/usr/lib/x/asterisk/modules"), Path("/usr/share/asterisk"))
    describe_root(there, described)
    assert find_root() == there
    described.write_text("{")
    with pytest.raises(SetupError, match="cannot be read"):
        find_root()
