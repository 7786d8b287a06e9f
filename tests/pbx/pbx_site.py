"""A site for these tests, free ports, and calls into a running Asterisk."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from engine.core.site import AgentRule, Settings, Trunk
from engine.pbx import ports
from engine.pbx.ports import Ports
from engine.pbx.render import REPOSITORY, Layout

SCENARIOS = Path(__file__).parent / "scenarios"
MEDIA = REPOSITORY / "tests" / "load"


def settings(**changes: object) -> Settings:
    """A site with one local trunk and two agents, changed as a test says."""
    parts: dict[str, object] = {
        "languages": ("en",),
        "numbers": {"100": "support"},
        "sites": {},
        "schedules": {},
        "queues": {},
        "groups": {},
        "agents": {
            "anna": AgentRule("anna", ("support",), password="tea; #now = soon"),
            "bob": AgentRule("bob", ("support",), contact="sip:bob@127.0.0.1:7071"),
        },
        "trunks": {"local": Trunk("local", ("127.0.0.1",))},
    }
    return Settings(**(parts | changes))  # type: ignore[arg-type]


def free_ports() -> Ports:
    """Ports nobody uses now, and a range for voice below all of them, the same for every run.

    Asterisk looks for another port where one is taken; so no call's voice takes a port that another run is about to listen at.
    """
    return replace(ports.free_ports(), rtp_first=16000, rtp_last=19999)


@dataclass(frozen=True)
class Pbx:
    """A running Asterisk and how to call it."""

    layout: Layout

    def sipp(self, scenario: str, number: str, *more: str) -> subprocess.CompletedProcess[str]:
        """Run a scenario of this folder to its end; its exit status is 0 when every call went as written."""
        arguments = ["-sf", str(SCENARIOS / f"{scenario}.xml"), "-s", number, "-m", "1", "-i", "127.0.0.1"]
        own = ["-p", str(self.layout.ports.sip + 10), "-mp", str(self.layout.ports.sip + 20)]
        command = [
            *arguments,
            *own,
            "-timeout",
            "40",
            "-timeout_error",
            "-nostdin",
            "-deadcall_wait",
            "0",
            *more,
        ]
        target = f"127.0.0.1:{self.layout.ports.sip}"
        return subprocess.run(
            self.layout.root.command("sipp", target, *command),
            cwd=MEDIA,
            env={**os.environ, "TERM": "dumb"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def cli(self, order: str) -> str:
        """What Asterisk's own command line says to an order."""
        configuration = str(self.layout.asterisk / "etc" / "asterisk.conf")
        command = self.layout.root.command("asterisk", "-C", configuration, "-rx", order)
        return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
