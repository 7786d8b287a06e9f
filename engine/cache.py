"""What is fetched or made once for this user, and kept between runs: ${XDG_CACHE_HOME:-~/.cache}/quietline."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

#: Told a line at a time what is being done.
Progress = Callable[[str], None]


def kept(name: str) -> Path:
    """Where a thing of this name lies in the cache, or would."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "quietline" / name


@contextmanager
def locked(path: Path, progress: Progress, busy: str) -> Iterator[None]:
    """Hold a lock file; says `busy` when another process holds it already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(busy)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
