"""`quietline doctor`: what could keep calls from coming in, looked at one by one."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from engine.cli.ask import answers, ask
from engine.cli.floor import turned_away
from engine.cli.place import STATE, BindOption, PortsOption, ReadSiteOption, StateOption, place_of
from engine.config import check_site
from engine.config.load import load_texts
from engine.config.recordings import recording_problems
from engine.errors import SetupError, SiteError
from engine.pbx.doctor import Check, Level, Patient, healthy, lines, run_checks

STYLES = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    *,
    site: ReadSiteOption = None,
    state: StateOption = STATE,
    ports: PortsOption = None,
    bind: BindOption = None,
) -> int:
    """Look at this machine and say what to do about what is wrong; exit status 1 when calls could not come in."""
    place = place_of(state, site, ports, bind)
    snapshot, _ = check_site(place.site)

    def prompt_problems() -> list[str]:
        try:
            catalog = load_texts(place.site)
            return [p for language in catalog.languages for p in recording_problems(catalog, language)]
        except SiteError:  # a site without usable texts is a finding of its own
            return []
        except SetupError as error:
            return [str(error)]
        except OSError as error:
            return [f"{error.filename} cannot be read ({error.strerror})"]

    settings = snapshot.settings if snapshot else None
    checks = run_checks(Patient(place.state, place.ports, settings, prompt_problems, place.bind, place.site))
    checks += watching(place.state)
    show(checks)
    return 0 if healthy(checks) else 1


def watching(state: Path) -> list[Check]:
    """What a running engine hears of Asterisk's manager; nothing where none runs."""
    if not answers(state):
        return []
    told = ask(state, "GET", "/status")
    checks = []
    if told["ami"] is False:
        what_to_do = "Look into log/engine.log; calls go on, phones that are gone are rung until AMI answers."
        checks.append(
            Check("ami", Level.WARN, "AMI does not answer the engine, or does not let it in", what_to_do)
        )
    if turned := turned_away(told["counters"]):
        sentence = (
            f"turned away since the engine started: {turned}; names and addresses are in log/engine.log"
        )
        checks.append(Check("strangers", Level.OK, sentence))
    return checks


def show(checks: list[Check]) -> None:
    """The findings, each level in its colour."""
    console = Console(markup=False, highlight=False, soft_wrap=True)
    for check in checks:
        for line in lines([check]):
            console.print(line, style=STYLES[check.level] if line.startswith(check.level) else None)
