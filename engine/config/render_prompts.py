"""Renders prompt texts into recordings: `quietline prompts render`.

A voice is a build tool, not part of the engine. `speaker.py` runs as a program of its own, in this environment if its
libraries are installed here (`pip install quietline[prompts]`), else in one that is made for it once under the user's cache
folder. English is spoken there by hibari-tts (Apache-2.0); the other languages by espeak-ng (GPL), a program of the system
that the speaker starts and nothing ever imports. Only what is missing or stale is rendered; what people recorded is kept
(see `recordings.py`).
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.cache import Progress, kept
from engine.config.prompts import Catalog
from engine.config.recordings import (
    PERSON,
    Condition,
    Entry,
    Manifest,
    brought,
    condition,
    digest,
    read_manifest,
    write_manifest,
)
from engine.errors import SetupError

#: What the voice needs, exactly: another version would say the same words with other bytes.
TOOLS = ("hibari-tts==0.2.1", "numpy==2.4.6", "onnxruntime==1.31.1")


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks a language: the program, the name of its voice, and how its recordings are made (`recipe`)."""

    program: str
    name: str
    recipe: str


#: Every language that can be rendered. Raise the recipe's number when `speaker.py` changes what it writes.
VOICES = {
    "en": Voice("hibari", "heart", "hibari-tts 0.2.1, voice heart, recipe 3"),
    "ar": Voice("espeak-ng", "ar", "espeak-ng, voice ar, recipe 3"),
    "bg": Voice("espeak-ng", "bg", "espeak-ng, voice bg, recipe 3"),
    "fa": Voice("espeak-ng", "fa", "espeak-ng, voice fa, recipe 3"),
}
_SPEAKER = Path(__file__).with_name("speaker.py")


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a rendering did, by sound: written; deleted, as no text asks for it; people's older than their text."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    outdated: tuple[str, ...]
    kept: int


def render(catalog: Catalog, language: str, progress: Progress, force: bool = False) -> Rendered:
    """Render what is missing or stale; with `force`, all that people have not recorded. Raises SetupError."""
    voice = VOICES.get(language)
    if voice is None or language not in catalog.languages:
        raise SetupError(_no_voice(catalog, language))
    folder, texts = catalog.folder / language, catalog.sounds(language)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = read_manifest(folder)
        manifest |= brought(manifest, texts, folder)
        removed = tuple(_remove_unused(manifest, texts, folder))
        todo, outdated = _todo(manifest, texts, folder, voice.recipe, force)
        write_manifest(folder, manifest)
        if todo:
            _speak(todo, folder, manifest, voice, progress)
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise SetupError(f"recordings cannot be written to {folder}: {why}") from None
    return Rendered(tuple(todo), removed, outdated, len(texts) - len(todo))


def _todo(
    manifest: Manifest, texts: Mapping[str, str], folder: Path, recipe: str, force: bool
) -> tuple[dict[str, str], tuple[str, ...]]:
    """What the voice has to speak, and which people's recordings are older than their text."""
    todo: dict[str, str] = {}
    outdated: list[str] = []
    for sound, text in texts.items():
        entry = manifest.get(sound)
        state = condition(entry, text, folder / f"{sound}.wav", recipe)
        if state is Condition.MISSING:
            todo[sound] = text
        elif entry and entry.by == PERSON:
            outdated += [sound] if state is Condition.STALE else []
        elif force or state is Condition.STALE:
            todo[sound] = text
    return todo, tuple(outdated)


def _remove_unused(manifest: Manifest, texts: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Delete the voice's recordings that no text asks for any more; a person's file is only forgotten."""
    for sound in sorted(set(manifest) - set(texts)):
        entry, path = manifest.pop(sound), folder / f"{sound}.wav"
        if entry.by != PERSON and path.is_file() and digest(path) == entry.sha256:
            path.unlink()
            yield sound


def _speak(
    todo: Mapping[str, str], folder: Path, manifest: Manifest, voice: Voice, progress: Progress
) -> None:
    """Let the voice speak; the manifest is written after every recording, so a failure loses none of them."""
    _require(voice)
    command = [str(_python(progress)), "-I", str(_SPEAKER), voice.program, voice.name]
    paths = {str(folder / f"{sound}.wav"): sound for sound in todo}
    with tempfile.TemporaryFile("w+", encoding="utf-8") as orders, tempfile.TemporaryFile("w+") as complaints:
        orders.writelines(_order(sound, todo[sound], path) for path, sound in paths.items())
        orders.seek(0)
        with subprocess.Popen(
            command, stdin=orders, stdout=subprocess.PIPE, stderr=complaints, encoding="utf-8"
        ) as speaker:
            for done, line in enumerate(speaker.stdout or (), start=1):
                answer = json.loads(line)
                sound = paths[answer["path"]]
                manifest[sound] = Entry(todo[sound], digest(Path(answer["path"])), voice.recipe)
                write_manifest(folder, manifest)
                progress(f"{done}/{len(todo)} {sound} ({answer['seconds']:.1f} s): {todo[sound]}")
        if speaker.returncode:
            complaints.seek(0)
            raise SetupError(f"the voice failed: {_last_line(complaints.read())}")


def _require(voice: Voice) -> None:
    """A voice that is a program of the system must be there; raises SetupError."""
    if voice.program == "espeak-ng" and shutil.which(voice.program) is None:
        raise SetupError(
            f"the voice of language '{voice.name}' is the program espeak-ng, and it is not installed; "
            "run `sudo apt-get install espeak-ng` and `quietline prompts render` again"
        )


def _order(sound: str, text: str, path: str) -> str:
    """One line for the speaker; what lies in a subfolder (`num/4`) is a fragment."""
    return json.dumps({"text": text, "fragment": "/" in sound, "path": path}) + "\n"


def _python(progress: Progress) -> Path:
    """The interpreter of an environment that has the voice; made on the first use."""
    if importlib.util.find_spec("hibari"):
        return Path(sys.executable)
    environment = kept(TOOLS[0].replace("==", "-"))
    python, ready = environment / "bin" / "python", environment / "ready"
    if not ready.exists():
        progress(f"setting up the voice ({TOOLS[0]}) in {environment}")
        venv.create(environment, with_pip=True, clear=True)
        command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *TOOLS]
        installed = subprocess.run(command, capture_output=True, text=True, check=False)
        if installed.returncode:
            raise SetupError(
                f"the voice ({TOOLS[0]}) cannot be installed: {_last_line(installed.stderr)}; "
                "check the connection to the package index and run `quietline prompts render` again"
            )
        ready.touch()
    return python


def _last_line(text: str) -> str:
    """What a program said last."""
    return ([line.strip() for line in text.splitlines() if line.strip()] or ["it said nothing"])[-1]


def _no_voice(catalog: Catalog, language: str) -> str:
    """Why nothing can be rendered in a language."""
    if language not in catalog.languages:
        known = ", ".join(catalog.languages) or "none"
        return f"there is no {catalog.folder / language}.yaml; languages with texts: {known}"
    voices = ", ".join(sorted(VOICES))
    return f"there is no voice for language '{language}' (only for: {voices}); record its prompts by hand"
