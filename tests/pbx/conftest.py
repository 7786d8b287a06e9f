"""A private Asterisk for these tests: ports of its own, a state of its own, stopped at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pbx_site import Pbx, free_ports, settings

from engine.pbx.process import start_asterisk, stop
from engine.pbx.render import REPOSITORY, Layout, render
from engine.pbx.root import Root, ensure_root


@pytest.fixture(scope="session")
def root() -> Root:
    return ensure_root(print)


@pytest.fixture(scope="module")
def pbx(root: Root, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pbx]:
    layout = Layout(tmp_path_factory.mktemp("state"), root, free_ports(), REPOSITORY / "prompts")
    render(settings(), layout)
    start_asterisk(layout)
    yield Pbx(layout)
    stop("asterisk", layout.state)
