"""What `quietline simulate` prints for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from engine.cli.console import say, table
from engine.cli.report import cell, iso
from engine.config.report import plural
from engine.core.kpi import SERVICE_LEVELS
from engine.core.tally import OUTCOMES, Row
from engine.staffing.experiment import Side
from engine.staffing.figures import ALL, Mean, Means
from engine.staffing.formulas import A, C

if TYPE_CHECKING:
    from engine.cli.simulate import Told

Columns = Sequence[tuple[str, str]]
COUNTED: Columns = (("offered", "offered"), *((name.replace("_", " "), name) for name in OUTCOMES))
WAITED: Columns = (
    *((name.removeprefix("sl_").replace("_", " "), name) for name in SERVICE_LEVELS),
    *(("ASA", "asa_s"), ("median", "wait_median_s"), ("p90", "wait_p90_s")),
    *(("AHT", "aht_s"), ("occupancy", "occupancy"), ("kept", "kept_promise_rate")),
)
COMPARED: Columns = (
    *(("answered", "answered"), ("abandoned", "abandoned"), ("ASA", "asa_s"), ("p90", "wait_p90_s")),
    *(("offered", "sl_offered"), ("gave up", "abandonment_rate_raw"), ("occupancy", "occupancy")),
)
BESIDE: Columns = (
    *(("answered", "answered"), ("ASA", "asa_s"), ("in time", "sl_offered")),
    *(("gave up", "abandonment_rate_raw"), ("occupancy", "occupancy")),
)
RATES = ("abandonment_rate", "abandonment_rate_raw", "occupancy", "kept_promise_rate")
NAMES = {C: "Erlang C", A: "Erlang A"}


@contextmanager
def bar(days: int) -> Iterator[Callable[[], None]]:
    """How many days are lived, on stderr where that is a terminal, gone at the end; what is called behind each day."""
    console = Console(stderr=True)
    columns = (TextColumn("days"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    shown = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    task = shown.add_task("days", total=days)
    with shown:
        yield lambda: shown.advance(task)


def show(told: Told) -> None:
    """Tables: the base run, the formulas beside it, and the what-if with its differences."""
    plan, found, asked = told.found.base.plan, told.found, told.asked
    span = f"{iso(plan.start, told.zone)} to {iso(plan.end, told.zone)}"
    say(f"{told.source}: {plural(asked.days, 'day')}, seed {asked.seed}; counted are calls from {span}")
    for note in plan.notes:
        say(f"  {note}")
    say("")
    say(meaning(told))
    _side(found.base, told.really)
    said = _sentences(found.base)
    _tell(said)
    if found.changed is not None and found.difference is not None:
        say(f"What if {' '.join(told.what_if)}:")
        _side(found.changed, None)
        _tell([sentence for sentence in _sentences(found.changed) if sentence not in said])
        say(
            "What if, less the base run, with the same callers day by day (pp: points of a hundred; ?: it may be nothing):"
        )
        _compared(found.difference)


def meaning(told: Told) -> str:
    """What figures and intervals are."""
    terms = told.asked.terms
    head = f"Service levels within {terms.within:g} s, short abandons below {terms.short:g} s. "
    if told.asked.days < 2:
        return head + "One day tells no interval: --days 20 does."
    if told.found.base.plan.same_day:
        return (
            f"{head}What is known of that day stays, what nobody saw of it is drawn anew each time; "
            "± is where that lies, at 95 %. Of other days it says nothing: --vary does."
        )
    return f"{head}Counts are of a mean day, all else is of all days together; ± is where it lies for such days, at 95 %."


def _side(side: Side, really: Mapping[str, Row] | None) -> None:
    for columns in (COUNTED, WAITED):
        shown = [
            c
            for c in columns
            if columns is WAITED or c[1] in ("offered", "answered") or _any(side.means, c[1])
        ]
        rows = []
        for name, row in side.means.items():
            if name == ALL and len(side.means) == 2:
                continue
            rows.append([name, *(_cell(figure, row[figure]) for _, figure in shown)])
            if really is not None and name in really:
                rows.append(["  really", *(cell(figure, really[name][figure]) for _, figure in shown)])
        table(("queue", *(head for head, _ in shown)), rows)
        say("")
    _formulas(side)


def _any(found: Means, figure: str) -> bool:
    return any((mean := row[figure]) is not None and mean.mean for row in found.values())


def _formulas(side: Side) -> None:
    rows = []
    for queue, both in side.formulas.items():
        speaking = {name: said.figures for name, said in both.items() if not said.why_not}
        if speaking:
            row = side.means[queue]
            rows.append([queue, "simulated", *(_cell(figure, row[figure]) for _, figure in BESIDE)])
        for name, figures in speaking.items():
            rows.append(["", NAMES[name], *(_plain(figure, figures[figure]) for _, figure in BESIDE)])
    if rows:
        say("Beside the formulas, which know a steady state and talk without memory:")
        table(("queue", "", *(head for head, _ in BESIDE)), rows)
        say("")


def _sentences(side: Side) -> list[str]:
    """Of which queues the formulas say nothing, and why; where both are silent for the same reason, once."""
    found = []
    for queue, both in side.formulas.items():
        reasons = {said.why_not: name for name, said in both.items() if said.why_not}
        for why, name in reasons.items():
            alone = len(reasons) > 1 or not both[A].why_not or not both[C].why_not
            who = f"{NAMES[name]} says" if alone else "The formulas say"
            found.append(f"{who} nothing of {queue}: {why}.")
    return found


def _tell(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        say(sentence)
    if sentences:
        say("")


def _compared(found: Means) -> None:
    rows = [
        [name, *(_difference(figure, row[figure]) for _, figure in COMPARED)]
        for name, row in found.items()
        if name != ALL or len(found) > 2
    ]
    table(("queue", *(head for head, _ in COMPARED)), rows)


def _cell(figure: str, mean: Mean | None) -> str:
    if mean is None:
        return "–"
    shown = _plain(figure, mean.mean)
    return shown if mean.half is None else f"{shown} ± {_size(figure, mean.half)}"


def _difference(figure: str, mean: Mean | None) -> str:
    if mean is None:
        return "–"
    if not mean.mean and not mean.half:
        return "the same"
    sign = "+" if mean.mean > 0 else "−" if mean.mean < 0 else ""
    half = "" if mean.half is None else f" ± {_size(figure, mean.half)}"
    size = _plain(figure, abs(mean.mean)).replace("%", " pp")
    return f"{sign}{size}{half}{'' if mean.clear else ' ?'}"


def _plain(figure: str, value: float) -> str:
    """A mean to read: counts and seconds to a tenth, ratios in per cent."""
    if figure.endswith("_s"):
        return f"{value:.1f} s"
    return f"{value:.1%}" if _is_ratio(figure) else f"{value:.1f}"


def _size(figure: str, value: float) -> str:
    return f"{value:.1%}".removesuffix("%") if _is_ratio(figure) else f"{value:.1f}"


def _is_ratio(figure: str) -> bool:
    return figure.startswith("sl_") or figure in RATES
