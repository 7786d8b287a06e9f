"""What the engine in the foreground sets up."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import structlog

from engine.cli.serve import configure_logs, never_back


@pytest.fixture
def own_logs() -> Iterator[None]:
    """Logs as they were, afterwards."""
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "file"])
def test_a_fault_in_the_log_tells_no_pin_that_was_near(
    terminal: bool, own_logs: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    configure_logs()

    def entitled(pin: str) -> None:
        raise KeyError(len(pin))

    given = "".join(map(str, (4, 9, 1, 6, 0)))
    try:
        entitled(given)
    except KeyError:
        structlog.get_logger().exception("a call ended by a fault of ours")
    told = capsys.readouterr().err
    assert "a call ended by a fault of ours" in told and "KeyError" in told and "entitled" in told
    assert given not in told


def test_a_clock_that_is_set_back_stands_still() -> None:
    times = iter([10.0, 11.0, 5.0, 12.0])
    now = never_back(lambda: next(times))
    assert [now(), now(), now()] == [11.0, 11.0, 12.0]
