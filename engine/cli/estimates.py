"""`quietline report estimates`: what callers were told of their wait, held against what it was."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any

from cyclopts import Parameter

from engine.cli.console import print_json, say, table
from engine.cli.place import STATE, StateOption
from engine.cli.records import moment, store_of
from engine.core.estimates import ENOUGH, KINDS, LEAST, Score, scores
from engine.errors import SetupError
from engine.store.archive import open_archive

SinceOption = Annotated[
    str, Parameter(help="Estimates from then on: 2h, 7d, yesterday, 2027-03-01, or epoch seconds.")
]
QueueOption = Annotated[
    list[str] | None, Parameter(negative="", help="Only this queue; may be given several times.")
]


async def estimates(
    *,
    since: SinceOption = "7d",
    queue: QueueOption = None,
    csv: Annotated[bool, Parameter(negative="", help="CSV, a line for each queue.")] = False,
    json: Annotated[bool, Parameter(negative="", help="One JSON object a queue.")] = False,
    state: StateOption = STATE,
) -> None:
    """What callers were told of their wait, held against what it was: errors, and the share of promises that was kept."""
    if csv and json:
        raise SetupError("--csv and --json are two forms of the same: choose one")
    now = time.time()
    since_then = moment(since, now)
    async with open_archive(store_of(state)) as archive:
        found = scores(await archive.events_since(since_then, KINDS), since_then, now)
    unknown = [name for name in queue or () if name not in found]
    if unknown:
        known = f"; there are some of {', '.join(found)}" if found else ""
        raise SetupError(f"nothing was estimated in queue {unknown[0]!r} since then{known}")
    rows = [score for name, score in found.items() if queue is None or name in queue]
    if csv:
        _csv(rows)
    elif json:
        for row in rows:
            print_json(as_json(row))
    else:
        _show(rows)


def as_json(score: Score) -> dict[str, Any]:
    """A score as JSON values: seconds and shares to three places, null where there is nothing to take them of."""
    values = {**asdict(score), "kept_rate": score.kept_rate}
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in values.items()}


def _csv(rows: Sequence[Score]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    named = [as_json(row) for row in rows]
    if named:
        writer.writerow(named[0])
    writer.writerows(["" if value is None else value for value in row.values()] for row in named)


def _show(rows: Sequence[Score]) -> None:
    if not rows:
        say("Nothing was estimated.")
        return
    table(
        (
            "queue",
            "told",
            "not told",
            "judged",
            "kept",
            "answered",
            "error",
            "off by",
            "estimate off by",
            "30 s short",
        ),
        (
            (
                row.queue,
                str(row.told),
                str(row.shadows),
                str(row.judged),
                _share(row.kept_rate),
                str(row.answered),
                _seconds(row.error, signed=True),
                _seconds(row.mae),
                _seconds(row.estimate_mae),
                _share(row.too_short),
            )
            for row in rows
        ),
    )
    say("")
    say("error: seconds told less seconds waited, + told too long; judged, answered: docs/distributor.md")
    for row in rows:
        if row.judged >= ENOUGH and row.kept_rate is not None and row.kept_rate < LEAST:
            say(f"{row.queue} keeps under {LEAST:.0%}: over 7 days that means it tells the place alone.")


def _seconds(value: float | None, signed: bool = False) -> str:
    return "–" if value is None else f"{value:+.0f} s" if signed else f"{value:.0f} s"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
