"""A figure of the benches: what was measured, what it is held against, and whether the target is met."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `runs` are the single measurements (shown as median and range); `met` None: no target."""

    name: str
    unit: str
    runs: Sequence[float]
    target: str = ""
    met: bool | None = None
    note: str = ""

    @property
    def median(self) -> float:
        """The median of all runs; nan when nothing was measured."""
        return statistics.median(self.runs) if self.runs else math.nan


def show(figures: Sequence[Figure], console: Console) -> None:
    """Print the table."""
    table = Table("figure", "median", "lowest … highest", "runs", "target", "", "note")
    for figure in figures:
        low, high = (min(figure.runs), max(figure.runs)) if figure.runs else (math.nan, math.nan)
        verdict = {True: "[green]met[/green]", False: "[red]missed[/red]", None: ""}[figure.met]
        spread = f"{low:.4g} … {high:.4g}"
        median = f"{figure.median:.4g} {figure.unit}"
        table.add_row(figure.name, median, spread, str(len(figure.runs)), figure.target, verdict, figure.note)
    console.print(table)
