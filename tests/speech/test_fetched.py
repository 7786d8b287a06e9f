"""The model that is fetched: once, the one that is pinned, whole or not at all; and what a site that names it is told."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from engine.config.prompts import load_catalog
from engine.config.report import Report
from engine.config.sitefile import SiteFile, read_site
from engine.config.source import parse
from engine.config.speaking import check_speech
from engine.errors import SetupError
from engine.pbx import doctor
from engine.pbx.doctor import Patient
from engine.pbx.ports import free_ports
from engine.speech import models
from engine.speech.models import ARTIFACTS, Artifact, ensure, ensure_model, fetched, small_model

BASE = Path(__file__).parents[1] / "bad_flows" / "_base"


def archive() -> bytes:
    """What is published: the model, and what else such an archive holds."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        packed.writestr("classes.jar", "none")
        packed.writestr("assets/model-en-us/am/final.mdl", "a model")
    return made.getvalue()


PACKED = archive()
MODEL = replace(ARTIFACTS["en"], sha256=hashlib.sha256(PACKED).hexdigest())


class Published:
    """Hands an archive over, after so many failures."""

    def __init__(self, packed: bytes = PACKED, failures: int = 0) -> None:
        self.packed, self.failures, self.asked = packed, failures, 0

    def __call__(self, artifact: Artifact, folder: Path) -> None:
        self.asked += 1
        if self.asked <= self.failures:
            raise SetupError("mvn ended with status 1")
        (folder / artifact.file).write_bytes(self.packed)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between attempts."""
    monkeypatch.setattr(models, "BREATH", 0.0)


def test_a_model_is_fetched_once_and_unpacked_without_the_rest(tmp_path: Path) -> None:
    folder, published, told = tmp_path / "models" / "one", Published(failures=2), list[str]()
    ensure(MODEL, folder, told.append, published)
    ensure(MODEL, folder, told.append, published)
    assert published.asked == 3 and len(told) == 3
    assert [str(path.relative_to(folder)) for path in folder.glob("**/*.*")] == ["am/final.mdl"]
    assert sorted(path.name for path in folder.parent.iterdir()) == ["one", "one.lock"]


def test_another_archive_than_the_pinned_one_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    with pytest.raises(SetupError, match=r"not what is pinned here.*run `make models` again, or name an unp"):
        ensure(MODEL, folder, list[str]().append, Published(PACKED + b"more"))
    assert [path.name for path in tmp_path.iterdir()] == ["one.lock"]


def test_a_machine_without_maven_is_told_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="there is no mvn on this machine: run `sudo apt-get install maven`"):
        ensure_model("en", print)
    with pytest.raises(SetupError, match="no model is fetched for 'bg'"):
        ensure_model("bg", print)


def test_maven_that_brings_nothing_is_told_after_three_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mvn").write_text("#!/bin/sh\necho a sentence of Maven\nexit 1\n")
    (tmp_path / "mvn").chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert models.main() == 1
    told = capsys.readouterr().err
    assert told.count("attempt") == 3 and "check the network and run `make models` again" in told
    assert "a sentence of Maven" not in told


def site_of(folder: Path, speech: str) -> SiteFile:
    """A site.yaml that says so, read."""
    text = (BASE / "ivr_flows" / "site.yaml").read_text().replace("languages: [en]", "languages: [en, ar]")
    root = parse(f"{text}speech: {speech}\n", "site.yaml", Report())
    assert root is not None
    site = read_site(root, "site.yaml", date(2026, 6, 1), Report(), folder)
    assert site is not None and site.settings is not None
    return site


def test_a_site_names_the_fetched_model_wherever_the_cache_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    site, report = site_of(tmp_path, "{ models: { en: small, ar: small } }"), Report()
    assert site.settings is not None and fetched("en") is None
    assert site.settings.models == {"en": str(small_model("en")), "ar": str(tmp_path / "small")}
    check_speech(site, load_catalog(BASE / "prompts", Report()), report)
    assert [(one.code, one.hint) for one in report.ordered()] == [
        ("no-model", "run `make models`: it is fetched once"),
        ("no-model", "none is fetched for 'ar': name the folder that holds am/final.mdl"),
    ]
    found = doctor.speech(Patient(tmp_path, free_ports(), site.settings, list))
    assert found.what_to_do == "Calls come in all the same, with keys; run `make models` to fetch it."


def test_a_folder_that_is_called_small_can_be_named(tmp_path: Path) -> None:
    site = site_of(tmp_path, "{ models: { en: ./small } }")
    assert site.settings is not None and site.settings.models == {"en": str(tmp_path / "small")}
