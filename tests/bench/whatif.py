"""How long `quietline simulate` takes for a day of 100 agents and 5,000 calls: `python -m tests.bench.whatif`.

Measured is the command, from its start to its end: one day, and the twenty days it lives when it is not told how many. Four queues share
the calls, and half of the agents serve two of them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from tests.bench.answer import verdict
from tests.bench.figure import Figure, show

ROUNDS, ALLOWED_S = 3, 20.0
HOURS, CALLS, AGENTS = 12, 5000, 100
QUEUES = ("support_sofia", "support_dubai", "desk_sofia", "sales")


def staffing() -> str:
    """The staffing file."""
    rate = CALLS / HOURS / len(QUEUES)
    calls = "".join(
        f'  to_{queue}: {{ queue: {queue}, an_hour: {{ "08:00": {rate:.2f}, "20:00": 0 }}, '
        "talk: lognormal 11m 7m, patience: exponential 5m }\n"
        for queue in QUEUES
    )
    half = AGENTS // 2 // len(QUEUES)
    shifts = "".join(
        f'  only_{one}: {{ count: {half}, queues: [{one}], from: "08:00", until: "20:00" }}\n'
        f'  both_{one}: {{ count: {half + (i < 2) * 2}, queues: [{one}, {QUEUES[i - 1]}], from: "08:00", until: "20:00" }}\n'
        for i, one in enumerate(QUEUES)
    )
    return f'from: "08:00"\nuntil: "20:00"\ncalls:\n{calls}shifts:\n{shifts}'


def command(file: Path, days: int) -> float:
    """Seconds the command takes."""
    words = ["simulate", str(file), "--days", str(days), "--state", str(file.parent)]
    begun = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "engine.cli", *words], check=True, stdout=subprocess.DEVNULL, env=os.environ
    )
    return time.perf_counter() - begun


def main() -> int:
    """Print the figures; 1 when a day takes too long."""
    with tempfile.TemporaryDirectory(prefix="quietline-bench-") as folder:
        file = Path(folder) / "day.yaml"
        file.write_text(staffing())
        one, many = ([command(file, days) for _ in range(ROUNDS)] for days in (1, 20))
    figures: list[Figure] = [
        verdict("quietline simulate: a day of 100 agents, 5,000 calls", "s", one, "≤ 20 s", most=ALLOWED_S),
        Figure("quietline simulate: 20 such days, with intervals", "s", many),
    ]
    show(figures, Console())
    return 0 if figures[0].met else 1


if __name__ == "__main__":
    raise SystemExit(main())
