"""Which words a model does not know, asked in a process apart: `python -m engine.speech.known FOLDER`.

Words come as a JSON list on its input, and those that are not known go out as one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from engine.errors import SetupError
from engine.speech.decoder import VoskModel

#: Seconds that loading a model and looking words up may take.
PATIENCE: Final = 120.0
#: The program that looks words up.
KNOWN: Final = (sys.executable, "-m", "engine.speech.known")
#: One of these is in every folder with a model, by its layout.
MODEL_FILES: Final = ("am/final.mdl", "final.mdl")


def is_model(folder: Path) -> bool:
    """Does this look like a model of Vosk's? It may still be a broken one."""
    return any((folder / name).is_file() for name in MODEL_FILES)


def unknown_words(folder: Path, words: Iterable[str], program: tuple[str, ...] = KNOWN) -> frozenset[str]:
    """Those words that the model does not know: they would never be heard. Raises SetupError where it cannot be read."""
    asked = json.dumps(sorted(set(words)))
    command = [*program, str(folder)]
    try:
        done = subprocess.run(
            command, input=asked, capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        return frozenset(json.loads(done.stdout))
    except (subprocess.SubprocessError, ValueError):
        raise SetupError(
            f"the model in {folder} cannot be read: it is no model of Vosk's, or not whole"
        ) from None


def main(folder: str) -> None:
    """Print the unknown ones as a JSON list."""
    model = VoskModel(folder)
    print(json.dumps([word for word in json.load(sys.stdin) if not model.knows(word)]))


if __name__ == "__main__":
    main(*sys.argv[1:])
