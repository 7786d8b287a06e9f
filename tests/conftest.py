"""Tests on a real Asterisk run one after the other in two of the workers of `make test`; everything else runs beside them in the third."""

from __future__ import annotations

from pathlib import Path

import pytest

#: Folders whose tests on a real Asterisk make a line of their own, about as long as that of all others.
SECOND_LINE = {"recovery", "loadtests"}


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what runs in real time in two groups: a test there mostly waits, but many at once would only measure each other."""
    for item in items:
        if item.get_closest_marker("asterisk") is not None:
            item.add_marker(pytest.mark.xdist_group(line_of(item.path)))


def line_of(path: Path) -> str:
    """The group that a test file's tests on a real Asterisk run in."""
    return "asterisk-2" if path.parent.name in SECOND_LINE else "asterisk-1"
