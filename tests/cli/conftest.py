"""The fixtures of the commands' tests."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from cli_kit import FakeEngine, Quietline, Said

from engine import cli
from engine.cli.place import Place
from engine.cli.serve import served
from engine.pbx.ports import free_ports
from engine.pbx.render import REPOSITORY, run_folder


@pytest.fixture
def quietline(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Quietline]:
    """Run a command in the repository's folder; the logs it sets up do not outlive the test."""
    handlers = logging.root.handlers[:]
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: object) -> Said:
        capsys.readouterr()
        status = cli.run([str(word) for word in words])
        return Said(status, *capsys.readouterr())

    yield run
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[FakeEngine]:
    """An engine whose control socket and pages answer, in a thread of its own."""
    fake = FakeEngine(Place(tmp_path, REPOSITORY / "ivr_flows", free_ports()))
    run_folder(tmp_path).mkdir(parents=True, exist_ok=True)
    up = threading.Event()

    async def serve() -> None:
        async with served(fake.place, fake.controls()):
            up.set()
            await asyncio.to_thread(fake.stopped.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert up.wait(10)
    yield fake
    fake.stopped.set()
    thread.join(10)
