"""How commands print: tables for people, plain lines for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.table import Table

from engine.config.report import printable


def say(line: str) -> None:
    """A line (or several) to a person, at once; what callers sent cannot command the terminal."""
    print("\n".join(map(printable, line.split("\n"))), flush=True)


def print_json(value: Any) -> None:
    """A value on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")


def table(heads: Iterable[str], rows: Iterable[Iterable[str]], title: str | None = None) -> None:
    """A table; cells are text, never markup, and cannot command the terminal: some of it callers sent."""
    shown = Table(*heads, title=title, title_justify="left", box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*(printable(cell) for cell in row))
    console = Console(markup=False, highlight=False)
    if not console.is_terminal:
        console.width = 200
    console.print(shown)


def clock(at: float | None) -> str:
    """A moment in local time; a dash for none."""
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M:%S") if at is not None else "–"


def seconds(value: float | None) -> str:
    """Seconds to read; a dash for none."""
    return f"{value:.1f} s" if value is not None else "–"
