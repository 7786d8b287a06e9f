"""Every way in which a full disk shows itself is one sentence; other errors are not taken for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.pbx.disk import no_room

FULL = Path("/dev/full")


def test_a_write_that_finds_no_room_says_so() -> None:
    with pytest.raises(OSError, match="No space") as failed:
        FULL.write_text("x")
    assert no_room(failed.value).startswith("the disk is full")


def test_a_folder_that_cannot_be_copied_for_want_of_room_says_so(tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "file").write_text("x")

    def to_full(source: str, target: str) -> None:
        FULL.write_bytes(Path(source).read_bytes())

    with pytest.raises(shutil.Error) as failed:
        shutil.copytree(tmp_path / "from", tmp_path / "to", copy_function=to_full)
    assert no_room(failed.value).startswith("the disk is full")


@pytest.mark.parametrize(
    "error", [FileNotFoundError(2, "x"), ValueError("No space"), shutil.Error([("a", "b", "x")])]
)
def test_other_errors_are_not_a_full_disk(error: Exception) -> None:
    assert no_room(error) == ""
