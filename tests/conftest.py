"""Tests on a real Asterisk run one after the other, in one of the workers of `make test`; everything else runs beside them."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what runs in real time in one group: two such tests at once would only measure each other."""
    for item in items:
        if item.get_closest_marker("asterisk") is not None:
            item.add_marker(pytest.mark.xdist_group("asterisk"))
