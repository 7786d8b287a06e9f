"""What the engine in the foreground sets up."""

from __future__ import annotations

from engine.cli.serve import never_back


def test_a_clock_that_is_set_back_stands_still() -> None:
    times = iter([10.0, 11.0, 5.0, 12.0])
    now = never_back(lambda: next(times))
    assert [now(), now(), now()] == [11.0, 11.0, 12.0]
