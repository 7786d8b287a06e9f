"""How long `quietline check` takes: one flow of 2,000 lines, and a site of 20,000 in ten flows: `python -m tests.bench.check`.

Both are made by rule from what flows are made of: menus that lead to departments, questions, opening hours, queues, messages, services; all
is said in two languages, and every choice has words. In one process the check is called as the engine calls it; the command is measured
from its start to its end, Python's own start included.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from rich.console import Console

from engine.config import check_site
from engine.config.prompts import load_catalog
from engine.config.report import Report
from tests.bench.figure import Figure, show

ROUNDS, ALLOWED_S = 7, 1.0
LANGUAGES = ("en", "bg")
TODAY = date(2026, 6, 1)
#: One department of a flow: what is asked there, and who answers. 49 lines.
DEPARTMENT = """
  d{n}:
    - say: d{n}_welcome
    - hours: office
      on_closed: d{n}_closed
      on_holiday: d{n}_closed
    - menu: d{n}_menu
      choices: {{ 1: d{n}_order, 2: d{n}_state, 3: d{n}_desk, 9: {next} }}
      invalid: not_understood
      timeout: 5s
      retries: 2
      otherwise: d{n}_desk

  d{n}_order:                           # who calls, and about what
    - ask: customer_number
      into: customer
      digits: 6-8
      confirm: confirm_customer_number
      invalid: not_understood
      otherwise: d{n}_desk
    - set: {{ topic: "order of {{{{ customer }}}}", department: d{n} }}
    - goto: d{n}_desk

  d{n}_state:
    - ask: customer_number
      into: customer
      digits: 6-8
      otherwise: d{n}_desk
    - webhook: parcels
      send: {{ parcel: "{{{{ customer }}}}" }}
      into: {{ state: parcel_state }}
      on_failed: d{n}_desk
    - say: d{n}_state
    - hangup: goodbye

  d{n}_desk:
    - queue: support
      priority: 6
      max_wait: 10m
      on_key: {{ 1: d{n}_message }}
      on_unstaffed: d{n}_message
      on_closed: d{n}_closed
      on_timeout: d{n}_message
    - hangup: goodbye

  d{n}_closed:
    - say: d{n}_closed
    - goto: d{n}_message

  d{n}_message:
    - voicemail: d{n}
      max: 2m
      on_none: farewell
    - hangup: goodbye
"""
SITE = """languages: [en, bg]
numbers:
{numbers}
sites:
  sofia: {{ timezone: Europe/Sofia, open: Mon-Fri 08:00-18:00, holidays: BG }}
  dubai: {{ timezone: Asia/Dubai, open: Mon-Fri 08:00-18:00, holidays: AE }}
schedules:
  office: {{ any_of: [sofia, dubai] }}
queues:
  sofia_desk: {{ schedule: sofia }}
  dubai_desk: {{ schedule: dubai }}
groups:
  support: {{ queues: [sofia_desk, dubai_desk] }}
agents:
  "2001": {{ queues: [sofia_desk, dubai_desk], password: long-enough-2001 }}
trunks:
  local: {{ addresses: [127.0.0.1] }}
services:
  parcels: {{ url: "https://parcels.example.com/track" }}
"""
SAID = """goodbye: Goodbye.
not_understood: Sorry, that is not one of the choices.
customer_number: Please key in your customer number.
confirm_customer_number: "Your number is {{ customer | digits }}. If that is right, press 1."
leave_message: Please leave a message after the tone.
you_are_number: You are number {{ position | number }}.
you_are_next: You are next.
wait_about: You will wait about {{ minutes | minutes }}.
wait_more_than_an_hour: You will wait more than an hour.
wait_longer_than_expected: It takes longer than expected.
fallback_apology: Please leave a message.
fallback_thanks: Thank you.
fallback_goodbye: Please call again.
"""
#: Words nobody takes for each other, by what a choice leads to.
WORDS = {"order": "new order", "state": "parcel", "desk": "a person", "": "something else"}


def make(folder: Path, flows: int, lines: int) -> int:
    """Write a site of so many flows, each of at least so many lines; the lines of all flows together."""
    rules, prompts = folder / "ivr_flows", folder / "prompts"
    rules.mkdir(parents=True)
    prompts.mkdir()
    departments = 1
    while (written := flow("f0", departments)).count("\n") < lines:
        departments += 1
    for number in range(flows):
        (rules / f"f{number}.yaml").write_text(flow(f"f{number}", departments), "utf-8")
    numbers = "\n".join(f'  "{100 + number}": f{number}' for number in range(flows))
    (rules / "site.yaml").write_text(SITE.format(numbers=numbers), "utf-8")
    for language in LANGUAGES:
        (prompts / f"{language}.yaml").write_text(texts(departments), "utf-8")
        record(prompts, language)
    return written.count("\n") * flows


def flow(name: str, departments: int) -> str:
    """One flow: departments whose menus lead to the next one, and a way out."""
    middle = "".join(
        DEPARTMENT.format(n=n, next=f"d{n + 1}" if n + 1 < departments else "farewell")
        for n in range(departments)
    )
    return f"flow: {name}\ntitle: Everything\nsteps:{middle}\n  farewell:\n    - hangup: goodbye\n"


def texts(departments: int) -> str:
    """The prompts and words of one language."""
    parts = ("welcome", "menu", "closed", "state")
    said = "".join(
        f"d{n}_{part}: Department {n} says {part}.\n" for n in range(departments) for part in parts
    )
    words = "".join(
        f"  d{n}{'_' * bool(step)}{step}: [{word}]\n"
        for n in range(departments)
        for step, word in WORDS.items()
    )
    return f"{SAID}{said}words:\n{words}  farewell: [goodbye]\n"


def record(prompts: Path, language: str) -> None:
    """A recording of one second for everything that is said."""
    sound = (Path(__file__).parent / "prompts" / "en" / "one_second.wav").read_bytes()
    for name in load_catalog(prompts, Report()).missing_recordings(language):
        recording = prompts / f"{name}.wav"
        recording.parent.mkdir(parents=True, exist_ok=True)
        recording.write_bytes(sound)


def checked(folder: Path) -> None:
    """The check in this process; the site must be good."""
    snapshot, report = check_site(folder / "ivr_flows", TODAY)
    if snapshot is None or report.problems:
        raise AssertionError(report.render()[:2000])


def commanded(folder: Path) -> None:
    """The check as a command."""
    command = [sys.executable, "-m", "engine.cli", "check", "--site", str(folder / "ivr_flows")]
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=kept)


def seconds(work: Callable[[Path], None], folder: Path) -> list[float]:
    """How long it takes, several times; once before that is not counted."""
    work(folder)
    taken = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work(folder)
        taken.append(time.perf_counter() - begun)
    return taken


def measure() -> list[Figure]:
    """All figures."""
    figures = []
    with tempfile.TemporaryDirectory(prefix="quietline-bench-") as scratch:
        for name, flows in (("a flow", 1), ("ten flows", 10)):
            folder = Path(scratch) / str(flows)
            lines = make(folder, flows, 2000)
            for how, work in (("in one process", checked), ("`quietline check`, start included", commanded)):
                taken = seconds(work, folder)
                figure = Figure(f"{name} of {lines:,} lines, {how}", "s", taken)
                if flows == 1:
                    met = figure.median <= ALLOWED_S
                    figure = Figure(figure.name, "s", taken, f"≤ {ALLOWED_S:g} s", met)
                figures.append(figure)
    return figures


def main() -> int:
    """Print the table; 1 when a target is missed."""
    figures = measure()
    show(figures, Console(width=150))
    return 0 if all(figure.met is not False for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
