"""What the ARI tests share: a clock that only they move, the test peer, and a real Asterisk of their own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from ari_asterisk import PrivateAsterisk, private_asterisk
from ari_peer import Clock, Peer


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    hands = Clock(time.monotonic())
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: hands.now)
    return hands


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    served = await Peer().start()
    yield served
    await served.stop()


@pytest.fixture(scope="module")
def asterisk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateAsterisk]:
    with private_asterisk(tmp_path_factory.mktemp("asterisk")) as running:
        yield running
