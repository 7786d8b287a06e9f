"""How `make test` is spread over its workers."""

from __future__ import annotations

import pytest


def test_tests_on_a_real_asterisk_stay_in_their_lines(request: pytest.FixtureRequest) -> None:
    """xdist adds the group to a test's name. Where it cannot, with a pytest that it does not know, it says nothing."""
    if not request.config.getoption("loadgroup", False):
        return
    real = [item for item in request.session.items if item.get_closest_marker("asterisk")]
    assert [item.nodeid for item in real if "@asterisk-" not in item.nodeid] == []
