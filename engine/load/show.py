"""A load run on a terminal: a bar while it runs, tables and every difference at its end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from engine.load.figures import Spread
from engine.load.run import LoadReport, Report
from engine.load.sipp import Progress

#: Differences printed in full; beyond them only their number.
SHOWN = 20


@contextlib.contextmanager
def bar(console: Console) -> Iterator[Report]:
    """A progress bar for `run_load`: calls that have ended, of all; open and failed ones beside it. Nothing before the first."""
    columns = (
        TextColumn("calls"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[now]}"),
        TimeElapsedColumn(),
    )
    shown = Bar(*columns, console=console)
    task = shown.add_task("calls", total=None, now="")
    with contextlib.ExitStack() as stack:

        def report(at: Progress, calls: int) -> None:
            if not shown.live.is_started:
                stack.enter_context(shown)
            now = f"{at.open} open" + (f", {at.failed} not as scripted" if at.failed else "")
            shown.update(task, total=calls, completed=at.successful + at.failed, now=now)

        yield report


def show(report: LoadReport, console: Console) -> None:
    """Print what came of a run."""
    console.print(outcome_table(report))
    console.print(spread_table(report))
    for warning in report.warnings:
        console.print(f"[yellow]{escape(warning)}[/yellow]")
    for line in report.differences[:SHOWN]:
        console.print(f"[red]{escape(line)}[/red]", soft_wrap=True)
    if len(report.differences) > SHOWN:
        console.print(f"[red]and {len(report.differences) - SHOWN} more[/red]")
    console.print(verdict(report), soft_wrap=True)


def outcome_table(report: LoadReport) -> Table:
    """Scenarios and how their calls ended by the records."""
    table = Table("scenario", "calls", "ended as")
    for scenario, outcomes in report.outcomes.items():
        ended = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        table.add_row(scenario, str(sum(outcomes.values())), ended or "no record")
    return table


def spread_table(report: LoadReport) -> Table:
    """The three measures of a run."""
    table = Table("measure", "count", "p50", "p90", "p99", "most")
    rows: tuple[tuple[str, Spread, str], ...] = (
        ("INVITE to 200", report.answer, "ms"),
        ("key to next prompt", report.key, "ms"),
        ("wait", report.wait, "s"),
    )
    for name, found, unit in rows:
        values = (found.p50, found.p90, found.p99, found.most)
        cells = [f"{value:.1f} {unit}" for value in values] if found.count else ["not measured", "", "", ""]
        table.add_row(name, str(found.count), *cells)
    return table


def verdict(report: LoadReport) -> str:
    """The last line."""
    if report.ok:
        return f"[green]{report.calls} calls in {report.seconds:.0f} s, each with one record, all as scripted.[/green]"
    found = len(report.differences)
    return f"[red]{found} difference{'s' * (found > 1)} in {report.calls} calls.[/red]"
